//! What memgate remembers of a person: recall, injection and learning.
//!
//! A request reads a `View` of its user in RAM; a view that is not there is loaded off the request's thread, and a request
//! that cannot wait for it goes on without. Whatever changes is committed to the store first and then made in the view.
//!
//! Pure parts: `analysis`, `index`, `rank`, `search` (finding), `recall` (choosing and replaying), `render`, `extract`, `learn`.

pub mod analysis;
mod bounds;
pub mod curate;
mod dates;
pub mod dense;
mod diversity;
mod embed;
pub mod extract;
mod holdings;
pub mod index;
mod learn;
mod learner;
mod lesson;
mod meter;
mod models;
mod prefix;
mod prepared;
pub mod rank;
mod recall;
mod recorder;
pub mod render;
mod search;
mod settings;
mod tenants;
#[cfg(test)]
mod tests;
pub mod transfer;
mod tutor;
mod view;
mod views;
mod visits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};

use crate::enforce::{TicketKey, UserScope};
use crate::store::{Batch, Erased, Erasure, Fact, Queue, Spending, Store, StoreError};
use crate::telemetry::Metrics;

pub use bounds::{BudgetFile, Ttl, TtlFile};
pub use embed::{EmbeddingSettings, EmbeddingsFile, Reached, Upstreams};
pub use holdings::Holder;
pub use learn::{Learned, Unkept};
pub use learner::{EnqueueError, LearnedReport, OnLearned};
pub use lesson::Lesson;
pub use recall::{Message, Placed, RecallRequest, Recalled, Role};
pub use settings::{ByAssurance, CacheFile, DepthFile, LearnFile, MemoryFile, MemorySettings};
pub use tutor::TutorSettings;
pub use visits::{MOST_VISITS, Visit};

use dense::Vector;
use embed::{Embedder, ModelId};
use holdings::Held;
use meter::Meter;
use prepared::Prepared;
use recall::{Limits, Outline};
use recorder::Note;
use tutor::Tutor;
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
    /// Facts that were deleted when their time to live was over.
    pub facts_expired: AtomicU64,
    pub jobs_done: AtomicU64,
    /// Jobs that could not be read or whose user is gone: skipped.
    pub jobs_failed: AtomicU64,
    /// Attempts at a job that will be tried again, because the store failed.
    pub jobs_retried: AtomicU64,
    /// Recalls answered from RAM, and recalls that had to wait for the disk.
    pub warm: AtomicU64,
    pub cold: AtomicU64,
    /// Injections, or ids of what upstreams keep, that could not be written to the disk; they hold until they leave the RAM.
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
    meter: Meter,
    embedder: Arc<Embedder>,
    tutor: Tutor,
    held: Held,
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
            views: Arc::new(Views::new(settings.cached_users, settings.cached_bytes, settings.retention.clone())),
            embedder: Arc::new(Embedder::new(settings.embeddings.as_ref(), Meter::default())),
            tutor: Tutor::new(settings.tutor.as_ref()),
            meter: Meter::default(),
            held: Held::new(),
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

    /// Counts what models are asked.
    #[must_use]
    pub fn counting(mut self, metrics: &Metrics) -> Self {
        self.meter = Meter::of(metrics);
        self.embedder = Arc::new(Embedder::new(self.settings.load().embeddings.as_ref(), self.meter.clone()));
        self
    }

    /// Replaces the settings. The bounds of what is kept in RAM stay those of the start.
    pub fn configure(&self, settings: MemorySettings) {
        self.embedder.configure(settings.embeddings.as_ref());
        self.tutor.configure(settings.tutor.as_ref());
        self.views.set_retention(settings.retention.clone());
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
        self.store.journal_backlog(Queue::Rules)
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
        let limits = Limits { depth: settings.depth.of(scope).min(request.most), budget: settings.budget.of(scope) };
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
        // Some time is left for choosing, whatever the endpoint does.
        let answer_by = until - deadline / 8;
        let mut meaning = Meaning::to_be_asked(&self.embedder);
        loop {
            match attempt(&place, &key, &outline, request, limits, &meaning) {
                Attempt::Asks => {
                    let vector = self.embedder.embed_question(&key, &(request.query)(), answer_by).await;
                    meaning = Meaning::Known(vector);
                }
                Attempt::Lacks => {
                    self.want_vectors(scope);
                    meaning = Meaning::Known(None);
                }
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
                    self.want_vectors(scope);
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
        let found = search::search(view, &search::Question::of(question, now), limit, |fact| !fact.is_expired(now));
        Ok(found.into_iter().filter_map(|(id, score)| Some((view.fact(id)?.clone(), score))).collect())
    }

    /// Makes changes to a user's memory: lasting on return, and seen by the next request. Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails or the user is not enrolled; then nothing changed.
    pub fn change(&self, scope: &UserScope, mut batch: Batch) -> Result<(), StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, scope)?;
        if !batch.delete.is_empty() && batch.spending.is_none() {
            // What was deleted may stand in a turn that waits for the model.
            let spent = place.view.read().as_ref().map(view::View::spending).unwrap_or_default();
            batch.spending = Some(Spending { deaf_before: spent.deaf_before.max(learner::clock()), ..spent });
        }
        self.commit(scope, &place, batch)
    }

    /// Erases a user for good: the data key, the file, and what is in RAM. What was said before is not learned after. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase(&self, scope: &UserScope, erasure: Erasure) -> Result<Erased, StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        let erased = self.store.erase(scope, erasure);
        place.forget();
        erased
    }

    /// Commits and applies. For the holder of the place's writer lock, after a load.
    fn commit(&self, scope: &UserScope, place: &Place, mut batch: Batch) -> Result<(), StoreError> {
        for fact in &mut batch.put {
            fact.analysis = Prepared::of(&fact.text).encode();
        }
        let committed = self.store.commit(scope, batch.clone());
        if matches!(committed, Err(StoreError::Foreign)) {
            place.forget();
        }
        committed?;
        if !batch.put.is_empty() {
            self.want_vectors(scope);
        }
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
        let model = self.embedder.model();
        // A scope cannot be copied: it crosses to the other thread as its ticket.
        let ticket = tickets.issue(scope, None);
        tokio::task::spawn_blocking(move || {
            let end = LoadEnd(&place);
            let loaded = tickets.redeem(&ticket).ok().is_some_and(|(scope, _)| place.load(&store, &scope).is_ok());
            if let (Some(model), Some(view)) = (model, place.view.write().as_mut()) {
                view.adopt_vectors_of(model);
            }
            if !loaded {
                place.failures.fetch_add(1, Ordering::AcqRel);
            }
            drop(end);
            views.shrink();
        });
    }
}

/// The vector of the question from the endpoint.
enum Meaning {
    /// It may be asked for.
    Open(ModelId),
    /// What came of it, or nothing.
    Known(Option<Vector>),
}

impl Meaning {
    fn to_be_asked(embedder: &Embedder) -> Self {
        embedder.model().map_or(Self::Known(None), Self::Open)
    }
}

enum Attempt {
    Done(Recalled),
    /// The question's vector is of use: facts are to be chosen, and have vectors.
    Asks,
    /// Facts lack vectors that compare with the question's.
    Lacks,
    /// Somebody changes the view just now.
    Busy,
    Cold,
}

fn attempt(
    place: &Place,
    key: &[u8; 16],
    outline: &Outline,
    request: &RecallRequest<'_>,
    limits: Limits,
    meaning: &Meaning,
) -> Attempt {
    if !place.catch_up() {
        return Attempt::Busy;
    }
    let Some(guard) = place.view.try_read() else { return Attempt::Busy };
    let Some(view) = guard.as_ref().filter(|view| view.key == Some(*key)) else { return Attempt::Cold };
    let vector = match meaning {
        Meaning::Open(model) if recall::chooses(view, key, outline, request) => {
            return if view.is_embedded_by(*model) { Attempt::Asks } else { Attempt::Lacks };
        }
        Meaning::Known(Some(vector)) if !view.has_vectors_of_size(vector.dimensions()) => return Attempt::Lacks,
        Meaning::Known(vector) => vector.as_ref(),
        Meaning::Open(_) => None,
    };
    Attempt::Done(recall::plan(view, key, outline, request, limits, vector))
}
