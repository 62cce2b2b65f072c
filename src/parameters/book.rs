//! Keeps what people set: a row for the person, and one for each session with settings of its own, sealed in the person's file.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::field::Protected;
use super::patch::Patch;
use super::values::Parameters;
use crate::enforce::{TicketKey, UserScope};
use crate::ids::SessionId;
use crate::store::{Batch, PerUser, Row, Shelf, ShelfChange, Store, StoreError};

/// People whose settings are kept in RAM.
const MOST_PEOPLE: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// Sessions of one person that have settings of their own.
const MOST_SESSIONS: usize = 100;
/// Bytes that the settings of one person take.
const MOST_BYTES: usize = 64 << 10;

const USER_ROW: &str = "user";

/// What people set.
#[derive(Debug)]
pub struct Book {
    store: Store,
    tickets: TicketKey,
    layers: PerUser<Layers>,
}

/// Everything that one person has set.
#[derive(Debug, Clone, Default)]
struct Layers {
    user: Parameters,
    sessions: HashMap<SessionId, Parameters>,
}

/// A person's own layers in a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Own {
    pub user: Parameters,
    /// Of the request's session, if it has one.
    pub session: Parameters,
}

/// Why settings were not changed.
#[derive(Debug, Error)]
pub enum BookError {
    #[error("You have settings for as many sessions as are kept, {MOST_SESSIONS}. Delete those of another session first.")]
    Sessions,
    #[error("Your settings take more than {MOST_BYTES} bytes in all. Shorten or delete some first.")]
    Size,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a request goes on without its person's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    Deadline,
    Failed,
}

/// The session, unless it is named as layers are that nobody changes.
fn own(session: Option<&SessionId>) -> Option<&SessionId> {
    session.filter(|session| Protected::find(session.as_str()).is_none())
}

impl Layers {
    fn of(&self, session: Option<&SessionId>) -> Own {
        let session = own(session).and_then(|session| self.sessions.get(session));
        Own { user: self.user.clone(), session: session.cloned().unwrap_or_default() }
    }

    fn load(store: &Store, scope: &UserScope) -> Result<Self, StoreError> {
        let mut layers = Self::default();
        for Row { name, value, .. } in store.shelf(scope, Shelf::Settings, None)? {
            let parameters = serde_json::from_slice(&value).map_err(|_| StoreError::Malformed)?;
            match name.strip_prefix("session:") {
                None => layers.user = parameters,
                Some(key) => {
                    let session = SessionId::parse(key).map_err(|_| StoreError::Malformed)?;
                    layers.sessions.insert(session, parameters);
                }
            }
        }
        Ok(layers)
    }

    /// Roughly what all of it takes on the disk.
    fn bytes(&self) -> usize {
        let size = |parameters: &Parameters| serde_json::to_vec(parameters).map_or(0, |text| text.len());
        let sessions = self.sessions.iter().map(|(session, parameters)| session.as_str().len() + size(parameters));
        size(&self.user) + sessions.sum::<usize>()
    }
}

impl Book {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { tickets: TicketKey::new(&store.ticket_key()), store, layers: PerUser::new(MOST_PEOPLE) }
    }

    /// What a person has set. Answers at once from RAM; otherwise waits for the disk up to `deadline`, and the load goes on for the next
    /// request.
    ///
    /// # Errors
    /// A miss: the request goes on without.
    pub async fn fetch(
        self: &Arc<Self>,
        scope: &UserScope,
        session: Option<&SessionId>,
        deadline: Duration,
    ) -> Result<Own, Miss> {
        if let Some(layers) = self.layers.peek(&self.store, scope) {
            return Ok(layers.of(session));
        }
        // A scope cannot be copied: it crosses to the other thread as its ticket.
        let (book, ticket, session) = (Arc::clone(self), self.tickets.issue(scope, None), session.cloned());
        let load = tokio::task::spawn_blocking(move || {
            let (scope, _) = book.tickets.redeem(&ticket).ok()?;
            book.read(&scope, session.as_ref()).inspect_err(|error| tracing::warn!(%error, "settings cannot be read")).ok()
        });
        match tokio::time::timeout(deadline, load).await {
            Err(_) => Err(Miss::Deadline),
            Ok(Ok(Some(own))) => Ok(own),
            Ok(_) => Err(Miss::Failed),
        }
    }

    /// What a person has set. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self, scope: &UserScope, session: Option<&SessionId>) -> Result<Own, StoreError> {
        let layers = self.layers.get(&self.store, scope, || Layers::load(&self.store, scope))?;
        Ok(layers.of(session))
    }

    /// Changes the settings of the person, or of a session; a layer that says nothing any more is removed. Lasting on return. Blocks on
    /// the disk. The caller keeps [`Protected`] names away.
    ///
    /// # Errors
    /// Beyond the bounds of what is kept, or when the disk fails; then nothing changed.
    pub fn change(&self, scope: &UserScope, session: Option<&SessionId>, patch: &Patch) -> Result<Own, BookError> {
        self.write(scope, session, |layer| patch.apply(layer).map_err(|_| StoreError::Malformed))
    }

    /// Removes the settings of the person, or of a session. Those of sessions stay where the person's go. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn clear(&self, scope: &UserScope, session: Option<&SessionId>) -> Result<Own, BookError> {
        self.write(scope, session, |_| Ok(Parameters::default()))
    }

    /// Removes the settings of a session that is no more. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn drop_session(&self, scope: &UserScope, session: &SessionId) -> Result<(), BookError> {
        self.clear(scope, Some(session)).map(drop)
    }

    /// Drops what is in RAM of an erased person. What lasted went with the file.
    pub fn forget(&self, scope: &UserScope) {
        self.layers.forget(&self.store, scope);
    }

    fn write(
        &self,
        scope: &UserScope,
        session: Option<&SessionId>,
        edit: impl FnOnce(&Parameters) -> Result<Parameters, StoreError>,
    ) -> Result<Own, BookError> {
        let load = || Layers::load(&self.store, scope);
        let session = own(session);
        self.layers.change(&self.store, scope, load, |layers, epoch| {
            let before = session.map_or(Some(&layers.user), |session| layers.sessions.get(session));
            let after = edit(before.unwrap_or(&Parameters::default()))?;
            if *before.unwrap_or(&Parameters::default()) == after {
                return Ok((None, Ok(layers.of(session))));
            }
            let mut changed = Layers::clone(layers);
            let name = session.map_or_else(|| USER_ROW.to_owned(), |session| format!("session:{}", session.as_str()));
            let shelves = if after.is_empty() {
                vec![ShelfChange::remove(Shelf::Settings, &name)]
            } else {
                let value = serde_json::to_vec(&after).map_err(|_| StoreError::Malformed)?;
                vec![ShelfChange::put(Shelf::Settings, &name, value)]
            };
            match session {
                None => changed.user = after,
                Some(session) if after.is_empty() => drop(changed.sessions.remove(session)),
                Some(session) => drop(changed.sessions.insert(session.clone(), after)),
            }
            if changed.sessions.len() > MOST_SESSIONS.max(layers.sessions.len()) {
                return Ok((None, Err(BookError::Sessions)));
            }
            if changed.bytes() > MOST_BYTES.max(layers.bytes()) {
                return Ok((None, Err(BookError::Size)));
            }
            self.store.commit_in(scope, epoch, Batch { shelves, ..Batch::default() })?;
            let own = changed.of(session);
            Ok((Some(changed), Ok(own)))
        })?
    }
}
