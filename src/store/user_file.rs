//! One user's file: facts, their vectors, injections, learned turns and spending, each table sealed record by record.
//!
//! Files are opened for the length of one call; nothing is held open. A file is read through an overlay, so that reading
//! never writes, whatever state a crash left it in. Writing takes one of two ways, by the size of the file:
//! - A small file is written anew, without waste, and renamed into its place. redb copies on write and keeps free pages, so
//!   ten facts that came one by one take 72 to 90 KiB in place, but 34 KiB written anew.
//! - A larger one is changed in place by a redb transaction.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use redb::{
    Builder, Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    TableError, TableHandle, WriteTransaction,
};

use super::disk::{Disk, Mode};
use super::error::StoreError;
use super::overlay::{Overlay, aside};
use super::record;
use super::seal::{FileId, UserSeal};
use super::shelf::{self, Row, Shelf};
use super::{Batch, Counted, Holding, PrefixHash, UserData};

const FACTS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("facts");
const INJECTIONS: TableDefinition<&PrefixHash, &[u8]> = TableDefinition::new("injections");
/// Learned turns by sequence number, so that the oldest come first.
const LEARNED: TableDefinition<u64, &PrefixHash> = TableDefinition::new("learned");
/// Vectors by fact. Files of the first version have neither this table nor the next.
const EMBEDDINGS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("embeddings");
/// Tokens spent, by day: one row.
const SPENDING: TableDefinition<u32, &[u8]> = TableDefinition::new("spending");

/// What upstreams keep for the user: when it came to be, by name. Names are hashes under the user's key, so a row of another file is
/// worth nothing here.
const HELD: TableDefinition<&PrefixHash, i64> = TableDefinition::new("held_upstream");

/// Injections kept of a user; the oldest by time go first.
pub(super) const MAX_INJECTIONS: u64 = 2_000;
/// Learned turns kept of a user; the oldest go first.
pub(super) const MAX_LEARNED: u64 = 10_000;

/// Holdings kept of a user; the oldest by time go first.
pub(super) const MAX_HELD: u64 = 4_000;

/// Files of up to this many bytes on the disk are written anew at each commit.
const SMALL: u64 = 128 << 10;
/// Files of one user that may be set aside before the newest of them makes room.
const MOST_COPIES: usize = 4;
/// redb's default of 1 GiB is meant for one large database.
const CACHE: usize = 1 << 20;

/// One user's file on a disk. Callers see to it that one thread at a time works on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserFile<'a> {
    pub disk: &'a dyn Disk,
    pub id: &'a FileId,
}

impl UserFile<'_> {
    fn name(&self) -> String {
        let hex = self.id.to_string();
        format!("users/{}/{hex}.redb", &hex[..2])
    }

    /// Reads everything. A file that was never written is empty, and stays away.
    pub fn read(&self, seal: &UserSeal) -> Result<UserData, StoreError> {
        self.inspect(|db| {
            let txn = db.begin_read()?;
            let opener = seal.records.opener();
            let mut data = UserData::default();
            for row in txn.open_table(FACTS)?.iter()? {
                let (key, sealed) = row?;
                data.facts.push(record::open_fact(&opener, self.id, key.value(), sealed.value())?);
            }
            for row in txn.open_table(INJECTIONS)?.iter()? {
                let (prefix, sealed) = row?;
                data.injections.push(record::open_injection(&opener, self.id, prefix.value(), sealed.value())?);
            }
            for row in txn.open_table(LEARNED)?.iter()? {
                data.learned.push(*row?.1.value());
            }
            if let Some(rows) = open_if_there(&txn, EMBEDDINGS)? {
                for row in rows.iter()? {
                    let (key, sealed) = row?;
                    data.embeddings.push(record::open_embedding(&opener, self.id, key.value(), sealed.value())?);
                }
            }
            if let Some(rows) = open_if_there(&txn, SPENDING)?
                && let Some((day, sealed)) = rows.last()?
            {
                data.spending = record::open_spending(&opener, self.id, day.value(), sealed.value())?;
            }
            Ok(data)
        })
        .map(Option::unwrap_or_default)
    }

    /// What facts are counted by.
    pub fn count_facts(&self, seal: &UserSeal) -> Result<Vec<Counted>, StoreError> {
        self.inspect(|db| {
            let (facts, opener) = (db.begin_read()?.open_table(FACTS)?, seal.records.opener());
            facts
                .iter()?
                .map(|row| row.map(|(key, sealed)| record::count_fact(&opener, self.id, key.value(), sealed.value()))?)
                .collect()
        })
        .map(Option::unwrap_or_default)
    }

    /// What upstreams keep for the user.
    pub fn holdings(&self) -> Result<Vec<Holding>, StoreError> {
        self.inspect(|db| {
            let Some(rows) = open_if_there(&db.begin_read()?, HELD)? else { return Ok(Vec::new()) };
            rows.iter()?
                .map(|row| row.map(|(name, at)| Holding { name: *name.value(), at: at.value() }).map_err(Into::into))
                .collect()
        })
        .map(Option::unwrap_or_default)
    }

    /// The rows of a shelf: all of them, or those of one name.
    pub fn shelf(
        &self,
        seal: &UserSeal,
        which: Shelf,
        only: Option<(&str, RangeInclusive<u64>)>,
    ) -> Result<Vec<Row>, StoreError> {
        self.inspect(|db| shelf::read(&db.begin_read()?, seal, self.id, which, only)).map(Option::unwrap_or_default)
    }

    /// Counts the records of each table, without a key.
    pub fn count(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.inspect(|db| {
            let txn = db.begin_read()?;
            let tables = txn.list_tables()?.map(|table| {
                let name = table.name().to_owned();
                Ok((name, txn.open_untyped_table(table)?.len()?))
            });
            tables.collect()
        })
        .map(Option::unwrap_or_default)
    }

    /// Bytes on the disk, copies that were set aside among them.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let names = std::iter::once(self.name()).chain(self.copies());
        names.map(|name| Ok(self.disk.stored(&name)?.unwrap_or(0))).sum()
    }

    /// Whether the file holds records and none of them opens with this key: a copy from before an erasure, a file that goes with
    /// another registry, or another user's. A file with one damaged record among good ones is not.
    pub fn is_foreign(&self, seal: &UserSeal) -> Result<bool, StoreError> {
        self.inspect(|db| {
            let txn = db.begin_read()?;
            let opener = seal.records.opener();
            let mut records = 0_u64;
            for row in txn.open_table(FACTS)?.iter()? {
                let (key, sealed) = row?;
                match record::open_fact(&opener, self.id, key.value(), sealed.value()) {
                    Err(StoreError::Sealed) => records += 1,
                    _ => return Ok(false),
                }
            }
            for row in txn.open_table(INJECTIONS)?.iter()? {
                let (prefix, sealed) = row?;
                match record::open_injection(&opener, self.id, prefix.value(), sealed.value()) {
                    Err(StoreError::Sealed) => records += 1,
                    _ => return Ok(false),
                }
            }
            let shelved = shelf::opens(&txn, seal, self.id)?;
            Ok(shelved != Some(true) && (records > 0 || shelved.is_some()))
        })
        .map(Option::unwrap_or_default)
    }

    /// Moves the file out of the way, so that the next commit starts an empty one. False: there is none.
    pub fn set_aside(&self) -> Result<bool, StoreError> {
        if self.disk.stored(&self.name())?.is_none() {
            return Ok(false);
        }
        let mut free = None;
        for name in self.copies() {
            let taken = self.disk.stored(&name)?.is_some();
            free = Some(name);
            if !taken {
                break;
            }
        }
        // Where every name is taken, the last copy makes room.
        if let Some(name) = free {
            self.disk.rename(&self.name(), &name)?;
            self.disk.sync_folder(&self.name())?;
        }
        Ok(true)
    }

    /// Names of copies that were set aside.
    fn copies(&self) -> impl Iterator<Item = String> {
        let name = self.name();
        (1..=MOST_COPIES).map(move |number| format!("{name}.foreign-{number}"))
    }

    /// Applies the batch: all of it or nothing, lasting on return.
    pub fn commit(&self, seal: &UserSeal, batch: &Batch) -> Result<(), StoreError> {
        match self.disk.stored(&self.name())? {
            Some(bytes) if bytes > SMALL => {
                let db = builder().create_with_backend(self.disk.open(&self.name(), Mode::Existing)?)?;
                let txn = db.begin_write()?;
                self.apply(&txn, seal, batch)?;
                Ok(txn.commit()?)
            }
            _ => self.write_anew(seal, batch),
        }
    }

    /// Removes the file, its copies, and what a crash may have left beside it.
    pub fn remove(&self) -> Result<(), StoreError> {
        let mut removed = false;
        for name in [self.name(), aside(&self.name())].into_iter().chain(self.copies()) {
            removed |= self.disk.remove(&name)?;
        }
        if removed {
            self.disk.sync_folder(&self.name())?;
        }
        Ok(())
    }

    fn inspect<T>(&self, read: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        if self.disk.stored(&self.name())?.is_none() {
            return Ok(None);
        }
        let overlay = Overlay::over(self.disk.open(&self.name(), Mode::Existing)?)?;
        let db = builder().create_with_backend(overlay.clone())?;
        let result = read(&db);
        overlay.shut();
        result.map(Some)
    }

    fn write_anew(&self, seal: &UserSeal, batch: &Batch) -> Result<(), StoreError> {
        let image = Overlay::empty();
        let db = builder().create_with_backend(image.clone())?;
        let txn = db.begin_write()?;
        self.inspect(|old| copy_rows(old, &txn))?;
        self.apply(&txn, seal, batch)?;
        txn.commit()?;
        image.shut();
        drop(db);
        Ok(image.save(self.disk, &self.name())?)
    }

    fn apply(&self, txn: &WriteTransaction, seal: &UserSeal, batch: &Batch) -> Result<(), StoreError> {
        let mut facts = txn.open_table(FACTS)?;
        for fact in &batch.put {
            facts.insert(fact.id.as_bytes(), record::seal_fact(seal, self.id, fact)?.as_slice())?;
        }
        for id in &batch.delete {
            facts.remove(id.as_bytes())?;
        }
        let mut injections = txn.open_table(INJECTIONS)?;
        for injection in &batch.injections {
            injections.insert(&injection.prefix, record::seal_injection(seal, self.id, injection)?.as_slice())?;
        }
        for prefix in &batch.drop_injections {
            injections.remove(prefix)?;
        }
        if let Some(excess) = injections.len()?.checked_sub(MAX_INJECTIONS).filter(|excess| *excess > 0) {
            let rows = injections.iter()?.map(|row| row.map(|(key, row)| (record::injection_time(row.value()), *key.value())));
            let mut oldest = rows.collect::<Result<Vec<_>, _>>()?;
            oldest.sort_unstable();
            for (_, prefix) in oldest.iter().take(usize::try_from(excess).unwrap_or(usize::MAX)) {
                injections.remove(prefix)?;
            }
        }
        let mut learned = txn.open_table(LEARNED)?;
        let next = learned.last()?.map_or(0, |(sequence, _)| sequence.value() + 1);
        for (sequence, turn) in (next..).zip(&batch.learned) {
            learned.insert(sequence, turn)?;
        }
        while learned.len()? > MAX_LEARNED {
            learned.pop_first()?;
        }
        apply_holdings(txn, &batch.holdings)?;
        shelf::apply(txn, seal, self.id, &batch.shelves)?;
        self.apply_models(txn, seal, batch)
    }

    /// What models made of a user's words and what it cost. The tables come to be with the first row.
    fn apply_models(&self, txn: &WriteTransaction, seal: &UserSeal, batch: &Batch) -> Result<(), StoreError> {
        let there = txn.list_tables()?.any(|table| table.name() == EMBEDDINGS.name());
        if !batch.embeddings.is_empty() || there && !batch.delete.is_empty() {
            let mut embeddings = txn.open_table(EMBEDDINGS)?;
            for embedding in &batch.embeddings {
                let sealed = record::seal_embedding(seal, self.id, embedding)?;
                embeddings.insert(embedding.fact.as_bytes(), sealed.as_slice())?;
            }
            for id in &batch.delete {
                embeddings.remove(id.as_bytes())?;
            }
        }
        if let Some(spending) = batch.spending {
            let mut days = txn.open_table(SPENDING)?;
            days.retain(|_, _| false)?;
            days.insert(spending.day, record::seal_spending(seal, self.id, spending)?.as_slice())?;
        }
        Ok(())
    }
}

/// Adds what is held, and drops what is too old or too much. The table comes to be with the first row.
fn apply_holdings(txn: &WriteTransaction, holdings: &[Holding]) -> Result<(), StoreError> {
    let Some(now) = holdings.iter().map(|holding| holding.at).max() else { return Ok(()) };
    let mut held = txn.open_table(HELD)?;
    for holding in holdings {
        held.insert(&holding.name, holding.at)?;
    }
    held.retain(|_, at| at > now - Holding::LIFETIME)?;
    if let Some(excess) = held.len()?.checked_sub(MAX_HELD).filter(|excess| *excess > 0) {
        let rows = held.iter()?.map(|row| row.map(|(name, at)| (at.value(), *name.value())));
        let mut oldest = rows.collect::<Result<Vec<_>, _>>()?;
        oldest.sort_unstable();
        for (_, name) in oldest.iter().take(usize::try_from(excess).unwrap_or(usize::MAX)) {
            held.remove(name)?;
        }
    }
    Ok(())
}

/// A table that older files lack.
pub(super) fn open_if_there<K: redb::Key + 'static, V: redb::Value + 'static>(
    txn: &ReadTransaction,
    table: TableDefinition<K, V>,
) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
    match txn.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

/// Copies the rows as they are, still sealed.
fn copy_rows(old: &Database, txn: &WriteTransaction) -> Result<(), StoreError> {
    fn copy<K: redb::Key + 'static, V: redb::Value + 'static>(
        from: &ReadTransaction,
        to: &WriteTransaction,
        table: TableDefinition<K, V>,
    ) -> Result<(), StoreError> {
        let Some(rows) = open_if_there(from, table)? else { return Ok(()) };
        let mut target = to.open_table(table)?;
        for row in rows.iter()? {
            let (key, value) = row?;
            target.insert(key.value(), value.value())?;
        }
        Ok(())
    }
    let from = old.begin_read()?;
    copy(&from, txn, FACTS)?;
    copy(&from, txn, INJECTIONS)?;
    copy(&from, txn, LEARNED)?;
    copy(&from, txn, HELD)?;
    copy(&from, txn, EMBEDDINGS)?;
    for shelf in Shelf::ALL {
        copy(&from, txn, shelf.table())?;
    }
    copy(&from, txn, SPENDING)
}
