//! Vectors of facts, off the request's path: one call at a time, for one person at a time.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::{Link, clip};
use crate::enforce::{Ticket, UserScope};
use crate::ids::{FactId, UserId};
use crate::memory::Memory;
use crate::memory::recorder::ended;
use crate::memory::view::View;
use crate::store::{Batch, Fact, StoreError};
use crate::telemetry::EmbeddingResult;

/// People whose facts wait for vectors. Beyond it they wait until they come again.
const MOST_WAITING: usize = 4096;
/// Facts of one person that the endpoint may turn down one after the other before it is taken to turn down everything.
const MOST_REFUSED: usize = 3;
/// Calls for one person that may fail before they wait until they come again.
const MOST_FAILURES: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// One person whose facts lack vectors.
struct Want {
    user: UserId,
    ticket: Ticket,
    failures: u32,
    /// A call was turned down: its facts go one by one, until the one is found that is too long for the model, or the like.
    one_by_one: bool,
    /// Those that were turned down, by themselves, since a call went well.
    refused: Vec<FactId>,
}

impl Want {
    fn new(user: UserId, ticket: Ticket) -> Self {
        Self { user, ticket, failures: 0, one_by_one: false, refused: Vec::new() }
    }

    /// How to go on after a call for `facts` was turned down.
    fn turn_down(&mut self, facts: &[Fact]) -> End {
        match facts {
            [fact] => {
                self.refused.push(fact.id);
                self.one_by_one = false;
            }
            _ => self.one_by_one = true,
        }
        if self.refused.len() < MOST_REFUSED { End::More } else { End::Hopeless }
    }
}

/// Those who wait, first come first served.
#[derive(Default)]
pub(super) struct Wanted {
    waiting: Mutex<(VecDeque<Want>, HashSet<UserId>)>,
    bell: Notify,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("waiting", &self.waiting.lock().0.len()).finish_non_exhaustive()
    }
}

impl Wanted {
    fn push(&self, want: Want) {
        let mut waiting = self.waiting.lock();
        let (queue, users) = &mut *waiting;
        if queue.len() < MOST_WAITING && users.insert(want.user.clone()) {
            queue.push_back(want);
            self.bell.notify_one();
        }
    }

    fn pop(&self) -> Option<Want> {
        let mut waiting = self.waiting.lock();
        let want = waiting.0.pop_front()?;
        waiting.1.remove(&want.user);
        Some(want)
    }
}

/// How one call for a person's facts ended.
enum End {
    /// Every fact has its vector.
    Done,
    More,
    /// The endpoint did not answer as it should.
    Failed,
    /// It cannot be done for this person: turned down, erased, or the store fails.
    Hopeless,
}

impl Memory {
    /// Has facts that lack a vector embedded soon, where there is an endpoint.
    pub(in crate::memory) fn want_vectors(&self, scope: &UserScope) {
        if self.embedder.model().is_some() {
            let ticket = self.tickets.issue(scope, None);
            self.embedder.wanted.push(Want::new(scope.user().clone(), ticket));
        }
    }

    /// Embeds facts until `shutdown` turns true. What is left is found again when its person comes. Run it once.
    pub async fn run_embedder(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(mut want) = self.embedder.wanted.pop() else {
                tokio::select! {
                    () = self.embedder.wanted.bell.notified() => continue,
                    () = ended(&mut shutdown) => return,
                }
            };
            let end = tokio::select! {
                end = self.embed_some(&mut want) => end,
                () = ended(&mut shutdown) => return,
            };
            match end {
                End::Done | End::Hopeless => pause = FIRST_PAUSE,
                End::More => {
                    pause = FIRST_PAUSE;
                    self.embedder.wanted.push(want);
                }
                End::Failed => {
                    want.failures += 1;
                    if want.failures < MOST_FAILURES {
                        self.embedder.wanted.push(want);
                    }
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = ended(&mut shutdown) => return,
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn embed_some(self: &Arc<Self>, want: &mut Want) -> End {
        let Some(link) = self.embedder.link.load_full() else { return End::Hopeless };
        let most = if want.one_by_one { 1 } else { link.settings.batch };
        let (memory, linked, held, refused) = (self.clone(), link.clone(), want.ticket.clone(), want.refused.clone());
        let facts = match tokio::task::spawn_blocking(move || memory.lacking(&linked, &held, &refused, most)).await {
            Ok(Ok(facts)) if facts.is_empty() => return End::Done,
            Ok(Ok(facts)) => facts,
            Ok(Err(_)) | Err(_) => return End::Hopeless,
        };
        let texts: Vec<&str> = facts.iter().map(|fact| clip(&fact.text)).collect();
        let vectors = match self.embedder.call(&link, &texts).await {
            Ok(vectors) => vectors,
            Err(result) => {
                self.meter.count(|metrics| metrics.count_batch(result, 0));
                return if result == EmbeddingResult::Rejected { want.turn_down(&facts) } else { End::Failed };
            }
        };
        link.refuse(want.refused.drain(..));
        let embeddings = link.label(&facts, &vectors);
        let (memory, held, stored) = (self.clone(), want.ticket.clone(), embeddings.len() as u64);
        let kept = tokio::task::spawn_blocking(move || {
            let Ok((scope, _)) = memory.tickets.redeem(&held) else { return Err(StoreError::Malformed) };
            memory.keep_vectors(&scope, Batch { embeddings, ..Batch::default() })?;
            memory.views.shrink();
            Ok(())
        });
        if !matches!(kept.await, Ok(Ok(()))) {
            return End::Hopeless;
        }
        self.meter.count(|metrics| metrics.count_batch(EmbeddingResult::Ok, stored));
        if facts.len() < most { End::Done } else { End::More }
    }

    /// Some facts of a person that lack a vector and may be sent, but for those that were turned down.
    fn lacking(&self, link: &Link, ticket: &Ticket, refused: &[FactId], most: usize) -> Result<Vec<Fact>, StoreError> {
        let (scope, _) = self.tickets.redeem(ticket).map_err(|_| StoreError::Malformed)?;
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, &scope)?;
        if let Some(view) = place.view.write().as_mut() {
            view.adopt_vectors_of(link.model);
            let size = link.dimensions.load(Ordering::Relaxed);
            if size != 0 && !view.has_vectors_of_size(size) {
                view.clear_endpoint();
            }
            place.measure(view);
        }
        let guard = place.view.read();
        let facts = guard.iter().flat_map(View::lacking_endpoint);
        let facts = facts.filter(|fact| !link.settings.never_send.contains(&fact.kind) && !fact.text.trim().is_empty());
        let facts = facts.filter(|fact| !refused.contains(&fact.id) && !link.refuses(fact.id));
        Ok(facts.take(most).cloned().collect())
    }

    /// Keeps vectors of facts that are still there.
    fn keep_vectors(&self, scope: &UserScope, mut batch: Batch) -> Result<(), StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, scope)?;
        if let Some(view) = place.view.read().as_ref() {
            batch.embeddings.retain(|embedding| view.fact(embedding.fact).is_some());
        }
        self.commit(scope, &place, batch)
    }
}
