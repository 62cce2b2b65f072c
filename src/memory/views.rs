//! The views in RAM: bounded by users and bytes, loaded on first use, each shared by everybody who works on that user.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use lru::LruCache;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::view::View;
use crate::enforce::UserScope;
use crate::ids::{TenantId, UserId};
use crate::store::{Injection, Store, StoreError};

/// One user's place in RAM.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) view: RwLock<Option<View>>,
    /// Held from reading the view over the commit to changing the view: changes of one user follow each other.
    pub(super) writer: Mutex<()>,
    pub(super) loading: AtomicBool,
    /// Loads that failed, and a bell for whoever waits for one to end.
    pub(super) failures: AtomicU64,
    pub(super) loaded: Notify,
    bytes: AtomicUsize,
    /// The longest life of a fact in milliseconds; 0: none.
    retention: AtomicU64,
    /// Injections that found the view held by others.
    waiting: Mutex<Vec<Injection>>,
}

impl Place {
    /// Notes injections in the view or, while others hold it, for whoever chooses next.
    pub(super) fn note(&self, injections: &[Injection]) {
        self.waiting.lock().extend_from_slice(injections);
        self.catch_up();
    }

    /// Takes what waits into the view. False while others hold it.
    pub(super) fn catch_up(&self) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return true;
        }
        let Some(mut guard) = self.view.try_write() else { return false };
        if let Some(view) = guard.as_mut() {
            for injection in waiting.drain(..) {
                view.note(injection);
            }
            self.measure(view);
        }
        waiting.clear();
        true
    }

    /// Drops what is in RAM: it is no longer what is on the disk.
    pub(super) fn forget(&self) {
        let mut waiting = self.waiting.lock();
        *self.view.write() = None;
        waiting.clear();
    }

    /// Reads the user's file unless that was done. Blocks on the disk.
    pub(super) fn load(&self, store: &Store, scope: &UserScope) -> Result<(), StoreError> {
        let _writer = self.writer.lock();
        self.load_locked(store, scope)
    }

    /// As [`Place::load`], for the holder of the writer's lock.
    pub(super) fn load_locked(&self, store: &Store, scope: &UserScope) -> Result<(), StoreError> {
        let key = match store.hash_key(scope) {
            Ok(key) => Some(key),
            Err(StoreError::NotEnrolled) => None,
            Err(error) => return Err(error),
        };
        let retention = i64::try_from(self.retention.load(Ordering::Relaxed)).ok().filter(|retention| *retention > 0);
        let held = self.view.read().as_ref().filter(|view| view.key == key).map(View::retention);
        if let Some(before) = held {
            if before != retention {
                self.view.write().iter_mut().for_each(|view| view.keep_for(retention));
            }
            return Ok(());
        }
        let mut view = View::of(store.load(scope)?, key);
        view.keep_for(retention);
        self.measure(&view);
        *self.view.write() = Some(view);
        Ok(())
    }

    pub(super) fn measure(&self, view: &View) {
        self.bytes.store(view.bytes(), Ordering::Relaxed);
    }
}

/// Tells those who wait for a load that it ended, even by a panic.
pub(super) struct LoadEnd<'a>(pub(super) &'a Place);

impl Drop for LoadEnd<'_> {
    fn drop(&mut self) {
        self.0.loading.store(false, Ordering::Release);
        self.0.loaded.notify_waiters();
    }
}

#[derive(Debug)]
pub(super) struct Views {
    places: Mutex<LruCache<UserId, Arc<Place>>>,
    max_users: usize,
    max_bytes: usize,
    retention: Mutex<HashMap<TenantId, Duration>>,
}

impl Views {
    pub(super) fn new(max_users: usize, max_bytes: usize, retention: HashMap<TenantId, Duration>) -> Self {
        Self { places: Mutex::new(LruCache::unbounded()), max_users, max_bytes, retention: Mutex::new(retention) }
    }

    /// Changes the longest life of facts by tenant. What is in RAM follows with its person's next change.
    pub(super) fn set_retention(&self, retention: HashMap<TenantId, Duration>) {
        let places = self.places.lock();
        *self.retention.lock() = retention;
        for (user, place) in places.iter() {
            place.retention.store(self.retention_of(user), Ordering::Relaxed);
        }
    }

    fn retention_of(&self, user: &UserId) -> u64 {
        let span = self.retention.lock().get(user.tenant()).copied().unwrap_or_default();
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
    }

    /// The user's place; made empty on first use.
    pub(super) fn place(&self, user: &UserId) -> Arc<Place> {
        let mut places = self.places.lock();
        if let Some(place) = places.get(user) {
            return place.clone();
        }
        let place = Arc::new(Place { retention: AtomicU64::new(self.retention_of(user)), ..Place::default() });
        places.put(user.clone(), place.clone());
        Self::trim(&mut places, self.max_users, self.max_bytes);
        place
    }

    /// The user's place where there is one.
    pub(super) fn peek(&self, user: &UserId) -> Option<Arc<Place>> {
        self.places.lock().get(user).cloned()
    }

    /// The places of a tenant's users.
    pub(super) fn places_of(&self, tenant: &TenantId) -> Vec<Arc<Place>> {
        let places = self.places.lock();
        places.iter().filter(|(user, _)| user.tenant() == tenant).map(|(_, place)| Arc::clone(place)).collect()
    }

    /// Drops what is beyond the bounds. To be called when a view has grown.
    pub(super) fn shrink(&self) {
        Self::trim(&mut self.places.lock(), self.max_users, self.max_bytes);
    }

    /// Number of users in RAM, and their approximate bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let places = self.places.lock();
        (places.len(), places.iter().map(|(_, place)| place.bytes.load(Ordering::Relaxed)).sum())
    }

    /// The user who was away longest goes first, but nobody whose place is in use: a second place for the same user would
    /// miss what is written through the first. References are only handed out under the lock, so counting them is safe.
    fn trim(places: &mut LruCache<UserId, Arc<Place>>, max_users: usize, max_bytes: usize) {
        let mut bytes: usize = places.iter().map(|(_, place)| place.bytes.load(Ordering::Relaxed)).sum();
        let mut tries = places.len();
        while places.len() > 1 && tries > 0 && (places.len() > max_users || bytes > max_bytes) {
            tries -= 1;
            let Some((user, place)) = places.pop_lru() else { break };
            if Arc::strong_count(&place) > 1 {
                places.put(user, place);
            } else {
                bytes = bytes.saturating_sub(place.bytes.load(Ordering::Relaxed));
            }
        }
    }
}
