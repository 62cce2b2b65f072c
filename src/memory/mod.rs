//! What memgate remembers of a person: recall, injection and learning.
//!
//! A request reads a `View` of its user in RAM; a view that is not there is loaded off the request's thread, and a request
//! that cannot wait for it goes on without. Whatever changes is committed to the store first and then made in the view.
//!
//! Pure parts: `analysis`, `index`, `rank`, `search` (finding), `recall` (choosing and replaying), `render`, `extract`, `learn`.

pub mod analysis;
mod dates;
pub mod dense;
mod diversity;
pub mod extract;
pub mod index;
mod learn;
mod learner;
mod lesson;
mod prefix;
pub mod rank;
mod recall;
mod recorder;
pub mod render;
mod search;
mod settings;
#[cfg(test)]
mod tests;
mod view;
mod views;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};

use crate::enforce::{TicketKey, UserScope};
use crate::store::{Batch, Erased, Fact, Store, StoreError};

pub use learn::Learned;
pub use learner::{EnqueueError, LearnedReport, OnLearned};
pub use lesson::Lesson;
pub use recall::{Message, RecallRequest, Recalled, Role};
pub use settings::{ByAssurance, CacheFile, DepthFile, LearnFile, MemoryFile, MemorySettings};

use analysis::Analysis;
use recall::{Limits, Outline};
use recorder::Note;
use views::{LoadEnd, Place, Views};

/// Why a request goes on without its facts. It is counted, and never stops a chat.
#[derive(Debug, Error)]
pub enum RecallMiss {
    #[error("the user's memory was not ready in time")]
    Deadline,
    #[error("the user's memory cannot be read")]
    Failed,
}

/// What happened since the start, for metrics.
#[derive(Debug, Default)]
pub struct Counters {
    pub facts_written: AtomicU64,
    pub jobs_done: AtomicU64,
    /// Jobs that could not be read or whose user is gone: skipped.
    pub jobs_failed: AtomicU64,
    /// Attempts at a job that will be tried again, because the store failed.
    pub jobs_retried: AtomicU64,
    /// Recalls answered from RAM, and recalls that had to wait for the disk.
    pub warm: AtomicU64,
    pub cold: AtomicU64,
    /// Injections that could not be written to the disk; they hold until the user leaves the RAM.
    pub injections_lost: AtomicU64,
}

/// Every user's memory. One for the process; shared by `Arc`.
pub struct Memory {
    store: Store,
    tickets: TicketKey,
    settings: ArcSwap<MemorySettings>,
    views: Arc<Views>,
    counters: Counters,
    on_learned: OnLearned,
    /// Rung when a lesson was queued.
    queued: Notify,
    notes: mpsc::Sender<Note>,
    /// Taken by the recorder when it starts.
    inbox: Mutex<Option<mpsc::Receiver<Note>>>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("settings", &self.settings).field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl Memory {
    #[must_use]
    pub fn new(store: Store, settings: MemorySettings) -> Self {
        let (notes, inbox) = mpsc::channel(recorder::CAPACITY);
        Self {
            tickets: TicketKey::new(&store.ticket_key()),
            views: Arc::new(Views::new(settings.cached_users, settings.cached_bytes)),
            store,
            settings: ArcSwap::from_pointee(settings),
            counters: Counters::default(),
            on_learned: Arc::new(|_| {}),
            queued: Notify::new(),
            notes,
            inbox: Mutex::new(Some(inbox)),
        }
    }

    /// Calls `report` for each lesson that wrote facts, from the learner's thread.
    #[must_use]
    pub fn reporting(mut self, report: OnLearned) -> Self {
        self.on_learned = report;
        self
    }

    /// Replaces the settings. The bounds of what is kept in RAM stay those of the start.
    pub fn configure(&self, settings: MemorySettings) {
        self.settings.store(Arc::new(settings));
    }

    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Users in RAM, and their approximate bytes.
    #[must_use]
    pub fn cached(&self) -> (usize, usize) {
        self.views.size()
    }

    /// Bytes that wait to be learned from.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.store.journal_backlog()
    }

    /// What the request is to carry. Answers at once from RAM; otherwise waits for the disk up to `deadline`, and the load goes on
    /// for the next request.
    ///
    /// # Errors
    /// A miss, to be counted: the request goes on without memory.
    pub async fn recall(
        &self,
        scope: &UserScope,
        request: &RecallRequest<'_>,
        deadline: Duration,
    ) -> Result<Recalled, RecallMiss> {
        let until = Instant::now() + deadline;
        let settings = self.settings.load();
        let limits = Limits { depth: settings.depth.of(scope), budget: settings.budget };
        drop(settings);
        if limits.depth == 0 {
            return Ok(Recalled::default());
        }
        let key = match self.store.hash_key(scope) {
            Ok(key) => key,
            // Nothing was ever kept of this user, or all was erased.
            Err(StoreError::NotEnrolled) => return Ok(Recalled::default()),
            Err(_) => return Err(RecallMiss::Failed),
        };
        let outline = Outline::of(&key, request.messages);
        let place = self.views.place(scope.user());
        let mut counter = &self.counters.warm;
        loop {
            match attempt(&place, &key, &outline, request, limits) {
                Attempt::Done(recalled) => {
                    counter.fetch_add(1, Ordering::Relaxed);
                    return Ok(recalled);
                }
                // A writer changes the view in memory only, which takes microseconds.
                Attempt::Busy if Instant::now() < until => sleep(Duration::from_millis(1)).await,
                Attempt::Busy => return Err(RecallMiss::Deadline),
                Attempt::Cold => {
                    counter = &self.counters.cold;
                    self.load_until(scope, &place, until).await?;
                }
            }
        }
    }

    /// The facts that fit a question best with their scores, best first. `now`, in milliseconds since the Unix epoch, is when it is
    /// asked. Waits for the disk where the user is not in RAM.
    ///
    /// # Errors
    /// When the store fails.
    pub fn search(&self, scope: &UserScope, question: &str, now: i64, limit: usize) -> Result<Vec<(Fact, f32)>, StoreError> {
        let place = self.views.place(scope.user());
        {
            let _writer = place.writer.lock();
            place.load_locked(&self.store, scope)?;
        }
        let guard = place.view.read();
        let Some(view) = guard.as_ref() else { return Ok(Vec::new()) };
        let found = search::search(view, &search::Question::of(question, now), limit, |_| true);
        Ok(found.into_iter().filter_map(|(id, score)| Some((view.fact(id)?.clone(), score))).collect())
    }

    /// Makes changes to a user's memory: lasting on return, and seen by the next request. Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails or the user is not enrolled; then nothing changed.
    pub fn change(&self, scope: &UserScope, batch: Batch) -> Result<(), StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, scope)?;
        self.commit(scope, &place, batch)
    }

    /// Erases a user for good: the data key, the file, and what is in RAM. Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase(&self, scope: &UserScope) -> Result<Erased, StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        let erased = self.store.erase(scope);
        *place.view.write() = None;
        erased
    }

    /// Commits and applies. For the holder of the place's writer lock, after a load.
    fn commit(&self, scope: &UserScope, place: &Place, mut batch: Batch) -> Result<(), StoreError> {
        for fact in &mut batch.put {
            fact.analysis = Analysis::of(&fact.text).encode();
        }
        self.store.commit(scope, copy(&batch))?;
        if let Some(view) = place.view.write().as_mut() {
            view.apply(batch);
            place.measure(view);
        }
        Ok(())
    }

    /// Starts a load unless one runs, and waits for its end.
    async fn load_until(&self, scope: &UserScope, place: &Arc<Place>, until: Instant) -> Result<(), RecallMiss> {
        let failures = place.failures.load(Ordering::Acquire);
        let loaded = place.loaded.notified();
        tokio::pin!(loaded);
        // Registered before the load starts, so that its end cannot be missed.
        loaded.as_mut().enable();
        if !place.loading.swap(true, Ordering::AcqRel) {
            self.start_load(scope, place.clone());
        }
        timeout_at(until, loaded).await.map_err(|_| RecallMiss::Deadline)?;
        if place.failures.load(Ordering::Acquire) > failures { Err(RecallMiss::Failed) } else { Ok(()) }
    }

    fn start_load(&self, scope: &UserScope, place: Arc<Place>) {
        let (store, views, tickets) = (self.store.clone(), self.views.clone(), self.tickets.clone());
        // A scope cannot be copied: it crosses to the other thread as its ticket.
        let ticket = tickets.issue(scope, None);
        tokio::task::spawn_blocking(move || {
            let end = LoadEnd(&place);
            let loaded = tickets.redeem(&ticket).ok().is_some_and(|(scope, _)| place.load(&store, &scope).is_ok());
            if !loaded {
                place.failures.fetch_add(1, Ordering::AcqRel);
            }
            drop(end);
            views.shrink();
        });
    }
}

enum Attempt {
    Done(Recalled),
    /// Somebody changes the view just now.
    Busy,
    Cold,
}

fn attempt(place: &Place, key: &[u8; 16], outline: &Outline, request: &RecallRequest<'_>, limits: Limits) -> Attempt {
    let Some(guard) = place.view.try_read() else { return Attempt::Busy };
    match guard.as_ref().filter(|view| view.key == Some(*key)) {
        Some(view) => Attempt::Done(recall::plan(view, key, outline, request, limits)),
        None => Attempt::Cold,
    }
}

/// The store uses a batch up, and the view needs it once it is committed.
fn copy(batch: &Batch) -> Batch {
    let Batch { put, delete, injections, drop_injections, learned } = batch;
    Batch {
        put: put.clone(),
        delete: delete.clone(),
        injections: injections.clone(),
        drop_injections: drop_injections.clone(),
        learned: learned.clone(),
    }
}
