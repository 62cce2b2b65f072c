//! Records as they are written: versioned, tolerant of fields that a later version adds.

use super::error::StoreError;
use super::seal::{FileId, Opener, Place, UserSeal};
use super::{Counted, Embedding, Fact, Injection, PrefixHash, Spending};
use crate::ids::FactId;

const RECORD_VERSION: u8 = 1;

/// A fact: version, length of the JSON, the JSON, then the analysis as it is.
pub(super) fn seal_fact(seal: &UserSeal, file: &FileId, fact: &Fact) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(fact).map_err(|_| StoreError::Malformed)?;
    let length = u32::try_from(json.len()).map_err(|_| StoreError::Malformed)?;
    let mut plain = Vec::with_capacity(5 + json.len() + fact.analysis.len());
    plain.push(RECORD_VERSION);
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(&json);
    plain.extend_from_slice(&fact.analysis);
    seal.records.seal(Place { table: "facts", key: fact.id.as_bytes(), file }, &plain)
}

pub(super) fn open_fact(opener: &Opener, file: &FileId, key: &[u8; 16], sealed: &[u8]) -> Result<Fact, StoreError> {
    let plain = opener.open(Place { table: "facts", key, file }, sealed)?;
    let (json, analysis) = fact_parts(&plain)?;
    let mut fact: Fact = serde_json::from_slice(json).map_err(|_| StoreError::Malformed)?;
    fact.analysis = analysis.to_vec();
    if fact.id.as_bytes() == key { Ok(fact) } else { Err(StoreError::Malformed) }
}

/// What a fact is counted by. The rest is passed over.
pub(super) fn count_fact(opener: &Opener, file: &FileId, key: &[u8; 16], sealed: &[u8]) -> Result<Counted, StoreError> {
    let plain = opener.open(Place { table: "facts", key, file }, sealed)?;
    serde_json::from_slice(fact_parts(&plain)?.0).map_err(|_| StoreError::Malformed)
}

/// The JSON of a fact and its analysis.
fn fact_parts(plain: &[u8]) -> Result<(&[u8], &[u8]), StoreError> {
    let (length, body) = versioned(plain)?.split_first_chunk().ok_or(StoreError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| StoreError::Malformed)?;
    body.split_at_checked(length).ok_or(StoreError::Malformed)
}

/// An injection: its time in the clear, so that the oldest can be dropped unopened, then the ids of its facts, sealed
/// together with the time.
pub(super) fn seal_injection(seal: &UserSeal, file: &FileId, injection: &Injection) -> Result<Vec<u8>, StoreError> {
    let at = injection.at.to_be_bytes();
    let mut plain = vec![RECORD_VERSION];
    injection.facts.iter().for_each(|id| plain.extend_from_slice(id.as_bytes()));
    let key = injection_place(&injection.prefix, at);
    let sealed = seal.records.seal(Place { table: "injections", key: &key, file }, &plain)?;
    Ok([at.as_slice(), &sealed].concat())
}

pub(super) fn open_injection(
    opener: &Opener,
    file: &FileId,
    prefix: &PrefixHash,
    record: &[u8],
) -> Result<Injection, StoreError> {
    let (at, sealed) = record.split_first_chunk::<8>().ok_or(StoreError::Malformed)?;
    let key = injection_place(prefix, *at);
    let plain = opener.open(Place { table: "injections", key: &key, file }, sealed)?;
    let (ids, rest) = versioned(&plain)?.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(StoreError::Malformed);
    }
    let facts = ids.iter().map(|id| FactId::from_bytes(*id)).collect();
    Ok(Injection { prefix: *prefix, facts, at: i64::from_be_bytes(*at) })
}

/// The time of an injection's record, unopened.
pub(super) fn injection_time(record: &[u8]) -> i64 {
    record.first_chunk().map_or(i64::MIN, |at| i64::from_be_bytes(*at))
}

fn injection_place(prefix: &PrefixHash, at: [u8; 8]) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(prefix);
    key[16..].copy_from_slice(&at);
    key
}

/// A fact's vector: version, tag, the vector.
pub(super) fn seal_embedding(seal: &UserSeal, file: &FileId, embedding: &Embedding) -> Result<Vec<u8>, StoreError> {
    let plain = [[RECORD_VERSION].as_slice(), &embedding.tag.to_be_bytes(), &embedding.vector].concat();
    seal.records.seal(Place { table: "embeddings", key: embedding.fact.as_bytes(), file }, &plain)
}

pub(super) fn open_embedding(opener: &Opener, file: &FileId, key: &[u8; 16], sealed: &[u8]) -> Result<Embedding, StoreError> {
    let plain = opener.open(Place { table: "embeddings", key, file }, sealed)?;
    let (tag, vector) = versioned(&plain)?.split_first_chunk().ok_or(StoreError::Malformed)?;
    Ok(Embedding { fact: FactId::from_bytes(*key), tag: u64::from_be_bytes(*tag), vector: vector.to_vec() })
}

/// Tokens spent on a day, and the time before which turns are not read. The day is the row's key.
pub(super) fn seal_spending(seal: &UserSeal, file: &FileId, spending: Spending) -> Result<Vec<u8>, StoreError> {
    let plain = [[RECORD_VERSION].as_slice(), &spending.tokens.to_be_bytes(), &spending.deaf_before.to_be_bytes()].concat();
    seal.records.seal(Place { table: "spending", key: &spending.day.to_be_bytes(), file }, &plain)
}

pub(super) fn open_spending(opener: &Opener, file: &FileId, day: u32, sealed: &[u8]) -> Result<Spending, StoreError> {
    let plain = opener.open(Place { table: "spending", key: &day.to_be_bytes(), file }, sealed)?;
    let (tokens, deaf_before) = versioned(&plain)?.split_first_chunk().ok_or(StoreError::Malformed)?;
    let deaf_before = deaf_before.try_into().map_err(|_| StoreError::Malformed)?;
    Ok(Spending { day, tokens: u64::from_be_bytes(*tokens), deaf_before: i64::from_be_bytes(deaf_before) })
}

fn versioned(plain: &[u8]) -> Result<&[u8], StoreError> {
    match plain.split_first() {
        Some((&RECORD_VERSION, body)) => Ok(body),
        Some(_) => Err(StoreError::Newer),
        None => Err(StoreError::Malformed),
    }
}
