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
    pub(super) fn of(text: &str) -> Self {
        let terms = Analysis::of(text);
        let vector = embed(text, terms.language());
        Self { terms, vector }
    }

    /// Reads the stored form; what cannot be read, or was made by other versions, is made anew from the text.
    pub(super) fn read_or_make(bytes: &[u8], text: &str) -> Self {
        let Some((vector, analysis)) = split(bytes) else { return Self::of(text) };
        let terms = Analysis::read_or_make(analysis, text);
        let vector = dense::read(vector).unwrap_or_else(|_| embed(text, terms.language()));
        Self { terms, vector }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let vector = dense::encode(self.vector.as_ref());
        let length = u16::try_from(vector.len()).unwrap_or_default();
        let mut bytes = vec![VERSION];
        bytes.extend(length.to_be_bytes());
        bytes.extend(vector.iter().take(usize::from(length)));
        bytes.extend(self.terms.encode());
        bytes
    }
}

/// The built-in vector of a text, in the language that its table knows.
pub(super) fn embed(text: &str, language: Language) -> Option<Vector> {
    (language == Language::English).then(|| dense::embed(text)).flatten()
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
        Prepared::read_or_make(bytes, TEXT)
    }

    #[test]
    fn what_was_stored_is_read_back() {
        let made = Prepared::of(TEXT);
        assert!(made.vector.is_some());
        // Read, not made: the text is another one.
        let bytes = made.encode();
        assert_eq!(Prepared::read_or_make(&bytes, "something else"), made);
    }

    #[test]
    fn a_text_in_another_language_has_no_vector() {
        assert_eq!(Prepared::of("Meine Schwester hat drei Katzen").vector, None);
    }

    #[test]
    fn a_text_without_a_vector_is_not_embedded_again() {
        let without = Prepared { vector: None, ..Prepared::of(TEXT) };
        assert_eq!(read(&without.encode()), without);
    }

    #[test]
    fn what_is_damaged_or_of_another_version_is_made_anew() {
        let made = Prepared::of(TEXT);
        let bytes = made.encode();
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
