//! What a person takes back: "I no longer…" makes a fact history, "forget that…" hides it for good.

use super::Draft;
use super::wording::Wording;
use crate::ids::FactId;
use crate::memory::extract::{Retraction, Target};
use crate::memory::view::saying;
use crate::store::{Fact, Status};

impl Draft<'_> {
    /// Closes or forgets what `retraction` is about, as far as it was said before `at`. Where nothing fits, nothing happens.
    pub(super) fn retract(&mut self, retraction: &Retraction, at: i64) {
        let reach = |fact: &&Fact| fact.valid_at <= at && is_within_reach(fact, retraction.forget);
        let found: Vec<FactId> = match &retraction.target {
            Target::Everything => self.facts().filter(reach).map(|fact| fact.id).collect(),
            Target::Slot { slot, value } => {
                let value = value.as_deref().map(Wording::of);
                let says = |fact: &&Fact| value.as_ref().is_none_or(|value| Wording::of(&fact.text).holds(value));
                let filled = self.facts().filter(reach).filter(|fact| fact.slot.as_deref() == Some(slot.as_str()));
                filled.filter(says).map(|fact| fact.id).collect()
            }
            Target::Saying(words) => find_saying(self.facts().filter(reach), words),
        };
        self.taken_back = self.taken_back.max(Some(at));
        self.turn().forgot_everything |= retraction.forget && retraction.target == Target::Everything;
        for id in found {
            self.close(id, at, retraction.forget);
        }
    }

    fn close(&mut self, id: FactId, at: i64, forget: bool) {
        let now = self.now;
        let Some(fact) = self.change(id) else { return };
        // What was history before keeps its own end.
        fact.invalid_at.get_or_insert(at);
        fact.expired_at.get_or_insert(now);
        if forget {
            fact.status = Status::Forgotten;
            self.turn().forgotten.push(id);
        } else {
            self.turn().retracted.push(id);
        }
    }
}

/// What no longer holds must have held until now; what is to be forgotten may also be history, or wait for review: neither may be
/// shown again.
fn is_within_reach(fact: &Fact, forget: bool) -> bool {
    if forget { fact.status != Status::Forgotten } else { fact.is_current() }
}

/// The facts that say `words`: those that do to the letter, else those that do best.
fn find_saying<'a>(facts: impl Iterator<Item = &'a Fact>, words: &str) -> Vec<FactId> {
    let (exact, wording) = (saying(words), Wording::of(words));
    let mut best = (0.0, Vec::new());
    for fact in facts {
        let score = if saying(&fact.text) == exact { Some(2.0) } else { wording.said_by(&Wording::of(&fact.text)) };
        match score {
            Some(score) if score > best.0 => best = (score, vec![fact.id]),
            Some(score) if score >= best.0 => best.1.push(fact.id),
            _ => {}
        }
    }
    best.1
}
