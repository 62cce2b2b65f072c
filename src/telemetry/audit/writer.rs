//! The writer: one thread that chains records, appends them, anchors the chain and drops what is old.

use std::fs;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use prometheus::IntCounter;
use sha2::{Digest, Sha256};

use super::anchor::{Anchor, AnchorFile, Found};
use super::chain::{ChainKey, Head};
use super::marks::{AnchorCause, AnchorRecord, DroppedRecord};
use super::recover::{self, Taken};
use super::verify::{Snapshot, open_files};
use super::{AuditSettings, Entry};
use crate::telemetry::rotate::{self, RotatingFile};

/// Bytes that the writer gathers before it writes them: no more than the smallest file, since a batch is never divided.
pub(super) const BATCH: usize = 32 << 10;

/// How long records gather before they are written.
const GATHER: Duration = Duration::from_millis(20);

/// More bytes than the log says of itself at once.
const MARKS: usize = 8 << 10;

/// Of the time that records are kept, how much one file may span.
const SPANS: u32 = 8;

/// How often the chain is anchored while records come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub records: u64,
    pub time: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { records: 10_000, time: Duration::from_mins(5) }
    }
}

pub(super) enum Message {
    Entry(Entry),
    /// Write what is queued, make it last, and report.
    Sync(SyncSender<bool>),
    /// The same for the last time, with an anchor.
    Close(SyncSender<bool>),
    /// Open every file as it is after what is queued.
    Snapshot(SyncSender<io::Result<Snapshot>>),
}

pub(super) struct Writer {
    file: RotatingFile,
    key: ChainKey,
    anchor_file: AnchorFile,
    /// As it is on the disk; its head lags behind.
    anchor: Anchor,
    /// With what is in the buffer.
    head: Head,
    /// With what is in the file.
    written: Head,
    buffer: Vec<u8>,
    /// Records in the buffer that were handed in.
    gathered: u64,
    /// The last write failed, and was reported.
    failing: bool,
    dropped: IntCounter,
    /// How many of them are on record.
    told: u64,
    pace: Pace,
    anchored_at: Instant,
    keep: u32,
    retention: Option<Duration>,
    /// The time of the first record of the current file, in milliseconds since the Unix epoch.
    began: i64,
    /// The number of the last record, if it says that the log was closed.
    closed_at: Option<u64>,
}

impl Writer {
    /// Goes on with a log that was taken up, and says so in it.
    pub fn new(
        settings: &AuditSettings,
        key: ChainKey,
        anchor_file: AnchorFile,
        taken: Taken,
        dropped: IntCounter,
        pace: Pace,
    ) -> io::Result<Self> {
        let mut file = RotatingFile::open(&settings.dir, settings.max_size)?;
        let Taken { head, anchor, cause, recovered } = taken;
        if cause == AnchorCause::TakenOver && file.size() > 0 {
            // The chain has files of its own.
            file.rotate()?;
        }
        let began = time_of_first(&rotate::path(&settings.dir, 0))?.unwrap_or_else(now);
        let told = dropped.get();
        let mut writer = Self {
            file,
            key,
            anchor_file,
            anchor,
            head,
            written: head,
            buffer: Vec::with_capacity(BATCH),
            gathered: 0,
            failing: false,
            dropped,
            told,
            pace,
            anchored_at: Instant::now(),
            keep: settings.keep,
            retention: settings.retention,
            began,
            closed_at: None,
        };
        for record in recovered {
            tracing::warn!(cause = ?record.cause, "the audit log was not as it was left; `memgate audit verify` tells more");
            writer.gather(&Entry::Recovered(Box::new(record)));
        }
        let mut record = AnchorRecord::new(cause, now());
        if cause == AnchorCause::TakenOver {
            let digests: Sha256 = writer.anchor.former.iter().fold(Sha256::new(), Digest::chain_update);
            record.former = Some(hex::encode(digests.finalize()));
        }
        writer.anchor(record);
        writer.retain();
        Ok(writer)
    }

    pub fn run(mut self, queue: &Receiver<Message>) {
        loop {
            match queue.recv_timeout(self.pace.time) {
                Ok(first) => {
                    let waited_for = !matches!(first, Message::Entry(_));
                    self.take(first);
                    // While the writer sleeps, nobody has to wake it: that would cost each request more than its record.
                    if !waited_for {
                        thread::sleep(GATHER);
                    }
                    while let Ok(next) = queue.try_recv() {
                        self.take(next);
                        if self.buffer.len() >= BATCH {
                            self.write();
                            self.tend();
                        }
                    }
                    self.write();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tend();
        }
        self.close();
    }

    fn take(&mut self, message: Message) {
        // Whoever asked may have given up waiting.
        match message {
            Message::Entry(entry) => {
                self.gathered += u64::from(self.gather(&entry));
            }
            Message::Sync(answer) => drop(answer.send(self.sync())),
            Message::Close(answer) => drop(answer.send(self.close())),
            Message::Snapshot(answer) => drop(answer.send(self.open_snapshot())),
        }
    }

    /// Chains a record behind what is in the buffer. False: it was lost, and counted.
    fn gather(&mut self, entry: &Entry) -> bool {
        let start = self.buffer.len();
        match serde_json::to_writer(&mut self.buffer, entry) {
            Ok(()) => {
                self.head.append(&self.key, &mut self.buffer, start);
                true
            }
            Err(error) => {
                self.buffer.truncate(start);
                self.report(&error, 1);
                false
            }
        }
    }

    /// Writes the gathered records. Those that cannot be written are lost and counted, and the chain goes on without them.
    fn write(&mut self) -> bool {
        if self.buffer.is_empty() {
            return !self.failing;
        }
        let rotated = self.file.is_full_for(self.buffer.len());
        let written = if rotated { self.rotate() } else { Ok(()) }.and_then(|()| self.file.append(&self.buffer));
        self.buffer.clear();
        let records = std::mem::take(&mut self.gathered);
        match written {
            Ok(()) => {
                self.failing = false;
                self.written = self.head;
            }
            Err(error) => {
                self.head = self.written;
                self.report(&error, records);
                return false;
            }
        }
        self.tell_dropped();
        if rotated {
            self.anchor(AnchorRecord::new(AnchorCause::Rotated, now()));
            self.retain();
        }
        !self.failing
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.rotate()?;
        self.began = now();
        Ok(())
    }

    /// Puts on record how many records were lost since that was last done.
    fn tell_dropped(&mut self) {
        let lost = self.dropped.get();
        if lost > self.told {
            let records = lost - std::mem::replace(&mut self.told, lost);
            self.gather(&Entry::Dropped(DroppedRecord { time: now(), records }));
            if self.file.append(&self.buffer).is_ok() {
                self.written = self.head;
            } else {
                // It is told with the next that is written.
                self.head = self.written;
                self.told -= records;
            }
            self.buffer.clear();
        }
    }

    /// Writes what was gathered and makes it last, with an anchor outside the log.
    fn sync(&mut self) -> bool {
        let written = self.write();
        let lasting = self.file.sync().map_err(|error| self.report(&error, 0)).is_ok();
        written && lasting && self.keep_anchor()
    }

    /// Anchors the chain in the log, outside it, and in the process log.
    fn anchor(&mut self, record: AnchorRecord) -> bool {
        self.anchored_at = Instant::now();
        let cause = record.cause;
        // What was gathered comes before the anchor; a rotation on the way writes one of its own.
        let written = self.write() && self.gather(&Entry::Anchor(Box::new(record)));
        if !(written && self.sync()) {
            return false;
        }
        tracing::info!(cause = cause.as_str(), seq = self.written.seq, mac = %hex::encode(self.written.mac), "audit log anchored");
        true
    }

    fn keep_anchor(&mut self) -> bool {
        if self.anchor.head == self.written {
            return true;
        }
        let next = Anchor { head: self.written, ..self.anchor.clone() };
        self.put_anchor(next)
    }

    fn put_anchor(&mut self, next: Anchor) -> bool {
        match self.anchor_file.write(&next) {
            Ok(()) => self.anchor = next,
            Err(error) => {
                self.report(&error, 0);
                return false;
            }
        }
        true
    }

    fn close(&mut self) -> bool {
        let written = self.write();
        if self.closed_at == Some(self.written.seq) {
            return written;
        }
        let lasting = self.anchor(AnchorRecord::new(AnchorCause::Stopped, now()));
        self.closed_at = lasting.then_some(self.written.seq);
        lasting
    }

    /// What is due from time to time.
    fn tend(&mut self) {
        let records = self.written.seq.saturating_sub(self.anchor.head.seq);
        let late = self.anchored_at.elapsed() >= self.pace.time;
        if !late && records < self.pace.records {
            return;
        }
        self.anchored_at = Instant::now();
        if records > 0 {
            self.anchor(AnchorRecord::new(AnchorCause::Periodic, now()));
        }
        let Some(retention) = self.retention else { return };
        if self.file.size() > 0 && now().saturating_sub(self.began) > milliseconds(retention / SPANS) {
            self.rotate_now();
        }
        self.retain();
    }

    /// Drops the oldest files beyond their number or their time, on record first.
    fn retain(&mut self) {
        // No rotation may give files other numbers between looking and dropping.
        let roomy = self.write() && (!self.file.is_full_for(MARKS) || self.rotate_now());
        if roomy && let Err(error) = self.find_due().and_then(|due| self.drop_files(&due)) {
            self.report(&error, 0);
        }
    }

    fn rotate_now(&mut self) -> bool {
        match self.rotate() {
            Ok(()) => self.anchor(AnchorRecord::new(AnchorCause::Rotated, now())),
            Err(error) => {
                self.report(&error, 0);
                false
            }
        }
    }

    /// Numbers of the files that are due, the oldest first.
    fn find_due(&self) -> io::Result<Vec<u32>> {
        let mut aside = rotate::numbers(self.file.dir())?;
        aside.retain(|number| *number > 0);
        aside.reverse();
        let mut due = aside.len().saturating_sub(self.keep as usize);
        if let Some(retention) = self.retention {
            let oldest = now().saturating_sub(milliseconds(retention));
            while let Some(number) = aside.get(due) {
                let last = recover::last_link(&rotate::path(self.file.dir(), *number))?.and_then(|(_, line)| time_of(&line));
                // One from before the chain: when it was last written to.
                let last = last.or_else(|| modified(&rotate::path(self.file.dir(), *number)));
                if last.is_none_or(|last| last >= oldest) {
                    break;
                }
                due += 1;
            }
        }
        aside.truncate(due);
        Ok(aside)
    }

    fn drop_files(&mut self, due: &[u32]) -> io::Result<()> {
        if due.is_empty() {
            return Ok(());
        }
        let mut next = self.anchor.clone();
        for number in due {
            match recover::last_link(&rotate::path(self.file.dir(), *number))? {
                Some((last, _)) => (next.first, next.before) = (last.seq.saturating_add(1), last.mac),
                None => drop(next.former.drain(..next.former.len().min(1))),
            }
        }
        let mut record = AnchorRecord::new(AnchorCause::Retention, now());
        record.files = u32::try_from(due.len()).ok();
        (record.first, record.before) = (Some(next.first), Some(hex::encode(next.before)));
        if !self.anchor(record) || !self.put_anchor(Anchor { head: self.written, ..next }) {
            return Ok(());
        }
        due.iter().try_for_each(|number| fs::remove_file(rotate::path(self.file.dir(), *number)))
    }

    fn open_snapshot(&mut self) -> io::Result<Snapshot> {
        self.write();
        // What stands outside the log has to be there, and what is known here is newer.
        let found = match self.anchor_file.read()? {
            Found::Anchor(_) => Found::Anchor(Anchor { head: self.written, ..self.anchor.clone() }),
            other => other,
        };
        Ok(Snapshot { files: open_files(self.file.dir())?, found, live: true })
    }

    /// Counts every loss, logs the first of a row.
    fn report(&mut self, error: &dyn std::error::Error, records: u64) {
        self.dropped.inc_by(records);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The time of a line, in milliseconds since the Unix epoch.
fn time_of(line: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(super::query::time_text(line)?).ok()?;
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

fn time_of_first(path: &std::path::Path) -> io::Result<Option<i64>> {
    let mut lines = super::lines::Forwards::new(fs::File::open(path)?, 0, u64::MAX)?;
    Ok(lines.next_line()?.and_then(time_of))
}

fn modified(path: &std::path::Path) -> Option<i64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Some(Timestamp::try_from(modified).ok()?.as_millisecond())
}
