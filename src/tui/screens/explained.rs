//! One decision: why it was made so, and what would change it.

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Cx, Scroll, View};
use crate::admin::api::{DecisionRow, Explanation};
use crate::tui::listing::Ticket;
use crate::tui::look::{Cell, Page};
use crate::tui::message::Call;
use crate::tui::table::{draw_heading, draw_lines};
use crate::tui::text;

pub(super) struct Explained {
    request: String,
    awaited: Option<Ticket>,
    explanation: Option<Box<Explanation>>,
    scroll: Scroll,
}

impl Explained {
    pub fn new(request: String) -> Self {
        Self { request, awaited: None, explanation: None, scroll: Scroll::default() }
    }

    pub fn refresh(&mut self, cx: &mut Cx) {
        self.awaited = Some(cx.call(Call::Explain(self.request.clone())));
    }

    pub fn press(&mut self, key: KeyEvent, cx: &Cx) {
        let lines = self.lines(cx.width, cx.view).len();
        self.scroll.press(key, lines, cx.rows);
    }

    pub fn receive(&mut self, ticket: Ticket, explanation: Box<Explanation>) {
        if self.awaited == Some(ticket) {
            self.awaited = None;
            self.explanation = Some(explanation);
        }
    }

    pub fn give_up(&mut self, ticket: Ticket) {
        if self.awaited == Some(ticket) {
            self.awaited = None;
        }
    }

    pub fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let body = draw_heading(frame, area, view.look, "Decision", &self.request);
        draw_lines(frame, body, self.lines(area.width, view), self.scroll.0);
    }

    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(explanation) = &self.explanation else {
            let told = if self.awaited.is_some() { "Loading…" } else { "Nothing has come. Press r to ask again." };
            page.text(told);
            return page.lines;
        };
        let Explanation { row, steps, modes, remedy } = &**explanation;
        page.field("decision", view.look.decision(&row.decision));
        page.field("reason", row.reason.clone());
        page.field_if("what helps", remedy.clone());
        page.heading("Step by step");
        for (number, step) in steps.iter().enumerate() {
            page.field(&format!("{} {}", number + 1, step.name), Cell { text: step.result.clone(), style: view.look.strong() });
            page.field("", step.why.clone());
        }
        page.heading("What each mode would decide");
        for mode in modes {
            let Cell { text, style } = view.look.decision(&mode.decision);
            page.field(&mode.mode, Cell { text: format!("{text}: {}", mode.reason), style });
        }
        page.heading("The request");
        add_row(&mut page, row);
        page.lines
    }
}

fn add_row(page: &mut Page, row: &DecisionRow) {
    page.field("at", format!("{}, {}", text::when(row.time), text::ago(page.now, row.time)));
    page.field("client", format!("{}, from {}", row.client, row.peer));
    page.field("user", row.user.clone().unwrap_or_else(|| "none was granted".to_owned()));
    let source = row.source.as_deref().unwrap_or("none");
    page.field("evidence", format!("{source}, {}", row.assurance.as_deref().unwrap_or("anonymous")));
    page.field("mode", row.mode.clone());
    page.field_if("shadow mode", row.shadow.as_ref().map(|reason| format!("would refuse: {reason}")));
    page.field("asked for", format!("{} {} ({})", row.method, row.path, row.route));
    page.field_if("model", row.model.clone());
    page.field_if("upstream", row.upstream.clone());
    let status = row.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    page.field("ended", format!("{status}, {}", row.outcome));
    page.field_if("error", row.error.clone());
    page.field("memory", format!("{} facts used, {} messages cut", row.facts_used, row.messages_cut));
    let tokens = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    page.field("tokens", format!("{} in, {} out", tokens(row.tokens_in), tokens(row.tokens_out)));
    let first = row.first_token_ms.map(|ms| format!(", first token after {ms:.0} ms")).unwrap_or_default();
    page.field("took", format!("{:.0} ms{first}", row.duration_ms));
}
