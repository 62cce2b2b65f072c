//! The writer: a bounded queue in front of one thread, so that no request waits for a disk.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use prometheus::IntCounter;

use super::{ActRecord, AuditError, AuditSettings, Entry};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::rotate::RotatingFile;

/// Records that may wait for the writer. At 20,000 requests a second it may stall for three seconds before one is lost.
const QUEUE: usize = 65_536;
/// Bytes that the writer gathers before it writes them: no more than the smallest file, since a batch is never divided.
const BATCH: usize = 32 << 10;

/// How long records gather before they are written.
const GATHER: Duration = Duration::from_millis(20);

enum Message {
    Entry(Entry),
    /// Write what is queued, make it last, and report.
    Sync(SyncSender<bool>),
}

/// The handle on the audit log. Cheap to clone; the writer ends when the last handle goes.
#[derive(Debug, Clone)]
pub struct AuditLog {
    queue: SyncSender<Message>,
    dropped: IntCounter,
}

impl AuditLog {
    /// Opens the log and starts its writer.
    ///
    /// # Errors
    /// When the directory or the file cannot be made or opened.
    pub fn open(settings: &AuditSettings, metrics: &Metrics) -> Result<Self, AuditError> {
        let fault = |source| AuditError::Open { dir: settings.dir.clone(), source };
        let file = RotatingFile::open(&settings.dir, settings.max_size, settings.keep).map_err(fault)?;
        let dropped = metrics.audit_dropped();
        let (queue, received) = sync_channel(QUEUE);
        let writer = Writer { file, buffer: Vec::with_capacity(BATCH), gathered: 0, failing: false, dropped: dropped.clone() };
        thread::Builder::new().name("memgate-audit".to_owned()).spawn(move || writer.run(&received)).map_err(fault)?;
        Ok(Self { queue, dropped })
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

    /// Waits until everything queued before is on disk. Blocks. For shutdown.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn flush(&self) -> Result<(), AuditError> {
        let (answer, answered) = sync_channel(1);
        self.queue.send(Message::Sync(answer)).map_err(|_| AuditError::Write)?;
        if answered.recv() == Ok(true) { Ok(()) } else { Err(AuditError::Write) }
    }
}

struct Writer {
    file: RotatingFile,
    buffer: Vec<u8>,
    /// Records in the buffer.
    gathered: u64,
    /// The last write failed, and was reported.
    failing: bool,
    dropped: IntCounter,
}

impl Writer {
    fn run(mut self, queue: &Receiver<Message>) {
        while let Ok(first) = queue.recv() {
            let waited_for = matches!(first, Message::Sync(_));
            self.take(first);
            // While the writer sleeps, nobody has to wake it: that would cost each request more than its record.
            if !waited_for {
                thread::sleep(GATHER);
            }
            while let Ok(next) = queue.try_recv() {
                self.take(next);
                if self.buffer.len() >= BATCH {
                    self.write();
                }
            }
            self.write();
        }
        self.sync();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Entry(entry) => self.gather(&entry),
            Message::Sync(answer) => {
                let lasting = self.sync();
                // Whoever asked may have given up waiting.
                let _ = answer.send(lasting);
            }
        }
    }

    fn gather(&mut self, entry: &Entry) {
        let start = self.buffer.len();
        match serde_json::to_writer(&mut self.buffer, entry) {
            Ok(()) => {
                self.buffer.push(b'\n');
                self.gathered += 1;
            }
            Err(error) => {
                self.buffer.truncate(start);
                self.report(&error, 1);
            }
        }
    }

    /// Writes the gathered records. Those that cannot be written are lost and counted.
    fn write(&mut self) -> bool {
        if self.buffer.is_empty() {
            return !self.failing;
        }
        let written = self.file.append(&self.buffer);
        self.buffer.clear();
        let records = std::mem::take(&mut self.gathered);
        match written {
            Ok(()) => self.failing = false,
            Err(error) => self.report(&error, records),
        }
        !self.failing
    }

    fn sync(&mut self) -> bool {
        let written = self.write();
        let synced = self.file.sync().map_err(|error| self.report(&error, 0)).is_ok();
        written && synced
    }

    /// Counts every loss, logs the first of a row.
    fn report(&mut self, error: &dyn std::error::Error, records: u64) {
        self.dropped.inc_by(records);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::super::record::tests::record;
    use super::*;

    fn settings(dir: &Path, max_size: u64) -> AuditSettings {
        AuditSettings { dir: dir.to_owned(), max_size, keep: 100 }
    }

    fn act() -> ActRecord {
        ActRecord::begun("ratchet.lower", "local", 0)
    }

    fn lines(dir: &Path) -> Vec<serde_json::Value> {
        let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        let text: String = files.iter().map(|f| fs::read_to_string(f).unwrap()).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_record_of_every_thread_is_written_once() {
        let temp = tempfile::tempdir().unwrap();
        let log = AuditLog::open(&settings(temp.path(), 64 << 10), &Metrics::new().unwrap()).unwrap();
        thread::scope(|scope| {
            for worker in 0..4 {
                let log = log.clone();
                scope.spawn(move || (0..500).for_each(|n| log.record(record(&format!("/{worker}/{n}")))));
            }
        });
        log.flush().unwrap();
        let lines = lines(temp.path());
        let paths: std::collections::HashSet<_> = lines.iter().map(|line| line["path"].to_string()).collect();
        assert_eq!((lines.len(), paths.len()), (2000, 2000));
        assert!(fs::read_dir(temp.path()).unwrap().count() > 5, "the log has rotated");
    }

    #[test]
    fn an_act_is_on_disk_before_it_may_happen() {
        let temp = tempfile::tempdir().unwrap();
        let log = AuditLog::open(&settings(temp.path(), 64 << 10), &Metrics::new().unwrap()).unwrap();
        log.record_act(act()).unwrap();
        assert_eq!(lines(temp.path())[0]["act"], "ratchet.lower");
    }

    #[test]
    fn a_full_disk_loses_no_count_and_permits_no_act() {
        let temp = tempfile::tempdir().unwrap();
        symlink("/dev/full", temp.path().join("audit.jsonl")).unwrap();
        let metrics = Metrics::new().unwrap();
        let log = AuditLog::open(&settings(temp.path(), 64 << 10), &metrics).unwrap();
        log.record(record("/lost"));
        assert!(matches!(log.record_act(act()), Err(AuditError::Write)));
        assert_eq!(metrics.audit_dropped().get(), 2);
    }
}
