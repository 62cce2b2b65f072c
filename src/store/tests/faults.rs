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

/// Enrols, commits for two users in turn, makes a key, erases one user, until the disk fails.
fn run(disk: &SimulatedDisk, sizes: &[usize], erase: bool) -> Acknowledged {
    let mut done = Acknowledged::default();
    let Ok(store) = open(disk) else { return done };
    for (number, size) in sizes.iter().enumerate() {
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
        done.erased = store.erase(&verified(USERS[0])).is_ok();
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
    let mut rest: Vec<u64> = found.iter().map(|number| *number as u64).collect();
    assert_eq!(
        data.injections.iter().map(|injection| injection.prefix).collect::<Vec<_>>(),
        rest.iter().copied().map(hash).collect::<Vec<_>>()
    );
    rest.sort_unstable();
    assert_eq!(data.learned, rest.into_iter().map(hash).collect::<Vec<_>>());
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

fn acts_of(sizes: &[usize], erase: bool) -> u64 {
    let disk = SimulatedDisk::default();
    let done = run(&disk, sizes, erase);
    assert_eq!(done.batches.iter().map(Vec::len).sum::<usize>(), sizes.len(), "without faults all is done");
    disk.acts()
}

#[test]
fn power_cuts_at_every_act_lose_nothing_acknowledged() {
    let sizes = [50, 200, 3_000, 10, 500, 1];
    for at in 1..=acts_of(&sizes, true) {
        let disk = SimulatedDisk::new(Fault::PowerCut { at });
        let done = run(&disk, &sizes, true);
        for seed in 0..6 {
            let why = format!("cut at {at}, seed {seed}");
            check(&disk.after(End::PowerCut { seed: at * 1000 + seed }), &done, true, &why);
        }
        check(&disk.after(End::Killed), &done, true, &format!("killed at {at}"));
    }
}

#[test]
fn power_cuts_in_files_that_are_changed_in_place_lose_nothing_acknowledged() {
    // Three facts of 30 KiB each: the second batch of a user finds a large file.
    let sizes = [30_000, 30_000, 30_000, 30_000, 30_000, 100];
    let acts = acts_of(&sizes, false);
    for at in 1..=acts {
        let disk = SimulatedDisk::new(Fault::PowerCut { at });
        let done = run(&disk, &sizes, false);
        for seed in 0..2 {
            let why = format!("cut at {at}, seed {seed}");
            check(&disk.after(End::PowerCut { seed: at * 77 + seed }), &done, false, &why);
        }
    }
}

#[test]
fn a_second_power_cut_while_recovering_loses_nothing_either() {
    let sizes = [30_000, 10, 30_000, 20];
    let disk = SimulatedDisk::default();
    let done = run(&disk, &sizes, false);
    let crashed = disk.after(End::Killed);
    for at in 1..40 {
        let again = crashed.after(End::Killed);
        again.set_fault(Fault::PowerCut { at });
        let more = run(&again, &[5], false);
        assert!(more.batches[0].len() <= 1);
        let both = again.after(End::PowerCut { seed: at });
        let store = open(&both).unwrap();
        for (number, user) in USERS.iter().enumerate() {
            let found: Vec<usize> =
                store.load(&verified(user)).unwrap().learned.iter().map(|turn| usize::from(turn[15])).collect();
            assert!(done.batches[number].iter().all(|batch| found.contains(batch)), "cut at {at}");
        }
    }
}

#[test]
fn a_full_disk_fails_the_act_and_the_store_goes_on() {
    let sizes = [50, 30_000, 30_000, 30_000, 30_000, 10];
    let acts = acts_of(&sizes, false);
    for at in 1..=acts {
        let disk = SimulatedDisk::new(Fault::DiskFull { at, writes: 2 });
        let done = run(&disk, &sizes, false);
        disk.set_fault(Fault::Never);
        // As long as the process lives, and after it.
        check(&disk.after(End::Killed), &done, false, &format!("full at {at}"));
    }
}

#[test]
fn a_process_that_met_a_full_disk_goes_on_when_there_is_room() {
    for writes in 1..12 {
        let disk = SimulatedDisk::default();
        let store = open(&disk).unwrap();
        let alice = enrolled(&store, "alice");
        store.commit(&alice, batch(1, 30_000)).unwrap();
        store.commit(&alice, batch(2, 30_000)).unwrap();
        disk.set_fault(Fault::DiskFull { at: disk.acts() + 1, writes });
        assert!(store.commit(&alice, batch(3, 30_000)).is_err());
        let bob = verified("bob");
        while store.enroll(&bob, NOW).is_err() {}
        disk.set_fault(Fault::Never);
        store.commit(&bob, batch(4, 10)).unwrap();
        store.commit(&alice, batch(5, 10)).unwrap();
        assert_eq!(batches_of(&store.load(&bob).unwrap()), [4]);
        let found = batches_of(&store.load(&alice).unwrap());
        assert!([1, 2, 5].iter().all(|number| found.contains(number)));
    }
}
