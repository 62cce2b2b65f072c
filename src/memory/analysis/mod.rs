//! Text to terms: what the ranking sees of a fact or a question.
//!
//! Folding (NFKC, lower case, marks stripped), words, stop words, stems; runs of CJK characters become bigrams. A term is
//! the 32-bit hash of a stem, so that a user's index holds numbers only.

mod encoding;
mod english;
mod fold;

use std::cell::RefCell;

use rust_stemmers::{Algorithm, Stemmer};

pub use encoding::VERSION;

/// A hashed stem.
pub type Term = u32;

/// The language whose stop words and stemmer apply. Its number is stored with each analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Language {
    English = 1,
}

impl Language {
    fn stemmer(self) -> Stemmer {
        match self {
            Self::English => Stemmer::create(Algorithm::English),
        }
    }

    fn is_stop_word(self, word: &str) -> bool {
        match self {
            Self::English => english::is_stop_word(word),
        }
    }
}

/// The terms of one text with their counts, ascending by term.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    terms: Vec<(Term, u16)>,
}

impl Analysis {
    /// Analyses `text` in `language`.
    #[must_use]
    pub fn of(text: &str, language: Language) -> Self {
        let mut terms = Vec::with_capacity(text.len() / 6 + 1);
        each_term(text, language, |term| terms.push(term));
        Self::count(terms)
    }

    /// The analysis stored in `bytes`; re-analyses `text` where there is none or another version of this module wrote it.
    #[must_use]
    pub fn read_or_make(bytes: &[u8], text: &str, language: Language) -> Self {
        encoding::decode(bytes, language).map_or_else(|| Self::of(text, language), |terms| Self { terms })
    }

    /// The stored form; see [`VERSION`].
    #[must_use]
    pub fn encode(&self, language: Language) -> Vec<u8> {
        encoding::encode(&self.terms, language)
    }

    /// Whether `bytes` can be read without analysing the text again.
    #[must_use]
    pub fn is_readable(bytes: &[u8], language: Language) -> bool {
        encoding::decode(bytes, language).is_some()
    }

    /// Adds terms from elsewhere: a speaker, a date.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = Term>) -> Self {
        let mut terms: Vec<Term> = more.into_iter().collect();
        if terms.is_empty() {
            return self;
        }
        terms.extend(self.terms.iter().flat_map(|&(term, count)| std::iter::repeat_n(term, usize::from(count))));
        Self::count(terms)
    }

    /// Terms and counts, ascending by term.
    #[must_use]
    pub fn terms(&self) -> &[(Term, u16)] {
        &self.terms
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

    fn count(mut terms: Vec<Term>) -> Self {
        terms.sort_unstable();
        let mut counted: Vec<(Term, u16)> = Vec::with_capacity(terms.len());
        for term in terms {
            match counted.last_mut() {
                Some((last, count)) if *last == term => *count = count.saturating_add(1),
                _ => counted.push((term, 1)),
            }
        }
        Self { terms: counted }
    }
}

/// The term of one word that needs no stemming, such as a month or a year. The word must be folded already.
#[must_use]
pub fn plain_term(word: &str) -> Term {
    hash(word)
}

thread_local! {
    static STEMMER: RefCell<Option<(Language, Stemmer)>> = const { RefCell::new(None) };
}

fn each_term(text: &str, language: Language, mut sink: impl FnMut(Term)) {
    STEMMER.with_borrow_mut(|cached| {
        if cached.as_ref().is_none_or(|(of, _)| *of != language) {
            *cached = Some((language, language.stemmer()));
        }
        let Some((_, stemmer)) = cached else { return };
        fold::each_word(text, |word| match word {
            fold::Word::Plain(word) if language.is_stop_word(word) => {}
            fold::Word::Plain(word) => sink(hash(&stemmer.stem(word))),
            fold::Word::Gram(gram) => sink(hash(gram)),
        });
    });
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
        Analysis::of(a, Language::English) == Analysis::of(b, Language::English)
    }

    #[test]
    fn folds_case_marks_and_width() {
        assert!(same("Café MÜNCHEN", "cafe munchen"));
        assert!(same("ｆｕｌｌｗｉｄｔｈ", "fullwidth"));
        assert!(same("Melanie's pottery", "melanie pottery"));
        assert!(same("Melanie’s", "Melanie's"));
        assert!(!same("munchen", "berlin"));
    }

    #[test]
    fn stems_and_drops_stop_words() {
        assert!(same("the dogs are running", "dog run"));
        assert!(Analysis::of("what did you do to it?", Language::English).is_empty());
        assert!(!Analysis::of("May", Language::English).is_empty(), "a month is no stop word");
    }

    #[test]
    fn scripts_without_spaces_become_bigrams() {
        let doc = Analysis::of("私は東京に住んでいます", Language::English);
        let query = Analysis::of("東京", Language::English);
        assert_eq!(query.len(), 1);
        assert!(doc.terms().iter().any(|(t, _)| *t == query.terms()[0].0));
        assert_eq!(Analysis::of("犬", Language::English).len(), 1);
    }

    #[test]
    fn cyrillic_keeps_its_letters() {
        assert!(!same("мой", "мои"));
        assert!(same("ёлка", "елка"));
    }

    #[test]
    fn stored_analyses_are_read_back_and_other_versions_are_not() {
        let text = "I moved to Berlin, Berlin is great";
        let made = Analysis::of(text, Language::English);
        let mut bytes = made.encode(Language::English);
        assert!(bytes.len() < 40);
        assert_eq!(Analysis::read_or_make(&bytes, "something else", Language::English), made);
        bytes[0] ^= 0xff;
        assert_eq!(
            Analysis::read_or_make(&bytes, "something else", Language::English),
            Analysis::of("something else", Language::English)
        );
        for cut in 0..bytes.len() {
            assert!(!Analysis::is_readable(&made.encode(Language::English)[..cut], Language::English));
        }
    }

    #[test]
    fn more_terms_are_counted_in() {
        let one = Analysis::of("berlin", Language::English);
        let two = one.clone().with([plain_term("berlin"), plain_term("2023")]);
        assert_eq!((two.len(), two.terms().len()), (3, 2));
    }
}
