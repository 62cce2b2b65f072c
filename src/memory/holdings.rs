//! What upstreams keep for a user, by id: who may name it in a later request.
//!
//! An id is noted as a hash under the user's own key, together with its upstream. So one set in RAM serves everybody: a hash that is in
//! it is that of its asker, and after an erasure, which changes the key, nothing in it fits any more. A note holds in RAM at once, and
//! in the user's file soon after.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;

use lru::LruCache;
use parking_lot::Mutex;

use super::Memory;
use super::prefix::derive;
use super::recorder::Note;
use crate::enforce::{Ticket, UserScope};
use crate::store::{Holding, PrefixHash, StoreError};

/// Ids that are held in RAM, of all users together.
const IN_RAM: usize = 1 << 16;

/// Notes what an answer leaves at its upstream, for the scope that its request was admitted under.
pub struct Holder {
    ticket: Ticket,
    key: [u8; 16],
}

/// Without the key.
impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Holder")
    }
}

/// The newest ids of all users, and when each was noted.
#[derive(Debug)]
pub(super) struct Held(Mutex<LruCache<PrefixHash, i64>>);

impl Held {
    pub(super) fn new() -> Self {
        Self(Mutex::new(NonZeroUsize::new(IN_RAM).map_or_else(LruCache::unbounded, LruCache::new)))
    }
}

impl Memory {
    /// Who notes what is kept for a user. `None` for a user without a data key: nothing can be kept apart for them.
    #[must_use]
    pub fn holder(&self, scope: &UserScope) -> Option<Holder> {
        let key = self.store.hash_key(scope).ok()?;
        Some(Holder { ticket: self.tickets.issue(scope, None), key })
    }

    /// Notes that an upstream keeps these ids for a user. They may be named at once; the disk follows. `now` is in milliseconds since
    /// the Unix epoch.
    pub fn hold<'a>(&self, holder: &Holder, upstream: &str, ids: impl IntoIterator<Item = &'a str>, now: i64) {
        let mut held = self.held.0.lock();
        let names = ids.into_iter().map(|id| name(&holder.key, upstream, id));
        let fresh: Vec<Holding> =
            names.filter(|name| held.put(*name, now).is_none()).map(|name| Holding { name, at: now }).collect();
        drop(held);
        if fresh.is_empty() {
            return;
        }
        let note = Note { ticket: holder.ticket.clone(), injections: Vec::new(), holdings: fresh, key: Some(holder.key) };
        if self.notes.try_send(note).is_err() {
            self.counters.injections_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether an upstream keeps all of these ids for this user. Answers from RAM where they are new; else it reads the user's file,
    /// which takes the same time for an id of somebody else and for one that never was.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn holds(&self, scope: &UserScope, upstream: &str, ids: &[&str], now: i64) -> Result<bool, StoreError> {
        let key = match self.store.hash_key(scope) {
            Err(StoreError::NotEnrolled) => return Ok(ids.is_empty()),
            key => key?,
        };
        let is_fresh = |at: i64| at > now - Holding::LIFETIME;
        let mut names: Vec<PrefixHash> = ids.iter().map(|id| name(&key, upstream, id)).collect();
        let mut held = self.held.0.lock();
        names.retain(|name| !held.get(name).is_some_and(|at| is_fresh(*at)));
        drop(held);
        if names.is_empty() {
            return Ok(true);
        }
        let kept = self.store.holdings(scope)?;
        let mut held = self.held.0.lock();
        for holding in kept.into_iter().filter(|holding| is_fresh(holding.at)) {
            if let Some(at) = names.iter().position(|name| *name == holding.name) {
                held.put(holding.name, holding.at);
                names.swap_remove(at);
            }
        }
        Ok(names.is_empty())
    }
}

fn name(key: &[u8; 16], upstream: &str, id: &str) -> PrefixHash {
    derive(key, "held", &[upstream.as_bytes(), id.as_bytes()])
}
