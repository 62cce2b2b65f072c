//! Sentences, words and clauses, each with its place in the turn. People put facts inside requests: "I'm vegan, what can I cook?"

use std::ops::Range;

/// One word, lower case, straight apostrophes, contractions written out ("i'm" is two words of the same place).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    /// A comma, dash, colon, semicolon or parenthesis stands in front.
    pub(super) parted: bool,
    /// It is a colon.
    pub(super) announced: bool,
}

#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) words: Vec<Word>,
    pub(super) question: bool,
    /// Ended by a full stop or the like, not by the end of the stretch.
    pub(super) ended: bool,
}

/// The sentences of `text[range]`.
pub(super) fn sentences(text: &str, range: Range<usize>) -> Vec<Sentence> {
    let offset = range.start;
    let stretch = text.get(range).unwrap_or_default();
    let mut found = Vec::new();
    let mut start = 0;
    for (i, c) in stretch.char_indices() {
        let behind = stretch.get(i + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            '\n' | '!' | '?' | ';' | '…' | '。' | '！' | '？' => true,
            '.' => {
                behind.chars().next().is_none_or(char::is_whitespace)
                    && !is_abbreviation(stretch.get(start..i).unwrap_or_default())
            }
            _ => false,
        };
        if ends {
            let words = words(stretch.get(start..i).unwrap_or_default(), offset + start);
            // "Really?!" and "?" on the next line belong to what was said before.
            let question = matches!(c, '?' | '？') || behind.trim_start_matches('!').starts_with('?');
            if !words.is_empty() {
                found.push(Sentence { words, question, ended: true });
            }
            start = i + c.len_utf8();
        }
    }
    let words = words(stretch.get(start..).unwrap_or_default(), offset + start);
    if !words.is_empty() {
        found.push(Sentence { words, question: false, ended: false });
    }
    found
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    initial
        || ["mr", "mrs", "ms", "dr", "st", "prof", "e.g", "i.e", "vs", "approx", "no"]
            .iter()
            .any(|a| a.eq_ignore_ascii_case(word))
}

fn words(sentence: &str, offset: usize) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    let mut parted = false;
    let mut announced = false;
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '/' | '+' | '#' | '@' | '&' | '.' | '_');
    for (i, c) in sentence.char_indices().chain([(sentence.len(), ' ')]) {
        if inner(c) {
            start.get_or_insert(i);
            continue;
        }
        if let Some(from) = start.take() {
            let raw = sentence.get(from..i).unwrap_or_default();
            if raw.chars().any(char::is_alphanumeric) {
                push_word(&mut found, raw, offset + from, (std::mem::take(&mut parted), std::mem::take(&mut announced)));
            } else {
                parted = true;
            }
        }
        announced |= c == ':';
        parted |= matches!(c, ',' | ':' | '(' | ')' | '—' | '–');
    }
    found
}

fn push_word(found: &mut Vec<Word>, raw: &str, at: usize, (parted, announced): (bool, bool)) {
    let trimmed = raw.trim_matches(['\'', '’', '-', '.', '/', '_']);
    let at = at + raw.find(trimmed).unwrap_or(0);
    let text = trimmed.to_lowercase().replace('’', "'");
    let range = at..at + trimmed.len();
    let mut parted = parted;
    let mut push = |text: &str| {
        found.push(Word { text: text.to_owned(), range: range.clone(), parted: std::mem::take(&mut parted), announced });
    };
    match text.as_str() {
        "im" | "i'm" => ["i", "am"].into_iter().for_each(push),
        "ive" | "i've" => ["i", "have"].into_iter().for_each(push),
        "i'd" => ["i", "would"].into_iter().for_each(push),
        "i'll" => ["i", "will"].into_iter().for_each(push),
        "we're" => ["we", "are"].into_iter().for_each(push),
        "we've" => ["we", "have"].into_iter().for_each(push),
        "dont" | "don't" => ["do", "not"].into_iter().for_each(push),
        "cant" | "can't" | "cannot" => ["can", "not"].into_iter().for_each(push),
        "isn't" => ["is", "not"].into_iter().for_each(push),
        "name's" => ["name", "is"].into_iter().for_each(push),
        "" => {}
        text => push(text),
    }
}

/// Words that begin a clause of their own behind a comma.
const OPENERS: &[&str] = &[
    "i",
    "my",
    "we",
    "our",
    "he",
    "she",
    "they",
    "you",
    "it",
    "this",
    "that",
    "what",
    "how",
    "which",
    "where",
    "when",
    "who",
    "why",
    "whose",
    "can",
    "could",
    "would",
    "should",
    "shall",
    "will",
    "do",
    "does",
    "did",
    "is",
    "are",
    "am",
    "was",
    "were",
    "have",
    "has",
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
    "call",
    "so",
    "but",
    "because",
    "since",
    "if",
    "unless",
    "though",
    "although",
    "remember",
    "always",
    "never",
    "right",
    "correct",
    "thanks",
    "however",
    "let",
    "make",
    "think",
];
/// Words that begin a clause behind "and", "but" and the like even where no comma stands.
const SUBJECTS: &[&str] = &[
    "i",
    "my",
    "we",
    "our",
    "he",
    "she",
    "they",
    "you",
    "can",
    "could",
    "what",
    "how",
    "which",
    "where",
    "why",
    "please",
    "would",
    "should",
    "give",
    "tell",
    "suggest",
    "recommend",
    "do",
    "call",
    "always",
    "never",
    "if",
    "when",
];
const JOINTS: &[&str] = &["and", "but", "so", "because", "since", "or", "although", "though", "plus"];

/// Divides a sentence into clauses.
pub(super) fn clauses(words: &[Word]) -> Vec<&[Word]> {
    let mut found = Vec::new();
    let mut start = 0;
    for at in 1..words.len() {
        let (Some(word), next) = (words.get(at), words.get(at + 1)) else { break };
        let is = |list: &[&str], word: &Word| list.contains(&word.text.as_str());
        let joint = is(JOINTS, word) && next.is_some_and(|next| is(SUBJECTS, next));
        let subordinate = words.get(start).is_some_and(|first| is(&["since", "because", "as", "although", "though"], first));
        if word.parted && (is(OPENERS, word) || subordinate) || joint {
            found.extend(words.get(start..at));
            start = at;
        }
    }
    found.extend(words.get(start..));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        sentences(text, 0..text.len())
            .iter()
            .flat_map(|s| {
                clauses(&s.words)
                    .into_iter()
                    .map(|c| c.iter().map(|w| w.text.clone()).collect::<Vec<_>>().join(" "))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn facts_are_parted_from_requests() {
        assert_eq!(split("I'm vegan, what can I cook?"), ["i am vegan", "what can i cook"]);
        assert_eq!(split("My name’s Bob and I live in St. Ives. Hi!"), ["my name is bob", "and i live in st ives", "hi"]);
        assert_eq!(split("I like tea, cake, and jam"), ["i like tea cake and jam"]);
        assert_eq!(split("I use v1.2 at 3.5 GHz"), ["i use v1.2 at 3.5 ghz"]);
        assert_eq!(split("   \n\t"), Vec::<String>::new());
    }

    #[test]
    fn words_know_their_place() {
        let text = "Oh, I’m “Zoë”.";
        let sentence = &sentences(text, 0..text.len())[0];
        let places: Vec<_> = sentence.words.iter().map(|w| text.get(w.range.clone()).unwrap()).collect();
        assert_eq!(places, ["Oh", "I’m", "I’m", "Zoë"]);
        assert!(sentence.words[1].parted && !sentence.words[2].parted);
    }
}
