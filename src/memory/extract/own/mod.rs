//! Which parts of a turn are the person's own words: everything that was pasted, quoted, injected or played is left out.

mod lines;
mod openings;
mod spans;
mod tags;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::words::is_line_break;

/// A stretch of the person's own words, as a byte range of the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) range: Range<usize>,
    /// Something was left out right before or behind it, on the same line: its first or last clause may be a torso.
    pub(super) torn_start: bool,
    pub(super) torn_end: bool,
}

/// Openings of prompts that a chat UI writes in the person's name.
const TASK_PROMPTS: [&str; 3] =
    ["### task", "your task is to reflect the speaker's", "you have been provided with a set of responses"];

/// The person's own stretches of `text`, in order. None for a turn that plays a role, that a chat UI wrote, or that carries the
/// marks by which a model's template tells the speakers apart.
pub(super) fn own_words(text: &str) -> Vec<Stretch> {
    let opening = text.trim_start();
    let is_task =
        TASK_PROMPTS.iter().any(|p| starts_with_folded(opening, p)) || text.lines().any(|l| starts_with_folded(l, "### task"));
    let mut mask = Mask(vec![false; text.len()]);
    let untold = is_task
        || lines::mask_fences(text, &mut mask) == Register::Foreign
        || tags::mask_tags(text, &mut mask) == Register::Foreign
        || lines::mask_lines(text, &mut mask) == Register::Foreign
        || spans::mask_spans(text, &mut mask) == Register::Foreign;
    if untold { Vec::new() } else { mask.stretches(text) }
}

/// Whose words a turn is.
#[derive(Debug, PartialEq, Eq)]
enum Register {
    /// The person's, what is masked aside.
    Own,
    /// Not surely the person's, in any part: a role is played, or a conversation was pasted.
    Foreign,
}

struct Mask(Vec<bool>);

impl Mask {
    fn hide(&mut self, range: Range<usize>) {
        if let Some(part) = self.0.get_mut(range) {
            part.fill(true);
        }
    }

    fn hides(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(false)
    }

    fn stretches(&self, text: &str) -> Vec<Stretch> {
        let mut found: Vec<Stretch> = Vec::new();
        let mut start = None;
        for at in 0..=text.len() {
            let open = at < text.len() && !self.hides(at);
            match (start, open) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    let before = text.get(..from).unwrap_or_default();
                    let breaks = |c: Option<char>| c.is_none_or(is_line_break);
                    let inner = text.get(from..at).unwrap_or_default();
                    let torn_start = !breaks(before.chars().next_back()) && !breaks(inner.trim_start_matches(' ').chars().next());
                    let torn_end = at < text.len() && !breaks(inner.chars().next_back());
                    found.push(Stretch { range: from..at, torn_start, torn_end });
                    start = None;
                }
                _ => {}
            }
        }
        found
    }
}

/// Each line with its line break, as byte ranges; every character that any reader takes for a line break is one.
fn line_ranges(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    text.split_inclusive(is_line_break).map(move |line| {
        let range = at..at + line.len();
        at = range.end;
        (range, line)
    })
}

fn starts_with_folded(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix))
}
