//! What is kept of a merge: sealed, in both people's files. The one in the file that facts were brought into holds what undoing takes.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::Memory;
use crate::enforce::UserScope;
use crate::enforce::operator::Countable;
use crate::ids::{FactId, RequestId, UserId};
use crate::store::{Row, Shelf, ShelfChange, Store, StoreError};

/// Merges kept of one person; the oldest go first, and cannot be undone any more.
const MOST_MERGES: usize = 32;
/// The name of all rows; their places are their order.
const NAME: &str = "merge";

/// A merge, or what is left of one that was undone. Times in milliseconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRecord {
    pub id: RequestId,
    pub from: UserId,
    pub into: UserId,
    pub operator: Box<str>,
    pub at: i64,
    /// Facts that were brought along, those among them that were known already.
    pub facts: u64,
    /// Facts for which there was no room: they stayed.
    pub left: u64,
    /// Whether the originals were closed.
    #[serde(default)]
    pub(super) finished: bool,
    #[serde(default)]
    pub undone_at: Option<i64>,
    /// Facts that had changed by then, and stayed.
    #[serde(default)]
    pub kept: u64,
    /// Each original, and its copy as it was written; without one it was known already.
    #[serde(default)]
    pub(super) moved: Vec<(FactId, Option<u64>)>,
    /// Facts whose place a copy took, as they were closed.
    #[serde(default)]
    pub(super) closed: Vec<(FactId, u64)>,
}

/// Without names.
impl fmt::Debug for MergeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeRecord").field("id", &self.id).field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl Countable for MergeRecord {}

impl MergeRecord {
    /// The same without what undoing takes: for the file that facts were taken from.
    pub(super) fn outline(&self) -> Self {
        Self { moved: Vec::new(), closed: Vec::new(), finished: true, ..self.clone() }
    }
}

/// A person's merges in their order, with their places.
pub(super) struct Records(Vec<(u64, MergeRecord)>);

impl Records {
    pub fn read(store: &Store, scope: &UserScope) -> Result<Self, StoreError> {
        let rows = store.shelf(scope, Shelf::Merges, Some((NAME, 0..=u64::MAX)))?;
        let records = rows.iter().map(|row| {
            let record = serde_json::from_slice(&row.value).map_err(|_| StoreError::Malformed)?;
            Ok((row.order, record))
        });
        records.collect::<Result<_, _>>().map(Self)
    }

    pub fn find(&self, is_wanted: impl Fn(&MergeRecord) -> bool) -> Option<&MergeRecord> {
        self.0.iter().map(|(_, record)| record).rfind(|record| is_wanted(record))
    }

    /// The changes that write a record: in its place, or as the latest one, for which others make room.
    pub fn put(&self, record: &MergeRecord) -> Result<Vec<ShelfChange>, StoreError> {
        let value = Zeroizing::new(serde_json::to_vec(record).map_err(|_| StoreError::Malformed)?);
        let there = self.0.iter().find(|(_, known)| known.id == record.id).map(|(order, _)| *order);
        let order = there.unwrap_or_else(|| self.0.last().map_or(0, |(order, _)| order + 1));
        let mut changes = vec![ShelfChange::Put(Shelf::Merges, Row { name: NAME.into(), order, value })];
        if there.is_none() {
            let over = (self.0.len() + 1).saturating_sub(MOST_MERGES);
            let leaving = self.0.iter().filter(|(_, old)| old.finished || old.undone_at.is_some()).take(over);
            changes.extend(leaving.map(|(order, _)| ShelfChange::Remove(Shelf::Merges, NAME.into(), *order..=*order)));
        }
        Ok(changes)
    }
}

impl Memory {
    /// A person's merges, the latest first: facts that came and facts that went. Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn merges(&self, scope: &UserScope) -> Result<Vec<MergeRecord>, StoreError> {
        Ok(Records::read(&self.store, scope)?.0.into_iter().rev().map(|(_, record)| record).collect())
    }
}
