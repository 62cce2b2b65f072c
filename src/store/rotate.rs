//! A new master key in the place of the present one, while requests go on.
//!
//! No user's file is touched: what changes is how the registry is sealed, and how it wraps data keys. Where the key is memgate's own file:
//! 1. The new key is written beside `master.key`, and lasts.
//! 2. The registry is written anew under it and renamed into its place: this is when the rotation holds.
//! 3. The new key is renamed to `master.key`.
//!
//! A crash leaves one of the two keys as the one that opens the registry, and the next start finds out which.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::keys::{Key, MasterKey};
use super::seal::random_key;
use super::{Store, StoreError, master};
use crate::setting::Secret;

/// Where the master key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// `master.key` in the storage directory.
    File,
    /// `storage.master_key` of the configuration: what it names must be changed by hand after a rotation.
    Configured,
}

/// What came of asking for a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// False: the key that was handed in is the one in use.
    pub replaced: bool,
    /// Users whose data keys are wrapped by it.
    pub users: u64,
    pub source: KeySource,
}

impl Store {
    /// Replaces the master key: by this one of 32 bytes, or by a random one. Lasting on return. Enrolments wait for it, reads do not.
    /// With the key that is in use already, it finishes what an earlier call may have left undone.
    ///
    /// # Errors
    /// When the disk fails, another rotation is under way, or the key comes from the configuration and none was handed in. Should the
    /// disk fail when all is written but `master.key`, the key was replaced all the same: the next call or start puts it there.
    pub fn rotate_master_key(&self, new: Option<&Secret>, now_ms: i64) -> Result<Rotated, StoreError> {
        let _alone = self.0.rotating.try_lock().ok_or(StoreError::RotationRunning)?;
        let (disk, registry, source) = (self.0.disk.as_ref(), &self.0.registry, self.0.key_source);
        let new: Key = match (new, source) {
            (Some(key), _) => key_of(key)?,
            (None, KeySource::File) => random_key()?,
            (None, KeySource::Configured) => return Err(StoreError::MasterKeyWanted),
        };
        // An edition in doubt is decided first: it says which key is in use.
        drop(registry.turn()?);
        if source == KeySource::File {
            master::settle(disk, &registry.master())?;
        }
        let replaced = !registry.master().is(new.as_slice());
        if replaced {
            if source == KeySource::File {
                master::write_aside(disk, &new)?;
            }
            registry.publish(|mut edition| {
                let former = Arc::clone(&edition.master);
                edition.note_former(&former, now_ms)?;
                edition.rewrap(Arc::new(MasterKey::new(new)))
            })?;
            if source == KeySource::File {
                master::put_in_place(disk)?;
            }
        }
        let users = registry.users.iter().filter(|entry| entry.vault.is_some()).count();
        Ok(Rotated { replaced, users: users as u64, source })
    }

    /// Whether this key, of 32 bytes, is the master key in use.
    pub fn is_master_key(&self, key: &Secret) -> bool {
        self.0.registry.master().is(key.expose())
    }
}

/// A master key as settings carry it.
pub(super) fn key_of(secret: &Secret) -> Result<Key, StoreError> {
    secret.expose().try_into().map(Zeroizing::new).map_err(|_| StoreError::WrongMasterKey)
}
