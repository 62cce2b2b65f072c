//! What lasts: one sealed redb file per user, the registry of users and keys, and the journal of turns to learn from.

pub mod fact;

use crate::ids::FactId;
pub use fact::{Fact, Kind, Provenance, Status, Tier};

/// Keyed 128-bit hash of a turn or of a conversation's prefix. Comparable within one user only.
pub type PrefixHash = [u8; 16];

/// What was injected at one point of a conversation, so that later requests carry the same bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// Hash of the conversation up to and including the message that carries the block.
    pub prefix: PrefixHash,
    /// Facts in the order in which they were written. Empty: nothing was injected, and nothing will be.
    pub facts: Vec<FactId>,
    /// Milliseconds since the Unix epoch; the oldest are dropped first.
    pub at: i64,
}

/// Everything that one user's file holds, unsealed.
#[derive(Debug, Default)]
pub struct UserData {
    pub facts: Vec<Fact>,
    pub injections: Vec<Injection>,
    /// Turns that were learned from already: regenerating or resending one teaches nothing twice.
    pub learned: Vec<PrefixHash>,
}

/// Changes to one user's file: all of them or none.
#[derive(Debug, Default)]
pub struct Batch {
    pub put: Vec<Fact>,
    pub delete: Vec<FactId>,
    pub injections: Vec<Injection>,
    pub drop_injections: Vec<PrefixHash>,
    pub learned: Vec<PrefixHash>,
}
