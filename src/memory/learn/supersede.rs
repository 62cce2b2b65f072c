//! A newer value of a slot closes the older one.

use super::Draft;
use crate::ids::FactId;
use crate::store::{Fact, Status};

impl Draft<'_> {
    /// Closes the current value of `fact`'s slot, or `fact` itself: a turn that is learned late, behind a newer value, is history at
    /// once. A fact that waits for review closes nothing.
    pub(super) fn supersede(&mut self, fact: &mut Fact) {
        if fact.slot.is_none() || !fact.is_shown() {
            return;
        }
        let is_value = |other: &&Fact| {
            other.id != fact.id && other.slot == fact.slot && (other.is_shown() || other.status == Status::Forgotten)
        };
        let newer = self.facts().filter(is_value).filter(|other| other.valid_at > fact.valid_at);
        if let Some((at, by)) = newer.map(|other| (other.valid_at, other.id)).min() {
            fact.invalid_at = Some(at);
            fact.expired_at = Some(self.now);
            fact.superseded_by = Some(by);
            return;
        }
        let older: Vec<FactId> = self.facts().filter(is_value).filter(|other| other.is_current()).map(|other| other.id).collect();
        for id in older {
            self.replace(id, fact);
            // What a turn said and changed in one breath was never stored as current.
            if !self.turn().facts.contains(&id) {
                self.turn().superseded.push(id);
            }
        }
    }
}
