//! The longest life of a tenant's facts. It caps what is held here, old facts and those to come; what is over is deleted from the
//! disk as at the end of a time to live.

use super::{View, end_of_life};
use crate::store::Fact;

impl View {
    /// The longest life of a fact, in milliseconds.
    pub(in crate::memory) fn retention(&self) -> Option<i64> {
        self.retention
    }

    /// Caps the life of every fact at so many milliseconds after it was learned.
    pub(in crate::memory) fn keep_for(&mut self, retention: Option<i64>) {
        if self.retention == retention {
            return;
        }
        self.retention = retention;
        for entry in self.facts.values_mut() {
            cap(&mut entry.fact, retention);
        }
        self.expiring = self.facts.values().filter_map(|entry| end_of_life(&entry.fact)).collect();
    }
}

/// Pinned facts have no end until they are let go: the cap is noted, and counts from then on.
pub(super) fn cap(fact: &mut Fact, retention: Option<i64>) {
    if let Some(retention) = retention {
        let end = fact.created_at.saturating_add(retention);
        fact.expires_at = Some(fact.expires_at.map_or(end, |at| at.min(end)));
    }
}
