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
            vector: dense::read(vector).unwrap_or_else(|| dense::embed(text)),
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
