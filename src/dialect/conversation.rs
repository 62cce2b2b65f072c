//! The internal view of a conversation: turns, parts and tool calls as byte ranges of the body they came from.
//!
//! Nothing is copied out of the body and nothing is built anew, so what memgate does not own passes byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use thiserror::Error;

use super::Dialect;
use super::json::{self, Literal, Malformed};
use super::members::Members;
use super::stored::Stored;

/// Who speaks in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    /// A tool's result: roles `tool` and `function`.
    Tool,
    /// Instructions in the midst of a conversation that cannot stand without the turn that they follow. They are cut with it.
    Aside,
    /// A role that memgate does not know. Passed through.
    Other,
}

impl Role {
    /// Whether the turn instructs the model. Such turns are never cut.
    #[must_use]
    pub fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// The text of a turn or part, as a string literal of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub(super) Literal);

impl Text {
    /// The literal with its quotes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.0.span.clone()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.span.len() <= 2
    }
}

/// What a turn says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The turn has no content at all.
    Absent,
    /// `null`, which stands where the range says.
    Null(Range<usize>),
    Text(Text),
    Parts {
        span: Range<usize>,
        parts: Vec<Part>,
    },
    /// Some other value, which no known upstream takes. Passed through; nothing is written into it.
    Unknown(Range<usize>),
}

/// One element of a content array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub span: Range<usize>,
    pub kind: PartKind,
}

impl Part {
    /// The part's text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&Text> {
        match &self.kind {
            PartKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    Text(Text),
    Image,
    /// Audio, files, and whatever comes next.
    Other,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    /// The whole message.
    pub span: Range<usize>,
    pub content: Content,
    /// Where the turn's tool calls stand, if it makes any: results that follow belong to it.
    pub calls: Option<Range<usize>>,
    /// The turn holds a tool's result, so it cannot stand without the call before it. A user turn may hold one beside the person's
    /// own words.
    pub answers: bool,
    /// Images beside the content, as Ollama has them.
    pub images: usize,
}

impl Turn {
    /// Whether the turn calls tools.
    #[must_use]
    pub fn calls(&self) -> bool {
        self.calls.is_some()
    }

    /// Whether the turn starts an exchange of its own, which can be kept without what stands before it.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.role == Role::User && !self.answers
    }
}

/// Whose words the turns of a request are, by its form alone; the later, the less memory may do with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Turns, each of one speaker.
    #[default]
    Turns,
    /// One text that is to go on, in which several may speak: nothing is learned from it.
    Transcript,
    /// Nothing that memory could take part in: text around a gap, several prompts, token ids, a model to be loaded.
    Closed,
}

/// What a request is besides its turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Nature {
    pub form: Form,
    /// Tokens of the window that the client asks for.
    pub window: Option<u64>,
    /// Part of what the upstream will count stands in no turn.
    pub uncounted: bool,
}

/// A parsed request body.
///
/// Its `Debug` shows its shape and none of its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Conversation {
    pub(super) dialect: Dialect,
    pub(super) body: Bytes,
    pub(super) model: Option<String>,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) max_tokens: Option<u64>,
    pub(super) turns: Vec<Turn>,
    /// How many of the first turns stand outside the list, each as a value of its own (a system text, a lone prompt).
    pub(super) outside: usize,
    /// The array that holds the other turns.
    pub(super) list: Option<Range<usize>>,
    pub(super) schemas: Vec<Range<usize>>,
    pub(super) tools: bool,
    pub(super) stored: Stored,
    pub(super) members: Members,
    pub(super) nature: Nature,
}

impl Conversation {
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Whether the client asked for a stream. What the upstream does is told by its content type alone.
    #[must_use]
    pub fn stream(&self) -> bool {
        self.stream
    }

    /// Whether the client asked for a usage chunk in its stream.
    #[must_use]
    pub fn include_usage(&self) -> bool {
        self.include_usage
    }

    /// The most tokens that the client wants as answer.
    #[must_use]
    pub fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// Whose words the turns are, by the request's form alone.
    #[must_use]
    pub fn form(&self) -> Form {
        self.nature.form
    }

    /// The window in tokens that the client asks for.
    #[must_use]
    pub fn window(&self) -> Option<u64> {
        self.nature.window
    }

    /// Whether all that the upstream will count stands in the turns, so that its count can be compared with memgate's own.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        !self.nature.uncounted
    }

    /// Whether tools are offered to the model.
    #[must_use]
    pub fn has_tools(&self) -> bool {
        self.tools
    }

    /// What the request has to do with what its upstream keeps.
    #[must_use]
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// What the upstream puts into the prompt besides the turns, as JSON: tools, functions, the answer's schema.
    pub fn schemas(&self) -> impl Iterator<Item = &[u8]> {
        self.schemas.iter().map(|span| &self.body[span.clone()])
    }

    /// Where a turn stands in the request's own list, if it stands in there.
    #[must_use]
    pub fn listed(&self, turn: usize) -> Option<usize> {
        turn.checked_sub(self.outside)
    }

    /// Index of the last turn of the person.
    #[must_use]
    pub fn last_user(&self) -> Option<usize> {
        self.turns.iter().rposition(|turn| turn.role == Role::User)
    }

    /// Index of the last turn, but for asides behind it.
    #[must_use]
    pub fn last_turn(&self) -> Option<usize> {
        self.turns.iter().rposition(|turn| turn.role != Role::Aside)
    }

    /// Index of the last of the instructing turns that the conversation starts with.
    #[must_use]
    pub fn last_leading_system(&self) -> Option<usize> {
        self.turns.iter().take_while(|turn| turn.role.instructs()).count().checked_sub(1)
    }

    /// The text of a turn: its text parts, joined by line breaks. Empty where there is none, or no such turn.
    ///
    /// Lone surrogates are shown as U+FFFD.
    #[must_use]
    pub fn text(&self, turn: usize) -> Cow<'_, str> {
        match self.turns.get(turn).map(|turn| &turn.content) {
            Some(Content::Text(text)) => self.decode(text),
            Some(Content::Parts { parts, .. }) => {
                let mut texts = parts.iter().filter_map(|part| match &part.kind {
                    PartKind::Text(text) => Some(self.decode(text)),
                    _ => None,
                });
                let first = texts.next().unwrap_or_default();
                texts.fold(first, |joined, text| Cow::Owned(format!("{joined}\n{text}")))
            }
            _ => Cow::Borrowed(""),
        }
    }

    /// The bytes of a turn as they stand in the body. Empty where there is no such turn.
    #[must_use]
    pub fn raw(&self, turn: usize) -> &[u8] {
        self.turns.get(turn).map_or(&[], |turn| self.slice(&turn.span))
    }

    /// What tells a turn from others, whatever clients change in it between two requests that hold it. Not to be sent.
    #[must_use]
    pub fn steady(&self, turn: usize) -> Cow<'_, [u8]> {
        self.dialect.format().steady(self.raw(turn))
    }

    /// The bytes of a range that this conversation gave out.
    #[must_use]
    pub fn slice(&self, span: &Range<usize>) -> &[u8] {
        self.body.get(span.clone()).unwrap_or_default()
    }

    /// The decoded text of one of this conversation's literals.
    #[must_use]
    pub fn decode(&self, text: &Text) -> Cow<'_, str> {
        json::decode(&self.body, &text.0)
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("bytes", &self.body.len())
            .field("turns", &self.turns.len())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Why a body cannot be taken as a conversation. The text is public: it tells the caller what to mend. Answer with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseError {
    #[error("The request body starts with a byte order mark. Send UTF-8 JSON without one.")]
    ByteOrderMark,
    #[error("The request body is not valid UTF-8 (at byte {0}). Send UTF-8 JSON.")]
    Utf8(usize),
    #[error("The request body is not valid JSON (at byte {0}).")]
    Syntax(usize),
    #[error("The request body is nested too deeply. At most {limit} levels are read.", limit = json::MAX_DEPTH)]
    Depth,
    #[error("The request body must be a JSON object.")]
    NotAnObject,
    #[error("The key `{0}` stands twice in one object, so two readers could understand the request differently. Send it once.")]
    DuplicateKey(&'static str),
    #[error("The key `{0}` is not written in lower case, so two readers could understand the request differently.")]
    KeyCase(&'static str),
    #[error("`messages` is missing, or is not an array.")]
    NoMessages,
    #[error("Every element of `messages` must be an object with a string `role`; element {0} is not.")]
    Message(usize),
    #[error("Every element of `input` must be an object; element {0} is not.")]
    Item(usize),
    #[error("`{0}` is missing, or is no text that can be read here.")]
    NoText(&'static str),
    #[error(
        "`{0}` goes on with what the model backend keeps. Everybody here shares its account, and nothing tells whose it is: send the \
         whole conversation instead."
    )]
    Kept(&'static str),
    #[error("`{0}` names a tool that the settings here do not allow. Name another, or leave it out.")]
    ToolChoice(&'static str),
}

impl ParseError {
    /// The stable code: JSON field, metric label and audit reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ByteOrderMark | Self::Utf8(_) => "invalid_encoding",
            Self::Syntax(_) | Self::NotAnObject => "invalid_json",
            Self::Depth => "body_too_deep",
            Self::DuplicateKey(_) | Self::KeyCase(_) => "ambiguous_key",
            Self::Kept(_) => "shared_state",
            Self::ToolChoice(_) => "tool_not_allowed",
            Self::NoMessages | Self::Message(_) | Self::Item(_) | Self::NoText(_) => "invalid_messages",
        }
    }
}

impl From<Malformed> for ParseError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Syntax(at) => Self::Syntax(at),
            Malformed::Depth => Self::Depth,
        }
    }
}
