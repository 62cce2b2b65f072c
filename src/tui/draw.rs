//! The whole screen from the model: pure.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::model::{FRAME_ROWS, LEAST, Link, Model, Tab};
use super::screens::{Keys, View};
use super::table::{draw_lines, top};
use super::text;

/// Keys that do the same everywhere.
const EVERYWHERE: Keys = &[
    ("1 to 8", "go to a screen"),
    ("Tab, Shift-Tab", "the next screen, the one before"),
    ("j k, arrows", "down, up"),
    ("PgDn PgUp, Home End", "by a page, to an end"),
    ("r", "ask again"),
    ("?", "this help"),
    ("q, Ctrl-C", "quit"),
];

pub(super) fn draw(model: &Model, frame: &mut Frame) {
    let area = frame.area();
    frame.render_widget(Block::new(), area);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return draw_too_small(frame, area);
    }
    let body = Rect { y: area.y + 2, height: area.height - FRAME_ROWS, ..area };
    draw_title(model, frame, top(area, 0));
    draw_tabs(model, frame, top(area, 1));
    if let Some(scroll) = model.help {
        draw_lines(frame, body, help_lines(model), scroll);
    } else {
        model.screen(model.tab).draw(frame, body, View { look: model.look, now: model.now });
    }
    if let Some(dialog) = &model.dialog {
        dialog.draw(frame, body, model.look);
    }
    draw_status(model, frame, top(area, usize::from(area.height) - 2));
    draw_hints(model, frame, top(area, usize::from(area.height) - 1));
}

fn draw_too_small(frame: &mut Frame, area: Rect) {
    let told = format!(
        "This terminal has {}×{} cells; memgate needs {}×{}. Make it larger, or press q.",
        area.width, area.height, LEAST.0, LEAST.1
    );
    for (row, line) in text::wrap(&told, usize::from(area.width)).into_iter().enumerate() {
        frame.render_widget(Line::raw(line), top(area, row));
    }
}

fn draw_title(model: &Model, frame: &mut Frame, area: Rect) {
    let (state, style) = match &model.link {
        Link::Connecting => ("… connecting", model.look.doubtful()),
        Link::Up => ("✓ connected", model.look.good()),
        Link::Down { .. } => ("✗ no connection", model.look.bad()),
    };
    let who = model.who.as_ref().map(|who| format!(" · {} ({}, by {})", who.name, who.role, who.via)).unwrap_or_default();
    let busy = if model.pending.is_empty() { "" } else { " · asking…" };
    let room = usize::from(area.width).saturating_sub("memgate  ".len() + text::columns(state) + text::columns(busy));
    let line = Line::from(vec![
        Span::styled("memgate", model.look.strong()),
        Span::raw(text::clip(&who, room)),
        Span::raw("  "),
        Span::styled(state, style),
        Span::styled(busy, model.look.faint()),
    ]);
    frame.render_widget(line, area);
}

/// The names of the screens as far as there is room: all, the short ones, or that of the one that is shown.
fn draw_tabs(model: &Model, frame: &mut Frame, area: Rect) {
    let only_shown = |tab: Tab| if tab == model.tab { tab.title() } else { "" };
    let width = |names: &[&str; 8]| names.iter().map(|name| name.len() + 3).sum::<usize>() + 1;
    let fits = |names: &[&str; 8]| width(names) <= usize::from(area.width);
    let chosen = [Tab::ALL.map(Tab::title), Tab::ALL.map(Tab::short)].into_iter().find(fits).unwrap_or(Tab::ALL.map(only_shown));
    let mut spans = Vec::new();
    for (number, (tab, name)) in Tab::ALL.into_iter().zip(chosen).enumerate() {
        let shown = tab == model.tab;
        let label = format!("{}{}{name}", number + 1, if name.is_empty() { "" } else { " " });
        // The brackets say it to those who do not see it reversed; they stand where spaces are between the others.
        let before = if shown {
            "["
        } else if number > 0 && Tab::ALL[number - 1] == model.tab {
            "]"
        } else {
            " "
        };
        spans.push(Span::raw(before));
        spans.push(Span::styled(label, if shown { model.look.selected() } else { Style::new() }));
    }
    spans.push(Span::raw(if model.tab == Tab::WhatIf { "]" } else { "" }));
    frame.render_widget(Line::from(spans), area);
}

/// A lost connection before anything else: what is shown is old, then.
fn draw_status(model: &Model, frame: &mut Frame, area: Rect) {
    let (told, style) = match (&model.link, &model.notice) {
        (_, Some(notice)) if notice.good => (format!("✓ {}", notice.text), model.look.good()),
        (_, Some(notice)) => (format!("✗ {}", notice.text), model.look.bad()),
        (Link::Down { why, again_at }, None) => {
            let seconds = again_at.saturating_sub(model.now).max(0) / 1000;
            (format!("✗ Trying again in {seconds} s. What is shown is old: {why}"), model.look.bad())
        }
        _ => return,
    };
    frame.render_widget(Line::styled(text::clip(&told, usize::from(area.width)), style), area);
}

/// As many keys of the screen as fit.
fn draw_hints(model: &Model, frame: &mut Frame, area: Rect) {
    let own: Keys = if model.help.is_some() || model.dialog.is_some() { &[] } else { model.screen(model.tab).keys() };
    let always: &[(&str, &str)] = if model.help.is_some() { &[("Esc", "back")] } else { &[("?", "help"), ("q", "quit")] };
    let always: &[(&str, &str)] = if model.dialog.is_some() { &[("Esc", "leave the question")] } else { always };
    let mut room = usize::from(area.width);
    let size = |(key, does): &(&str, &str)| text::columns(key) + text::columns(does) + 4;
    room = room.saturating_sub(always.iter().map(size).sum());
    let mut spans = Vec::new();
    let fitting = own.iter().take_while(|hint| {
        let fits = size(hint) <= room;
        room = room.saturating_sub(size(hint));
        fits
    });
    for (key, does) in fitting.chain(always) {
        spans.push(Span::styled(format!(" {key}"), model.look.strong()));
        spans.push(Span::styled(format!(" {does}  "), model.look.faint()));
    }
    frame.render_widget(Line::from(spans), area);
}

/// All keys of the screen that is shown.
pub(super) fn help_lines(model: &Model) -> Vec<Line<'static>> {
    let strong = model.look.strong();
    let mut lines = vec![Line::styled(format!("Keys of this screen: {}", model.tab.title()), strong)];
    let tell = |(key, does): &(&str, &str)| {
        Line::from(vec![Span::styled(text::pad(key, 22, false), strong), Span::raw((*does).to_owned())])
    };
    lines.extend(model.screen(model.tab).keys().iter().map(tell));
    lines.push(Line::default());
    lines.push(Line::styled("Everywhere", strong));
    lines.extend(EVERYWHERE.iter().map(tell));
    lines.push(Line::default());
    lines.push(Line::raw("✓ admit: believed, served with memory.   ✗ refuse: turned away."));
    lines.push(Line::raw("□ sandbox: served apart from everybody.  → bypass: served without memory."));
    lines
}
