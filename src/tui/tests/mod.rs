//! The interface over a made-up memgate: keys in, screens and calls out.

mod any;
mod given_back;
mod glance;
mod keys;
mod live;
mod sample;
mod screens;
mod words;

use std::collections::VecDeque;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::draw::draw;
use super::listing::Ticket;
use super::look::Look;
use super::message::{Call, Command, Message, Trouble};
use super::model::Model;
use super::update::update;
use sample::{NOW, answer, describe};

/// An interface and the memgate that it speaks to.
struct Desk {
    /// Taken while it is updated.
    model: Option<Model>,
    /// What was called since it was last looked at, in words.
    told: Vec<String>,
    /// Calls that were not answered yet.
    open: VecDeque<(Ticket, Call)>,
    quit: bool,
    /// Answers come by themselves.
    answering: bool,
}

impl Desk {
    fn new(columns: u16, rows: u16) -> Self {
        let model = Model::new(Look { color: true }, (columns, rows), NOW);
        Self { model: Some(model), told: Vec::new(), open: VecDeque::new(), quit: false, answering: true }
    }

    /// One that is connected, at its first screen.
    fn connected(columns: u16, rows: u16) -> Self {
        let mut desk = Self::new(columns, rows);
        desk.send(Message::Connected);
        desk.told.clear();
        desk
    }

    fn model(&self) -> &Model {
        self.model.as_ref().unwrap()
    }

    fn send(&mut self, message: Message) {
        let (model, commands) = update(self.model.take().unwrap(), message);
        self.model = Some(model);
        for command in commands {
            match command {
                Command::Quit => self.quit = true,
                Command::Call(ticket, call) => {
                    self.told.push(describe(&call));
                    self.open.push_back((ticket, *call));
                }
            }
        }
        if self.answering {
            self.answer_all();
        }
    }

    fn answer_all(&mut self) {
        while let Some((ticket, call)) = self.open.pop_front() {
            self.send(Message::Answered(ticket, answer(&call)));
        }
    }

    /// Has the oldest open call fail.
    fn fail(&mut self, why: &str) {
        let (ticket, _) = self.open.pop_front().unwrap();
        self.send(Message::Failed(ticket, Trouble(why.to_owned())));
    }

    /// Presses keys: characters as they are, others by name, such as `<enter>`. A text to type is one, too.
    fn press(&mut self, keys: &str) -> &mut Self {
        for key in read_keys(keys) {
            self.send(Message::Key(key));
        }
        self
    }

    /// What was called since the last time.
    fn calls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    fn shown(&self) -> String {
        let (columns, rows) = self.model().size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| draw(self.model(), frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for row in 0..rows {
            // What a wide character covers is no cell of its own.
            let mut column = 0;
            let mut line = String::new();
            while column < columns {
                let symbol = buffer[(column, row)].symbol();
                line.push_str(symbol);
                column += u16::try_from(super::text::columns(symbol)).unwrap().max(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn shows(&self, text: &str) -> bool {
        self.shown().contains(text)
    }
}

fn read_keys(keys: &str) -> Vec<KeyEvent> {
    let mut read = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (code, modifiers) = if let Some((name, after)) = named {
            rest = after;
            match name {
                "enter" => (KeyCode::Enter, KeyModifiers::NONE),
                "esc" => (KeyCode::Esc, KeyModifiers::NONE),
                "tab" => (KeyCode::Tab, KeyModifiers::NONE),
                "backtab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
                "up" => (KeyCode::Up, KeyModifiers::NONE),
                "down" => (KeyCode::Down, KeyModifiers::NONE),
                "left" => (KeyCode::Left, KeyModifiers::NONE),
                "end" => (KeyCode::End, KeyModifiers::NONE),
                "home" => (KeyCode::Home, KeyModifiers::NONE),
                "pgdn" => (KeyCode::PageDown, KeyModifiers::NONE),
                "back" => (KeyCode::Backspace, KeyModifiers::NONE),
                "ctrl-c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
                "ctrl-u" => (KeyCode::Char('u'), KeyModifiers::CONTROL),
                other => panic!("no key is named {other}"),
            }
        } else {
            rest = &rest[c.len_utf8()..];
            (KeyCode::Char(c), KeyModifiers::NONE)
        };
        read.push(KeyEvent::new(code, modifiers));
    }
    read
}
