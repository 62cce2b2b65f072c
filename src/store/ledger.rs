//! The ledger: what was spent of budgets, in one append-only file.
//!
//! An append is one write and no fsync: it outlives the process, and a power cut once [`Ledger::sync`] has passed. Amounts are added up
//! as they are read, so that the order of appends does not matter. An account is a keyed hash: the file tells nobody whose it is.
//!
//! Layout: an eight-byte header, then records framed as in the journals. The body is a list of entries: the account (16 bytes), what is
//! counted (one byte), the period (u32, big-endian), and the amount (u64, big-endian). The highest bit of the second says that the
//! account is empty as of here.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

use super::disk::{Disk, DiskFile, Mode};
use super::error::StoreError;
use super::journal::{HEAD, check_sum, frame, parse_head};
use super::overlay::aside;

const NAME: &str = "budgets.ledger";
const HEADER: &[u8; 8] = b"mgledg\x00\x01";
const ENTRY: usize = 16 + 1 + 4 + 8;
/// Entries of one record when the file is written anew.
const AT_ONCE: usize = 4096;
const RESET: u8 = 0x80;
/// The file is written anew once it has this many bytes, and has doubled since it last was.
const COMPACT: u64 = 1 << 20;

/// A keyed hash of who is counted, and by which rule.
pub type Account = [u8; 16];

/// What was spent on one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub account: Account,
    /// What is counted, below 128; opaque here.
    pub kind: u8,
    /// In which period, such as the number of a day; opaque here but for its order.
    pub period: u32,
    pub amount: u64,
    /// Everything before it is void.
    pub reset: bool,
}

/// What was spent in the latest period of each account, by account and kind.
type Sums = HashMap<(Account, u8), (u32, u64)>;

/// The file of what was spent. Its methods block on the disk.
#[derive(Debug)]
pub struct Ledger {
    disk: Arc<dyn Disk>,
    state: Mutex<State>,
    /// Held by whoever writes the file anew.
    compacting: Mutex<()>,
}

#[derive(Debug)]
struct State {
    file: Arc<DiskFile>,
    end: u64,
    /// Bytes since the last sync.
    unsynced: u64,
    /// Length after the file was last written anew.
    compacted: u64,
}

impl Ledger {
    /// Opens the ledger, drops a torn tail, and says what was spent in the latest period of each account.
    ///
    /// # Errors
    /// When the disk fails, or the file was written by a newer version.
    pub fn open(disk: Arc<dyn Disk>) -> Result<(Self, Vec<Amount>), StoreError> {
        let file = disk.open(NAME, Mode::Create)?;
        let start = HEADER.len() as u64;
        let len = file.len()?;
        let mut header = [0; HEADER.len()];
        if len >= start {
            file.read(0, &mut header)?;
        }
        let (mut end, mut sums) = (start, Sums::new());
        if header == [0; HEADER.len()] {
            file.set_len(0)?;
            file.write(0, HEADER)?;
            file.sync_data()?;
            disk.sync_folder(NAME)?;
        } else {
            if &header != HEADER {
                return Err(StoreError::Newer);
            }
            end = read_all(&file, len, &mut sums)?;
            if end < len {
                tracing::warn!(bytes = len - end, file = NAME, "the end of the ledger of budgets was torn and is dropped");
                file.set_len(end)?;
            }
        }
        let state = State { file: Arc::new(file), end, unsynced: 0, compacted: 0 };
        let ledger = Self { disk, state: Mutex::new(state), compacting: Mutex::default() };
        Ok((ledger, amounts(&sums).collect()))
    }

    /// Writes down what was spent: all of it or nothing. One write, no fsync.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn append(&self, amounts: &[Amount]) -> Result<(), StoreError> {
        if amounts.is_empty() {
            return Ok(());
        }
        let record = frame(&encode(amounts))?;
        let mut state = self.state.lock();
        if let Err(error) = state.file.write(state.end, &record) {
            // Best effort: opening drops a torn tail too.
            let _ = state.file.set_len(state.end);
            return Err(error.into());
        }
        state.end += record.len() as u64;
        state.unsynced += record.len() as u64;
        Ok(())
    }

    /// Makes what was appended lasting, whatever happens to the machine.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> Result<(), StoreError> {
        let (file, seen) = {
            let state = self.state.lock();
            (Arc::clone(&state.file), state.unsynced)
        };
        if seen > 0 {
            file.sync_data()?;
            let mut state = self.state.lock();
            state.unsynced = state.unsynced.saturating_sub(seen);
        }
        Ok(())
    }

    /// Writes the file anew if it has grown: one entry an account, and none of which `is_over` says that its period is. Appends go on
    /// meanwhile. Whether it was written.
    ///
    /// # Errors
    /// When the disk fails; the old file is kept then.
    pub fn compact(&self, is_over: impl Fn(u8, u32) -> bool) -> Result<bool, StoreError> {
        let _one = self.compacting.lock();
        let (file, seen) = {
            let state = self.state.lock();
            if state.end < COMPACT || state.end / 2 < state.compacted {
                return Ok(false);
            }
            (Arc::clone(&state.file), state.end)
        };
        // What was written does not change any more, so it is read without holding up who appends.
        let mut sums = Sums::new();
        read_all(&file, seen, &mut sums)?;
        sums.retain(|(_, kind), (period, _)| !is_over(*kind, *period));
        let mut kept = HEADER.to_vec();
        let all: Vec<Amount> = amounts(&sums).collect();
        for some in all.chunks(AT_ONCE) {
            kept.extend_from_slice(&frame(&encode(some))?);
        }
        let name = aside(NAME);
        let fresh = self.disk.open(&name, Mode::Fresh)?;
        fresh.write(0, &kept)?;
        let mut state = self.state.lock();
        let tail = read_range(&state.file, seen, state.end)?;
        fresh.write(kept.len() as u64, &tail)?;
        fresh.sync_data()?;
        self.disk.rename(&name, NAME)?;
        state.file = Arc::new(fresh);
        state.end = (kept.len() + tail.len()) as u64;
        state.compacted = state.end;
        state.unsynced = 0;
        drop(state);
        self.disk.sync_folder(NAME)?;
        Ok(true)
    }
}

fn read_range(file: &DiskFile, from: u64, to: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; usize::try_from(to - from).map_err(|_| StoreError::Malformed)?];
    if !bytes.is_empty() {
        file.read(from, &mut bytes)?;
    }
    Ok(bytes)
}

/// Adds up all records up to `end`, and says where the last whole one ends.
fn read_all(file: &DiskFile, end: u64, sums: &mut Sums) -> Result<u64, StoreError> {
    let start = HEADER.len() as u64;
    let bytes = read_range(file, start, end)?;
    let mut rest = &bytes[..];
    while let Some((body, next)) = split(rest) {
        // Written whole, as the check sum says, but in no form that is known here.
        if body.len() % ENTRY != 0 {
            return Err(StoreError::Newer);
        }
        body.chunks_exact(ENTRY).filter_map(decode).for_each(|amount| add(sums, &amount));
        rest = next;
    }
    Ok(end - rest.len() as u64)
}

/// Splits the first record off; `None` where none can be read.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, sum) = parse_head(bytes.first_chunk()?);
    let (record, rest) = bytes.split_at_checked(HEAD + usize::try_from(length).ok()?)?;
    let body = &record[HEAD..];
    (!body.is_empty() && check_sum(body) == sum).then_some((body, rest))
}

fn add(sums: &mut Sums, entry: &Amount) {
    let sum = sums.entry((entry.account, entry.kind)).or_insert((entry.period, 0));
    if entry.period > sum.0 {
        *sum = (entry.period, 0);
    }
    if entry.period == sum.0 {
        sum.1 = if entry.reset { entry.amount } else { sum.1.saturating_add(entry.amount) };
    }
}

fn amounts(sums: &Sums) -> impl Iterator<Item = Amount> {
    sums.iter().map(|((account, kind), (period, amount))| Amount {
        account: *account,
        kind: *kind,
        period: *period,
        amount: *amount,
        reset: false,
    })
}

fn encode(amounts: &[Amount]) -> Vec<u8> {
    let mut out = Vec::with_capacity(amounts.len() * ENTRY);
    for Amount { account, kind, period, amount, reset } in amounts {
        out.extend_from_slice(account);
        out.push(if *reset { kind | RESET } else { *kind });
        out.extend_from_slice(&period.to_be_bytes());
        out.extend_from_slice(&amount.to_be_bytes());
    }
    out
}

fn decode(entry: &[u8]) -> Option<Amount> {
    let (account, rest) = entry.split_first_chunk()?;
    let (kind, rest) = rest.split_first()?;
    let (period, amount) = rest.split_first_chunk()?;
    Some(Amount {
        account: *account,
        kind: kind & !RESET,
        period: u32::from_be_bytes(*period),
        amount: u64::from_be_bytes(amount.try_into().ok()?),
        reset: kind & RESET != 0,
    })
}
