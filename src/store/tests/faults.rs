//! Power cuts at every act of a run, kills, and full disks: what was acknowledged is there, nothing is there by half.

use super::super::simulated::{End, Fault};
use super::*;
use crate::identity::{KeyHash, UserKeys};
use sha2::{Digest, Sha256};

/// What a run was told is done.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Batches by user.
    batches: [Vec<usize>; 2],
    enrolled: [bool; 2],
    erased: bool,
    key: Option<Secret>,
}

const USERS: [&str; 2] = ["alice", "acme:bob"];

/// A batch is three facts and a learned turn, so that a half one shows. `size` makes files small or large.
fn batch(number: usize, size: usize) -> Batch {
    let facts: Vec<_> = (0..3).map(|part| fact(&format!("{number}/{part} {}", "x".repeat(size)))).collect();
    Batch { injections: vec![injection(number as u64, &[])], learned: vec![hash(number as u64)], ..put(&facts) }
}

/// Enrols, commits batches of these sizes for two users in turn, makes a key, erases one user, until the disk fails.
fn run(disk: &SimulatedDisk, sizes: &[usize], erase: bool) -> Acknowledged {
    run_from(0, disk, sizes, erase)
}

fn run_from(first: usize, disk: &SimulatedDisk, sizes: &[usize], erase: bool) -> Acknowledged {
    let mut done = Acknowledged::default();
    let Ok(store) = open(disk) else { return done };
    for (number, size) in (first..).zip(sizes) {
        let user = number % 2;
        let scope = verified(USERS[user]);
        if store.enroll(&scope, NOW).is_ok() {
            done.enrolled[user] = true;
        }
        if store.commit(&scope, batch(number, *size)).is_ok() {
            done.batches[user].push(number);
        }
        if number == 1 {
            done.key = store.make_user_key(scope.user(), "", NOW).ok().map(|(_, key)| key);
        }
    }
    if erase {
        done.erased = store.erase(&verified(USERS[0]), erasure()).is_ok();
    }
    done
}

/// Which batches are there. Fails where one is there by half.
fn batches_of(data: &UserData) -> Vec<usize> {
    let mut parts = std::collections::BTreeMap::<usize, usize>::new();
    for fact in &data.facts {
        *parts.entry(fact.text.split('/').next().unwrap().parse().unwrap()).or_default() += 1;
    }
    assert!(parts.values().all(|count| *count == 3), "a batch is there by half: {parts:?}");
    let found: Vec<usize> = parts.into_keys().collect();
    let expected: Vec<_> = found.iter().map(|number| hash(*number as u64)).collect();
    assert_eq!(data.injections.iter().map(|injection| injection.prefix).collect::<Vec<_>>(), expected);
    let mut learned = data.learned.clone();
    learned.sort_unstable();
    assert_eq!(learned, expected);
    found
}

fn check(disk: &SimulatedDisk, done: &Acknowledged, tried_to_erase: bool, why: &str) {
    let store = open(disk).unwrap_or_else(|error| panic!("{why}: {error}"));
    for (number, user) in USERS.iter().enumerate() {
        let scope = verified(user);
        let data = store.load(&scope).unwrap_or_else(|error| panic!("{why}: {user}: {error}"));
        let found = batches_of(&data);
        if number == 0 && tried_to_erase {
            let gone = found.is_empty();
            assert!(gone || !done.erased, "{why}: an erased user is back");
            assert!(gone || done.batches[0].iter().all(|batch| found.contains(batch)), "{why}: lost");
        } else {
            let lost: Vec<_> = done.batches[number].iter().filter(|batch| !found.contains(batch)).collect();
            assert!(lost.is_empty(), "{why}: {user} lost {lost:?}");
        }
        if done.enrolled[number] {
            assert_eq!(crate::policy::Directory::standing(&store, scope.user()).ratchet, Some(Assurance::Verified), "{why}");
        }
        // The user can go on.
        store.enroll(&scope, NOW).unwrap();
        store.commit(&scope, batch(900 + number, 10)).unwrap();
        assert!(batches_of(&store.load(&scope).unwrap()).contains(&(900 + number)), "{why}");
    }
    if let Some(key) = &done.key {
        assert!(store.owner(&KeyHash(Sha256::digest(key.expose()).into())).is_some(), "{why}: a key is lost");
    }
}

/// Runs as `run` does once without a fault, then once for every act with a fault at that act.
fn sweep(
    start: &SimulatedDisk,
    sizes: &[usize],
    erase: bool,
    fault: fn(u64) -> Fault,
    check: impl Fn(u64, &SimulatedDisk, &Acknowledged),
) {
    let disk = start.after(End::Killed);
    let done = run(&disk, sizes, erase);
    assert_eq!(done.batches.iter().map(Vec::len).sum::<usize>(), sizes.len(), "without faults all is done");
    for at in 1..=disk.acts() {
        let disk = start.after(End::Killed);
        disk.set_fault(fault(at));
        let done = run(&disk, sizes, erase);
        check(at, &disk, &done);
    }
}

fn power_cut(at: u64) -> Fault {
    Fault::PowerCut { at }
}

/// A disk with a file of alice's that is large enough to be changed in place.
fn with_a_large_file() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    store.commit(&enrolled(&store, USERS[0]), batch(700, 16_000)).unwrap();
    let file = disk.names().into_iter().find(|name| name.starts_with("users")).unwrap();
    assert!(disk.stored(&file).unwrap().unwrap() > 128 << 10);
    disk
}

#[test]
fn power_cuts_at_every_act_lose_nothing_acknowledged() {
    sweep(&SimulatedDisk::default(), &[50, 700, 10], true, power_cut, |at, disk, done| {
        for seed in [at, at + 1000] {
            check(&disk.after(End::PowerCut { seed }), done, true, &format!("cut at {at}, seed {seed}"));
        }
    });
}

#[test]
fn a_kill_at_every_act_loses_nothing_acknowledged() {
    sweep(&SimulatedDisk::default(), &[50, 10], true, power_cut, |at, disk, done| {
        check(&disk.after(End::Killed), done, true, &format!("killed at {at}"));
    });
}

#[test]
fn power_cuts_in_a_file_that_is_changed_in_place_lose_nothing_acknowledged() {
    sweep(&with_a_large_file(), &[20, 10, 3_000], false, power_cut, |at, disk, done| {
        check(&disk.after(End::PowerCut { seed: at }), done, false, &format!("cut at {at}"));
    });
}

#[test]
fn a_second_power_cut_while_recovering_loses_nothing_either() {
    let disk = with_a_large_file();
    let done = run(&disk, &[10, 10, 10], false);
    for at in 1..40 {
        let disk = disk.after(End::PowerCut { seed: 1 });
        disk.set_fault(power_cut(at));
        run_from(10, &disk, &[5], false);
        check(&disk.after(End::PowerCut { seed: at }), &done, false, &format!("cut again at {at}"));
    }
}

#[test]
fn a_full_disk_at_any_act_fails_that_act_alone() {
    let full = |at| Fault::DiskFull { at, writes: 2 };
    sweep(&with_a_large_file(), &[20, 10, 10], false, full, |at, disk, done| {
        disk.set_fault(Fault::Never);
        check(disk, done, false, &format!("full at {at}"));
    });
}

#[test]
fn a_process_that_met_a_full_disk_goes_on_when_there_is_room() {
    for writes in 1..8 {
        let disk = with_a_large_file();
        let store = open(&disk).unwrap();
        let (alice, bob) = (verified(USERS[0]), verified("bob"));
        disk.set_fault(Fault::DiskFull { at: disk.acts() + 1, writes });
        assert!(store.commit(&alice, batch(3, 10)).is_err());
        while store.enroll(&bob, NOW).is_err() {}
        disk.set_fault(Fault::Never);
        store.commit(&bob, batch(4, 10)).unwrap();
        store.commit(&alice, batch(5, 10)).unwrap();
        assert_eq!(batches_of(&store.load(&bob).unwrap()), [4]);
        let found = batches_of(&store.load(&alice).unwrap());
        assert!([700, 5].iter().all(|number| found.contains(number)));
    }
}
