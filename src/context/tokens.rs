//! Counts the tokens of a conversation: an estimate, corrected by what each upstream model says it counted.

use std::fmt;
use std::ops::Range;

use dashmap::DashMap;

use super::calibration::{Calibration, MARGIN, ONE};
use super::class_model;
use super::memo::Memo;
use crate::dialect::conversation::{Content, Conversation, PartKind, Text, Turn};

/// What a chat template puts around each message.
const PER_TURN: u64 = 4;
/// What opens the answer.
const PRIMING: u64 = 3;
/// An image, whatever its bytes: `OpenAI`'s cost of a 1024 × 1024 one.
const IMAGE: u64 = 765;
/// A string in an unknown part that is longer than this and holds no space is encoded data, not text; it counts as an image.
const LONGEST_WORD: usize = 1024;
/// Upstream models whose correction is kept. Names come from requests, so they are bounded.
const MOST_MODELS: usize = 1024;

/// Tokens of a conversation, corrected for the model that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Tokens of each turn.
    pub turns: Vec<u64>,
    /// Tokens that no trimming can save: tools, schemas, the opening of the answer. Callers add what they will inject.
    pub fixed: u64,
    /// The correction in these counts, in thousandths, with the margin; for [`TokenCounter::observe`].
    pub factor: u64,
    /// The part of the correction that is mere caution, in thousandths: 1000 once the model is calibrated.
    pub margin: u64,
}

impl Load {
    /// Tokens without the caution: what may be said to a person, and refused by.
    #[must_use]
    pub fn without_margin(&self, tokens: u64) -> u64 {
        tokens.saturating_mul(ONE) / self.margin.max(1)
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.turns.iter().fold(self.fixed, |sum, tokens| sum.saturating_add(*tokens))
    }
}

/// Counts tokens. One for the process: it remembers counts of texts and corrections of models.
pub struct TokenCounter {
    memo: Memo,
    calibrations: DashMap<u128, Calibration>,
}

/// The tokens of a text as some model would count them, uncalibrated.
#[must_use]
pub fn estimate_tokens(text: &str) -> usize {
    usize::try_from(class_model::count(text)).unwrap_or(usize::MAX)
}

impl TokenCounter {
    #[must_use]
    pub fn new() -> Self {
        Self { memo: Memo::new(), calibrations: DashMap::new() }
    }

    /// The tokens of a conversation for a model of an upstream.
    #[must_use]
    pub fn measure(&self, conversation: &Conversation, upstream: &str, model: &str) -> Load {
        let known = self.calibrations.get(&self.key(upstream, model)).and_then(|known| known.factor());
        let (factor, margin) = known.map_or((MARGIN, MARGIN), |factor| (factor, ONE));
        let corrected = |tokens: u64| (tokens * factor).div_ceil(ONE);
        let schemas = conversation.schemas().map(|json| self.count_json(json)).sum::<u64>();
        let turns = conversation.turns().iter().map(|turn| corrected(self.count_turn(conversation, turn))).collect();
        Load { turns, fixed: corrected(PRIMING + schemas), factor, margin }
    }

    /// The tokens of a text, such as a block to be injected, at the correction of a [`Load`].
    #[must_use]
    pub fn measure_text(&self, text: &str, factor: u64) -> u64 {
        (class_model::count(text) * factor).div_ceil(ONE)
    }

    /// Learns from an upstream's own count (`usage.prompt_tokens`) of what was sent to it. `sent` is our count of the same, at `factor`.
    pub fn observe(&self, upstream: &str, model: &str, sent: u64, factor: u64, counted: u64) {
        let Some(estimated) = sent.saturating_mul(ONE).checked_div(factor) else { return };
        let key = self.key(upstream, model);
        if let Some(mut known) = self.calibrations.get_mut(&key) {
            known.observe(estimated, counted);
            return;
        }
        if self.calibrations.len() < MOST_MODELS {
            self.calibrations.entry(key).or_insert_with(Calibration::new).observe(estimated, counted);
        }
    }

    fn key(&self, upstream: &str, model: &str) -> u128 {
        self.memo.hash(&[upstream.as_bytes(), model.as_bytes()])
    }

    fn count_turn(&self, conversation: &Conversation, turn: &Turn) -> u64 {
        let content = match &turn.content {
            Content::Absent | Content::Null(_) => 0,
            Content::Text(text) => self.count_text(conversation, text),
            Content::Unknown(span) => self.count_json(conversation.slice(span)),
            Content::Parts { parts, .. } => {
                let count = |kind: &PartKind, raw| match kind {
                    PartKind::Text(text) => self.count_text(conversation, text),
                    PartKind::Image => IMAGE,
                    PartKind::Other => self.count_json(raw),
                };
                parts.iter().map(|part| count(&part.kind, conversation.slice(&part.span))).sum()
            }
        };
        // Calls that stand among the parts have been counted there.
        let apart =
            |span: &&Range<usize>| !matches!(&turn.content, Content::Parts { span: parts, .. } if parts.contains(&span.start));
        let calls = turn.calls.as_ref().filter(apart).map_or(0, |span| self.count_json(conversation.slice(span)));
        PER_TURN + content + calls + turn.images as u64 * IMAGE
    }

    fn count_text(&self, conversation: &Conversation, text: &Text) -> u64 {
        self.memo.get_or(conversation.slice(&text.span()), || class_model::count(&conversation.decode(text)))
    }

    /// JSON as it stands, but for encoded data in it.
    fn count_json(&self, json: &[u8]) -> u64 {
        let count = |text: &[u8]| class_model::count(&String::from_utf8_lossy(text));
        let is_data = |piece: &&[u8]| piece.len() > LONGEST_WORD && !piece.contains(&b' ');
        self.memo.get_or(json, || {
            let data = json.split(|b| *b == b'"').filter(is_data).count() as u64;
            if data == 0 {
                return count(json);
            }
            let rest = json.split(|b| *b == b'"').filter(|piece| !is_data(piece));
            data * IMAGE + rest.map(count).sum::<u64>()
        })
    }
}

impl Default for TokenCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TokenCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCounter").field("models", &self.calibrations.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
