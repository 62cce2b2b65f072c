//! What stands around a statement and changes what it is worth: fillers, conditions, requests, fiction.

use super::clause::Word;

const FILLERS: &[&str] = &[
    "hi",
    "hey",
    "hello",
    "well",
    "ok",
    "okay",
    "so",
    "and",
    "but",
    "also",
    "btw",
    "fyi",
    "ps",
    "actually",
    "yes",
    "yeah",
    "yep",
    "no",
    "nope",
    "oh",
    "because",
    "since",
    "as",
    "plus",
    "anyway",
    "thanks",
    "basically",
    "honestly",
    "although",
    "though",
    "however",
    "note",
    "sorry",
    "important",
    "sure",
    "right",
    "hmm",
    "um",
    "uh",
    "or",
    "update",
    "edit",
    "reminder",
    "thus",
];
const FILLER_PHRASES: &[&str] = &[
    "by the way",
    "for the record",
    "for your information",
    "for future reference",
    "just so you know",
    "as you know",
    "you should know that",
    "you should know",
    "thank you",
    "good morning",
    "good evening",
    "about me",
];

/// The words behind greetings, conjunctions and other openings. At least one word is left.
pub(super) fn skip_fillers(mut words: &[Word]) -> &[Word] {
    loop {
        let phrase = FILLER_PHRASES.iter().find_map(|phrase| behind(words, phrase)).filter(|rest| !rest.is_empty());
        words = match (phrase, words) {
            (Some(rest), _) => rest,
            (None, [first, rest @ ..]) if !rest.is_empty() && FILLERS.contains(&first.text.as_str()) => rest,
            _ => return words,
        };
    }
}

/// The words behind `phrase`, where they begin with it.
pub(super) fn behind<'a>(words: &'a [Word], phrase: &str) -> Option<&'a [Word]> {
    phrase
        .split(' ')
        .try_fold(words, |rest, expected| rest.split_first().filter(|(word, _)| word.text == expected).map(|(_, rest)| rest))
}

const CONDITIONS: &[&str] = &[
    "if",
    "unless",
    "whether",
    "assuming",
    "provided",
    "supposing",
    "until",
    "once",
    "when",
    "whenever",
    "while",
    "in case",
    "even if",
    "as if",
    "as though",
    "what if",
    "only if",
];

/// A clause after which nothing in its sentence holds unconditionally.
pub(super) fn is_condition(clause: &[Word]) -> bool {
    // "As" is a filler too ("as I live in Rome, …"), so both readings are looked at.
    [clause, skip_fillers(clause)].iter().any(|words| CONDITIONS.iter().any(|condition| behind(words, condition).is_some()))
}

const FICTION: &[&str] = &[
    "imagine",
    "pretend",
    "suppose",
    "supposing",
    "hypothetically",
    "roleplay",
    "role-play",
    "scenario",
    "scene",
    "let's say",
    "let's pretend",
    "let's imagine",
    "let's play",
    "let's roleplay",
    "let's role-play",
    "let's suppose",
    "lets say",
    "lets pretend",
    "lets play",
    "act as",
    "say that",
    "what if",
    "you are a",
    "you are an",
    "you are the",
    "you are now",
    "you are my",
    "you're a",
    "you're an",
    "you're the",
    "you're now",
    "you're my",
    "in this story",
    "in the story",
    "in this scenario",
    "in this game",
    "in this scene",
];
/// Work on a text.
const WORK: &[&str] = &[
    "translate",
    "rewrite",
    "rephrase",
    "proofread",
    "summarize",
    "summarise",
    "correct",
    "fix",
    "paraphrase",
    "improve",
    "edit",
    "analyze",
    "analyse",
    "continue",
    "complete",
    "write",
    "draft",
    "compose",
    "repeat",
    "convert",
    "review",
    "check",
    "polish",
    "shorten",
    "classify",
    "explain",
];
/// The text that is worked on, or made.
const TEXTS: &[&str] = &[
    "story",
    "poem",
    "song",
    "lyrics",
    "letter",
    "email",
    "e-mail",
    "essay",
    "text",
    "sentence",
    "paragraph",
    "dialogue",
    "bio",
    "message",
    "following",
    "this",
    "these",
    "speech",
    "script",
    "monologue",
    "post",
    "review",
    "person",
    "to",
];

/// Behind such a sentence a story, a role or somebody's text begins: nothing further in the turn is the person's word.
pub(super) fn opens_fiction(words: &[Word]) -> bool {
    let words = skip_fillers(words);
    let asked = |word: &Word| matches!(word.text.as_str(), "can" | "could" | "would" | "will" | "please" | "you");
    let polite = words.iter().take(3).take_while(|word| asked(word)).count();
    let bare = words.get(polite..).unwrap_or_default();
    let on_text = bare.split_first().is_some_and(|(verb, rest)| {
        WORK.contains(&verb.text.as_str()) && rest.iter().any(|word| TEXTS.contains(&word.text.as_str()))
    });
    on_text || [words, bare].iter().any(|words| FICTION.iter().any(|opening| behind(words, opening).is_some()))
}

/// "…, right?": the question is about what was said before it.
pub(super) fn is_tag(clause: &[Word]) -> bool {
    const TAGS: &[&str] = &["right", "correct", "do", "am", "is", "have", "was", "does", "are"];
    clause.len() <= 3 && clause.first().is_some_and(|word| TAGS.contains(&word.text.as_str()))
}

/// A clause that asks for something.
pub(super) fn is_request(clause: &[Word]) -> bool {
    const REQUESTS: &[&str] = &[
        "what",
        "how",
        "which",
        "where",
        "who",
        "why",
        "can",
        "could",
        "would",
        "should",
        "do",
        "does",
        "did",
        "any",
        "please",
        "give",
        "tell",
        "suggest",
        "help",
        "write",
        "recommend",
        "find",
        "show",
        "explain",
        "think",
        "make",
        "let",
    ];
    skip_fillers(clause).first().is_some_and(|word| REQUESTS.contains(&word.text.as_str()))
}
