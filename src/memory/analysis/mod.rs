//! Text to terms: what the ranking sees of a fact or a question.
//!
//! Folding (NFKC, lower case), words, stop words and stems of the text's language, marks stripped; runs of CJK characters become
//! bigrams. A term is the 32-bit hash of a stem, so that a user's index holds numbers only.
//!
//! A fact is analysed in its own language. A question is analysed in its own and in those of the person's facts: a word has one
//! stem in each, and a name in a question finds the name in a fact of any language.

mod encoding;
mod fold;
mod irregular;
mod language;
mod stop_words;

use std::cell::RefCell;
use std::collections::HashSet;

use rust_stemmers::Stemmer;

pub use encoding::VERSION;
pub use language::{Guess, Language};

/// A hashed stem.
pub type Term = u32;

/// The terms of one text with their counts, ascending by term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    terms: Vec<(Term, u16)>,
    language: Language,
}

impl Analysis {
    /// Analyses `text` in the language that it seems to be in.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = Words::of(text);
        Self::in_language(&words, words.guess.language)
    }

    fn in_language(words: &Words, language: Language) -> Self {
        let mut terms = Vec::with_capacity(words.words.len());
        words.each_term(language, |term| terms.push(term));
        Self { terms: count(terms), language }
    }

    /// The analysis stored in `bytes`; re-analyses `text` where there is none or another version of this module wrote it.
    #[must_use]
    pub fn read_or_make(bytes: &[u8], text: &str) -> Self {
        encoding::decode(bytes).map_or_else(|| Self::of(text), |(terms, language)| Self { terms, language })
    }

    /// The stored form; see [`VERSION`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encoding::encode(&self.terms, self.language)
    }

    /// Whether `bytes` can be read without analysing the text again.
    #[must_use]
    pub fn is_readable(bytes: &[u8]) -> bool {
        encoding::decode(bytes).is_some()
    }

    /// Adds terms from elsewhere, such as a speaker.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = Term>) -> Self {
        let mut terms: Vec<Term> = more.into_iter().collect();
        if terms.is_empty() {
            return self;
        }
        terms.extend(self.terms.iter().flat_map(|&(term, count)| std::iter::repeat_n(term, usize::from(count))));
        Self { terms: count(terms), ..self }
    }

    /// Terms and counts, ascending by term.
    #[must_use]
    pub fn terms(&self) -> &[(Term, u16)] {
        &self.terms
    }

    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Number of terms, repeats counted.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.terms.iter().map(|&(_, count)| u32::from(count)).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

fn count(mut terms: Vec<Term>) -> Vec<(Term, u16)> {
    terms.sort_unstable();
    let mut counted: Vec<(Term, u16)> = Vec::with_capacity(terms.len());
    for term in terms {
        match counted.last_mut() {
            Some((last, count)) if *last == term => *count = count.saturating_add(1),
            _ => counted.push((term, 1)),
        }
    }
    counted
}

/// The words of a text, folded, before they are stemmed in one language or several.
#[derive(Debug, Clone)]
pub struct Words {
    words: Vec<Word>,
    guess: Guess,
}

#[derive(Debug, Clone)]
enum Word {
    Plain(String),
    Gram(String),
}

impl Words {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = Vec::with_capacity(text.len() / 6 + 1);
        let mut evidence = language::Evidence::default();
        fold::each_word(text, |word| match word {
            fold::Word::Plain(word) => {
                evidence.take(word);
                words.push(Word::Plain(word.to_owned()));
            }
            fold::Word::Gram(gram) => {
                evidence.take(gram);
                words.push(Word::Gram(gram.to_owned()));
            }
        });
        Self { words, guess: evidence.guess() }
    }

    #[must_use]
    pub fn guess(&self) -> Guess {
        self.guess
    }

    /// The words between separators in order, without marks.
    pub fn plain(&self) -> impl Iterator<Item = String> {
        self.words.iter().filter_map(|word| match word {
            Word::Plain(word) => Some(fold::strip_marks(word).into_owned()),
            Word::Gram(_) => None,
        })
    }

    /// The distinct terms in the text's own language and in those of `others`, a set of [`Language::bit`]s.
    #[must_use]
    pub fn terms(&self, others: u32) -> Vec<Term> {
        let mut seen = HashSet::new();
        let mut terms = Vec::new();
        for language in Language::each(others | self.guess.language.bit()) {
            self.each_term(language, |term| {
                if seen.insert(term) {
                    terms.push(term);
                }
            });
        }
        terms
    }

    fn each_term(&self, language: Language, mut sink: impl FnMut(Term)) {
        with_stemmer(language, |stemmer| {
            for word in &self.words {
                match word {
                    Word::Plain(word) if stop_words::languages_of(word) & language.bit() != 0 => {}
                    Word::Plain(word) => {
                        let word = if language == Language::English { irregular::base_of(word) } else { word };
                        match stemmer {
                            Some(stemmer) => sink(hash(&fold::strip_marks(&stemmer.stem(word)))),
                            None => sink(hash(&fold::strip_marks(word))),
                        }
                    }
                    Word::Gram(gram) => sink(hash(gram)),
                }
            }
        });
    }
}

/// The language that a text seems to be in.
#[must_use]
pub fn detect(text: &str) -> Guess {
    Words::of(text).guess
}

thread_local! {
    static STEMMERS: RefCell<[Option<Stemmer>; Language::COUNT]> = const { RefCell::new([const { None }; Language::COUNT]) };
}

fn with_stemmer(language: Language, act: impl FnOnce(Option<&Stemmer>)) {
    STEMMERS.with_borrow_mut(|stemmers| {
        let place = stemmers.get_mut(language as usize);
        act(place.and_then(|cached| match cached {
            Some(stemmer) => Some(&*stemmer),
            None => language.stemmer().map(|stemmer| &*cached.insert(stemmer)),
        }));
    });
}

/// The term of a speaker's name: who said something is told apart from who is named in it.
#[must_use]
pub fn speaker_term(name: Term) -> Term {
    name.wrapping_mul(0x9e37_79b1) ^ 0x5bd1_e995
}

/// FNV-1a over 64 bits, folded to 32: stable across versions, because stored analyses hold it.
fn hash(stem: &str) -> Term {
    let full = stem.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    #[expect(clippy::cast_possible_truncation, reason = "folding keeps both halves")]
    let folded = (full ^ (full >> 32)) as u32;
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Analysis::of(a) == Analysis::of(b)
    }

    #[test]
    fn folds_case_marks_and_width() {
        assert!(same("I like the Café MÜNCHEN", "i like the cafe munchen"));
        assert!(same("ｆｕｌｌｗｉｄｔｈ", "fullwidth"));
        assert!(same("Melanie's pottery", "melanie pottery"));
        assert!(same("Melanie’s", "Melanie's"));
        assert!(!same("munchen", "berlin"));
    }

    #[test]
    fn stems_and_drops_stop_words() {
        assert!(same("the dogs are running", "dog run"));
        assert!(Analysis::of("what did you do to it?").is_empty());
        assert!(!Analysis::of("May").is_empty(), "a month is no stop word");
    }

    #[test]
    fn scripts_without_spaces_become_bigrams() {
        let doc = Analysis::of("私は東京に住んでいます");
        let query = Analysis::of("東京");
        assert_eq!(query.len(), 1);
        assert!(doc.terms().iter().any(|(t, _)| *t == query.terms()[0].0));
        assert_eq!(Analysis::of("犬").len(), 1);
    }

    #[test]
    fn cyrillic_keeps_its_letters() {
        assert_ne!(fold::strip_marks("мой"), "мои");
        assert!(same("ёлка", "елка"));
    }

    #[test]
    fn stored_analyses_are_read_back_and_other_versions_are_not() {
        let text = "I moved to Berlin, Berlin is great";
        let made = Analysis::of(text);
        let mut bytes = made.encode();
        assert!(bytes.len() < 40);
        assert_eq!(Analysis::read_or_make(&bytes, "something else"), made);
        bytes[0] ^= 0xff;
        assert_eq!(Analysis::read_or_make(&bytes, "something else"), Analysis::of("something else"));
        for cut in 0..bytes.len() {
            assert!(!Analysis::is_readable(&made.encode()[..cut]));
        }
    }

    #[test]
    fn more_terms_are_counted_in() {
        let one = Analysis::of("berlin");
        let two = one.clone().with(Analysis::of("berlin 2023").terms().iter().map(|(term, _)| *term));
        assert_eq!((two.len(), two.terms().len()), (3, 2));
        assert_ne!(speaker_term(one.terms()[0].0), one.terms()[0].0);
    }

    #[test]
    fn a_question_is_asked_in_every_language_of_the_facts() {
        let fact = Analysis::of("Mit Andreas war ich in den Bergen");
        let question = Words::of("When did I go to the mountains with Andreas?");
        let name = |terms: &[Term]| fact.terms().iter().any(|(term, _)| terms.contains(term));
        assert!(!name(&question.terms(0)) && name(&question.terms(fact.language().bit())));
    }
}
