//! Sessions: a person's conversations, by keys that are unique within that person's scope alone.
//!
//! What a person made, named or had kept lasts in that person's file. That a session is in use is known in RAM, and bounded: a session
//! that leaves it comes back at its next use, with all that lasts of it.

mod book;
mod history;
mod live;
mod page;
mod record;
mod settings;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use siphasher::sip128::{Hasher128, SipHasher24};
use tokio::sync::Notify;

use crate::enforce::{Ticket, TicketKey, UserScope};
use crate::ids::SessionId;
use crate::store::{PerUser, Queue, Store};
use crate::telemetry::Metrics;

pub use book::{SessionError, Shown};
pub use history::KeepError;
pub use live::LiveSession;
pub use page::{Cursor, Page, Wanted};
pub use record::{MOST_ANSWERED, MOST_SAID, QueuedTurn, Reply, Turn};
pub use settings::{HistoryFile, RESERVED, SessionFile, SessionSettings};
pub use watch::Mark;

use history::Touches;
use live::{Begun, Live, LiveKey};

/// People whose records are held in RAM.
const CACHED_PEOPLE: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// Told of sessions of which nothing lasts any more, so that what others keep by their keys can go, too. Called on a blocking thread.
pub type OnEnded = Arc<dyn Fn(&UserScope, &[SessionId]) + Send + Sync>;

/// All sessions.
pub struct Sessions {
    store: Store,
    settings: ArcSwap<SessionSettings>,
    live: Mutex<Live>,
    book: PerUser<book::Index>,
    tickets: TicketKey,
    queued: Notify,
    touches: Mutex<Touches>,
    metrics: Arc<Metrics>,
    on_ended: OnEnded,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("live", &self.live.lock().len()).finish_non_exhaustive()
    }
}

/// Parts of a hash, each behind its length.
fn hash_parts(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher24::new_with_key(key);
    for part in parts {
        hasher.write_u64(part.len() as u64);
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

/// A request that runs in a session. Dropping it ends that.
#[derive(Debug)]
pub struct Lease {
    sessions: Arc<Sessions>,
    key: LiveKey,
    serial: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.sessions.live.lock().end(self.key, self.serial, now_ms());
    }
}

impl Sessions {
    #[must_use]
    pub fn new(store: Store, settings: SessionSettings, metrics: Arc<Metrics>) -> Self {
        Self {
            tickets: TicketKey::new(&store.ticket_key()),
            store,
            settings: ArcSwap::from_pointee(settings),
            live: Mutex::new(Live::new()),
            book: PerUser::new(CACHED_PEOPLE),
            queued: Notify::new(),
            touches: Mutex::default(),
            metrics,
            on_ended: Arc::new(|_, _| {}),
        }
    }

    /// Tells `hook` of sessions that were deleted, or whose time of retention is over.
    #[must_use]
    pub fn reporting(mut self, hook: OnEnded) -> Self {
        self.on_ended = hook;
        self
    }

    /// Takes up changed settings.
    pub fn configure(&self, settings: SessionSettings) {
        self.settings.store(Arc::new(settings));
    }

    /// Counts a request into its session for as long as the lease is held. None where the session is not held in RAM: there is no room
    /// that others could make, or the person is not enrolled. Never waits for the disk.
    #[must_use]
    pub fn begin(self: &Arc<Self>, scope: &UserScope, id: &SessionId, now: i64) -> Option<Lease> {
        let key = self.live_key(scope, &[b"session", id.as_str().as_bytes()])?;
        let begun = {
            let settings = self.settings.load();
            let mut live = self.live.lock();
            let begun = live.begin(key, id, &settings, now);
            self.count(&mut live);
            begun
        };
        let Begun::Kept { serial, due } = begun else { return None };
        if due {
            self.tell_use(key, scope, id, now);
        }
        Some(Lease { sessions: Arc::clone(self), key, serial })
    }

    /// What stands for a session on its way to the history.
    #[must_use]
    pub fn ticket(&self, scope: &UserScope, id: &SessionId) -> Ticket {
        self.tickets.issue(scope, Some(id))
    }

    /// A hash under the person's own key, so that it tells nothing and is worth nothing elsewhere. None for whom there is no key.
    #[must_use]
    pub fn hash(&self, scope: &UserScope, parts: &[&[u8]]) -> Option<[u8; 16]> {
        Some(hash_parts(&self.store.hash_key(scope).ok()?, parts))
    }

    /// Notes in which session an answer was given that a backend keeps, so that going on from it is going on with the session.
    pub fn note_answer<'a>(&self, ticket: &Ticket, answers: impl Iterator<Item = &'a str>) {
        let Ok((scope, Some(session))) = self.tickets.redeem(ticket) else { return };
        let most = self.settings.load().capacity;
        for answer in answers {
            if let Some(key) = self.live_key(&scope, &[b"answer", answer.as_bytes()]) {
                self.live.lock().note_answer(key, &session, most);
            }
        }
    }

    /// The session in which an answer was given that a backend keeps, as far as that is known.
    #[must_use]
    pub fn of_answer(&self, scope: &UserScope, answer: &str) -> Option<SessionId> {
        let key = self.live_key(scope, &[b"answer", answer.as_bytes()])?;
        self.live.lock().of_answer(&key)
    }

    /// Ends all that is in RAM of a person who was erased. What lasted went with the file.
    pub fn forget(&self, scope: &UserScope) {
        self.book.forget(&self.store, scope);
        let file = self.store.file_id(scope.user());
        let mut live = self.live.lock();
        live.forget_all(file);
        self.touches.lock().retain(|key, _| key.file != file);
        self.count(&mut live);
    }

    /// Ends what rested for too long, and tells the metrics.
    fn observe(&self, now: i64) {
        let mut live = self.live.lock();
        live.expire(&self.settings.load(), now);
        self.count(&mut live);
        self.metrics.sessions.set_queue(self.store.journal_backlog(Queue::History));
    }

    fn count(&self, live: &mut Live) {
        let ended = live.take_ended();
        self.metrics.sessions.count_ended(ended.evicted, ended.expired);
        self.metrics.sessions.set_live(live.len());
    }

    fn live_key(&self, scope: &UserScope, parts: &[&[u8]]) -> Option<LiveKey> {
        let file = self.store.file_id(scope.user());
        Some(LiveKey { file, hash: hash_parts(&self.store.hash_key_of(&file).ok()?, parts) })
    }

    fn live_of(&self, scope: &UserScope, now: i64) -> Vec<LiveSession> {
        let found = self.live.lock().of(self.store.file_id(scope.user()), &self.settings.load(), now);
        // One of before an erasure has another hash: it belongs to nobody any more.
        let is_of_now =
            |key: &LiveKey, id: &SessionId| self.live_key(scope, &[b"session", id.as_str().as_bytes()]).as_ref() == Some(key);
        found.into_iter().filter(|(key, session)| is_of_now(key, &session.id)).map(|(_, session)| session).collect()
    }

    fn live_one(&self, scope: &UserScope, id: &SessionId, now: i64) -> Option<LiveSession> {
        let key = self.live_key(scope, &[b"session", id.as_str().as_bytes()])?;
        self.live.lock().get(&key, &self.settings.load(), now).cloned()
    }

    fn forget_live(&self, scope: &UserScope, id: &SessionId) {
        if let Some(key) = self.live_key(scope, &[b"session", id.as_str().as_bytes()]) {
            let mut live = self.live.lock();
            live.forget(&key);
            self.count(&mut live);
        }
    }
}

/// Whether a session's key is kept for other products' own sessions: nothing of it lasts.
#[must_use]
pub fn is_reserved(id: &SessionId) -> bool {
    RESERVED.contains(&id.as_str())
}

/// Milliseconds since the Unix epoch.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
