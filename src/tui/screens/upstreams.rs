//! Upstreams and how they are.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Cx, Intent, Keys, Screen, Scroll, View, motion};
use crate::admin::api::UpstreamRow;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::Page;
use crate::tui::message::{Answer, Call};
use crate::tui::table::{Column, draw_heading, draw_lines, draw_table};
use crate::tui::text;

const COLUMNS: [Column; 7] = [
    Column::part("UPSTREAM", 2),
    Column::fixed("CONDITION", 12),
    Column::part("ADDRESS", 3),
    Column::fixed("RUNNING", 9).right(),
    Column::fixed("WAITING", 7).right(),
    Column::fixed("REQUESTS", 8).right(),
    Column::fixed("ERRORS", 6).right(),
];

#[derive(Default)]
pub(in crate::tui) struct Upstreams {
    list: Listing<UpstreamRow>,
    /// How far the details are scrolled, while they are open.
    detail: Option<Scroll>,
}

impl Upstreams {
    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(row) = self.list.current() else { return page.lines };
        page.field("upstream", row.name.clone());
        page.field("condition", view.look.condition(row.well, &row.condition));
        page.field("address", row.address.clone());
        page.field("dialects", row.dialects.join(", "));
        page.field("priority", row.priority.to_string());
        page.field("running", running(row));
        page.field("waiting", row.waiting.to_string());
        page.field("requests", format!("{}, of which {} failed", row.requests, row.errors));
        let models = if row.models.is_empty() { "all are let through".to_owned() } else { row.models.join(", ") };
        page.field("models", models);
        page.lines
    }
}

fn running(row: &UpstreamRow) -> String {
    row.concurrency.map_or_else(|| row.running.to_string(), |most| format!("{} of {most}", row.running))
}

impl Screen for Upstreams {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        let ticket = cx.call(Call::Upstreams);
        self.list.begin(ticket);
    }

    fn refreshes_every(&self) -> Option<i64> {
        Some(5)
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(mut scroll) = self.detail {
            let lines = self.lines(cx.width, cx.view).len();
            scroll.press(key, lines, cx.rows);
            self.detail = (key.code != KeyCode::Esc).then_some(scroll);
        } else if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
        } else if key.code == KeyCode::Enter {
            self.detail = self.list.current().map(|_| Scroll::default());
        }
    }

    fn submit(&mut self, _: Intent, _: String, _: &mut Cx) {}

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        if let Answer::Upstreams(page) = answer {
            self.list.receive(ticket, page);
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
    }

    fn keys(&self) -> Keys {
        if self.detail.is_some() { &[("Esc", "back to the list"), ("j k", "scroll")] } else { &[("Enter", "details")] }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let body = draw_heading(frame, area, view.look, "Upstreams", &self.list.place());
        if let Some(scroll) = self.detail {
            return draw_lines(frame, body, self.lines(area.width, view), scroll.0);
        }
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, "No upstream is configured."), |row| {
            vec![
                row.name.clone().into(),
                view.look.condition(row.well, &row.condition),
                row.address.clone().into(),
                running(row).into(),
                text::count(row.waiting).into(),
                text::count(row.requests).into(),
                text::count(row.errors).into(),
            ]
        });
    }
}
