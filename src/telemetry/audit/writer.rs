//! The writer: one thread that chains records, appends them, anchors the chain and drops what is old.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use sha2::{Digest, Sha256};

use super::anchor::{Anchor, AnchorFile, Found};
use super::chain::{ChainKey, Head};
use super::marks::{AnchorCause, AnchorRecord, DroppedRecord};
use super::recover::Taken;
use super::retain::{now, time_of_first};
use super::verify::{Snapshot, open_files};
use super::{AuditSettings, Entry};
use crate::telemetry::rotate::{self, RotatingFile};

/// Bytes that the writer gathers before it writes them: no more than the smallest file, since a batch is never divided.
pub(super) const BATCH: usize = 32 << 10;

/// How long records gather before they are written.
const GATHER: Duration = Duration::from_millis(20);

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
    /// Write what is queued, and report.
    Write(SyncSender<bool>),
    /// Write what is queued, make it last, and report.
    Sync(SyncSender<bool>),
    /// The same for the last time, with an anchor.
    Close(SyncSender<bool>),
    /// Open every file as it is after what is queued.
    Snapshot(SyncSender<io::Result<Snapshot>>),
}

/// How many wait for an answer of the writer: it does not gather meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub fn begin(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn end(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    fn is_anybody(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

pub(super) struct Writer {
    pub(super) file: RotatingFile,
    pub(super) key: ChainKey,
    anchor_file: AnchorFile,
    /// As it is on the disk; its head lags behind.
    pub(super) anchor: Anchor,
    /// With what is in the buffer.
    head: Head,
    /// With what is in the file.
    pub(super) written: Head,
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
    pub(super) keep: u32,
    pub(super) retention: Option<Duration>,
    /// The time of the first record of the current file, in milliseconds since the Unix epoch.
    pub(super) began: i64,
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

    pub fn run(mut self, queue: &Receiver<Message>, waiting: &Waiting) {
        loop {
            match queue.recv_timeout(self.pace.time) {
                Ok(first) => {
                    let waited_for = !matches!(first, Message::Entry(_));
                    self.take(first, waiting);
                    // While the writer sleeps, no request has to wake it: that would cost more than the record. Who waits does.
                    if !waited_for && !waiting.is_anybody() {
                        thread::park_timeout(GATHER);
                    }
                    while let Ok(next) = queue.try_recv() {
                        self.take(next, waiting);
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

    fn take(&mut self, message: Message, waiting: &Waiting) {
        if !matches!(message, Message::Entry(_)) {
            waiting.end();
        }
        // Whoever asked may have given up waiting.
        match message {
            Message::Entry(entry) => {
                self.gathered += u64::from(self.gather(&entry));
            }
            Message::Write(answer) => drop(answer.send(self.write())),
            Message::Sync(answer) => drop(answer.send(self.sync())),
            Message::Close(answer) => drop(answer.send(self.close())),
            Message::Snapshot(answer) => drop(answer.send(self.open_snapshot())),
        }
    }

    /// Chains a record behind what is in the buffer. False: it was lost, and counted.
    pub(super) fn gather(&mut self, entry: &Entry) -> bool {
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
    pub(super) fn write(&mut self) -> bool {
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

    pub(super) fn rotate(&mut self) -> io::Result<()> {
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
    pub(super) fn anchor(&mut self, record: AnchorRecord) -> bool {
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

    pub(super) fn put_anchor(&mut self, next: Anchor) -> bool {
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
        if self.retention.is_some() {
            self.rotate_old();
            self.retain();
        }
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
    pub(super) fn report(&mut self, error: &dyn std::error::Error, records: u64) {
        self.dropped.inc_by(records);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}
