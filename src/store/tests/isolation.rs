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
    store.erase(&a, erasure()).unwrap();
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
    assert!(matches!(store.load(&alice), Err(StoreError::Foreign)), "an injection of bob's");
    assert!(matches!(store.load(&bob), Err(StoreError::Foreign)), "a fact of alice's");
    // Neither is stuck with the other's file, and neither file is lost.
    assert!(texts(&store, &alice).is_empty() && texts(&store, &bob).is_empty());
    store.commit(&bob, put(&[fact("bob's own")])).unwrap();
    assert_eq!(texts(&store, &bob), ["bob's own"]);
    let copy = |scope| format!("{}.foreign-1", user_file_of(&store, scope));
    disk.swap(&user_file_of(&store, &bob), &copy(&alice));
    assert_eq!(store.load(&bob).unwrap().injections.len(), 1);
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
    let erased = store.erase(&alice, erasure()).unwrap();
    assert_eq!((erased.records["facts"], erased.records["injections"], erased.records["learned"]), (2, 1, 0));
    assert!(erased.bytes > 0 && !disk.names().contains(&name));
    assert!(texts(&store, &alice).is_empty());
    assert!(matches!(store.hash_key(&alice), Err(StoreError::NotEnrolled)));
    assert!(matches!(store.commit(&alice, put(&[fact("a late job")])), Err(StoreError::NotEnrolled)));
    assert_eq!(store.erase(&alice, erasure()).unwrap(), Erased::default());

    // The user starts again; then somebody restores the backup of the file.
    store.enroll(&alice, NOW).unwrap();
    assert!(texts(&store, &alice).is_empty());
    assert_ne!(store.hash_key(&alice).unwrap(), key);
    let restore = |store: &Store| {
        let file = disk.open(&name, disk::Mode::Fresh).unwrap();
        redb::StorageBackend::write(&file, 0, &backup).unwrap();
        store.load(&alice)
    };
    assert!(matches!(restore(&store), Err(StoreError::Foreign)));
    drop(store);
    let store = open(&disk).unwrap();
    assert!(matches!(restore(&store), Err(StoreError::Foreign)));
    assert!(texts(&store, &alice).is_empty());
    assert_eq!(store.last_erasure(&alice).map(|erasure| erasure.at), Some(NOW));
    store.commit(&alice, put(&[fact("new")])).unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(texts(&store, &alice), ["new"]);
    // Erasing takes the copies along.
    assert!(disk.names().iter().any(|name| name.contains(".foreign-")));
    store.erase(&alice, erasure()).unwrap();
    assert!(!disk.names().iter().any(|name| name.contains(".foreign-")));
}

#[test]
fn nothing_is_added_to_a_file_that_took_the_place_of_the_users_own() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    store.commit(&alice, put(&[fact("alice's")])).unwrap();
    store.commit(&bob, put(&[fact("bob's")])).unwrap();
    disk.swap(&user_file_of(&store, &alice), &user_file_of(&store, &bob));
    assert!(matches!(store.commit(&alice, put(&[fact("more")])), Err(StoreError::Foreign)));
    store.commit(&alice, put(&[fact("more")])).unwrap();
    assert_eq!(texts(&store, &alice), ["more"]);
}

#[test]
fn one_damaged_record_does_not_set_a_file_aside() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("one"), fact("two")])).unwrap();
    let name = user_file_of(&store, &alice);
    let seal = store.seal(&store.file_id(alice.user())).unwrap();
    let id = store.file_id(alice.user());
    let broken = Fact { id: FactId::fresh(), ..fact("broken") };
    let other = store.file_id(&crate::ids::UserId::parse("bob").unwrap());
    // Sealed for another place, as a flipped bit would leave it.
    let row = super::super::record::seal_fact(&seal, &other, &broken).unwrap();
    let db = redb::Builder::new().create_with_backend(disk.open(&name, disk::Mode::Existing).unwrap()).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<&[u8; 16], &[u8]>::new("facts"))
        .unwrap()
        .insert(broken.id.as_bytes(), &row[..])
        .unwrap();
    txn.commit().unwrap();
    drop(db);
    assert!(matches!(store.load(&alice), Err(StoreError::Sealed)));
    assert!(!store.file(&id).is_foreign(&seal).unwrap() && disk.names().contains(&name));
}

#[test]
fn an_interrupted_erasure_leaves_no_trap() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("old")])).unwrap();
    let name = user_file_of(&store, &alice);
    let leftover = disk.contents(&name).unwrap();
    store.erase(&alice, erasure()).unwrap();
    let file = disk.open(&name, disk::Mode::Fresh).unwrap();
    redb::StorageBackend::write(&file, 0, &leftover).unwrap();
    drop((store, file));
    let store = open(&disk).unwrap();
    assert!(texts(&store, &alice).is_empty());
    store.enroll(&alice, NOW).unwrap();
    store.commit(&alice, put(&[fact("new")])).unwrap();
    assert_eq!(texts(&store, &alice), ["new"]);
}
