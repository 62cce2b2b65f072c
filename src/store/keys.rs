//! Keys, from the master key down.
//!
//! ```text
//! master key ─┬──────────────────► registry key: seals every record of the registry, tenants' secrets and the naming secret among them
//!             └ + tenant's secret ► tenant key ► a wrapping key for each user ► wraps that user's random data key
//! naming secret ─────────────────► names of users' files and of tenants' rows, the keys of tickets, budgets and the audit log
//! ```
//!
//! What must outlive a rotation of the master key hangs beneath the naming secret, or beneath the data keys.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::error::StoreError;
use super::seal::{FileId, Place, SealKey, derive, opaque, random_key};
use crate::ids::{TenantId, UserId};

/// 256 secret bits. Wiped on drop.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// The master key, and the key of the registry that comes from it.
pub(super) struct MasterKey {
    key: Key,
    pub registry: SealKey,
}

impl MasterKey {
    pub fn new(key: Key) -> Self {
        let registry = SealKey::new(derive(&key, "memgate registry v1", &[]));
        Self { key, registry }
    }

    /// Whether these are its bytes. Takes the same time for every key.
    pub fn is(&self, other: &[u8]) -> bool {
        self.key.as_slice().ct_eq(other).into()
    }

    /// What wraps the data keys of a tenant's users.
    pub fn tenant_key(&self, secret: &Key) -> WrappingKey {
        WrappingKey { version: Wrapped::Tenant, key: derive(&self.key, "memgate tenant v1", secret.as_slice()) }
    }

    /// What wrapped data keys before tenants had secrets.
    pub fn first_wrapping_key(&self) -> WrappingKey {
        WrappingKey { version: Wrapped::First, key: self.key.clone() }
    }

    /// The naming secret of registries that were made before there was one.
    pub fn first_naming(&self) -> Naming {
        Naming(self.key.clone())
    }
}

/// How a data key is wrapped. The first byte of the wrapped form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// Under the master key and the user's id. The byte is that of a sealed record.
    First = 1,
    /// Under the master key, the tenant's secret and the user's id.
    Tenant = 2,
}

impl Wrapped {
    pub fn of(wrapped: &[u8]) -> Result<Self, StoreError> {
        match wrapped.first() {
            Some(1) => Ok(Self::First),
            Some(2) => Ok(Self::Tenant),
            Some(_) => Err(StoreError::Newer),
            None => Err(StoreError::Malformed),
        }
    }
}

/// What data keys are wrapped with; each user has a key of their own beneath it.
pub(super) struct WrappingKey {
    version: Wrapped,
    key: Key,
}

impl WrappingKey {
    pub fn wrap(&self, user: &UserId, file: &FileId, data: &Key) -> Result<Vec<u8>, StoreError> {
        let sealed = self.of_user(user).seal(place(file), data.as_slice())?;
        Ok(match self.version {
            Wrapped::First => sealed,
            version @ Wrapped::Tenant => [&[version as u8], sealed.as_slice()].concat(),
        })
    }

    pub fn unwrap(&self, user: &UserId, file: &FileId, wrapped: &[u8]) -> Result<Key, StoreError> {
        if Wrapped::of(wrapped)? != self.version {
            return Err(StoreError::Sealed);
        }
        let sealed = match self.version {
            Wrapped::First => wrapped,
            Wrapped::Tenant => wrapped.get(1..).unwrap_or_default(),
        };
        let plain = Zeroizing::new(self.of_user(user).open(place(file), sealed)?);
        plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| StoreError::Sealed)
    }

    fn of_user(&self, user: &UserId) -> SealKey {
        let label = match self.version {
            Wrapped::First => "memgate wrapping v1",
            Wrapped::Tenant => "memgate wrapping v2",
        };
        SealKey::new(derive(&self.key, label, &user.encode()))
    }
}

fn place(file: &FileId) -> Place<'_> {
    Place { table: "data key", key: &[], file }
}

/// What names come from. It stays when the master key is replaced.
#[derive(Clone)]
pub(super) struct Naming(Key);

impl Naming {
    pub fn fresh() -> Result<Self, StoreError> {
        random_key().map(Self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        bytes.try_into().map(|key| Self(Zeroizing::new(key))).map_err(|_| StoreError::Malformed)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub fn file_id(&self, user: &UserId) -> FileId {
        FileId(*derive(&self.0, "memgate file name v1", &user.encode()))
    }

    /// The key of a tenant's row.
    pub fn tenant_row(&self, tenant: &TenantId) -> [u8; 32] {
        *derive(&self.0, "memgate tenant row v1", tenant.as_str().as_bytes())
    }

    pub fn ticket_key(&self) -> [u8; 32] {
        *derive(&self.0, "memgate ticket v1", &[])
    }

    /// The secret that the audit log is chained with.
    pub fn audit_key(&self) -> [u8; 32] {
        *derive(&self.0, "memgate audit v1", &[])
    }

    /// The key of the hashes under which budgets are counted.
    pub fn budget_key(&self) -> [u8; 32] {
        *derive(&self.0, "memgate budget v1", &[])
    }
}

opaque!(MasterKey, WrappingKey, Naming);

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_data_key_opens_for_its_user_alone_and_under_its_keys_alone() {
        let naming = Naming::from_bytes(&[3; 32]).unwrap();
        let (a, b) = (UserId::parse("acme:bob").unwrap(), UserId::parse("beta:bob").unwrap());
        let (file, data) = (naming.file_id(&a), Zeroizing::new([5; 32]));
        assert_ne!(file, naming.file_id(&b));
        let secret = |byte| Zeroizing::new([byte; 32]);
        let keys = [
            master(7).tenant_key(&secret(1)),
            master(7).tenant_key(&secret(2)),
            master(8).tenant_key(&secret(1)),
            master(7).first_wrapping_key(),
            master(8).first_wrapping_key(),
        ];
        for (own, key) in keys.iter().enumerate() {
            let wrapped = key.wrap(&a, &file, &data).unwrap();
            assert_eq!(key.unwrap(&a, &file, &wrapped).unwrap(), data);
            assert!(key.unwrap(&b, &file, &wrapped).is_err());
            assert!(key.unwrap(&a, &naming.file_id(&b), &wrapped).is_err());
            for (other, key) in keys.iter().enumerate() {
                assert_eq!(key.unwrap(&a, &file, &wrapped).is_ok(), own == other, "{own} by {other}");
            }
        }
    }

    #[test]
    fn other_versions_are_told_apart() {
        assert!(matches!(Wrapped::of(&[9, 0]), Err(StoreError::Newer)));
        assert!(matches!(Wrapped::of(&[]), Err(StoreError::Malformed)));
    }

    #[test]
    fn keys_do_not_print() {
        let shown = format!("{:?} {:?} {:?}", master(7), master(7).first_wrapping_key(), master(7).first_naming());
        assert_eq!(shown, "MasterKey(…) WrappingKey(…) Naming(…)");
        assert!(master(7).is(&[7; 32]) && !master(7).is(&[8; 32]) && !master(7).is(&[7; 31]));
    }
}
