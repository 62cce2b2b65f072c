//! Users: found, looked at, and what is done about them.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::facts::Facts;
use super::terms::Terms;
use super::user::UserPage;
use super::{Cx, Intent, Keys, Screen, View, motion};
use crate::admin::api::{UserFilter, UserRow};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::message::{Answer, Call};
use crate::tui::model::Notice;
use crate::tui::table::{Column, draw_heading, draw_table};
use crate::tui::text;

const COLUMNS: [Column; 7] = [
    Column::part("USER", 3),
    Column::fixed("LAST SEEN", 11),
    Column::part("BY CLIENT", 2),
    Column::fixed("BELIEVED", 9),
    Column::fixed("RATCHET", 9),
    Column::fixed("KEYS", 4).right(),
    Column::fixed("REQUESTS", 8).right().from(100),
];

#[derive(Default)]
pub(in crate::tui) struct Users {
    list: Listing<UserRow>,
    filter: UserFilter,
    typed: String,
    page: Option<UserPage>,
    /// What is remembered of the user of the page.
    facts: Option<Facts>,
}

impl Users {
    fn set_filter(&mut self, typed: String, cx: &mut Cx) {
        match Terms::parse(&typed, &["tenant"]) {
            Ok(terms) => {
                let tenant = terms.get("tenant");
                self.filter = UserFilter { search: terms.words, tenant, ..UserFilter::default() };
                self.typed = typed;
                self.list = Listing::default();
                self.refresh(cx);
            }
            Err(told) => cx.notice = Some(Notice::bad(told)),
        }
    }

    fn press_list(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(Call::Users(UserFilter { cursor: Some(cursor), ..self.filter.clone() }));
                self.list.begin_more(ticket);
            }
            return;
        }
        match key.code {
            KeyCode::Enter => {
                if let Some(row) = self.list.current() {
                    let mut page = UserPage::new(row.user.clone());
                    page.refresh(cx);
                    self.page = Some(page);
                }
            }
            KeyCode::Char('/') => {
                let about = "Part of a name. tenant=… looks in one tenant alone.";
                cx.ask(Dialog::line("Search users", about, &self.typed, Intent::Search));
            }
            KeyCode::Esc if !self.typed.is_empty() => self.set_filter(String::new(), cx),
            _ => {}
        }
    }
}

impl Screen for Users {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        match (&mut self.facts, &mut self.page) {
            (Some(facts), _) => facts.refresh(cx),
            (None, Some(page)) => page.refresh(cx),
            (None, None) => {
                let ticket = cx.call(Call::Users(self.filter.clone()));
                self.list.begin(ticket);
            }
        }
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        match (&mut self.facts, &mut self.page) {
            (Some(facts), _) => {
                if facts.press(key, cx) {
                    self.facts = None;
                }
            }
            (None, Some(_)) if key.code == KeyCode::Esc => self.page = None,
            (None, Some(page)) => page.press(key, cx),
            (None, None) => self.press_list(key, cx),
        }
    }

    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx) {
        match (intent, &mut self.facts, &mut self.page) {
            (Intent::ReadFacts, None, Some(page)) => {
                if let Some(reason) = super::facts::reason(&text, cx) {
                    let mut facts = Facts::of_user(page.user.clone(), reason);
                    facts.refresh(cx);
                    self.facts = Some(facts);
                }
            }
            (intent, Some(facts), _) => facts.submit(&intent, text, cx),
            (intent, None, Some(page)) => page.submit(intent, &text, cx),
            (Intent::Search, None, None) => self.set_filter(text, cx),
            _ => {}
        }
    }

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        match (answer, &mut self.facts, &mut self.page) {
            (Answer::Users(page), ..) => self.list.receive(ticket, page),
            (Answer::User(detail), _, Some(page)) => page.receive(ticket, detail),
            (answer, Some(facts), _) => facts.receive(ticket, answer),
            _ => {}
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
        if let Some(page) = &mut self.page {
            page.give_up(ticket);
        }
        if let Some(facts) = &mut self.facts {
            facts.give_up(ticket);
        }
    }

    fn keys(&self) -> Keys {
        match (&self.facts, &self.page) {
            (Some(facts), _) => facts.keys(),
            (None, Some(_)) => super::user::KEYS,
            (None, None) => &[("Enter", "details"), ("/", "search"), ("Esc", "no search")],
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        match (&self.facts, &self.page) {
            (Some(facts), _) => return facts.draw(frame, area, view),
            (None, Some(page)) => return page.draw(frame, area, view),
            (None, None) => {}
        }
        let filter = if self.typed.is_empty() { String::new() } else { format!(" · only: {}", self.typed) };
        let aside = format!("{}{filter}", self.list.place());
        let body = draw_heading(frame, area, view.look, "Users", &aside);
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, "No user fits."), |row| {
            let seen = row.seen.as_ref();
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned()).into();
            vec![
                row.user.to_string().into(),
                or_none(seen.map(|seen| text::ago(view.now, seen.at))),
                or_none(seen.map(|seen| seen.client.to_string())),
                or_none(seen.and_then(|seen| seen.assurance.clone())),
                or_none(row.ratchet.map(|level| level.as_str().to_owned())),
                row.keys.to_string().into(),
                or_none(seen.map(|seen| text::count(seen.requests))),
            ]
        });
    }
}
