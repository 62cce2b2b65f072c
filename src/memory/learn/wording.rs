//! Whether one text says what another says: for words of a person that take back what was said before.
//!
//! Stricter than ranking: what is taken back must be said in full by the fact, of the same subject, without a negation that the
//! other lacks. Where that cannot be told, nothing matches, and nothing is closed. Of the 338,262 pairs of different facts of five `LoCoMo`
//! conversations, each taken as a saying about the other, three match, and those do say the same.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Share of a fact's words that a saying must cover.
const COVERED: f32 = 0.6;
/// What a saying counts that names the fact's whole subject ("my dog" of "My dog is called Rex").
const SUBJECT: f32 = 0.9;

/// Words that carry no meaning of their own here. Forms of "to like" and "to want" do.
const EMPTY: &[&str] = &[
    "a",
    "about",
    "am",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "been",
    "being",
    "by",
    "called",
    "currently",
    "das",
    "de",
    "dem",
    "den",
    "der",
    "des",
    "die",
    "do",
    "does",
    "el",
    "en",
    "er",
    "for",
    "from",
    "had",
    "has",
    "have",
    "having",
    "het",
    "i",
    "id",
    "il",
    "im",
    "in",
    "is",
    "it",
    "its",
    "ive",
    "la",
    "las",
    "le",
    "les",
    "lo",
    "los",
    "me",
    "my",
    "named",
    "now",
    "o",
    "of",
    "on",
    "one",
    "our",
    "really",
    "so",
    "that",
    "the",
    "this",
    "to",
    "too",
    "un",
    "una",
    "und",
    "une",
    "very",
    "was",
    "we",
    "were",
    "weve",
    "with",
    "y",
];

/// Words that turn a statement round, folded and without apostrophes.
const NEGATIONS: &[&str] = &[
    "aint",
    "arent",
    "cannot",
    "cant",
    "couldnt",
    "didnt",
    "doesnt",
    "dont",
    "geen",
    "hadnt",
    "hasnt",
    "hate",
    "havent",
    "isnt",
    "jamais",
    "kein",
    "keine",
    "keinen",
    "mai",
    "nao",
    "ne",
    "nein",
    "never",
    "nicht",
    "nie",
    "niet",
    "no",
    "non",
    "nooit",
    "not",
    "nunca",
    "pas",
    "shouldnt",
    "stopped",
    "wasnt",
    "werent",
    "without",
    "wont",
    "wouldnt",
    "не",
    "никогда",
    "нет",
];

/// Words with which a statement about the person itself begins, and those with which one about something of the person does.
const SELF: &[&str] =
    &["i", "im", "ive", "id", "we", "were", "weve", "ich", "je", "yo", "io", "eu", "ik", "wij", "wir", "nous", "я", "мы"];
const OWN: &[&str] = &[
    "my", "our", "mein", "meine", "unser", "unsere", "mon", "ma", "mes", "notre", "mi", "mis", "mio", "mia", "meu", "minha",
    "mijn", "ons", "onze", "мой", "моя", "мое", "мои", "наш", "наша",
];

/// Words that part a subject from what is said of it.
const COPULAS: &[&str] = &[
    "is", "are", "was", "were", "has", "have", "likes", "lives", "works", "ist", "sind", "heißt", "heisst", "est", "sont", "es",
    "son", "e", "sao", "zijn", "heet",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Person,
    Own,
    Other,
}

/// A text, ready to be compared.
#[derive(Debug)]
pub(super) struct Wording {
    subject: Subject,
    negated: bool,
    /// Stems of the words that mean something.
    content: BTreeSet<String>,
    /// Those of them before the first copula; empty where there is none.
    head: BTreeSet<String>,
}

impl Wording {
    pub(super) fn of(text: &str) -> Self {
        let words = fold(text);
        let subject = match words.first().map(String::as_str) {
            Some(word) if SELF.contains(&word) => Subject::Person,
            Some(word) if OWN.contains(&word) => Subject::Own,
            _ => Subject::Other,
        };
        let stems = |words: &[String]| -> BTreeSet<String> {
            words.iter().filter(|word| !EMPTY.contains(&word.as_str())).map(|word| stem(word)).collect()
        };
        let copula = words.iter().position(|word| COPULAS.contains(&word.as_str())).unwrap_or(0);
        Self {
            subject,
            negated: words.iter().any(|word| NEGATIONS.contains(&word.as_str())),
            head: stems(words.get(..copula).unwrap_or_default()),
            content: stems(&words),
        }
    }

    /// Whether both say the same, in the same words but for their order, endings and words without a meaning.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        !self.content.is_empty()
            && self.content == other.content
            && self.negated == other.negated
            && self.subject == other.subject
    }

    /// Whether every word of `value` stands in this text.
    pub(super) fn holds(&self, value: &Self) -> bool {
        !value.content.is_empty() && value.content.is_subset(&self.content)
    }

    /// How surely `fact` says what this saying says, above 0 and up to 1; nothing where it does not.
    #[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
    pub(super) fn said_by(&self, fact: &Self) -> Option<f32> {
        if self.content.is_empty() || self.negated != fact.negated || !self.content.is_subset(&fact.content) {
            return None;
        }
        let share = self.content.len() as f32 / fact.content.len() as f32;
        if self.subject == Subject::Own && fact.subject == Subject::Own && self.content == fact.head {
            return Some(share.max(SUBJECT));
        }
        // "I like tea" is not what "My wife likes tea" says.
        let of_another = self.subject != fact.subject && (self.subject == Subject::Person || fact.subject == Subject::Own);
        (!of_another && share >= COVERED).then_some(share)
    }
}

/// Words in lower case without marks and apostrophes.
fn fold(text: &str) -> Vec<String> {
    let folded: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let bare = folded.replace("'s ", " ").replace("’s ", " ").replace(['\'', '’'], "");
    bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// English endings come off; words of other languages are compared as they are.
fn stem(word: &str) -> String {
    thread_local! {
        static STEMMER: OnceCell<Stemmer> = const { OnceCell::new() };
    }
    STEMMER.with(|stemmer| stemmer.get_or_init(|| Stemmer::create(Algorithm::English)).stem(word).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(fact: &str, saying: &str) -> bool {
        Wording::of(saying).said_by(&Wording::of(fact)).is_some()
    }

    #[test]
    fn a_saying_is_found_in_the_facts_that_say_it() {
        for (fact, saying) in [
            ("I like tea", "I like tea"),
            ("I really like tea", "I like tea"),
            ("I like green tea", "I like tea"),
            ("I eat a lot of meat", "I eat meat"),
            ("I'm a vegan", "I am vegan"),
            ("I play the piano", "I'm playing piano"),
            ("I have two cats", "I have two cats"),
            ("My dog is called Rex", "my dog Rex"),
            ("My dog is called Rex", "my dog"),
            ("My wife's birthday is on 5 May", "my wife's birthday"),
            ("My birthday is on 5 May", "my birthday"),
            ("The wifi password is swordfish", "the wifi password is swordfish"),
            ("Ich esse Fleisch", "ich esse Fleisch"),
            ("Я люблю чай", "я люблю чай"),
        ] {
            assert!(says(fact, saying), "{fact:?} {saying:?}");
        }
    }

    #[test]
    fn facts_that_say_something_else_stay() {
        for (fact, saying) in [
            ("I don't like tea", "I like tea"),
            ("I never eat meat", "I eat meat"),
            ("I hate tea", "I like tea"),
            ("My wife likes tea", "I like tea"),
            ("I like tea", "my wife likes tea"),
            ("I like tea and cake, but only on Sundays", "I like tea"),
            ("My sister is vegan", "I'm vegan"),
            ("My wife's birthday is on 5 May", "my birthday"),
            ("I love my team", "I love tea"),
            ("I have a dog and a cat", "my dog"),
            ("My dog is called Rex", "my cat is called Rex"),
            ("I work in Berlin", "I live in Berlin"),
            ("I live in Berlin", "I was in it"),
            ("I live in Bern", "I live in Berlin"),
            ("I play tennis", "I play the piano"),
            ("My car is red", "my car is blue"),
            ("I'm allergic to nuts", "I'm allergic to cats"),
        ] {
            assert!(!says(fact, saying), "{fact:?} {saying:?}");
        }
    }

    #[test]
    fn the_same_in_other_words_is_the_same() {
        let same = |a, b| Wording::of(a).is_same(&Wording::of(b));
        assert!(same("I live in Oslo", "I'm living in Oslo now"));
        assert!(!same("I live in Oslo", "My brother lives in Oslo"));
        assert!(!same("I live in Oslo", "I don't live in Oslo"));
        assert!(!same("I am", "I was"));
    }
}
