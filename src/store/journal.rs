//! Journals: turns that wait to be learned from or kept, each in one append-only file that is the queue itself.
//!
//! An append is one write and no fsync: it outlives the process, not a power cut. Consumption is written down now and then,
//! as marks in the same file; an entry that is seen twice after a restart is learned once (`Batch::learned`).
//!
//! Layout: an eight-byte header, then records: length of the body (u32, big-endian), a check sum of length and body
//! (SipHash-1-3, u64, big-endian), the body. The body is a kind byte and, for a job, the ticket behind its length (u16)
//! and the sealed payload; for a mark, the offset (u64) up to which everything was consumed.

use std::hash::Hasher;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;
use siphasher::sip::SipHasher13;

use super::disk::{Disk, DiskFile, Mode};
use super::error::{JournalError, StoreError};
use super::overlay::aside;
use crate::enforce::Ticket;

/// What a turn waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// The rules, which read every turn first.
    Rules,
    /// The model, which reads what the rules hand on.
    Tutor,
    /// No learner: the histories of sessions.
    History,
}

impl Queue {
    /// The name of the file.
    fn file(self) -> &'static str {
        match self {
            Self::Rules => "learn.journal",
            Self::Tutor => "tutor.journal",
            Self::History => "history.journal",
        }
    }

    /// Authenticated with each payload: an entry does not open in another queue.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Rules => "journal",
            Self::Tutor => "tutor journal",
            Self::History => "history journal",
        }
    }
}

const HEADER: &[u8; 8] = b"mgjrnl\x00\x01";
pub(super) const HEAD: usize = 12;
const JOB: u8 = 1;
const MARK: u8 = 2;
/// Consumed bytes at the front that are worth giving back.
const RECLAIM: u64 = 1 << 20;
/// Entries consumed between two marks while more wait.
const MARK_EVERY: u32 = 64;
/// Longest body: a payload is a few messages of a chat. A longer length is damage.
const MAX_BODY: u32 = 64 << 20;
/// Entries that are counted under one lock.
const COUNTED_AT_ONCE: usize = 64;

/// One turn that waits to be learned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Whose turn it is; worth nothing until redeemed.
    pub ticket: Ticket,
    pub(super) queue: Queue,
    pub(super) sealed: Vec<u8>,
    /// Place in the queue: counts on while the file is cut at its front, starts anew with the process.
    position: u64,
    next: u64,
}

#[derive(Debug)]
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    queue: Queue,
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: DiskFile,
    /// A position is this plus the offset in the file. It grows by the whole file at each cut, so that no position comes twice.
    cut: u64,
    consumed: u64,
    end: u64,
    unmarked: u32,
}

enum Body<'a> {
    Job { ticket: &'a [u8], sealed: &'a [u8] },
    Mark(u64),
}

impl Journal {
    /// Opens the journal and drops a torn tail.
    pub fn open(disk: Arc<dyn Disk>, queue: Queue, limit: u64) -> Result<Self, StoreError> {
        let file = disk.open(queue.file(), Mode::Create)?;
        let start = HEADER.len() as u64;
        let mut state = State { file, cut: 0, consumed: start, end: start, unmarked: 0 };
        let len = state.file.len()?;
        let mut header = [0; HEADER.len()];
        if len >= start {
            state.file.read(0, &mut header)?;
        }
        if header == [0; HEADER.len()] {
            state.file.set_len(0)?;
            state.file.write(0, HEADER)?;
            state.file.sync_data()?;
            disk.sync_folder(queue.file())?;
        } else {
            if &header != HEADER {
                return Err(StoreError::Newer);
            }
            while let Some((body, next)) = state.read_record(state.end, len)? {
                match parse(&body) {
                    Some(Body::Mark(consumed)) if consumed <= state.end => state.consumed = consumed.max(state.consumed),
                    Some(Body::Mark(_)) => return Err(StoreError::Malformed),
                    Some(Body::Job { .. }) => {}
                    // Written whole, as the check sum says, but in no form that is known here.
                    None => return Err(StoreError::Newer),
                }
                state.end = next;
            }
            if state.end < len {
                tracing::warn!(
                    bytes = len - state.end,
                    file = queue.file(),
                    "the end of the learning journal was torn and is dropped"
                );
                state.file.set_len(state.end)?;
            }
        }
        let journal = Self { disk, queue, limit, state: Mutex::new(state) };
        {
            let mut state = journal.state.lock();
            state.skip_marks()?;
            if state.consumed == state.end {
                state.empty()?;
            }
        }
        Ok(journal)
    }

    pub fn append(&self, ticket: &Ticket, sealed: &[u8]) -> Result<(), JournalError> {
        let length = u16::try_from(ticket.as_bytes().len()).map_err(|_| StoreError::Malformed)?;
        let job = [&[JOB], length.to_be_bytes().as_slice(), ticket.as_bytes(), sealed].concat();
        let record = frame(&job)?;
        let mut state = self.state.lock();
        if state.end - state.consumed + record.len() as u64 > self.limit {
            return Err(JournalError::Full);
        }
        Ok(state.append(&record).map_err(StoreError::from)?)
    }

    /// The oldest entry that was not consumed. Asking again gives it again.
    pub fn next(&self) -> Result<Option<JournalEntry>, StoreError> {
        Ok(self.peek(0, 1)?.pop())
    }

    /// Up to `most` entries that were not consumed, oldest first, without the `skip` oldest ones. For whoever works on several at
    /// once; consuming goes on from the oldest.
    pub fn peek(&self, skip: usize, most: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let mut state = self.state.lock();
        state.skip_marks()?;
        let (mut offset, mut passed, mut found) = (state.consumed, 0, Vec::new());
        while found.len() < most
            && let Some((body, next)) = state.read_record(offset, state.end)?
        {
            match parse(&body) {
                Some(Body::Job { .. }) if passed < skip => passed += 1,
                Some(Body::Job { ticket, sealed }) => found.push(JournalEntry {
                    ticket: Ticket::from_bytes(ticket),
                    queue: self.queue,
                    sealed: sealed.to_vec(),
                    position: state.cut + offset,
                    next: state.cut + next,
                }),
                Some(Body::Mark(_)) => {}
                None => return Err(StoreError::Malformed),
            }
            offset = next;
        }
        Ok(found)
    }

    /// Marks entries, the oldest first and none left out, as consumed. Any others were consumed before: nothing changes.
    pub fn done(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        if first.position != state.cut + state.consumed {
            return Ok(());
        }
        state.consumed = last.next - state.cut;
        state.skip_marks()?;
        state.unmarked = state.unmarked.saturating_add(u32::try_from(entries.len()).unwrap_or(u32::MAX));
        let waiting = state.end - state.consumed;
        if state.consumed > RECLAIM && waiting == 0 {
            state.empty()?;
        } else if state.consumed > RECLAIM && waiting < state.consumed {
            self.cut_front(&mut state)?;
        } else if waiting == 0 || state.unmarked >= MARK_EVERY {
            let mark = [&[MARK], state.consumed.to_be_bytes().as_slice()].concat();
            state.append(&frame(&mark)?)?;
            state.unmarked = 0;
            state.skip_marks()?;
        }
        Ok(())
    }

    /// Entries that wait and are `whose`. What is queued meanwhile may or may not be counted.
    pub fn count(&self, whose: impl Fn(&Ticket) -> bool) -> Result<u64, StoreError> {
        let mut found = 0;
        let mut position = 0;
        loop {
            // A few at a time, so that no answer waits for its turn to be queued.
            let state = self.state.lock();
            for _ in 0..COUNTED_AT_ONCE {
                let offset = position.max(state.cut + state.consumed) - state.cut;
                let Some((body, next)) = state.read_record(offset, state.end)? else { return Ok(found) };
                if let Some(Body::Job { ticket, .. }) = parse(&body) {
                    found += u64::from(whose(&Ticket::from_bytes(ticket)));
                }
                position = state.cut + next;
            }
        }
    }

    /// Bytes that wait.
    pub fn backlog(&self) -> u64 {
        let state = self.state.lock();
        state.end - state.consumed
    }

    /// Copies what waits to a new file, which takes the place of the old one.
    fn cut_front(&self, state: &mut State) -> Result<(), StoreError> {
        let start = HEADER.len() as u64;
        let mut waiting = vec![0; usize::try_from(state.end - state.consumed).map_err(|_| StoreError::Malformed)?];
        state.file.read(state.consumed, &mut waiting)?;
        // Marks tell offsets in the old file; those that wait to be passed over must not speak in the new one.
        let mut kept = HEADER.to_vec();
        let mut rest = waiting.as_slice();
        while let Some((record, tail)) = split_record(rest) {
            if record[HEAD] == JOB {
                kept.extend_from_slice(record);
            }
            rest = tail;
        }
        let aside = aside(self.queue.file());
        let file = self.disk.open(&aside, Mode::Fresh)?;
        file.write(0, &kept)?;
        file.sync_data()?;
        self.disk.rename(&aside, self.queue.file())?;
        state.file = file;
        state.cut += state.end;
        state.consumed = start;
        state.end = kept.len() as u64;
        state.unmarked = 0;
        Ok(())
    }
}

impl State {
    /// Reads the record at `offset`; `None` at the end, and where none can be read.
    fn read_record(&self, offset: u64, end: u64) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        let body_at = offset + HEAD as u64;
        if body_at > end {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.file.read(offset, &mut head)?;
        let (length, sum) = parse_head(&head);
        let next = body_at + u64::from(length);
        if length == 0 || length > MAX_BODY || next > end {
            return Ok(None);
        }
        let mut body = vec![0; usize::try_from(length).map_err(|_| StoreError::Malformed)?];
        self.file.read(body_at, &mut body)?;
        Ok((check_sum(&body) == sum).then_some((body, next)))
    }

    /// Moves on to the next entry that is no mark.
    fn skip_marks(&mut self) -> Result<(), StoreError> {
        while let Some((body, next)) = self.read_record(self.consumed, self.end)? {
            if body.first() != Some(&MARK) {
                break;
            }
            self.consumed = next;
        }
        Ok(())
    }

    /// One write. After a failure the end stays where it was, so that the next append covers what was half written.
    fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write(self.end, record) {
            // Best effort: opening drops a torn tail too.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += record.len() as u64;
        Ok(())
    }

    fn empty(&mut self) -> io::Result<()> {
        let start = HEADER.len() as u64;
        self.file.set_len(start)?;
        self.cut += self.end;
        (self.consumed, self.end, self.unmarked) = (start, start, 0);
        Ok(())
    }
}

pub(super) fn check_sum(body: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write_u64(body.len() as u64);
    hasher.write(body);
    hasher.finish()
}

pub(super) fn frame(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_BODY).ok_or(StoreError::Malformed)?;
    Ok([length.to_be_bytes().as_slice(), &check_sum(body).to_be_bytes(), body].concat())
}

pub(super) fn parse_head(head: &[u8; HEAD]) -> (u32, u64) {
    let [a, b, c, d, sum @ ..] = *head;
    (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes(sum))
}

/// Splits the first record off bytes that hold whole records.
fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = parse_head(bytes.first_chunk()?);
    bytes.split_at_checked(HEAD + usize::try_from(length).ok()?).filter(|(record, _)| record.len() > HEAD)
}

fn parse(body: &[u8]) -> Option<Body<'_>> {
    match body.split_first()? {
        (&JOB, rest) => {
            let (length, rest) = rest.split_first_chunk()?;
            let (ticket, sealed) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            Some(Body::Job { ticket, sealed })
        }
        (&MARK, rest) => Some(Body::Mark(u64::from_be_bytes(rest.try_into().ok()?))),
        _ => None,
    }
}
