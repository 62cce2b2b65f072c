//! What the events of a stream have said so far.

use super::answer::{Answer, Opening, Usage};
use super::stored::Kept;

/// Most things that one answer is taken to leave at its upstream, until they are asked for.
const MOST_KEPT: usize = 4096;

/// What the events said.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is said or not, whatever the others are")]
pub(super) struct Heard {
    pub first_token: bool,
    pub done: bool,
    pub error: bool,
    pub void: bool,
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    pub recounted: bool,
    pub opening: Option<Box<Opening>>,
    /// The number of the last event, where the dialect counts them.
    pub sequence: Option<u64>,
    pub kept: Vec<Kept>,
    /// About how many bytes of text the answer has so far.
    pub said: u64,
    /// Events that were understood.
    pub events: u64,
}

impl Heard {
    /// Takes in what one event says.
    pub fn listen(&mut self, answer: Option<Answer>) {
        let Some(answer) = answer else { return };
        self.events += 1;
        self.done |= answer.done;
        self.first_token |= answer.content;
        self.said = self.said.saturating_add(answer.said);
        self.error |= answer.error;
        self.void |= answer.void;
        self.recounted |= answer.recounted;
        self.usage = match (self.usage, answer.usage) {
            (Some(before), Some(now)) => Some(before.or_more(now)),
            (before, now) => now.or(before),
        };
        if answer.finish_reason.is_some() {
            self.finish_reason = answer.finish_reason;
        }
        self.opening = answer.opening.or_else(|| self.opening.take());
        self.sequence = answer.sequence.or_else(|| self.sequence.map(|last| last.saturating_add(1)));
        let room = MOST_KEPT - self.kept.len();
        self.kept.extend(answer.kept.into_iter().take(room));
    }
}
