//! Which file speaks each dialect.

use bytes::Bytes;

use super::Dialect;
use super::answer::Answer;
use super::anthropic::{Count, Message, Messages};
use super::chat::{ChatCompletions, Choices};
use super::completions::Completions;
use super::conversation::{Conversation, ParseError};
use super::format::{Format, Framing, Replies};
use super::ollama::{Lines, OllamaChat, OllamaGenerate};
use super::responses::Responses;
use super::stored::Kept;

impl Dialect {
    pub(super) fn format(self) -> &'static dyn Format {
        match self {
            Self::ChatCompletions => &ChatCompletions,
            Self::Completions => &Completions,
            Self::Responses => &Responses,
            Self::Messages => &Messages(Self::Messages),
            Self::CountTokens => &Messages(Self::CountTokens),
            Self::OllamaChat => &OllamaChat,
            Self::OllamaGenerate => &OllamaGenerate,
        }
    }

    pub(super) fn replies(self) -> &'static dyn Replies {
        match self {
            Self::ChatCompletions | Self::Completions => &Choices,
            Self::Responses => &Responses,
            Self::Messages => &Message,
            Self::CountTokens => &Count,
            Self::OllamaChat | Self::OllamaGenerate => &Lines,
        }
    }

    /// Reads the body of a request: one pass, no copy of any text.
    ///
    /// # Errors
    /// When the body is none of this dialect, or a key that memgate reads is ambiguous.
    pub fn parse(self, body: Bytes) -> Result<Conversation, ParseError> {
        self.format().parse(body)
    }

    /// Reads an answer that was not streamed. `None` when it is no answer of this dialect.
    #[must_use]
    pub fn read_answer(self, json: &[u8]) -> Option<Answer> {
        self.replies().read_answer(json)
    }

    /// Reads what the upstream keeps of an answer, from the start of a document that is too long to be read whole.
    #[must_use]
    pub fn read_kept(self, start: &[u8]) -> Vec<Kept> {
        self.replies().read_kept(start)
    }

    /// How a stream of this dialect is framed.
    #[must_use]
    pub fn framing(self) -> Framing {
        self.replies().framing()
    }
}
