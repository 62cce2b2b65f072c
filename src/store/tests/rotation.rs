//! The master key is replaced: under load, with faults at every act, and from registries of the first format.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::super::keys::MasterKey;
use super::super::simulated::{End, Fault};
use super::super::{edition, rotate};
use super::*;
use crate::identity::{KeyHash, UserKeys};
use sha2::{Digest, Sha256};

fn key(byte: u8) -> Secret {
    Secret::new(&[byte; 32])
}

fn open_with(disk: &SimulatedDisk, key: Option<Secret>) -> Result<Store, StoreError> {
    Store::open(&StorageSettings { master_key: key, ..StorageSettings::at("unused") }, Arc::new(disk.clone()))
}

fn owner_of(store: &Store, key: &Secret) -> bool {
    store.owner(&KeyHash(Sha256::digest(key.expose()).into())).is_some()
}

#[test]
fn a_new_key_changes_nothing_but_itself() {
    let disk = SimulatedDisk::default();
    let store = open_with(&disk, None).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "acme:bob"));
    store.commit(&alice, put(&[fact("lives in Bern")])).unwrap();
    store.erase(&bob, erasure()).unwrap();
    let (_, personal) = store.make_user_key(alice.user(), "", NOW).unwrap();
    store.journal_append(Queue::Rules, &Ticket::from_bytes(b"t"), &alice, b"turn").unwrap();
    let stable = |store: &Store| (store.file_id(alice.user()), store.ticket_key(), store.hash_key(&alice).unwrap());
    let before = stable(&store);
    let old = disk.contents("master.key").unwrap();
    let user_files = |disk: &SimulatedDisk| {
        let names = disk.names().into_iter().filter(|name| name.starts_with("users"));
        names.map(|name| (disk.contents(&name).unwrap(), name)).collect::<Vec<_>>()
    };
    let files = user_files(&disk);
    for round in 0..2 {
        let rotated = store.rotate_master_key(None, NOW + round).unwrap();
        assert_eq!(rotated, Rotated { replaced: true, users: 1, source: KeySource::File });
        assert_eq!(stable(&store), before);
        assert_eq!(texts(&store, &alice), ["lives in Bern"]);
    }
    assert_eq!(user_files(&disk), files, "no user's file was touched");
    let new = disk.contents("master.key").unwrap();
    assert_ne!(old, new);
    drop(store);
    let names = disk.names();
    assert!(!names.iter().any(|name| name.contains("next") || name.contains(".new")), "{names:?}");

    let store = open_with(&disk, None).unwrap();
    assert_eq!((stable(&store), texts(&store, &alice)), (before, vec!["lives in Bern".to_owned()]));
    assert!(owner_of(&store, &personal));
    assert_eq!(crate::policy::Directory::standing(&store, bob.user()).ratchet, Some(Assurance::Verified));
    assert_eq!(store.last_erasure(&bob).map(|erasure| erasure.at), Some(NOW));
    let entry = store.journal_next(Queue::Rules).unwrap().unwrap();
    assert_eq!(store.journal_open(&alice, &entry).unwrap(), b"turn");
}

#[test]
fn a_key_of_the_configuration_must_be_handed_in_and_the_old_one_is_told_apart_from_a_wrong_one() {
    let disk = SimulatedDisk::default();
    let store = open_with(&disk, Some(key(1))).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("x")])).unwrap();
    assert!(matches!(store.rotate_master_key(None, NOW), Err(StoreError::MasterKeyWanted)));
    for (new, replaced) in [(2, true), (2, false), (3, true)] {
        let rotated = store.rotate_master_key(Some(&key(new)), NOW + i64::from(new)).unwrap();
        assert_eq!(rotated, Rotated { replaced, users: 1, source: KeySource::Configured });
        assert!(store.is_master_key(&key(new)) && !store.is_master_key(&key(1)));
    }
    assert!(!disk.names().iter().any(|name| name.contains("master")), "no key is on the disk");
    store.commit(&alice, put(&[fact("y")])).unwrap();
    let bob = enrolled(&store, "bob");
    drop(store);
    for (former, at) in [(1, "2025-10-09T08:53:20Z"), (2, "2025-10-09T08:53:20Z")] {
        let error = open_with(&disk, Some(key(former))).unwrap_err();
        assert!(matches!(error, StoreError::FormerMasterKey { .. }) && error.to_string().contains(at), "{error}");
    }
    assert!(matches!(open_with(&disk, Some(key(9))), Err(StoreError::WrongMasterKey)));
    let store = open_with(&disk, Some(key(3))).unwrap();
    assert_eq!(texts(&store, &alice), ["x", "y"]);
    assert!(store.is_enrolled(&bob));
}

#[test]
fn of_two_rotations_at_once_one_is_refused() {
    let store = open_with(&SimulatedDisk::default(), None).unwrap();
    let held = store.0.rotating.lock();
    assert!(matches!(store.rotate_master_key(None, NOW), Err(StoreError::RotationRunning)));
    drop(held);
    assert!(store.rotate_master_key(None, NOW).is_ok());
}

#[test]
fn nothing_of_the_old_key_is_left_in_the_registry() {
    let disk = SimulatedDisk::default();
    let store = open_with(&disk, Some(key(1))).unwrap();
    enrolled(&store, "alice");
    let registry = disk.contents(edition::NAME).unwrap();
    let id = store.file_id(verified("alice").user());
    let at = registry.windows(32).position(|window| window == id.as_bytes()).expect("alice's row");
    // The sealed record follows its key somewhere on the page: any long enough part of it will do.
    let page = &registry[at / 4096 * 4096..(at / 4096 + 1) * 4096];
    let sealed = page.windows(64).find(|part| part.iter().all(|byte| *byte != 0)).expect("a sealed record");
    store.rotate_master_key(Some(&key(2)), NOW).unwrap();
    let registry = disk.contents(edition::NAME).unwrap();
    assert!(!registry.windows(64).any(|window| window == sealed));
}

/// What a run was told is done.
#[derive(Default)]
struct Acknowledged {
    enrolled: Vec<String>,
    rotated: u8,
}

/// Enrols and rotates by turns until the disk fails.
fn run(disk: &SimulatedDisk, given: bool) -> Acknowledged {
    let mut done = Acknowledged::default();
    let Ok(store) = open_with(disk, given.then(|| key(1))) else { return done };
    for round in 0..2_u8 {
        let user = format!("acme:user-{round}");
        let scope = verified(&user);
        if store.enroll(&scope, NOW).is_ok() && store.commit(&scope, put(&[fact(&user)])).is_ok() {
            done.enrolled.push(user);
        }
        let new = given.then(|| key(round + 2));
        if store.rotate_master_key(new.as_ref(), NOW + i64::from(round)).is_ok() {
            done.rotated = round + 1;
        }
    }
    done
}

/// The store as the next process finds it. With a configured key, one of those that a run went through must fit.
fn reopen(disk: &SimulatedDisk, given: bool, why: &str) -> Store {
    if !given {
        return open_with(disk, None).unwrap_or_else(|error| panic!("{why}: {error}"));
    }
    let mut refused = Vec::new();
    for byte in 1..=3 {
        match open_with(disk, Some(key(byte))) {
            Ok(store) => return store,
            Err(error) => refused.push(error.to_string()),
        }
    }
    panic!("{why}: {refused:?}");
}

fn check(store: &Store, done: &Acknowledged, why: &str) {
    for user in &done.enrolled {
        assert_eq!(texts(store, &verified(user)), [user.as_str()], "{why}");
    }
    let late = enrolled(store, "acme:late");
    store.commit(&late, put(&[fact("late")])).unwrap();
    store.rotate_master_key(Some(&key(77)), NOW).unwrap_or_else(|error| panic!("{why}: {error}"));
    assert_eq!(texts(store, &late), ["late"], "{why}");
}

/// Cuts a run at every act, and looks at what the next process finds.
fn sweep(given: bool) {
    let whole = SimulatedDisk::default();
    let done = run(&whole, given);
    assert_eq!((done.enrolled.len(), done.rotated), (2, 2));
    for at in 1..=whole.acts() {
        let disk = SimulatedDisk::new(Fault::PowerCut { at });
        let done = run(&disk, given);
        for end in [End::Killed, End::PowerCut { seed: at }] {
            let why = format!("cut at {at}, {end:?}");
            let disk = disk.after(end);
            let store = reopen(&disk, given, &why);
            if given && done.rotated > 0 {
                let in_use = |byte| store.is_master_key(&key(byte));
                assert!((done.rotated + 1..=3).any(in_use), "{why}: an acknowledged rotation is lost");
            }
            check(&store, &done, &why);
            drop(store);
            // And once more, with the key that the last rotation put in place.
            let again = open_with(&disk, given.then(|| key(77))).unwrap_or_else(|error| panic!("{why}: {error}"));
            assert_eq!(texts(&again, &verified("acme:late")), ["late"], "{why}");
        }
    }
}

#[test]
fn a_cut_at_every_act_leaves_a_store_that_opens_with_its_own_key() {
    sweep(false);
}

#[test]
fn a_cut_at_every_act_leaves_a_store_that_opens_with_one_of_the_keys_that_were_given() {
    sweep(true);
}

#[test]
fn a_disk_that_fails_for_a_while_leaves_a_process_that_goes_on() {
    let whole = SimulatedDisk::default();
    run(&whole, false);
    for at in 1..=whole.acts() {
        for failing in [1, 3] {
            let disk = SimulatedDisk::default();
            let store = open_with(&disk, None).unwrap();
            let alice = enrolled(&store, "alice");
            store.commit(&alice, put(&[fact("one")])).unwrap();
            let why = format!("{failing} acts failed from {at}");
            disk.set_fault(Fault::Failing { at: disk.acts() + at, acts: failing });
            let rotated = store.rotate_master_key(None, NOW).is_ok();
            let beyond = disk.acts() < at;
            disk.set_fault(Fault::Never);
            let bob = enrolled(&store, "bob");
            store.commit(&bob, put(&[fact("two")])).unwrap();
            let names = |store: &Store| (texts(store, &alice), texts(store, &bob));
            let expected = (vec!["one".to_owned()], vec!["two".to_owned()]);
            assert_eq!(names(&store), expected, "{why}");
            assert_eq!(names(&open_with(&disk.after(End::Killed), None).unwrap()), expected, "{why}");
            store.rotate_master_key(None, NOW).unwrap();
            assert_eq!(names(&open_with(&disk.after(End::Killed), None).unwrap()), expected, "{why}");
            if rotated && beyond {
                return;
            }
        }
    }
    panic!("a rotation has more acts than a whole run");
}

#[test]
fn requests_go_on_while_the_key_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let at = |dir: &Path| Store::open(&StorageSettings::at(dir), Arc::new(FileDisk::new(dir))).unwrap();
    let store = at(dir.path());
    let stop = AtomicBool::new(false);
    let mut done = Vec::new();
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (store, stop) = (&store, &stop);
                threads.spawn(move || {
                    let mut users: Vec<String> = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let user = format!("tenant-{}:user-{worker}-{}", users.len() % 3, users.len());
                        let scope = enrolled(store, &user);
                        store.commit(&scope, put(&[fact(&user)])).unwrap();
                        for user in users.iter().rev().take(5) {
                            assert_eq!(texts(store, &verified(user)), [user.as_str()]);
                        }
                        users.push(user);
                    }
                    users
                })
            })
            .collect();
        for round in 0..8 {
            store.rotate_master_key(None, NOW + round).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
        done = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    });
    drop(store);
    let store = at(dir.path());
    assert!(done.len() > 4, "{}", done.len());
    for user in done {
        assert_eq!(texts(&store, &verified(&user)), [user.as_str()]);
    }
}

/// A registry as memgate wrote it before there were tenants' secrets and a naming secret.
fn first_format(disk: &SimulatedDisk, users: &[&UserScope]) -> MasterKey {
    use super::super::entry::{Entry, Vault};
    use super::super::seal::Place;
    let master = MasterKey::new(rotate::key_of(&key(9)).unwrap());
    let wrapping = Arc::new(master.first_wrapping_key());
    let file = disk.open(edition::NAME, disk::Mode::Fresh).unwrap();
    let database = redb::Builder::new().create_with_backend(file).unwrap();
    let txn = database.begin_write().unwrap();
    {
        let meta = redb::TableDefinition::<&str, &[u8]>::new("meta");
        let place = Place { table: "meta", key: b"check", file: &FileId::NONE };
        let word = master.registry.seal(place, b"memgate registry").unwrap();
        txn.open_table(meta).unwrap().insert("check", word.as_slice()).unwrap();
        let mut rows = txn.open_table(edition::USERS).unwrap();
        for scope in users {
            let id = master.first_naming().file_id(scope.user());
            let vault = Some(Arc::new(Vault::make(scope.user(), &id, wrapping.clone()).unwrap()));
            let standing = crate::policy::Standing { known: true, ratchet: Some(Assurance::Verified) };
            let entry = Entry { standing, sandbox: false, created: NOW, vault, erased: None };
            rows.insert(&id.0, edition::seal_user(&master, &id, &entry).unwrap().as_slice()).unwrap();
        }
        txn.open_table(edition::USER_KEYS).unwrap();
    }
    txn.commit().unwrap();
    disk.sync_folder(edition::NAME).unwrap();
    master
}

#[test]
fn a_registry_of_the_first_format_is_taken_over_whatever_cuts_in() {
    let (alice, bob) = (verified("alice"), verified("acme:bob"));
    let start = SimulatedDisk::default();
    let master = first_format(&start, &[&alice, &bob]);
    // Keys as they were: what a file of that time is sealed with.
    let store = open(&start.after(End::Killed)).unwrap();
    let hashes = [&alice, &bob].map(|scope| store.hash_key(scope).unwrap());
    assert_eq!(store.file_id(alice.user()), master.first_naming().file_id(alice.user()));
    assert_eq!(store.ticket_key(), master.first_naming().ticket_key());
    let whole = start.after(End::Killed);
    drop(open(&whole).unwrap());
    for at in 1..=whole.acts() {
        let disk = start.after(End::Killed);
        disk.set_fault(Fault::PowerCut { at });
        drop(open(&disk));
        let disk = disk.after(End::PowerCut { seed: at });
        let store = open(&disk).unwrap();
        assert_eq!([&alice, &bob].map(|scope| store.hash_key(scope).unwrap()), hashes, "cut at {at}");
        store.rotate_master_key(Some(&key(3)), NOW).unwrap();
        assert_eq!(store.file_id(alice.user()), master.first_naming().file_id(alice.user()));
        let listed: Vec<_> = store.list_tenants().unwrap().into_iter().map(|row| row.tenant.as_str().to_owned()).collect();
        assert_eq!(listed, ["acme", "default"]);
        drop(store);
        let store = open_with(&disk, Some(key(3))).unwrap();
        assert_eq!([&alice, &bob].map(|scope| store.hash_key(scope).unwrap()), hashes, "cut at {at}");
    }
}

/// Measures; run by hand with `--run-ignored only --no-capture`.
#[test]
#[ignore = "a measurement"]
fn how_long_ten_thousand_users_take() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&StorageSettings::at(dir.path()), Arc::new(FileDisk::new(dir.path()))).unwrap();
    std::thread::scope(|threads| {
        for worker in 0..64 {
            let store = &store;
            threads.spawn(move || (0..157).for_each(|n| drop(enrolled(store, &format!("t{}:user-{worker}-{n}", n % 10)))));
        }
    });
    for round in 0..3 {
        let began = Instant::now();
        let rotated = store.rotate_master_key(None, NOW + round).unwrap();
        println!("{} users: {:?}", rotated.users, began.elapsed());
    }
    let began = Instant::now();
    let erased = store.erase_tenant(&crate::ids::TenantId::parse("t3").unwrap(), erasure()).unwrap();
    println!("{} users of a tenant erased: {:?}", erased.users, began.elapsed());
    drop(store);
    let began = Instant::now();
    let store = Store::open(&StorageSettings::at(dir.path()), Arc::new(FileDisk::new(dir.path()))).unwrap();
    println!("opened: {:?}", began.elapsed());
    drop(store);
}
