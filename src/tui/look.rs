//! Colours, with a word or a symbol beside each, so that nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::text;

/// How things are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// False with `NO_COLOR` (no-color.org): only bold, dim and reversed text is left.
    pub color: bool,
}

#[expect(clippy::unused_self, reason = "all styles are asked for alike")]
impl Look {
    /// As the environment asks for.
    pub fn from_environment() -> Self {
        Self { color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn tint(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub fn good(self) -> Style {
        self.tint(Color::Cyan)
    }

    pub fn doubtful(self) -> Style {
        self.tint(Color::Yellow)
    }

    pub fn bad(self) -> Style {
        self.tint(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What was decided, with its symbol.
    pub fn decision(self, decision: &str) -> Cell {
        let (symbol, style) = match decision {
            "admit" => ("✓", self.good()),
            "refuse" => ("✗", self.bad()),
            "sandbox" => ("□", self.doubtful()),
            "bypass" => ("→", self.doubtful()),
            _ => ("·", Style::new()),
        };
        Cell { text: format!("{symbol} {decision}"), style }
    }

    /// A condition in words of its own, with a symbol for how good it is.
    pub fn condition(self, well: bool, words: &str) -> Cell {
        let (symbol, style) = if well { ("✓", self.good()) } else { ("✗", self.bad()) };
        Cell { text: format!("{symbol} {words}"), style }
    }

    /// A budget's zone.
    pub fn zone(self, zone: &str) -> Cell {
        let (symbol, style) = match zone {
            "hard" => ("✗", self.bad()),
            "soft" => ("!", self.doubtful()),
            _ => ("✓", self.good()),
        };
        Cell { text: format!("{symbol} {zone}"), style }
    }
}

/// A text of any origin, on its way to the screen.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub text: String,
    pub style: Style,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, style: Style::new() }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Lines of a page of details, wrapped to its width.
#[derive(Debug)]
pub(super) struct Page {
    pub look: Look,
    pub now: i64,
    width: usize,
    pub lines: Vec<Line<'static>>,
}

impl Page {
    pub fn new(look: Look, now: i64, width: u16) -> Self {
        Self { look, now, width: usize::from(width), lines: Vec::new() }
    }

    /// A heading with a line of space before it.
    pub fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.lines.push(Line::styled(text::clip(text, self.width), self.look.strong()));
    }

    /// A name and what it stands for; the value is wrapped beside the name.
    pub fn field(&mut self, name: &str, value: impl Into<Cell>) {
        const NAME: usize = 16;
        let Cell { text, style } = value.into();
        for (row, part) in text::wrap(&text, self.width.saturating_sub(NAME)).into_iter().enumerate() {
            let label = if row == 0 { name } else { "" };
            let label = Span::styled(text::pad(label, NAME, false), self.look.faint());
            self.lines.push(Line::from(vec![label, Span::styled(part, style)]));
        }
    }

    /// As [`Page::field`], where there is something.
    pub fn field_if(&mut self, name: &str, value: Option<impl Into<Cell>>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    /// A paragraph.
    pub fn text(&mut self, value: impl Into<Cell>) {
        let Cell { text, style } = value.into();
        self.lines.extend(text::wrap(&text, self.width).into_iter().map(|line| Line::styled(line, style)));
    }
}
