//! One user's words never reach another, whatever goes wrong.

use super::*;

fn user_file_of(store: &Store, scope: &UserScope) -> String {
    let hex = store.file_id(scope.user()).to_string();
    format!("users/{}/{hex}.redb", &hex[..2])
}

#[test]
fn equal_names_in_two_tenants_never_meet() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let (a, b) = (enrolled(&store, "acme:bob"), enrolled(&store, "beta:bob"));
    store.commit(&a, put(&[fact("a secret of acme")])).unwrap();
    assert!(texts(&store, &b).is_empty());
    store.commit(&b, put(&[fact("a secret of beta")])).unwrap();
    assert_eq!((texts(&store, &a), texts(&store, &b)), (vec!["a secret of acme".into()], vec!["a secret of beta".into()]));
    assert_ne!(store.hash_key(&a).unwrap(), store.hash_key(&b).unwrap());
    store.erase(&a).unwrap();
    assert_eq!(texts(&store, &b), ["a secret of beta"]);
}

#[test]
fn the_wrong_file_does_not_open() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    store.commit(&alice, put(&[fact("alice's secret")])).unwrap();
    store.commit(&bob, Batch { injections: vec![injection(1, &[])], ..Batch::default() }).unwrap();
    disk.swap(&user_file_of(&store, &alice), &user_file_of(&store, &bob));
    assert!(matches!(store.load(&alice), Err(StoreError::Sealed)), "an injection of bob's");
    assert!(matches!(store.load(&bob), Err(StoreError::Sealed)), "a fact of alice's");
}

#[test]
fn nothing_readable_is_on_the_disk() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let scope = enrolled(&store, "acme:alice-in-chains");
    let secret = "the garage code is 7319";
    store.commit(&scope, put(&[fact(secret)])).unwrap();
    let (_, key) = store.make_user_key(scope.user(), "kitchen tablet", NOW).unwrap();
    store.journal_append(Queue::Rules, &Ticket::from_bytes(b"ticket"), &scope, secret.as_bytes()).unwrap();
    drop(store);
    let reversed: Vec<u8> = secret.bytes().rev().collect();
    let words: [&[u8]; 6] = [b"garage", b"alice-in-chains", b"acme", b"kitchen tablet", &reversed, key.expose()];
    let mut read = 0;
    for name in disk.names() {
        let bytes = disk.contents(&name).unwrap();
        read += bytes.len();
        for word in words {
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{name} holds {}", word.escape_ascii());
            assert!(!name.contains("alice") && !name.contains("acme"));
        }
    }
    assert!(read > 1 << 20);
}

#[test]
fn an_erased_users_copies_are_unreadable() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let batch = Batch { injections: vec![injection(1, &[])], ..put(&[fact("one"), fact("two")]) };
    store.commit(&alice, batch).unwrap();
    let name = user_file_of(&store, &alice);
    let backup = disk.contents(&name).unwrap();
    let key = store.hash_key(&alice).unwrap();
    let erased = store.erase(&alice).unwrap();
    assert_eq!((erased.facts, erased.injections), (2, 1));
    assert!(erased.bytes > 0 && !disk.names().contains(&name));
    assert!(texts(&store, &alice).is_empty());
    assert!(matches!(store.hash_key(&alice), Err(StoreError::NotEnrolled)));
    assert!(matches!(store.commit(&alice, put(&[fact("a late job")])), Err(StoreError::NotEnrolled)));
    assert_eq!(store.erase(&alice).unwrap(), Erased::default());

    // The user starts again; then somebody restores the backup of the file.
    store.enroll(&alice, NOW).unwrap();
    assert!(texts(&store, &alice).is_empty());
    assert_ne!(store.hash_key(&alice).unwrap(), key);
    let restore = |store: &Store| {
        let file = disk.open(&name, disk::Mode::Fresh).unwrap();
        redb::StorageBackend::write(&file, 0, &backup).unwrap();
        store.load(&alice)
    };
    assert!(matches!(restore(&store), Err(StoreError::Sealed)));
    drop(store);
    assert!(matches!(restore(&open(&disk).unwrap()), Err(StoreError::Sealed)));
}

#[test]
fn an_interrupted_erasure_leaves_no_trap() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("old")])).unwrap();
    let name = user_file_of(&store, &alice);
    let leftover = disk.contents(&name).unwrap();
    store.erase(&alice).unwrap();
    let file = disk.open(&name, disk::Mode::Fresh).unwrap();
    redb::StorageBackend::write(&file, 0, &leftover).unwrap();
    drop((store, file));
    let store = open(&disk).unwrap();
    assert!(texts(&store, &alice).is_empty());
    store.enroll(&alice, NOW).unwrap();
    store.commit(&alice, put(&[fact("new")])).unwrap();
    assert_eq!(texts(&store, &alice), ["new"]);
}
