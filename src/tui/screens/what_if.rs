//! What another trust mode would have decided on the recent requests.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Cx, Intent, Keys, Screen, Scroll, View, motion};
use crate::admin::api::{Page as Rows, ReplayChange, ReplayQuery, ReplayReport};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::Page;
use crate::tui::message::{Answer, Call};
use crate::tui::table::{Column, below, draw_heading, draw_lines, draw_table, top};
use crate::tui::text;

const MODES: [&str; 4] = ["strict", "required", "quarantine", "legacy"];

const COLUMNS: [Column; 6] = [
    Column::part("CLIENT", 2),
    Column::fixed("NOW", 9),
    Column::fixed("THEN", 9),
    Column::part("REASON", 3),
    Column::fixed("REQUESTS", 8).right(),
    Column::fixed("USERS", 5).right(),
];

#[derive(Default)]
pub(in crate::tui) struct WhatIf {
    /// None until one is chosen.
    mode: Option<String>,
    report: Option<Box<ReplayReport>>,
    list: Listing<ReplayChange>,
    /// How far the details are scrolled, while they are open.
    detail: Option<Scroll>,
}

impl WhatIf {
    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(change) = self.list.current() else { return page.lines };
        page.field("client", change.client.clone());
        page.field("now", view.look.decision(&change.from));
        page.field("then", view.look.decision(&change.to));
        page.field("because", change.reason.clone());
        page.field("they need", change.needs.clone());
        page.field("requests", format!("{}, by {} users", change.requests, change.users));
        page.field("first", format!("{}, {}", text::when(change.first_at), text::ago(view.now, change.first_at)));
        page.field("last", format!("{}, {}", text::when(change.last_at), text::ago(view.now, change.last_at)));
        page.field("such as", change.examples.join("\n"));
        page.lines
    }

    fn tell_report(&self, now: i64) -> String {
        let Some(report) = &self.report else {
            return match &self.mode {
                None => {
                    "Press m to choose a mode. Nothing is changed: recent requests are decided on once more, on paper.".to_owned()
                }
                Some(mode) => format!("Deciding under {mode}…"),
            };
        };
        let changed: u64 = report.changes.iter().map(|change| change.requests).sum();
        let since =
            report.since.map(|since| format!(" since {} ({})", text::when(since), text::ago(now, since))).unwrap_or_default();
        format!("Under {}: of {} requests{since}, {changed} would be decided otherwise.", report.mode, report.considered)
    }
}

impl Screen for WhatIf {
    fn is_empty(&self) -> bool {
        false
    }

    fn refresh(&mut self, cx: &mut Cx) {
        if let Some(mode) = self.mode.clone() {
            let ticket = cx.call(Call::Replay(ReplayQuery { mode, client: None }));
            self.list.begin(ticket);
        }
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(mut scroll) = self.detail {
            let lines = self.lines(cx.width, cx.view).len();
            scroll.press(key, lines, cx.rows);
            self.detail = (key.code != KeyCode::Esc).then_some(scroll);
            return;
        }
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            return;
        }
        match key.code {
            KeyCode::Enter if !self.list.rows.is_empty() => self.detail = Some(Scroll::default()),
            KeyCode::Char('m') | KeyCode::Enter => {
                let about = "Decide on the recent requests once more. Nothing is changed.";
                cx.ask(Dialog::choice("What if the mode were …", about, MODES.to_vec(), Intent::Mode));
            }
            _ => {}
        }
    }

    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx) {
        if let Intent::Mode = intent {
            (self.mode, self.report, self.list) = (Some(text), None, Listing::default());
            self.refresh(cx);
        }
    }

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        if let Answer::Replay(report) = answer
            && self.list.awaits(ticket)
        {
            let total = Some(report.changes.len() as u64);
            self.list.receive(ticket, Rows { items: report.changes.clone(), next: None, total });
            self.report = Some(report);
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        if self.list.awaits(ticket) && self.report.is_none() {
            self.mode = None;
        }
        self.list.give_up(ticket);
    }

    fn keys(&self) -> Keys {
        if self.detail.is_some() {
            &[("Esc", "back to the list"), ("j k", "scroll")]
        } else {
            &[("m", "choose a mode"), ("Enter", "details")]
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let body = draw_heading(frame, area, view.look, "What if", &self.list.place());
        if let Some(scroll) = self.detail {
            return draw_lines(frame, body, self.lines(area.width, view), scroll.0);
        }
        let told = text::wrap(&self.tell_report(view.now), usize::from(area.width));
        for (row, line) in told.iter().enumerate() {
            frame.render_widget(Line::raw(line.clone()), top(body, row));
        }
        if self.report.is_none() {
            return;
        }
        let rest = below(body, u16::try_from(told.len() + 1).unwrap_or(u16::MAX));
        draw_table(frame, rest, view.look, &COLUMNS, (&self.list, "Nothing would change."), |change| {
            vec![
                change.client.clone().into(),
                view.look.decision(&change.from),
                view.look.decision(&change.to),
                change.reason.clone().into(),
                text::count(change.requests).into(),
                text::count(change.users).into(),
            ]
        });
    }
}
