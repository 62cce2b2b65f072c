//! The store as its callers see it, on real files and on a disk that fails.

mod conformance;
mod faults;
mod files;
mod holdings;
mod isolation;
mod journal;
mod models;
mod rotation;
mod shelves;
mod tenants;
mod users;

use std::sync::Arc;

use super::simulated::SimulatedDisk;
use super::*;
use crate::enforce::{Ticket, test_scope};
use crate::identity::Assurance;
use crate::ids::{ClientName, RequestId};
use crate::setting::Secret;

const NOW: i64 = 1_760_000_000_000;

fn settings() -> StorageSettings {
    StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") }
}

fn open(disk: &SimulatedDisk) -> Result<Store, StoreError> {
    Store::open(&settings(), Arc::new(disk.clone()))
}

fn verified(user: &str) -> UserScope {
    test_scope(user, Assurance::Verified)
}

/// An enrolled user's scope.
fn enrolled(store: &Store, user: &str) -> UserScope {
    let scope = verified(user);
    store.enroll(&scope, NOW).unwrap();
    scope
}

fn fact(text: &str) -> Fact {
    Fact {
        id: FactId::fresh(),
        text: text.to_owned(),
        kind: Kind::Profile,
        slot: Some("city".to_owned()),
        tier: Tier::Explicit,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: NOW,
        valid_at: NOW,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: "00".repeat(16),
            quote: format!("remember that {text}"),
            speaker: None,
            client: ClientName::unknown(),
            session: None,
            assurance: Assurance::Verified,
            origin: "rule:remember".to_owned(),
        },
        analysis: text.bytes().rev().collect(),
    }
}

fn erasure() -> Erasure {
    Erasure { receipt: RequestId::fresh(), at: NOW }
}

fn hash(number: u64) -> PrefixHash {
    let mut hash = [0; 16];
    hash[8..].copy_from_slice(&number.to_be_bytes());
    hash
}

fn injection(number: u64, facts: &[FactId]) -> Injection {
    Injection { prefix: hash(number), facts: facts.to_vec(), at: NOW + i64::try_from(number).unwrap() }
}

fn put(facts: &[Fact]) -> Batch {
    Batch { put: facts.to_vec(), ..Batch::default() }
}

fn texts(store: &Store, scope: &UserScope) -> Vec<String> {
    let mut texts: Vec<_> = store.load(scope).unwrap().facts.into_iter().map(|fact| fact.text).collect();
    texts.sort();
    texts
}
