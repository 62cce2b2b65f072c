//! Encryption at rest: AES-256-GCM with a random nonce a record, keys by HMAC-SHA256.
//!
//! Each user has a random data key. Its wrapped form (`keys`) lives in the registry, apart from what it protects: deleting it makes
//! every copy of the user's file unreadable.

use std::cmp::Ordering;
use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::error::StoreError;

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
pub(super) fn derive(key: &[u8; 32], label: &str, rest: &[u8]) -> Zeroizing<[u8; 32]> {
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
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

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

/// What a user's data key gives: the key of the records, and the key of the hashes of turns.
pub(super) struct UserSeal {
    pub records: SealKey,
    pub hash: Zeroizing<[u8; 16]>,
}

impl UserSeal {
    pub fn of(data: &[u8; 32]) -> Self {
        let mut hash = Zeroizing::new([0; 16]);
        hash.copy_from_slice(&derive(data, "memgate hash v1", &[])[..16]);
        Self { records: SealKey(derive(data, "memgate records v1", &[])), hash }
    }
}

macro_rules! opaque {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}
pub(super) use opaque;
opaque!(SealKey, Opener, UserSeal);

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SealKey {
        SealKey::new(Zeroizing::new([7; 32]))
    }

    #[test]
    fn a_record_opens_only_where_it_was_sealed() {
        let key = key();
        let file = FileId([1; 32]);
        let place = Place { table: "facts", key: b"k1", file: &file };
        let sealed = key.seal(place, b"secret words").unwrap();
        assert_eq!(key.open(place, &sealed).unwrap(), b"secret words");
        for wrong in
            [Place { table: "injections", ..place }, Place { key: b"k2", ..place }, Place { file: &FileId([2; 32]), ..place }]
        {
            assert!(matches!(key.open(wrong, &sealed), Err(StoreError::Sealed)));
        }
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(key.open(place, &changed).is_err(), "byte {i}");
            assert!(key.open(place, &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn equal_words_seal_differently() {
        let key = key();
        let place = Place { table: "facts", key: b"k", file: &FileId::NONE };
        assert_ne!(key.seal(place, b"x").unwrap(), key.seal(place, b"x").unwrap());
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", key()), "SealKey(…)");
    }
}
