//! The vault over a store, on a disk whose rows are moved about.

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::*;
use crate::enforce::{test_sandbox, test_scope};
use crate::identity::Assurance;
use crate::ids::RequestId;
use crate::store::simulated::SimulatedDisk;
use crate::store::{Disk, Erasure, FileDisk, StorageSettings};

const NOW: i64 = 1_760_000_000_000;
const ROWS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("upstream_keys");

fn open(disk: Arc<dyn Disk>) -> Store {
    let settings = StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") };
    Store::open(&settings, disk).unwrap()
}

fn enrolled(store: &Store, user: &str) -> UserScope {
    let scope = test_scope(user, Assurance::Verified);
    store.enroll(&scope, NOW).unwrap();
    scope
}

fn put(vault: &Vault, scope: &UserScope, provider: &str, key: &str) -> bool {
    vault.put(scope, provider, check(key).unwrap(), NOW).unwrap().1
}

fn shown(vault: &Vault, scope: &UserScope, provider: &str) -> Option<String> {
    let keys = vault.load(scope).unwrap();
    keys.get(provider).map(|key| String::from_utf8(key.secret.expose().to_vec()).unwrap())
}

#[test]
fn one_key_for_each_provider_that_outlives_a_restart() {
    let disk = SimulatedDisk::default();
    let store = open(Arc::new(disk.clone()));
    let vault = Vault::new(store.clone());
    let (ana, bert) = (enrolled(&store, "acme:ana"), enrolled(&store, "umbra:ana"));
    assert!(!put(&vault, &ana, "openai", "sk-ana-first") && put(&vault, &ana, "openai", "sk-ana-second"));
    assert!(!put(&vault, &ana, "groq", "gsk-of-ana") && !put(&vault, &bert, "openai", "sk-of-bert"));
    let tested = Tested { at: NOW + 5, result: TestResult::Valid };
    let key = Arc::clone(vault.load(&ana).unwrap().get("groq").unwrap());
    key.note_use(NOW + 1);
    vault.note_test(&ana, &key, tested).unwrap();
    assert_eq!(vault.load(&ana).unwrap().get("groq").unwrap().used_at(), Some(NOW + 1), "a test takes the use along");
    assert_eq!(vault.peek(&ana).unwrap().iter().map(|key| &*key.provider).collect::<Vec<_>>(), ["groq", "openai"]);
    drop((vault, store));
    let vault = Vault::new(open(Arc::new(disk)));
    assert!(vault.peek(&ana).is_none());
    assert_eq!(shown(&vault, &ana, "openai").as_deref(), Some("sk-ana-second"));
    assert_eq!(shown(&vault, &bert, "openai").as_deref(), Some("sk-of-bert"), "equal names of two tenants");
    assert_eq!(vault.load(&ana).unwrap().get("groq").unwrap().tested, Some(tested));
    assert!(vault.delete(&ana, "openai").unwrap() && !vault.delete(&ana, "openai").unwrap());
    assert_eq!((shown(&vault, &ana, "openai"), shown(&vault, &ana, "groq").is_some()), (None, true));
    assert!(!vault.delete(&bert, "groq").unwrap());
}

#[test]
fn a_test_of_a_key_that_was_replaced_says_nothing_of_the_new_one() {
    let store = open(Arc::new(SimulatedDisk::default()));
    let vault = Vault::new(store.clone());
    let ana = enrolled(&store, "ana");
    put(&vault, &ana, "openai", "sk-of-before");
    let old = Arc::clone(vault.load(&ana).unwrap().get("openai").unwrap());
    put(&vault, &ana, "openai", "sk-of-after");
    vault.note_test(&ana, &old, Tested { at: NOW, result: TestResult::Valid }).unwrap();
    assert_eq!(vault.load(&ana).unwrap().get("openai").unwrap().tested, None);
    assert_eq!(shown(&vault, &ana, "openai").as_deref(), Some("sk-of-after"));
}

#[test]
fn room_is_bounded_and_what_was_there_stays() {
    let store = open(Arc::new(SimulatedDisk::default()));
    let vault = Vault::new(store.clone());
    let ana = enrolled(&store, "ana");
    for n in 0..15 {
        put(&vault, &ana, &format!("provider-{n}"), &"k".repeat(4096));
    }
    let refused = vault.put(&ana, "one-more", check(&"k".repeat(4096)).unwrap(), NOW);
    assert!(matches!(refused, Err(VaultError::Full)));
    assert_eq!(vault.load(&ana).unwrap().iter().count(), 15);
    assert!(put(&vault, &ana, "provider-3", &"n".repeat(4096)), "one may be replaced");
}

#[test]
fn an_erasure_ends_what_is_on_the_disk_and_in_ram() {
    let store = open(Arc::new(SimulatedDisk::default()));
    let vault = Vault::new(store.clone());
    let ana = enrolled(&store, "ana");
    put(&vault, &ana, "openai", "sk-of-ana");
    let held = Arc::downgrade(vault.load(&ana).unwrap().get("openai").unwrap());
    store.erase(&ana, Erasure { receipt: RequestId::fresh(), at: NOW }).unwrap();
    assert!(vault.peek(&ana).is_none() && held.upgrade().is_some());
    vault.forget(&ana);
    assert!(held.upgrade().is_none(), "it is wiped");
    assert!(vault.put(&ana, "openai", check("sk-of-ana").unwrap(), NOW).is_err(), "nobody is there");
    let ana = enrolled(&store, "ana");
    assert_eq!(shown(&vault, &ana, "openai"), None);
}

#[test]
fn a_sandbox_has_a_vault_of_nothing() {
    let store = open(Arc::new(SimulatedDisk::default()));
    let vault = Vault::new(store.clone());
    assert_eq!(vault.load(&test_sandbox("abc")).unwrap().iter().count(), 0);
}

/// Two people with keys for two providers each, and a fact's worth of other rows: without those a file all of whose rows were exchanged
/// would be a foreign one, and set aside.
struct Moved {
    dir: tempfile::TempDir,
    people: [UserScope; 2],
}

impl Moved {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(Arc::new(FileDisk::new(dir.path())));
        let vault = Vault::new(store.clone());
        let people = ["ana", "bert"].map(|name| enrolled(&store, name));
        for scope in &people {
            for provider in ["groq", "openai"] {
                put(&vault, scope, provider, &format!("sk-{provider}-of-{}", scope.user().name()));
            }
            let setting = ShelfChange::put(Shelf::Settings, "user", b"anything".to_vec());
            store.commit(scope, Batch { shelves: vec![setting], ..Batch::default() }).unwrap();
        }
        Self { dir, people }
    }

    fn rows(&self, store: &Store, person: usize) -> Database {
        let hex = store.file_id(self.people[person].user()).to_string();
        Database::open(self.dir.path().join("users").join(&hex[..2]).join(format!("{hex}.redb"))).unwrap()
    }

    fn read(&self, person: usize) -> Vec<([u8; 24], Vec<u8>)> {
        let db = self.rows(&open(Arc::new(FileDisk::new(self.dir.path()))), person);
        let txn = db.begin_read().unwrap();
        let table = txn.open_table(ROWS).unwrap();
        table.iter().unwrap().map(|row| row.map(|(key, value)| (*key.value(), value.value().to_vec())).unwrap()).collect()
    }

    fn write(&self, person: usize, rows: &[([u8; 24], Vec<u8>)]) {
        let db = self.rows(&open(Arc::new(FileDisk::new(self.dir.path()))), person);
        let txn = db.begin_write().unwrap();
        for (key, value) in rows {
            txn.open_table(ROWS).unwrap().insert(key, value.as_slice()).unwrap();
        }
        txn.commit().unwrap();
    }

    fn load(&self, person: usize) -> Result<Arc<Keys>, StoreError> {
        Vault::new(open(Arc::new(FileDisk::new(self.dir.path())))).load(&self.people[person])
    }
}

#[test]
fn exchanged_ciphertexts_of_two_people_do_not_open() {
    let moved = Moved::new();
    let [of_ana, of_bert] = [0, 1].map(|person| moved.read(person));
    assert_eq!((of_ana.len(), of_bert.len()), (2, 2));
    assert!(of_ana.iter().all(|(place, _)| of_bert.iter().all(|(other, _)| place != other)), "places tell nothing across files");
    assert_eq!(moved.load(0).unwrap().iter().count(), 2, "as they were");
    // Bert's ciphertext in the place of Ana's row; then his whole row beside hers.
    moved.write(0, &[(of_ana[0].0, of_bert[0].1.clone())]);
    assert!(matches!(moved.load(0), Err(StoreError::Sealed)));
    moved.write(0, &[of_ana[0].clone(), of_bert[0].clone()]);
    assert!(matches!(moved.load(0), Err(StoreError::Sealed)));
    assert!(moved.load(0).is_err(), "and it stays so: nothing is set aside, nothing falls back");
    assert_eq!(moved.load(1).unwrap().iter().count(), 2, "the other person's are untouched");
}

#[test]
fn exchanged_ciphertexts_of_two_providers_do_not_open() {
    let moved = Moved::new();
    let [first, second] = &moved.read(0)[..] else { panic!("two rows") };
    moved.write(0, &[(first.0, second.1.clone()), (second.0, first.1.clone())]);
    assert!(matches!(moved.load(0), Err(StoreError::Sealed)));
    moved.write(0, &[first.clone(), second.clone()]);
    assert_eq!(moved.load(0).unwrap().iter().count(), 2, "as they were");
    let mut bent = second.clone();
    bent.1[20] ^= 1;
    moved.write(0, &[bent]);
    assert!(matches!(moved.load(0), Err(StoreError::Sealed)));
}

#[test]
fn a_damaged_key_is_mended_by_its_owner_alone() {
    let moved = Moved::new();
    let rows = moved.read(0);
    let spoil = |row: &([u8; 24], Vec<u8>)| (row.0, row.1.iter().map(|byte| byte ^ 1).collect());
    let open_vault = || Vault::new(open(Arc::new(FileDisk::new(moved.dir.path()))));
    let ana = &moved.people[0];
    moved.write(0, &rows.iter().map(spoil).collect::<Vec<_>>());
    let first = check("sk-anew-first").unwrap();
    assert!(open_vault().put(ana, "openai", first, NOW).is_err(), "another one is damaged still");
    let vault = open_vault();
    assert!(vault.delete(ana, "groq").unwrap() && !vault.delete(ana, "groq").unwrap());
    assert_eq!(shown(&vault, ana, "openai").as_deref(), Some("sk-anew-first"));
    drop(vault);
    let [row] = &moved.read(0)[..] else { panic!("one row") };
    moved.write(0, &[spoil(row)]);
    let vault = open_vault();
    assert!(vault.load(ana).is_err() && put(&vault, ana, "openai", "sk-anew-again"));
    assert_eq!(shown(&vault, ana, "openai").as_deref(), Some("sk-anew-again"));
}

#[test]
fn nonces_are_fresh_for_each_writing() {
    let moved = Moved::new();
    let before = moved.read(0);
    let vault = Vault::new(open(Arc::new(FileDisk::new(moved.dir.path()))));
    put(&vault, &moved.people[0], "openai", "sk-openai-of-ana");
    drop(vault);
    let after = moved.read(0);
    let changed = before.iter().zip(&after).filter(|(old, new)| old.1 != new.1).count();
    assert_eq!(changed, 1, "the same key, sealed again");
    assert!(before.iter().chain(&after).all(|(_, sealed)| sealed.len() > 13));
}

#[test]
fn many_writers_of_one_person_leave_one_key() {
    let store = open(Arc::new(SimulatedDisk::default()));
    let vault = Arc::new(Vault::new(store.clone()));
    let ana = Arc::new(enrolled(&store, "ana"));
    std::thread::scope(|threads| {
        for n in 0..16 {
            let (vault, ana) = (&vault, &ana);
            threads.spawn(move || put(vault, ana, "openai", &format!("sk-number-{n:02}")));
        }
    });
    let in_ram = shown(&vault, &ana, "openai").unwrap();
    assert_eq!(vault.load(&ana).unwrap().iter().count(), 1);
    assert_eq!(shown(&Vault::new(store), &ana, "openai"), Some(in_ram), "the disk has what the RAM has");
}
