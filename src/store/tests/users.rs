//! Enrolment, the ratchet, sandboxes and per-user keys.

use sha2::{Digest, Sha256};

use super::*;
use crate::identity::{KeyHash, UserKeys};
use crate::ids::KeyId;
use crate::policy::{Directory, Standing};

#[test]
fn the_ratchet_rises_with_verified_evidence_and_stays() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let user = verified("alice").user().clone();
    assert_eq!(store.standing(&user), Standing::default());
    for weak in [Assurance::Asserted, Assurance::Vouched] {
        store.enroll(&test_scope("alice", weak), NOW).unwrap();
        assert_eq!(store.standing(&user), Standing { known: true, ratchet: None });
    }
    store.enroll(&verified("alice"), NOW).unwrap();
    let raised = Standing { known: true, ratchet: Some(Assurance::Verified) };
    assert_eq!(store.standing(&user), raised);
    store.enroll(&test_scope("alice", Assurance::Asserted), NOW).unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.standing(&user), raised);

    assert!(store.lower_ratchet(&user, Some(Assurance::Vouched)).unwrap());
    assert_eq!(store.standing(&user).ratchet, Some(Assurance::Vouched));
    assert!(!store.lower_ratchet(&user, Some(Assurance::Verified)).unwrap());
    assert!(store.lower_ratchet(&user, None).unwrap());
    drop(store);
    assert_eq!(open(&disk).unwrap().standing(&user), Standing { known: true, ratchet: None });
}

#[test]
fn erasing_does_not_lower_the_ratchet() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    store.erase(&alice, erasure()).unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.standing(alice.user()).ratchet, Some(Assurance::Verified));
    store.enroll(&test_scope("alice", Assurance::Vouched), NOW).unwrap();
    assert_eq!(store.standing(alice.user()).ratchet, Some(Assurance::Verified));
}

#[test]
fn enrolling_again_costs_no_io() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let acts = disk.acts();
    store.enroll(&alice, NOW + 1).unwrap();
    store.enroll(&test_scope("alice", Assurance::Asserted), NOW + 2).unwrap();
    store.hash_key(&alice).unwrap();
    assert_eq!(disk.acts(), acts);
}

#[test]
fn many_enrolments_at_once_are_all_kept_with_one_key_each() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for n in 0..25 {
                    let scope = enrolled(&store, &format!("user-{n}"));
                    store.commit(&scope, put(&[fact("x")])).unwrap();
                }
            });
        }
    });
    drop(store);
    let store = open(&disk).unwrap();
    for n in 0..25 {
        assert_eq!(store.load(&verified(&format!("user-{n}"))).unwrap().facts.len(), 8);
    }
}

#[test]
fn sandboxes_expire_by_age_and_users_do_not() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let sandbox = |name: &str| test_scope(&format!("~sandbox:{name}"), Assurance::Anonymous);
    let (old, new, alice) = (sandbox("old"), sandbox("new"), enrolled(&store, "alice"));
    store.enroll(&old, NOW).unwrap();
    store.enroll(&new, NOW + 10).unwrap();
    assert!(!store.standing(old.user()).known);
    for scope in [&old, &new, &alice] {
        store.commit(scope, put(&[fact("x")])).unwrap();
    }
    assert_eq!(store.expire_sandboxes(NOW + 5).unwrap(), 1);
    assert_eq!(store.expire_sandboxes(NOW + 5).unwrap(), 0);
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!([&old, &new, &alice].map(|scope| texts(&store, scope).len()), [0, 1, 1]);
    assert_eq!(disk.names().iter().filter(|name| name.starts_with("users")).count(), 2);
}

#[test]
fn user_keys_are_shown_once_found_by_hash_and_revoked() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (verified("alice"), verified("acme:bob"));
    let (id, key) = store.make_user_key(alice.user(), "laptop", NOW).unwrap();
    let (other, _) = store.make_user_key(bob.user(), "", NOW + 1).unwrap();
    let text = String::from_utf8(key.expose().to_vec()).unwrap();
    assert!(
        text.len() == 47
            && text.starts_with("mgk_")
            && text[4..].bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    );
    let hash = KeyHash(Sha256::digest(text.as_bytes()).into());
    assert!(store.standing(alice.user()).known, "a key's user is known to the operator");
    drop(store);

    let store = open(&disk).unwrap();
    let owner = store.owner(&hash).unwrap();
    assert_eq!((owner.id, &owner.user), (id, alice.user()));
    assert!(store.owner(&KeyHash([0; 32])).is_none());
    let listed = store.list_user_keys(None);
    assert_eq!(listed.iter().map(|record| record.id).collect::<Vec<_>>(), [id, other]);
    assert_eq!((listed[0].label.as_str(), listed[0].hint.as_str()), ("laptop", &text[43..]));
    assert_eq!(store.list_user_keys(Some(bob.user())).len(), 1);

    assert!(store.revoke_user_key(id, NOW + 2).unwrap());
    assert!(store.owner(&hash).is_none());
    assert!(!store.revoke_user_key(id, NOW + 3).unwrap());
    assert!(!store.revoke_user_key(KeyId::fresh(), NOW).unwrap());
    drop(store);
    let store = open(&disk).unwrap();
    assert!(store.owner(&hash).is_none());
    assert_eq!(store.list_user_keys(Some(alice.user()))[0].revoked_at, Some(NOW + 2));
}
