//! The path of a setting: `clients[0].key`.

use std::fmt;

/// What stands for a key that is not repeated.
const HIDDEN: &str = "(another key)";
/// Longest key that is repeated. No setting's is as long.
const LONGEST_KEY: usize = 40;

/// One step from a setting to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Where a setting stands. The empty path is the whole file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty() || self.0 == [Step::Key("(file)".to_owned())]
    }

    /// Whether `hidden` is a key that is not repeated, and this one could be it.
    pub(super) fn is_beside_hidden(&self, hidden: &Self) -> bool {
        let Some((Step::Key(key), above)) = hidden.0.split_last() else { return false };
        key == HIDDEN && self.0.starts_with(above) && matches!(self.0.get(above.len()), Some(Step::Key(own)) if !is_misspelt(own))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Reads a path as [`fmt::Display`] writes it. Keys that hold `.` or `[` come back divided, which serves for comparing.
    pub(super) fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split(['.', '[']).filter(|part| !part.is_empty()) {
            let index = part.strip_suffix(']').and_then(|digits| digits.parse().ok());
            steps.push(index.map_or_else(|| Step::Key(part.to_owned()), Step::Index));
        }
        Self(steps)
    }

    /// The path with its last key hidden, unless it looks like a misspelt setting: a slip makes a key of a secret easily.
    pub(super) fn with_last_hidden(mut self) -> Self {
        if let Some(Step::Key(key)) = self.0.last_mut()
            && !is_misspelt(key)
        {
            HIDDEN.clone_into(key);
        }
        self
    }

    /// Whether `other` is this setting or stands inside it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

/// Whether a key looks like a setting's, perhaps misspelt.
fn is_misspelt(key: &str) -> bool {
    key.len() <= LONGEST_KEY && key.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'))
}

/// A key as it may be shown.
pub(super) fn legible(key: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if key.len() <= LONGEST_KEY && key.bytes().all(plain) { key } else { HIDDEN }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(file)");
        }
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,

                Step::Key(key) => write!(f, "{}{}", if i == 0 { "" } else { "." }, legible(key))?,
            }
        }
        Ok(())
    }
}
