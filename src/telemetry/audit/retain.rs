//! Which files are dropped, and how: the oldest, on record first.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::Entry;
use super::anchor::Anchor;
use super::chain::{ChainKey, Head, Link};
use super::lines::Forwards;
use super::marks::{AnchorCause, AnchorRecord, RecoveredCause, RecoveredRecord};
use super::query::time_text;
use super::recover;
use super::writer::Writer;
use crate::telemetry::rotate;

/// More bytes than the log says of itself at once.
const MARKS: usize = 8 << 10;

/// Of the time that records are kept, how much one file may span.
const SPANS: u32 = 8;

impl Writer {
    /// Moves a file aside whose first record is old, so that it can go in its time.
    pub(super) fn rotate_old(&mut self) {
        let Some(retention) = self.retention else { return };
        if self.file.size() > 0 && now().saturating_sub(self.began) > milliseconds(retention / SPANS) {
            self.rotate_now();
        }
    }

    /// Drops the oldest files beyond their number or their time, on record first.
    pub(super) fn retain(&mut self) {
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
        let (mut next, mut is_sound) = (self.anchor.clone(), true);
        for number in due {
            let path = rotate::path(self.file.dir(), *number);
            match recover::last_link(&path)? {
                Some((last, _)) => {
                    let before = Head { seq: next.first.saturating_sub(1), mac: next.before };
                    is_sound &= goes_on(&path, &self.key, before)?;
                    (next.first, next.before) = (last.seq.saturating_add(1), last.mac);
                }
                None => drop(next.former.drain(..next.former.len().min(1))),
            }
        }
        if !is_sound {
            // What is dropped cannot be looked into any more: whoever changed it must not have it forgotten by that.
            tracing::warn!("files of the audit log that are dropped were not as they were written");
            self.gather(&Entry::Recovered(Box::new(RecoveredRecord::new(RecoveredCause::Unsound, now()))));
        }
        let mut record = AnchorRecord::new(AnchorCause::Retention, now());
        record.files = u32::try_from(due.len()).ok();
        (record.first, record.before) = (Some(next.first), Some(hex::encode(next.before)));
        if !self.anchor(record) || !self.put_anchor(Anchor { head: self.written, ..next }) {
            return Ok(());
        }
        due.iter().try_for_each(|number| fs::remove_file(rotate::path(self.file.dir(), *number)))
    }
}

/// Whether a file holds the chain's next records, whole and in their order.
fn goes_on(path: &Path, key: &ChainKey, mut head: Head) -> io::Result<bool> {
    let mut lines = Forwards::new(fs::File::open(path)?, 0, u64::MAX)?;
    while let Some(line) = lines.next_line()? {
        let link = line.strip_suffix(b"\n").and_then(Link::parse);
        let Some(link) = link.filter(|link| head.seq.checked_add(1) == Some(link.seq) && link.follows(key, &head.mac)) else {
            return Ok(false);
        };
        head = link.head();
    }
    Ok(true)
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The time of a line, in milliseconds since the Unix epoch.
fn time_of(line: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(time_text(line)?).ok()?;
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

/// That of the first line of a file.
pub(super) fn time_of_first(path: &Path) -> io::Result<Option<i64>> {
    let mut lines = Forwards::new(fs::File::open(path)?, 0, u64::MAX)?;
    Ok(lines.next_line()?.and_then(time_of))
}

fn modified(path: &Path) -> Option<i64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Some(Timestamp::try_from(modified).ok()?.as_millisecond())
}
