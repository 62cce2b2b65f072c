//! Reading the log: pages from its newest end, and all of it from the oldest.

use std::fs::File;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use memchr::memmem;

use super::chain::Link;
use super::lines::{Backwards, Forwards};
use super::verify::LogFile;
use crate::telemetry::rotate;

/// Bytes that are read for one page. What is not found in them is looked for by the next.
const SCANNED: u64 = 32 << 20;
/// A search within a file ends where it has come this near.
const NEAR: u64 = 64 << 10;
/// Bytes of an export that go out at once.
const CHUNK: usize = 64 << 10;

/// Which records are wanted. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    prefix: Vec<u8>,
    /// Of each group one must stand in the line, as JSON writes it.
    needles: Vec<Vec<Vec<u8>>>,
    since: Option<String>,
    until: Option<String>,
}

impl AuditQuery {
    /// Of this type, such as `request`.
    #[must_use]
    pub fn of_type(mut self, sort: &str) -> Self {
        self.prefix = format!("{{\"type\":{},", json(sort)).into_bytes();
        self
    }

    /// With this text in one of these fields.
    #[must_use]
    pub fn with_field(mut self, names: &[&str], value: &str) -> Self {
        // What a line says in quotes is escaped, so this stands in it as a field alone.
        let needle = |name: &&str| format!("\"{name}\":{}", json(value)).into_bytes();
        self.needles.push(names.iter().map(needle).collect());
        self
    }

    /// With this text as the whole of any field.
    #[must_use]
    pub fn with_word(mut self, word: &str) -> Self {
        self.needles.push(vec![json(word).into_bytes()]);
        self
    }

    /// Not older, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn since(mut self, time: i64) -> Self {
        self.since = Some(written_time(time));
        self
    }

    /// Not younger, likewise.
    #[must_use]
    pub fn until(mut self, time: i64) -> Self {
        self.until = Some(written_time(time));
        self
    }

    fn fits(&self, line: &[u8]) -> bool {
        let time = time_text(line).unwrap_or_default();
        line.starts_with(&self.prefix)
            && self.since.as_ref().is_none_or(|since| time >= since.as_bytes())
            && self.until.as_ref().is_none_or(|until| time <= until.as_bytes())
            && self.needles.iter().all(|group| group.iter().any(|needle| memmem::find(line, needle).is_some()))
    }

    /// Whether everything before this line is too old: requests are written when they end and bear the time of their arrival, but
    /// what is anchored was written before the anchor.
    fn ends_at(&self, line: &[u8]) -> bool {
        let Some(since) = &self.since else { return false };
        line.starts_with(b"{\"type\":\"anchor\"") && time_text(line).is_some_and(|time| time < since.as_bytes())
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn written_time(milliseconds: i64) -> String {
    let bound = if milliseconds < 0 { Timestamp::UNIX_EPOCH } else { Timestamp::MAX };
    format!("{:.3}", Timestamp::from_millisecond(milliseconds).unwrap_or(bound))
}

/// The time of a line as it is written, which sorts.
pub(super) fn time_text(line: &[u8]) -> Option<&[u8]> {
    const FIELD: &[u8] = b"\"time\":\"";
    let head = &line[..line.len().min(64)];
    let start = memmem::find(head, FIELD)? + FIELD.len();
    line.get(start..start + "2026-01-01T00:00:00.000Z".len())
}

/// Some records, the newest first.
#[derive(Debug, Default)]
pub struct AuditPage {
    /// Number and line of each.
    pub lines: Vec<(u64, Vec<u8>)>,
    /// Where the next page begins: before the record with this number.
    pub next: Option<u64>,
}

/// Up to `limit` records before the one with the number `before`. With none of them found in what may be read at once, the page is
/// empty and says where to go on.
pub(super) fn read_page(dir: &Path, query: &AuditQuery, before: Option<u64>, limit: usize) -> io::Result<AuditPage> {
    let mut search = Search { query, before: before.unwrap_or(u64::MAX), limit, left: SCANNED, page: AuditPage::default() };
    let mut at = 0;
    // Looked up anew each time: while files move aside, one may come again under a higher number, but none can slip by.
    while let Some(number) = rotate::numbers(dir)?.into_iter().find(|number| *number >= at) {
        at = number + 1;
        let file = match File::open(rotate::path(dir, number)) {
            // Dropped since, or not there yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        if search.file(file)? {
            break;
        }
    }
    Ok(search.page)
}

struct Search<'a> {
    query: &'a AuditQuery,
    /// Only records with a lower number.
    before: u64,
    limit: usize,
    /// Bytes that may be read still.
    left: u64,
    page: AuditPage,
}

impl Search<'_> {
    /// Looks through a file; whether the search is over.
    fn file(&mut self, file: File) -> io::Result<bool> {
        let length = file.metadata()?.len();
        let end = find_number(&file, length, self.before)?;
        let mut lines = Backwards::new(file, end);
        while let Some((_, line)) = lines.next_line()? {
            self.left = self.left.saturating_sub(line.len() as u64 + 1);
            if let Some(link) = Link::parse(&line).filter(|link| link.seq < self.before) {
                if self.query.ends_at(&line) {
                    return Ok(true);
                }
                if self.page.lines.len() == self.limit {
                    self.page.next = Some(self.before);
                    return Ok(true);
                }
                self.before = link.seq;
                if self.query.fits(&line) {
                    self.page.lines.push((link.seq, line));
                }
            }
            if self.left == 0 {
                // What is no record at all gives no place to go on from.
                self.page.next = (self.before < u64::MAX).then_some(self.before);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where a line begins whose number is `number` or higher, the first of them or one near behind it.
fn find_number(file: &File, length: u64, number: u64) -> io::Result<u64> {
    if number == u64::MAX {
        return Ok(length);
    }
    let (mut low, mut high) = (0, length);
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        let mut lines = Forwards::new(file.try_clone()?, middle, high)?;
        // The rest of the line in the middle.
        let mut at = middle + lines.next_line()?.map_or(0, |rest| rest.len() as u64);
        let found = loop {
            match lines.next_line()? {
                None => break None,
                Some(line) => match Link::parse(line.strip_suffix(b"\n").unwrap_or(line)) {
                    Some(link) => break Some(link.seq),
                    None => at += line.len() as u64,
                },
            }
        };
        match found {
            Some(found) if found < number => low = at,
            Some(_) => high = at,
            // Nothing but the end of one line: it is looked through.
            None => break,
        }
    }
    Ok(high)
}

/// Hands the records out in chunks of whole lines, the oldest first, until `take` wants no more.
pub(super) fn export(files: Vec<LogFile>, query: &AuditQuery, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for file in files {
        let mut lines = Forwards::new(file.file, 0, file.length)?;
        while let Some(line) = lines.next_line()? {
            if line.ends_with(b"\n") && query.fits(line) {
                chunk.extend_from_slice(line);
            }
            if chunk.len() >= CHUNK && !take(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))) {
                return Ok(());
            }
        }
    }
    if !chunk.is_empty() {
        take(chunk);
    }
    Ok(())
}
