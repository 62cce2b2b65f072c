//! Changes to a person's memory by their own hand, planned. Pure.

use super::super::learn::{Draft, make_room};
use super::super::prefix::derive;
use super::super::settings::MemorySettings;
use super::super::view::{View, saying};
use super::{Amendment, CurateError, Expiry, Statement, Wanted};
use crate::enforce::UserScope;
use crate::ids::FactId;
use crate::store::{Fact, Provenance, Review, Status, Tier};

/// A planned change: what is written, and the fact that it is about.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) put: Vec<Fact>,
    pub(super) delete: Vec<FactId>,
    pub(super) fact: Fact,
    pub(super) supersedes: Vec<FactId>,
    pub(super) known: bool,
}

/// Adds a statement, unless a fact that holds, or waits for review, says the same.
pub(super) fn add(
    view: &View,
    key: &[u8; 16],
    scope: &UserScope,
    statement: &Statement,
    settings: &MemorySettings,
    now: i64,
) -> Edit {
    let wanted = saying(&statement.text);
    let same = |fact: &&Fact| fact.invalid_at.is_none() && fact.status != Status::Forgotten && saying(&fact.text) == wanted;
    if let Some(fact) = view.facts().find(same) {
        let supersedes = predecessors(view, fact.id);
        return Edit { put: Vec::new(), delete: Vec::new(), fact: fact.clone(), supersedes, known: true };
    }
    let mut draft = Draft::new(view, settings, now);
    let fact = draft.put(by_hand(key, scope, statement, now));
    let put = draft.into_changed();
    let supersedes = others(&put, fact.id).collect();
    Edit { delete: make_room(view, settings, &put, now), put, fact, supersedes, known: false }
}

/// Changes a fact. New words make a new fact of the same kind and slot.
pub(super) fn amend(
    view: &View,
    key: &[u8; 16],
    scope: &UserScope,
    id: FactId,
    amendment: &Amendment,
    settings: &MemorySettings,
    now: i64,
) -> Result<Edit, CurateError> {
    let old = view.fact(id).ok_or(CurateError::NoFact)?;
    let taken_back = old.status == Status::Forgotten && amendment.status == Some(Wanted::Active) && old.superseded_by.is_none();
    if old.invalid_at.is_some() && !taken_back {
        return Err(CurateError::History(old.superseded_by));
    }
    let mut fact = old.clone();
    fact.kind = amendment.kind.unwrap_or(fact.kind);
    fact.pinned = amendment.pinned.unwrap_or(fact.pinned);
    fact.expires_at = match amendment.expires_at {
        Expiry::Keep => fact.expires_at,
        Expiry::Never => None,
        Expiry::At(end) => Some(end),
    };
    let mut draft = Draft::new(view, settings, now);
    if let Some(text) = amendment.text.as_ref().filter(|text| **text != old.text) {
        let Fact { kind, slot, pinned, expires_at, .. } = fact;
        let statement = Statement { by: amendment.by, text: text.clone(), kind, slot, pinned, expires_at };
        let mut new = by_hand(key, scope, &statement, now);
        if amendment.status == Some(Wanted::Forgotten) {
            new.status = Status::Forgotten;
        }
        draft.replace(id, &new);
        let new = draft.put(new);
        let put = draft.into_changed();
        let supersedes = others(&put, new.id).collect();
        return Ok(Edit { put, delete: Vec::new(), fact: new, supersedes, known: false });
    }
    match amendment.status {
        Some(Wanted::Forgotten) => fact.status = Status::Forgotten,
        Some(Wanted::Active) if !fact.is_current() => {
            (fact.invalid_at, fact.expired_at) = (None, None);
            let was_held_for = fact.held_for;
            activate(&mut fact, scope);
            fact.held_for = fact.held_for.or(was_held_for);
            fact = draft.put(fact);
        }
        Some(Wanted::Active) | None => {}
    }
    let known = fact == *old;
    let mut put = draft.into_changed();
    let mut supersedes = predecessors(view, id);
    supersedes.extend(others(&put, id));
    put.retain(|changed| changed.id != id);
    if !known {
        put.push(fact.clone());
    }
    Ok(Edit { put, delete: Vec::new(), fact, supersedes, known })
}

/// The facts to delete: the one, and with `history` every one whose place it took, however long ago.
pub(super) fn delete(view: &View, id: FactId, history: bool) -> Option<Vec<FactId>> {
    view.fact(id)?;
    let mut gone = vec![id];
    let mut next = 0;
    while let Some(id) = gone.get(next).copied().filter(|_| history) {
        next += 1;
        let older: Vec<FactId> = predecessors(view, id).into_iter().filter(|older| !gone.contains(older)).collect();
        gone.extend(older);
    }
    Some(gone)
}

/// The facts whose place this one took.
pub(super) fn predecessors(view: &View, id: FactId) -> Vec<FactId> {
    let mut found: Vec<FactId> = view.facts().filter(|fact| fact.superseded_by == Some(id)).map(|fact| fact.id).collect();
    found.sort_unstable();
    found
}

fn others(facts: &[Fact], id: FactId) -> impl Iterator<Item = FactId> {
    facts.iter().map(|fact| fact.id).filter(move |other| *other != id)
}

/// Lets a fact be recalled. In a sandbox it still waits for the operator who may promote the sandbox.
pub(super) fn activate(fact: &mut Fact, scope: &UserScope) {
    if scope.is_sandbox() {
        (fact.status, fact.held_for) = (Status::Held, Some(Review::Sandbox));
    } else {
        fact.status = Status::Active;
    }
}

/// A name for what no turn said, so that two such facts are not taken for one turn's.
pub(super) fn name_of(key: &[u8; 16], id: FactId) -> String {
    hex::encode(derive(key, "by hand", &[id.as_bytes()]))
}

fn by_hand(key: &[u8; 16], scope: &UserScope, statement: &Statement, now: i64) -> Fact {
    let id = FactId::fresh();
    let mut fact = Fact {
        id,
        text: statement.text.clone(),
        kind: statement.kind,
        slot: statement.slot.clone(),
        tier: Tier::Explicit,
        status: Status::Active,
        held_for: None,
        pinned: statement.pinned,
        created_at: now,
        valid_at: now,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: statement.expires_at,
        source: Provenance {
            turn: name_of(key, id),
            quote: statement.text.clone(),
            speaker: None,
            client: scope.client().clone(),
            session: None,
            assurance: scope.assurance(),
            origin: statement.by.origin().to_owned(),
        },
        analysis: Vec::new(),
    };
    activate(&mut fact, scope);
    fact
}
