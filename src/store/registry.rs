//! The registry: who is enrolled with which wrapped data key, and whose the user keys are.
//!
//! Everything in it is also held in memory, so that looking up costs no I/O. Changes that arrive together share one
//! transaction: whoever comes first writes for all who wait.

use std::mem;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use parking_lot::Mutex;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use super::disk::{Disk, Mode};
use super::error::StoreError;
use super::overlay::Overlay;
use super::seal::{FileId, Keyring, Place, SealKey, UserSeal};
use crate::identity::{Assurance, KeyHash};
use crate::ids::{KeyId, RequestId, UserId};
use crate::policy::Standing;

const USERS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("users");
const USER_KEYS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("user_keys");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// A sealed word that only the right master key opens.
const CHECK: &str = "check";
const CHECK_WORD: &[u8] = b"memgate registry";
const CHECK_PLACE: Place<'_> = Place { table: "meta", key: CHECK.as_bytes(), file: &FileId::NONE };

pub(super) const NAME: &str = "registry.redb";
const CACHE: usize = 8 << 20;

/// A user as the registry keeps it, sealed. Of an erased user nothing stays but the standing, under the hashed name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct UserRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The wrapped data key, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub created: i64,
    pub ratchet: Option<Assurance>,
    pub known: bool,
    pub sandbox: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erasure>,
}

/// When a user's memory was last erased, and by which request: the receipt's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub receipt: RequestId,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
}

/// A per-user key as it is listed. The key itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserKeyRecord {
    pub id: KeyId,
    pub user: UserId,
    /// What the operator calls it.
    #[serde(default)]
    pub label: String,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was revoked; it opens nothing since.
    #[serde(default)]
    pub revoked_at: Option<i64>,
    /// The last four characters of the key, to tell keys apart by.
    #[serde(default)]
    pub hint: String,
}

/// An enrolled user in memory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub standing: Standing,
    pub sandbox: bool,
    pub created: i64,
    /// `None`: erased.
    pub vault: Option<Arc<Vault>>,
    pub erased: Option<Erasure>,
}

/// A wrapped data key, and what it gives once unwrapped.
#[derive(Debug)]
pub(super) struct Vault {
    wrapped: Vec<u8>,
    seal: OnceLock<Arc<UserSeal>>,
}

impl Vault {
    pub fn new(wrapped: Vec<u8>) -> Self {
        Self { wrapped, seal: OnceLock::new() }
    }

    pub fn unwrap(&self, keyring: &Keyring, user: &UserId, file: &FileId) -> Result<Arc<UserSeal>, StoreError> {
        if let Some(seal) = self.seal.get() {
            return Ok(seal.clone());
        }
        let seal = keyring.unwrap_data_key(user, file, &self.wrapped)?;
        Ok(self.seal.get_or_init(|| seal).clone())
    }
}

impl Entry {
    /// The record to be written. `user` is named only while there is a key.
    pub fn record(&self, user: &UserId) -> UserRecord {
        UserRecord {
            user: self.vault.is_some().then(|| user.clone()),
            key: self.vault.as_ref().map(|vault| hex::encode(&vault.wrapped)),
            created: self.created,
            ratchet: self.standing.ratchet,
            known: self.standing.known,
            sandbox: self.sandbox,
            erased: self.erased,
        }
    }

    fn from_record(record: &UserRecord) -> Result<Self, StoreError> {
        let wrapped = record.key.as_ref().map(hex::decode).transpose().map_err(|_| StoreError::Malformed)?;
        Ok(Self {
            standing: Standing { known: record.known, ratchet: record.ratchet },
            sandbox: record.sandbox,
            created: record.created,
            vault: wrapped.map(|wrapped| Arc::new(Vault::new(wrapped))),
            erased: record.erased,
        })
    }
}

enum Change {
    PutUser(FileId, Vec<u8>),
    DropUser(FileId),
    PutKey(KeyHash, Vec<u8>),
}

type Outcome = Arc<OnceLock<Result<(), StoreError>>>;

pub(super) struct Registry {
    disk: Arc<dyn Disk>,
    pub users: DashMap<FileId, Entry>,
    pub keys: DashMap<[u8; 32], UserKeyRecord>,
    waiting: Mutex<Vec<(Change, Outcome)>>,
    /// `None` after a failure: redb refuses to go on after one, so that the next writer opens it anew.
    database: Mutex<Option<Database>>,
}

impl Registry {
    pub fn open(disk: Arc<dyn Disk>, seal: &SealKey) -> Result<Self, StoreError> {
        if disk.stored(NAME)?.is_none() {
            if disk.has_entries("users")? {
                return Err(StoreError::MissingRegistry);
            }
            make(disk.as_ref(), seal)?;
        }
        let database = open_database(disk.as_ref())?;
        check_master_key(&database, seal)?;
        let registry =
            Self { disk, users: DashMap::new(), keys: DashMap::new(), waiting: Mutex::default(), database: Mutex::new(None) };
        registry.fill(&database, seal)?;
        *registry.database.lock() = Some(database);
        Ok(registry)
    }

    fn fill(&self, database: &Database, seal: &SealKey) -> Result<(), StoreError> {
        let txn = database.begin_read()?;
        for row in txn.open_table(USERS)?.iter()? {
            let (key, sealed) = row?;
            let file = FileId(*key.value());
            let plain = seal.open(user_place(&file), sealed.value())?;
            let record = serde_json::from_slice(&plain).map_err(|_| StoreError::Malformed)?;
            self.users.insert(file, Entry::from_record(&record)?);
        }
        for row in txn.open_table(USER_KEYS)?.iter()? {
            let (hash, sealed) = row?;
            let plain = seal.open(key_place(hash.value()), sealed.value())?;
            self.keys.insert(*hash.value(), serde_json::from_slice(&plain).map_err(|_| StoreError::Malformed)?);
        }
        Ok(())
    }

    /// Writes a user's entry, then shows it.
    pub fn put_user(&self, seal: &SealKey, file: FileId, user: &UserId, entry: Entry) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&entry.record(user)).map_err(|_| StoreError::Malformed)?;
        self.submit(Change::PutUser(file, seal.seal(user_place(&file), &json)?))?;
        self.users.insert(file, entry);
        Ok(())
    }

    pub fn drop_user(&self, file: FileId) -> Result<(), StoreError> {
        self.submit(Change::DropUser(file))?;
        self.users.remove(&file);
        Ok(())
    }

    pub fn put_key(&self, seal: &SealKey, hash: KeyHash, record: UserKeyRecord) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&record).map_err(|_| StoreError::Malformed)?;
        self.submit(Change::PutKey(hash, seal.seal(key_place(&hash.0), &json)?))?;
        self.keys.insert(hash.0, record);
        Ok(())
    }

    /// Makes a change lasting, together with all that wait.
    fn submit(&self, change: Change) -> Result<(), StoreError> {
        let outcome = Outcome::default();
        self.waiting.lock().push((change, outcome.clone()));
        let mut database = self.database.lock();
        if let Some(done) = outcome.get() {
            return done.clone();
        }
        let batch = mem::take(&mut *self.waiting.lock());
        let result = self.write(&mut database, &batch);
        for (_, waiter) in &batch {
            // Each outcome is set once, by the one that took it from the queue.
            let _ = waiter.set(result.clone());
        }
        result
    }

    fn write(&self, slot: &mut Option<Database>, batch: &[(Change, Outcome)]) -> Result<(), StoreError> {
        let database = match slot.take() {
            Some(database) => database,
            None => open_database(self.disk.as_ref())?,
        };
        let txn = database.begin_write()?;
        {
            let mut users = txn.open_table(USERS)?;
            let mut keys = txn.open_table(USER_KEYS)?;
            for (change, _) in batch {
                match change {
                    Change::PutUser(file, sealed) => users.insert(&file.0, sealed.as_slice())?,
                    Change::DropUser(file) => users.remove(&file.0)?,
                    Change::PutKey(hash, sealed) => keys.insert(&hash.0, sealed.as_slice())?,
                };
            }
        }
        txn.commit()?;
        *slot = Some(database);
        Ok(())
    }
}

fn open_database(disk: &dyn Disk) -> Result<Database, StoreError> {
    let file = disk.open(NAME, Mode::Existing)?;
    Ok(Builder::new().set_cache_size(CACHE).create_with_backend(file)?)
}

/// Makes an empty registry with the sealed check value in it.
fn make(disk: &dyn Disk, seal: &SealKey) -> Result<(), StoreError> {
    let image = Overlay::empty();
    let database = Builder::new().set_cache_size(CACHE).create_with_backend(image.clone())?;
    let txn = database.begin_write()?;
    txn.open_table(USERS)?;
    txn.open_table(USER_KEYS)?;
    txn.open_table(META)?.insert(CHECK, seal.seal(CHECK_PLACE, CHECK_WORD)?.as_slice())?;
    txn.commit()?;
    image.shut();
    drop(database);
    Ok(image.save(disk, NAME)?)
}

fn check_master_key(database: &Database, seal: &SealKey) -> Result<(), StoreError> {
    let sealed = database.begin_read()?.open_table(META)?.get(CHECK)?.ok_or(StoreError::Malformed)?;
    match seal.open(CHECK_PLACE, sealed.value()) {
        Err(StoreError::Newer) => Err(StoreError::Newer),
        Ok(word) if word == CHECK_WORD => Ok(()),
        _ => Err(StoreError::WrongMasterKey),
    }
}

fn user_place(file: &FileId) -> Place<'_> {
    Place { table: "users", key: &[], file }
}

fn key_place(hash: &[u8; 32]) -> Place<'_> {
    Place { table: "user_keys", key: hash, file: &FileId::NONE }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("users", &self.users.len()).field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}
