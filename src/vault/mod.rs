//! Personal upstream keys: sealed in their owner's file, shown to their provider alone.
//!
//! A person has one key for each provider at most. It is a row of the shelf [`Shelf::Keys`]: AES-256-GCM under the key that is derived
//! for this person's records, with a random nonce of 12 bytes for each writing. Associated data are the table, the provider (a hash of its
//! name under the person's own key) and the person (the name of the file, a hash under a secret of the store), so that a row put into another
//! person's file, or into the place of another provider, does not open. Whoever may chat as a person may use the keys of that person: the scope
//! is the one capability, and the trust ratchet guards it here as it does memory.
//!
//! What cannot be read is an error, and never an absent key: for want of the person's own key a chat would go to another account.

mod embedding;
mod entry;
mod resolution;
mod settings;
#[cfg(test)]
mod tests;
mod throttle;

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use thiserror::Error;

use crate::enforce::UserScope;
use crate::setting::Secret;
use crate::store::{Batch, PerUser, Shelf, ShelfChange, Store, StoreError};

pub use embedding::{Lender, embedding_key};
pub use entry::{KeyFault, PersonalKey, TestResult, Tested, check};
pub use resolution::{KeySource, Person, Step, Switches, Terms, Verdict, resolve};
pub use settings::{Switch, VaultFile, VaultSettings};
use throttle::Throttle;

/// People whose keys are in RAM, at most. Whoever was away longest is read anew.
const CACHED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Bytes of one person's keys together, names included: what all of those may take stays bounded.
const MOST_BYTES: usize = 64 << 10;

/// Why a key was not stored.
#[derive(Debug, Error)]
pub enum VaultError {
    #[error("the person's keys take more room than they may")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One person's keys, by provider.
#[derive(Debug, Default)]
pub struct Keys(Vec<Arc<PersonalKey>>);

impl Keys {
    /// The key for a provider.
    #[must_use]
    pub fn get(&self, provider: &str) -> Option<&Arc<PersonalKey>> {
        let at = self.0.binary_search_by(|key| key.provider.as_ref().cmp(provider)).ok()?;
        self.0.get(at)
    }

    /// In the order of their providers' names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PersonalKey>> {
        self.0.iter()
    }

    fn with(&self, key: Arc<PersonalKey>) -> Self {
        let mut keys: Vec<_> = self.0.iter().filter(|old| old.provider != key.provider).cloned().collect();
        keys.push(key);
        keys.sort_by(|a, b| a.provider.cmp(&b.provider));
        Self(keys)
    }

    fn without(&self, provider: &str) -> Self {
        Self(self.0.iter().filter(|key| &*key.provider != provider).cloned().collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|key| key.provider.len() + key.secret.expose().len()).sum()
    }
}

/// Everybody's keys, each reached with its owner's scope alone.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    cache: PerUser<Keys>,
    throttle: Throttle,
}

impl Vault {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, cache: PerUser::new(CACHED), throttle: Throttle::new() }
    }

    /// The person's keys, if they are in RAM. Never waits.
    pub fn peek(&self, scope: &UserScope) -> Option<Arc<Keys>> {
        self.cache.peek(&self.store, scope)
    }

    /// The person's keys. Blocks on the disk.
    ///
    /// # Errors
    /// When they cannot be read, or one of them was not sealed for this person and provider.
    pub fn load(&self, scope: &UserScope) -> Result<Arc<Keys>, StoreError> {
        self.cache.get(&self.store, scope, || self.read(scope))
    }

    /// Stores a key, in the place of the one that was there. `true`: there was one, be it one that could not be read. Blocks on the disk;
    /// lasting on return.
    ///
    /// # Errors
    /// When there is no room, then what was there stays; when the disk fails; and while another key of the person's cannot be read.
    pub fn put(
        &self,
        scope: &UserScope,
        provider: &str,
        secret: Secret,
        now_ms: i64,
    ) -> Result<(Arc<PersonalKey>, bool), VaultError> {
        let key = Arc::new(PersonalKey::new(provider, secret, now_ms));
        self.cache.change(
            &self.store,
            scope,
            || self.read_or_mend(scope, || self.write(scope, &key)),
            |keys, _| {
                let new = keys.with(Arc::clone(&key));
                if new.bytes() > MOST_BYTES {
                    return Ok((None, Err(VaultError::Full)));
                }
                self.write(scope, &key)?;
                Ok((Some(new), Ok((Arc::clone(&key), keys.get(provider).is_some()))))
            },
        )?
    }

    /// Ends a key, be it one that cannot be read. `false`: there was none. Blocks on the disk; lasting on return.
    ///
    /// # Errors
    /// When the disk fails, and while another key of the person's cannot be read.
    pub fn delete(&self, scope: &UserScope, provider: &str) -> Result<bool, StoreError> {
        let mended = Cell::new(false);
        let remove = || {
            let shelves = vec![ShelfChange::remove(Shelf::Keys, provider)];
            self.store.commit(scope, Batch { shelves, ..Batch::default() })
        };
        self.cache.change(
            &self.store,
            scope,
            || self.read_or_mend(scope, || remove().map(|()| mended.set(true))),
            |keys, _| {
                if keys.get(provider).is_none() {
                    return Ok((None, mended.get()));
                }
                remove()?;
                Ok((Some(keys.without(provider)), true))
            },
        )
    }

    /// Notes what a test of `key` came to, unless another key has taken its place meanwhile. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note_test(&self, scope: &UserScope, key: &PersonalKey, tested: Tested) -> Result<(), StoreError> {
        self.cache.change(
            &self.store,
            scope,
            || self.read(scope),
            |keys, epoch| {
                let Some(current) = keys.get(&key.provider).filter(|current| current.secret == key.secret) else {
                    return Ok((None, ()));
                };
                let current = Arc::new(PersonalKey { tested: Some(tested), ..PersonalKey::clone(current) });
                self.store.commit_in(scope, epoch, batch_of(&current))?;
                Ok((Some(keys.with(current)), ()))
            },
        )
    }

    /// Takes one of the person's few tests of a minute; or says in how many seconds there is one again.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn take_test(&self, scope: &UserScope, now_ms: i64) -> Result<(), u64> {
        self.throttle.take(self.store.file_id(scope.user()), now_ms)
    }

    /// Wipes what is in RAM of an erased person. What an answer under way still holds ends with it.
    pub fn forget(&self, scope: &UserScope) {
        self.cache.forget(&self.store, scope);
    }

    fn read(&self, scope: &UserScope) -> Result<Keys, StoreError> {
        let rows = self.store.shelf(scope, Shelf::Keys, None)?;
        let keys: Result<Vec<_>, _> = rows.iter().map(|row| PersonalKey::decode(&row.name, &row.value).map(Arc::new)).collect();
        let mut keys = keys?;
        keys.sort_by(|a, b| a.provider.cmp(&b.provider));
        Ok(Keys(keys))
    }

    /// Reads, and where a damaged row is in the way lets the person's own act put something else, or nothing, in its place first.
    fn read_or_mend(&self, scope: &UserScope, mend: impl FnOnce() -> Result<(), StoreError>) -> Result<Keys, StoreError> {
        match self.read(scope) {
            Err(StoreError::Sealed | StoreError::Malformed) => mend().and_then(|()| self.read(scope)),
            read => read,
        }
    }

    fn write(&self, scope: &UserScope, key: &PersonalKey) -> Result<(), StoreError> {
        self.store.commit(scope, batch_of(key))
    }
}

fn batch_of(key: &PersonalKey) -> Batch {
    Batch { shelves: vec![ShelfChange::put(Shelf::Keys, &key.provider, key.encode())], ..Batch::default() }
}

impl PersonalKey {
    /// Notes that it was shown to its provider.
    pub fn note_use(&self, now_ms: i64) {
        self.used_at.store(now_ms, Ordering::Relaxed);
    }
}
