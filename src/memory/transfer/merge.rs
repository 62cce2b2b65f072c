//! Two identities of one person, brought together and taken apart again.
//!
//! 1. The copies and the record, in one step, into the file that facts are brought into.
//! 2. The originals closed, in the other file.
//! 3. The record marked as finished.
//!
//! Undoing goes the other way: the originals are opened again first, then the copies go. A repeat does what is left.

use std::collections::{BTreeMap, HashSet};

use super::super::Memory;
use super::super::learn::Draft;
use super::super::settings::MemorySettings;
use super::super::view::{View, saying};
use super::super::views::Place;
use super::record::{MergeRecord, Records};
use super::{MERGED, MOVED, TransferError, copy_id, digest, marked};
use crate::enforce::UserScope;
use crate::ids::{FactId, RequestId};
use crate::store::{Batch, Fact, StoreError};

/// What a merge, or its undoing, came to. Facts are named for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub record: MergeRecord,
    /// Facts of `into` that were written or closed, and that were deleted.
    pub written: Vec<FactId>,
    pub deleted: Vec<FactId>,
    /// Facts of `from` that were closed or opened again.
    pub changed: Vec<FactId>,
}

fn ids(facts: &[Fact]) -> Vec<FactId> {
    facts.iter().map(|fact| fact.id).collect()
}

impl Memory {
    /// Brings what holds of `from` into `into`, and closes it there. `at` is in milliseconds since the Unix epoch. A merge of the two that was
    /// broken off is finished instead. Blocks on the disk; lasting on return.
    ///
    /// # Errors
    /// When the store fails; asking again finishes what was begun.
    pub fn merge(
        &self,
        from: &UserScope,
        into: &UserScope,
        id: RequestId,
        operator: &str,
        at: i64,
    ) -> Result<Moved, TransferError> {
        let settings = self.settings.load();
        self.with_both(from, into, |from_place, into_place| {
            let records = Records::read(&self.store, into)?;
            let mut written = Vec::new();
            let broken_off = |record: &MergeRecord| {
                record.from == *from.user() && record.into == *into.user() && !record.finished && record.undone_at.is_none()
            };
            let begun = if let Some(record) = records.find(broken_off) {
                record.clone()
            } else {
                let named = MergeRecord {
                    id,
                    from: from.user().clone(),
                    into: into.user().clone(),
                    operator: operator.into(),
                    at,
                    facts: 0,
                    left: 0,
                    finished: false,
                    undone_at: None,
                    kept: 0,
                    moved: Vec::new(),
                    closed: Vec::new(),
                };
                let (put, record) = both(from_place, into_place, |theirs, ours| plan(theirs, ours, named, &settings))?;
                let shelves = records.put(&record)?;
                written = ids(&put);
                self.commit(into, into_place, Batch { put, shelves, ..Batch::default() })?;
                record
            };
            let put = both(from_place, into_place, |theirs, _| Ok(originals_closed(theirs, &begun)))?;
            let (changed, shelves) = (ids(&put), Records::read(&self.store, from)?.put(&begun.outline())?);
            self.commit(from, from_place, Batch { put, shelves, ..Batch::default() })?;
            let record = MergeRecord { finished: true, ..begun };
            let shelves = Records::read(&self.store, into)?.put(&record)?;
            self.commit(into, into_place, Batch { shelves, ..Batch::default() })?;
            Ok(Moved { record, written, deleted: Vec::new(), changed })
        })
    }

    /// Gives back what a merge brought along and is as it was written. What was changed since, on either side, stays and is counted. One
    /// that was undone before stays as it is. Blocks on the disk; lasting on return.
    ///
    /// # Errors
    /// [`TransferError::NoMerge`], or when the store fails; asking again finishes what was begun.
    pub fn undo_merge(&self, from: &UserScope, into: &UserScope, id: RequestId, now: i64) -> Result<Moved, TransferError> {
        let settings = self.settings.load();
        self.with_both(from, into, |from_place, into_place| {
            let records = Records::read(&self.store, into)?;
            let is_it = |record: &MergeRecord| record.id == id && record.from == *from.user() && record.into == *into.user();
            let record = records.find(is_it).cloned().ok_or(TransferError::NoMerge)?;
            if record.undone_at.is_some() {
                return Ok(Moved { record, written: Vec::new(), deleted: Vec::new(), changed: Vec::new() });
            }
            let Return { given_back, copies, reopened, kept } =
                both(from_place, into_place, |theirs, ours| plan_return(theirs, ours, &record, &settings, now))?;
            let (written, deleted, changed) = (ids(&reopened), copies.clone(), ids(&given_back));
            let undone = MergeRecord { undone_at: Some(now), kept, finished: true, ..record };
            let shelves = Records::read(&self.store, from)?.put(&undone.outline())?;
            self.commit(from, from_place, Batch { put: given_back, shelves, ..Batch::default() })?;
            let shelves = records.put(&MergeRecord { moved: Vec::new(), closed: Vec::new(), ..undone.clone() })?;
            self.commit(into, into_place, Batch { put: reopened, delete: copies, shelves, ..Batch::default() })?;
            Ok(Moved { record: undone, written, deleted, changed })
        })
    }
}

/// Plans from both views.
fn both<T>(from: &Place, into: &Place, plan: impl FnOnce(&View, &View) -> Result<T, TransferError>) -> Result<T, TransferError> {
    let (from, into) = (from.view.read(), into.view.read());
    let (Some(from), Some(into)) = (from.as_ref(), into.as_ref()) else { return Err(StoreError::NotEnrolled.into()) };
    plan(from, into)
}

/// The copies, and the record of them.
fn plan(
    theirs: &View,
    ours: &View,
    record: MergeRecord,
    settings: &MemorySettings,
) -> Result<(Vec<Fact>, MergeRecord), TransferError> {
    let key = ours.key.ok_or(StoreError::NotEnrolled)?;
    let mut coming: Vec<&Fact> = theirs.facts().filter(|fact| fact.is_current() && !fact.is_expired(record.at)).collect();
    coming.sort_unstable_by_key(|fact| (fact.valid_at, fact.id));
    // What was forgotten counts as known: a merge is no way to bring it back.
    let mut known: HashSet<u64> = ours.facts().filter(|fact| fact.invalid_at.is_none()).map(|fact| saying(&fact.text)).collect();
    let mut draft = Draft::new(ours, settings, record.at);
    let (mut moved, mut left, mut written) = (Vec::new(), 0, 0);
    for fact in coming {
        let copy = copy_id(&key, fact.id);
        if ours.fact(copy).is_some() || !known.insert(saying(&fact.text)) {
            moved.push((fact.id, None));
        } else if ours.len() + written >= settings.max_facts {
            left += 1;
        } else {
            let mut new = Fact { id: copy, analysis: Vec::new(), ..fact.clone() };
            new.source.origin = marked(MERGED, &fact.source.origin);
            draft.put(new);
            moved.push((fact.id, Some(0)));
            written += 1;
        }
    }
    let put = draft.into_changed();
    let mut digests: BTreeMap<FactId, u64> = put.iter().map(|fact| (fact.id, digest(fact))).collect();
    for (original, mark) in &mut moved {
        if mark.is_some() {
            *mark = digests.remove(&copy_id(&key, *original));
        }
    }
    let (facts, closed) = (moved.len() as u64, digests.into_iter().collect());
    Ok((put, MergeRecord { facts, left, moved, closed, ..record }))
}

/// The originals that still hold, closed and marked.
fn originals_closed(theirs: &View, record: &MergeRecord) -> Vec<Fact> {
    let current = record.moved.iter().filter_map(|(id, _)| theirs.fact(*id)).filter(|fact| fact.is_current());
    let closed = current.map(|fact| {
        let mut closed = Fact {
            invalid_at: Some(record.at.max(fact.valid_at)),
            expired_at: Some(record.at),
            superseded_by: None,
            analysis: Vec::new(),
            ..fact.clone()
        };
        closed.source.origin = marked(MOVED, &fact.source.origin);
        closed
    });
    closed.collect()
}

fn is_closed_by(fact: &Fact, record: &MergeRecord) -> bool {
    fact.expired_at == Some(record.at) && fact.superseded_by.is_none() && fact.source.origin.starts_with(MOVED)
}

/// What undoing a merge does.
struct Return {
    /// Originals that hold again, or are history by now.
    given_back: Vec<Fact>,
    copies: Vec<FactId>,
    /// Facts whose place a copy had taken.
    reopened: Vec<Fact>,
    /// Facts that stay, since they were changed.
    kept: u64,
}

fn plan_return(
    theirs: &View,
    ours: &View,
    record: &MergeRecord,
    settings: &MemorySettings,
    now: i64,
) -> Result<Return, TransferError> {
    let key = ours.key.ok_or(StoreError::NotEnrolled)?;
    let said_again: HashSet<u64> = theirs.facts().filter(|fact| fact.is_current()).map(|fact| saying(&fact.text)).collect();
    let mut draft = Draft::new(theirs, settings, now);
    let (mut copies, mut kept) = (HashSet::new(), 0);
    for (original, mark) in &record.moved {
        let copy = mark.map(|mark| (copy_id(&key, *original), mark));
        let is_as_written = copy.is_none_or(|(id, mark)| ours.fact(id).is_some_and(|copy| digest(copy) == mark));
        // What its person deleted meanwhile does not come back.
        let Some(fact) = theirs.fact(*original).filter(|_| is_as_written) else {
            kept += 1;
            continue;
        };
        copies.extend(copy.map(|(id, _)| id));
        if is_closed_by(fact, record) && !said_again.contains(&saying(&fact.text)) {
            let mut open = Fact { invalid_at: None, expired_at: None, analysis: Vec::new(), ..fact.clone() };
            fact.source.origin.strip_prefix(MOVED).unwrap_or_default().clone_into(&mut open.source.origin);
            draft.put(open);
        }
    }
    let stays = |fact: &&Fact| fact.is_current() && !copies.contains(&fact.id);
    let filled: HashSet<&str> = ours.facts().filter(stays).filter_map(|fact| fact.slot.as_deref()).collect();
    let closed = record.closed.iter().filter_map(|(id, mark)| ours.fact(*id).filter(|fact| digest(fact) == *mark));
    let displaced = closed.filter(|fact| fact.superseded_by.is_some_and(|by| copies.contains(&by)));
    let vacant = displaced.filter(|fact| fact.slot.as_deref().is_none_or(|slot| !filled.contains(slot)));
    let reopened = vacant
        .map(|fact| Fact { invalid_at: None, expired_at: None, superseded_by: None, analysis: Vec::new(), ..fact.clone() })
        .collect();
    Ok(Return { given_back: draft.into_changed(), copies: copies.into_iter().collect(), reopened, kept })
}
