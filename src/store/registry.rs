//! The registry: who is enrolled with which wrapped data key, whose the user keys are, and the tenants' secrets.
//!
//! Everything in it is also held in memory, so that looking up costs no I/O. Changes that arrive together share one
//! transaction: whoever comes first writes for all who wait. What concerns the registry as a whole writes its file anew
//! (`edition`), while changes wait.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use redb::Database;

use super::disk::Disk;
use super::edition::{
    self, DOOMED, Edition, NAME, TENANTS, USER_KEYS, USERS, edition_of, open_database, put_in_place, seal_key, seal_user,
    tenant_place,
};
use super::entry::{Entry, Tenant, UserKeyRecord};
use super::error::StoreError;
use super::keys::{MasterKey, Naming};
use super::overlay::aside;
use super::roster::Roster;
use super::seal::FileId;
use crate::identity::KeyHash;
use crate::ids::TenantId;

enum Change {
    PutUser(FileId, Vec<u8>),
    DropUser(FileId),
    PutKey(KeyHash, Vec<u8>),
    PutTenant([u8; 32], Vec<u8>),
    /// Files that are gone.
    Removed(Vec<FileId>),
}

type Outcome = Arc<OnceLock<Result<(), StoreError>>>;

pub(super) struct Registry {
    disk: Arc<dyn Disk>,
    master: RwLock<Arc<MasterKey>>,
    pub naming: Naming,
    pub users: DashMap<FileId, Entry>,
    pub keys: DashMap<[u8; 32], UserKeyRecord>,
    pub tenants: DashMap<TenantId, Arc<Tenant>>,
    /// The same users in order.
    pub roster: RwLock<Roster>,
    /// Files to be removed, whose users' keys are gone.
    pub doomed: Mutex<BTreeSet<FileId>>,
    former: Mutex<Vec<(i64, Vec<u8>)>>,
    /// Held together by those who change entries, alone by who writes the whole file. An edition in it may be on the disk or not: its
    /// writer met a failure, and nobody writes until that is known.
    turn: RwLock<Option<Box<Edition>>>,
    waiting: Mutex<Vec<(Vec<Change>, Outcome)>>,
    /// `None` after a failure: redb refuses to go on after one, so that the next writer opens it anew.
    database: Mutex<Option<Database>>,
}

/// The right to change entries: from reading one to writing it, keys stay what they are.
pub(super) struct Turn<'a> {
    _held: RwLockReadGuard<'a, Option<Box<Edition>>>,
    master: Arc<MasterKey>,
}

impl Registry {
    /// Opens the registry with whichever of the keys fits; makes it with the first where there is none.
    pub fn open(disk: Arc<dyn Disk>, mut candidates: Vec<MasterKey>) -> Result<Self, StoreError> {
        let (database, edition, outdated) = if disk.stored(NAME)?.is_none() {
            if disk.has_entries("users")? {
                return Err(StoreError::MissingRegistry);
            }
            candidates.truncate(1);
            let edition = Edition::first(candidates.pop().ok_or(StoreError::WrongMasterKey)?)?;
            let database = edition.write(disk.as_ref())?;
            put_in_place(disk.as_ref())?;
            (database, edition, false)
        } else {
            let database = open_database(disk.as_ref())?;
            let (edition, outdated) = Edition::read(&database, candidates)?;
            // What a crash left of an edition that never came out.
            disk.remove(&aside(NAME))?;
            (database, edition, outdated)
        };
        let registry = Self {
            disk,
            master: RwLock::new(Arc::clone(&edition.master)),
            naming: edition.naming.clone(),
            users: DashMap::new(),
            keys: DashMap::new(),
            tenants: DashMap::new(),
            roster: RwLock::default(),
            doomed: Mutex::default(),
            former: Mutex::default(),
            turn: RwLock::new(None),
            waiting: Mutex::default(),
            database: Mutex::new(Some(database)),
        };
        registry.adopt(edition);
        if outdated {
            registry.publish(|edition| {
                let master = Arc::clone(&edition.master);
                edition.rewrap(master)
            })?;
        }
        Ok(registry)
    }

    /// The master key in use.
    pub fn master(&self) -> Arc<MasterKey> {
        Arc::clone(&self.master.read())
    }

    /// Waits for whoever writes the whole file. Not to be asked for by a thread that holds one.
    pub fn turn(&self) -> Result<Turn<'_>, StoreError> {
        loop {
            let held = self.turn.read();
            if held.is_none() {
                return Ok(Turn { _held: held, master: self.master() });
            }
            drop(held);
            self.settle(&mut self.turn.write())?;
        }
    }

    /// Writes the whole file anew as `change` makes it, then shows it. On an error nothing has changed; or, should the disk fail at the
    /// very end, it turns out when there is a disk again.
    pub fn publish(&self, change: impl FnOnce(Edition) -> Result<Edition, StoreError>) -> Result<(), StoreError> {
        let mut doubt = self.turn.write();
        self.settle(&mut doubt)?;
        let edition = change(self.edition()?)?;
        let database = edition.write(self.disk.as_ref())?;
        // The new file is open, and so locked against other processes, before it has the name.
        match put_in_place(self.disk.as_ref()) {
            Ok(()) => {
                *self.database.lock() = Some(database);
                self.adopt(edition);
                Ok(())
            }
            Err(error) => {
                *doubt = Some(Box::new(edition));
                *self.database.lock() = None;
                drop(database);
                match self.settle(&mut doubt) {
                    Ok(true) => Ok(()),
                    _ => Err(error),
                }
            }
        }
    }

    /// Finds out whether an edition in doubt has come out, and shows it then.
    fn settle(&self, doubt: &mut Option<Box<Edition>>) -> Result<bool, StoreError> {
        let Some(edition) = doubt.as_ref() else { return Ok(false) };
        self.disk.sync_folder(NAME)?;
        let database = open_database(self.disk.as_ref())?;
        let is_out = edition_of(&database)? == edition.id;
        *self.database.lock() = Some(database);
        if let Some(edition) = doubt.take().filter(|_| is_out) {
            self.adopt(*edition);
        }
        Ok(is_out)
    }

    /// All that is held in memory, as an edition of its own.
    fn edition(&self) -> Result<Edition, StoreError> {
        let tenants = self.tenants.iter().filter(|row| row.is_lasting());
        Ok(Edition {
            id: edition::fresh_id()?,
            master: self.master(),
            naming: self.naming.clone(),
            tenants: tenants.map(|row| (row.key().clone(), Arc::clone(&row))).collect(),
            users: self.users.iter().map(|row| (*row.key(), row.clone())).collect(),
            keys: self.keys.iter().map(|row| (*row.key(), row.clone())).collect(),
            doomed: self.doomed.lock().clone(),
            former: self.former.lock().clone(),
        })
    }

    /// Shows an edition. Each entry takes the place of the one before it, so that nobody is missing meanwhile.
    fn adopt(&self, edition: Edition) {
        let Edition { id: _, master, naming: _, tenants, users, keys, doomed, former } = edition;
        *self.master.write() = master;
        let names: BTreeSet<_> = tenants.iter().map(|(name, _)| name.clone()).collect();
        for (name, tenant) in tenants {
            tenant.mark_lasting();
            self.tenants.insert(name, tenant);
        }
        self.tenants.retain(|name, _| names.contains(name));
        for (file, entry) in users {
            self.show_user(file, &entry);
        }
        for (hash, record) in keys {
            self.keys.insert(hash, record);
        }
        *self.doomed.lock() = doomed;
        *self.former.lock() = former;
    }

    /// The tenant; a new one lasts once a user of it was put with it.
    pub fn tenant(&self, turn: &Turn<'_>, name: &TenantId, now_ms: i64) -> Result<Arc<Tenant>, StoreError> {
        if let Some(tenant) = self.tenants.get(name) {
            return Ok(Arc::clone(&tenant));
        }
        let fresh = Arc::new(Tenant::fresh(&turn.master, now_ms)?);
        Ok(Arc::clone(&self.tenants.entry(name.clone()).or_insert(fresh)))
    }

    /// Writes a user's entry, then shows it.
    pub fn put_user(&self, turn: &Turn<'_>, file: FileId, entry: &Entry) -> Result<(), StoreError> {
        let mut changes = vec![Change::PutUser(file, seal_user(&turn.master, &file, entry)?)];
        let name = entry.vault.as_ref().map(|vault| vault.user().tenant());
        let new = name.and_then(|name| Some((name, self.tenants.get(name).filter(|tenant| !tenant.is_lasting())?.clone())));
        if let Some((name, tenant)) = &new {
            let row = self.naming.tenant_row(name);
            changes.push(Change::PutTenant(row, turn.master.registry.seal(tenant_place(&row), &tenant.encode(name))?));
        }
        self.submit(changes)?;
        if let Some((_, tenant)) = new {
            tenant.mark_lasting();
        }
        self.show_user(file, entry);
        Ok(())
    }

    /// Changes of one user follow each other: who makes one holds the user's gate, or the turn alone.
    fn show_user(&self, file: FileId, entry: &Entry) {
        let before = self.users.insert(file, entry.clone());
        self.roster.write().follow(file, before.as_ref(), Some(entry));
    }

    pub fn drop_user(&self, _: &Turn<'_>, file: FileId) -> Result<(), StoreError> {
        self.submit(vec![Change::DropUser(file)])?;
        let before = self.users.remove(&file);
        self.roster.write().follow(file, before.as_ref().map(|(_, entry)| entry), None);
        Ok(())
    }

    pub fn put_key(&self, turn: &Turn<'_>, hash: KeyHash, record: UserKeyRecord) -> Result<(), StoreError> {
        self.put_keys(turn, [(hash, record)])
    }

    /// Writes keys' records together: all of them or none.
    pub fn put_keys<const N: usize>(&self, turn: &Turn<'_>, keys: [(KeyHash, UserKeyRecord); N]) -> Result<(), StoreError> {
        let sealed = keys.iter().map(|(hash, record)| Ok(Change::PutKey(*hash, seal_key(&turn.master, &hash.0, record)?)));
        self.submit(sealed.collect::<Result<_, StoreError>>()?)?;
        for (hash, record) in keys {
            self.keys.insert(hash.0, record);
        }
        Ok(())
    }

    /// Forgets files that are gone.
    pub fn note_removed(&self, _: &Turn<'_>, files: &[FileId]) -> Result<(), StoreError> {
        self.submit(vec![Change::Removed(files.to_vec())])?;
        let mut doomed = self.doomed.lock();
        for file in files {
            doomed.remove(file);
        }
        Ok(())
    }

    /// Makes changes lasting, together with all that wait.
    fn submit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let outcome = Outcome::default();
        self.waiting.lock().push((changes, outcome.clone()));
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

    fn write(&self, slot: &mut Option<Database>, batch: &[(Vec<Change>, Outcome)]) -> Result<(), StoreError> {
        let database = match slot.take() {
            Some(database) => database,
            None => open_database(self.disk.as_ref())?,
        };
        let txn = database.begin_write()?;
        {
            let mut users = txn.open_table(USERS)?;
            let mut keys = txn.open_table(USER_KEYS)?;
            for change in batch.iter().flat_map(|(changes, _)| changes) {
                match change {
                    Change::PutUser(file, sealed) => drop(users.insert(&file.0, sealed.as_slice())?),
                    Change::DropUser(file) => drop(users.remove(&file.0)?),
                    Change::PutKey(hash, sealed) => drop(keys.insert(&hash.0, sealed.as_slice())?),
                    Change::PutTenant(row, sealed) => drop(txn.open_table(TENANTS)?.insert(row, sealed.as_slice())?),
                    Change::Removed(files) => {
                        let mut doomed = txn.open_table(DOOMED)?;
                        for file in files {
                            doomed.remove(&file.0)?;
                        }
                    }
                }
            }
        }
        txn.commit()?;
        *slot = Some(database);
        Ok(())
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("users", &self.users.len()).field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}
