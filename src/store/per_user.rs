//! What is kept in RAM of users' shelves, bounded by their number. One place a user, shared by all who work on that user.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use super::{FileId, Store, StoreError};
use crate::enforce::UserScope;

/// Something of each user, read on first use. After an erasure, which changes the user's keys, nothing old is found.
#[derive(Debug)]
pub struct PerUser<T> {
    slots: Mutex<LruCache<FileId, Arc<Slot<T>>>>,
    most: NonZeroUsize,
}

#[derive(Debug)]
struct Slot<T>(Mutex<Option<Held<T>>>);

#[derive(Debug)]
struct Held<T> {
    /// When it was read.
    epoch: Epoch,
    value: Arc<T>,
}

/// The time between two erasures of one user, told by the user's hash key. None for a user who was never enrolled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Epoch(pub(super) Option<[u8; 16]>);

/// Without the key.
impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Epoch").finish_non_exhaustive()
    }
}

impl<T> PerUser<T> {
    /// Of at most this many users.
    #[must_use]
    pub fn new(most: NonZeroUsize) -> Self {
        Self { slots: Mutex::new(LruCache::unbounded()), most }
    }

    /// What is in RAM. Never waits for a disk: while another reads or writes, there is nothing.
    pub fn peek(&self, store: &Store, scope: &UserScope) -> Option<Arc<T>> {
        let file = store.file_id(scope.user());
        let epoch = epoch_of(store, &file).ok()?;
        let slot = Arc::clone(self.slots.lock().get(&file)?);
        let held = slot.0.try_lock()?;
        held.as_ref().filter(|held| held.epoch == epoch).map(|held| Arc::clone(&held.value))
    }

    /// What there is of the user; `load` reads it. Blocks on the disk.
    ///
    /// # Errors
    /// What `load` fails with.
    pub fn get(
        &self,
        store: &Store,
        scope: &UserScope,
        load: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Arc<T>, StoreError> {
        self.change(store, scope, load, |value, _| Ok((None, Arc::clone(value))))
    }

    /// Changes what there is of the user: `change` writes to the disk and says what is there from now on, if that differs. Changes of one
    /// user follow each other. It must write by [`Store::commit_in`] with the epoch that it is given, if it writes anything that it took from
    /// there: an erasure may come in between. Blocks on the disk.
    ///
    /// # Errors
    /// What `load` or `change` fails with. What is in RAM is read anew next time.
    pub fn change<R>(
        &self,
        store: &Store,
        scope: &UserScope,
        load: impl FnOnce() -> Result<T, StoreError>,
        change: impl FnOnce(&Arc<T>, Epoch) -> Result<(Option<T>, R), StoreError>,
    ) -> Result<R, StoreError> {
        let file = store.file_id(scope.user());
        let slot = self.slot(file);
        let mut held = slot.0.lock();
        let epoch = epoch_of(store, &file)?;
        let value = match held.take().filter(|held| held.epoch == epoch) {
            Some(held) => held.value,
            None => Arc::new(load()?),
        };
        let (new, result) = change(&value, epoch)?;
        *held = Some(Held { epoch, value: new.map_or(value, Arc::new) });
        Ok(result)
    }

    /// Drops what is in RAM of an erased user. Waits for who works on that user.
    pub fn forget(&self, store: &Store, scope: &UserScope) {
        let slot = self.slots.lock().peek(&store.file_id(scope.user())).cloned();
        if let Some(slot) = slot {
            slot.0.lock().take();
        }
    }

    /// Number of users in RAM.
    pub fn len(&self) -> usize {
        self.slots.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The user's slot. Who was away longest makes room, but nobody whose slot is in use: a second slot of one user would miss what is
    /// written through the first. Slots are handed out under the lock, so that counting references is safe.
    fn slot(&self, file: FileId) -> Arc<Slot<T>> {
        let mut slots = self.slots.lock();
        let slot = Arc::clone(slots.get_or_insert(file, || Arc::new(Slot(Mutex::new(None)))));
        let mut tries = slots.len();
        while slots.len() > self.most.get() && tries > 0 {
            tries -= 1;
            let Some((file, old)) = slots.pop_lru() else { break };
            if Arc::strong_count(&old) > 1 {
                slots.put(file, old);
            }
        }
        slot
    }
}

/// The key that changes with an erasure; none for a user who was never enrolled.
fn epoch_of(store: &Store, file: &FileId) -> Result<Epoch, StoreError> {
    match store.hash_key_of(file) {
        Ok(key) => Ok(Epoch(Some(key))),
        Err(StoreError::NotEnrolled) => Ok(Epoch(None)),
        Err(error) => Err(error),
    }
}
