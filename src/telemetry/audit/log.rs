//! The handle: a bounded queue in front of the writer's thread, so that no request waits for a disk; and reading beside it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus::IntCounter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::anchor::{AnchorFile, Found};
use super::chain::ChainKey;
use super::query::{self, AuditPage, AuditQuery};
use super::verify::{self, LogFile, Snapshot, Verification};
use super::writer::{Message, Pace, Waiting, Writer};
use super::{ANCHOR_NAME, ActRecord, AuditError, AuditSettings, Entry, recover};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::rotate;

/// Records that may wait for the writer. At 20,000 requests a second it may stall for three seconds before one is lost.
const QUEUE: usize = 65_536;

/// How long the log of a process that is ending is waited for.
const ENDING: Duration = Duration::from_secs(5);

/// What chains the log, and where its anchor is.
#[derive(Debug, Clone)]
pub struct AuditKeeping {
    key: ChainKey,
    anchor: PathBuf,
}

impl AuditKeeping {
    /// By the secret of the configuration, or else that of the store. The anchor is a file in `data`, the storage directory.
    #[must_use]
    pub fn new(settings: &AuditSettings, own: &[u8; 32], data: &Path) -> Self {
        let key = ChainKey::new(settings.key.as_ref().map_or(own.as_slice(), |secret| secret.expose()));
        Self { key, anchor: data.join(ANCHOR_NAME) }
    }

    /// With the anchor in another place.
    #[must_use]
    pub fn anchored_at(self, anchor: PathBuf) -> Self {
        Self { anchor, ..self }
    }

    fn anchor_file(&self) -> AnchorFile {
        AnchorFile::new(self.anchor.clone(), self.key.clone())
    }
}

/// The handle on the audit log. Cheap to clone; the writer ends when the last handle goes.
#[derive(Debug, Clone)]
pub struct AuditLog {
    queue: SyncSender<Message>,
    dropped: IntCounter,
    waiting: Waiting,
    writer: Thread,
    dir: Arc<Path>,
    key: ChainKey,
    /// Held by who goes through the whole log.
    verifying: Arc<Mutex<()>>,
    /// One permit, had by who exports.
    exporting: Arc<Semaphore>,
}

/// An export that is on record.
#[derive(Debug)]
pub struct Export {
    files: Vec<LogFile>,
    _turn: OwnedSemaphorePermit,
}

impl Export {
    /// Hands the records out in chunks of lines, the oldest first, until `take` says that it wants no more. Blocks.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn run(self, query: &AuditQuery, take: impl FnMut(Vec<u8>) -> bool) -> Result<(), AuditError> {
        query::export(self.files, query, take).map_err(AuditError::Read)
    }
}

impl AuditLog {
    /// Opens the log, mends its end if need be, and starts its writer.
    ///
    /// # Errors
    /// When the directory or a file cannot be made or read, another process writes there, or the log is chained with another key.
    pub fn open(settings: &AuditSettings, keeping: &AuditKeeping, metrics: &Metrics) -> Result<Self, AuditError> {
        Self::open_at(settings, keeping, metrics, Pace::default())
    }

    pub(super) fn open_at(
        settings: &AuditSettings,
        keeping: &AuditKeeping,
        metrics: &Metrics,
        pace: Pace,
    ) -> Result<Self, AuditError> {
        let dir = &settings.dir;
        let fault = |source| AuditError::Open { dir: dir.clone(), source };
        let lock = lock(dir)?;
        let anchor_file = keeping.anchor_file();
        let found = anchor_file.read().map_err(fault)?;
        if found == Found::OtherKey {
            return Err(AuditError::OtherKey { dir: dir.clone(), anchor: keeping.anchor.clone() });
        }
        let taken = recover::take_up(dir, &keeping.key, found, Timestamp::now().as_millisecond()).map_err(fault)?;
        let dropped = metrics.audit_dropped();
        let (queue, received) = sync_channel(QUEUE);
        let writer = Writer::new(settings, keeping.key.clone(), anchor_file, taken, dropped.clone(), pace).map_err(fault)?;
        let waiting = Waiting::default();
        let awaited = waiting.clone();
        let run = move || {
            writer.run(&received, &awaited);
            drop(lock);
        };
        let thread = thread::Builder::new().name("memgate-audit".to_owned()).spawn(run).map_err(fault)?;
        let (writer, dir, key) = (thread.thread().clone(), dir.as_path().into(), keeping.key.clone());
        let exporting = Arc::new(Semaphore::new(1));
        Ok(Self { queue, dropped, waiting, writer, dir, key, verifying: Arc::default(), exporting })
    }

    /// Queues a record. Never waits: with a full queue the record is lost and counted.
    pub fn record(&self, entry: impl Into<Entry>) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.queue.try_send(Message::Entry(entry.into())) {
            self.dropped.inc();
        }
    }

    /// Writes an operator's act and waits until it is on disk. Blocks: not for a request's path.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn record_act(&self, act: ActRecord) -> Result<(), AuditError> {
        self.queue.send(Message::Entry(act.into())).map_err(|_| AuditError::Write)?;
        self.flush()
    }

    /// Waits until everything queued before is on disk. Blocks.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn flush(&self) -> Result<(), AuditError> {
        if self.ask(Message::Sync)? { Ok(()) } else { Err(AuditError::Write) }
    }

    /// The same at shutdown: with an anchor that says so. Blocks.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn close(&self) -> Result<(), AuditError> {
        if self.ask(Message::Close)? { Ok(()) } else { Err(AuditError::Write) }
    }

    /// Some records before the one with the number `before`, the newest first: all that were handed in. Blocks, for a bounded time.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn page(&self, query: &AuditQuery, before: Option<u64>, limit: usize) -> Result<AuditPage, AuditError> {
        // Where writing fails, what is there is shown all the same.
        self.ask(Message::Write)?;
        query::read_page(&self.dir, query, before, limit).map_err(AuditError::Read)
    }

    /// Puts an export on record and takes hold of what there is to export. Blocks.
    ///
    /// # Errors
    /// [`AuditError::Exporting`] while another goes on; else when the record cannot be written, or the log not be read.
    pub fn begin_export(&self, act: ActRecord) -> Result<Export, AuditError> {
        let turn = Arc::clone(&self.exporting).try_acquire_owned().map_err(|_| AuditError::Exporting)?;
        self.record_act(act)?;
        Ok(Export { files: self.snapshot()?.files, _turn: turn })
    }

    /// Goes through the whole log. Blocks for as long as reading all of it takes.
    ///
    /// # Errors
    /// [`AuditError::Verifying`] while another does; else when the log cannot be read.
    pub fn verify(&self) -> Result<Verification, AuditError> {
        let Some(_turn) = self.verifying.try_lock() else { return Err(AuditError::Verifying) };
        verify::verify(self.snapshot()?, &self.key).map_err(AuditError::Read)
    }

    fn snapshot(&self) -> Result<Snapshot, AuditError> {
        self.ask(Message::Snapshot)?.map_err(AuditError::Read)
    }

    fn ask<T>(&self, message: impl FnOnce(SyncSender<T>) -> Message) -> Result<T, AuditError> {
        let (answer, answered) = sync_channel(1);
        // Before it is sent, so that the writer does not begin to sleep meanwhile; after that it is woken.
        self.waiting.begin();
        self.queue.send(message(answer)).map_err(|_| AuditError::Write)?;
        self.writer.unpark();
        answered.recv().map_err(|_| AuditError::Write)
    }
}

/// Goes through the log in a directory that nobody writes to. Blocks.
///
/// # Errors
/// When it cannot be read.
pub fn verify_dir(dir: &Path, keeping: &AuditKeeping) -> Result<Verification, AuditError> {
    let read = || {
        let found = keeping.anchor_file().read()?;
        verify::verify(Snapshot { files: verify::open_files(dir)?, found, live: false }, &keeping.key)
    };
    read().map_err(|source| AuditError::Open { dir: dir.to_owned(), source })
}

/// Keeps other processes from writing there. A handle that was dropped a moment ago may still be ending.
fn lock(dir: &Path) -> Result<File, AuditError> {
    let fault = |source| AuditError::Open { dir: dir.to_owned(), source };
    rotate::make_dir(dir).map_err(fault)?;
    let folder = File::open(dir).map_err(fault)?;
    let began = Instant::now();
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(std::fs::TryLockError::WouldBlock) if began.elapsed() < ENDING => thread::sleep(Duration::from_millis(10)),
            Err(std::fs::TryLockError::WouldBlock) => return Err(AuditError::InUse(dir.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => return Err(fault(io::Error::other(error))),
        }
    }
}
