//! A fact that waited for a review is let go.

use super::Draft;
use crate::enforce::UserScope;
use crate::ids::FactId;
use crate::memory::settings::MemorySettings;
use crate::memory::view::View;
use crate::store::{Batch, Fact, Review, Status};

/// What the release of a held fact came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The fact as it is now. Behind a newer value of its slot it is history at once.
    pub fact: Fact,
    /// Values of its slot that it closed.
    pub superseded: Vec<FactId>,
}

/// Plans the release of a held fact at `now`, in milliseconds since the Unix epoch: it becomes active, keeps in `held_for` why it
/// waited, and takes the place of its slot's current value, or goes behind a newer one. In a sandbox it is shown from then on, and
/// waits for whoever may promote the sandbox. Nothing, where the fact is not there or does not wait.
pub(in crate::memory) fn plan_release(
    view: &View,
    settings: &MemorySettings,
    scope: &UserScope,
    id: FactId,
    now: i64,
) -> Option<(Batch, Released)> {
    let held = view.fact(id).filter(|fact| fact.status == Status::Held && !fact.is_expired(now))?;
    let mut fact = held.clone();
    if scope.is_sandbox() {
        fact.held_for = Some(Review::Sandbox);
    } else {
        fact.status = Status::Active;
    }
    let mut draft = Draft::new(view, settings, now);
    // What was closed while it waited stays so.
    if fact.is_current() {
        draft.supersede(&mut fact);
    }
    let superseded = std::mem::take(&mut draft.turn().superseded);
    draft.changed.insert(id, fact.clone());
    let put = draft.changed.into_values().collect();
    Some((Batch { put, ..Batch::default() }, Released { fact, superseded }))
}
