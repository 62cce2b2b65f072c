//! Operators' visits, kept for the person whom they concern: who looked at or changed what is remembered, when and why.
//!
//! They stand sealed in the person's own file, so that an erasure takes them along, and are written before anything is read.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Memory;
use crate::enforce::UserScope;
use crate::enforce::operator::Countable;
use crate::store::{Batch, Row, Shelf, ShelfChange, Store, StoreError};

/// Visits kept of one person; the oldest go first. The audit log has them all.
pub const MOST_VISITS: usize = 500;
/// How long one is kept, in milliseconds: a year.
const LIFETIME: i64 = 365 * 24 * 60 * 60 * 1000;
/// Within this time looking again, by the same operator for the same reason, is the same visit. Milliseconds.
const ONE_VISIT: i64 = 15 * 60 * 1000;
/// The name of all rows; their places are their order.
const NAME: &str = "visit";

/// An operator's look at a person's memory, or a change of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// The name of the operator's credential.
    pub operator: Box<str>,
    /// What was done, such as `facts.read`.
    pub act: Box<str>,
    /// Why, in the operator's words.
    pub reason: Box<str>,
}

impl Countable for Visit {}

/// Without the reason.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("at", &self.at).field("act", &self.act).finish_non_exhaustive()
    }
}

impl Visit {
    /// Whether it is a look during the same visit. Every change stands for itself.
    fn goes_on(&self, last: &Self) -> bool {
        let same = (&self.operator, &self.act, &self.reason) == (&last.operator, &last.act, &last.reason);
        same && self.act.ends_with(".read") && (0..ONE_VISIT).contains(&self.at.saturating_sub(last.at))
    }
}

impl Memory {
    /// Writes a visit into the person's file: lasting on return. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written, or the person was never enrolled: then nothing may be looked at.
    pub fn note_visit(&self, scope: &UserScope, visit: &Visit) -> Result<(), StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        self.store.hash_key(scope)?;
        let rows = match rows_of(&self.store, scope) {
            // A file that is another's was set aside just now.
            Err(StoreError::Foreign) => rows_of(&self.store, scope)?,
            rows => rows?,
        };
        if rows.last().is_some_and(|(_, last)| visit.goes_on(last)) {
            return Ok(());
        }
        let next = rows.last().map_or(0, |(order, _)| order + 1);
        let value = Zeroizing::new(serde_json::to_vec(visit).map_err(|_| StoreError::Malformed)?);
        let mut shelves = vec![ShelfChange::Put(Shelf::Visits, Row { name: NAME.into(), order: next, value })];
        let (over, oldest) = ((rows.len() + 1).saturating_sub(MOST_VISITS), visit.at.saturating_sub(LIFETIME));
        let leaving = rows.iter().enumerate().take_while(|(at, (_, old))| *at < over || old.at < oldest).last();
        if let Some((_, (last, _))) = leaving {
            shelves.push(ShelfChange::Remove(Shelf::Visits, NAME.into(), 0..=*last));
        }
        self.store.commit(scope, Batch { shelves, ..Batch::default() })
    }

    /// A page of a person's visits, the latest first, behind the one of that number; and whether there are others behind. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn visits(&self, scope: &UserScope, behind: Option<u64>, limit: usize) -> Result<(Vec<(u64, Visit)>, bool), StoreError> {
        let rows = rows_of(&self.store, scope)?;
        let mut found: Vec<_> = rows.into_iter().rev().filter(|(order, _)| behind.is_none_or(|behind| *order < behind)).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((found, more))
    }
}

/// All visits in their order.
fn rows_of(store: &Store, scope: &UserScope) -> Result<Vec<(u64, Visit)>, StoreError> {
    let rows = store.shelf(scope, Shelf::Visits, Some((NAME, 0..=u64::MAX)))?;
    let visits = rows.iter().map(|row| {
        let visit = serde_json::from_slice(&row.value).map_err(|_| StoreError::Malformed)?;
        Ok((row.order, visit))
    });
    visits.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::enforce::test_scope;
    use crate::identity::Assurance;
    use crate::ids::RequestId;
    use crate::memory::MemorySettings;
    use crate::setting::Secret;
    use crate::store::simulated::{Fault, SimulatedDisk};
    use crate::store::{Erasure, StorageSettings};

    const NOW: i64 = 1_760_000_000_000;

    fn memory_on(disk: &SimulatedDisk) -> Memory {
        let settings = StorageSettings { master_key: Some(Secret::new(&[7; 32])), ..StorageSettings::at("unused") };
        Memory::new(Store::open(&settings, Arc::new(disk.clone())).unwrap(), MemorySettings::default())
    }

    fn visit(at: i64, act: &str, reason: &str) -> Visit {
        Visit { at, operator: "olga".into(), act: act.into(), reason: reason.into() }
    }

    #[test]
    fn visits_are_bounded_by_number_and_age_and_end_with_the_person() {
        let memory = memory_on(&SimulatedDisk::default());
        let ana = test_scope("ana", Assurance::Verified);
        assert!(matches!(memory.note_visit(&ana, &visit(NOW, "facts.read", "why")), Err(StoreError::NotEnrolled)));
        memory.store.enroll(&ana, NOW).unwrap();
        for n in 0..i64::try_from(MOST_VISITS).unwrap() + 3 {
            memory.note_visit(&ana, &visit(NOW + n, "facts.add", "why")).unwrap();
        }
        let (all, more) = memory.visits(&ana, None, 1_000).unwrap();
        assert_eq!((all.len(), all.last().unwrap().1.at, more), (MOST_VISITS, NOW + 3, false));
        let (page, more) = memory.visits(&ana, Some(all[9].0), 5).unwrap();
        assert_eq!((&page[..], more), (&all[10..15], true));
        memory.note_visit(&ana, &visit(NOW + LIFETIME + 10, "facts.add", "why")).unwrap();
        let (left, _) = memory.visits(&ana, None, 1_000).unwrap();
        assert!(left.len() < MOST_VISITS && left.iter().all(|(_, visit)| visit.at >= NOW + 10), "a year is enough");
        memory.erase(&ana, Erasure { receipt: RequestId::fresh(), at: NOW }).unwrap();
        memory.store.enroll(&ana, NOW).unwrap();
        assert!(memory.visits(&ana, None, 9).unwrap().0.is_empty());
    }

    #[test]
    fn reading_on_is_one_visit_and_everything_else_one_of_its_own() {
        let memory = memory_on(&SimulatedDisk::default());
        let ana = test_scope("ana", Assurance::Verified);
        memory.store.enroll(&ana, NOW).unwrap();
        for (at, act, reason, known) in [
            (0, "facts.read", "why", 1),
            (ONE_VISIT - 1, "facts.read", "why", 1),
            (ONE_VISIT, "facts.read", "why", 2),
            (ONE_VISIT + 1, "facts.read", "another", 3),
            (ONE_VISIT + 2, "facts.delete", "another", 4),
            (ONE_VISIT + 3, "facts.delete", "another", 5),
        ] {
            memory.note_visit(&ana, &visit(NOW + at, act, reason)).unwrap();
            assert_eq!(memory.visits(&ana, None, 99).unwrap().0.len(), known, "{at} {act} {reason}");
        }
    }

    #[test]
    fn a_visit_that_cannot_be_written_is_none() {
        let disk = SimulatedDisk::default();
        let memory = memory_on(&disk);
        let ana = test_scope("ana", Assurance::Verified);
        memory.store.enroll(&ana, NOW).unwrap();
        disk.set_fault(Fault::DiskFull { at: 0, writes: u64::MAX });
        assert!(memory.note_visit(&ana, &visit(NOW, "facts.read", "why")).is_err());
        disk.set_fault(Fault::Never);
        assert!(memory.visits(&ana, None, 9).unwrap().0.is_empty());
    }
}
