//! Encryption at rest: AES-256-GCM with a random nonce a record, keys by HMAC-SHA256.
//!
//! Each user has a random data key. It is wrapped by a key derived from the master key and the user's id, and the wrapped
//! form lives in the registry, apart from what it protects: deleting it makes every copy of the user's file unreadable.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::error::StoreError;
use crate::ids::UserId;

/// Layout of a sealed record: this byte, a 12-byte nonce, the ciphertext, a 16-byte tag.
const SEAL_VERSION: u8 = 1;
const NONCE: usize = 12;
const HEAD: usize = 1 + NONCE;

/// The name of a user's file: a keyed hash of the user's id, so that a listing tells nobody who is a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub(super) [u8; 32]);

impl FileId {
    /// Stands in the associated data of records that belong to no user.
    pub(super) const NONE: Self = Self([0; 32]);

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// Where a record stands. It is authenticated with the record, so a record moved elsewhere does not open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub table: &'static str,
    pub key: &'a [u8],
    pub file: &'a FileId,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48 + self.table.len() + self.key.len());
        for part in [self.table.as_bytes(), self.key] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out.extend_from_slice(&self.file.0);
        out
    }
}

fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|_| StoreError::Random)
}

/// 32 secret random bytes.
pub(super) fn random_key() -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut key = Zeroizing::new([0; 32]);
    fill_random(key.as_mut_slice())?;
    Ok(key)
}

/// HMAC-SHA256 of a label and what follows it. No label is a prefix of another.
fn derive(key: &[u8; 32], label: &str, rest: &[u8]) -> Zeroizing<[u8; 32]> {
    // HMAC takes keys of any length, so a fixed one cannot be refused.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { unreachable!("HMAC takes any key") };
    mac.update(label.as_bytes());
    mac.update(&[0]);
    mac.update(rest);
    let mut tag = mac.finalize().into_bytes();
    let mut out = Zeroizing::new([0; 32]);
    out.copy_from_slice(&tag);
    tag.as_mut_slice().zeroize();
    out
}

/// A key that seals and opens records.
pub(super) struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }

    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        fill_random(&mut nonce)?;
        let payload = Payload { msg: plain, aad: &place.associated_data() };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload).map_err(|_| StoreError::Sealed)?;
        let mut out = Vec::with_capacity(HEAD + sealed.len());
        out.push(SEAL_VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.opener().open(place, sealed)
    }

    /// The key made ready to open many records.
    pub fn opener(&self) -> Opener {
        Opener(self.cipher())
    }
}

/// Opens records that one key sealed. Its key schedule is computed once.
pub(super) struct Opener(Aes256Gcm);

impl Opener {
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (head, body) = sealed.split_first_chunk::<HEAD>().ok_or(StoreError::Sealed)?;
        let (version, nonce) = head.split_first_chunk::<1>().ok_or(StoreError::Sealed)?;
        match version[0].cmp(&SEAL_VERSION) {
            Ordering::Less => return Err(StoreError::Sealed),
            Ordering::Equal => {}
            Ordering::Greater => return Err(StoreError::Newer),
        }
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| StoreError::Sealed)?;
        let payload = Payload { msg: body, aad: &place.associated_data() };
        self.0.decrypt(&Nonce::from(nonce), payload).map_err(|_| StoreError::Sealed)
    }
}

/// The keys that come from the master key.
pub(super) struct Keyring {
    master: Zeroizing<[u8; 32]>,
    pub registry: SealKey,
}

impl Keyring {
    pub fn new(master: Zeroizing<[u8; 32]>) -> Self {
        let registry = SealKey(derive(&master, "memgate registry v1", &[]));
        Self { master, registry }
    }

    pub fn file_id(&self, user: &UserId) -> FileId {
        FileId(*derive(&self.master, "memgate file name v1", &user.encode()))
    }

    pub fn ticket_key(&self) -> [u8; 32] {
        *derive(&self.master, "memgate ticket v1", &[])
    }

    /// The key of the hashes under which budgets are counted.
    pub fn budget_key(&self) -> [u8; 32] {
        *derive(&self.master, "memgate budget v1", &[])
    }

    fn wrapping_key(&self, user: &UserId) -> SealKey {
        SealKey(derive(&self.master, "memgate wrapping v1", &user.encode()))
    }

    /// A fresh data key in its wrapped form.
    pub fn make_data_key(&self, user: &UserId, file: &FileId) -> Result<Vec<u8>, StoreError> {
        self.wrapping_key(user).seal(Place { table: "data key", key: &[], file }, random_key()?.as_slice())
    }

    pub fn unwrap_data_key(&self, user: &UserId, file: &FileId, wrapped: &[u8]) -> Result<Arc<UserSeal>, StoreError> {
        let plain = Zeroizing::new(self.wrapping_key(user).open(Place { table: "data key", key: &[], file }, wrapped)?);
        let data: Zeroizing<[u8; 32]> = Zeroizing::new(plain.as_slice().try_into().map_err(|_| StoreError::Sealed)?);
        let hash = derive(&data, "memgate hash v1", &[]);
        let (hash, _) = hash.split_first_chunk::<16>().ok_or(StoreError::Sealed)?;
        Ok(Arc::new(UserSeal { records: SealKey(derive(&data, "memgate records v1", &[])), hash: Zeroizing::new(*hash) }))
    }
}

/// What a user's data key gives: the key of the records, and the key of the hashes of turns.
pub(super) struct UserSeal {
    pub records: SealKey,
    pub hash: Zeroizing<[u8; 16]>,
}

macro_rules! opaque {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}
opaque!(SealKey, Opener, Keyring, UserSeal);

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> Keyring {
        Keyring::new(Zeroizing::new([7; 32]))
    }

    #[test]
    fn a_record_opens_only_where_it_was_sealed() {
        let keys = keyring();
        let file = FileId([1; 32]);
        let place = Place { table: "facts", key: b"k1", file: &file };
        let sealed = keys.registry.seal(place, b"secret words").unwrap();
        assert_eq!(keys.registry.open(place, &sealed).unwrap(), b"secret words");
        for wrong in
            [Place { table: "injections", ..place }, Place { key: b"k2", ..place }, Place { file: &FileId([2; 32]), ..place }]
        {
            assert!(matches!(keys.registry.open(wrong, &sealed), Err(StoreError::Sealed)));
        }
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(keys.registry.open(place, &changed).is_err(), "byte {i}");
            assert!(keys.registry.open(place, &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn equal_words_seal_differently() {
        let keys = keyring();
        let place = Place { table: "facts", key: b"k", file: &FileId::NONE };
        assert_ne!(keys.registry.seal(place, b"x").unwrap(), keys.registry.seal(place, b"x").unwrap());
    }

    #[test]
    fn a_data_key_opens_for_its_user_alone() {
        let keys = keyring();
        let (a, b) = (UserId::parse("acme:bob").unwrap(), UserId::parse("beta:bob").unwrap());
        let file = keys.file_id(&a);
        let wrapped = keys.make_data_key(&a, &file).unwrap();
        let seal = keys.unwrap_data_key(&a, &file, &wrapped).unwrap();
        assert_eq!(seal.hash, keys.unwrap_data_key(&a, &file, &wrapped).unwrap().hash);
        assert!(keys.unwrap_data_key(&b, &file, &wrapped).is_err());
        assert!(keys.unwrap_data_key(&a, &keys.file_id(&b), &wrapped).is_err());
        assert_ne!(file, keys.file_id(&b));
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", keyring()), "Keyring(…)");
    }
}
