//! Text for cells of a screen. Whatever memgate answers goes through [`clip`] or [`wrap`], which show it inert.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::telemetry::inert;

/// Most characters of one text that are shown.
const MOST: usize = 20_000;
/// Marks that one character may carry. More of them climb out of their line.
const MARKS: usize = 3;

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text on one line of at most `width` columns, with an ellipsis where it was cut.
pub(super) fn clip(text: &str, width: usize) -> String {
    let (head, cut) = head(text, width.saturating_mul(4).saturating_add(4));
    let shown = inert(head);
    if !cut && columns(&shown) <= width {
        return graphemes(&shown).map(bare).collect();
    }
    let mut line = String::new();
    let mut free = width.saturating_sub(1);
    for grapheme in graphemes(&shown) {
        let wide = columns(grapheme);
        if wide > free {
            break;
        }
        free -= wide;
        line.push_str(bare(grapheme));
    }
    if width > 0 {
        line.push('…');
    }
    line
}

/// The text clipped, and filled up with spaces.
pub(super) fn pad(text: &str, width: usize, right: bool) -> String {
    let clipped = clip(text, width);
    let free = " ".repeat(width.saturating_sub(columns(&clipped)));
    if right { free + &clipped } else { clipped + &free }
}

/// The text in lines of at most `width` columns, broken between words where that is possible. A line of the text is one or more.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let (head, cut) = head(text, MOST);
    let mut lines = Vec::new();
    for line in head.split('\n') {
        fill(&inert(line.trim_end_matches('\r')), width.max(2), &mut lines);
    }
    if cut {
        lines.push("…".to_owned());
    }
    lines
}

fn fill(text: &str, width: usize, lines: &mut Vec<String>) {
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        if used > 0 && used + columns(word.trim_end()) > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for grapheme in graphemes(word) {
            let wide = columns(grapheme);
            if used + wide > width {
                // A space at the end of a line is not seen.
                if grapheme == " " {
                    continue;
                }
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(bare(grapheme));
            used += wide;
        }
    }
    lines.push(line);
}

fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    // `Span` knows how the terminal divides a text; its graphemes borrow from it, so that they are looked up again by length.
    let lengths: Vec<usize> = Span::raw(text).styled_graphemes(Style::default()).map(|grapheme| grapheme.symbol.len()).collect();
    let mut at = 0;
    lengths.into_iter().map(move |length| {
        let part = text.get(at..at + length).unwrap_or_default();
        at += length;
        part
    })
}

/// A character with the first few of its marks.
fn bare(grapheme: &str) -> &str {
    grapheme.char_indices().nth(MARKS + 1).map_or(grapheme, |(end, _)| &grapheme[..end])
}

fn head(text: &str, most: usize) -> (&str, bool) {
    text.char_indices().nth(most).map_or((text, false), |(end, _)| (&text[..end], true))
}

/// A time of day for lists: UTC.
pub(super) fn clock(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| "?".to_owned(), |time| time.strftime("%H:%M:%S").to_string())
}

/// Day and time: UTC, to the second.
pub(super) fn when(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// How far a time is from now, in its largest unit.
pub(super) fn span(milliseconds: i64) -> String {
    let seconds = milliseconds.unsigned_abs() / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago a time is.
pub(super) fn ago(now: i64, then: i64) -> String {
    let apart = span(then.saturating_sub(now));
    if then > now { format!("in {apart}") } else { format!("{apart} ago") }
}

/// A count in few columns.
pub(super) fn count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{}k", number / 1000),
        10_000_000..10_000_000_000 => format!("{}M", number / 1_000_000),
        _ => format!("{}G", number / 1_000_000_000),
    }
}

/// Bytes in their largest binary unit.
pub(super) fn bytes(number: u64) -> String {
    match number {
        0..1024 => format!("{number} B"),
        1024..1_048_576 => format!("{} KiB", number >> 10),
        1_048_576..1_073_741_824 => format!("{} MiB", number >> 20),
        _ => format!("{} GiB", number >> 30),
    }
}
