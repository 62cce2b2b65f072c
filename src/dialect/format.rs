//! What each dialect says of itself.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::answer::Answer;
use super::conversation::{Conversation, ParseError};
use super::heard::Heard;
use super::mend::Half;
use super::stored::Kept;

/// Where a block goes that speaks to the model on the operator's behalf, in a conversation that starts with no instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SystemPlace {
    /// Into a new system turn at the head of the list.
    Turn,
    /// Into a new member of the body.
    Member(&'static str),
    /// In front of the first user turn: instructions of the request's own would displace those that the model has by itself.
    FirstUser,
}

/// How the events of a stream are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events (WHATWG HTML, 9.2).
    Sse,
    /// One JSON value a line.
    Ndjson,
}

impl Framing {
    /// The media type of a stream framed so.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// Ends an event that was cut in the middle, so that the next one is read as one.
    pub(super) fn cut_short(self) -> &'static [u8] {
        match self {
            Self::Sse => b"\n\n",
            Self::Ndjson => b"\n",
        }
    }
}

/// Why a stream ends early: what the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamFault<'a> {
    pub code: &'a str,
    pub message: &'a str,
}

/// A dialect's requests: how they are read, and where text may be added.
pub(super) trait Format: fmt::Debug + Sync {
    /// Reads a request's body.
    ///
    /// # Errors
    /// When the body is none of this dialect, or a key that memgate reads is ambiguous.
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError>;

    fn system_place(&self) -> SystemPlace;

    /// The `type` of a text part that memgate adds to a user turn.
    fn text_part(&self) -> &'static str {
        "text"
    }

    /// Whether a block in front of a user turn joins its first text part, where there is one. Otherwise it is a part of its own.
    fn joins_text(&self) -> bool {
        false
    }

    /// A turn's bytes without what clients change in it from one request to the next and the model does not read: to be compared, not
    /// sent.
    fn steady<'a>(&self, turn: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(turn)
    }
}

/// A dialect's answers: how they are read, and how a stream of them is ended. Dialects may share them.
pub(super) trait Replies: fmt::Debug + Sync {
    /// Reads an answer that was not streamed. `None` when it is none.
    fn read_answer(&self, json: &[u8]) -> Option<Answer>;

    /// Reads what the upstream keeps of an answer, from the start of a document that is too long to be read whole.
    fn read_kept(&self, _start: &[u8]) -> Vec<Kept> {
        Vec::new()
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// Reads one event of a stream; its name is empty where the framing has none. `None` when it is not understood.
    fn read_event(&self, name: &[u8], data: &[u8]) -> Option<Answer>;

    /// What ends an event that was cut in the middle so that clients can read it, and find the fault in it where there is one. `None`
    /// where that cannot be done: then the event is only ended.
    fn mend_event(&self, _half: Half<'_>, _heard: &Heard, _fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        None
    }

    /// Ends an event that was cut in the middle, so that the next one is read as one.
    fn cut_short(&self) -> &'static [u8] {
        self.framing().cut_short()
    }

    /// Writes what a stream still lacks, at the boundary of an event: the fault unless the answer was said to its end, then what
    /// ends a stream in this dialect. Called only before the stream's own end has come.
    fn end_stream(&self, heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>);
}
