//! Sandboxes: looked at, promoted fact by fact, ended.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::facts::{Facts, reason};
use super::user::{add_counts, add_seen, ask_why};
use super::{Cx, Intent, Keys, Screen, Scroll, View, motion};
use crate::admin::api::{SandboxDetail, SandboxRow};
use crate::ids::UserId;
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::Page;
use crate::tui::message::{Act, Answer, Call, Whose};
use crate::tui::model::Notice;
use crate::tui::table::{Column, draw_heading, draw_lines, draw_table};
use crate::tui::text;

const COLUMNS: [Column; 6] = [
    Column::part("SANDBOX", 3),
    Column::fixed("BEGUN", 11),
    Column::fixed("ENDS", 11),
    Column::fixed("LAST SEEN", 11),
    Column::part("BY CLIENT", 2),
    Column::fixed("SIZE", 8).right(),
];

/// What becomes of a sandbox after a promotion.
const KEEP: &str = "keep the sandbox with the rest";
const END: &str = "end the sandbox, the rest is erased";

#[derive(Default)]
pub(in crate::tui) struct Sandboxes {
    list: Listing<SandboxRow>,
    page: Option<SandboxPage>,
    facts: Option<Facts>,
}

struct SandboxPage {
    id: String,
    detail: Option<Box<SandboxDetail>>,
    awaited: Option<Ticket>,
    scroll: Scroll,
}

impl SandboxPage {
    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(detail) = &self.detail else {
            page.text(if self.awaited.is_some() { "Loading…" } else { "Nothing has come. Press r to ask again." });
            return page.lines;
        };
        let row = &detail.row;
        page.field("sandbox", row.id.clone());
        page.field("begun", format!("{}, {}", text::when(row.created_at), text::ago(view.now, row.created_at)));
        page.field("ends", format!("{}, {}", text::when(row.expires_at), text::ago(view.now, row.expires_at)));
        add_seen(&mut page, row.seen.as_ref());
        page.heading("Kept");
        add_counts(&mut page, detail.facts, detail.waiting_turns);
        page.field("on disk", text::bytes(row.bytes));
        page.lines
    }
}

impl Sandboxes {
    fn press_list(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(Call::Sandboxes(Some(cursor)));
                self.list.begin_more(ticket);
            }
            return;
        }
        let Some(row) = self.list.current() else { return };
        match key.code {
            KeyCode::Enter => {
                let awaited = Some(cx.call(Call::Sandbox(row.id.clone())));
                self.page = Some(SandboxPage { id: row.id.clone(), detail: None, awaited, scroll: Scroll::default() });
            }
            KeyCode::Char('X') => ask_end(&row.id, cx),
            _ => {}
        }
    }

    fn press_page(&mut self, key: KeyEvent, cx: &mut Cx) {
        let Some(page) = &mut self.page else { return };
        let lines = page.lines(cx.width, cx.view).len();
        if page.scroll.press(key, lines, cx.rows) {
            return;
        }
        match key.code {
            KeyCode::Esc => self.page = None,
            KeyCode::Char('f' | 'F') => ask_why(cx, "Read what is remembered", "an unknown person", Intent::ReadFacts),
            KeyCode::Char('X') => ask_end(&page.id, cx),
            _ => {}
        }
    }

    fn promote(&mut self, intent: Intent, text: &str, cx: &mut Cx) {
        let Some(facts) = &self.facts else { return };
        let count = facts.marked.len();
        match intent {
            Intent::PromoteTo => match UserId::parse(text.trim()) {
                Ok(user) => {
                    let about = format!("The marked facts ({count}) go to {user}. What becomes of the rest?");
                    cx.ask(Dialog::choice("Promote", about, vec![KEEP, END], Intent::PromoteAnd { user }));
                }
                Err(error) => cx.notice = Some(Notice::bad(format!("The user {error}."))),
            },
            Intent::PromoteAnd { user } => {
                let end = text == END;
                let rest = if end { "The sandbox is ended, and the rest erased." } else { "The sandbox stays, with the rest." };
                let about = format!("Give the marked facts ({count}) to {user}? {user} will be remembered by them. {rest}");
                cx.ask(Dialog::confirm("Promote", about, Intent::Promote { user, end }));
            }
            Intent::Promote { user, end } => {
                let Whose::Sandbox(id) = facts.whose.clone() else { return };
                let (marked, reason) = (facts.marked.iter().copied().collect(), facts.reason.clone());
                cx.act(Act::Promote { id, user, facts: marked, end, reason });
                // What is left is looked at anew, for the same reason or another.
                (self.facts, self.page) = (None, None);
            }
            _ => {}
        }
    }
}

fn ask_end(id: &str, cx: &mut Cx) {
    let about = format!("End the sandbox {id}? What is remembered there is erased. This cannot be undone.");
    cx.ask(Dialog::confirm("End a sandbox", about, Intent::EndSandbox(id.to_owned())));
}

impl Screen for Sandboxes {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        match (&mut self.facts, &mut self.page) {
            (Some(facts), _) => facts.refresh(cx),
            (None, Some(page)) => page.awaited = Some(cx.call(Call::Sandbox(page.id.clone()))),
            (None, None) => {
                let ticket = cx.call(Call::Sandboxes(None));
                self.list.begin(ticket);
            }
        }
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        match (&mut self.facts, &self.page) {
            (Some(facts), _) if key.code == KeyCode::Char('P') => {
                if facts.marked.is_empty() {
                    cx.notice = Some(Notice::bad("No fact is marked. Mark those that you approve with Space."));
                } else {
                    let about = format!("Whose are the marked facts ({}) from now on (tenant:name)?", facts.marked.len());
                    cx.ask(Dialog::line("Promote", about, "", Intent::PromoteTo));
                }
            }
            (Some(facts), _) => {
                if facts.press(key, cx) {
                    self.facts = None;
                }
            }
            (None, Some(_)) => self.press_page(key, cx),
            (None, None) => self.press_list(key, cx),
        }
    }

    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx) {
        match intent {
            Intent::ReadFacts => {
                if let (Some(page), Some(reason)) = (&self.page, reason(&text, cx)) {
                    let mut facts = Facts::of_sandbox(page.id.clone(), reason);
                    facts.refresh(cx);
                    self.facts = Some(facts);
                }
            }
            Intent::EndSandbox(id) => {
                cx.act(Act::EndSandbox(id));
                (self.facts, self.page) = (None, None);
            }
            intent @ (Intent::PromoteTo | Intent::PromoteAnd { .. } | Intent::Promote { .. }) => self.promote(intent, &text, cx),
            intent => {
                if let Some(facts) = &mut self.facts {
                    facts.submit(&intent, text, cx);
                }
            }
        }
    }

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        match (answer, &mut self.facts, &mut self.page) {
            (Answer::Sandboxes(page), ..) => self.list.receive(ticket, page),
            (Answer::Sandbox(detail), _, Some(page)) if page.awaited == Some(ticket) => {
                page.awaited = None;
                page.detail = Some(detail);
            }
            (answer, Some(facts), _) => facts.receive(ticket, answer),
            _ => {}
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
        if let Some(page) = &mut self.page
            && page.awaited == Some(ticket)
        {
            page.awaited = None;
        }
        if let Some(facts) = &mut self.facts {
            facts.give_up(ticket);
        }
    }

    fn keys(&self) -> Keys {
        match (&self.facts, &self.page) {
            (Some(facts), _) => facts.keys(),
            (None, Some(_)) => {
                &[("f", "what is remembered (asks why)"), ("X", "end it (asks)"), ("Esc", "back to the list"), ("j k", "scroll")]
            }
            (None, None) => &[("Enter", "details"), ("X", "end it (asks)")],
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        match (&self.facts, &self.page) {
            (Some(facts), _) => return facts.draw(frame, area, view),
            (None, Some(page)) => {
                let body = draw_heading(frame, area, view.look, "Sandbox", "of somebody unknown");
                return draw_lines(frame, body, page.lines(area.width, view), page.scroll.0);
            }
            (None, None) => {}
        }
        let body = draw_heading(frame, area, view.look, "Sandboxes", &self.list.place());
        let none = "There is none. Unknown people get one where the mode is quarantine.";
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, none), |row| {
            let seen = row.seen.as_ref();
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned()).into();
            vec![
                row.id.clone().into(),
                text::ago(view.now, row.created_at).into(),
                text::ago(view.now, row.expires_at).into(),
                or_none(seen.map(|seen| text::ago(view.now, seen.at))),
                or_none(seen.map(|seen| seen.client.to_string())),
                text::bytes(row.bytes).into(),
            ]
        });
    }
}
