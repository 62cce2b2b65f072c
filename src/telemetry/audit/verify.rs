//! Going through the whole log: is everything there, in its order, as it was written?

use std::fs::File;
use std::io;
use std::path::Path;

use super::anchor::{Anchor, Found};
use super::chain::{ChainKey, GENESIS, Link, Tag};
use super::lines::Forwards;
use super::recover;
use crate::telemetry::rotate;

/// Faults that are told one by one.
const TOLD: usize = 100;

/// What is wrong at one place of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFault {
    pub file: String,
    /// Counted from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong, and what it may mean.
    pub what: String,
}

/// What came of going through the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Records of the chain.
    pub records: u64,
    pub files: u32,
    /// The first and the last number that were found.
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// How many faults there are.
    pub found: u64,
    /// The first hundred of them, in the order of the log.
    pub faults: Vec<ChainFault>,
}

impl Verification {
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.found == 0
    }

    fn add(&mut self, file: &str, line: u64, what: impl Into<String>) {
        self.found += 1;
        if self.faults.len() < TOLD {
            self.faults.push(ChainFault { file: file.to_owned(), line, what: what.into() });
        }
    }
}

/// The log at one moment. Its files stay open, so that they may move and go meanwhile.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The oldest first.
    pub files: Vec<LogFile>,
    pub found: Found,
    /// The anchor is of this very moment: nothing may stand behind it.
    pub live: bool,
}

#[derive(Debug)]
pub(super) struct LogFile {
    pub name: String,
    pub file: File,
    pub length: u64,
}

/// Opens every file of a log. Of one that is being written only between two writes.
pub(super) fn open_files(dir: &Path) -> io::Result<Vec<LogFile>> {
    let open = |number| {
        let path = rotate::path(dir, number);
        let file = File::open(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(LogFile { name, length: file.metadata()?.len(), file })
    };
    rotate::numbers(dir)?.into_iter().rev().map(open).collect()
}

/// Goes through a log. Takes as long as reading it does.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn verify(snapshot: Snapshot, key: &ChainKey) -> io::Result<Verification> {
    let Snapshot { mut files, found, live } = snapshot;
    let mut report = Verification { files: u32::try_from(files.len()).unwrap_or(u32::MAX), ..Verification::default() };
    let anchor = match found {
        Found::Anchor(anchor) => Some(anchor),
        Found::Missing if files.is_empty() => return Ok(report),
        Found::Missing => {
            report.add(super::ANCHOR_NAME, 0, "there is no anchor: what may be missing at either end of the log cannot be told");
            None
        }
        Found::Broken => {
            report.add(
                super::ANCHOR_NAME,
                0,
                "the anchor was changed or damaged: what may be missing at either end of the log cannot be told",
            );
            None
        }
        Found::OtherKey => {
            report.add(
                super::ANCHOR_NAME,
                0,
                "the anchor is of another key: the log was written with that one, or the anchor is of another log",
            );
            None
        }
    };
    check_former(&mut files, anchor.as_ref(), &mut report)?;
    let mut walk = Walk { key, expected: None, before: None, written: None, anchor: anchor.as_ref(), report };
    if let Some(anchor) = &anchor {
        (walk.expected, walk.before) = (Some(anchor.first), Some(anchor.before));
    }
    let last = files.len();
    for (at, file) in files.into_iter().enumerate() {
        walk.file(file, at + 1 == last)?;
    }
    Ok(walk.finish(live))
}

/// Takes the files of the time before the chain off the list.
fn check_former(files: &mut Vec<LogFile>, anchor: Option<&Anchor>, report: &mut Verification) -> io::Result<()> {
    let Some(anchor) = anchor else { return Ok(()) };
    for digest in &anchor.former {
        let is_former = match files.first() {
            Some(first) => {
                let mut lines = Forwards::new(first.file.try_clone()?, 0, first.length)?;
                let line = lines.next_line()?.map(|line| line.strip_suffix(b"\n").unwrap_or(line));
                line.is_none_or(|line| Link::parse(line).is_none())
            }
            None => false,
        };
        if !is_former {
            report.add("audit.jsonl", 0, "a file of the time before the chain is missing");
            continue;
        }
        let file = files.remove(0);
        if recover::hash(file.file, file.length)? != *digest {
            report.add(&file.name, 0, "this file is of the time before the chain, and was changed since the chain began");
        }
    }
    Ok(())
}

/// How far the chain was followed.
struct Walk<'a> {
    key: &'a ChainKey,
    /// The number that comes next; none where nothing is known of it.
    expected: Option<u64>,
    /// The MAC of the last record that fitted, or of what was before the first.
    before: Option<Tag>,
    /// The MAC that the line before claims, where it did not fit.
    written: Option<Tag>,
    anchor: Option<&'a Anchor>,
    report: Verification,
}

impl Walk<'_> {
    fn file(&mut self, file: LogFile, newest: bool) -> io::Result<()> {
        let mut lines = Forwards::new(file.file, 0, file.length)?;
        let mut number = 0;
        while let Some(line) = lines.next_line()? {
            number += 1;
            let fault = match line.strip_suffix(b"\n") {
                Some(line) => self.line(line),
                // As a kill leaves it; the next start cuts it off, on record. What is missing by it the anchor tells.
                None if newest => None,
                None => Some("the line has no end: the file was cut off or changed".to_owned()),
            };
            if let Some(what) = fault {
                self.report.add(&file.name, number, what);
            }
        }
        Ok(())
    }

    /// What is wrong with the line that comes next.
    fn line(&mut self, line: &[u8]) -> Option<String> {
        let Some(record) = Link::parse(line) else {
            return Some("this is no record with a number and a MAC: it was changed, or put in".to_owned());
        };
        let seq = record.seq;
        self.report.records += 1;
        let expected = self.expected.unwrap_or(seq);
        let first = (seq == 1).then_some(GENESIS);
        let fits = [self.before, self.written, first.filter(|_| self.anchor.is_none())]
            .into_iter()
            .flatten()
            .any(|before| record.follows(self.key, &before));
        if seq < expected {
            return Some(format!(
                "record {seq} stands where {expected} belongs: put in, repeated or moved here, or older than what retention kept"
            ));
        }
        self.report.first.get_or_insert(seq);
        self.report.last = Some(seq);
        self.expected = seq.checked_add(1);
        // Without an anchor nobody knows what the first line follows.
        let known = self.before.is_some() || self.written.is_some() || first.is_some();
        let gap = seq > expected;
        if fits || gap || !known {
            (self.before, self.written) = (Some(record.mac), None);
        } else {
            self.written = Some(record.mac);
        }
        if gap {
            return Some(format!("{} missing before record {seq}: taken out, or moved", span(expected, seq - 1)));
        }
        if !fits && known {
            return Some(format!("record {seq} does not fit its MAC: it was changed, or the log is chained with another key"));
        }
        if self.anchor.is_some_and(|anchor| anchor.head.seq == seq && anchor.head.mac != record.mac) {
            return Some(format!("record {seq} is another one than the anchor knows: the log was replaced"));
        }
        told_fault(record.body)
    }

    fn finish(mut self, live: bool) -> Verification {
        let Some(anchor) = self.anchor else { return self.report };
        let last = self.report.last.unwrap_or(anchor.first.saturating_sub(1));
        if last < anchor.head.seq {
            let missing = span(last + 1, anchor.head.seq);
            let what = format!("{missing} missing at the end: the log was cut off, or its newest files were removed");
            self.report.add("audit.jsonl", 0, what);
        } else if live && last > anchor.head.seq {
            let what = format!("record {last} stands behind the last one that was written, {}: put in", anchor.head.seq);
            self.report.add("audit.jsonl", 0, what);
        }
        self.report
    }
}

/// A fault that memgate itself found, and that cannot be seen otherwise any more.
fn told_fault(body: &[u8]) -> Option<String> {
    let rest = body.strip_prefix(b"{\"type\":\"recovered\",")?;
    let is_of = |cause: &[u8]| memchr::memmem::find(rest, cause).is_some();
    let what = if is_of(b"\"cause\":\"anchor_") {
        "memgate started here without a sound anchor: records may be missing before this one that nobody can name"
    } else if is_of(b"\"cause\":\"unsound\"") {
        "retention dropped files here that were not as they were written: records of theirs had been changed or taken out"
    } else {
        return None;
    };
    Some(what.to_owned())
}

fn span(from: u64, to: u64) -> String {
    if from == to { format!("record {from} is") } else { format!("records {from} to {to} are") }
}
