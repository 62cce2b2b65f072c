//! Lists of models for a moment: a page asks for them several times at once, and its backend is asked once.
//!
//! A list belongs to the address and the key that it was asked with. What one key sees is never shown to another.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::models::Listed;
use crate::inference::InferenceError;
use crate::provider::ApiKey;

/// How long a list is good, and a failure too: whoever waits for a backend that hangs waits once.
const FRESH: Duration = Duration::from_secs(3);
/// Most lists that are kept. Beyond it each question is asked.
const MOST: usize = 32;

/// What a backend said, or why it said nothing.
pub(super) type Told = Result<Arc<[Listed]>, InferenceError>;

/// Where a list was asked for, and with which key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    address: String,
    key: Option<[u8; 32]>,
}

impl Asked {
    pub(super) fn new(address: &str, key: Option<&ApiKey>) -> Self {
        let digest = |key: &ApiKey| {
            let mut hash = Sha256::new();
            hash.update(key.header.as_str().as_bytes());
            hash.update([0]);
            hash.update(key.value.as_bytes());
            hash.finalize().into()
        };
        Self { address: address.to_owned(), key: key.map(digest) }
    }
}

#[derive(Debug)]
struct Kept {
    since: Instant,
    told: Told,
}

/// Lists of models that were asked for in this moment.
#[derive(Debug)]
pub struct ListCache {
    fresh: Duration,
    slots: DashMap<Asked, Arc<Mutex<Option<Kept>>>>,
}

impl Default for ListCache {
    fn default() -> Self {
        Self { fresh: FRESH, slots: DashMap::new() }
    }
}

impl ListCache {
    /// The list that is kept, or the one that `ask` fetches. Who comes meanwhile waits for it.
    pub(super) async fn get(&self, asked: Asked, ask: impl Future<Output = Told>) -> Told {
        let fresh = |kept: &Kept| kept.since.elapsed() < self.fresh;
        // A slot in use is locked.
        self.slots.retain(|_, slot| slot.try_lock().map_or(true, |kept| kept.as_ref().is_some_and(fresh)));
        if self.slots.len() >= MOST && !self.slots.contains_key(&asked) {
            return ask.await;
        }
        let slot = Arc::clone(&self.slots.entry(asked).or_default());
        let mut kept = slot.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| fresh(kept)) {
            return kept.told.clone();
        }
        let told = ask.await;
        *kept = Some(Kept { since: Instant::now(), told: told.clone() });
        told
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::provider::AuthStyle;
    use crate::setting::Secret;

    fn key(text: &str) -> ApiKey {
        ApiKey::new(Secret::new(text.as_bytes()), AuthStyle::Bearer).unwrap()
    }

    fn cache() -> ListCache {
        ListCache { fresh: Duration::from_hours(1), ..ListCache::default() }
    }

    async fn count(asks: &AtomicUsize) -> Told {
        asks.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Err(InferenceError::Timeout)
    }

    #[tokio::test]
    async fn a_burst_asks_once_and_no_key_sees_what_another_was_told() {
        let (cache, asks) = (cache(), AtomicUsize::new(0));
        let (mine, other) = (key("sk-a"), key("sk-b"));
        let ask = |address, key| cache.get(Asked::new(address, key), count(&asks));
        let (first, second, third) =
            tokio::join!(ask("http://a", Some(&mine)), ask("http://a", Some(&mine)), ask("http://a", Some(&mine)));
        assert!([first, second, third].iter().all(|told| matches!(told, Err(InferenceError::Timeout))));
        assert_eq!(asks.load(Ordering::SeqCst), 1);
        for (address, key, asked) in
            [("http://a", Some(&mine), 1), ("http://a", Some(&other), 2), ("http://a", None, 3), ("http://b", Some(&mine), 4)]
        {
            let _ = ask(address, key).await;
            assert_eq!(asks.load(Ordering::SeqCst), asked, "{address} {key:?}");
        }
    }

    #[tokio::test]
    async fn an_old_list_is_asked_for_again() {
        let (cache, asks) = (ListCache { fresh: Duration::ZERO, ..cache() }, AtomicUsize::new(0));
        for n in 1..=3 {
            let _ = cache.get(Asked::new("http://a", None), count(&asks)).await;
            assert_eq!((asks.load(Ordering::SeqCst), cache.slots.len()), (n, 1));
        }
    }

    #[tokio::test]
    async fn no_more_is_kept_than_there_is_room_for() {
        let (cache, asks) = (cache(), AtomicUsize::new(0));
        for n in 0..2 * MOST {
            let _ = cache.get(Asked::new(&format!("http://{n}"), None), count(&asks)).await;
        }
        assert_eq!((cache.slots.len(), asks.load(Ordering::SeqCst)), (MOST, 2 * MOST));
    }
}
