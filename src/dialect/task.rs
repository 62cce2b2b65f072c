//! Tells a turn of the person from what a chat UI asks on its own behalf.
//!
//! A wrong guess may only ever suppress memory, or let a person learn from their own text: it never picks whose memory it is.

use super::conversation::{Conversation, Form, Role};
use super::words::is_task_prompt;

const EMOJI_OPENING: &str = "Your task is to reflect the speaker's";
const MOA_OPENING: &str = "You have been provided with a set of responses from various models to the latest user query";

/// What a chat request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The person said something new.
    Turn,
    /// The UI asks for a title, tags, follow-ups, queries, …: no memory, no learning.
    Task,
    /// A temporary chat: no memory, no learning, no history.
    Temporary,
    /// The conversation goes on without a new word of the person: a tool loop (ends in a tool's result), or a UI's instruction at the
    /// end (`SillyTavern`'s impersonate, continue, summarise, quiet prompts). Memory takes part, so that what earlier turns were
    /// given is given again; nothing is learned.
    Continuation,
}

impl Purpose {
    /// Whether memory takes part in the request.
    #[must_use]
    pub fn recalls(self) -> bool {
        matches!(self, Self::Turn | Self::Continuation)
    }

    /// Whether the person's last turn may be learned from, once the answer has ended well.
    #[must_use]
    pub fn learns(self) -> bool {
        self == Self::Turn
    }

    /// The name in metrics and audit records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Task => "task",
            Self::Temporary => "temporary",
            Self::Continuation => "continuation",
        }
    }
}

/// Classifies a chat request.
///
/// `task_header` is the value of the header that the operator filled from Open `WebUI`'s `{{TASK}}`: it decides where it is resolved,
/// an empty one says that this is no task. Without it the text decides. `chat_id` is the client's id of the chat.
#[must_use]
pub fn classify(conversation: &Conversation, task_header: Option<&str>, chat_id: Option<&str>) -> Purpose {
    let task = match task_header.map(str::trim) {
        Some(value) if !value.contains("{{") => !value.is_empty(),
        _ => reads_as_task(conversation),
    };
    if task || conversation.form() == Form::Closed {
        return Purpose::Task;
    }
    if chat_id.is_some_and(|id| id.starts_with("temporary:") || id.starts_with("local:")) {
        return Purpose::Temporary;
    }
    match conversation.turns().last() {
        Some(last) if last.role == Role::User && conversation.form() == Form::Turns => Purpose::Turn,
        _ => Purpose::Continuation,
    }
}

/// Open `WebUI`'s task prompts: one user turn with a known opening, no tools, not streamed (but for the merging of answers, which
/// its page streams). A chat over files opens like a task and is a turn.
fn reads_as_task(conversation: &Conversation) -> bool {
    let [only] = conversation.turns() else { return false };
    if only.role != Role::User || conversation.has_tools() {
        return false;
    }
    let text = conversation.text(0);
    let text = text.trim_start();
    if text.starts_with(MOA_OPENING) {
        return true;
    }
    !conversation.stream() && (is_task_prompt(text) || text.starts_with(EMOJI_OPENING))
}

#[cfg(test)]
mod tests;
