//! Decides which turns go when a conversation outgrows its window. Pure.
//!
//! - What never goes: system and developer turns, and the last user turn with all that follows it.
//! - What goes together: a user turn and everything up to the next one, so that tool calls keep their results, answers keep
//!   their questions, and what is kept starts with a user turn.
//! - The oldest goes first, and only what is needed: nothing below the soft mark; above it a multiple of the distance between
//!   soft and target, the smallest that gets below soft again.
//!
//! That multiple is what keeps the cut in place without any state. Everything that a later request adds stands behind the cut, and
//! the tokens to save are a function of the total that rises in steps, so the same turns are cut until the conversation has grown by
//! a whole step, and the cut only ever moves forward. The prefix that the upstream has cached stays the same meanwhile.

use thiserror::Error;

use super::settings::ContextSettings;
use super::tokens::Load;
use crate::dialect::Api;
use crate::dialect::conversation::Turn;

/// What is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trim {
    /// Turns to leave out, in ascending order.
    pub cut: Vec<usize>,
    pub tokens_before: u64,
    pub tokens_after: u64,
}

/// What must stay is too much for the model. Answer with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "This conversation is too long for the model: even without its older messages it has about {needed} tokens, {over_by} more than \
     the {limit} that fit. Shorten the last message or its attachments, or offer fewer tools."
)]
pub struct Overflow {
    pub over_by: u64,
    pub needed: u64,
    pub limit: u64,
}

impl Overflow {
    /// The stable code, which is `OpenAI`'s own: JSON field, metric label and audit reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        "context_length_exceeded"
    }

    /// What the caller is told. Coding clients of Anthropic's dialect know by its first words that they are to shorten a conversation.
    #[must_use]
    pub fn message(self, api: Api) -> String {
        match api {
            Api::Anthropic => format!("prompt is too long: {} tokens > {} maximum. {self}", self.needed, self.limit),
            Api::OpenAi | Api::Ollama => self.to_string(),
        }
    }
}

/// Plans what to cut.
///
/// # Errors
/// When what must stay is above the hard mark.
pub fn plan(turns: &[Turn], load: &Load, settings: &ContextSettings) -> Result<Trim, Overflow> {
    let total = load.total();
    let marks = Marks::of(turns, load, settings);
    let mut trim = Trim { cut: Vec::new(), tokens_before: total, tokens_after: total };
    if total > marks.soft {
        let save = (total - marks.soft).div_ceil(marks.step) * marks.step;
        let mut saved = 0;
        let tail = tail_start(turns);
        for (index, turn) in turns[..tail].iter().enumerate() {
            if turn.role.instructs() {
                continue;
            }
            // A user turn starts a unit: only there may the cut end.
            if turn.opens() && saved >= save {
                break;
            }
            trim.cut.push(index);
            saved += load.turns.get(index).copied().unwrap_or_default();
        }
        trim.tokens_after = total - saved;
    }
    // Caution makes cuts earlier, but it refuses nothing: a guess must not turn away what would have fitted.
    let needed = load.without_margin(trim.tokens_after);
    match needed.checked_sub(settings.limit) {
        None | Some(0) => Ok(trim),
        Some(over_by) => Err(Overflow { over_by, needed, limit: settings.limit }),
    }
}

/// Where cutting starts, and its step.
struct Marks {
    soft: u64,
    step: u64,
}

impl Marks {
    /// The configured marks, or higher ones where tools and leading instructions take so much that no history would be left
    /// below them: then soft and target divide what is free below hard in three. Both depend only on what does not change as a
    /// conversation grows.
    fn of(turns: &[Turn], load: &Load, settings: &ContextSettings) -> Self {
        let leading = turns.iter().zip(&load.turns).take_while(|(turn, _)| turn.role.instructs());
        let fixed = leading.fold(load.fixed, |sum, (_, tokens)| sum.saturating_add(*tokens));
        let third = settings.hard.saturating_sub(fixed) / 3;
        let target = settings.target.max(fixed.saturating_add(third));
        let soft = settings.soft.max(fixed.saturating_add(2 * third));
        Self { soft, step: soft.saturating_sub(target).max(1) }
    }
}

/// Where the part begins that always stays: the last user turn. Without one, the last turn, with the calls that it answers.
fn tail_start(turns: &[Turn]) -> usize {
    if let Some(user) = turns.iter().rposition(Turn::opens) {
        return user;
    }
    let spoken = |end: usize| turns[..end].iter().rposition(|turn| !turn.role.instructs());
    let mut start = spoken(turns.len()).unwrap_or(turns.len());
    while start < turns.len() && turns[start].answers {
        let Some(before) = spoken(start) else { break };
        start = before;
    }
    start
}

#[cfg(test)]
mod tests;
