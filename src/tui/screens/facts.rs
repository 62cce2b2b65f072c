//! What is remembered of somebody, under the reason that was given for reading it. Leaving ends the visit.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::terms::Terms;
use super::{Cx, Intent, Keys, Scroll, View, motion};
use crate::admin::Reason;
use crate::admin::api::{AmendFact, FactFilter, FactView};
use crate::ids::{FactId, UserId};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::{Cell, Look, Page};
use crate::tui::message::{Act, Answer, Call, Whose};
use crate::tui::model::Notice;
use crate::tui::table::{Column, draw_heading, draw_lines, draw_table};
use crate::tui::text;

const CONDITIONS: [&str; 2] = ["status", "kind"];
const STATUSES: [Option<&str>; 4] = [None, Some("held"), Some("active"), Some("forgotten")];

const COLUMNS: [Column; 5] = [
    Column::fixed("", 3),
    Column::fixed("STATUS", 11),
    Column::fixed("KIND", 10),
    Column::part("TEXT", 5),
    Column::part("SAID TO", 1).from(70),
];

pub(super) struct Facts {
    pub whose: Whose,
    pub reason: String,
    list: Listing<FactView>,
    filter: FactFilter,
    typed: String,
    /// Those that a promotion takes along.
    pub marked: BTreeSet<FactId>,
    /// How far the details are scrolled, while they are open.
    detail: Option<Scroll>,
    /// The act that waits for its answer. Those of another visit are none of this one's.
    acting: Option<Ticket>,
}

/// A reason as memgate takes it; what is wrong with it is told otherwise.
pub(super) fn reason(text: &str, cx: &mut Cx) -> Option<String> {
    let Ok(reason) = Reason::parse(text) else {
        let told = format!("Not done: say why, in {} characters at most.", Reason::LONGEST);
        cx.notice = Some(Notice::bad(told));
        return None;
    };
    Some(reason.as_str().to_owned())
}

impl Facts {
    pub fn of_user(user: UserId, reason: String) -> Self {
        Self::new(Whose::User(user), reason)
    }

    pub fn of_sandbox(id: String, reason: String) -> Self {
        Self::new(Whose::Sandbox(id), reason)
    }

    fn new(whose: Whose, reason: String) -> Self {
        let (list, filter, typed) = (Listing::default(), FactFilter::default(), String::new());
        Self { whose, reason, list, filter, typed, marked: BTreeSet::new(), detail: None, acting: None }
    }

    fn call(&self, cursor: Option<String>) -> Call {
        let filter = FactFilter { cursor, ..self.filter.clone() };
        Call::Facts { whose: self.whose.clone(), filter, reason: self.reason.clone() }
    }

    pub fn refresh(&mut self, cx: &mut Cx) {
        let ticket = cx.call(self.call(None));
        self.list.begin(ticket);
    }

    fn set_filter(&mut self, typed: String, cx: &mut Cx) {
        match Terms::parse(&typed, &CONDITIONS) {
            Ok(terms) => {
                let [status, kind] = CONDITIONS.map(|name| terms.get(name));
                let history = self.filter.history;
                self.filter = FactFilter { search: terms.words, status, kind, history, ..FactFilter::default() };
                self.typed = typed;
                self.list = Listing::default();
                self.refresh(cx);
            }
            Err(told) => cx.notice = Some(Notice::bad(told)),
        }
    }

    fn turn_status(&mut self, cx: &mut Cx) {
        let at = STATUSES.iter().position(|status| *status == self.filter.status.as_deref()).unwrap_or(0);
        let next = STATUSES[(at + 1) % STATUSES.len()];
        let others = self.typed.split(' ').filter(|part| !part.starts_with("status=") && !part.is_empty()).map(str::to_owned);
        let parts: Vec<String> = others.chain(next.map(|status| format!("status={status}"))).collect();
        self.set_filter(parts.join(" "), cx);
    }

    /// True: back to where it was opened.
    pub fn press(&mut self, key: KeyEvent, cx: &mut Cx) -> bool {
        if let Some(mut scroll) = self.detail {
            if key.code == KeyCode::Esc {
                self.detail = None;
                return false;
            }
            let lines = self.lines(cx.width, cx.view).len();
            if scroll.press(key, lines, cx.rows) {
                self.detail = Some(scroll);
                return false;
            }
        } else if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(self.call(Some(cursor)));
                self.list.begin_more(ticket);
            }
            return false;
        }
        match key.code {
            KeyCode::Esc if self.typed.is_empty() => return true,
            KeyCode::Esc => self.set_filter(String::new(), cx),
            KeyCode::Enter => self.detail = self.list.current().map(|_| Scroll::default()),
            KeyCode::Char('/') => {
                let about = "What to search for, as recall does. Conditions: status=active|held|forgotten kind=…";
                cx.ask(Dialog::line("Search facts", about, &self.typed, Intent::Search));
            }
            KeyCode::Char('s') => self.turn_status(cx),
            KeyCode::Char('h') => {
                self.filter.history = !self.filter.history;
                self.refresh(cx);
            }
            _ => match &self.whose {
                Whose::User(user) => self.review(&user.clone(), key, cx),
                Whose::Sandbox(_) => self.mark(key),
            },
        }
        false
    }

    fn review(&mut self, user: &UserId, key: KeyEvent, cx: &mut Cx) {
        if key.code == KeyCode::Char('n') {
            cx.ask(Dialog::line("Add a fact", "It is remembered of this person from now on.", "", Intent::AddFact));
            return;
        }
        let Some(fact) = self.list.current() else { return };
        let change = match key.code {
            KeyCode::Char('a') => AmendFact { status: Some("active".to_owned()), ..AmendFact::default() },
            KeyCode::Char('p') => AmendFact { pinned: Some(!fact.pinned), ..AmendFact::default() },
            KeyCode::Char('x') => AmendFact { status: Some("forgotten".to_owned()), ..AmendFact::default() },
            KeyCode::Char('e') => {
                return cx.ask(Dialog::line("Edit a fact", "What it says from now on:", &fact.text, Intent::EditFact(fact.id)));
            }
            KeyCode::Char('D') => {
                let about = format!("Delete this fact? It cannot be undone.\n{}", fact.text);
                return cx.ask(Dialog::confirm("Delete a fact", about, Intent::DeleteFact(fact.id)));
            }
            _ => return,
        };
        let act = Act::AmendFact { user: user.clone(), fact: fact.id, change, reason: self.reason.clone() };
        self.acting = cx.act(act);
    }

    fn mark(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Char(' ') => {
                if let Some(id) = self.list.current().map(|fact| fact.id)
                    && !self.marked.remove(&id)
                {
                    self.marked.insert(id);
                }
            }
            KeyCode::Char('A') => self.marked.extend(self.list.rows.iter().map(|fact| fact.id)),
            KeyCode::Char('N') => self.marked.clear(),
            _ => {}
        }
    }

    pub fn submit(&mut self, intent: &Intent, text: String, cx: &mut Cx) {
        if let Intent::Search = intent {
            return self.set_filter(text, cx);
        }
        let Whose::User(user) = self.whose.clone() else { return };
        let reason = self.reason.clone();
        match intent {
            Intent::AddFact | Intent::EditFact(_) if text.trim().is_empty() => {
                cx.notice = Some(Notice::bad("Not done: a fact says something."));
            }
            Intent::AddFact => self.acting = cx.act(Act::AddFact { user, text, reason }),
            Intent::EditFact(fact) => {
                let fact = *fact;
                let change = AmendFact { text: Some(text), ..AmendFact::default() };
                self.acting = cx.act(Act::AmendFact { user, fact, change, reason });
            }
            Intent::DeleteFact(fact) => self.acting = cx.act(Act::DeleteFact { user, fact: *fact, reason }),
            _ => {}
        }
    }

    pub fn receive(&mut self, ticket: Ticket, answer: Answer) {
        match answer {
            Answer::Facts(page) => self.list.receive(ticket, page),
            // An edit gives a fact of its own, which takes the place of the one before.
            Answer::Fact { before, now } if self.acting == Some(ticket) => {
                match self.list.rows.iter_mut().find(|row| Some(row.id) == before || row.id == now.id) {
                    Some(row) => *row = *now,
                    None => self.list.push_front(*now),
                }
            }
            Answer::Gone(id) if self.acting == Some(ticket) => {
                self.list.rows.retain(|row| row.id != id);
                self.list.step(0);
                self.marked.remove(&id);
                self.detail = None;
            }
            _ => {}
        }
    }

    pub fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
    }

    pub fn keys(&self) -> Keys {
        match self.whose {
            Whose::User(_) => &[
                ("Enter", "where it comes from"),
                ("a", "approve"),
                ("e", "edit"),
                ("p", "pin, unpin"),
                ("x", "forget"),
                ("D", "delete (asks)"),
                ("n", "add one"),
                ("/", "search"),
                ("s", "one status alone"),
                ("h", "with those of the past"),
                ("Esc", "back"),
            ],
            Whose::Sandbox(_) => &[
                ("Space", "mark"),
                ("P", "promote the marked ones (asks)"),
                ("Enter", "where it comes from"),
                ("A N", "mark all, none"),
                ("/", "search"),
                ("s", "one status alone"),
                ("h", "with those of the past"),
                ("Esc", "back"),
            ],
        }
    }

    pub fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let name = match &self.whose {
            Whose::User(user) => user.to_string(),
            Whose::Sandbox(id) => format!("sandbox {}…", id.get(..12).unwrap_or(id)),
        };
        let mut aside = self.list.place();
        if !self.marked.is_empty() {
            aside = format!("{aside} · {} marked", self.marked.len());
        }
        if self.filter.history {
            aside += " · with the past";
        }
        if !self.typed.is_empty() {
            aside = format!("{aside} · only: {}", self.typed);
        }
        let body = draw_heading(frame, area, view.look, &format!("Facts of {name}"), &aside);
        if self.detail.is_some() {
            let lines = self.lines(area.width, view);
            return draw_lines(frame, body, lines, self.detail.unwrap_or_default().0);
        }
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, "Nothing is remembered, or nothing fits."), |fact| {
            let mark = if self.marked.contains(&fact.id) {
                "[x]"
            } else if fact.pinned {
                "pin"
            } else {
                ""
            };
            let client = fact.source.client.clone();
            vec![mark.into(), status(view.look, fact), fact.kind.clone().into(), fact.text.clone().into(), client.into()]
        });
    }

    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        let Some(fact) = self.list.current() else { return page.lines };
        page.field("text", Cell { text: fact.text.clone(), style: view.look.strong() });
        page.field("status", status(view.look, fact));
        page.field_if("held for", fact.held_for.clone());
        page.field("recalled", if fact.current { "yes" } else { "no" });
        page.field("pinned", if fact.pinned { "yes" } else { "no" });
        let slot = fact.slot.as_ref().map(|slot| format!(", {slot}")).unwrap_or_default();
        page.field("kind", format!("{}, {}{slot}", fact.kind, fact.tier));
        page.heading("Where it comes from");
        page.field("words", fact.source.quote.clone());
        page.field("drawn by", fact.source.origin.clone());
        page.field("said to", fact.source.client.clone());
        page.field_if("session", fact.source.session.clone());
        page.field("believed", fact.source.assurance.clone());
        page.heading("When");
        page.field("written", text::when(fact.created_at));
        page.field("holds from", text::when(fact.valid_at));
        page.field_if("held until", fact.invalid_at.map(text::when));
        page.field_if("expires", fact.expires_at.map(text::when));
        page.field_if("replaced by", fact.superseded_by.map(|id| id.to_string()));
        page.field("id", fact.id.to_string());
        page.lines
    }
}

fn status(look: Look, fact: &FactView) -> Cell {
    let (symbol, style) = match fact.status.as_str() {
        "active" if fact.current => ("✓", look.good()),
        "held" => ("?", look.doubtful()),
        _ => ("·", look.faint()),
    };
    Cell { text: format!("{symbol} {}", fact.status), style }
}
