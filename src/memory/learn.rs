//! From a turn to facts: what is new, what it supersedes, what must go to make room. Pure; the caller commits.

use super::extract::{Candidate, Statement, extract};
use super::lesson::Lesson;
use super::prefix::derive;
use super::view::View;
use crate::enforce::UserScope;
use crate::ids::{FactId, SessionId};
use crate::store::{Batch, Fact, Kind, PrefixHash, Provenance, Status, Tier};

/// What a lesson came to. Names facts, never what they say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// Facts written, held ones among them.
    pub facts: Vec<FactId>,
    /// How many of them wait for review.
    pub held: usize,
    /// Facts that ceased to hold.
    pub superseded: Vec<FactId>,
    /// Facts that made room.
    pub evicted: usize,
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

/// The changes that a lesson makes; nothing when it was learned before or holds nothing new.
pub(super) fn plan(
    view: &View,
    key: &[u8; 16],
    scope: &UserScope,
    session: Option<&SessionId>,
    lesson: &Lesson,
    max_facts: usize,
) -> Option<(Batch, Learned)> {
    let names = turn_names(key, session, lesson);
    if names.iter().any(|name| view.has_learned(name)) {
        return None;
    }
    let candidates = extract(&lesson.text);
    if candidates.is_empty() {
        return None;
    }
    let turn = names.first().map(hex::encode).unwrap_or_default();
    let mut learned = Learned::default();
    let mut put: Vec<Fact> = Vec::new();
    for statement in candidates {
        let Statement::Fact(candidate) = statement else { continue };
        if view.says(&candidate.text) || put.iter().any(|fact| fact.text.eq_ignore_ascii_case(&candidate.text)) {
            continue;
        }
        let mut fact = fact_of(candidate, &turn, scope, session, lesson.at);
        learned.superseded.extend(supersede(view, &mut put, &mut fact));
        learned.held += usize::from(fact.status == Status::Held);
        learned.facts.push(fact.id);
        put.push(fact);
    }
    let added = learned.facts.len();
    let delete = make_room(view, &put, (view.len() + added).saturating_sub(max_facts));
    learned.evicted = delete.len();
    Some((Batch { put, delete, learned: names, ..Batch::default() }, learned))
}

fn fact_of(candidate: Candidate, turn: &str, scope: &UserScope, session: Option<&SessionId>, at: i64) -> Fact {
    Fact {
        id: FactId::fresh(),
        text: candidate.text,
        kind: candidate.kind,
        slot: candidate.slot,
        tier: candidate.tier,
        status: if candidate.held_for.is_some() { Status::Held } else { Status::Active },
        held_for: candidate.held_for,
        pinned: false,
        created_at: at,
        valid_at: at,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: turn.to_owned(),
            quote: candidate.quote,
            speaker: None,
            client: scope.client().clone(),
            session: session.cloned(),
            assurance: scope.assurance(),
            origin: candidate.origin,
        },
        analysis: Vec::new(),
    }
}

/// Closes what `fact` replaces: the current facts of the same slot, those just learned among them. A turn that is learned late,
/// behind a newer value, is history at once. Returns the stored facts that ceased to hold.
fn supersede(view: &View, put: &mut Vec<Fact>, fact: &mut Fact) -> Vec<FactId> {
    if fact.slot.is_none() || fact.status == Status::Held {
        return Vec::new();
    }
    let closes = |old: &Fact| old.is_current() && old.slot == fact.slot;
    let known = view.facts().filter(|old| closes(old) && !put.iter().any(|p| p.id == old.id));
    let mut older: Vec<Fact> = known.cloned().collect();
    if let Some(newer) = older.iter().filter(|old| old.valid_at > fact.valid_at).map(|old| old.valid_at).min() {
        fact.invalid_at = Some(newer);
        return Vec::new();
    }
    for old in older.iter_mut().chain(put.iter_mut().filter(|old| closes(old))) {
        old.invalid_at = Some(fact.valid_at);
    }
    let superseded = older.iter().map(|old| old.id).collect();
    put.append(&mut older);
    superseded
}

/// The least useful unpinned facts: history first, then notes and things said in passing, then the oldest.
fn make_room(view: &View, put: &[Fact], excess: usize) -> Vec<FactId> {
    if excess == 0 {
        return Vec::new();
    }
    let fresh = |id: FactId| put.iter().any(|fact| fact.id == id);
    let worth = |fact: &Fact| match fact {
        _ if !fact.is_current() => 0,
        Fact { kind: Kind::Note, .. } | Fact { tier: Tier::Passing, .. } => 1,
        _ => 2,
    };
    let mut candidates: Vec<(u8, FactId)> =
        view.facts().filter(|fact| !fact.pinned && !fresh(fact.id)).map(|fact| (worth(fact), fact.id)).collect();
    candidates.sort_unstable();
    candidates.into_iter().take(excess).map(|(_, id)| id).collect()
}
