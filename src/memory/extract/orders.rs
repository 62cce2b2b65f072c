//! Standing instructions ("always…", "from now on…") and explicit requests to remember.

use super::clause::Word;
use super::frame::behind;

/// Words that follow "always" or "never" in talk, not in an order.
const NO_ORDER: &[&str] = &[
    "mind", "saw", "here", "there's", "heard", "been", "had", "have", "knew", "thought", "wanted", "seen", "said", "loved",
    "liked", "a", "an", "the", "in", "on", "at", "going", "nice", "good", "great", "happy", "again", "too", "before", "know",
    "ever", "ending", "know", "really", "will", "would", "did", "does", "was", "were", "is", "are", "has", "can", "could",
    "went", "got", "there", "gonna", "once", "sure", "more", "enough", "works", "works", "fails",
];
/// Verbs that address the one who answers.
const ADDRESS: &[&str] = &[
    "please",
    "always",
    "never",
    "answer",
    "respond",
    "reply",
    "use",
    "do",
    "don't",
    "call",
    "speak",
    "write",
    "keep",
    "give",
    "be",
    "avoid",
    "only",
    "explain",
    "talk",
    "address",
    "format",
    "include",
    "stop",
    "start",
    "provide",
    "show",
    "make",
    "add",
    "assume",
    "translate",
    "summarize",
    "summarise",
    "ask",
    "remind",
    "tell",
    "suggest",
    "quote",
    "list",
    "end",
    "refer",
];
/// What a person does towards the one who answers.
const TOWARDS: &[&str] = &[
    "ask", "say", "mention", "write", "send", "talk", "paste", "post", "share", "type", "request", "speak", "tell", "give",
    "show", "greet",
];

/// How a person asks for a standing order in other words.
const ASKED: &[&str] = &[
    "i want you to",
    "i need you to",
    "i expect you to",
    "i would like you to",
    "i would prefer you to",
    "you should",
    "you must",
    "make sure to",
    "be sure to",
];

/// Whether a sentence (leading fillers dropped) tells how to answer from now on.
pub(super) fn is_standing_order(words: &[Word]) -> bool {
    if words.len() < 3 {
        return false;
    }
    match ASKED.iter().find_map(|opening| behind(words, opening)) {
        Some(rest) => rest.first().is_some_and(|w| matches!(w.text.as_str(), "always" | "never")),
        None => is_order(behind(words, "please").unwrap_or(words)),
    }
}

fn is_order(words: &[Word]) -> bool {
    let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
    match text.as_slice() {
        ["always" | "never", verb, ..] => !NO_ORDER.contains(verb) && !verb.ends_with("ed") && !verb.ends_with("ing"),
        ["do", "not", "ever", ..] => true,
        ["from", "now", "on", rest @ ..]
        | ["going", "forward", rest @ ..]
        | ["in", "future", rest @ ..]
        | ["in", "the", "future", rest @ ..] => rest.first().is_some_and(|verb| ADDRESS.contains(verb)),
        ["whenever", ..] | ["every" | "each", "time", ..] => addresses(words),
        ["when" | "if", "i", verb, ..] => TOWARDS.contains(verb) && addresses(words),
        _ => false,
    }
}

/// Whether an order stands behind the condition: "…, answer in German", "… always answer in German".
fn addresses(words: &[Word]) -> bool {
    let orders = |word: &Word| match word.text.as_str() {
        "always" | "never" | "please" => true,
        verb => word.parted && ADDRESS.contains(&verb),
    };
    words.iter().skip(2).any(orders)
}

/// How plainly the person asks to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// "Remember that…": anything may follow.
    Plain,
    /// "Note that…", "remember my…": only a statement in the first person may follow, since tasks are worded so too.
    Personal,
}

const WISHES: &[(&str, Wish)] = &[
    ("remember this", Wish::Plain),
    ("remember that", Wish::Plain),
    ("remember the following", Wish::Plain),
    ("do not forget that", Wish::Plain),
    ("do not forget", Wish::Personal),
    ("remember", Wish::Personal),
    ("keep in mind that", Wish::Personal),
    ("keep in mind", Wish::Personal),
    ("bear in mind that", Wish::Personal),
    ("take note that", Wish::Personal),
    ("note that", Wish::Personal),
    ("note", Wish::Personal),
];

/// What the person asks to remember: the words behind the asking.
pub(super) fn find_wish(words: &[Word]) -> Option<&[Word]> {
    let asked = ["can you", "could you", "will you", "would you"].iter().find_map(|asked| behind(words, asked)).unwrap_or(words);
    let asked = behind(asked, "please").unwrap_or(asked);
    let (phrase, wish, wished) = WISHES.iter().find_map(|(phrase, wish)| Some((*phrase, *wish, behind(asked, phrase)?)))?;
    let first = wished.first()?;
    let personal = matches!(first.text.as_str(), "i" | "my" | "we" | "our");
    let spelled_out = phrase == "remember" && first.announced;
    let task_like = matches!(first.text.as_str(), "to" | "when" | "how" | "what" | "where" | "me" | "time" | "day" | "one");
    (wish == Wish::Plain && !task_like || personal || spelled_out).then_some(wished)
}
