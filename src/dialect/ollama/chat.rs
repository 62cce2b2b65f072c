//! `POST /api/chat`: messages.

use std::ops::Range;

use bytes::Bytes;

use super::super::Dialect;
use super::super::conversation::{Content, Conversation, Form, Nature, ParseError, Role, Turn};
use super::super::fields;
use super::super::format::{Format, SystemPlace};
use super::super::json::Reader;
use super::super::keys::Keys;
use super::super::stored::Stored;
use super::{Options, images, options, streams};

const BODY_KEYS: &[&str] = &["messages", "model", "stream", "tools", "options"];
const MESSAGE_KEYS: &[&str] = &["role", "content", "images", "tool_calls"];

#[derive(Debug)]
pub(in super::super) struct OllamaChat;

impl Format for OllamaChat {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft { stream: true, ..Draft::default() };
        let mut keys = Keys::new(BODY_KEYS);
        let mut members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        members.nest(draft.options.members);
        // Without messages the model is loaded, or let go of.
        let form = if draft.turns.is_empty() { Form::Closed } else { Form::Turns };
        Ok(Conversation {
            dialect: Dialect::OllamaChat,
            model: draft.model,
            stream: draft.stream,
            include_usage: false,
            max_tokens: draft.options.max_tokens,
            turns: draft.turns,
            outside: 0,
            list: draft.list,
            tools: draft.tools.is_some(),
            schemas: draft.tools.into_iter().collect(),
            stored: Stored::default(),
            members,
            nature: Nature { form, window: draft.options.window, uncounted: false },
            body,
        })
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::FirstUser
    }
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    turns: Vec<Turn>,
    list: Option<Range<usize>>,
    tools: Option<Range<usize>>,
    options: Options,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            // `null` loads the model, as no messages do.
            "messages" if reader.peek() == Some(b'n') => reader.skip()?,
            "messages" => self.list = Some(fields::messages(reader, &mut self.turns, message)?),
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = streams(reader)?,
            "tools" => self.tools = fields::filled(reader)?,
            _ => self.options = options(reader)?,
        }
        Ok(())
    }
}

fn message(reader: &mut Reader<'_>, index: usize) -> Result<Turn, ParseError> {
    if reader.peek() != Some(b'{') {
        return Err(ParseError::Message(index));
    }
    let (mut role, mut content, mut calls, mut pictures) = (None, Content::Absent, None, 0);
    let mut keys = Keys::new(MESSAGE_KEYS);
    let span = reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some("role") => role = Some(fields::role(reader)?.ok_or(ParseError::Message(index))?),
            Some("content") => content = fields::content(reader)?,
            Some("images") => pictures = images(reader)?,
            Some(_) => calls = Some(reader.value()?).filter(|span| fields::is_filled(&reader.bytes()[span.clone()])),
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    let role = role.ok_or(ParseError::Message(index))?;
    Ok(Turn { role, span, content, calls, answers: role == Role::Tool, images: pictures })
}
