//! Lists and pages of details, drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::listing::Listing;
use super::look::{Cell, Look};
use super::text;

/// How wide a column is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wide {
    Fixed(usize),
    /// A part of what the fixed ones leave.
    Part(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    wide: Wide,
    right: bool,
    /// Terminals narrower than this do without it.
    from: u16,
}

impl Column {
    pub const fn fixed(title: &'static str, width: usize) -> Self {
        Self { title, wide: Wide::Fixed(width), right: false, from: 0 }
    }

    pub const fn part(title: &'static str, weight: usize) -> Self {
        Self { title, wide: Wide::Part(weight), right: false, from: 0 }
    }

    /// For numbers.
    pub const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    pub const fn from(self, from: u16) -> Self {
        Self { from, ..self }
    }
}

/// The widths of columns in so many cells, each followed by a space; zero for those that are left out.
fn widths(columns: &[Column], width: u16) -> Vec<usize> {
    let shown = |column: &&Column| column.from <= width;
    let taken: usize = columns.iter().filter(shown).map(|c| if let Wide::Fixed(wide) = c.wide { wide + 1 } else { 1 }).sum();
    let weights: usize = columns.iter().filter(shown).map(|c| if let Wide::Part(weight) = c.wide { weight } else { 0 }).sum();
    let free = usize::from(width).saturating_sub(taken + MARKER.len());
    let given = columns.iter().map(|column| match column.wide {
        _ if column.from > width => 0,
        Wide::Fixed(wide) => wide,
        Wide::Part(weight) => free * weight / weights.max(1),
    });
    given.collect()
}

/// Stands before the row of the cursor, for those who do not see it reversed.
const MARKER: &str = "> ";

/// A list beneath the titles of its columns, or what is told in its place.
pub(super) fn draw_table<T>(
    frame: &mut Frame,
    area: Rect,
    look: Look,
    columns: &[Column],
    (list, none): (&Listing<T>, &'static str),
    cells: impl Fn(&T) -> Vec<Cell>,
) {
    if area.height == 0 {
        return;
    }
    if list.rows.is_empty() {
        frame.render_widget(Line::styled(format!("  {}", list.nothing(none)), look.faint()), top(area, 0));
        return;
    }
    let widths = widths(columns, area.width);
    let shown = || columns.iter().zip(&widths).filter(|(_, width)| **width > 0);
    let titles: String = shown().map(|(column, width)| text::pad(column.title, *width, column.right) + " ").collect();
    frame.render_widget(Line::styled(format!("  {titles}"), look.faint()), top(area, 0));
    for (row, index) in list.window(usize::from(area.height - 1)).enumerate() {
        let selected = index == list.selected;
        let mut spans = vec![Span::raw(if selected { MARKER } else { "  " })];
        let all = list.rows.get(index).map(&cells).unwrap_or_default();
        for ((column, width), cell) in columns.iter().zip(&widths).zip(all) {
            if *width > 0 {
                spans.push(Span::styled(text::pad(&cell.text, *width, column.right) + " ", cell.style));
            }
        }
        let line = Line::from(spans);
        frame.render_widget(if selected { line.style(look.selected()) } else { line }, top(area, row + 1));
    }
}

/// Lines from the `scroll`th on, as many as fit.
pub(super) fn draw_lines(frame: &mut Frame, area: Rect, lines: Vec<Line<'static>>, scroll: usize) {
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(area.height)));
    for (row, line) in lines.into_iter().skip(scroll).take(usize::from(area.height)).enumerate() {
        frame.render_widget(line, top(area, row));
    }
}

/// The heading of a screen; gives the area below it. `aside` is less important and goes first when there is no room.
pub(super) fn draw_heading(frame: &mut Frame, area: Rect, look: Look, heading: &str, aside: &str) -> Rect {
    if area.height == 0 {
        return area;
    }
    let width = usize::from(area.width);
    let heading = text::clip(heading, width);
    let rest = width.saturating_sub(text::columns(&heading) + 2);
    let aside = if rest > 4 { text::clip(aside, rest) } else { String::new() };
    let line = vec![Span::styled(heading, look.strong()), Span::raw("  "), Span::styled(aside, look.faint())];
    frame.render_widget(Line::from(line), top(area, 0));
    below(area, 1)
}

/// One row of an area; an empty one where it has not so many.
pub(super) fn top(area: Rect, row: usize) -> Rect {
    let row = u16::try_from(row).unwrap_or(u16::MAX);
    let height = u16::from(row < area.height);
    Rect { y: area.y.saturating_add(row.min(area.height)), height, ..area }
}

/// What is left of an area without its first rows.
pub(super) fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}
