//! What a person does with their own memory: look, search, add, change, delete, take away, bring along.
//!
//! Every change is planned from the view under the writer's lock (`plan`, `import`: pure), so that nothing is lost that is learned
//! meanwhile.

mod import;
mod list;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use thiserror::Error;

use super::Memory;
use super::learn::Learned;
use super::lesson::Lesson;
use super::view::View;
use super::views::Place;
use crate::enforce::operator::Countable;
use crate::enforce::{Ticket, UserScope};
use crate::ids::{FactId, SessionId};
use crate::store::{Batch, Counted, Fact, Kind, Queue, Status, StoreError};

pub use import::{Incoming, Outcome};
pub use list::{Cursor, Filter, Page};

/// Longest text of a fact that a person may write, in characters.
pub const MAX_TEXT: usize = 2_000;

/// Facts that an import commits at once: others read that person's memory in between.
const IMPORTED_AT_ONCE: usize = 500;

/// Why a person's memory was not shown or changed.
#[derive(Debug, Error)]
pub enum CurateError {
    /// There is none with this id, or it is somebody else's: nobody is told which.
    #[error("there is no such fact")]
    NoFact,
    /// The fact is history, which is not changed. Holds the fact that took its place.
    #[error("the fact no longer holds")]
    History(Option<FactId>),
    #[error("the cursor is of another list")]
    Cursor,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many facts there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    pub active: u64,
    pub held: u64,
    pub forgotten: u64,
    /// Facts that ceased to hold, whatever became of them.
    pub history: u64,
}

impl Countable for Census {}

impl FromIterator<Counted> for Census {
    fn from_iter<T: IntoIterator<Item = Counted>>(facts: T) -> Self {
        facts.into_iter().fold(Self::default(), |mut census, fact| {
            match fact.status {
                Status::Forgotten => census.forgotten += 1,
                _ if fact.invalid_at.is_some() => census.history += 1,
                Status::Active => census.active += 1,
                Status::Held => census.held += 1,
            }
            census
        })
    }
}

/// A fact as it is shown to its person.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub fact: Fact,
    /// The facts whose place it took.
    pub supersedes: Vec<FactId>,
    /// How well it fits what was searched for. Compares within one search only.
    pub score: Option<f32>,
}

/// Who writes by hand. Facts say so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hand {
    #[default]
    Person,
    /// On the person's behalf, on record.
    Operator,
}

impl Hand {
    /// Where such facts come from, as their provenance has it.
    #[must_use]
    pub fn origin(self) -> &'static str {
        match self {
            Self::Person => "person:api",
            Self::Operator => "operator",
        }
    }
}

/// A fact that is written by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub by: Hand,
    pub text: String,
    pub kind: Kind,
    pub slot: Option<String>,
    pub pinned: bool,
    /// Milliseconds since the Unix epoch.
    pub expires_at: Option<i64>,
}

/// What is changed about a fact; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    pub by: Hand,
    /// New words: a new fact takes the place of the old one.
    pub text: Option<String>,
    pub kind: Option<Kind>,
    pub pinned: Option<bool>,
    pub status: Option<Wanted>,
    pub expires_at: Expiry<i64>,
}

/// What a person makes of a fact's end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expiry<T> {
    #[default]
    Keep,
    Never,
    At(T),
}

/// What a person may make of a fact's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Approves a held fact, or takes back that it was forgotten.
    Active,
    Forgotten,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The fact as it is now; after new words, the one that holds them.
    pub shown: Shown,
    /// Facts that were written anew or changed.
    pub written: Vec<FactId>,
    /// Facts that made room.
    pub deleted: Vec<FactId>,
    /// The fact was there already, and nothing changed.
    pub known: bool,
}

/// A turn of an older conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct OldTurn {
    /// Where it stands in what was imported.
    pub line: usize,
    pub text: String,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
}

impl std::fmt::Debug for OldTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OldTurn").field("line", &self.line).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Memory {
    /// Counts a person's facts. Who is not in RAM is counted in the file, so that nobody else makes room for it. Blocks on the disk, as
    /// all of these do.
    ///
    /// # Errors
    /// When the store fails.
    pub fn census(&self, scope: &UserScope) -> Result<Census, CurateError> {
        let key = self.store.hash_key(scope).ok();
        if let Some(place) = self.views.peek(scope.user())
            && let Some(view) = place.view.read().as_ref().filter(|view| view.key == key)
        {
            return Ok(view.facts().map(Counted::from).collect());
        }
        // A file that was not this user's is out of the way by the second try.
        let counted = match self.store.count_facts(scope) {
            Err(StoreError::Foreign) => self.store.count_facts(scope),
            counted => counted,
        };
        Ok(counted?.into_iter().collect())
    }

    /// A page of the facts that a filter lets through: by fit where it asks for something, else the newest first.
    ///
    /// # Errors
    /// [`CurateError::Cursor`] for the cursor of another list; else when the store fails.
    pub fn list(
        &self,
        scope: &UserScope,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
        now: i64,
    ) -> Result<Page, CurateError> {
        self.look(scope, |view| list::page(view, filter, cursor, limit, now))?
    }

    /// One fact.
    ///
    /// # Errors
    /// [`CurateError::NoFact`], or when the store fails.
    pub fn fact(&self, scope: &UserScope, id: FactId) -> Result<Shown, CurateError> {
        self.look(scope, |view| show(view, id))?.ok_or(CurateError::NoFact)
    }

    /// The facts after one, in order of id, history and all: a piece of an export.
    ///
    /// # Errors
    /// When the store fails.
    pub fn facts_after(&self, scope: &UserScope, after: Option<FactId>, limit: usize) -> Result<Vec<Shown>, CurateError> {
        self.look(scope, |view| list::after(view, after, limit))
    }

    /// Adds what a person writes. What is said already stays as it is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add(&self, scope: &UserScope, statement: &Statement, now: i64) -> Result<Changed, CurateError> {
        let settings = self.settings.load();
        self.edit(scope, |view, key| Ok(plan::add(view, key, scope, statement, &settings, now)))
    }

    /// Changes a fact.
    ///
    /// # Errors
    /// [`CurateError::NoFact`], [`CurateError::History`], or when the store fails.
    pub fn amend(&self, scope: &UserScope, id: FactId, amendment: &Amendment, now: i64) -> Result<Changed, CurateError> {
        let settings = self.settings.load();
        self.edit(scope, |view, key| plan::amend(view, key, scope, id, amendment, &settings, now))
    }

    /// Deletes a fact for good; with `history`, all that it had taken the place of, too. Says which are gone.
    ///
    /// # Errors
    /// [`CurateError::NoFact`], or when the store fails.
    pub fn delete(&self, scope: &UserScope, id: FactId, history: bool) -> Result<Vec<FactId>, CurateError> {
        self.write(scope, |view, _| {
            let delete = plan::delete(view, id, history).ok_or(CurateError::NoFact)?;
            Ok((Batch { delete: delete.clone(), ..Batch::default() }, delete))
        })
    }

    /// Brings facts along, and says of each, by line, what became of it. What is said already is skipped.
    ///
    /// # Errors
    /// When the store fails; some may have been imported by then, and importing again skips those.
    pub fn import(&self, scope: &UserScope, incoming: Vec<Incoming>, now: i64) -> Result<Vec<(usize, Outcome)>, CurateError> {
        let settings = self.settings.load();
        let mut import = import::Import::of(incoming);
        let mut outcomes = Vec::with_capacity(import.len());
        while let Some(lines) = import.next_lines(IMPORTED_AT_ONCE) {
            let done = self.write(scope, |view, key| Ok(import.plan(&lines, view, key, scope, &settings, now)))?;
            import.note(&done);
            outcomes.extend(done);
        }
        outcomes.sort_unstable_by_key(|(line, _)| *line);
        Ok(outcomes)
    }

    /// Learns from old turns as from new ones, and says what each taught. A turn that was imported before teaches nothing.
    ///
    /// # Errors
    /// When the store fails; some may have been learned from by then.
    pub fn import_turns(
        &self,
        scope: &UserScope,
        session: &SessionId,
        request_id: &str,
        turns: Vec<OldTurn>,
    ) -> Result<Vec<(usize, Learned)>, CurateError> {
        let mut learned = Vec::with_capacity(turns.len());
        for OldTurn { line, text, at } in turns {
            let lesson = Lesson { request_id: request_id.to_owned(), text, turn: None, at };
            learned.push((line, self.learn_imported(scope, Some(session), &lesson)?));
        }
        Ok(learned)
    }

    /// How many turns of this person wait to be learned from.
    ///
    /// # Errors
    /// When the store fails.
    pub fn waiting_lessons(&self, scope: &UserScope) -> Result<u64, CurateError> {
        let own = |ticket: &Ticket| self.tickets.redeem(ticket).is_ok_and(|(whose, _)| whose.user() == scope.user());
        Ok(self.store.journal_count(Queue::Rules, own)? + self.store.journal_count(Queue::Tutor, own)?)
    }

    /// Reads the view, from the disk where it is not in RAM.
    fn look<T>(&self, scope: &UserScope, read: impl FnOnce(&View) -> T) -> Result<T, CurateError> {
        let place = self.views.place(scope.user());
        {
            let _writer = place.writer.lock();
            self.load_own(scope, &place)?;
        }
        let seen = {
            let guard = place.view.read();
            let nothing = View::default();
            read(guard.as_ref().unwrap_or(&nothing))
        };
        drop(place);
        self.views.shrink();
        Ok(seen)
    }

    /// Plans from the view and commits, all under the writer's lock.
    fn write<T>(
        &self,
        scope: &UserScope,
        plan: impl FnOnce(&View, &[u8; 16]) -> Result<(Batch, T), CurateError>,
    ) -> Result<T, CurateError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        self.load_own(scope, &place)?;
        let (batch, planned) = {
            let guard = place.view.read();
            let view = guard.as_ref().ok_or(StoreError::NotEnrolled)?;
            plan(view, &view.key.ok_or(StoreError::NotEnrolled)?)?
        };
        self.commit(scope, &place, batch)?;
        Ok(planned)
    }

    fn edit(
        &self,
        scope: &UserScope,
        plan: impl FnOnce(&View, &[u8; 16]) -> Result<plan::Edit, CurateError>,
    ) -> Result<Changed, CurateError> {
        self.write(scope, |view, key| {
            let plan::Edit { put, delete, fact, supersedes, known } = plan(view, key)?;
            let written = put.iter().map(|fact| fact.id).collect();
            let shown = Shown { fact, supersedes, score: None };
            let changed = Changed { shown, written, deleted: delete.clone(), known };
            Ok((Batch { put, delete, ..Batch::default() }, changed))
        })
    }

    /// Loads for the holder of the writer's lock. A file that was not this user's is out of the way by the second try.
    pub(super) fn load_own(&self, scope: &UserScope, place: &Place) -> Result<(), StoreError> {
        match place.load_locked(&self.store, scope) {
            Err(StoreError::Foreign) => place.load_locked(&self.store, scope),
            loaded => loaded,
        }
    }
}

fn show(view: &View, id: FactId) -> Option<Shown> {
    let fact = view.fact(id)?.clone();
    Some(Shown { supersedes: plan::predecessors(view, id), fact, score: None })
}

/// Which facts each of these took the place of.
fn predecessors_of(view: &View, ids: impl Iterator<Item = FactId>) -> HashMap<FactId, Vec<FactId>> {
    let mut found: HashMap<FactId, Vec<FactId>> = ids.map(|id| (id, Vec::new())).collect();
    for fact in view.facts() {
        if let Some(older) = fact.superseded_by.and_then(|newer| found.get_mut(&newer)) {
            older.push(fact.id);
        }
    }
    for ids in found.values_mut() {
        ids.sort_unstable();
    }
    found
}
