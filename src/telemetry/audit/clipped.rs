//! Strangers' words in records.

use serde::Serialize;

use crate::ids::is_invisible;

/// A stranger's word, such as a path: cut to `MAX` bytes, with control, bidirectional, zero-width and tag characters replaced, so
/// that it is inert wherever the log is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Clipped<const MAX: usize>(Box<str>);

impl<const MAX: usize> Clipped<MAX> {
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let harmless = |c: char| if is_invisible(c) { '\u{fffd}' } else { c };
        Self(text[..end].chars().map(harmless).collect())
    }

    /// The path of a request target. The query goes: some clients put keys there.
    #[must_use]
    pub fn path(target: &str) -> Self {
        Self::new(target.split_once(['?', '#']).map_or(target, |(path, _)| path))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
