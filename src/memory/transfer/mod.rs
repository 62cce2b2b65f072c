//! Facts that an operator's act brings from one person's file into another: two identities of one person, or a sandbox whose facts were
//! reviewed.
//!
//! Two files cannot be written in one step. Whatever moves is written where it goes first, and then closed or removed where it was, so that
//! nothing is lost at any point; a copy's id follows from the original's, so that asking again finishes what was begun and copies nothing
//! twice.

mod merge;
mod promote;
mod record;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Memory;
use super::prefix::derive;
use super::views::Place;
use crate::enforce::UserScope;
use crate::ids::{FactId, UserId};
use crate::store::{Fact, StoreError};

pub use merge::Moved;
pub use promote::Promoted;
pub use record::MergeRecord;

/// What stands before the origin of a fact that was brought along by a merge.
const MERGED: &str = "merged:";
/// Before that of the original, which holds no longer.
const MOVED: &str = "moved:";
/// Before that of a fact that came out of a sandbox.
const PROMOTED: &str = "promoted:";

/// Why nothing was moved.
#[derive(Debug, Error)]
pub enum TransferError {
    /// One of them is not there, or is somebody else's: nobody is told which.
    #[error("there is no such fact")]
    NoFact,
    /// It ceased to hold, was forgotten or has run out.
    #[error("a fact no longer holds")]
    NotCurrent(FactId),
    #[error("there is no room for all of them")]
    Full,
    #[error("there is no such merge")]
    NoMerge,
    /// A person is not merged with themselves.
    #[error("both are the same")]
    Same,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Memory {
    /// Works on two people's memories, whom nobody else changes meanwhile. After a failure both are read anew: how far it came is on the
    /// disk.
    fn with_both<T>(
        &self,
        one: &UserScope,
        other: &UserScope,
        work: impl FnOnce(&Place, &Place) -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        if one.user() == other.user() {
            return Err(TransferError::Same);
        }
        let (place, others) = (self.views.place(one.user()), self.views.place(other.user()));
        // Always in the same order, so that two who move to and fro never wait for each other.
        let in_order = if one.user() < other.user() { [&place, &others] } else { [&others, &place] };
        let _writers = in_order.map(|place| place.writer.lock());
        self.load_own(one, &place)?;
        self.load_own(other, &others)?;
        let result = work(&place, &others);
        if matches!(result, Err(TransferError::Store(_))) {
            place.forget();
            others.forget();
        }
        result
    }
}

/// The id of a fact's copy in the memory whose key this is: always the same, as old as the original, and no other fact's.
fn copy_id(key: &[u8; 16], original: FactId) -> FactId {
    let mut bytes = derive(key, "copy", &[original.as_bytes()]);
    // The time stays in front; then the marks of version 7 (RFC 9562, section 5.7).
    bytes[..6].copy_from_slice(&original.as_bytes()[..6]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    FactId::from_bytes(bytes)
}

/// The origin with a mark before it, once.
fn marked(mark: &str, origin: &str) -> String {
    format!("{mark}{}", origin.strip_prefix(mark).unwrap_or(origin))
}

/// Tells a fact from what is made of it later. Its time to live is left out: the tenant's retention may shorten it by itself.
fn digest(fact: &Fact) -> u64 {
    let bare = Fact { expires_at: None, analysis: Vec::new(), ..fact.clone() };
    let hash = Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default());
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Whether the two may be merged: identities of one tenant, and no sandbox.
#[must_use]
pub fn may_merge(from: &UserId, into: &UserId) -> bool {
    from != into && from.tenant() == into.tenant() && *into.tenant() != crate::ids::TenantId::sandbox()
}
