//! The audit log, read and verified.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::Value;

use super::terms::Terms;
use super::{Cx, Intent, Keys, Screen, Scroll, View, motion};
use crate::admin::api::{AuditFilter, AuditLine, AuditVerification};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::{Cell, Page};
use crate::tui::message::{Answer, Call};
use crate::tui::model::Notice;
use crate::tui::table::{Column, draw_heading, draw_lines, draw_table};

const CONDITIONS: [&str; 5] = ["type", "user", "act", "operator", "client"];

const COLUMNS: [Column; 6] = [
    Column::fixed("NO", 8).right(),
    Column::fixed("TIME", 20),
    Column::fixed("TYPE", 8),
    Column::part("WHAT", 3),
    Column::part("USER", 3),
    Column::part("BY", 2).from(70),
];

#[derive(Default)]
pub(in crate::tui) struct Audit {
    list: Listing<AuditLine>,
    filter: AuditFilter,
    typed: String,
    pane: Pane,
}

#[derive(Default)]
enum Pane {
    #[default]
    List,
    Line(Scroll),
    /// None while it is under way.
    Verification(Option<AuditVerification>, Ticket, Scroll),
}

impl Audit {
    fn set_filter(&mut self, typed: String, cx: &mut Cx) {
        match Terms::parse(&typed, &CONDITIONS) {
            Ok(terms) => {
                let [sort, user, act, operator, client] = CONDITIONS.map(|name| terms.get(name));
                self.filter = AuditFilter { sort, user, act, operator, client, id: terms.words, ..AuditFilter::default() };
                self.typed = typed;
                self.list = Listing::default();
                self.refresh(cx);
            }
            Err(told) => cx.notice = Some(Notice::bad(told)),
        }
    }

    fn lines(&self, width: u16, view: View) -> Vec<Line<'static>> {
        let mut page = Page::new(view.look, view.now, width);
        match &self.pane {
            Pane::List => {}
            Pane::Line(_) => {
                let Some(line) = self.list.current() else { return page.lines };
                page.field("number", line.seq.to_string());
                add_value(&mut page, "", &line.record);
            }
            Pane::Verification(None, ..) => page.text("Every record is being checked…"),
            Pane::Verification(Some(verification), ..) => add_verification(&mut page, verification),
        }
        page.lines
    }
}

/// The members of a record, one a line, those within others beneath their names.
fn add_value(page: &mut Page, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let path = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                add_value(page, &path, value);
            }
        }
        Value::String(text) => page.field(name, text.clone()),
        other => page.field(name, other.to_string()),
    }
}

fn add_verification(page: &mut Page, found: &AuditVerification) {
    let words = if found.intact { "intact: nothing was changed, removed or moved" } else { "NOT INTACT" };
    page.field("the log is", page.look.condition(found.intact, words));
    page.field("checked", format!("{} records in {} files, in {} ms", found.records, found.files, found.took_ms));
    if let (Some(first), Some(last)) = (found.first, found.last) {
        page.field("numbers", format!("{first} to {last}"));
    }
    for fault in &found.faults {
        page.heading(&format!("{}, line {}", fault.file, fault.line));
        page.text(Cell { text: fault.what.clone(), style: page.look.bad() });
    }
}

fn part<'a>(record: &'a Value, names: &[&str]) -> &'a str {
    names.iter().find_map(|name| record.get(name).and_then(Value::as_str)).unwrap_or("-")
}

impl Screen for Audit {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        if let Pane::Verification(..) = self.pane {
            self.pane = Pane::Verification(None, cx.call(Call::Verify), Scroll::default());
            return;
        }
        let ticket = cx.call(Call::Audit(self.filter.clone()));
        self.list.begin(ticket);
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        let lines = self.lines(cx.width, cx.view).len();
        match &mut self.pane {
            Pane::Line(scroll) | Pane::Verification(.., scroll) => {
                scroll.press(key, lines, cx.rows);
                if key.code == KeyCode::Esc {
                    self.pane = Pane::List;
                }
                return;
            }
            Pane::List => {}
        }
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(Call::Audit(AuditFilter { cursor: Some(cursor), ..self.filter.clone() }));
                self.list.begin_more(ticket);
            }
            return;
        }
        match key.code {
            KeyCode::Enter if !self.list.rows.is_empty() => self.pane = Pane::Line(Scroll::default()),
            KeyCode::Char('v') => self.pane = Pane::Verification(None, cx.call(Call::Verify), Scroll::default()),
            KeyCode::Char('/') => {
                let about = "The id of a request, a receipt, a key or a fact. Conditions: type=request|learned|operator user=… act=… \
                             operator=… client=…; all have to hold.";
                cx.ask(Dialog::line("Search the audit log", about, &self.typed, Intent::Search));
            }
            KeyCode::Esc if !self.typed.is_empty() => self.set_filter(String::new(), cx),
            _ => {}
        }
    }

    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx) {
        if let Intent::Search = intent {
            self.set_filter(text, cx);
        }
    }

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        match (answer, &mut self.pane) {
            (Answer::Audit(page), _) => self.list.receive(ticket, page),
            (Answer::Verification(verification), Pane::Verification(found, awaited, _)) if *awaited == ticket => {
                *found = Some(verification);
            }
            _ => {}
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
        if matches!(&self.pane, Pane::Verification(None, awaited, _) if *awaited == ticket) {
            self.pane = Pane::List;
        }
    }

    fn keys(&self) -> Keys {
        match self.pane {
            Pane::List => &[("Enter", "the whole record"), ("v", "verify the log"), ("/", "search"), ("Esc", "no search")],
            _ => &[("Esc", "back to the list"), ("j k", "scroll")],
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let filter = if self.typed.is_empty() { String::new() } else { format!(" · only: {}", self.typed) };
        let aside = format!("{}{filter}", self.list.place());
        let body = draw_heading(frame, area, view.look, "Audit log", &aside);
        if let Pane::Line(scroll) | Pane::Verification(.., scroll) = self.pane {
            return draw_lines(frame, body, self.lines(area.width, view), scroll.0);
        }
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, "No record fits."), |line| {
            let record = &line.record;
            let time = part(record, &["time"]).split('.').next().unwrap_or_default().to_owned();
            vec![
                line.seq.to_string().into(),
                time.into(),
                part(record, &["type"]).into(),
                part(record, &["act", "reason", "request"]).into(),
                part(record, &["user", "tenant"]).into(),
                part(record, &["operator", "client"]).into(),
            ]
        });
    }
}
