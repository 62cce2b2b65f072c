//! One line of text that is being typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::text;

/// Most characters that can be typed.
const MOST: usize = 2_000;

#[derive(Debug, Default)]
pub(super) struct Input {
    /// Never a control character.
    text: Vec<char>,
    cursor: usize,
}

impl Input {
    pub fn new(text: &str) -> Self {
        let mut input = Self::default();
        input.paste(text);
        input
    }

    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Ends of lines become spaces; other controls are dropped.
    pub fn paste(&mut self, pasted: &str) {
        for c in pasted.chars() {
            match c {
                '\n' | '\t' => self.insert(' '),
                c => self.insert(c),
            }
        }
    }

    fn insert(&mut self, c: char) {
        if !c.is_control() && self.text.len() < MOST {
            self.text.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    pub fn press(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => self.insert(c),
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => {}
        }
    }

    /// What is seen of it in `width` columns: the text before the cursor, and after it.
    pub fn shown(&self, width: usize) -> (String, String) {
        let width = width.saturating_sub(1);
        let mut start = self.cursor;
        let mut used = 0;
        while start > 0 {
            let wide = text::columns(&text::clip(&self.text[start - 1].to_string(), 4));
            if used + wide > width {
                break;
            }
            used += wide;
            start -= 1;
        }
        let part = |range: std::ops::Range<usize>| self.text[range].iter().collect::<String>();
        let before = text::clip(&part(start..self.cursor), width);
        let after = text::clip(&part(self.cursor..self.text.len()), width - text::columns(&before).min(width));
        (before, after)
    }
}
