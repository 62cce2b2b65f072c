//! Standing instructions ("always…", "from now on…") and explicit requests to remember.

use super::clause::Word;

/// Words that follow "always" or "never" in talk, not in an order.
const NO_ORDER: &[&str] = &[
    "mind", "heard", "been", "had", "have", "knew", "thought", "wanted", "seen", "said", "loved", "liked", "a", "an", "the",
    "in", "on", "at", "going", "nice", "good", "great", "happy", "again", "too", "before", "know", "ever", "ending", "know",
    "really", "will", "would", "did", "does", "was", "were", "is", "are", "has", "can", "could", "went", "got", "there", "gonna",
    "once", "sure", "more", "enough", "works", "works", "fails",
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
    "show", "want", "need", "greet",
];

/// Whether a sentence (leading fillers dropped) tells how to answer from now on.
pub(super) fn is_standing_order(words: &[Word]) -> bool {
    let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
    let long_enough = text.len() >= 3;
    long_enough
        && match text.as_slice() {
            ["please", rest @ ..] => is_order(rest),
            ["i", "want" | "need" | "expect", "you", "to", "always" | "never", ..]
            | ["i", "would", "like" | "prefer" | "want", "you", "to", "always" | "never", ..]
            | ["you", "should" | "must", "always" | "never", ..]
            | ["make", "sure", "to", "always" | "never", ..]
            | ["be", "sure", "to", "always" | "never", ..] => true,
            rest => is_order(rest),
        }
}

fn is_order(text: &[&str]) -> bool {
    match text {
        ["always" | "never", verb, ..] => !NO_ORDER.contains(verb) && !verb.ends_with("ed"),
        ["do", "not", "ever", ..] => true,
        ["from", "now", "on", rest @ ..]
        | ["going", "forward", rest @ ..]
        | ["in", "future", rest @ ..]
        | ["in", "the", "future", rest @ ..] => rest.first().is_some_and(|verb| ADDRESS.contains(verb)),
        ["whenever", rest @ ..] | ["every" | "each" | "any", "time", rest @ ..] => addresses(rest),
        ["when" | "if", "i", verb, rest @ ..] => TOWARDS.contains(verb) && addresses(rest),
        _ => false,
    }
}

/// Whether an order stands somewhere behind the condition.
fn addresses(text: &[&str]) -> bool {
    text.iter().skip(1).any(|word| ADDRESS.contains(word))
}

/// How plainly the person asks to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// "Remember that…": anything may follow.
    Plain,
    /// "Note that…", "remember my…": only a statement in the first person may follow, since tasks are worded so too.
    Personal,
}

const WISHES: &[(&[&str], Wish)] = &[
    (&["remember", "this"], Wish::Plain),
    (&["remember", "that"], Wish::Plain),
    (&["remember", "the", "following"], Wish::Plain),
    (&["don't", "forget", "that"], Wish::Plain),
    (&["do", "not", "forget", "that"], Wish::Plain),
    (&["do", "not", "forget"], Wish::Personal),
    (&["remember"], Wish::Personal),
    (&["keep", "in", "mind", "that"], Wish::Personal),
    (&["keep", "in", "mind"], Wish::Personal),
    (&["bear", "in", "mind", "that"], Wish::Personal),
    (&["take", "note", "that"], Wish::Personal),
    (&["note", "that"], Wish::Personal),
    (&["note"], Wish::Personal),
];

/// What the person asks to remember: the words behind the asking.
pub(super) fn find_wish(words: &[Word]) -> Option<&[Word]> {
    let mut rest = words;
    if let [aux, you, more @ ..] = rest
        && matches!(aux.text.as_str(), "can" | "could" | "will" | "would")
        && you.text == "you"
    {
        rest = more;
    }
    if let [please, more @ ..] = rest
        && please.text == "please"
    {
        rest = more;
    }
    let (phrase, wish) =
        WISHES.iter().find(|(phrase, _)| phrase.len() < rest.len() && phrase.iter().zip(rest).all(|(p, w)| *p == w.text))?;
    let wished = rest.get(phrase.len()..)?;
    let first = wished.first()?;
    let personal = matches!(first.text.as_str(), "i" | "my" | "we" | "our");
    let spelled_out = *phrase == ["remember"] && first.parted;
    let task_like = matches!(first.text.as_str(), "to" | "when" | "how" | "what" | "where" | "me" | "time" | "day" | "one");
    ((*wish == Wish::Plain && !task_like) || personal || spelled_out).then_some(wished)
}
