//! From statements to facts: what is new, what it supersedes or takes back, what must go to make room. Pure; the caller commits.
//!
//! Rules and models go the same way: what either read out of a turn is a [`Taught`], kept by a [`Draft`] over the user's view.
//! Nothing is overwritten: a fact that ceased to hold is closed, on both time axes, and stays until it is evicted or deleted.

mod retract;
mod room;
mod supersede;
mod wording;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use super::extract::{Candidate, MAX_FACTS, Statement};
use super::lesson::Lesson;
use super::prefix::derive;
use super::settings::MemorySettings;
use super::view::{View, saying};
use crate::enforce::UserScope;
use crate::ids::{FactId, SessionId};
use crate::store::{Batch, Fact, Kind, PrefixHash, Provenance, Review, Spending, Status, Tier};

use room::Room;
pub(super) use room::make_room;
use wording::Wording;

/// What lessons came to. Names facts, never what they say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// Facts written, held ones among them.
    pub facts: Vec<FactId>,
    /// Kind and tier of each of them.
    pub sorts: Vec<(Kind, Tier)>,
    /// Why those of them wait that wait for review.
    pub held: Vec<Review>,
    /// Facts that a newer value closed.
    pub superseded: Vec<FactId>,
    /// Facts that the person took back ("I no longer…").
    pub retracted: Vec<FactId>,
    /// Facts that the person asked to forget.
    pub forgotten: Vec<FactId>,
    /// The person asked to forget everything: whatever else waits to be learned from earlier turns must go, too.
    pub forgot_everything: bool,
    /// Facts that made room for these.
    pub evicted: usize,
    /// Statements that were not kept.
    pub unkept: Vec<Unkept>,
}

impl Learned {
    /// Facts that ceased to hold.
    pub fn closed(&self) -> impl Iterator<Item = FactId> {
        self.superseded.iter().chain(&self.retracted).chain(&self.forgotten).copied()
    }

    /// Whether there is nothing to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a statement was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    /// The person has learned as much as a day allows.
    Rate,
    /// It is longer than any statement is.
    Length,
    /// Its turn said more than one turn may teach.
    Turn,
    /// What is pinned leaves no room.
    Room,
}

impl Unkept {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Length => "length",
            Self::Turn => "turn",
            Self::Room => "room",
        }
    }
}

/// What was read out of one turn of the person's, by rules or by a model.
#[derive(Debug)]
pub(super) struct Taught {
    pub(super) reader: Reader,
    pub(super) session: Option<SessionId>,
    /// The turn's hash, which the facts name as their source.
    pub(super) turn: PrefixHash,
    /// Names under which the reading is marked as done. If any is known already, it teaches nothing.
    pub(super) names: Vec<PrefixHash>,
    /// When the turn was said, in milliseconds since the Unix epoch.
    pub(super) at: i64,
    /// In the order in which they were said.
    pub(super) statements: Vec<Statement>,
}

/// Who read a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Rules,
    /// It reads later than the rules, and may name in other words what was taken back since: of turns up to then it teaches nothing.
    Model,
}

impl Taught {
    /// What the rules read out of a lesson.
    pub(super) fn by_rules(key: &[u8; 16], session: Option<&SessionId>, lesson: &Lesson, statements: Vec<Statement>) -> Self {
        let names = turn_names(key, session, lesson);
        let turn = names.first().copied().unwrap_or_default();
        Self { reader: Reader::Rules, session: session.cloned(), turn, names, at: lesson.at, statements }
    }

    /// Makes it teach nothing, and leave no mark.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.statements.clear();
    }
}

/// The names under which a turn is marked as learned: by the conversation before it, and by its words within the session,
/// since a client may resend a turn behind a changed system message.
pub(super) fn turn_names(key: &[u8; 16], session: Option<&SessionId>, lesson: &Lesson) -> Vec<PrefixHash> {
    let said = |session: &str| derive(key, "said", &[session.as_bytes(), lesson.text.as_bytes()]);
    match (lesson.turn, session) {
        (Some(turn), Some(session)) => vec![turn, said(session.as_str())],
        (Some(turn), None) => vec![turn],
        (None, session) => vec![said(session.map_or("", SessionId::as_str))],
    }
}

/// Longest text of a fact, and longest quote, in bytes.
const MAX_TEXT: usize = 2048;

/// Changes to one user's memory, gathered over any number of turns, to be committed at once.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    view: &'a View,
    settings: &'a MemorySettings,
    /// The time of learning.
    now: i64,
    /// Facts that are new or changed, as they are to be.
    changed: BTreeMap<FactId, Fact>,
    fresh: HashSet<FactId>,
    names: HashSet<PrefixHash>,
    room: OnceCell<Room>,
    /// When something was last taken back by these turns.
    taken_back: Option<i64>,
    /// What each turn came to, the present one last.
    learned: Vec<Learned>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(view: &'a View, settings: &'a MemorySettings, now: i64) -> Self {
        let (changed, fresh, names, room, taken_back, learned) = Default::default();
        Self { view, settings, now, changed, fresh, names, room, taken_back, learned }
    }

    /// Keeps what one turn taught. Nothing happens for a turn that was learned before.
    pub(super) fn keep(&mut self, scope: &UserScope, mut taught: Taught) {
        self.learned.push(Learned::default());
        if taught.names.iter().any(|name| self.view.has_learned(name) || self.names.contains(name)) {
            return;
        }
        self.names.extend(&taught.names);
        if taught.reader == Reader::Model && !self.spending().may_read(taught.at) {
            return;
        }
        for statement in std::mem::take(&mut taught.statements) {
            match statement {
                Statement::Retraction(retraction) => self.retract(&retraction, taught.at),
                Statement::Fact(candidate) if self.knows(&candidate, &taught) => {}
                Statement::Fact(candidate) => match self.refusal(&candidate) {
                    Some(reason) => self.turn().unkept.push(reason),
                    None => self.add(fact_of(candidate, scope, &taught, self.settings, self.now)),
                },
            }
        }
    }

    /// What is to be committed, what each turn came to, and how many facts had run out. Nothing, where nothing changes.
    pub(super) fn finish(mut self) -> Option<(Batch, Vec<Learned>, usize)> {
        let mut delete: Vec<FactId> = self.view.expired(self.now).collect();
        if self.names.is_empty() && delete.is_empty() {
            return None;
        }
        let expired = delete.len();
        // With what is taken back, so that no model can name it anew in between.
        let spending = self.taken_back.map(|_| self.spending());
        self.changed.retain(|id, _| !delete.contains(id));
        let evicted = self.make_room(&delete);
        self.turn().evicted = evicted.len();
        delete.extend(evicted);
        self.changed.retain(|id, _| !delete.contains(id));
        for learned in &mut self.learned {
            learned.facts.retain(|id| self.changed.contains_key(id));
            let facts = learned.facts.iter().filter_map(|id| self.changed.get(id));
            learned.sorts = facts.clone().map(|fact| (fact.kind, fact.tier)).collect();
            learned.held = facts.filter_map(|fact| fact.held_for).collect();
        }
        let put: Vec<Fact> = self.changed.into_values().collect();
        let mut learned: Vec<PrefixHash> = self.names.into_iter().collect();
        learned.sort_unstable();
        Some((Batch { put, delete, learned, spending, ..Batch::default() }, self.learned, expired))
    }

    /// The person's spending as it is to be, with the time up to which models are deaf.
    fn spending(&self) -> Spending {
        let spent = self.view.spending();
        Spending { deaf_before: spent.deaf_before.max(self.taken_back.unwrap_or_default()), ..spent }
    }

    /// What the present turn came to so far.
    fn turn(&mut self) -> &mut Learned {
        if self.learned.is_empty() {
            self.learned.push(Learned::default());
        }
        let last = self.learned.len() - 1;
        &mut self.learned[last]
    }

    /// Every fact as it is to be.
    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.view.facts().filter(|fact| !self.changed.contains_key(&fact.id)).chain(self.changed.values())
    }

    /// The fact as it is to be, to be changed further.
    fn change(&mut self, id: FactId) -> Option<&mut Fact> {
        use std::collections::btree_map::Entry;
        match self.changed.entry(id) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => self.view.fact(id).map(|fact| entry.insert(fact.clone())),
        }
    }

    fn add(&mut self, fact: Fact) {
        self.fresh.insert(fact.id);
        self.turn().facts.push(fact.id);
        self.put(fact);
    }

    /// Takes in a fact, and closes what it takes the place of. Returns it as it is to be.
    pub(super) fn put(&mut self, mut fact: Fact) -> Fact {
        self.supersede(&mut fact);
        self.changed.insert(fact.id, fact.clone());
        fact
    }

    /// Closes a fact whose place another one takes.
    pub(super) fn replace(&mut self, id: FactId, by: &Fact) {
        let now = self.now;
        if let Some(old) = self.change(id) {
            old.invalid_at = Some(by.valid_at.max(old.valid_at));
            old.expired_at = Some(now);
            old.superseded_by = Some(by.id);
        }
    }

    /// Every fact that is new or changed.
    pub(super) fn into_changed(self) -> Vec<Fact> {
        self.changed.into_values().collect()
    }

    /// Whether the statement is known: a fact that says the same held, waited or was yet to be forgotten when it was said. A turn
    /// that is learned late must not bring back what was taken back since.
    fn knows(&self, candidate: &Candidate, taught: &Taught) -> bool {
        let held_then = |fact: &Fact| fact.invalid_at.is_none_or(|end| taught.at < end) && !fact.is_expired(self.now);
        let same = saying(&candidate.text);
        let unchanged = self.view.saying(&candidate.text).filter(|fact| !self.changed.contains_key(&fact.id));
        if unchanged.chain(self.changed.values().filter(|fact| saying(&fact.text) == same)).any(held_then) {
            return true;
        }
        let (turn, wording) = (hex::encode(taught.turn), OnceCell::new());
        self.facts().any(|fact| {
            // What the rules read out of these words already, or what was forgotten of them.
            let same_slot = fact.slot.is_some() && fact.slot == candidate.slot;
            let read = (same_slot || fact.status == Status::Forgotten) && fact.source.turn == turn && overlap(fact, candidate);
            let same_value = candidate.slot.is_some() && fact.slot == candidate.slot && fact.status == Status::Active && {
                wording.get_or_init(|| Wording::of(&candidate.text)).is_same(&Wording::of(&fact.text))
            };
            (read || same_value) && held_then(fact)
        })
    }
}

/// Whether a fact and a statement of the same turn were drawn from the same words.
fn overlap(fact: &Fact, candidate: &Candidate) -> bool {
    let (a, b) = (fact.source.quote.as_str(), candidate.quote.as_str());
    !a.is_empty() && !b.is_empty() && (a.contains(b) || b.contains(a))
}

fn fact_of(candidate: Candidate, scope: &UserScope, taught: &Taught, settings: &MemorySettings, now: i64) -> Fact {
    let held_for = candidate.held_for.or(scope.is_sandbox().then_some(Review::Sandbox));
    Fact {
        id: FactId::fresh(),
        text: candidate.text,
        kind: candidate.kind,
        slot: candidate.slot,
        tier: candidate.tier,
        status: if held_for.is_some() { Status::Held } else { Status::Active },
        held_for,
        pinned: false,
        created_at: now,
        valid_at: taught.at,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: settings.ttl.ends(candidate.kind, now),
        source: Provenance {
            turn: hex::encode(taught.turn),
            quote: candidate.quote,
            speaker: None,
            client: scope.client().clone(),
            session: taught.session.clone(),
            assurance: scope.assurance(),
            origin: candidate.origin,
        },
        analysis: Vec::new(),
    }
}
