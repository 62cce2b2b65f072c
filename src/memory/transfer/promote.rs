//! Facts of a sandbox that were reviewed one by one, given to a user: written there first, then removed from the sandbox.

use std::collections::{BTreeSet, HashSet};

use super::super::Memory;
use super::super::learn::Draft;
use super::super::settings::MemorySettings;
use super::super::view::{View, saying};
use super::{PROMOTED, TransferError, copy_id, marked};
use crate::enforce::UserScope;
use crate::ids::FactId;
use crate::store::{Batch, Fact, Review, Status, StoreError};

/// What came of a promotion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promoted {
    /// The user's new facts.
    pub written: Vec<FactId>,
    /// Facts that the user had already, be it by an earlier attempt, or had forgotten. What the user said by themselves stays in the sandbox,
    /// too.
    pub known: u64,
    /// The sandbox's facts that went.
    pub removed: Vec<FactId>,
    /// Facts of the user's that a newer value closed.
    pub closed: Vec<FactId>,
}

impl Memory {
    /// Gives facts of a sandbox to a user: all of them or, where one is not there, no longer holds or finds no room, none. What waited in
    /// the sandbox for a review has had it. Blocks on the disk; lasting on return.
    ///
    /// # Errors
    /// [`TransferError::NoFact`], [`TransferError::NotCurrent`], [`TransferError::Full`], or when the store fails; asking again finishes what
    /// was begun.
    pub fn promote(
        &self,
        sandbox: &UserScope,
        user: &UserScope,
        facts: &BTreeSet<FactId>,
        now: i64,
    ) -> Result<Promoted, TransferError> {
        let settings = self.settings.load();
        self.with_both(sandbox, user, |from, into| {
            let (put, promoted) = {
                let (theirs, ours) = (from.view.read(), into.view.read());
                let (Some(theirs), Some(ours)) = (theirs.as_ref(), ours.as_ref()) else {
                    return Err(StoreError::NotEnrolled.into());
                };
                plan(theirs, ours, facts, &settings, now)?
            };
            self.commit(user, into, Batch { put, ..Batch::default() })?;
            self.commit(sandbox, from, Batch { delete: promoted.removed.clone(), ..Batch::default() })?;
            Ok(promoted)
        })
    }
}

fn plan(
    theirs: &View,
    ours: &View,
    facts: &BTreeSet<FactId>,
    settings: &MemorySettings,
    now: i64,
) -> Result<(Vec<Fact>, Promoted), TransferError> {
    let key = ours.key.ok_or(StoreError::NotEnrolled)?;
    // What was forgotten counts as known, as it does for an import.
    let mut known: HashSet<u64> = ours.facts().filter(|fact| fact.invalid_at.is_none()).map(|fact| saying(&fact.text)).collect();
    let mut draft = Draft::new(ours, settings, now);
    let mut promoted = Promoted::default();
    // In the order of their ids, which is that of their making.
    for id in facts {
        let (copy, fact) = (copy_id(&key, *id), theirs.fact(*id));
        if ours.fact(copy).is_some() {
            promoted.removed.extend(fact.map(|fact| fact.id));
            promoted.known += 1;
            continue;
        }
        let fact = fact.ok_or(TransferError::NoFact)?;
        if fact.invalid_at.is_some() || fact.status == Status::Forgotten || fact.is_expired(now) {
            return Err(TransferError::NotCurrent(*id));
        }
        if !known.insert(saying(&fact.text)) {
            promoted.known += 1;
            continue;
        }
        if ours.len() + promoted.written.len() >= settings.max_facts {
            return Err(TransferError::Full);
        }
        let held_for = fact.held_for.filter(|review| *review != Review::Sandbox);
        let mut new = Fact { id: copy, status: Status::Active, held_for, analysis: Vec::new(), ..fact.clone() };
        new.source.origin = marked(PROMOTED, &fact.source.origin);
        draft.put(new);
        promoted.written.push(copy);
        promoted.removed.push(*id);
    }
    let put = draft.into_changed();
    promoted.closed = put.iter().map(|fact| fact.id).filter(|id| !promoted.written.contains(id)).collect();
    Ok((put, promoted))
}
