//! The screens: what each knows, what keys do there, and how it is drawn.

pub(super) mod audit;
pub(super) mod budgets;
pub(super) mod decisions;
pub(super) mod explained;
pub(super) mod facts;
pub(super) mod overview;
pub(super) mod sandboxes;
pub(super) mod terms;
pub(super) mod upstreams;
pub(super) mod user;
pub(super) mod users;
pub(super) mod what_if;

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::dialog::Dialog;
use super::listing::Ticket;
use super::look::Look;
use super::message::{Act, Answer, Call, Command};
use super::model::{Notice, Tab};
use crate::admin::api::ResetBudget;
use crate::ids::{FactId, RequestId, UserId};

/// A key or two, and what they do. Shown by the help and, the first ones, at the foot of the screen.
pub(super) type Keys = &'static [(&'static str, &'static str)];

/// What a dialog's answer is for.
#[derive(Clone)]
pub(super) enum Intent {
    Search,
    /// The reason for which facts are read.
    ReadFacts,
    EditFact(FactId),
    AddFact,
    DeleteFact(FactId),
    /// The reason for an erasure.
    EraseBecause,
    Erase {
        reason: String,
    },
    MergeFrom,
    MergeBecause {
        from: UserId,
    },
    Merge {
        from: UserId,
        reason: String,
    },
    UndoBecause(RequestId),
    LowerRatchet,
    PromoteTo,
    PromoteAnd {
        user: UserId,
    },
    Promote {
        user: UserId,
        end: bool,
    },
    EndSandbox(String),
    ResetBudget(ResetBudget),
    Mode,
}

/// One of the screens.
pub(super) trait Screen {
    /// Asks for what is shown, anew.
    fn refresh(&mut self, cx: &mut Cx);

    /// Nothing was ever asked for.
    fn is_empty(&self) -> bool;

    /// Seconds after which it is asked for by itself; none where asking is on record, or where it comes by itself.
    fn refreshes_every(&self) -> Option<i64> {
        None
    }

    fn press(&mut self, key: KeyEvent, cx: &mut Cx);

    /// A dialog was answered.
    fn submit(&mut self, intent: Intent, text: String, cx: &mut Cx);

    fn receive(&mut self, ticket: Ticket, answer: Answer);

    /// A call failed.
    fn give_up(&mut self, ticket: Ticket);

    fn keys(&self) -> Keys;

    fn draw(&self, frame: &mut Frame, area: Rect, view: View);
}

/// What drawing needs beside a screen's own state.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub look: Look,
    /// Milliseconds since the Unix epoch.
    pub now: i64,
}

/// What a screen can see of the rest, and ask of it.
pub(super) struct Cx<'a> {
    pub tab: Tab,
    /// Columns and rows of the screen's area.
    pub width: u16,
    pub rows: usize,
    pub view: View,
    pub last_ticket: &'a mut Ticket,
    pub pending: &'a mut BTreeMap<Ticket, Pending>,
    pub commands: Vec<Command>,
    pub dialog: Option<Dialog>,
    pub notice: Option<Notice>,
}

/// A call whose answer has not come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub tab: Tab,
    /// It changes something.
    pub act: bool,
}

impl Cx<'_> {
    /// Reads something.
    pub fn call(&mut self, call: Call) -> Ticket {
        self.start(call, false)
    }

    /// Changes something, one thing at a time: none where another change is under way.
    pub fn act(&mut self, act: Act) -> Option<Ticket> {
        if self.pending.values().any(|pending| pending.act) {
            self.notice = Some(Notice::bad("Not done: memgate has not answered the act before. Wait a moment, then try again."));
            return None;
        }
        Some(self.start(Call::Act(Box::new(act)), true))
    }

    fn start(&mut self, call: Call, act: bool) -> Ticket {
        *self.last_ticket += 1;
        let ticket = *self.last_ticket;
        self.pending.insert(ticket, Pending { tab: self.tab, act });
        self.commands.push(Command::Call(ticket, Box::new(call)));
        ticket
    }

    pub fn ask(&mut self, dialog: Dialog) {
        self.dialog = Some(dialog);
    }
}

/// How far a key moves in a list or a text; `page` is what is seen at once.
pub(super) fn motion(key: KeyEvent, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX).max(1);
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('f') if control => Some(page),
        KeyCode::Char('b') if control => Some(-page),
        KeyCode::Up | KeyCode::Char('k') => Some(-1),
        KeyCode::Down | KeyCode::Char('j') => Some(1),
        KeyCode::PageUp => Some(-page),
        KeyCode::PageDown => Some(page),
        KeyCode::Home | KeyCode::Char('g') => Some(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => Some(isize::MAX),
        _ => None,
    }
}

/// How far a page of details is scrolled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scroll(pub usize);

impl Scroll {
    /// Moves, if the key is one that moves, and no further than to the last of `lines`.
    pub fn press(&mut self, key: KeyEvent, lines: usize, rows: usize) -> bool {
        let Some(by) = motion(key, rows) else { return false };
        self.0 = self.0.saturating_add_signed(by).min(lines.saturating_sub(rows));
        true
    }
}
