//! One user: how known, how much is kept, and the acts that concern the whole person.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::facts::reason;
use super::{Cx, Intent, Keys, Scroll, View};
use crate::admin::api::{FactCounts, MergeView, Seen, UserDetail};
use crate::ids::UserId;
use crate::tui::dialog::Dialog;
use crate::tui::listing::Ticket;
use crate::tui::look::Page;
use crate::tui::message::{Act, Call};
use crate::tui::model::Notice;
use crate::tui::table::{draw_heading, draw_lines};
use crate::tui::text;

pub(super) const KEYS: Keys = &[
    ("f", "what is remembered (asks why)"),
    ("Esc", "back to the list"),
    ("E", "erase all (asks why, then for the id)"),
    ("m", "merge another identity into this one"),
    ("u", "undo the last merge"),
    ("l", "lower the trust ratchet"),
    ("j k PgUp PgDn", "scroll"),
];

pub(super) struct UserPage {
    pub user: UserId,
    detail: Option<Box<UserDetail>>,
    awaited: Option<Ticket>,
    scroll: Scroll,
}

impl UserPage {
    pub fn new(user: UserId) -> Self {
        Self { user, detail: None, awaited: None, scroll: Scroll::default() }
    }

    pub fn refresh(&mut self, cx: &mut Cx) {
        self.awaited = Some(cx.call(Call::User(self.user.clone())));
    }

    pub fn receive(&mut self, ticket: Ticket, detail: Box<UserDetail>) {
        if self.awaited == Some(ticket) {
            self.awaited = None;
            self.detail = Some(detail);
        }
    }

    pub fn give_up(&mut self, ticket: Ticket) {
        if self.awaited == Some(ticket) {
            self.awaited = None;
        }
    }

    /// The latest merge that was not undone.
    fn last_merge(&self) -> Option<&MergeView> {
        let merges = self.detail.iter().flat_map(|detail| &detail.merges);
        merges.filter(|merge| merge.undone_at.is_none() && merge.into == self.user).max_by_key(|merge| merge.at)
    }

    pub fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        let lines = self.lines(cx.width, cx.view).len();
        if self.scroll.press(key, lines, cx.rows) {
            return;
        }
        let user = &self.user;
        match key.code {
            KeyCode::Char('f' | 'F') => ask_why(cx, "Read what is remembered", user, Intent::ReadFacts),
            KeyCode::Char('E') => ask_why(cx, "Erase a person", user, Intent::EraseBecause),
            KeyCode::Char('m') => {
                let about =
                    format!("Facts of the other identity move to {user}. It can be undone. Which identity (tenant:name)?");
                cx.ask(Dialog::line("Merge", about, "", Intent::MergeFrom));
            }
            KeyCode::Char('u') => match self.last_merge() {
                Some(merge) => ask_why(cx, "Undo a merge", &merge.from, Intent::UndoBecause(merge.id)),
                None => cx.notice = Some(Notice::bad("No merge into this user is left to undo.")),
            },
            KeyCode::Char('l') => {
                let about =
                    format!("Take the trust ratchet off {user}? Weaker evidence opens the memory again, until better is seen.");
                cx.ask(Dialog::confirm("Lower the ratchet", about, Intent::LowerRatchet));
            }
            _ => {}
        }
    }

    pub fn submit(&mut self, intent: Intent, text: &str, cx: &mut Cx) {
        let user = self.user.clone();
        match intent {
            Intent::EraseBecause => {
                let Some(reason) = reason(text, cx) else { return };
                let about = "Everything that is remembered of this person is erased, and the keys to it. This cannot be undone.";
                cx.ask(Dialog::typed("Erase a person", about, user.to_string(), Intent::Erase { reason }));
            }
            Intent::Erase { reason } => {
                cx.act(Act::Erase { user, reason });
            }
            Intent::MergeFrom => match UserId::parse(text.trim()) {
                Ok(from) if from == user => cx.notice = Some(Notice::bad("Both are the same user.")),
                Ok(from) => ask_why(cx, "Merge", &from, Intent::MergeBecause { from: from.clone() }),
                Err(error) => cx.notice = Some(Notice::bad(format!("The user {error}."))),
            },
            Intent::MergeBecause { from } => {
                let Some(reason) = reason(text, cx) else { return };
                let about = format!("Move what is remembered of {from} to {user}?");
                cx.ask(Dialog::confirm("Merge", about, Intent::Merge { from, reason }));
            }
            Intent::Merge { from, reason } => {
                cx.act(Act::Merge { from, into: user, reason });
            }
            Intent::UndoBecause(merge) => {
                if let Some(reason) = reason(text, cx) {
                    cx.act(Act::UndoMerge { user, merge, reason });
                }
            }
            Intent::LowerRatchet => {
                cx.act(Act::LowerRatchet(user));
            }
            _ => {}
        }
    }

    pub fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let body = draw_heading(frame, area, view.look, "User", &self.user.to_string());
        draw_lines(frame, body, self.lines(area.width, view), self.scroll.0);
    }

    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(detail) = &self.detail else {
            page.text(if self.awaited.is_some() { "Loading…" } else { "Nothing has come. Press r to ask again." });
            return page.lines;
        };
        let row = &detail.row;
        page.field("user", row.user.to_string());
        page.field("known since", text::when(row.created_at));
        page.field("ratchet", row.ratchet.map_or_else(|| "none".to_owned(), |level| format!("{} or better", level.as_str())));
        add_seen(&mut page, row.seen.as_ref());
        page.heading("Kept");
        add_counts(&mut page, detail.facts, detail.waiting_turns);
        page.field("on disk", text::bytes(detail.bytes));
        page.field_if("erased", detail.erased_at.map(text::when));
        page.heading("Keys that stand for the user");
        for key in &detail.keys_made {
            let state = key.revoked_at.map_or_else(|| "in use".to_owned(), |at| format!("revoked {}", text::when(at)));
            page.field(&format!("…{}", key.hint), format!("{}, made {}, {state}", key.label, text::when(key.created_at)));
        }
        if detail.keys_made.is_empty() {
            page.text("none");
        }
        page.heading("Keys of providers");
        for key in &detail.upstream_keys {
            page.field(&key.provider, format!("…{}, since {}", key.hint, text::when(key.created_at)));
        }
        if detail.upstream_keys.is_empty() {
            page.text("none");
        }
        page.heading("Merges");
        for merge in &detail.merges {
            let state = merge.undone_at.map(|at| format!(", undone {}", text::when(at))).unwrap_or_default();
            let what = format!("{} → {}: {} facts, by {}{state}", merge.from, merge.into, merge.facts, merge.operator);
            page.field(text::when(merge.at).get(..10).unwrap_or_default(), what);
        }
        if detail.merges.is_empty() {
            page.text("none");
        }
        page.lines
    }
}

/// Asks why somebody's memory is looked at or changed.
pub(super) fn ask_why(cx: &mut Cx, title: &'static str, whose: impl std::fmt::Display, intent: Intent) {
    let about = format!("This concerns what is remembered of {whose}. Say why: it is put on record, and the person can read it.");
    cx.ask(Dialog::line(title, about, "", intent));
}

pub(super) fn add_seen(page: &mut Page, seen: Option<&Seen>) {
    let Some(seen) = seen else {
        page.field("last seen", "not since memgate started");
        return;
    };
    page.field("last seen", format!("{}, {}, by {}", text::when(seen.at), text::ago(page.now, seen.at), seen.client));
    let source = seen.source.as_deref().unwrap_or("none");
    page.field("evidence", format!("{source}, {}", seen.assurance.as_deref().unwrap_or("anonymous")));
    page.field("requests", seen.requests.to_string());
}

pub(super) fn add_counts(page: &mut Page, counts: FactCounts, waiting_turns: u64) {
    let FactCounts { active, held, forgotten, history } = counts;
    page.field("facts", format!("{active} active, {held} held for review, {forgotten} forgotten, {history} past"));
    page.field("to be learned", format!("{waiting_turns} turns"));
}
