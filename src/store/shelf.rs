//! What a person keeps here beside memory: settings, keys, sessions and their turns. One sealed table each, in that person's file.
//!
//! A row has a name and a place among rows of that name. On the disk both are a hash under the person's own key, so that the file tells
//! neither, and a row of another file is worth nothing here.

use std::hash::Hasher;
use std::ops::RangeInclusive;

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use siphasher::sip128::{Hasher128, SipHasher24};
use zeroize::Zeroizing;

use super::StoreError;
use super::seal::{FileId, Opener, Place, UserSeal};
use super::user_file::open_if_there;

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Settings of the person, and of their sessions.
    Settings,
    /// Personal upstream keys, by provider.
    Keys,
    /// Sessions by key.
    Sessions,
    /// Turns of sessions: by the session's key, in order.
    Turns,
    /// When operators looked at or changed what is remembered, in order.
    Visits,
    /// What was brought here from the person's other identities, or taken there, in order.
    Merges,
}

impl Shelf {
    pub(super) const ALL: [Self; 6] = [Self::Settings, Self::Keys, Self::Sessions, Self::Turns, Self::Visits, Self::Merges];

    pub(super) fn table(self) -> TableDefinition<'static, &'static [u8; 24], &'static [u8]> {
        TableDefinition::new(self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Keys => "upstream_keys",
            Self::Sessions => "sessions",
            Self::Turns => "session_turns",
            Self::Visits => "visits",
            Self::Merges => "merges",
        }
    }
}

/// A row as it is read. Its value is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    pub name: Box<str>,
    /// Its place among the rows of that name.
    pub order: u64,
    pub value: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("order", &self.order).field("bytes", &self.value.len()).finish_non_exhaustive()
    }
}

/// A change to one shelf.
#[derive(Clone, PartialEq, Eq)]
pub enum ShelfChange {
    /// Writes a row, in the place of what was there.
    Put(Shelf, Row),
    /// Removes the rows of a name whose places are in the range.
    Remove(Shelf, Box<str>, RangeInclusive<u64>),
}

impl ShelfChange {
    /// Writes the only row of a name.
    #[must_use]
    pub fn put(shelf: Shelf, name: &str, value: Vec<u8>) -> Self {
        Self::Put(shelf, Row { name: name.into(), order: 0, value: Zeroizing::new(value) })
    }

    /// Removes every row of a name.
    #[must_use]
    pub fn remove(shelf: Shelf, name: &str) -> Self {
        Self::Remove(shelf, name.into(), 0..=u64::MAX)
    }
}

impl std::fmt::Debug for ShelfChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Put(place, row) => f.debug_tuple("Put").field(place).field(row).finish(),
            Self::Remove(place, _, range) => f.debug_tuple("Remove").field(place).field(range).finish_non_exhaustive(),
        }
    }
}

/// Where a row stands: hash of shelf and name, then its place.
fn place_of(seal: &UserSeal, shelf: Shelf, name: &str, order: u64) -> [u8; 24] {
    let mut hasher = SipHasher24::new_with_key(&seal.hash);
    for part in [shelf.name(), name] {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    let mut place = [0; 24];
    place[..16].copy_from_slice(&hasher.finish128().as_bytes());
    place[16..].copy_from_slice(&order.to_be_bytes());
    place
}

fn seal_row(seal: &UserSeal, file: &FileId, shelf: Shelf, row: &Row) -> Result<([u8; 24], Vec<u8>), StoreError> {
    let key = place_of(seal, shelf, &row.name, row.order);
    let length = u32::try_from(row.name.len()).map_err(|_| StoreError::Malformed)?;
    // Made at its full length: growing would leave copies of what is sealed behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(4 + row.name.len() + row.value.len()));
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(row.name.as_bytes());
    plain.extend_from_slice(&row.value);
    Ok((key, seal.records.seal(Place { table: shelf.name(), key: &key, file }, &plain)?))
}

fn open_row(opener: &Opener, file: &FileId, shelf: Shelf, key: &[u8; 24], sealed: &[u8]) -> Result<Row, StoreError> {
    let plain = Zeroizing::new(opener.open(Place { table: shelf.name(), key, file }, sealed)?);
    let (length, rest) = plain.split_first_chunk().ok_or(StoreError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| StoreError::Malformed)?;
    let (name, value) = rest.split_at_checked(length).ok_or(StoreError::Malformed)?;
    let name = std::str::from_utf8(name).map_err(|_| StoreError::Malformed)?;
    let (_, order) = key.split_last_chunk().ok_or(StoreError::Malformed)?;
    Ok(Row { name: name.into(), order: u64::from_be_bytes(*order), value: Zeroizing::new(value.to_vec()) })
}

/// All rows of a shelf, or those of one name, in the order of their places.
pub(super) fn read(
    txn: &ReadTransaction,
    seal: &UserSeal,
    file: &FileId,
    shelf: Shelf,
    only: Option<(&str, RangeInclusive<u64>)>,
) -> Result<Vec<Row>, StoreError> {
    let Some(table) = open_if_there(txn, shelf.table())? else { return Ok(Vec::new()) };
    let opener = seal.records.opener();
    let range = only.map_or(([0; 24], [u8::MAX; 24]), |(name, range)| {
        (place_of(seal, shelf, name, *range.start()), place_of(seal, shelf, name, *range.end()))
    });
    table
        .range::<&[u8; 24]>(&range.0..=&range.1)?
        .map(|row| {
            let (key, sealed) = row?;
            open_row(&opener, file, shelf, key.value(), sealed.value())
        })
        .collect()
}

/// Makes the changes, in their order. Tables come to be with the first row.
pub(super) fn apply(txn: &WriteTransaction, seal: &UserSeal, file: &FileId, changes: &[ShelfChange]) -> Result<(), StoreError> {
    for change in changes {
        match change {
            ShelfChange::Put(shelf, row) => {
                let (key, sealed) = seal_row(seal, file, *shelf, row)?;
                txn.open_table(shelf.table())?.insert(&key, sealed.as_slice())?;
            }
            ShelfChange::Remove(shelf, name, range) => {
                let from = place_of(seal, *shelf, name, *range.start());
                let to = place_of(seal, *shelf, name, *range.end());
                txn.open_table(shelf.table())?.retain_in::<&[u8; 24], _>(&from..=&to, |_, _| false)?;
            }
        }
    }
    Ok(())
}

/// Whether a shelf has rows, and whether this key opens one of them: `None` where there are none.
pub(super) fn opens(txn: &ReadTransaction, seal: &UserSeal, file: &FileId) -> Result<Option<bool>, StoreError> {
    let opener = seal.records.opener();
    let mut any = None;
    for shelf in Shelf::ALL {
        let Some(table) = open_if_there(txn, shelf.table())? else { continue };
        for row in table.iter()? {
            let (key, sealed) = row?;
            match open_row(&opener, file, shelf, key.value(), sealed.value()) {
                Err(StoreError::Sealed) => any = Some(false),
                _ => return Ok(Some(true)),
            }
        }
    }
    Ok(any)
}
