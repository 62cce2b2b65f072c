//! Questions in front of a screen: a line to type, a choice, or a confirmation.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use super::input::Input;
use super::look::Look;
use super::screens::Intent;
use super::table::top;
use super::text;

/// A question, and what the answer is for.
pub(super) struct Dialog {
    title: &'static str,
    /// What it is about.
    about: String,
    ask: Ask,
    pub intent: Intent,
}

enum Ask {
    Line(Input),
    /// Something that has to be typed once more, so that nobody does it by a slip.
    Typed {
        expected: String,
        input: Input,
    },
    YesOrNo,
    Choice {
        options: Vec<&'static str>,
        selected: usize,
    },
}

/// What a key came to.
pub(super) enum Outcome {
    Open,
    Closed,
    /// With what was typed or chosen.
    Answered(String),
}

impl Dialog {
    /// Asks for a line; `text` is there already.
    pub fn line(title: &'static str, about: impl Into<String>, text: &str, intent: Intent) -> Self {
        Self { title, about: about.into(), ask: Ask::Line(Input::new(text)), intent }
    }

    /// Asks for exactly `expected`.
    pub fn typed(title: &'static str, about: impl Into<String>, expected: String, intent: Intent) -> Self {
        Self { title, about: about.into(), ask: Ask::Typed { expected, input: Input::default() }, intent }
    }

    pub fn confirm(title: &'static str, about: impl Into<String>, intent: Intent) -> Self {
        Self { title, about: about.into(), ask: Ask::YesOrNo, intent }
    }

    pub fn choice(title: &'static str, about: impl Into<String>, options: Vec<&'static str>, intent: Intent) -> Self {
        Self { title, about: about.into(), ask: Ask::Choice { options, selected: 0 }, intent }
    }

    pub fn press(&mut self, key: KeyEvent) -> Outcome {
        if key.code == KeyCode::Esc {
            return Outcome::Closed;
        }
        match (&mut self.ask, key.code) {
            (Ask::Line(input), KeyCode::Enter) => return Outcome::Answered(input.text()),
            (Ask::Typed { expected, input }, KeyCode::Enter) => {
                let text = input.text();
                if text == *expected {
                    return Outcome::Answered(text);
                }
            }
            (Ask::Line(input) | Ask::Typed { input, .. }, _) => input.press(key),
            (Ask::YesOrNo, KeyCode::Char('y' | 'Y')) => return Outcome::Answered(String::new()),
            (Ask::YesOrNo, KeyCode::Char('n' | 'N')) => return Outcome::Closed,
            (Ask::YesOrNo, _) => {}
            (Ask::Choice { options, selected }, code) => match code {
                KeyCode::Up | KeyCode::Char('k') => *selected = selected.saturating_sub(1),
                KeyCode::Down | KeyCode::Char('j') => *selected = (*selected + 1).min(options.len().saturating_sub(1)),
                KeyCode::Enter => return options.get(*selected).map_or(Outcome::Closed, |o| Outcome::Answered((*o).to_owned())),
                _ => {}
            },
        }
        Outcome::Open
    }

    pub fn paste(&mut self, pasted: &str) {
        if let Ask::Line(input) | Ask::Typed { input, .. } = &mut self.ask {
            input.paste(pasted);
        }
    }

    pub fn draw(&self, frame: &mut Frame, area: Rect, look: Look) {
        let width = area.width.saturating_sub(4).min(74);
        let inner = usize::from(width.saturating_sub(4));
        let mut lines: Vec<Line> = text::wrap(&self.about, inner).into_iter().map(Line::raw).collect();
        // What is asked stays in sight, whatever there is to say of it.
        lines.truncate(usize::from(area.height.saturating_sub(8)).max(1));
        lines.push(Line::default());
        match &self.ask {
            Ask::Line(input) => {
                lines.push(typed(input, inner, look));
                lines.push(Line::styled("Enter: go on   Esc: leave it", look.faint()));
            }
            Ask::Typed { expected, input } => {
                lines.push(Line::styled(text::clip(&format!("Type {expected} to go on:"), inner), look.bad()));
                lines.push(typed(input, inner, look));
                let told = if input.text() == *expected {
                    "Enter: do it   Esc: leave it"
                } else {
                    "It does not match yet.   Esc: leave it"
                };
                lines.push(Line::styled(told, look.faint()));
            }
            Ask::YesOrNo => lines.push(Line::styled("y: do it   n or Esc: leave it", look.faint())),
            Ask::Choice { options, selected } => {
                for (index, option) in options.iter().enumerate() {
                    let chosen = index == *selected;
                    let line = Line::raw(format!("{} {option}", if chosen { ">" } else { " " }));
                    lines.push(if chosen { line.style(look.selected()) } else { line });
                }
                lines.push(Line::styled("j, k: choose   Enter: take it   Esc: leave it", look.faint()));
            }
        }
        draw_box(frame, area, width, self.title, lines);
    }
}

fn typed(input: &Input, width: usize, look: Look) -> Line<'static> {
    let (before, after) = input.shown(width.saturating_sub(2));
    let mut after = after.chars();
    let under = after.next().unwrap_or(' ').to_string();
    Line::from(vec![
        Span::raw("> "),
        Span::raw(before),
        Span::styled(under, look.selected()),
        Span::raw(after.collect::<String>()),
    ])
}

/// Lines in a box in the middle of an area.
pub(super) fn draw_box(frame: &mut Frame, area: Rect, width: u16, title: &str, lines: Vec<Line>) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let x = area.x + area.width.saturating_sub(width) / 2;
    let y = area.y + area.height.saturating_sub(height) / 2;
    let place = Rect { x, y, width, height }.intersection(area);
    frame.render_widget(Clear, place);
    let block = Block::bordered().title(format!(" {title} "));
    let inside = block.inner(place);
    frame.render_widget(block, place);
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    for (row, line) in lines.into_iter().enumerate() {
        frame.render_widget(line, top(inside, row));
    }
}
