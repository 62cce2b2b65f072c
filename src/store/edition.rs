//! The registry's file: its tables, and the whole of it written anew.
//!
//! A rotation of the master key and the erasure of a tenant write a new file in one transaction and rename it into the place of the old
//! one. So they are all or nothing, and no page of the new file holds what it is to replace, as free pages would.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};
use zeroize::Zeroizing;

use super::disk::{Disk, Mode};
use super::entry::{Entry, Tenant, UserKeyRecord};
use super::error::StoreError;
use super::keys::{MasterKey, Naming, Wrapped};
use super::overlay::aside;
use super::seal::{FileId, Place, random_key};
use super::user_file::open_if_there;
use crate::ids::TenantId;

pub(super) const NAME: &str = "registry.redb";
pub(super) const USERS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("users");
pub(super) const USER_KEYS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("user_keys");
/// Tenants' secrets by the keyed hash of the name.
pub(super) const TENANTS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("tenants");
/// Files that are still to be removed; their keys are gone.
pub(super) const DOOMED: TableDefinition<&[u8; 32], ()> = TableDefinition::new("doomed");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// The check word under master keys that were replaced, by the time in milliseconds since the Unix epoch.
const FORMER: TableDefinition<i64, &[u8]> = TableDefinition::new("former");
/// Former master keys that are known again; the oldest go first.
const MOST_FORMER: usize = 16;

/// A sealed word that only the right master key opens.
const CHECK: &str = "check";
const CHECK_WORD: &[u8] = b"memgate registry";
/// Stands before the sealed word. Versions that know no naming secret take it for a record that is newer than they are.
const FORMAT: u8 = 2;
const NAMING: &str = "naming";
/// Which writing of the whole file this is: 16 random bytes.
const EDITION: &str = "edition";

const CACHE: usize = 8 << 20;

/// Everything that the registry's file holds.
pub(super) struct Edition {
    pub id: [u8; 16],
    pub master: Arc<MasterKey>,
    pub naming: Naming,
    pub tenants: Vec<(TenantId, Arc<Tenant>)>,
    pub users: Vec<(FileId, Entry)>,
    pub keys: Vec<([u8; 32], UserKeyRecord)>,
    pub doomed: BTreeSet<FileId>,
    pub former: Vec<(i64, Vec<u8>)>,
}

impl Edition {
    /// Of a new registry.
    pub fn first(master: MasterKey) -> Result<Self, StoreError> {
        Ok(Self {
            id: fresh_id()?,
            master: Arc::new(master),
            naming: Naming::fresh()?,
            tenants: Vec::new(),
            users: Vec::new(),
            keys: Vec::new(),
            doomed: BTreeSet::new(),
            former: Vec::new(),
        })
    }

    /// Reads the file with whichever of the keys fits. True: it is of the first format, and is to be written anew.
    pub fn read(database: &Database, candidates: Vec<MasterKey>) -> Result<(Self, bool), StoreError> {
        let txn = database.begin_read()?;
        let meta = txn.open_table(META)?;
        let check = meta.get(CHECK)?.ok_or(StoreError::Malformed)?;
        let (first_format, word) = match check.value().split_first() {
            Some((&FORMAT, word)) => (false, word),
            _ => (true, check.value()),
        };
        let mut former = Vec::new();
        if let Some(rows) = open_if_there(&txn, FORMER)? {
            for row in rows.iter()? {
                let (at, word) = row?;
                former.push((at.value(), word.value().to_vec()));
            }
        }
        let master = Arc::new(find_master(word, &former, candidates)?);
        let (naming, id) = if first_format {
            (master.first_naming(), fresh_id()?)
        } else {
            let sealed = meta.get(NAMING)?.ok_or(StoreError::Malformed)?;
            let secret = Zeroizing::new(master.registry.open(meta_place(NAMING), sealed.value())?);
            (Naming::from_bytes(&secret)?, edition_of(database)?)
        };
        let opener = master.registry.opener();
        let mut tenants = Vec::new();
        if let Some(rows) = open_if_there(&txn, TENANTS)? {
            for row in rows.iter()? {
                let (row, sealed) = row?;
                let plain = Zeroizing::new(opener.open(tenant_place(row.value()), sealed.value())?);
                let (tenant, found) = Tenant::decode(&plain, &master).ok_or(StoreError::Malformed)?;
                tenants.push((tenant, Arc::new(found)));
            }
        }
        let by_name: HashMap<_, _> = tenants.iter().map(|(name, tenant)| (name, tenant)).collect();
        let first_wrapping = Arc::new(master.first_wrapping_key());
        let mut users = Vec::new();
        for row in txn.open_table(USERS)?.iter()? {
            let (key, sealed) = row?;
            let file = FileId(*key.value());
            let plain = opener.open(user_place(&file), sealed.value())?;
            let record = serde_json::from_slice(&plain).map_err(|_| StoreError::Malformed)?;
            let entry = Entry::from_record(record, |user, wrapped| match Wrapped::of(wrapped)? {
                Wrapped::First => Ok(Arc::clone(&first_wrapping)),
                Wrapped::Tenant => {
                    by_name.get(user.tenant()).map(|tenant| Arc::clone(&tenant.wrapping)).ok_or(StoreError::Malformed)
                }
            })?;
            users.push((file, entry));
        }
        let mut keys = Vec::new();
        for row in txn.open_table(USER_KEYS)?.iter()? {
            let (hash, sealed) = row?;
            let plain = opener.open(key_place(hash.value()), sealed.value())?;
            keys.push((*hash.value(), serde_json::from_slice(&plain).map_err(|_| StoreError::Malformed)?));
        }
        let mut doomed = BTreeSet::new();
        if let Some(rows) = open_if_there(&txn, DOOMED)? {
            for row in rows.iter()? {
                doomed.insert(FileId(*row?.0.value()));
            }
        }
        Ok((Self { id, master, naming, tenants, users, keys, doomed, former }, first_format))
    }

    /// The same under another master key, or under the same one, with every data key wrapped under its tenant's secret.
    pub fn rewrap(self, master: Arc<MasterKey>) -> Result<Self, StoreError> {
        let mut tenants: BTreeMap<TenantId, Arc<Tenant>> =
            self.tenants.into_iter().map(|(name, tenant)| (name, Arc::new(tenant.under(&master)))).collect();
        let mut users = self.users;
        for (file, entry) in &mut users {
            let Some(vault) = &entry.vault else { continue };
            let name = vault.user().tenant();
            let tenant = if let Some(tenant) = tenants.get(name) {
                Arc::clone(tenant)
            } else {
                let tenant = Arc::new(Tenant::fresh(&master, entry.created)?);
                tenants.insert(name.clone(), Arc::clone(&tenant));
                tenant
            };
            entry.vault = Some(Arc::new(vault.rewrap(file, Arc::clone(&tenant.wrapping))?));
        }
        Ok(Self { master, tenants: tenants.into_iter().collect(), users, ..self })
    }

    /// Notes that a master key was replaced, so that whoever starts with it is told.
    pub fn note_former(&mut self, master: &MasterKey, now_ms: i64) -> Result<(), StoreError> {
        let at = self.former.last().map_or(now_ms, |(last, _)| now_ms.max(last + 1));
        self.former.push((at, master.registry.seal(former_place(&at.to_be_bytes()), CHECK_WORD)?));
        let excess = self.former.len().saturating_sub(MOST_FORMER);
        self.former.drain(..excess);
        Ok(())
    }

    /// Writes the file beside the present one: whole, and lasting but for its name.
    pub fn write(&self, disk: &dyn Disk) -> Result<Database, StoreError> {
        let seal = &self.master.registry;
        let database = Builder::new().set_cache_size(CACHE).create_with_backend(disk.open(&aside(NAME), Mode::Fresh)?)?;
        let txn = database.begin_write()?;
        {
            let mut meta = txn.open_table(META)?;
            let word = [&[FORMAT], seal.seal(meta_place(CHECK), CHECK_WORD)?.as_slice()].concat();
            meta.insert(CHECK, word.as_slice())?;
            meta.insert(NAMING, seal.seal(meta_place(NAMING), self.naming.as_bytes())?.as_slice())?;
            meta.insert(EDITION, self.id.as_slice())?;
            let mut tenants = txn.open_table(TENANTS)?;
            for (name, tenant) in &self.tenants {
                let row = self.naming.tenant_row(name);
                tenants.insert(&row, seal.seal(tenant_place(&row), &tenant.encode(name))?.as_slice())?;
            }
            let mut users = txn.open_table(USERS)?;
            for (file, entry) in &self.users {
                users.insert(&file.0, seal_user(&self.master, file, entry)?.as_slice())?;
            }
            let mut keys = txn.open_table(USER_KEYS)?;
            for (hash, record) in &self.keys {
                keys.insert(hash, seal_key(&self.master, hash, record)?.as_slice())?;
            }
            let mut doomed = txn.open_table(DOOMED)?;
            for file in &self.doomed {
                doomed.insert(&file.0, ())?;
            }
            let mut former = txn.open_table(FORMER)?;
            for (at, word) in &self.former {
                former.insert(at, word.as_slice())?;
            }
        }
        txn.commit()?;
        Ok(database)
    }
}

/// Opens the registry's file, and recovers it after a crash.
pub(super) fn open_database(disk: &dyn Disk) -> Result<Database, StoreError> {
    let file = disk.open(NAME, Mode::Existing)?;
    Ok(Builder::new().set_cache_size(CACHE).create_with_backend(file)?)
}

/// Puts the file that [`Edition::write`] wrote in its place. Lasting on return; on an error it may be in its place or not.
pub(super) fn put_in_place(disk: &dyn Disk) -> Result<(), StoreError> {
    disk.rename(&aside(NAME), NAME)?;
    Ok(disk.sync_folder(NAME)?)
}

/// Which edition a file is.
pub(super) fn edition_of(database: &Database) -> Result<[u8; 16], StoreError> {
    let meta = database.begin_read()?.open_table(META)?;
    let id = meta.get(EDITION)?.ok_or(StoreError::Malformed)?;
    id.value().try_into().map_err(|_| StoreError::Malformed)
}

pub(super) fn fresh_id() -> Result<[u8; 16], StoreError> {
    let random = random_key()?;
    let (id, _) = random.split_first_chunk().ok_or(StoreError::Random)?;
    Ok(*id)
}

/// The candidate that opens the check word. Where none does, but one was in use once, that is said.
fn find_master(word: &[u8], former: &[(i64, Vec<u8>)], candidates: Vec<MasterKey>) -> Result<MasterKey, StoreError> {
    let mut replaced = None;
    for master in candidates {
        match master.registry.open(meta_place(CHECK), word) {
            Err(StoreError::Newer) => return Err(StoreError::Newer),
            Ok(found) if found == CHECK_WORD => return Ok(master),
            _ => {}
        }
        let was_in_use = |(at, word): &&(i64, Vec<u8>)| {
            master.registry.open(former_place(&at.to_be_bytes()), word).is_ok_and(|found| found == CHECK_WORD)
        };
        replaced = replaced.or_else(|| former.iter().rev().find(was_in_use).map(|(at, _)| *at));
    }
    Err(replaced.map_or(StoreError::WrongMasterKey, |at| StoreError::FormerMasterKey { at }))
}

pub(super) fn seal_user(master: &MasterKey, file: &FileId, entry: &Entry) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(&entry.record()).map_err(|_| StoreError::Malformed)?;
    master.registry.seal(user_place(file), &json)
}

pub(super) fn seal_key(master: &MasterKey, hash: &[u8; 32], record: &UserKeyRecord) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(record).map_err(|_| StoreError::Malformed)?;
    master.registry.seal(key_place(hash), &json)
}

pub(super) fn tenant_place(row: &[u8; 32]) -> Place<'_> {
    Place { table: "tenants", key: row, file: &FileId::NONE }
}

fn user_place(file: &FileId) -> Place<'_> {
    Place { table: "users", key: &[], file }
}

fn key_place(hash: &[u8; 32]) -> Place<'_> {
    Place { table: "user_keys", key: hash, file: &FileId::NONE }
}

fn meta_place(key: &'static str) -> Place<'static> {
    Place { table: "meta", key: key.as_bytes(), file: &FileId::NONE }
}

fn former_place(at: &[u8]) -> Place<'_> {
    Place { table: "former", key: at, file: &FileId::NONE }
}
