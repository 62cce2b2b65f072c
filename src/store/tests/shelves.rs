//! What is kept beside memory: by name and place, sealed, and nobody else's.

use std::num::NonZeroUsize;

use super::*;
use crate::store::{PerUser, Row, Shelf, ShelfChange};

fn turn(session: &str, order: u64, text: &str) -> ShelfChange {
    ShelfChange::Put(Shelf::Turns, Row { name: session.into(), order, value: text.as_bytes().to_vec().into() })
}

fn change(store: &Store, scope: &UserScope, shelves: Vec<ShelfChange>) {
    store.commit(scope, Batch { shelves, ..Batch::default() }).unwrap();
}

fn values(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| std::str::from_utf8(&row.value).unwrap()).collect()
}

#[test]
fn rows_are_found_by_name_in_their_order_and_survive_a_restart() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    change(&store, &alice, vec![turn("s", 2, "c"), turn("s", 0, "a"), turn("t", 0, "other"), turn("s", 1, "b")]);
    change(&store, &alice, vec![ShelfChange::put(Shelf::Keys, "openai", b"sk-1".to_vec())]);
    change(&store, &alice, vec![turn("s", 1, "B"), ShelfChange::Remove(Shelf::Turns, "s".into(), 2..=9)]);
    drop(store);
    let store = open(&disk).unwrap();
    let of = |name, range| store.shelf(&alice, Shelf::Turns, Some((name, range))).unwrap();
    assert_eq!(values(&of("s", 0..=u64::MAX)), ["a", "B"]);
    assert_eq!(values(&of("s", 1..=1)), ["B"]);
    assert_eq!(values(&of("nobody", 0..=u64::MAX)), [""; 0]);
    let all = store.shelf(&alice, Shelf::Turns, None).unwrap();
    assert_eq!(all.iter().filter(|row| &*row.name == "t").count(), 1);
    assert_eq!(all.len(), 3);
    let keys = store.shelf(&alice, Shelf::Keys, None).unwrap();
    assert_eq!((&*keys[0].name, values(&keys)), ("openai", vec!["sk-1"]));
    assert_eq!(store.shelf(&alice, Shelf::Settings, None).unwrap(), []);
    change(&store, &alice, vec![ShelfChange::remove(Shelf::Turns, "s")]);
    assert_eq!(values(&store.shelf(&alice, Shelf::Turns, None).unwrap()), ["other"]);
}

#[test]
fn neither_names_nor_values_are_readable_and_another_users_file_does_not_open() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    for (scope, value) in [(&alice, "sk-of-alice"), (&bob, "sk-of-bob")] {
        change(&store, scope, vec![ShelfChange::put(Shelf::Keys, "custom-provider", value.into())]);
    }
    for name in disk.names() {
        let bytes = disk.contents(&name).unwrap();
        for word in [&b"sk-of-alice"[..], b"sk-of-bob", b"custom-provider"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{name}");
        }
    }
    let path = |scope: &UserScope| {
        let hex = store.file_id(scope.user()).to_string();
        format!("users/{}/{hex}.redb", &hex[..2])
    };
    disk.swap(&path(&alice), &path(&bob));
    assert!(matches!(store.shelf(&alice, Shelf::Keys, None), Err(StoreError::Foreign)));
    assert_eq!(store.shelf(&alice, Shelf::Keys, None).unwrap(), []);
}

#[test]
fn what_is_in_ram_ends_with_an_erasure_and_is_bounded() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let cache: PerUser<usize> = PerUser::new(NonZeroUsize::new(2).unwrap());
    let alice = enrolled(&store, "alice");
    let load = |scope: &UserScope| store.shelf(scope, Shelf::Keys, None).map(|rows| rows.len());
    assert_eq!(cache.peek(&store, &alice), None);
    assert_eq!(*cache.get(&store, &alice, || load(&alice)).unwrap(), 0);
    let write = |_: &std::sync::Arc<usize>, _| {
        store.commit(
            &alice,
            Batch { shelves: vec![ShelfChange::put(Shelf::Keys, "openai", b"k".to_vec())], ..Batch::default() },
        )?;
        Ok((Some(1), ()))
    };
    cache.change(&store, &alice, || load(&alice), write).unwrap();
    assert_eq!(cache.peek(&store, &alice).as_deref(), Some(&1));
    store.erase(&alice, erasure()).unwrap();
    assert_eq!(cache.peek(&store, &alice), None, "no key fits");
    let alice = enrolled(&store, "alice");
    assert_eq!(cache.peek(&store, &alice), None, "another key than before");
    assert_eq!(*cache.get(&store, &alice, || load(&alice)).unwrap(), 0);
    for name in ["bob", "carol", "dave"] {
        let scope = enrolled(&store, name);
        cache.get(&store, &scope, || load(&scope)).unwrap();
    }
    assert_eq!(cache.len(), 2);
    assert_eq!(cache.peek(&store, &alice), None);
}

#[test]
fn what_was_read_before_an_erasure_is_not_written_after_it() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let cache: PerUser<usize> = PerUser::new(NonZeroUsize::new(2).unwrap());
    let alice = enrolled(&store, "alice");
    let load = || store.shelf(&alice, Shelf::Settings, None).map(|rows| rows.len());
    let put = || Batch { shelves: vec![ShelfChange::put(Shelf::Settings, "user", b"{}".to_vec())], ..Batch::default() };
    let late = cache.change(&store, &alice, load, |_, epoch| {
        store.erase(&alice, erasure())?;
        enrolled(&store, "alice");
        store.commit_in(&alice, epoch, put()).map(|()| (None, ()))
    });
    assert!(matches!(late, Err(StoreError::NotEnrolled)), "{late:?}");
    assert_eq!(load().unwrap(), 0);
    cache.change(&store, &alice, load, |_, epoch| store.commit_in(&alice, epoch, put()).map(|()| (Some(1), ()))).unwrap();
    assert_eq!((load().unwrap(), cache.peek(&store, &alice).as_deref()), (1, Some(&1)));
    let held = cache.peek(&store, &alice).unwrap();
    cache.forget(&store, &alice);
    assert_eq!(std::sync::Arc::strong_count(&held), 1, "nothing else holds it");
}
