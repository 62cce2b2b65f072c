//! Tenants: counted and erased, and nobody else's data with them.

use std::num::NonZeroUsize;

use super::super::simulated::{End, Fault};
use super::*;
use crate::identity::{KeyHash, UserKeys};
use crate::ids::TenantId;
use crate::policy::Directory;
use sha2::{Digest, Sha256};

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn owner_of(store: &Store, key: &Secret) -> bool {
    store.owner(&KeyHash(Sha256::digest(key.expose()).into())).is_some()
}

fn file_of(store: &Store, scope: &UserScope) -> String {
    let hex = store.file_id(scope.user()).to_string();
    format!("users/{}/{hex}.redb", &hex[..2])
}

fn listed(store: &Store) -> Vec<(String, u64, bool, u64)> {
    let rows = store.list_tenants().unwrap().into_iter();
    rows.map(|row| (row.tenant.as_str().to_owned(), row.users, row.bytes > 0, row.keys)).collect()
}

#[test]
fn a_tenant_goes_and_equal_names_elsewhere_stay() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let names = ["acme:bob", "acme:ann", "beta:bob", "bob"];
    let [acme, ann, beta, plain] = names.map(|name| enrolled(&store, name));
    for (scope, name) in [&acme, &ann, &beta, &plain].into_iter().zip(names) {
        store.commit(scope, put(&[fact(name)])).unwrap();
    }
    let keys = [&acme, &beta].map(|scope| store.make_user_key(scope.user(), "", NOW).unwrap().1);
    let before = store.hash_key(&acme).unwrap();
    let row = |name: &str, users, keys| (name.to_owned(), users, true, keys);
    assert_eq!(listed(&store), [row("acme", 2, 1), row("beta", 1, 1), row("default", 1, 0)]);
    let copies = [&acme, &ann].map(|scope| (file_of(&store, scope), disk.contents(&file_of(&store, scope)).unwrap()));

    let erased = store.erase_tenant(&tenant("acme"), erasure()).unwrap();
    assert_eq!((erased.users, erased.keys, erased.files), (2, 1, 2));
    assert!(erased.bytes > 0);
    let check = |store: &Store| {
        for scope in [&acme, &ann] {
            assert!(matches!(store.hash_key(scope), Err(StoreError::NotEnrolled)));
            assert!(matches!(store.commit(scope, put(&[fact("late")])), Err(StoreError::NotEnrolled)));
            assert!(texts(store, scope).is_empty() && !disk.names().contains(&file_of(store, scope)));
            assert_eq!(store.standing(scope.user()).ratchet, Some(Assurance::Verified), "the ratchet stays");
            assert_eq!(store.last_erasure(scope).map(|erasure| erasure.at), Some(NOW));
        }
        assert_eq!((texts(store, &beta), texts(store, &plain)), (vec!["beta:bob".to_owned()], vec!["bob".to_owned()]));
        assert_eq!([owner_of(store, &keys[0]), owner_of(store, &keys[1])], [false, true]);
        assert_eq!(listed(store), [row("beta", 1, 1), row("default", 1, 0)]);
    };
    check(&store);
    assert_eq!(store.erase_tenant(&tenant("acme"), erasure()).unwrap(), TenantErased::default(), "again does nothing");
    assert_eq!(store.erase_tenant(&tenant("nobody"), erasure()).unwrap(), TenantErased::default());
    drop(store);
    let store = open(&disk).unwrap();
    check(&store);

    // The tenant starts again, under another secret: copies of the files are worth nothing.
    store.enroll(&acme, NOW).unwrap();
    assert_ne!(store.hash_key(&acme).unwrap(), before);
    store.enroll(&ann, NOW).unwrap();
    for (name, bytes) in copies {
        redb::StorageBackend::write(&disk.open(&name, disk::Mode::Fresh).unwrap(), 0, &bytes).unwrap();
    }
    for scope in [&acme, &ann] {
        assert!(matches!(store.load(scope), Err(StoreError::Foreign)));
        assert!(texts(&store, scope).is_empty());
    }
}

#[test]
fn what_is_held_in_ram_of_a_tenants_users_is_void() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let [acme, beta] = ["acme:bob", "beta:bob"].map(|name| enrolled(&store, name));
    let held: PerUser<&str> = PerUser::new(NonZeroUsize::new(8).unwrap());
    for (scope, value) in [(&acme, "of acme"), (&beta, "of beta")] {
        assert_eq!(*held.get(&store, scope, || Ok(value)).unwrap(), value);
    }
    store.erase_tenant(&tenant("acme"), erasure()).unwrap();
    assert_eq!((held.peek(&store, &acme), held.peek(&store, &beta).as_deref()), (None, Some(&"of beta")));
    store.enroll(&acme, NOW).unwrap();
    assert_eq!(held.peek(&store, &acme), None);
    assert_eq!(*held.get(&store, &acme, || Ok("anew")).unwrap(), "anew");
}

#[test]
fn an_old_copy_of_a_record_is_worth_nothing_without_the_tenants_secret() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let scope = enrolled(&store, "acme:bob");
    let id = store.file_id(scope.user());
    let vault = store.0.registry.users.get(&id).unwrap().vault.clone().unwrap();
    store.erase_tenant(&tenant("acme"), erasure()).unwrap();
    store.enroll(&scope, NOW).unwrap();
    // The record of before, beside the secret of now: as when a row of an old registry is put back.
    let record = super::super::entry::Entry { vault: Some(vault), ..store.0.registry.users.get(&id).unwrap().clone() }.record();
    let wrapping = store.0.registry.tenants.get(scope.user().tenant()).unwrap().wrapping.clone();
    let entry = super::super::entry::Entry::from_record(record, |_, _| Ok(wrapping)).unwrap();
    let shown = format!("{entry:?} {:?}", *store.0.registry.tenants.get(scope.user().tenant()).unwrap());
    assert!(shown.contains("Vault(…)") && shown.ends_with("Tenant(…)") && !shown.contains("bob"), "{shown}");
    assert!(matches!(entry.vault.unwrap().unwrap(&id), Err(StoreError::Sealed)));
}

/// Two tenants, each with two users who have a file.
fn filled() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    for name in ["acme:a", "acme:b", "beta:a", "beta:b"] {
        store.commit(&enrolled(&store, name), put(&[fact(name)])).unwrap();
    }
    disk
}

#[test]
fn a_cut_at_every_act_of_an_erasure_erases_all_or_nothing_and_is_finished_at_the_next_start() {
    let start = filled();
    let whole = start.after(End::Killed);
    let store = open(&whole).unwrap();
    assert_eq!(store.erase_tenant(&tenant("acme"), erasure()).unwrap().files, 2);
    drop(store);
    let mut kept = 0;
    for at in 1..=whole.acts() {
        let disk = start.after(End::Killed);
        disk.set_fault(Fault::PowerCut { at });
        let done = open(&disk).is_ok_and(|store| store.erase_tenant(&tenant("acme"), erasure()).is_ok());
        for end in [End::Killed, End::PowerCut { seed: at }] {
            let why = format!("cut at {at}, {end:?}");
            let disk = disk.after(end);
            let store = open(&disk).unwrap_or_else(|error| panic!("{why}: {error}"));
            let users = ["acme:a", "acme:b"].map(|name| texts(&store, &verified(name)));
            let gone = users.iter().all(Vec::is_empty);
            assert!(gone || users == [["acme:a"], ["acme:b"]], "{why}: half of it");
            assert!(gone || !done, "{why}: it is back");
            kept += usize::from(!gone);
            let files = disk.names().iter().filter(|name| name.starts_with("users")).count();
            assert_eq!(files, if gone { 2 } else { 4 }, "{why}: {:?}", disk.names());
            assert!(store.0.registry.doomed.lock().is_empty(), "{why}");
            for name in ["beta:a", "beta:b"] {
                assert_eq!(texts(&store, &verified(name)), [name], "{why}");
            }
            let again = store.erase_tenant(&tenant("acme"), erasure()).unwrap();
            assert_eq!(again.users, if gone { 0 } else { 2 }, "{why}");
        }
    }
    assert!(kept > 0, "some cuts came before it held");
}

#[test]
fn who_comes_again_before_the_files_are_gone_keeps_what_is_new() {
    let disk = filled();
    let store = open(&disk).unwrap();
    let a = verified("acme:a");
    // The disk fails for removals only after the keys are gone.
    let acts = {
        let dry = disk.after(End::Killed);
        let store = open(&dry).unwrap();
        let before = dry.acts();
        store.erase_tenant(&tenant("acme"), erasure()).unwrap();
        dry.acts() - before
    };
    let mut met = false;
    for at in 1..=acts {
        let disk = disk.after(End::Killed);
        let store = open(&disk).unwrap();
        disk.set_fault(Fault::Failing { at: disk.acts() + at, acts: 1 });
        let failed = store.erase_tenant(&tenant("acme"), erasure()).is_err();
        disk.set_fault(Fault::Never);
        if !failed || store.hash_key(&a).is_ok() {
            continue;
        }
        met = true;
        store.enroll(&a, NOW).unwrap();
        store.commit(&a, put(&[fact("new")])).unwrap();
        drop(store);
        let store = open(&disk).unwrap();
        assert_eq!(texts(&store, &a), ["new"], "failed at {at}");
        assert!(texts(&store, &verified("acme:b")).is_empty());
        assert!(!disk.names().contains(&file_of(&store, &verified("acme:b"))), "failed at {at}");
    }
    assert!(met, "no failure fell between the keys and the files");
    assert_eq!(texts(&store, &a), ["acme:a"]);
}

#[test]
fn users_of_a_new_tenant_share_its_secret_however_they_come() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    std::thread::scope(|threads| {
        for n in 0..8 {
            let store = &store;
            threads.spawn(move || {
                let scope = enrolled(store, &format!("acme:user-{n}"));
                store.commit(&scope, put(&[fact("x")])).unwrap();
            });
        }
    });
    drop(store);
    let store = open(&disk).unwrap();
    for n in 0..8 {
        assert_eq!(texts(&store, &verified(&format!("acme:user-{n}"))), ["x"]);
    }
}
