//! Logs that are written, tampered with and taken up again.

mod tampering;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::record::tests::record;
use super::writer::Pace;
use super::*;
use crate::telemetry::metrics::Metrics;

/// A log in a directory of its own, with its anchor beside it.
pub(super) struct Bench {
    temp: tempfile::TempDir,
    settings: AuditSettings,
    metrics: Metrics,
}

impl Bench {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let mut settings = AuditSettings::at(temp.path().join("audit"));
        (settings.max_size, settings.keep) = (64 << 10, 100);
        Self { temp, settings, metrics: Metrics::new().unwrap() }
    }

    pub fn dir(&self) -> &Path {
        &self.settings.dir
    }

    pub fn anchor(&self) -> PathBuf {
        self.temp.path().join(ANCHOR_NAME)
    }

    fn keeping(&self) -> AuditKeeping {
        AuditKeeping::new(&self.settings, &[7; 32], self.temp.path())
    }

    pub fn open(&self) -> AuditLog {
        self.open_at(Pace::default())
    }

    fn open_at(&self, pace: Pace) -> AuditLog {
        AuditLog::open_at(&self.settings, &self.keeping(), &self.metrics, pace).unwrap()
    }

    /// A closed log with so many requests.
    pub fn with_requests(count: usize) -> Self {
        let bench = Self::new();
        let log = bench.open();
        (0..count).for_each(|n| log.record(record(&format!("/{n}"))));
        log.close().unwrap();
        bench
    }

    pub fn verify(&self) -> Verification {
        verify_dir(self.dir(), &self.keeping()).unwrap()
    }

    /// The files, the oldest first.
    pub fn files(&self) -> Vec<PathBuf> {
        let numbers = crate::telemetry::rotate::numbers(self.dir()).unwrap();
        numbers.into_iter().rev().map(|n| crate::telemetry::rotate::path(self.dir(), n)).collect()
    }

    fn lines(&self) -> Vec<Value> {
        let text: String = self.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn of_type(&self, sort: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["type"] == sort).collect()
    }

    fn causes(&self) -> Vec<String> {
        self.of_type("anchor").iter().map(|line| line["cause"].as_str().unwrap().to_owned()).collect()
    }
}

fn act() -> ActRecord {
    ActRecord::begun("ratchet.lower", "local", 0)
}

fn assert_intact(report: &Verification) {
    assert!(report.is_intact(), "{:?}", report.faults);
}

#[test]
fn every_record_of_every_thread_is_written_once_and_numbered() {
    let bench = Bench::new();
    let log = bench.open();
    thread::scope(|scope| {
        for worker in 0..4 {
            let log = log.clone();
            scope.spawn(move || (0..500).for_each(|n| log.record(record(&format!("/{worker}/{n}")))));
        }
    });
    log.flush().unwrap();
    let requests = bench.of_type("request");
    let paths: std::collections::HashSet<_> = requests.iter().map(|line| line["path"].to_string()).collect();
    assert_eq!((requests.len(), paths.len()), (2000, 2000));
    let numbers: Vec<_> = bench.lines().iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
    assert!(bench.files().len() > 5, "the log has rotated");
    let report = log.verify().unwrap();
    assert_intact(&report);
    assert_eq!((report.records, report.last), (numbers.len() as u64, Some(numbers.len() as u64)));
}

#[test]
fn an_act_is_on_disk_and_anchored_before_it_may_happen() {
    let bench = Bench::new();
    let log = bench.open();
    log.record_act(act()).unwrap();
    assert_eq!(bench.of_type("operator")[0]["act"], "ratchet.lower");
    let anchor: Value = serde_json::from_str(fs::read_to_string(bench.anchor()).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!((&anchor["seq"], &anchor["head"]), (&bench.lines()[1]["seq"], &bench.lines()[1]["mac"]));
}

#[test]
fn a_page_shows_what_was_handed_in_a_moment_before() {
    let bench = Bench::new();
    let log = bench.open();
    for n in 0..5 {
        log.record(record(&format!("/{n}")));
        let page = log.page(&AuditQuery::default(), None, 1).unwrap();
        assert!(String::from_utf8_lossy(&page.lines[0].1).contains(&format!("\"/{n}\"")), "{n}");
    }
}

#[test]
fn a_full_disk_loses_no_count_and_permits_no_act() {
    let bench = Bench::new();
    fs::create_dir(bench.dir()).unwrap();
    symlink("/dev/full", bench.dir().join("audit.jsonl")).unwrap();
    let log = bench.open();
    log.record(record("/lost"));
    assert!(matches!(log.record_act(act()), Err(AuditError::Write)));
    assert_eq!(bench.metrics.audit_dropped().get(), 2);
}

#[test]
fn the_chain_goes_on_after_a_restart() {
    let bench = Bench::with_requests(3);
    let log = bench.open();
    log.record(record("/again"));
    log.close().unwrap();
    log.close().unwrap();
    assert_eq!(bench.causes(), ["begun", "stopped", "started", "stopped"]);
    assert_intact(&bench.verify());
    assert_eq!(bench.lines().len(), 8);
}

#[test]
fn the_chain_is_anchored_by_records_and_by_time() {
    for pace in [Pace { records: 10, time: Duration::from_hours(1) }, Pace { records: u64::MAX, time: Duration::from_millis(1) }]
    {
        let bench = Bench::new();
        let log = bench.open_at(pace);
        while !bench.causes().contains(&"periodic".to_owned()) {
            log.record(record("/"));
            log.flush().unwrap();
            (0..20).for_each(|_| log.record(record("/")));
            thread::sleep(Duration::from_millis(5));
        }
        assert_intact(&log.verify().unwrap());
    }
}

#[test]
fn a_torn_line_is_cut_off_on_record_and_is_no_fault() {
    let bench = Bench::with_requests(3);
    let current = bench.dir().join("audit.jsonl");
    for torn in ["{\"type\":\"requ", "\0\0\0\0", &"\0".repeat(9 << 20)] {
        let mut text = fs::read_to_string(&current).unwrap();
        text.push_str(torn);
        fs::write(&current, text).unwrap();
        assert_intact(&bench.verify());
        bench.open().close().unwrap();
        let last = bench.of_type("recovered").pop().unwrap();
        assert_eq!((&last["cause"], &last["bytes"]), (&"torn".into(), &torn.len().into()));
        assert_intact(&bench.verify());
    }
}

#[test]
fn what_is_cut_off_before_the_anchor_stays_missing_after_a_restart() {
    let bench = Bench::with_requests(5);
    let current = bench.dir().join("audit.jsonl");
    let text = fs::read_to_string(&current).unwrap();
    let kept: String = text.split_inclusive('\n').take(3).collect();
    fs::write(&current, kept).unwrap();
    assert!(bench.verify().faults[0].what.starts_with("records 4 to 7 are missing at the end"));
    let log = bench.open();
    log.record(record("/later"));
    log.close().unwrap();
    let told = bench.of_type("recovered").pop().unwrap();
    assert_eq!((&told["cause"], &told["from"], &told["to"]), (&"missing".into(), &4.into(), &7.into()));
    let report = bench.verify();
    assert_eq!((report.found, report.faults[0].line, report.last), (1, 4, Some(11)), "{:?}", report.faults);
    assert!(report.faults[0].what.starts_with("records 4 to 7 are missing before record 8"));
}

#[test]
fn a_log_without_its_anchor_is_at_fault_for_ever() {
    for change in [|anchor: &Path| fs::remove_file(anchor).unwrap(), |anchor: &Path| fs::write(anchor, "{}\n").unwrap()] {
        let bench = Bench::with_requests(2);
        change(&bench.anchor());
        assert_eq!(bench.verify().found, 1);
        bench.open().close().unwrap();
        bench.open().close().unwrap();
        let report = bench.verify();
        assert_eq!(report.found, 1, "{:?}", report.faults);
        assert!(report.faults[0].what.contains("without a sound anchor"));
    }
}

#[test]
fn a_log_of_another_key_is_not_gone_on_with() {
    let bench = Bench::with_requests(1);
    let other = AuditKeeping::new(&bench.settings, &[8; 32], bench.temp.path());
    let opened = AuditLog::open(&bench.settings, &other, &bench.metrics);
    assert!(matches!(opened, Err(AuditError::OtherKey { .. })));
    assert!(!verify_dir(bench.dir(), &other).unwrap().is_intact());
    assert_intact(&bench.verify());
}

#[test]
fn a_log_from_before_the_chain_is_taken_over_and_watched() {
    let bench = Bench::new();
    fs::create_dir(bench.dir()).unwrap();
    fs::write(bench.dir().join("audit.1.jsonl"), "{\"type\":\"request\"}\n{\"torn").unwrap();
    fs::write(bench.dir().join("audit.jsonl"), "{\"type\":\"operator\"}\n").unwrap();
    let log = bench.open();
    log.record(record("/new"));
    log.close().unwrap();
    drop(log);
    assert_eq!(bench.files().len(), 3);
    let lines = fs::read_to_string(bench.dir().join("audit.jsonl")).unwrap();
    assert!(
        lines.starts_with("{\"type\":\"anchor\"")
            && lines.contains("\"cause\":\"taken_over\"")
            && lines.contains("\"former\":\"")
    );
    bench.open().close().unwrap();
    assert_intact(&bench.verify());
    fs::write(bench.dir().join("audit.2.jsonl"), "{\"type\":\"requesT\"}\n").unwrap();
    assert_eq!(bench.verify().faults[0].file, "audit.2.jsonl");
    fs::remove_file(bench.dir().join("audit.2.jsonl")).unwrap();
    assert!(!bench.verify().is_intact());
}

#[test]
fn the_oldest_files_go_on_record_and_only_they_may() {
    let mut bench = Bench::new();
    bench.settings.keep = 2;
    let log = bench.open();
    for n in 0..1200 {
        log.record(record(&format!("/{n}")));
        if n % 100 == 0 {
            log.flush().unwrap();
        }
    }
    log.close().unwrap();
    assert_eq!(bench.files().len(), 3);
    let report = bench.verify();
    assert_intact(&report);
    assert!(report.first.unwrap() > 500, "{report:?}");
    let told = bench.of_type("anchor").into_iter().rfind(|line| line["cause"] == "retention").unwrap();
    assert_eq!((&told["first"], &told["files"]), (&report.first.into(), &1.into()));
    fs::remove_file(&bench.files()[0]).unwrap();
    assert!(bench.verify().faults[0].what.contains("missing before record"));
}

#[test]
fn retention_covers_up_nothing_that_was_cut_out_before() {
    let mut bench = Bench::with_requests(1_500);
    let files = bench.files();
    let text = |at: usize| fs::read_to_string(&files[at]).unwrap();
    // The oldest file ends as if it reached to where the third does, and what was between is gone.
    let (first, third) = (text(0), text(2));
    fs::write(&files[0], format!("{}\n{}\n", first.lines().next().unwrap(), third.lines().last().unwrap())).unwrap();
    files[1..3].iter().for_each(|file| fs::remove_file(file).unwrap());
    assert!(!bench.verify().is_intact());
    bench.settings.keep = 2;
    bench.open().close().unwrap();
    assert_eq!(bench.files().len(), 3, "it was dropped");
    let report = bench.verify();
    assert!(report.faults.iter().any(|fault| fault.what.contains("retention dropped")), "{:?}", report.faults);
}

#[test]
fn files_go_when_their_records_are_old_enough() {
    let mut bench = Bench::new();
    bench.settings.max_size = 256 << 10;
    let log = bench.open();
    (0..2000).for_each(|n| log.record(record(&format!("/{n}"))));
    log.close().unwrap();
    drop(log);
    assert!(bench.files().len() > 2);
    bench.settings.retention = Some(Duration::from_hours(1));
    bench.open().close().unwrap();
    // Requests of these tests arrived in 2025, and each file ends in one.
    assert_eq!(bench.files().len(), 1, "{:?}", bench.files());
    assert_intact(&bench.verify());
}

#[test]
fn a_crash_between_the_record_and_the_removal_of_a_file_is_made_up_for() {
    let mut bench = Bench::with_requests(600);
    let oldest = bench.files()[0].clone();
    let content = fs::read(&oldest).unwrap();
    let count = bench.files().len();
    bench.settings.keep = u32::try_from(count).unwrap() - 2;
    bench.open().close().unwrap();
    assert!(!oldest.exists());
    fs::write(&oldest, content).unwrap();
    assert!(!bench.verify().is_intact());
    bench.open().close().unwrap();
    assert!(!oldest.exists());
    assert_eq!(bench.of_type("recovered").pop().unwrap()["cause"], "leftover");
    assert_intact(&bench.verify());
}

#[test]
fn losses_are_put_on_record() {
    let bench = Bench::new();
    let log = bench.open();
    bench.metrics.audit_dropped().inc_by(3);
    log.record_act(act()).unwrap();
    bench.metrics.audit_dropped().inc_by(2);
    log.close().unwrap();
    let told: Vec<_> = bench.of_type("dropped").iter().map(|line| line["records"].as_u64().unwrap()).collect();
    assert_eq!(told, [3, 2]);
    assert_intact(&bench.verify());
}

#[test]
fn pages_go_backwards_through_all_files_without_gap_or_repetition() {
    let bench = Bench::with_requests(700);
    let log = bench.open();
    let all: Vec<u64> = bench.lines().iter().rev().map(|line| line["seq"].as_u64().unwrap()).collect();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = log.page(&AuditQuery::default(), before, 37).unwrap();
        seen.extend(page.lines.iter().map(|(seq, _)| *seq));
        before = page.next;
        // Whoever reads on while files move aside misses nothing.
        (0..30).for_each(|_| log.record(record("/meanwhile")));
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    let query =
        AuditQuery::default().of_type("request").with_field(&["path"], "/123").with_field(&["other", "user"], "acme:alice");
    let found = log.page(&query, None, 10).unwrap().lines;
    assert_eq!(found.len(), 1);
    assert!(log.page(&query.with_field(&["user"], "acme:al"), None, 10).unwrap().lines.is_empty());
    let time = 1_750_000_000_000;
    let on =
        |since, until| log.page(&AuditQuery::default().of_type("request").since(since).until(until), None, 10).unwrap().lines;
    assert_eq!(on(time, time).len(), 10);
    assert!(on(time + 1, i64::MAX).is_empty() && on(i64::MIN, time - 1).is_empty());
    let mut exported = Vec::new();
    let export = log.begin_export(act()).unwrap();
    assert!(matches!(log.begin_export(act()), Err(AuditError::Exporting)));
    export
        .run(&AuditQuery::default(), |chunk| {
            exported.extend(chunk);
            true
        })
        .unwrap();
    assert!(log.begin_export(act()).is_ok());
    log.flush().unwrap();
    assert!(exported.ends_with(b"\n") && memchr::memchr_iter(b'\n', &exported).count() > 700);
}
