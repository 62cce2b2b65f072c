//! Tables in columns of a terminal.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::OnceLock;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::telemetry::inert;

/// The columns of the terminal that is written to. Unset, nothing is cut: whoever reads is a program, or a test.
static COLUMNS: OnceLock<usize> = OnceLock::new();

/// The least that a column is cut to.
const NARROWEST: usize = 8;
const BETWEEN: usize = 2;

/// Takes note of how wide the terminal is, where standard output is one.
pub(super) fn measure_terminal() {
    if io::IsTerminal::is_terminal(&io::stdout())
        && let Ok((columns, _)) = ratatui::crossterm::terminal::size()
        && columns > 0
    {
        let _ = COLUMNS.set(usize::from(columns));
    }
}

/// Rows beneath a heading, in columns as wide as their widest cell, or as the terminal allows. Cells are made inert.
pub(super) fn print_table<const N: usize>(heading: [&str; N], rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    print_within(COLUMNS.get().copied(), heading, rows, out)
}

fn print_within<const N: usize>(
    columns: Option<usize>,
    heading: [&str; N],
    rows: &[[String; N]],
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading = heading.map(Cow::Borrowed);
    let rows: Vec<[Cow<'_, str>; N]> = rows.iter().map(|row| row.each_ref().map(|cell| inert(cell))).collect();
    let mut widths = heading.each_ref().map(|cell| cell.width());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    if let Some(columns) = columns {
        narrow(&mut widths, columns.saturating_sub(BETWEEN * N.saturating_sub(1)));
    }
    for row in std::iter::once(&heading).chain(&rows) {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            let cell = cut(cell, width);
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + BETWEEN));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Takes from the widest columns until all fit, or none can be narrower.
fn narrow(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|width| **width > NARROWEST) else { return };
        *widest -= 1;
    }
}

/// What fits into a width, with an ellipsis where that is not all.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut taken = 0;
    let kept = text.chars().take_while(|c| {
        taken += c.width().unwrap_or_default();
        taken < width
    });
    Cow::Owned(kept.chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: Option<usize>, rows: &[[&str; 3]]) -> Vec<String> {
        let rows: Vec<[String; 3]> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        let mut out = Vec::new();
        print_within(columns, ["USER", "TEXT", "N"], &rows, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let lines = shown(None, &[["漢字", "wide", "1"], ["e\u{301}", "accent", "2"], ["\u{1b}[2J\u{202e}", "hostile", "3"]]);
        assert_eq!(lines, ["USER   TEXT     N", "漢字   wide     1", "e\u{301}      accent   2", "␛[2J\u{fffd}  hostile  3"]);
    }

    #[test]
    fn a_terminal_is_not_overrun() {
        let long = "x".repeat(500);
        for columns in [30, 40, 80] {
            let lines = shown(Some(columns), &[["ann", &long, "1"], ["漢字漢字漢字", "漢字漢字漢字漢字漢字漢字", "2"]]);
            assert!(lines.iter().all(|line| line.width() <= columns), "{lines:#?}");
            assert!(lines[1].contains('…') && lines[1].ends_with('1'), "{lines:#?}");
        }
        // What cannot be narrower is shown all the same.
        assert_eq!(shown(Some(1), &[["ann", &long, "1"]])[1], "ann   xxxxxxx…  1");
        assert!(shown(None, &[["ann", &long, "1"]])[1].contains(&long));
    }
}
