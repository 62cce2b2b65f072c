//! The learner: drains the journal of turns, one after the other, off the request's path.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::sync::watch;

use super::extract::{Statement, may_teach};
use super::learn::{self, Draft, Learned, Taught};
use super::lesson::Lesson;
use super::{Memory, extract};
use crate::enforce::UserScope;
use crate::ids::{SessionId, UserId};
use crate::store::{Go, JournalEntry, JournalError, Queue, StoreError, drain};

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

/// Commits in one go on a blocking thread.
const GO: usize = 64;
/// Jobs that share a commit.
const TOGETHER: usize = 32;

impl Memory {
    /// Queues a turn to be learned from. Once this returns true, the turn survives the end of the process. One write, no fsync.
    /// False: it holds nothing, was learned before, or the person's assurance does not allow learning.
    ///
    /// # Errors
    /// When the queue is full or the disk fails.
    pub fn enqueue(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> Result<bool, EnqueueError> {
        let wanted = may_teach(&lesson.text) || self.tutor.wants(scope, &lesson.text);
        if !wanted || !self.settings.load().learn.of(scope) || self.has_learned(scope, session, lesson) {
            return Ok(false);
        }
        let ticket = self.tickets.issue(scope, session);
        self.store.journal_append(Queue::Rules, &ticket, scope, &lesson.encode()).map_err(|error| match error {
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
    pub async fn run_learner(self: Arc<Self>, shutdown: watch::Receiver<bool>) {
        let memory = Arc::clone(&self);
        drain(&self.queued, shutdown, move || memory.learn_some()).await;
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

    /// Does the oldest job, and those right behind it of the same conversation; false when there is none. An error means that the
    /// store failed and the jobs stay.
    fn learn_next(&self) -> Result<bool, StoreError> {
        let mut entries = self.store.journal_peek(Queue::Rules, 0, TOGETHER)?;
        let same = |entry: &JournalEntry| entries.first().is_some_and(|first| first.ticket == entry.ticket);
        let alike = entries.iter().take_while(|entry| same(entry)).count();
        entries.truncate(alike);
        let read = || entries.iter().map(|entry| self.read(entry)).collect::<Result<Vec<_>, _>>();
        let together = catch_unwind(AssertUnwindSafe(|| self.learn_read(entries.first(), read()?)));
        match together.unwrap_or(Err(Skip::Unreadable)) {
            Ok(()) => self.end_jobs(&entries, Ok(()))?,
            Err(Skip::Store(error)) if error.will_pass() => return Err(error),
            Err(skip) if entries.len() == 1 => self.end_jobs(&entries, Err(skip))?,
            // One of them is to blame: each by itself. One that panics would panic again, and hold up everybody's: it is skipped.
            Err(_) => {
                for entry in &entries {
                    let one = slice::from_ref(entry);
                    let alone = catch_unwind(AssertUnwindSafe(|| self.learn_read(Some(entry), vec![self.read(entry)?])));
                    match alone.unwrap_or(Err(Skip::Unreadable)) {
                        Err(Skip::Store(error)) if error.will_pass() => return Err(error),
                        ended => self.end_jobs(one, ended)?,
                    }
                }
            }
        }
        Ok(!entries.is_empty())
    }

    fn end_jobs(&self, entries: &[JournalEntry], ended: Result<(), Skip>) -> Result<(), StoreError> {
        let counter = match ended {
            Ok(()) => &self.counters.jobs_done,
            Err(Skip::Unreadable) => &self.counters.jobs_failed,
            Err(Skip::Store(error)) => {
                tracing::warn!(%error, "a lesson was skipped");
                &self.counters.jobs_failed
            }
        };
        counter.fetch_add(entries.len() as u64, Ordering::Relaxed);
        self.store.journal_done(entries)
    }

    /// Opens a queued turn and reads what it states.
    fn read(&self, entry: &JournalEntry) -> Result<(Lesson, Vec<Statement>), Skip> {
        let (scope, _) = self.tickets.redeem(&entry.ticket).map_err(|_| Skip::Unreadable)?;
        let payload = self.store.journal_open(&scope, entry)?;
        let lesson = Lesson::decode(&payload).ok_or(Skip::Unreadable)?;
        let statements = extract::extract(&lesson.text);
        Ok((lesson, statements))
    }

    /// Learns what was read out of turns that share the ticket of `entry`.
    fn learn_read(&self, entry: Option<&JournalEntry>, read: Vec<(Lesson, Vec<Statement>)>) -> Result<(), Skip> {
        let Some(entry) = entry else { return Ok(()) };
        let (scope, session) = self.tickets.redeem(&entry.ticket).map_err(|_| Skip::Unreadable)?;
        let key = self.store.hash_key(&scope)?;
        let handover = self.tutor.select(&scope, &read);
        let (mut requests, mut taught) = (Vec::new(), Vec::new());
        for (lesson, statements) in read.into_iter().filter(|(_, statements)| !statements.is_empty()) {
            taught.push(Taught::by_rules(&key, session.as_ref(), &lesson, statements));
            requests.push(lesson.request_id);
        }
        if !taught.is_empty() {
            for (request_id, learned) in requests.into_iter().zip(self.keep(&scope, taught, clock())?) {
                self.report(request_id, &scope, learned);
            }
        }
        self.hand_to_tutor(&scope, session.as_ref(), &handover);
        Ok(())
    }

    /// Tells whoever listens what a turn came to.
    pub(super) fn report(&self, request_id: String, scope: &UserScope, learned: Learned) {
        if !learned.is_empty() {
            (self.on_learned)(LearnedReport { request_id, user: scope.user().clone(), learned });
        }
    }

    /// Learns from one turn now. Blocks on the disk. Learning the same turn again does nothing.
    ///
    /// # Errors
    /// When the store fails or the user is gone; then nothing was learned.
    pub fn learn_from(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> Result<Learned, StoreError> {
        self.learn_one(scope, session, lesson, Bringing::Said)
    }

    /// As [`Memory::learn_from`], for turns that the person brings anew, whenever they were said.
    pub(super) fn learn_imported(
        &self,
        scope: &UserScope,
        session: Option<&SessionId>,
        lesson: &Lesson,
    ) -> Result<Learned, StoreError> {
        self.learn_one(scope, session, lesson, Bringing::Imported)
    }

    fn learn_one(
        &self,
        scope: &UserScope,
        session: Option<&SessionId>,
        lesson: &Lesson,
        bringing: Bringing,
    ) -> Result<Learned, StoreError> {
        let statements = extract::extract(&lesson.text);
        if statements.is_empty() {
            return Ok(Learned::default());
        }
        let taught = Taught::by_rules(&self.store.hash_key(scope)?, session, lesson, statements);
        Ok(self.keep_brought(scope, vec![taught], clock(), bringing)?.pop().unwrap_or_default())
    }

    /// Keeps what was read out of turns, by rules or a model, in one commit; says what each turn came to. Blocks on the disk. A turn that
    /// was learned before under any of its names does nothing. `now` is the time of learning, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the store fails or the user is gone; then nothing was kept.
    pub(super) fn keep(&self, scope: &UserScope, taught: Vec<Taught>, now: i64) -> Result<Vec<Learned>, StoreError> {
        self.keep_brought(scope, taught, now, Bringing::Said)
    }

    fn keep_brought(
        &self,
        scope: &UserScope,
        mut taught: Vec<Taught>,
        now: i64,
        bringing: Bringing,
    ) -> Result<Vec<Learned>, StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        if let (Bringing::Said, Some(last)) = (bringing, self.store.last_erasure(scope)) {
            // What was said before an erasure may still have been queued, or on its way.
            taught.iter_mut().filter(|taught| taught.at <= last.at).for_each(Taught::clear);
        }
        place.load_locked(&self.store, scope)?;
        let planned = {
            let guard = place.view.read();
            let view = guard.as_ref().filter(|view| view.key.is_some()).ok_or(StoreError::NotEnrolled)?;
            let settings = self.settings.load();
            let mut draft = Draft::new(view, &settings, now);
            for taught in taught {
                draft.keep(scope, taught);
            }
            draft.finish()
        };
        let Some((batch, learned, expired)) = planned else { return Ok(Vec::new()) };
        self.commit(scope, &place, batch)?;
        let written: usize = learned.iter().map(|learned| learned.facts.len()).sum();
        self.counters.facts_written.fetch_add(written as u64, Ordering::Relaxed);
        self.counters.facts_expired.fetch_add(expired as u64, Ordering::Relaxed);
        Ok(learned)
    }
}

/// Milliseconds since the Unix epoch.
pub(super) fn clock() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// How turns come to be learned from.
#[derive(Debug, Clone, Copy)]
enum Bringing {
    /// In a chat: what was said before the person's last erasure teaches nothing.
    Said,
    /// By the person's own hand, whenever they were said.
    Imported,
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
