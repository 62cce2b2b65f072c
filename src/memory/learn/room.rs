//! Caps on what is kept of one person, and who goes first.

use std::collections::{HashMap, HashSet};

use super::{Draft, MAX_FACTS, MAX_TEXT, Unkept};
use crate::ids::FactId;
use crate::memory::extract::Candidate;
use crate::memory::settings::MemorySettings;
use crate::memory::view::{View, bytes_of};
use crate::store::{Fact, Kind, Tier};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// What a fact takes beside its texts, roughly: names of fields, times, ids, the stored analysis and the seal.
const RECORD: usize = 512;

/// What was there before anything was learned.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Facts learned within the last day.
    today: usize,
    pinned: usize,
    pinned_bytes: usize,
}

impl Draft<'_> {
    /// Why a statement of the present turn may not be kept.
    pub(super) fn refusal(&self, candidate: &Candidate) -> Option<Unkept> {
        if candidate.text.len() > MAX_TEXT || candidate.quote.len() > MAX_TEXT {
            return Some(Unkept::Length);
        }
        if self.learned.last().is_some_and(|turn| turn.facts.len() >= MAX_FACTS) {
            return Some(Unkept::Turn);
        }
        let (settings, fresh) = (self.settings, self.fresh.len());
        let Room { today, pinned, pinned_bytes } = self.room.get_or_init(|| self.look_around());
        if today + fresh >= settings.max_facts_per_day {
            return Some(Unkept::Rate);
        }
        // All that is not pinned can make room; what is pinned cannot.
        let fresh_bytes = (fresh + 1) * (2 * MAX_TEXT + RECORD);
        let full = pinned + fresh >= settings.max_facts || *pinned > 0 && pinned_bytes + fresh_bytes > settings.max_size;
        full.then_some(Unkept::Room)
    }

    fn look_around(&self) -> Room {
        let mut room = Room::default();
        for fact in self.view.facts() {
            room.today += usize::from(fact.created_at > self.now.saturating_sub(DAY));
            if fact.pinned {
                room.pinned += 1;
                room.pinned_bytes += bytes_of(fact) + RECORD;
            }
        }
        room
    }

    /// The least useful facts beyond the caps: history, then what waits for review, then notes that were never recalled, then what was
    /// of use longest ago. Never pinned ones, and those that were learned just now last.
    pub(super) fn make_room(&self, gone: &[FactId]) -> Vec<FactId> {
        let fresh_bytes: usize = self.changed.values().filter(|fact| self.fresh.contains(&fact.id)).map(size).sum();
        let gone_bytes: usize = gone.iter().filter_map(|id| self.view.fact(*id)).map(size).sum();
        let mut facts = self.view.len() - gone.len() + self.fresh.len();
        let mut bytes = (self.view.text_bytes() + self.view.len() * RECORD).saturating_sub(gone_bytes) + fresh_bytes;
        let over = |facts: usize, bytes: usize| facts > self.settings.max_facts || bytes > self.settings.max_size;
        if !over(facts, bytes) {
            return Vec::new();
        }
        let (recalled, leaving) = (self.recalled(), gone.iter().copied().collect::<HashSet<FactId>>());
        let mut unpinned: Vec<_> = self.facts().filter(|fact| !fact.pinned && !leaving.contains(&fact.id)).collect();
        unpinned.sort_by_cached_key(|fact| (self.worth(fact, recalled.get(&fact.id).copied()), fact.id));
        let mut evicted = Vec::new();
        for fact in unpinned {
            if !over(facts, bytes) {
                break;
            }
            facts -= 1;
            bytes = bytes.saturating_sub(size(fact));
            evicted.push(fact.id);
        }
        evicted
    }

    /// When facts were last written into a request, as far as is remembered.
    fn recalled(&self) -> HashMap<FactId, i64> {
        let mut recalled = HashMap::new();
        for injection in self.view.injections() {
            for id in &injection.facts {
                let last = recalled.entry(*id).or_insert(injection.at);
                *last = injection.at.max(*last);
            }
        }
        recalled
    }

    /// The less, the sooner a fact goes; the second number is when it was last of use.
    fn worth(&self, fact: &Fact, recalled: Option<i64>) -> (u8, i64) {
        let used = recalled.unwrap_or(fact.created_at).max(fact.created_at);
        let passing = fact.kind == Kind::Note || fact.tier == Tier::Passing;
        let class = match fact {
            _ if self.fresh.contains(&fact.id) && fact.is_current() => 4,
            _ if fact.invalid_at.is_some() => 0,
            _ if !fact.is_current() => 1,
            _ if passing && recalled.is_none() => 2,
            _ => 3,
        };
        (class, used)
    }
}

/// The least useful facts beyond the caps, once `put` is there.
pub(in crate::memory) fn make_room(view: &View, settings: &MemorySettings, put: &[Fact], now: i64) -> Vec<FactId> {
    let mut draft = Draft::new(view, settings, now);
    draft.fresh = put.iter().map(|fact| fact.id).filter(|id| view.fact(*id).is_none()).collect();
    draft.changed = put.iter().map(|fact| (fact.id, fact.clone())).collect();
    draft.make_room(&[])
}

fn size(fact: &Fact) -> usize {
    bytes_of(fact) + RECORD
}
