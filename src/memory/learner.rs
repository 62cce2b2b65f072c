//! The learner: drains the journal of turns, one after the other, off the request's path.

use std::fmt;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::time::sleep;

use super::extract::may_teach;
use super::learn::{self, Learned};
use super::lesson::Lesson;
use super::recorder::ended;
use super::{Memory, extract};
use crate::enforce::UserScope;
use crate::ids::{SessionId, UserId};
use crate::store::{JournalEntry, JournalError, StoreError};

/// Why a turn was not queued.
#[derive(Debug, Error)]
pub enum EnqueueError {
    #[error("the learning queue is full")]
    Full,
    #[error(transparent)]
    Failed(StoreError),
}

/// What a lesson wrote, and for whom: for the audit log.
#[derive(Clone)]
pub struct LearnedReport {
    pub request_id: String,
    pub user: UserId,
    pub learned: Learned,
}

impl fmt::Debug for LearnedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedReport")
            .field("request_id", &self.request_id)
            .field("learned", &self.learned)
            .finish_non_exhaustive()
    }
}

/// Receives reports. Called on a blocking thread.
pub type OnLearned = Arc<dyn Fn(LearnedReport) + Send + Sync>;

/// Jobs done in one go on a blocking thread.
const GO: usize = 64;
/// How long an idle learner sleeps at most, should a bell be missed.
const IDLE: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Longest turn that is read at once, in bytes: reading it costs less than queueing it in vain.
const READ_AT_ONCE: usize = 2048;

/// Whether a turn is worth queueing.
fn teaches(turn: &str) -> bool {
    may_teach(turn) && (turn.len() > READ_AT_ONCE || !extract::extract(turn).is_empty())
}

/// How a go over the journal ended.
enum Go {
    /// The journal is empty.
    Idle,
    More,
    /// The store failed; the same job comes again later.
    Stuck,
}

impl Memory {
    /// Queues a turn to be learned from. Once this returns true, the turn survives the end of the process. One write, no fsync.
    /// False: it holds nothing, was learned before, or the person's assurance does not allow learning.
    ///
    /// # Errors
    /// When the queue is full or the disk fails.
    pub fn enqueue(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> Result<bool, EnqueueError> {
        if !self.settings.load().learn.of(scope) || !teaches(&lesson.text) || self.has_learned(scope, session, lesson) {
            return Ok(false);
        }
        let ticket = self.tickets.issue(scope, session);
        self.store.journal_append(&ticket, scope, &lesson.encode()).map_err(|error| match error {
            JournalError::Full => EnqueueError::Full,
            JournalError::Store(error) => EnqueueError::Failed(error),
        })?;
        self.queued.notify_one();
        Ok(true)
    }

    /// Whether the view in RAM, if there is one, knows the turn. A cheap look that spares the queue most regenerations.
    fn has_learned(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> bool {
        let Some(place) = self.views.peek(scope.user()) else { return false };
        let Some(guard) = place.view.try_read() else { return false };
        let Some((view, key)) = guard.as_ref().and_then(|view| Some((view, view.key?))) else { return false };
        learn::turn_names(&key, session, lesson).iter().any(|name| view.has_learned(name))
    }

    /// Learns from queued turns until `shutdown` turns true. What is left stays in the journal. Run it once.
    pub async fn run_learner(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        let mut wait = FIRST_WAIT;
        while !*shutdown.borrow() {
            let memory = self.clone();
            let go = tokio::task::spawn_blocking(move || memory.learn_some()).await.unwrap_or(Go::Stuck);
            let pause = match go {
                Go::More => {
                    wait = FIRST_WAIT;
                    continue;
                }
                Go::Idle => {
                    wait = FIRST_WAIT;
                    IDLE
                }
                Go::Stuck => {
                    wait = (wait * 2).min(LONGEST_WAIT);
                    wait
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.queued.notified(), if matches!(go, Go::Idle) => {}
                () = ended(&mut shutdown) => return,
            }
        }
    }

    fn learn_some(&self) -> Go {
        for _ in 0..GO {
            match self.learn_next() {
                Ok(true) => {}
                Ok(false) => return Go::Idle,
                Err(error) => {
                    self.counters.jobs_retried.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%error, "learning waits for the store");
                    return Go::Stuck;
                }
            }
        }
        self.views.shrink();
        Go::More
    }

    /// Does the oldest job; false when there is none. An error means that the store failed and the job stays.
    fn learn_next(&self) -> Result<bool, StoreError> {
        let Some(entry) = self.store.journal_next()? else { return Ok(false) };
        // A job that panics would panic again, and hold up everybody's: it is skipped.
        let learned = catch_unwind(AssertUnwindSafe(|| self.learn_entry(&entry))).unwrap_or(Err(Skip::Unreadable));
        let done = match learned {
            Ok(()) => &self.counters.jobs_done,
            Err(Skip::Unreadable) => &self.counters.jobs_failed,
            Err(Skip::Store(error)) if will_pass(&error) => return Err(error),
            Err(Skip::Store(error)) => {
                tracing::warn!(%error, "a lesson was skipped");
                &self.counters.jobs_failed
            }
        };
        done.fetch_add(1, Ordering::Relaxed);
        self.store.journal_done(entry)?;
        Ok(true)
    }

    fn learn_entry(&self, entry: &JournalEntry) -> Result<(), Skip> {
        let (scope, session) = self.tickets.redeem(&entry.ticket).map_err(|_| Skip::Unreadable)?;
        let payload = self.store.journal_open(&scope, entry)?;
        let lesson = Lesson::decode(&payload).ok_or(Skip::Unreadable)?;
        let learned = self.learn_from(&scope, session.as_ref(), &lesson)?;
        if !learned.facts.is_empty() {
            (self.on_learned)(LearnedReport { request_id: lesson.request_id, user: scope.user().clone(), learned });
        }
        Ok(())
    }

    /// Learns from one turn now. Blocks on the disk. Learning the same turn again does nothing.
    ///
    /// # Errors
    /// When the store fails or the user is gone; then nothing was learned.
    pub fn learn_from(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> Result<Learned, StoreError> {
        // What was said before an erasure may still have been queued, or on its way.
        self.learn_unless(scope, session, lesson, || self.store.last_erasure(scope).is_some_and(|last| lesson.at <= last.at))
    }

    /// As [`Memory::learn_from`], for turns that the person brings anew, whenever they were said.
    pub(super) fn learn_imported(
        &self,
        scope: &UserScope,
        session: Option<&SessionId>,
        lesson: &Lesson,
    ) -> Result<Learned, StoreError> {
        self.learn_unless(scope, session, lesson, || false)
    }

    /// Learns unless `void` says under the writer's lock that there is nothing to be learned any more.
    fn learn_unless(
        &self,
        scope: &UserScope,
        session: Option<&SessionId>,
        lesson: &Lesson,
        void: impl FnOnce() -> bool,
    ) -> Result<Learned, StoreError> {
        if extract::extract(&lesson.text).is_empty() {
            return Ok(Learned::default());
        }
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        if void() {
            return Ok(Learned::default());
        }
        place.load_locked(&self.store, scope)?;
        let planned = {
            let guard = place.view.read();
            let Some((view, key)) = guard.as_ref().and_then(|view| Some((view, view.key?))) else {
                return Err(StoreError::NotEnrolled);
            };
            learn::plan(view, &key, scope, session, lesson, self.settings.load().max_facts)
        };
        let Some((batch, learned)) = planned else { return Ok(Learned::default()) };
        self.commit(scope, &place, batch)?;
        self.counters.facts_written.fetch_add(learned.facts.len() as u64, Ordering::Relaxed);
        Ok(learned)
    }
}

/// Why a job came to nothing.
enum Skip {
    /// The ticket or the payload is not what this version writes.
    Unreadable,
    Store(StoreError),
}

impl From<StoreError> for Skip {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether trying again can help: a full disk is emptied some day, a damaged file stays damaged, and must not hold up everybody's
/// learning.
fn will_pass(error: &StoreError) -> bool {
    match error {
        StoreError::Disk(error) => !matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData),
        StoreError::Database(error) => matches!(**error, redb::Error::PreviousIo | redb::Error::LockPoisoned(_)),
        // The file that was in the way is gone.
        StoreError::InUse | StoreError::Random | StoreError::Foreign => true,
        _ => false,
    }
}
