//! What upstreams keep for a user, as the store remembers it.

use super::super::user_file::MAX_HELD;
use super::*;

fn hold(numbers: impl IntoIterator<Item = u64>, at: i64) -> Batch {
    let holdings = numbers.into_iter().map(|number| Holding { name: hash(number), at }).collect();
    Batch { holdings, ..Batch::default() }
}

fn held(store: &Store, scope: &UserScope) -> Vec<u64> {
    let number = |holding: Holding| u64::from_be_bytes(holding.name[8..].try_into().unwrap());
    let mut numbers: Vec<u64> = store.holdings(scope).unwrap().into_iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn what_is_held_outlives_the_process_and_other_commits() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    store.commit(&alice, hold([1, 2], NOW)).unwrap();
    store.commit(&alice, put(&[fact("lives in Bern")])).unwrap();
    store.commit(&alice, hold([2, 3], NOW + 1)).unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!((held(&store, &alice), held(&store, &bob)), (vec![1, 2, 3], vec![]));
    assert!(held(&store, &verified("nobody")).is_empty());
    assert_eq!(texts(&store, &alice), ["lives in Bern"]);
}

#[test]
fn the_oldest_go_first_and_the_expired_all() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, hold(0..100, NOW)).unwrap();
    store.commit(&alice, hold(100..MAX_HELD + 50, NOW + 1)).unwrap();
    assert_eq!(held(&store, &alice), (50..MAX_HELD + 50).collect::<Vec<_>>());
    store.commit(&alice, hold([9_999], NOW + Holding::LIFETIME)).unwrap();
    let left = held(&store, &alice);
    assert!(
        left.len() == usize::try_from(MAX_HELD).unwrap() - 49 && left.contains(&9_999) && !left.contains(&99),
        "{}",
        left.len()
    );
    store.commit(&alice, hold([10_000], NOW + 1 + Holding::LIFETIME)).unwrap();
    assert_eq!(held(&store, &alice), [9_999, 10_000]);
}

#[test]
fn an_erasure_takes_it_along() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, hold([1, 2], NOW)).unwrap();
    let erased = store.erase(&alice, erasure()).unwrap();
    assert_eq!(erased.records["held_upstream"], 2);
    store.enroll(&alice, NOW).unwrap();
    assert!(held(&store, &alice).is_empty());
}
