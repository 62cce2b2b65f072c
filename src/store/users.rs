//! Enrolment, erasure, the trust ratchet, sandboxes and per-user keys.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::entry::{Entry, Erasure, UserKeyRecord, Vault};
use super::seal::random_key;
use super::{FileId, Store, StoreError};
use crate::enforce::UserScope;
use crate::identity::{Assurance, KeyHash, KeyOwner, UserKeys};
use crate::ids::{KeyId, UserId};
use crate::policy::{Directory, Standing};
use crate::setting::Secret;

/// What every per-user key starts with, so that scanners of leaked secrets know one.
const KEY_PREFIX: &str = "mgk_";
const HINT: usize = 4;

/// What an erasure removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records by table, such as `facts` and `injections`; empty where the file could not be read.
    pub records: BTreeMap<String, u64>,
    /// Bytes on the disk, copies that were set aside among them.
    pub bytes: u64,
}

/// What is made of a user's entry when somebody enrols.
struct Enrolment<'a> {
    user: &'a UserId,
    now_ms: i64,
    sandbox: bool,
    verified: bool,
}

impl Store {
    /// Everybody with a memory, sandboxes too, in no order. Answers from memory.
    pub fn each_user(&self, mut take: impl FnMut(&UserId)) {
        for entry in &self.0.registry.users {
            if let Some(vault) = &entry.vault {
                take(vault.user());
            }
        }
    }

    /// Takes a user in: a data key on first sight, and the ratchet up where the evidence is verified. Lasting on return.
    /// Where nothing changes, which is almost always, it answers from memory.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn enroll(&self, scope: &UserScope, now_ms: i64) -> Result<(), StoreError> {
        let verified = scope.assurance() == Assurance::Verified;
        self.take_in(&Enrolment { user: scope.user(), now_ms, sandbox: scope.is_sandbox(), verified })
    }

    /// Whether [`Store::enroll`] would change nothing. Answers from memory.
    pub fn is_enrolled(&self, scope: &UserScope) -> bool {
        let verified = scope.assurance() == Assurance::Verified;
        let enrolment = Enrolment { user: scope.user(), now_ms: 0, sandbox: scope.is_sandbox(), verified };
        self.0.registry.users.get(&self.file_id(scope.user())).is_some_and(|entry| enrolment.is_reflected_by(&entry))
    }

    fn take_in(&self, enrolment: &Enrolment<'_>) -> Result<(), StoreError> {
        let id = self.file_id(enrolment.user);
        if self.0.registry.users.get(&id).is_some_and(|entry| enrolment.is_reflected_by(&entry)) {
            return Ok(());
        }
        let _gate = self.gate(&id);
        let registry = &self.0.registry;
        let turn = registry.turn()?;
        let entry = self.entry(&id);
        if entry.as_ref().is_some_and(|entry| enrolment.is_reflected_by(entry)) {
            return Ok(());
        }
        let known = entry.is_some() || enrolment.sandbox;
        let mut entry = entry.unwrap_or_else(|| Entry {
            standing: Standing::default(),
            sandbox: enrolment.sandbox,
            created: enrolment.now_ms,
            vault: None,
            erased: None,
        });
        if entry.vault.is_none() {
            if known {
                // What an interrupted erasure left has no key any more.
                self.file(&id).remove()?;
            } else if self.file(&id).set_aside()? {
                tracing::error!("a new user's file was there already, as if the registry were older: it was set aside");
            }
            let tenant = registry.tenant(&turn, enrolment.user.tenant(), enrolment.now_ms)?;
            entry.vault = Some(Vault::make(enrolment.user, &id, tenant.wrapping.clone())?.into());
            entry.created = enrolment.now_ms;
        }
        entry.standing.known |= !enrolment.sandbox;
        if enrolment.verified {
            entry.standing.ratchet = Some(Assurance::Verified);
        }
        registry.put_user(&turn, id, &entry)
    }

    /// Lowers the trust ratchet, so that weaker evidence opens the user's memory again. `false`: it was not above `to`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn lower_ratchet(&self, user: &UserId, to: Option<Assurance>) -> Result<bool, StoreError> {
        let id = self.file_id(user);
        let _gate = self.gate(&id);
        let turn = self.0.registry.turn()?;
        let Some(mut entry) = self.entry(&id).filter(|entry| entry.standing.ratchet > to) else { return Ok(false) };
        entry.standing.ratchet = to;
        self.0.registry.put_user(&turn, id, &entry)?;
        Ok(true)
    }

    /// Forgets a user for good. The data key goes first, which makes the file and every copy of it unreadable, then the file.
    /// The standing stays, under the hashed name: erasing a memory must not open it to weaker evidence. The user may start again.
    ///
    /// # Errors
    /// When the disk fails. Asking again finishes what was begun.
    pub fn erase(&self, scope: &UserScope, erasure: Erasure) -> Result<Erased, StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        let turn = self.0.registry.turn()?;
        // A file that cannot be read is erased all the same.
        let records = self.file(&id).count().unwrap_or_default();
        let bytes = self.file(&id).bytes()?;
        if let Some(entry) = self.entry(&id).filter(|entry| entry.vault.is_some()) {
            // A sandbox's entry goes with its expiry; until then it keeps what was said before from being learned after.
            let entry = Entry { vault: None, erased: Some(erasure), ..entry };
            self.0.registry.put_user(&turn, id, &entry)?;
        }
        self.file(&id).remove()?;
        Ok(Erased { records, bytes })
    }

    /// When the user's memory was last erased, if it ever was. Answers from memory.
    pub fn last_erasure(&self, scope: &UserScope) -> Option<Erasure> {
        self.0.registry.users.get(&self.file_id(scope.user()))?.erased
    }

    /// Erases the sandboxes that were made before a time, and says how many.
    ///
    /// # Errors
    /// When the disk fails; some may be erased by then.
    pub fn expire_sandboxes(&self, before_ms: i64) -> Result<u64, StoreError> {
        let is_due = |entry: &Entry| entry.sandbox && entry.created < before_ms;
        let users = &self.0.registry.users;
        let due: Vec<FileId> = users.iter().filter(|entry| is_due(entry)).map(|entry| *entry.key()).collect();
        let mut expired = 0;
        for id in due {
            let _gate = self.gate(&id);
            let turn = self.0.registry.turn()?;
            if self.entry(&id).as_ref().is_some_and(is_due) {
                self.0.registry.drop_user(&turn, id)?;
                self.file(&id).remove()?;
                expired += 1;
            }
        }
        Ok(expired)
    }

    /// Makes a per-user key. It is returned here and nowhere else; only its hash is kept. Its user becomes known.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn make_user_key(&self, user: &UserId, label: &str, now_ms: i64) -> Result<(KeyId, Secret), StoreError> {
        self.take_in(&Enrolment { user, now_ms, sandbox: false, verified: false })?;
        let (hash, record, key) = fresh_key(user, label, now_ms)?;
        let id = record.id;
        self.0.registry.put_key(&self.0.registry.turn()?, hash, record)?;
        Ok((id, key))
    }

    /// Revokes a per-user key and makes another for the same user under the same label, in one step. Nothing: there is no such key, or it
    /// was revoked before.
    ///
    /// # Errors
    /// When the disk fails; the old key is still good then.
    pub fn rotate_user_key(&self, id: KeyId, now_ms: i64) -> Result<Option<(UserKeyRecord, Secret)>, StoreError> {
        let turn = self.0.registry.turn()?;
        let Some((old_hash, old)) = self.good_key(id) else { return Ok(None) };
        let (hash, record, key) = fresh_key(&old.user, &old.label, now_ms)?;
        let old = UserKeyRecord { revoked_at: Some(now_ms), ..old };
        self.0.registry.put_keys(&turn, [(hash, record.clone()), (old_hash, old)])?;
        Ok(Some((record, key)))
    }

    /// The per-user keys of one user or of all, oldest first. Answers from memory.
    pub fn list_user_keys(&self, user: Option<&UserId>) -> Vec<UserKeyRecord> {
        let keys = self.0.registry.keys.iter();
        let mut records: Vec<_> =
            keys.filter(|key| user.is_none_or(|user| key.user == *user)).map(|key| key.value().clone()).collect();
        records.sort_by_key(|record| (record.created_at, record.id));
        records
    }

    /// Revokes a per-user key. `false`: there is no such key, or it was revoked before.
    ///
    /// # Errors
    /// When the disk fails; the key is still good then.
    pub fn revoke_user_key(&self, id: KeyId, now_ms: i64) -> Result<bool, StoreError> {
        let turn = self.0.registry.turn()?;
        let Some((hash, record)) = self.good_key(id) else { return Ok(false) };
        let record = UserKeyRecord { revoked_at: Some(now_ms), ..record };
        self.0.registry.put_key(&turn, hash, record)?;
        Ok(true)
    }

    /// A key that was not revoked.
    fn good_key(&self, id: KeyId) -> Option<(KeyHash, UserKeyRecord)> {
        let found = self.0.registry.keys.iter().find(|key| key.id == id && key.revoked_at.is_none())?;
        Some((KeyHash(*found.key()), found.value().clone()))
    }

    fn entry(&self, id: &FileId) -> Option<Entry> {
        self.0.registry.users.get(id).map(|entry| entry.value().clone())
    }
}

/// A per-user key: how it is found, how it is listed, and the key itself.
fn fresh_key(user: &UserId, label: &str, now_ms: i64) -> Result<(KeyHash, UserKeyRecord, Secret), StoreError> {
    let random = random_key()?;
    let mut key = Zeroizing::new(String::with_capacity(KEY_PREFIX.len() + 43));
    key.push_str(KEY_PREFIX);
    URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut key);
    let record = UserKeyRecord {
        id: KeyId::fresh(),
        user: user.clone(),
        label: label.to_owned(),
        created_at: now_ms,
        revoked_at: None,
        hint: key[key.len() - HINT..].to_owned(),
    };
    Ok((KeyHash(Sha256::digest(key.as_bytes()).into()), record, Secret::new(key.as_bytes())))
}

impl Enrolment<'_> {
    fn is_reflected_by(&self, entry: &Entry) -> bool {
        entry.vault.is_some()
            && (entry.standing.known || self.sandbox)
            && (entry.standing.ratchet == Some(Assurance::Verified) || !self.verified)
    }
}

impl UserKeys for Store {
    fn owner(&self, hash: &KeyHash) -> Option<KeyOwner> {
        let key = self.0.registry.keys.get(&hash.0).filter(|key| key.revoked_at.is_none())?;
        Some(KeyOwner { id: key.id, user: key.user.clone() })
    }
}

impl Directory for Store {
    fn standing(&self, user: &UserId) -> Standing {
        self.0.registry.users.get(&self.file_id(user)).map(|entry| entry.standing).unwrap_or_default()
    }
}
