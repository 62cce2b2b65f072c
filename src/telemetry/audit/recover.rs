//! How a log is taken up: where its chain ends, and what is wrong with that end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::anchor::{Anchor, Found};
use super::chain::{ChainKey, GENESIS, Head, Link, Tag};
use super::lines::{Backwards, Forwards};
use super::marks::{AnchorCause, RecoveredCause, RecoveredRecord};
use crate::telemetry::rotate;

/// Lines that are looked at for the last of the chain.
const SEARCHED: u64 = 10_000;

/// How the chain goes on.
#[derive(Debug)]
pub(super) struct Taken {
    pub head: Head,
    /// The anchor as it is to be kept on; its head is that of before.
    pub anchor: Anchor,
    pub cause: AnchorCause,
    pub recovered: Vec<RecoveredRecord>,
}

/// Looks at the log in a directory and mends its end. `found` is the anchor, and not of another key.
pub(super) fn take_up(dir: &Path, key: &ChainKey, found: Found, now: i64) -> io::Result<Taken> {
    let mut recovered = Vec::new();
    let mut note = |cause, tell: &dyn Fn(&mut RecoveredRecord)| {
        let mut record = RecoveredRecord::new(cause, now);
        tell(&mut record);
        recovered.push(record);
    };
    let torn = cut_torn_end(dir)?;
    if torn > 0 {
        note(RecoveredCause::Torn, &|record| record.bytes = Some(torn));
    }
    let known = if let Found::Anchor(anchor) = &found { Some(anchor) } else { None };
    let end = find_end(dir, key, known)?;
    let anchored = known.is_some();
    let taken = match found {
        Found::Anchor(anchor) => {
            let leftover = remove_leftovers(dir, &anchor)?;
            if leftover > 0 {
                note(RecoveredCause::Leftover, &|record| record.count = Some(leftover));
            }
            let last = end.head.map_or(anchor.first.saturating_sub(1), |head| head.seq);
            let mut head = end.head.unwrap_or(anchor.head);
            if last < anchor.head.seq {
                note(RecoveredCause::Missing, &|record| (record.from, record.to) = (Some(last + 1), Some(anchor.head.seq)));
                // The gap stays: whoever verifies finds it.
                head = anchor.head;
            }
            (head, anchor, AnchorCause::Started)
        }
        _ if end.lines == 0 => (Head::START, Anchor::EMPTY, AnchorCause::Begun),
        Found::Missing if !end.chained => {
            let former = hash_files(dir)?;
            (Head::START, Anchor { former, ..Anchor::EMPTY }, AnchorCause::TakenOver)
        }
        found => {
            let cause = if found == Found::Missing { RecoveredCause::AnchorMissing } else { RecoveredCause::AnchorBroken };
            note(cause, &|_| ());
            let first = first_number(dir)?.unwrap_or(1);
            let head = end.head.unwrap_or(Head::START);
            (head, Anchor { head, first, ..Anchor::EMPTY }, AnchorCause::Started)
        }
    };
    if end.foreign > 0 && (end.chained || anchored) {
        note(RecoveredCause::Foreign, &|record| record.count = Some(end.foreign));
    }
    let (head, anchor, cause) = taken;
    Ok(Taken { head, anchor, cause, recovered })
}

/// Cuts off what stands behind the last line break of the current file; how many bytes.
fn cut_torn_end(dir: &Path) -> io::Result<u64> {
    let file = match OpenOptions::new().read(true).write(true).open(rotate::path(dir, 0)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        opened => opened?,
    };
    let size = file.metadata()?.len();
    let mut torn_from = size;
    let mut lines = Backwards::new(file.try_clone()?, size);
    // Zeros without end, as a power cut may leave them, come in pieces.
    while let Some((at, rest)) = lines.next_line()? {
        torn_from = at;
        if rest.is_empty() || is_after_line_break(&file, at)? {
            break;
        }
    }
    if torn_from < size {
        file.set_len(torn_from)?;
        file.sync_data()?;
    }
    Ok(size - torn_from)
}

fn is_after_line_break(file: &File, at: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut byte = [0];
    match at.checked_sub(1) {
        None => Ok(true),
        Some(before) => file.read_exact_at(&mut byte, before).map(|()| byte == [b'\n']),
    }
}

/// What stands at the end of the log.
struct End {
    /// Of the last line that fits its predecessor.
    head: Option<Head>,
    /// Lines behind it.
    foreign: u64,
    /// Lines that were looked at.
    lines: u64,
    /// One of them at least looks like a line of a chain.
    chained: bool,
}

fn find_end(dir: &Path, key: &ChainKey, known: Option<&Anchor>) -> io::Result<End> {
    let mut end = End { head: None, foreign: 0, lines: 0, chained: false };
    // A line is judged when the one before it is there.
    let mut waiting: Option<(u64, Vec<u8>)> = None;
    for number in rotate::numbers(dir)? {
        let file = File::open(rotate::path(dir, number))?;
        let size = file.metadata()?.len();
        let mut lines = Backwards::new(file, size);
        let mut whole = false;
        while let Some((_, line)) = lines.next_line()? {
            // Behind the last line break there is nothing.
            if !std::mem::replace(&mut whole, true) && line.is_empty() {
                continue;
            }
            let link = Link::parse(&line);
            end.chained |= link.is_some();
            if let Some((behind, later)) = waiting.take()
                && let Some(found) = Link::parse(&later).filter(|later| fits(later, key, link.map(|link| link.mac), known))
            {
                return Ok(End { head: Some(found.head()), foreign: behind, ..end });
            }
            if end.lines >= SEARCHED {
                return Ok(End { foreign: end.lines, ..end });
            }
            waiting = Some((end.lines, line));
            end.lines += 1;
        }
    }
    let first = waiting.and_then(|(behind, line)| {
        let link = Link::parse(&line).filter(|link| fits(link, key, None, known))?;
        Some((link.head(), behind))
    });
    let foreign = first.map_or(end.lines, |(_, behind)| behind);
    Ok(End { head: first.map(|(head, _)| head), foreign, ..end })
}

/// Whether a line follows the one before it, or what the anchor says of its place.
fn fits(link: &Link<'_>, key: &ChainKey, before: Option<Tag>, known: Option<&Anchor>) -> bool {
    let first = (link.seq == 1).then_some(GENESIS);
    let kept = known.filter(|anchor| link.seq == anchor.first).map(|anchor| anchor.before);
    let gap = known.filter(|anchor| Some(link.seq) == anchor.head.seq.checked_add(1)).map(|anchor| anchor.head.mac);
    [before, first, kept, gap].into_iter().flatten().any(|before| link.follows(key, &before))
        || known.is_some_and(|anchor| link.head() == anchor.head)
}

/// Removes the oldest files that retention had given up when the process died.
fn remove_leftovers(dir: &Path, anchor: &Anchor) -> io::Result<u64> {
    let numbers = rotate::numbers(dir)?;
    let mut firsts = Vec::new();
    for number in &numbers {
        firsts.push(first_link(&rotate::path(dir, *number))?);
    }
    let former = firsts.iter().rev().take_while(|first| first.is_none()).count();
    let mut given_up = former.saturating_sub(anchor.former.len());
    if former == 0
        && let Some(kept) = firsts.iter().position(|first| *first == Some(anchor.first))
    {
        given_up = firsts.len() - 1 - kept;
    }
    for number in numbers.iter().rev().take(given_up) {
        tracing::warn!(file = %rotate::path(dir, *number).display(), "a file of the audit log that retention had given up is removed");
        fs::remove_file(rotate::path(dir, *number))?;
    }
    Ok(given_up as u64)
}

/// The number of the first line, if it is one of a chain.
pub(super) fn first_link(path: &Path) -> io::Result<Option<u64>> {
    let mut lines = Forwards::new(File::open(path)?, 0, u64::MAX)?;
    let line = lines.next_line()?.and_then(|line| line.strip_suffix(b"\n"));
    Ok(line.and_then(Link::parse).map(|link| link.seq))
}

/// The last line of a file that looks like one of a chain.
pub(super) fn last_link(path: &Path) -> io::Result<Option<(Head, Vec<u8>)>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut lines = Backwards::new(file, size);
    for _ in 0..SEARCHED {
        let Some((_, line)) = lines.next_line()? else { break };
        if let Some(link) = Link::parse(&line) {
            return Ok(Some((link.head(), line)));
        }
    }
    Ok(None)
}

/// The first number of the oldest file that has one.
fn first_number(dir: &Path) -> io::Result<Option<u64>> {
    for number in rotate::numbers(dir)?.into_iter().rev() {
        if let Some(first) = first_link(&rotate::path(dir, number))? {
            return Ok(Some(first));
        }
    }
    Ok(None)
}

/// The digests of all files, the oldest first.
fn hash_files(dir: &Path) -> io::Result<Vec<Tag>> {
    let numbers = rotate::numbers(dir)?;
    numbers.into_iter().rev().map(|number| hash(File::open(rotate::path(dir, number))?, u64::MAX)).collect()
}

/// The digest of the first bytes of a file.
pub(super) fn hash(mut file: File, length: u64) -> io::Result<Tag> {
    file.rewind()?;
    let (mut file, mut digest, mut block) = (file.take(length), Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(digest.finalize().into()),
            read => digest.update(&block[..read]),
        }
    }
}
