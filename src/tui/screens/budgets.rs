//! Budgets: the rules, and who uses how much of them.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::terms::Terms;
use super::{Cx, Intent, Keys, Screen, View, motion};
use crate::admin::api::{BudgetAccount, BudgetFilter, BudgetRow, BudgetStanding, ResetBudget};
use crate::tui::dialog::Dialog;
use crate::tui::listing::{Listing, Ticket};
use crate::tui::look::Cell;
use crate::tui::message::{Act, Answer, Call};
use crate::tui::model::Notice;
use crate::tui::table::{Column, below, draw_heading, draw_table, top};
use crate::tui::text;

const CONDITIONS: [&str; 3] = ["user", "rule", "zone"];
/// Rules that are shown above the accounts.
const RULES: usize = 4;

const COLUMNS: [Column; 5] = [
    Column::part("USER", 2),
    Column::part("RULE", 2),
    Column::fixed("ZONE", 6),
    Column::part("USED", 4),
    Column::fixed("RESETS", 9),
];

#[derive(Default)]
pub(in crate::tui) struct Budgets {
    rules: Vec<BudgetRow>,
    list: Listing<BudgetAccount>,
    filter: BudgetFilter,
    typed: String,
}

impl Budgets {
    fn set_filter(&mut self, typed: String, cx: &mut Cx) {
        match Terms::parse(&typed, &CONDITIONS) {
            Ok(terms) => {
                let [user, rule, zone] = CONDITIONS.map(|name| terms.get(name));
                self.filter = BudgetFilter { user: user.or(terms.words), rule, zone, ..BudgetFilter::default() };
                self.typed = typed;
                self.list = Listing::default();
                self.refresh(cx);
            }
            Err(told) => cx.notice = Some(Notice::bad(told)),
        }
    }

    fn turn_zone(&mut self, cx: &mut Cx) {
        let next = match self.filter.zone.as_deref() {
            None => Some("zone=soft"),
            Some("soft") => Some("zone=hard"),
            Some(_) => None,
        };
        let others = self.typed.split(' ').filter(|part| !part.starts_with("zone=") && !part.is_empty());
        let parts: Vec<&str> = others.chain(next).collect();
        self.set_filter(parts.join(" "), cx);
    }
}

/// An amount in the words of its kind; money is in millionths.
fn amount(kind: &str, number: u64) -> String {
    if kind == "money" { format!("{}.{:02}", number / 1_000_000, number % 1_000_000 / 10_000) } else { text::count(number) }
}

fn used(limit: &BudgetStanding) -> String {
    let BudgetStanding { kind, used, reserved, limit, .. } = limit;
    let running = if *reserved > 0 { format!(" (+{} running)", amount(kind, *reserved)) } else { String::new() };
    format!("{} {}/{}{running}", kind, amount(kind, *used), amount(kind, *limit))
}

/// The worst zone of an account.
fn zone(account: &BudgetAccount) -> &str {
    let rank = |zone: &str| ["open", "soft", "hard"].iter().position(|known| *known == zone).unwrap_or(0);
    account.limits.iter().map(|limit| limit.zone.as_str()).max_by_key(|zone| rank(zone)).unwrap_or("open")
}

impl Screen for Budgets {
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        cx.call(Call::Budgets);
        let ticket = cx.call(Call::BudgetUsers(self.filter.clone()));
        self.list.begin(ticket);
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx) {
        if let Some(by) = motion(key, cx.rows) {
            self.list.step(by);
            if let Some(cursor) = self.list.wanted() {
                let ticket = cx.call(Call::BudgetUsers(BudgetFilter { cursor: Some(cursor), ..self.filter.clone() }));
                self.list.begin_more(ticket);
            }
            return;
        }
        match key.code {
            KeyCode::Char('/') => {
                let about = "A user, as user=… or alone; rule=…; zone=soft or zone=hard: those at least so far.";
                cx.ask(Dialog::line("Search accounts", about, &self.typed, Intent::Search));
            }
            KeyCode::Char('z') => self.turn_zone(cx),
            KeyCode::Char('x') => {
                if let Some(BudgetAccount { user, rule, .. }) = self.list.current() {
                    let about = format!("Take what {user} has used off the rule {rule}? It is put on record.");
                    let intent = Intent::ResetBudget(ResetBudget { rule: rule.clone(), user: user.clone() });
                    cx.ask(Dialog::confirm("Reset a budget", about, intent));
                }
            }
            KeyCode::Esc if !self.typed.is_empty() => self.set_filter(String::new(), cx),
            _ => {}
        }
    }

    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx) {
        match intent {
            Intent::Search => self.set_filter(text, cx),
            Intent::ResetBudget(reset) => {
                cx.act(Act::ResetBudget(reset));
            }
            _ => {}
        }
    }

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        match answer {
            Answer::Budgets(rules) => self.rules = rules,
            Answer::BudgetUsers(page) => self.list.receive(ticket, page),
            _ => {}
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        self.list.give_up(ticket);
    }

    fn keys(&self) -> Keys {
        &[("/", "search"), ("z", "soft, hard zone alone"), ("x", "reset what was used (asks)"), ("Esc", "no search")]
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let filter = if self.typed.is_empty() { String::new() } else { format!(" · only: {}", self.typed) };
        let aside = format!("{}{filter}", self.list.place());
        let body = draw_heading(frame, area, view.look, "Budgets", &aside);
        let width = usize::from(area.width).saturating_sub(2);
        let mut rules: Vec<String> = self.rules.iter().take(RULES).map(tell_rule).collect();
        if self.rules.len() > RULES {
            rules.push(format!("and {} more rules", self.rules.len() - RULES));
        }
        for (row, rule) in rules.iter().enumerate() {
            frame.render_widget(Line::raw(format!("  {}", text::clip(rule, width))), top(body, row));
        }
        let above = u16::try_from(rules.len()).unwrap_or(0) + u16::from(!rules.is_empty());
        let none = "No account fits. A budget opens one with the first request that counts.";
        draw_table(frame, below(body, above), view.look, &COLUMNS, (&self.list, none), |account| {
            let resets = account.limits.iter().filter_map(|limit| limit.resets_at).min();
            let used: Vec<String> = account.limits.iter().map(used).collect();
            let resets: Cell =
                resets.map_or_else(|| "-".to_owned(), |at| format!("in {}", text::span(at.saturating_sub(view.now)))).into();
            let zone = view.look.zone(zone(account));
            vec![account.user.clone().into(), account.rule.clone().into(), zone, used.join(", ").into(), resets]
        });
    }
}

fn tell_rule(rule: &BudgetRow) -> String {
    let limits: Vec<String> =
        rule.limits.iter().map(|limit| format!("{} {}", amount(&limit.kind, limit.limit), limit.kind)).collect();
    format!("{}: {} for {} · {} accounts", rule.name, limits.join(", "), rule.scope, rule.accounts)
}
