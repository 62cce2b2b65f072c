//! Vectors from an endpoint that the operator configured.
//!
//! Facts get theirs off the request's path (`worker`), a question within the recall deadline: what comes later is kept for the
//! next time. Nothing here can fail a chat; without an answer in time the facts are found without this endpoint.
//! What goes there is one person's text at a time, and only for scopes that recall.

mod breaker;
mod settings;
mod worker;

use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use lru::LruCache;
use parking_lot::Mutex;
use siphasher::sip::SipHasher13;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::dense::Vector;
use super::meter::Meter;
use super::prefix::derive;
use crate::ids::FactId;
use crate::inference::{Client, InferenceError};
use crate::store::{Embedding, Fact, PrefixHash};
use crate::telemetry::EmbeddingResult;
use breaker::Breaker;
pub use settings::{EmbeddingSettings, EmbeddingsFile, Reached, Upstreams};
pub(in crate::memory) use settings::{check_endpoint, check_model, check_timeout, find_upstream};
use worker::Wanted;

/// Calls under way at once, those for facts among them.
const MOST_CALLS: usize = 8;
/// Vectors of questions that are kept: every person's together, none of them shared.
const CACHED: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
/// Facts that are known to be turned down.
const REFUSED: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
/// Longest text that is sent, in characters: a fact or a question says what it is about before that.
const LONGEST_TEXT: usize = 2000;

/// A model by the hash of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModelId(pub(super) u64);

impl ModelId {
    fn of(name: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }

    /// What a stored vector is known by: it is worth nothing for another model or another text.
    pub(super) fn tag(self, text: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.0, 0);
        hasher.write(text.as_bytes());
        hasher.finish()
    }
}

/// The endpoint as configured, until the configuration changes.
#[derive(Debug)]
struct Link {
    settings: EmbeddingSettings,
    model: ModelId,
    client: Client,
    breaker: Breaker,
    /// The size of the vectors, once one has come; 0 before.
    dimensions: AtomicUsize,
    /// Facts that the endpoint turns down.
    refused: Mutex<LruCache<FactId, ()>>,
}

/// Asks for vectors. One for the process.
#[derive(Debug)]
pub(super) struct Embedder {
    link: ArcSwapOption<Link>,
    calls: Semaphore,
    /// By the hash of the text under its person's own key.
    cache: Mutex<LruCache<PrefixHash, Vector>>,
    wanted: Wanted,
    meter: Meter,
}

impl Default for Embedder {
    fn default() -> Self {
        Self {
            link: ArcSwapOption::empty(),
            calls: Semaphore::new(MOST_CALLS),
            cache: Mutex::new(LruCache::new(CACHED)),
            wanted: Wanted::default(),
            meter: Meter::default(),
        }
    }
}

impl Embedder {
    pub(super) fn new(settings: Option<&EmbeddingSettings>, meter: Meter) -> Self {
        let embedder = Self { meter, ..Self::default() };
        embedder.configure(settings);
        embedder
    }

    /// Asks another endpoint from now on, or none.
    pub(super) fn configure(&self, settings: Option<&EmbeddingSettings>) {
        let before = self.link.load();
        if before.as_ref().map(|link| &link.settings) == settings {
            return;
        }
        let link = settings.and_then(|settings| match Client::new(settings.endpoint.clone(), settings.timeout) {
            Ok(client) => Some(Arc::new(Link {
                model: ModelId::of(&settings.model),
                settings: settings.clone(),
                client,
                breaker: Breaker::default(),
                dimensions: AtomicUsize::new(0),
                refused: Mutex::new(LruCache::new(REFUSED)),
            })),
            Err(error) => {
                tracing::error!(%error, "memory goes on without its embeddings endpoint");
                None
            }
        });
        self.link.store(link);
        self.cache.lock().clear();
    }

    /// The model in use, where there is an endpoint.
    pub(super) fn model(&self) -> Option<ModelId> {
        self.link.load().as_ref().map(|link| link.model)
    }

    /// The vector of a person's question, if it is known or comes in time. `key` is the key of that person's hashes.
    pub(super) async fn embed_question(self: &Arc<Self>, key: &[u8; 16], question: &str, until: Instant) -> Option<Vector> {
        let link = self.link.load_full()?;
        let question = clip(question);
        if question.trim().is_empty() {
            return None;
        }
        let place = derive(key, "question", &[&link.model.0.to_be_bytes(), question.as_bytes()]);
        let known = self.cache.lock().get(&place).cloned();
        let (result, vector) = match known {
            Some(vector) => (EmbeddingResult::Cached, Some(vector)),
            None => self.call_until(link, place, question, until).await,
        };
        self.meter.count(|metrics| metrics.count_question(result));
        vector
    }

    /// A call that goes on when nobody waits for it any more: the next time its answer is there.
    async fn call_until(
        self: &Arc<Self>,
        link: Arc<Link>,
        place: PrefixHash,
        question: &str,
        until: Instant,
    ) -> (EmbeddingResult, Option<Vector>) {
        let (embedder, question) = (self.clone(), question.to_owned());
        let call = tokio::spawn(async move {
            let vectors = embedder.call(&link, &[&question]).await?;
            let vector = vectors.into_iter().next().ok_or(EmbeddingResult::Mismatch)?;
            embedder.cache.lock().put(place, vector.clone());
            Ok(vector)
        });
        match timeout_at(until, call).await {
            Ok(Ok(Ok(vector))) => (EmbeddingResult::Ok, Some(vector)),
            Ok(Ok(Err(result))) => (result, None),
            Ok(Err(_)) => (EmbeddingResult::Error, None),
            Err(_) => (EmbeddingResult::Timeout, None),
        }
    }

    /// One call for texts of one person, unless the endpoint is to be left alone.
    async fn call(&self, link: &Link, texts: &[&str]) -> Result<Vec<Vector>, EmbeddingResult> {
        let Ok(_slot) = self.calls.try_acquire() else { return Err(EmbeddingResult::Skipped) };
        if !link.breaker.admits(Instant::now()) {
            return Err(EmbeddingResult::Skipped);
        }
        let outcome = link.client.embed(&link.settings.model, texts).await;
        let vectors = outcome.and_then(|vectors| link.accept(&vectors));
        // What it was given is at fault, not the endpoint.
        if !matches!(&vectors, Err(error) if error.is_rejection()) {
            link.breaker.record(Instant::now(), vectors.is_ok());
        }
        vectors.map_err(|error| {
            tracing::debug!(%error, "the embeddings endpoint failed");
            match error {
                _ if error.is_rejection() => EmbeddingResult::Rejected,
                InferenceError::Timeout => EmbeddingResult::Timeout,
                InferenceError::Mismatch => EmbeddingResult::Mismatch,
                _ => EmbeddingResult::Error,
            }
        })
    }
}

impl Link {
    /// Vectors of the size that this endpoint's vectors have. The first ones say which that is; where another size keeps
    /// coming, the model has changed behind its name, and the new size is taken.
    fn accept(&self, vectors: &[Vec<f32>]) -> Result<Vec<Vector>, InferenceError> {
        let size = vectors.first().map_or(0, Vec::len);
        let known = self.dimensions.load(Ordering::Relaxed);
        if known != 0 && known != size {
            self.dimensions.store(0, Ordering::Relaxed);
            return Err(InferenceError::Mismatch);
        }
        let vectors = vectors.iter().map(|vector| Vector::of(vector)).collect::<Option<Vec<_>>>();
        let vectors = vectors.ok_or(InferenceError::Mismatch)?;
        self.dimensions.store(size, Ordering::Relaxed);
        Ok(vectors)
    }

    /// Leaves these facts alone until the configuration changes.
    fn refuse(&self, facts: impl Iterator<Item = FactId>) {
        let mut refused = self.refused.lock();
        for id in facts {
            refused.put(id, ());
        }
    }

    fn refuses(&self, fact: FactId) -> bool {
        self.refused.lock().contains(&fact)
    }

    /// The facts of a call, as they are stored.
    fn label(&self, facts: &[Fact], vectors: &[Vector]) -> Vec<Embedding> {
        let labelled = facts.iter().zip(vectors);
        labelled.map(|(fact, v)| Embedding { fact: fact.id, tag: self.model.tag(&fact.text), vector: v.to_bytes() }).collect()
    }
}

fn clip(text: &str) -> &str {
    text.char_indices().nth(LONGEST_TEXT).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
