//! What every store does, whatever it is made of.

use super::super::user_file::{MAX_INJECTIONS, MAX_LEARNED};
use super::*;

#[test]
fn what_is_committed_is_loaded() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    let (a, b) = (fact("lives in Bern"), fact("has a dog"));
    let injected = injection(1, &[a.id, b.id]);
    let batch = Batch { injections: vec![injected.clone()], learned: vec![hash(7)], ..put(&[a.clone(), b.clone()]) };
    store.commit(&alice, batch).unwrap();
    let data = store.load(&alice).unwrap();
    assert_eq!((data.facts, data.injections, data.learned), (vec![a.clone(), b.clone()], vec![injected], vec![hash(7)]));

    let changed = Fact { invalid_at: Some(NOW), ..a.clone() };
    let batch = Batch { delete: vec![b.id], drop_injections: vec![hash(1)], ..put(std::slice::from_ref(&changed)) };
    store.commit(&alice, batch).unwrap();
    let data = store.load(&alice).unwrap();
    assert_eq!((data.facts, data.injections.len()), (vec![changed], 0));
}

#[test]
fn a_user_never_written_to_is_empty_and_makes_no_file() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let names = disk.names();
    assert!(store.load(&verified("nobody")).unwrap().facts.is_empty());
    assert!(matches!(store.commit(&verified("nobody"), put(&[fact("x")])), Err(StoreError::NotEnrolled)));
    let alice = enrolled(&store, "alice");
    assert!(store.load(&alice).unwrap().facts.is_empty());
    store.commit(&alice, Batch::default()).unwrap();
    assert_eq!(disk.names(), names);
}

#[test]
fn everything_is_there_after_a_restart() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("lives in Bern")])).unwrap();
    let (key, ticket) = (store.hash_key(&alice).unwrap(), store.ticket_key());
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(texts(&store, &alice), ["lives in Bern"]);
    assert_eq!((store.hash_key(&alice).unwrap(), store.ticket_key()), (key, ticket));
}

#[test]
fn small_and_large_files_hold_the_same() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let mut expected = Vec::new();
    // Grows past the size at which files are changed in place, in batches of many sizes.
    for round in 0..8_usize {
        let facts: Vec<_> = (0..round * 10).map(|n| fact(&format!("{round} {n} {}", "words ".repeat(100)))).collect();
        expected.extend(facts.iter().map(|fact| fact.text.clone()));
        store.commit(&alice, put(&facts)).unwrap();
        expected.sort();
        assert_eq!(texts(&store, &alice), expected, "round {round}");
    }
    let file = disk.names().into_iter().find(|name| name.starts_with("users")).unwrap();
    assert!(disk.stored(&file).unwrap().unwrap() > 300 << 10, "the test means to reach a large file");
}

#[test]
fn a_batch_that_is_put_and_deleted_is_deleted() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    let gone = fact("gone");
    store.commit(&alice, Batch { delete: vec![gone.id], ..put(&[gone]) }).unwrap();
    assert!(texts(&store, &alice).is_empty());
}

#[test]
fn injections_and_learned_turns_are_bounded_and_the_newest_stay() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    // The newest come first, so that neither the order of arrival nor of keys decides.
    for block in (0..5_u64).rev() {
        let injections = (0..MAX_INJECTIONS / 4).map(|n| injection(block * MAX_INJECTIONS / 4 + n, &[])).collect();
        store.commit(&alice, Batch { injections, ..Batch::default() }).unwrap();
    }
    let learned = (0..MAX_LEARNED + 5).map(hash).collect();
    store.commit(&alice, Batch { learned, ..Batch::default() }).unwrap();
    let data = store.load(&alice).unwrap();
    let mut times: Vec<_> = data.injections.iter().map(|injection| injection.at - NOW).collect();
    times.sort_unstable();
    let oldest = i64::try_from(MAX_INJECTIONS / 4).unwrap();
    assert_eq!((times.len() as u64, times[0]), (MAX_INJECTIONS, oldest));
    assert_eq!((data.learned.len() as u64, data.learned[0]), (MAX_LEARNED, hash(5)));
}

#[test]
fn threads_lose_nothing() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let users = ["alice", "bob", "carol"];
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let store = &store;
            threads.spawn(move || {
                for n in 0..5 {
                    for user in users {
                        let scope = enrolled(store, user);
                        store.commit(&scope, put(&[fact(&format!("{user} {thread} {n}"))])).unwrap();
                        assert!(texts(store, &scope).iter().all(|text| text.starts_with(user)));
                    }
                }
            });
        }
    });
    for user in users {
        assert_eq!(texts(&store, &verified(user)).len(), 20, "{user}");
    }
}

#[test]
fn records_of_a_later_version_with_more_fields_are_read() {
    let mut json = serde_json::to_value(fact("lives in Bern")).unwrap();
    json["mood"] = "sunny".into();
    json.as_object_mut().unwrap().remove("pinned");
    assert_eq!(serde_json::from_value::<Fact>(json).unwrap().text, "lives in Bern");
}
