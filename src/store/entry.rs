//! What the registry holds of a user, a per-user key and a tenant: in memory, and as records.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::keys::{Key, MasterKey, WrappingKey};
use super::seal::{FileId, UserSeal, opaque, random_key};
use crate::identity::Assurance;
use crate::ids::{KeyId, RequestId, TenantId, UserId};
use crate::policy::Standing;

/// A user as the registry keeps it, sealed. Of an erased user nothing stays but the standing, under the hashed name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct UserRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The wrapped data key, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub created: i64,
    pub ratchet: Option<Assurance>,
    pub known: bool,
    pub sandbox: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erasure>,
}

/// When a user's memory was last erased, and by which request: the receipt's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub receipt: RequestId,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
}

/// A per-user key as it is listed. The key itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserKeyRecord {
    pub id: KeyId,
    pub user: UserId,
    /// What the operator calls it.
    #[serde(default)]
    pub label: String,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was revoked; it opens nothing since.
    #[serde(default)]
    pub revoked_at: Option<i64>,
    /// The last four characters of the key, to tell keys apart by.
    #[serde(default)]
    pub hint: String,
}

/// An enrolled user in memory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub standing: Standing,
    pub sandbox: bool,
    pub created: i64,
    /// `None`: erased.
    pub vault: Option<Arc<Vault>>,
    pub erased: Option<Erasure>,
}

impl Entry {
    /// Whose it is; nothing once the user was erased.
    pub fn named(&self) -> Option<&UserId> {
        self.vault.as_ref().map(|vault| &vault.user)
    }

    /// The record to be written. The user is named only while there is a key.
    pub fn record(&self) -> UserRecord {
        UserRecord {
            user: self.vault.as_ref().map(|vault| vault.user.clone()),
            key: self.vault.as_ref().map(|vault| hex::encode(&vault.wrapped)),
            created: self.created,
            ratchet: self.standing.ratchet,
            known: self.standing.known,
            sandbox: self.sandbox,
            erased: self.erased,
        }
    }

    /// `wrapping` finds what a data key is wrapped with.
    pub fn from_record(
        record: UserRecord,
        wrapping: impl FnOnce(&UserId, &[u8]) -> Result<Arc<WrappingKey>, StoreError>,
    ) -> Result<Self, StoreError> {
        let UserRecord { user, key, created, ratchet, known, sandbox, erased } = record;
        let vault = match (user, key) {
            (Some(user), Some(key)) => {
                let wrapped = hex::decode(key).map_err(|_| StoreError::Malformed)?;
                let wrapping = wrapping(&user, &wrapped)?;
                Some(Arc::new(Vault { user, wrapped, wrapping, seal: OnceLock::new() }))
            }
            (None, None) => None,
            _ => return Err(StoreError::Malformed),
        };
        Ok(Self { standing: Standing { known, ratchet }, sandbox, created, vault, erased })
    }
}

/// A wrapped data key with what it is wrapped with, and what it gives once unwrapped.
pub(super) struct Vault {
    user: UserId,
    wrapped: Vec<u8>,
    wrapping: Arc<WrappingKey>,
    seal: OnceLock<Arc<UserSeal>>,
}

impl Vault {
    /// A fresh data key.
    pub fn make(user: &UserId, file: &FileId, wrapping: Arc<WrappingKey>) -> Result<Self, StoreError> {
        let wrapped = wrapping.wrap(user, file, &random_key()?)?;
        Ok(Self { user: user.clone(), wrapped, wrapping, seal: OnceLock::new() })
    }

    /// The same data key, wrapped anew.
    pub fn rewrap(&self, file: &FileId, wrapping: Arc<WrappingKey>) -> Result<Self, StoreError> {
        let data = self.wrapping.unwrap(&self.user, file, &self.wrapped)?;
        let wrapped = wrapping.wrap(&self.user, file, &data)?;
        Ok(Self { user: self.user.clone(), wrapped, wrapping, seal: self.seal.clone() })
    }

    pub fn unwrap(&self, file: &FileId) -> Result<Arc<UserSeal>, StoreError> {
        if let Some(seal) = self.seal.get() {
            return Ok(seal.clone());
        }
        let data = self.wrapping.unwrap(&self.user, file, &self.wrapped)?;
        Ok(self.seal.get_or_init(|| UserSeal::of(&data).into()).clone())
    }

    pub fn user(&self) -> &UserId {
        &self.user
    }
}

/// A tenant: its secret, without which no data key of its users can be unwrapped.
pub(super) struct Tenant {
    secret: Key,
    /// Milliseconds since the Unix epoch.
    pub created: i64,
    pub wrapping: Arc<WrappingKey>,
    /// Whether it is on the disk.
    lasting: AtomicBool,
}

impl Tenant {
    /// A new one, not yet on the disk.
    pub fn fresh(master: &MasterKey, now_ms: i64) -> Result<Self, StoreError> {
        Ok(Self::new(master, random_key()?, now_ms, false))
    }

    fn new(master: &MasterKey, secret: Key, created: i64, lasting: bool) -> Self {
        let wrapping = Arc::new(master.tenant_key(&secret));
        Self { secret, created, wrapping, lasting: AtomicBool::new(lasting) }
    }

    /// The same tenant under another master key.
    pub fn under(&self, master: &MasterKey) -> Self {
        Self::new(master, self.secret.clone(), self.created, true)
    }

    pub fn is_lasting(&self) -> bool {
        self.lasting.load(Ordering::Acquire)
    }

    pub fn mark_lasting(&self) {
        self.lasting.store(true, Ordering::Release);
    }

    /// The secret, when it was made, the name.
    pub fn encode(&self, tenant: &TenantId) -> Zeroizing<Vec<u8>> {
        let mut plain = Zeroizing::new(Vec::with_capacity(40 + tenant.as_str().len()));
        plain.extend_from_slice(self.secret.as_slice());
        plain.extend_from_slice(&self.created.to_be_bytes());
        plain.extend_from_slice(tenant.as_str().as_bytes());
        plain
    }

    pub fn decode(plain: &[u8], master: &MasterKey) -> Option<(TenantId, Self)> {
        let (secret, rest) = plain.split_first_chunk::<32>()?;
        let (created, name) = rest.split_first_chunk()?;
        let tenant = TenantId::try_from(std::str::from_utf8(name).ok()?.to_owned()).ok()?;
        Some((tenant, Self::new(master, Zeroizing::new(*secret), i64::from_be_bytes(*created), true)))
    }
}

opaque!(Vault, Tenant);
