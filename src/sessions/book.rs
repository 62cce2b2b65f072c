//! What lasts of a person's sessions: made, listed, shown, renamed, cleared, deleted. Everything here blocks on the disk.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use super::live::LiveSession;
use super::page::{Cursor, Page, Wanted};
use super::record::{QueuedTurn, Record, Turn, decode, encode};
use super::settings::{DAY, RESERVED, SessionSettings};
use super::{Sessions, is_reserved};
use crate::enforce::UserScope;
use crate::ids::{RequestId, SessionId};
use crate::store::{Batch, Shelf, ShelfChange, StoreError};

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error("there is no such session")]
    NoSession,
    #[error("the key is reserved: {}", RESERVED.join(", "))]
    Reserved,
    #[error("the person has as many sessions as are kept")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A session as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: SessionId,
    pub title: Option<String>,
    /// In milliseconds since the Unix epoch; none where nothing lasts of it.
    pub created_at: Option<i64>,
    pub used_at: i64,
    pub turns: usize,
    /// It is in RAM, with its requests since it came there, and those that run.
    pub live: Option<(u64, u32)>,
}

/// The records of one person, by key.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(HashMap<Arc<str>, Arc<Record>>);

/// A change to a person's sessions while it is made.
pub(super) struct Draft<'a> {
    index: Index,
    changes: Vec<ShelfChange>,
    settings: &'a SessionSettings,
    ended: Vec<SessionId>,
}

impl Index {
    /// The session of a key, unless it was deleted.
    pub fn get(&self, id: &SessionId) -> Option<&Record> {
        self.0.get(id.as_str()).map(|record| &**record).filter(|record| !record.gone)
    }

    fn all(&self) -> impl Iterator<Item = (&Arc<str>, &Record)> {
        self.0.iter().map(|(key, record)| (key, &**record))
    }

    fn present(&self) -> impl Iterator<Item = (&Arc<str>, &Record)> {
        self.all().filter(|(_, record)| !record.gone)
    }
}

impl Draft<'_> {
    fn put(&mut self, key: &str, record: Record) -> Result<(), StoreError> {
        self.changes.push(ShelfChange::put(Shelf::Sessions, key, encode(&record)?));
        self.index.0.insert(key.into(), Arc::new(record));
        Ok(())
    }

    /// Removes what lasts of a session, or what is left of a deleted one.
    fn drop(&mut self, key: &str) {
        self.changes.push(ShelfChange::remove(Shelf::Sessions, key));
        self.changes.push(ShelfChange::remove(Shelf::Turns, key));
        if self.index.0.remove(key).is_none_or(|record| !record.gone) {
            self.ended.extend(SessionId::parse(key));
        }
    }

    /// Removes what nobody used for the time of retention and is not in use, and what is left of deleted sessions.
    fn sweep(&mut self, live: &[LiveSession], now: i64) {
        let over = |(key, record): &(&Arc<str>, &Record)| {
            if record.gone {
                return now.saturating_sub(record.cleared_at) >= DAY;
            }
            let used = live.iter().any(|session| session.id.as_str() == &***key);
            !used && now.saturating_sub(record.used_at) >= self.settings.retention
        };
        let mut over: Vec<Arc<str>> = self.index.all().filter(over).map(|(key, _)| Arc::clone(key)).collect();
        let mut gone: Vec<_> = self.index.all().filter(|(_, record)| record.gone).collect();
        gone.sort_unstable_by_key(|(_, record)| record.cleared_at);
        let beyond = gone.len().saturating_sub(self.settings.history.sessions);
        over.extend(gone.iter().take(beyond).map(|(key, _)| Arc::clone(key)));
        for key in &over {
            self.drop(key);
        }
    }

    /// Makes room for one more session: of those that are there for their turns alone, the one that was used least lately goes.
    fn make_room(&mut self) -> Result<(), SessionError> {
        while self.index.present().count() >= self.settings.history.sessions {
            let oldest = self.index.present().filter(|(_, record)| !record.wanted).min_by_key(|(_, record)| record.used_at);
            let Some(key) = oldest.map(|(key, _)| Arc::clone(key)) else { return Err(SessionError::Full) };
            self.drop(&key);
        }
        Ok(())
    }
}

impl Sessions {
    /// Makes a session that lasts, or makes one last that is there; true where it is new. Without a key it gets a fresh one.
    ///
    /// # Errors
    /// For a reserved key, when there are too many, or when the store fails.
    pub fn create(
        &self,
        scope: &UserScope,
        id: Option<SessionId>,
        title: Option<String>,
        now: i64,
    ) -> Result<(Shown, bool), SessionError> {
        let id = match id {
            Some(id) if is_reserved(&id) => return Err(SessionError::Reserved),
            Some(id) => id,
            None => SessionId::parse(&format!("s-{}", RequestId::fresh())).map_err(|_| StoreError::Malformed)?,
        };
        self.change(scope, now, |draft| {
            let known = draft.index.get(&id).cloned();
            if known.is_none() {
                draft.make_room()?;
            }
            let fresh = known.is_none();
            let mut record = known.unwrap_or_else(|| Record::new(now));
            let former = draft.index.0.get(id.as_str()).filter(|former| former.gone);
            record.cleared_at = former.map_or(record.cleared_at, |former| former.cleared_at);
            record.wanted = true;
            record.used_at = record.used_at.max(now);
            record.title = title.or(record.title);
            let shown = show(&id, Some(&record), self.live_one(scope, &id, now).as_ref());
            draft.put(id.as_str(), record)?;
            Ok((shown, fresh))
        })
    }

    /// A page of the person's sessions, the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn list(
        &self,
        scope: &UserScope,
        wanted: Wanted,
        cursor: Option<&Cursor>,
        limit: usize,
        now: i64,
    ) -> Result<Page, SessionError> {
        let live = self.live_of(scope, now);
        self.change(scope, now, |draft| {
            let mut all: Vec<Shown> = live
                .iter()
                .filter(|session| draft.index.get(&session.id).is_none())
                .map(|session| show(&session.id, None, Some(session)))
                .collect();
            for (key, record) in draft.index.present() {
                let Ok(id) = SessionId::parse(key) else { continue };
                let session = live.iter().find(|session| session.id == id);
                all.push(show(&id, Some(record), session));
            }
            Ok(Page::of(all, wanted, cursor, limit))
        })
    }

    /// A session, with up to `most` of its turns from the place `from` on, and the place at which the next ones begin.
    ///
    /// # Errors
    /// When there is no such session, or the store fails.
    pub fn show(
        &self,
        scope: &UserScope,
        id: &SessionId,
        from: u64,
        most: usize,
        now: i64,
    ) -> Result<(Shown, Vec<Turn>, Option<u64>), SessionError> {
        let (index, live) = (self.index(scope)?, self.live_one(scope, id, now));
        let record = index.get(id);
        // Read in any case: a session that is not there costs what an empty one does.
        let from = record.map_or(from, |record| from.max(record.first()));
        let to = from.saturating_add(most as u64).min(record.map_or(0, |record| record.next));
        let rows = self.store.shelf(scope, Shelf::Turns, Some((id.as_str(), from..=to.saturating_sub(1).max(from))))?;
        if record.is_none() && live.is_none() {
            return Err(SessionError::NoSession);
        }
        let turns = rows.iter().filter(|row| row.order < to).filter_map(|row| decode(&row.value)).collect();
        let next = record.map(|record| record.next).filter(|next| *next > to).map(|_| to);
        Ok((show(id, record, live.as_ref()), turns, next))
    }

    /// Names a session, or takes its name. It lasts from then on.
    ///
    /// # Errors
    /// When there is no such session, or the store fails.
    pub fn rename(&self, scope: &UserScope, id: &SessionId, title: Option<String>, now: i64) -> Result<Shown, SessionError> {
        let live = self.live_one(scope, id, now);
        self.change(scope, now, |draft| {
            let known = draft.index.get(id).cloned();
            if known.is_none() {
                if live.is_none() || is_reserved(id) {
                    return Err(SessionError::NoSession);
                }
                draft.make_room()?;
            }
            let mut record = known.unwrap_or_else(|| Record::new(now));
            record.title = title;
            record.wanted = true;
            let shown = show(id, Some(&record), live.as_ref());
            draft.put(id.as_str(), record)?;
            Ok(shown)
        })
    }

    /// Deletes a session: what lasts of it, what is in RAM, and turns that are on their way.
    ///
    /// # Errors
    /// When there is no such session, or the store fails.
    pub fn delete(&self, scope: &UserScope, id: &SessionId, now: i64) -> Result<(), SessionError> {
        let live = self.live_one(scope, id, now);
        self.change(scope, now, |draft| {
            if draft.index.get(id).is_none() && live.is_none() {
                return Err(SessionError::NoSession);
            }
            draft.drop(id.as_str());
            draft.put(id.as_str(), Record { cleared_at: now, gone: true, ..Record::default() })?;
            Ok(())
        })?;
        self.forget_live(scope, id);
        Ok(())
    }

    /// Clears the history of a session, and says how many turns there were.
    ///
    /// # Errors
    /// When there is no such session, or the store fails.
    pub fn clear(&self, scope: &UserScope, id: &SessionId, now: i64) -> Result<usize, SessionError> {
        let live = self.live_one(scope, id, now);
        self.change(scope, now, |draft| {
            let Some(mut record) = draft.index.get(id).cloned() else {
                if live.is_none() {
                    return Err(SessionError::NoSession);
                }
                // Turns may be on their way: what is left of it keeps them out, as after a deletion.
                draft.put(id.as_str(), Record { cleared_at: now, gone: true, ..Record::default() })?;
                return Ok(0);
            };
            let turns = record.clear(now);
            draft.changes.push(ShelfChange::remove(Shelf::Turns, id.as_str()));
            draft.put(id.as_str(), record)?;
            Ok(turns)
        })
    }

    /// Notes that a session was used, where anything lasts of it and that was not noted lately.
    pub(super) fn touch(&self, scope: &UserScope, id: &SessionId, at: i64) -> Result<(), SessionError> {
        let index = self.index(scope)?;
        let grain = self.settings.load().grain();
        if index.get(id).is_none_or(|record| at.saturating_sub(record.used_at) < grain) {
            return Ok(());
        }
        self.change(scope, at, |draft| {
            let Some(mut record) = draft.index.get(id).cloned() else { return Ok(()) };
            record.used_at = record.used_at.max(at);
            Ok(draft.put(id.as_str(), record)?)
        })
    }

    /// Takes a turn into the history. False where it was taken before, or is of what was cleared meanwhile. `suspect`: it may have been
    /// taken before.
    pub(super) fn append(
        &self,
        scope: &UserScope,
        id: &SessionId,
        queued: QueuedTurn,
        suspect: bool,
    ) -> Result<bool, SessionError> {
        let turns = |range| self.store.shelf(scope, Shelf::Turns, Some((id.as_str(), range)));
        self.change(scope, queued.ended_at, |draft| {
            let stored = draft.index.0.get(id.as_str());
            if stored.is_some_and(|record| queued.at <= record.cleared_at) {
                return Ok(false);
            }
            let cleared_at = stored.map_or(0, |record| record.cleared_at);
            let known = draft.index.get(id).cloned();
            let rows = match &known {
                Some(record) if suspect => turns(record.first()..=record.next)?,
                Some(record) if !record.sizes.is_empty() => turns(record.next - 1..=record.next - 1)?,
                _ => Vec::new(),
            };
            let rows: Vec<Turn> = rows.iter().filter_map(|row| decode(&row.value)).collect();
            if rows.iter().flat_map(|turn| &turn.replies).any(|reply| reply.request == queued.request) {
                return Ok(false);
            }
            if known.is_none() {
                draft.make_room()?;
            }
            let mut record = known.unwrap_or_else(|| Record { cleared_at, ..Record::new(queued.at) });
            let bounds = draft.settings.history;
            let changes = record.append(id.as_str(), rows.into_iter().next_back(), queued, scope.client(), &bounds)?;
            draft.changes.extend(changes);
            draft.put(id.as_str(), record)?;
            Ok(true)
        })
    }

    /// The person's records.
    pub(super) fn index(&self, scope: &UserScope) -> Result<Arc<Index>, StoreError> {
        self.book.get(&self.store, scope, || self.load(scope))
    }

    fn load(&self, scope: &UserScope) -> Result<Index, StoreError> {
        let read = || self.store.shelf(scope, Shelf::Sessions, None);
        // A file that was not this person's is out of the way by the second try.
        let rows = match read() {
            Err(StoreError::Foreign) => read(),
            rows => rows,
        }?;
        let records = rows.iter().filter_map(|row| Some((Arc::from(&*row.name), Arc::new(decode(&row.value)?))));
        Ok(Index(records.collect()))
    }

    /// Changes a person's sessions: all of it or nothing, lasting on return. What is over goes on the way.
    fn change<R>(
        &self,
        scope: &UserScope,
        now: i64,
        plan: impl FnOnce(&mut Draft<'_>) -> Result<R, SessionError>,
    ) -> Result<R, SessionError> {
        let (settings, live) = (self.settings.load(), self.live_of(scope, now));
        let (ended, result) = self.book.change(
            &self.store,
            scope,
            || self.load(scope),
            |index, epoch| {
                let index = Index::clone(index);
                let mut draft = Draft { index, changes: Vec::new(), settings: &settings, ended: Vec::new() };
                draft.sweep(&live, now);
                let planned = plan(&mut draft);
                // A plan that came to nothing has changed nothing.
                let changes = if planned.is_ok() { draft.changes } else { Vec::new() };
                if changes.is_empty() {
                    return Ok((None, (Vec::new(), planned)));
                }
                self.store.commit_in(scope, epoch, Batch { shelves: changes, ..Batch::default() })?;
                Ok((Some(draft.index), (draft.ended, planned)))
            },
        )?;
        if !ended.is_empty() {
            (self.on_ended)(scope, &ended);
        }
        result
    }
}

fn show(id: &SessionId, record: Option<&Record>, live: Option<&LiveSession>) -> Shown {
    let used = [record.map(|record| record.used_at), live.map(|session| session.used_at)];
    Shown {
        id: id.clone(),
        title: record.and_then(|record| record.title.clone()),
        created_at: record.map(|record| record.created_at),
        used_at: used.into_iter().flatten().max().unwrap_or_default(),
        turns: record.map_or(0, |record| record.sizes.len()),
        live: live.map(|session| (session.requests, session.running)),
    }
}
