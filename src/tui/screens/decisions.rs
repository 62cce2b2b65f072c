//! Decisions as they are made, searched and explained.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::explained::Explained;
use super::terms::Terms;
use super::{Cx, Intent, Keys, Screen, View, motion};
use crate::admin::api::{DecisionFilter, DecisionRow};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::message::{Answer, Call};
use crate::tui::model::Notice;
use crate::tui::table::{Column, draw_heading, draw_table};
use crate::tui::text;

/// Rows that came while the list stood still, kept at most.
const MOST_HELD: usize = 1_000;
/// The newest rows, among which one that comes twice would be.
const RECENT: usize = 200;

const CONDITIONS: [&str; 6] = ["user", "client", "mode", "decision", "reason", "route"];
/// What `f` goes through.
const DECISIONS: [Option<&str>; 5] = [None, Some("refuse"), Some("sandbox"), Some("bypass"), Some("admit")];

const COLUMNS: [Column; 8] = [
    Column::fixed("TIME", 8),
    Column::fixed("DECISION", 9),
    Column::part("REASON", 3),
    Column::part("USER", 3),
    Column::part("CLIENT", 2),
    Column::part("MODEL", 2).from(100),
    Column::fixed("STATUS", 6).right(),
    Column::fixed("MS", 7).right().from(70),
];

#[derive(Default)]
pub(in crate::tui) struct Decisions {
    list: Listing<DecisionRow>,
    filter: DecisionFilter,
    /// The filter as it was typed.
    typed: String,
    paused: bool,
    /// What came during a pause, the oldest first.
    held: Vec<DecisionRow>,
    missed: u64,
    explained: Option<Explained>,
}

impl Decisions {
    /// A decision was made.
    pub fn hear(&mut self, row: DecisionRow) {
        if !fits(&self.filter, &row) {
            return;
        }
        if !self.paused {
            self.insert(row);
        } else if self.held.len() < MOST_HELD {
            self.held.push(row);
        } else {
            self.missed += 1;
        }
    }

    /// How many rows are kept.
    #[cfg(test)]
    pub fn shown(&self) -> usize {
        self.list.rows.len()
    }

    fn insert(&mut self, row: DecisionRow) {
        if !self.list.rows.iter().take(RECENT).any(|known| known.request == row.request) {
            self.list.push_front(row);
        }
    }

    fn set_filter(&mut self, typed: String, cx: &mut Cx) {
        let terms = match Terms::parse(&typed, &CONDITIONS) {
            Ok(terms) => terms,
            Err(told) => {
                cx.notice = Some(Notice::bad(told));
                return;
            }
        };
        let [user, client, mode, decision, reason, route] = CONDITIONS.map(|name| terms.get(name));
        let search = terms.words;
        self.filter = DecisionFilter { user, client, mode, decision, reason, route, search, ..DecisionFilter::default() };
        self.typed = typed;
        self.list = Listing::default();
        self.held.clear();
        self.refresh(cx);
    }

    /// The next decision to look at alone, the other conditions staying.
    fn turn_filter(&mut self, cx: &mut Cx) {
        let at = DECISIONS.iter().position(|decision| *decision == self.filter.decision.as_deref()).unwrap_or(0);
        let next = DECISIONS[(at + 1) % DECISIONS.len()];
        let others = self.typed.split(' ').filter(|part| !part.starts_with("decision=") && !part.is_empty()).map(str::to_owned);
        let parts: Vec<String> = others.chain(next.map(|decision| format!("decision={decision}"))).collect();
        self.set_filter(parts.join(" "), cx);
    }

    fn turn_pause(&mut self, cx: &mut Cx) {
        self.paused = !self.paused;
        if self.paused {
            return;
        }
        for row in std::mem::take(&mut self.held) {
            self.insert(row);
        }
        if std::mem::take(&mut self.missed) > 0 {
            self.refresh(cx);
        }
    }

    fn heading(&self) -> String {
        let state = match (self.paused, self.held.len()) {
            (false, _) => "live".to_owned(),
            (true, held) => format!("PAUSED, {} waiting", held as u64 + self.missed),
        };
        format!("Decisions · {state}")
    }
}

/// Whether a filter lets a row through, as memgate does it.
fn fits(filter: &DecisionFilter, row: &DecisionRow) -> bool {
    let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
    let user = filter.user.as_deref().is_none_or(|wanted| {
        row.user
            .as_deref()
            .is_some_and(|user| user == wanted || (!wanted.contains(':') && user.strip_prefix("default:") == Some(wanted)))
    });
    let found = filter.search.as_ref().is_none_or(|search| {
        let search = search.to_lowercase();
        let places = [Some(&row.request), Some(&row.path), row.model.as_ref(), Some(&row.peer)];
        places.into_iter().flatten().any(|place| place.to_lowercase().contains(&search))
    });
    user && found
        && is(&filter.client, Some(&row.client))
        && is(&filter.mode, Some(&row.mode))
        && is(&filter.decision, Some(&row.decision))
        && is(&filter.reason, Some(&row.reason))
        && is(&filter.route, Some(&row.route))
}

impl Screen for Decisions {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        if let Some(explained) = &mut self.explained {
            explained.refresh(cx);
            return;
        }
        let ticket = cx.call(Call::Decisions(self.filter.clone()));
        self.list.begin(ticket);
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(explained) = &mut self.explained {
            if key.code == KeyCode::Esc {
                self.explained = None;
            } else {
                explained.press(key, cx);
            }
            return;
        }
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(Call::Decisions(DecisionFilter { cursor: Some(cursor), ..self.filter.clone() }));
                self.list.begin_more(ticket);
            }
            return;
        }
        match key.code {
            KeyCode::Enter => {
                if let Some(row) = self.list.current() {
                    let mut explained = Explained::new(row.request.clone());
                    explained.refresh(cx);
                    self.explained = Some(explained);
                }
            }
            KeyCode::Char(' ' | 'p') => self.turn_pause(cx),
            KeyCode::Char('f') => self.turn_filter(cx),
            KeyCode::Char('/') => {
                let about = "Words look into the request's id, path, model and peer. Conditions: user=… client=… mode=… decision=… reason=… \
                             route=…; all have to hold.";
                cx.ask(Dialog::line("Search decisions", about, &self.typed, Intent::Search));
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
        match answer {
            Answer::Decisions(page) => self.list.receive(ticket, page),
            Answer::Explanation(explanation) => {
                if let Some(explained) = &mut self.explained {
                    explained.receive(ticket, explanation);
                }
            }
            _ => {}
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
        if let Some(explained) = &mut self.explained {
            explained.give_up(ticket);
        }
    }

    fn keys(&self) -> Keys {
        if self.explained.is_some() {
            return &[("Esc", "back to the list"), ("j k PgUp PgDn", "scroll")];
        }
        &[
            ("Enter", "explain"),
            ("Space", "pause, go on"),
            ("/", "search, filter"),
            ("f", "one decision alone: refuse, sandbox, bypass, admit"),
            ("Esc", "no filter"),
        ]
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        if let Some(explained) = &self.explained {
            return explained.draw(frame, area, view);
        }
        let filter = if self.typed.is_empty() { String::new() } else { format!(" · only: {}", self.typed) };
        let aside = format!("{}{filter}", self.list.place());
        let body = draw_heading(frame, area, view.look, &self.heading(), &aside);
        let none = "No decision fits. Requests appear here when they have ended.";
        draw_table(frame, body, view.look, &COLUMNS, (&self.list, none), |row| {
            vec![
                text::clock(row.time).into(),
                view.look.decision(&row.decision),
                row.reason.clone().into(),
                row.user.clone().unwrap_or_else(|| "-".to_owned()).into(),
                row.client.clone().into(),
                row.model.clone().unwrap_or_else(|| "-".to_owned()).into(),
                row.status.map_or_else(|| "-".to_owned(), |status| status.to_string()).into(),
                format!("{:.0}", row.duration_ms).into(),
            ]
        });
    }
}
