//! Which vectors a question is compared by.

use super::Vector;

/// A question's vector, and whose vectors it compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Dense {
    /// From the built-in table.
    BuiltIn(Vector),
    /// From the operator's embeddings endpoint.
    Endpoint(Vector),
}

/// How a kind of vectors takes part in a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weighing {
    /// The vectors' share of a score, where both the words and the vectors have something to say.
    pub(crate) share: f32,
    /// A fact that shares no word with the question is found by its vector alone from this cosine on.
    pub(crate) floor: f32,
}

impl Dense {
    /// Tuned on conversations and on facts drawn from them; questions and facts with nothing in common stay below 0.26 by the table.
    pub(crate) fn weighing(&self) -> Weighing {
        match self {
            Self::BuiltIn(_) => Weighing { share: 0.3, floor: 0.3 },
            Self::Endpoint(_) => Weighing { share: 0.5, floor: 0.3 },
        }
    }
}
