//! Reads a stream of events while it passes, over any chunk boundaries.
//!
//! It keeps at most [`MAX_EVENT`] bytes. What is longer is not understood, and passes all the same: the tap forwards nothing.

use super::Dialect;
use super::answer::Usage;
use super::format::{Framing, StreamFault};
use super::heard::Heard;
use super::mend::Half;
use super::said::Said;
use super::stored::Kept;

/// Longest line, and longest data of one event, that is parsed.
pub const MAX_EVENT: usize = 256 * 1024;
/// Longest name of an event that is read.
const LONGEST_NAME: usize = 64;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a stream has said so far.
///
/// Of server-sent events line ends may be LF, CRLF or CR; comments and unknown fields are skipped (WHATWG HTML, 9.2.6).
#[derive(Debug)]
pub struct Tap {
    dialect: Dialect,
    lines: Lines,
    name: Vec<u8>,
    data: Vec<u8>,
    /// Whether the event being read has a data line, and whether it is too long to be understood.
    has_data: bool,
    overlong: bool,
    /// Whether a line has been read since the last blank one.
    in_event: bool,
    heard: Heard,
    /// What the answer says, where somebody keeps it.
    said: Option<Said>,
}

impl Tap {
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            lines: Lines::default(),
            name: Vec::new(),
            data: Vec::new(),
            has_data: false,
            overlong: false,
            in_event: false,
            heard: Heard::default(),
            said: None,
        }
    }

    /// Keeps what the answer says from here on, up to that many bytes.
    pub fn hear(&mut self, most: usize) {
        self.said = Some(Said::new(most));
    }

    /// What the answer has said, where it was kept.
    pub fn take_said(&mut self) -> Option<Said> {
        self.said.take()
    }

    /// Reads the next bytes of the stream.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        let framing = self.dialect.framing();
        while let Some((line, rest)) = self.lines.next_line(bytes) {
            bytes = rest;
            match line {
                Line::Whole(line) => self.take_line(framing, line),
                Line::Kept => {
                    let line = std::mem::take(&mut self.lines.partial);
                    self.take_line(framing, &line);
                    self.lines.partial = line;
                    self.lines.partial.clear();
                }
                Line::Overlong => {
                    self.in_event = framing == Framing::Sse;
                    self.overlong = true;
                }
            }
            if !self.in_event {
                self.dispatch();
            }
        }
    }

    fn take_line(&mut self, framing: Framing, line: &[u8]) {
        match framing {
            Framing::Ndjson => self.take_data(line),
            Framing::Sse => {
                self.in_event = !line.is_empty();
                match read_field(line) {
                    Some((b"data", value)) => self.take_data(value),
                    Some((b"event", value)) if value.len() <= LONGEST_NAME => {
                        self.name.clear();
                        self.name.extend_from_slice(value);
                    }
                    _ => {}
                }
            }
        }
    }

    fn take_data(&mut self, data: &[u8]) {
        if self.data.len() + data.len() >= MAX_EVENT {
            self.overlong = true;
        } else {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data);
        }
        self.has_data = true;
    }

    fn dispatch(&mut self) {
        if self.has_data || self.overlong {
            // An event too long to be read may still tell by its name what it is.
            let data: &[u8] = if self.overlong { b"" } else { &self.data };
            let answer = self.dialect.replies().read_event(&self.name, data);
            self.heard.listen(answer);
            if let Some(said) = &mut self.said {
                said.cut |= self.overlong;
                said.read_event(self.dialect, data);
            }
        }
        self.name.clear();
        self.data.clear();
        self.has_data = false;
        self.overlong = false;
    }

    /// The stream's bytes have come to their end. Where events are lines, a last one may lack its line end.
    pub fn close(&mut self) {
        if self.dialect.framing() == Framing::Ndjson && !self.lines.partial.is_empty() {
            self.heard.listen(self.dialect.replies().read_event(b"", &self.lines.partial));
            if let Some(said) = &mut self.said {
                said.read_event(self.dialect, &self.lines.partial);
            }
        }
    }

    /// Whether some of the answer (content, reasoning or a tool call) has come.
    #[must_use]
    pub fn first_token(&self) -> bool {
        self.heard.first_token
    }

    /// Whether the stream's own end has come.
    #[must_use]
    pub fn done(&self) -> bool {
        self.heard.done
    }

    /// Why the answer ended, once it said so.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&str> {
        self.heard.finish_reason.as_deref()
    }

    /// Whether the upstream reported an error inside the stream.
    #[must_use]
    pub fn error(&self) -> bool {
        self.heard.error
    }

    /// The upstream's own count, if it sent one.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.heard.usage
    }

    /// About how many bytes of text the answer has so far.
    #[must_use]
    pub fn said(&self) -> u64 {
        self.heard.said
    }

    /// Whether that count is of other text than was sent.
    #[must_use]
    pub fn recounted(&self) -> bool {
        self.heard.recounted
    }

    /// What the upstream keeps of the answer, as far as it was told since this was last asked.
    pub fn take_kept(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.heard.kept)
    }

    /// What the stream still lacks, at its upstream's end or failure: the fault unless the answer was whole, then what ends a stream
    /// of this dialect. Empty where the stream has ended by itself.
    #[must_use]
    pub fn end(&self, fault: StreamFault<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.done() {
            let mut fault = Some(fault).filter(|_| !self.is_whole());
            if !self.is_between_events() {
                let mended = self.mend(fault);
                // Of lines, the mended one has told it. Of server-sent events, some readers look at the name first.
                fault = fault.filter(|_| mended.is_none() || self.dialect.framing() == Framing::Sse);
                out.extend(mended.unwrap_or_else(|| self.dialect.replies().cut_short().to_vec()));
            }
            self.dialect.replies().end_stream(&self.heard, fault, &mut out);
        }
        out
    }

    fn mend(&self, fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        let half = Half { data: self.has_data.then_some(&self.data), line: self.lines.unfinished() };
        let known = !self.overlong && !self.lines.skipping;
        let due = known && (fault.is_some() || half.has_data());
        due.then(|| self.dialect.replies().mend_event(half, &self.heard, fault)).flatten()
    }

    /// Whether another event may be written right here.
    fn is_between_events(&self) -> bool {
        !self.in_event && self.lines.is_at_start()
    }

    /// Whether the answer was said to its end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.heard.error && (self.heard.done || self.heard.finish_reason.is_some())
    }

    /// Whether the answer was said to its end, and was one: nothing else is learned from.
    #[must_use]
    pub fn ends_cleanly(&self) -> bool {
        self.is_whole() && !self.heard.void
    }
}

/// Name and value of a line; `None` for blank lines and comments.
fn read_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(colon) = line.iter().position(|b| *b == b':') else { return (!line.is_empty()).then_some((line, b"")) };
    let value = &line[colon + 1..];
    (colon > 0).then(|| (&line[..colon], value.strip_prefix(b" ").unwrap_or(value)))
}

enum Line<'a> {
    /// A line that lies in one chunk.
    Whole(&'a [u8]),
    /// A line that was put together in `partial`.
    Kept,
    Overlong,
}

/// Cuts chunks into lines and keeps the unfinished one.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
    /// The unfinished line is too long to be kept.
    skipping: bool,
    /// The last byte was CR: a LF right after it belongs to it.
    after_cr: bool,
    /// Past the first line, where a byte order mark may stand.
    started: bool,
}

impl Lines {
    /// The line that is being read, as far as it is kept.
    fn unfinished(&self) -> &[u8] {
        let line = self.partial.as_slice();
        if self.started { line } else { line.strip_prefix(BOM).unwrap_or(line) }
    }

    fn is_at_start(&self) -> bool {
        self.partial.is_empty() && !self.skipping
    }

    /// The next line that `bytes` ends, and the bytes after it. Keeps what is left when there is none.
    fn next_line<'a>(&mut self, mut bytes: &'a [u8]) -> Option<(Line<'a>, &'a [u8])> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        let Some(end) = bytes.iter().position(|&b| b == b'\n' || b == b'\r') else {
            self.keep(bytes);
            return None;
        };
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        self.after_cr = bytes[end] == b'\r';
        let first = !std::mem::replace(&mut self.started, true);
        if self.partial.is_empty() && !self.skipping && line.len() <= MAX_EVENT {
            return Some((Line::Whole(if first { line.strip_prefix(BOM).unwrap_or(line) } else { line }), rest));
        }
        self.keep(line);
        if std::mem::take(&mut self.skipping) {
            return Some((Line::Overlong, rest));
        }
        if first && self.partial.starts_with(BOM) {
            self.partial.drain(..BOM.len());
        }
        Some((Line::Kept, rest))
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipping || self.partial.len() + bytes.len() > MAX_EVENT {
            self.skipping = true;
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
