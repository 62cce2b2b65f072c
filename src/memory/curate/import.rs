//! Facts from elsewhere: what becomes of each. Pure.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::super::extract::review_of;
use super::super::learn::Draft;
use super::super::settings::MemorySettings;
use super::super::view::{View, saying};
use super::plan::{activate, name_of};
use crate::enforce::UserScope;
use crate::ids::FactId;
use crate::store::{Batch, Fact, Kind, Provenance, Review, Status, Tier};

/// A fact as a file has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// Its id there, and that of the fact that took its place; they only tie facts of one file together.
    pub id: Option<FactId>,
    pub superseded_by: Option<FactId>,
    pub text: String,
    pub quote: String,
    pub kind: Kind,
    pub slot: Option<String>,
    pub tier: Tier,
    pub status: Status,
    pub held_for: Option<Review>,
    pub pinned: bool,
    /// Times in milliseconds since the Unix epoch.
    pub created_at: i64,
    pub valid_at: i64,
    pub invalid_at: Option<i64>,
    pub expired_at: Option<i64>,
    pub expires_at: Option<i64>,
    /// Where it comes from, such as `import:open-webui`.
    pub origin: String,
    /// Others than the person may have written it.
    pub doubtful: bool,
}

impl Incoming {
    /// A fact of which nothing is known but what it says. `now` is in milliseconds since the Unix epoch.
    #[must_use]
    pub fn bare(line: usize, text: &str, origin: &str, now: i64) -> Self {
        Self {
            line,
            id: None,
            superseded_by: None,
            text: text.to_owned(),
            quote: text.to_owned(),
            kind: Kind::Note,
            slot: None,
            tier: Tier::Passing,
            status: Status::Active,
            held_for: None,
            pinned: false,
            created_at: now,
            valid_at: now,
            invalid_at: None,
            expired_at: None,
            expires_at: None,
            origin: origin.to_owned(),
            doubtful: false,
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("line", &self.line).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Imported(FactId),
    /// Kept for review.
    Held(FactId),
    /// A fact says the same already.
    Known(FactId),
    /// No more facts are kept of one person.
    Full,
}

impl Outcome {
    /// The fact that stands for the line now.
    #[must_use]
    pub fn fact(self) -> Option<FactId> {
        match self {
            Self::Imported(id) | Self::Held(id) | Self::Known(id) => Some(id),
            Self::Full => None,
        }
    }
}

/// A file on its way in, from its end to its start: a fact that took another's place comes after it in an export, so that it has its
/// new id by the time the other is written.
#[derive(Debug)]
pub(super) struct Import {
    /// Lines that are left, each with the id that it is to have. Ids are in the order of the file.
    left: Vec<(FactId, Incoming)>,
    new_ids: HashMap<FactId, FactId>,
    old_ids: HashMap<usize, FactId>,
}

impl Import {
    pub(super) fn of(incoming: Vec<Incoming>) -> Self {
        let old_ids = incoming.iter().filter_map(|line| Some((line.line, line.id?))).collect();
        Self { left: incoming.into_iter().map(|line| (FactId::fresh(), line)).collect(), new_ids: HashMap::new(), old_ids }
    }

    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// The next lines, or nothing when all are done.
    pub(super) fn next_lines(&mut self, most: usize) -> Option<Vec<(FactId, Incoming)>> {
        let rest = self.left.len().saturating_sub(most);
        let lines = self.left.split_off(rest);
        (!lines.is_empty()).then_some(lines)
    }

    /// Remembers under which ids lines have come in.
    pub(super) fn note(&mut self, done: &[(usize, Outcome)]) {
        let ids = done.iter().filter_map(|(line, outcome)| Some((*self.old_ids.get(line)?, outcome.fact()?)));
        let ids: Vec<_> = ids.collect();
        self.new_ids.extend(ids);
    }

    pub(super) fn plan(
        &self,
        lines: &[(FactId, Incoming)],
        view: &View,
        key: &[u8; 16],
        scope: &UserScope,
        settings: &MemorySettings,
        now: i64,
    ) -> (Batch, Vec<(usize, Outcome)>) {
        // What was forgotten counts as known: an import is no way to bring it back.
        let mut known: HashMap<(u64, bool), FactId> =
            view.facts().map(|fact| ((saying(&fact.text), fact.invalid_at.is_some()), fact.id)).collect();
        let mut new_ids = self.new_ids.clone();
        let mut draft = Draft::new(view, settings, now);
        let mut added: HashSet<FactId> = HashSet::new();
        let mut outcomes = Vec::with_capacity(lines.len());
        for (id, line) in lines.iter().rev() {
            let said = (saying(&line.text), line.invalid_at.is_some());
            let outcome = if let Some(known) = known.get(&said) {
                Outcome::Known(*known)
            } else if view.len() + added.len() >= settings.max_facts {
                Outcome::Full
            } else {
                let fact = draft.put(fact_of(*id, line, key, scope, &new_ids));
                let held = fact.status == Status::Held && fact.held_for != Some(Review::Sandbox);
                added.insert(*id);
                known.insert(said, *id);
                if held { Outcome::Held(*id) } else { Outcome::Imported(*id) }
            };
            if let (Some(old), Some(new)) = (line.id, outcome.fact()) {
                new_ids.insert(old, new);
            }
            outcomes.push((line.line, outcome));
        }
        (Batch { put: draft.into_changed(), ..Batch::default() }, outcomes)
    }
}

fn fact_of(id: FactId, line: &Incoming, key: &[u8; 16], scope: &UserScope, new_ids: &HashMap<FactId, FactId>) -> Fact {
    let mut fact = Fact {
        id,
        text: line.text.clone(),
        kind: line.kind,
        slot: line.slot.clone(),
        tier: line.tier,
        status: line.status,
        held_for: line.held_for,
        pinned: line.pinned,
        created_at: line.created_at,
        valid_at: line.valid_at,
        invalid_at: line.invalid_at,
        expired_at: line.expired_at,
        superseded_by: line.superseded_by.and_then(|old| new_ids.get(&old).copied()),
        expires_at: line.expires_at,
        source: Provenance {
            turn: name_of(key, id),
            quote: line.quote.clone(),
            speaker: None,
            client: scope.client().clone(),
            session: None,
            assurance: scope.assurance(),
            origin: line.origin.clone(),
        },
        analysis: Vec::new(),
    };
    match fact.status {
        Status::Forgotten => {}
        // A sandbox's mark is worth nothing elsewhere.
        Status::Held => fact.held_for = fact.held_for.filter(|review| *review != Review::Sandbox).or(Some(Review::Import)),
        Status::Active if line.doubtful || review_of(&fact.text, fact.kind).is_some() => {
            (fact.status, fact.held_for) = (Status::Held, Some(Review::Import));
        }
        Status::Active => activate(&mut fact, scope),
    }
    fact
}
