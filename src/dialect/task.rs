//! Tells a turn of the person from what a chat UI asks on its own behalf.
//!
//! A wrong guess may only ever suppress memory, or let a person learn from their own text: it never picks whose memory it is.

use super::conversation::{Conversation, Form, Role};
use super::prompts;

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

/// By what the purpose of a request was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clue {
    /// The header in which the client names its tasks.
    Header,
    /// A prompt that a client is known to send: its name.
    Prompt(&'static str),
    /// The client's id of the chat.
    ChatId,
    /// The request's form, in which nobody says anything: a count of tokens.
    Form,
    /// Who speaks last.
    LastTurn,
}

impl Clue {
    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Prompt(_) => "text",
            Self::ChatId => "chat_id",
            Self::Form => "form",
            Self::LastTurn => "last_turn",
        }
    }

    /// The known prompt, where the text was one.
    #[must_use]
    pub fn prompt(self) -> Option<&'static str> {
        match self {
            Self::Prompt(name) => Some(name),
            _ => None,
        }
    }
}

/// Classifies a conversation, and says by what.
///
/// `task_header` is the value of the header that the operator filled from Open `WebUI`'s `{{TASK}}`: it decides where it is resolved,
/// an empty one says that this is no task. Without it the text decides. `chat_id` is the client's id of the chat.
#[must_use]
pub fn classify(conversation: &Conversation, task_header: Option<&str>, chat_id: Option<&str>) -> (Purpose, Clue) {
    let named = task_header.map(str::trim).filter(|value| !value.contains("{{"));
    let found = match named {
        Some("") => None,
        Some(_) => return (Purpose::Task, Clue::Header),
        None => prompts::find(conversation),
    };
    if conversation.form() == Form::Closed {
        return (Purpose::Task, Clue::Form);
    }
    if let Some(found) = found.filter(|found| !found.follows) {
        return (Purpose::Task, Clue::Prompt(found.name));
    }
    if chat_id.is_some_and(is_temporary) {
        return (Purpose::Temporary, Clue::ChatId);
    }
    // What earlier turns were given is given again, so that a cache of the prompt still holds.
    if let Some(found) = found {
        return (Purpose::Continuation, Clue::Prompt(found.name));
    }
    if conversation.dialect().only_counts() || conversation.form() != Form::Turns {
        return (Purpose::Continuation, Clue::Form);
    }
    match conversation.last_turn().map(|last| &conversation.turns()[last]) {
        Some(last) if last.role == Role::User => (Purpose::Turn, Clue::LastTurn),
        _ => (Purpose::Continuation, Clue::LastTurn),
    }
}

/// Open `WebUI`'s ids of chats that it does not keep (`open_webui/utils/chat_id.py`). `LibreChat` tells a temporary conversation by no header
/// and no field: its placeholders know `conversationId`, `parentMessageId` and `messageId` only (`packages/api/src/utils/env.ts`).
fn is_temporary(chat_id: &str) -> bool {
    ["temporary:", "local:"].iter().any(|prefix| chat_id.starts_with(prefix))
}

#[cfg(test)]
mod tests;
