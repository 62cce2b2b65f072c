//! What is kept with a fact so that opening a store neither stems nor embeds its text again.
//!
//! Stored form: version, length of the vector's part (16 bits, big-endian), the vector's part, the analysis. The vector's part is
//! empty, or the table's number (32 bits), the scale (32-bit float), one byte a dimension.

use super::analysis::{Analysis, Language};
use super::dense::{self, Vector};

/// Version of this form.
const VERSION: u8 = 1;

/// A text as recall needs it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prepared {
    pub(super) terms: Analysis,
    /// None where the built-in table does not know the text's language.
    pub(super) vector: Option<Vector>,
}

impl Prepared {
    pub(super) fn of(text: &str, language: Language) -> Self {
        Self { terms: Analysis::of(text, language), vector: dense::embed(text) }
    }

    /// Reads the stored form; what cannot be read, or was made by other versions, is made anew from the text.
    pub(super) fn read_or_make(bytes: &[u8], text: &str, language: Language) -> Self {
        let Some((vector, analysis)) = split(bytes) else { return Self::of(text, language) };
        Self {
            terms: Analysis::read_or_make(analysis, text, language),
            vector: dense::read(vector).unwrap_or_else(|_| dense::embed(text)),
        }
    }

    pub(super) fn encode(&self, language: Language) -> Vec<u8> {
        let vector = dense::encode(self.vector.as_ref());
        let length = u16::try_from(vector.len()).unwrap_or_default();
        let mut bytes = vec![VERSION];
        bytes.extend(length.to_be_bytes());
        bytes.extend(vector.iter().take(usize::from(length)));
        bytes.extend(self.terms.encode(language));
        bytes
    }
}

/// The vector's part and the analysis.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [VERSION, high, low, rest @ ..] = bytes else { return None };
    rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "My sister has three cats";

    fn read(bytes: &[u8]) -> Prepared {
        Prepared::read_or_make(bytes, TEXT, Language::English)
    }

    #[test]
    fn what_was_stored_is_read_back() {
        let made = Prepared::of(TEXT, Language::English);
        assert!(made.vector.is_some());
        // Read, not made: the text is another one.
        let bytes = made.encode(Language::English);
        assert_eq!(Prepared::read_or_make(&bytes, "something else", Language::English), made);
    }

    #[test]
    fn a_text_without_a_vector_is_not_embedded_again() {
        let without = Prepared { vector: None, ..Prepared::of(TEXT, Language::English) };
        assert_eq!(read(&without.encode(Language::English)), without);
    }

    #[test]
    fn what_is_damaged_or_of_another_version_is_made_anew() {
        let made = Prepared::of(TEXT, Language::English);
        let bytes = made.encode(Language::English);
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), made, "{cut}");
        }
        for at in [0, 3, 4, 5, 6] {
            let mut other = bytes.clone();
            other[at] ^= 0xff;
            assert_eq!(read(&other), made, "{at}");
        }
    }
}
