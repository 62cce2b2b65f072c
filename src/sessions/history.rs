//! From the end of an answer to the history: a turn is queued before the answer's end passes, and written off the request's path.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;
use tokio::sync::watch;

use super::book::SessionError;
use super::live::LiveKey;
use super::record::{QueuedTurn, decode, encode};
use super::{Sessions, now_ms};
use crate::enforce::{Ticket, UserScope};
use crate::store::{Go, JournalEntry, JournalError, Queue, StoreError, drain};
use crate::telemetry::HistoryResult;

/// Turns written in one go on a blocking thread.
const GO: usize = 64;
/// Uses of sessions that wait to be noted. Beyond, some are not: the next use is noted again.
pub(super) const MOST_TOUCHES: usize = 10_000;

/// Sessions whose use is to be noted, and when that was.
pub(super) type Touches = HashMap<LiveKey, (Ticket, i64)>;

/// Why a turn was not queued.
#[derive(Debug, Error)]
pub enum KeepError {
    #[error("the queue of turns for histories is full")]
    Full,
    #[error("the ticket does not stand for a session")]
    Forged,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// Queues a turn of the session that the ticket stands for. Once this returns, it survives the end of the process. One write, no
    /// fsync.
    ///
    /// # Errors
    /// When the queue is full, the person is not enrolled any more, or the disk fails.
    pub fn enqueue(&self, ticket: &Ticket, turn: &QueuedTurn) -> Result<(), KeepError> {
        let (scope, _) = self.tickets.redeem(ticket).map_err(|_| KeepError::Forged)?;
        let payload = encode(turn)?;
        self.store.journal_append(Queue::History, ticket, &scope, &payload).map_err(|error| match error {
            JournalError::Full => KeepError::Full,
            JournalError::Store(error) => KeepError::Store(error),
        })?;
        self.queued.notify_one();
        Ok(())
    }

    /// Writes queued turns into histories until `shutdown` turns true. What is left stays in the journal. Run it once.
    pub async fn run_keeper(self: Arc<Self>, shutdown: watch::Receiver<bool>) {
        // What was there before may have been written before: consumption is written down now and then only.
        let suspects = AtomicU64::new(self.store.journal_count(Queue::History, |_| true).unwrap_or(u64::MAX));
        let sessions = Arc::clone(&self);
        let keep = move || {
            // A go that ends in a panic leaves one.
            let (go, left) = sessions.keep_some(suspects.swap(1, Ordering::Relaxed));
            suspects.store(left, Ordering::Relaxed);
            // What ended idle is dropped, and uses are noted, as often as an idle worker wakes.
            sessions.observe(now_ms());
            go
        };
        drain(&self.queued, shutdown, keep).await;
    }

    /// Writes turns and notes uses. Returns how many of the turns that follow may have been written before.
    fn keep_some(&self, mut suspects: u64) -> (Go, u64) {
        self.note_uses();
        for _ in 0..GO {
            match self.keep_next(suspects > 0) {
                Ok(true) => suspects = suspects.saturating_sub(1),
                Ok(false) => return (Go::Idle, 0),
                Err(error) => {
                    tracing::warn!(%error, "histories wait for the store");
                    return (Go::Stuck, suspects.max(1));
                }
            }
        }
        (Go::More, suspects)
    }

    /// Writes all that is queued, as the task would.
    #[cfg(test)]
    pub(super) fn keep_all(&self, mut suspects: u64) {
        while let (Go::More, left) = self.keep_some(suspects) {
            suspects = left;
        }
    }

    /// Writes the oldest turn; false when there is none. An error means that the store failed and the turn stays.
    fn keep_next(&self, suspect: bool) -> Result<bool, StoreError> {
        let Some(entry) = self.store.journal_next(Queue::History)? else { return Ok(false) };
        // One that panics would panic again, and hold up everybody's: it is skipped.
        let kept = catch_unwind(AssertUnwindSafe(|| self.keep(&entry, suspect))).unwrap_or(Err(Skip::Unreadable));
        let result = match kept {
            Ok(true) => Some(HistoryResult::Kept),
            Ok(false) => None,
            Err(Skip::Full) => Some(HistoryResult::Dropped),
            Err(Skip::Unreadable) => Some(HistoryResult::Failed),
            Err(Skip::Store(error)) if error.will_pass() => return Err(error),
            Err(Skip::Store(error)) => {
                tracing::warn!(%error, "a turn was not kept");
                Some(HistoryResult::Failed)
            }
        };
        if let Some(result) = result {
            self.metrics.sessions.count_turn(result);
        }
        self.store.journal_done(&[entry])?;
        Ok(true)
    }

    fn keep(&self, entry: &JournalEntry, suspect: bool) -> Result<bool, Skip> {
        let (scope, session) = self.tickets.redeem(&entry.ticket).map_err(|_| Skip::Unreadable)?;
        let session = session.ok_or(Skip::Unreadable)?;
        let payload = match self.store.journal_open(&scope, entry) {
            // The person was erased meanwhile.
            Err(StoreError::NotEnrolled | StoreError::Sealed) => return Ok(false),
            payload => payload?,
        };
        let turn: QueuedTurn = decode(&payload).ok_or(Skip::Unreadable)?;
        if self.store.last_erasure(&scope).is_some_and(|last| turn.at <= last.at) {
            return Ok(false);
        }
        self.append(&scope, &session, turn, suspect).map_err(|error| match error {
            SessionError::Store(error) => Skip::Store(error),
            SessionError::Full => Skip::Full,
            _ => Skip::Unreadable,
        })
    }

    /// Has the use of a session noted soon.
    pub(super) fn tell_use(&self, key: LiveKey, scope: &UserScope, session: &crate::ids::SessionId, at: i64) {
        let ticket = self.tickets.issue(scope, Some(session));
        let mut touches = self.touches.lock();
        if touches.len() < MOST_TOUCHES || touches.contains_key(&key) {
            touches.insert(key, (ticket, at));
        }
    }

    fn note_uses(&self) {
        let touches = std::mem::take(&mut *self.touches.lock());
        for (ticket, at) in touches.into_values() {
            let Ok((scope, Some(session))) = self.tickets.redeem(&ticket) else { continue };
            if let Err(error) = self.touch(&scope, &session, at) {
                tracing::debug!(%error, "the use of a session was not noted");
            }
        }
    }
}

/// Why a turn came to nothing.
enum Skip {
    /// The ticket or the payload is not what this version writes.
    Unreadable,
    Full,
    Store(StoreError),
}

impl From<StoreError> for Skip {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
