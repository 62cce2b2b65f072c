//! Reads a stream of server-sent events while it passes, over any chunk boundaries.
//!
//! It keeps at most [`MAX_EVENT`] bytes. What is longer is not understood, and passes all the same: the tap forwards nothing.

use super::answer::{Answer, Usage};

/// Longest line, and longest data of one event, that is parsed.
pub const MAX_EVENT: usize = 256 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a stream has said so far.
///
/// Line ends may be LF, CRLF or CR; comments and unknown fields are skipped (WHATWG HTML, 9.2.6).
#[derive(Debug, Default)]
pub struct Tap {
    lines: Lines,
    data: Vec<u8>,
    /// Whether the event being read has a data line, and whether it is too long to be understood.
    has_data: bool,
    overlong: bool,
    /// Whether a line has been read since the last blank one.
    in_event: bool,
    heard: Heard,
}

/// What the events said.
#[derive(Debug, Default)]
struct Heard {
    first_token: bool,
    done: bool,
    error: bool,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl Tap {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes of the stream.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((line, rest)) = self.lines.next_line(bytes) {
            bytes = rest;
            match line {
                Line::Whole(line) => {
                    if let Some(data) = read_line(line, &mut self.in_event) {
                        self.take_data(data);
                    }
                }
                Line::Kept => {
                    let line = std::mem::take(&mut self.lines.partial);
                    if let Some(data) = read_line(&line, &mut self.in_event) {
                        self.take_data(data);
                    }
                    self.lines.partial = line;
                    self.lines.partial.clear();
                }
                Line::Overlong => {
                    self.in_event = true;
                    self.overlong = true;
                }
            }
            if !self.in_event {
                self.dispatch();
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
        if self.has_data && !self.overlong {
            self.heard.listen(&self.data);
        }
        self.data.clear();
        self.has_data = false;
        self.overlong = false;
    }

    /// Whether some of the answer (content, reasoning or a tool call) has come.
    #[must_use]
    pub fn first_token(&self) -> bool {
        self.heard.first_token
    }

    /// Whether `[DONE]` has come.
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

    /// Whether the stream stands at an event's boundary, so that another event may be written right here. Otherwise
    /// [`BREAK`](super::errors::BREAK) must go first.
    #[must_use]
    pub fn is_between_events(&self) -> bool {
        !self.in_event && self.lines.is_at_start()
    }

    /// Whether the answer was said to its end: nothing half-said is learned from.
    #[must_use]
    pub fn ends_cleanly(&self) -> bool {
        !self.heard.error && (self.heard.done || self.heard.finish_reason.is_some())
    }
}

impl Heard {
    fn listen(&mut self, data: &[u8]) {
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
            return;
        }
        let Some(answer) = Answer::read(data) else { return };
        self.first_token |= answer.content;
        self.error |= answer.error;
        self.usage = answer.usage.or(self.usage);
        if answer.finish_reason.is_some() {
            self.finish_reason = answer.finish_reason;
        }
    }
}

/// The value of a `data` line. A blank line ends the event; any other line belongs to one.
fn read_line<'a>(line: &'a [u8], in_event: &mut bool) -> Option<&'a [u8]> {
    *in_event = !line.is_empty();
    let value = line.strip_prefix(b"data")?;
    if value.is_empty() {
        return Some(value);
    }
    let value = value.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
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
