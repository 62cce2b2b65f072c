//! The dialect of Anthropic messages: `POST /v1/messages`, and `…/count_tokens`, which has the same body.
//!
//! What the API asks of a body (its reference, "Messages" and "Mid-conversation system messages"), and what keeps it true here:
//! - Results of tools stand first in their message: a block of memory joins the first text, which stands behind them.
//! - Texts are never empty: none is made that is.
//! - Nothing before a breakpoint of the prompt cache, nor before a thinking block, may change from one request to the next:
//!   [`steady`] makes out turns that differ in their breakpoints alone.
//! - A system message in the list follows a user turn and never comes first: it is cut with that turn.

mod answers;
mod steady;

pub(super) use answers::{Count, Message};

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::Dialect;
use super::conversation::{Content, Conversation, Nature, ParseError, Part, PartKind, Role, Text, Turn};
use super::fields;
use super::format::{Format, SystemPlace};
use super::json::{self, Reader};
use super::keys::Keys;
use super::stored::Stored;

const BODY_KEYS: &[&str] =
    &["messages", "system", "model", "stream", "max_tokens", "tools", "output_config", "output_format", "thread", "container"];
const MESSAGE_KEYS: &[&str] = &["role", "content"];
const BLOCK_KEYS: &[&str] = &["type", "text"];
const KEPT_KEYS: &[&str] = &["id", "previous_message_id"];

/// What coding clients put around their own words in the person's name: a block of its own is no text of the person.
const REMINDER: (&str, &str) = ("<system-reminder>", "</system-reminder>");

/// Requests for a message, or for what it would cost.
#[derive(Debug)]
pub(super) struct Messages(pub Dialect);

impl Format for Messages {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        parse(self.0, body)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::Member("system")
    }

    fn joins_text(&self) -> bool {
        true
    }

    fn steady<'a>(&self, turn: &'a [u8]) -> Cow<'a, [u8]> {
        steady::steady(turn)
    }
}

fn parse(dialect: Dialect, body: Bytes) -> Result<Conversation, ParseError> {
    let mut draft = Draft::default();
    let mut keys = Keys::new(BODY_KEYS);
    let members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
        Some(name) => draft.take(reader, name),
        None => Ok(reader.skip()?),
    })?;
    let list = draft.list.ok_or(ParseError::NoMessages)?;
    let outside = usize::from(draft.system.is_some());
    Ok(Conversation {
        dialect,
        model: draft.model,
        stream: draft.stream,
        include_usage: true,
        max_tokens: draft.max_tokens,
        turns: draft.system.into_iter().chain(draft.turns).collect(),
        outside,
        list: Some(list),
        schemas: draft.schemas,
        tools: draft.tools,
        stored: Stored::default(),
        members,
        nature: Nature::default(),
        body,
    })
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    max_tokens: Option<u64>,
    system: Option<Turn>,
    turns: Vec<Turn>,
    list: Option<Range<usize>>,
    schemas: Vec<Range<usize>>,
    tools: bool,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "messages" => self.list = Some(fields::messages(reader, &mut self.turns, message)?),
            "system" => {
                reader.peek();
                let start = reader.offset();
                let (content, _) = content(reader)?;
                let span = start..reader.offset();
                self.system = Some(Turn { role: Role::System, span, content, calls: None, answers: false, images: 0 });
            }
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = fields::is_true(reader)?,
            "max_tokens" => self.max_tokens = fields::number(reader)?,
            "thread" => refuse_kept(reader, "thread")?,
            "container" => refuse_kept(reader, "container")?,
            schema => {
                let span = fields::filled(reader)?;
                self.tools |= span.is_some() && schema == "tools";
                self.schemas.extend(span);
            }
        }
        Ok(())
    }
}

/// Reads a member that may name what the API keeps of earlier requests, under an account that all users share: a conversation, or the
/// files of a sandbox. One that starts anew passes.
fn refuse_kept(reader: &mut Reader<'_>, name: &'static str) -> Result<(), ParseError> {
    let names = match reader.peek() {
        Some(b'{') => {
            let mut names = false;
            let mut keys = Keys::new(KEPT_KEYS);
            reader.object(|reader, member| {
                let owned = keys.recognise(&member.key)?.is_some();
                names |= fields::literal(reader)?.is_some() && owned;
                Ok::<_, ParseError>(())
            })?;
            names
        }
        _ => fields::literal(reader)?.is_some(),
    };
    if names { Err(ParseError::Kept(name)) } else { Ok(()) }
}

fn message(reader: &mut Reader<'_>, index: usize) -> Result<Turn, ParseError> {
    if reader.peek() != Some(b'{') {
        return Err(ParseError::Message(index));
    }
    let mut role = None;
    let (mut content, mut tools) = (Content::Absent, Tools::default());
    let mut keys = Keys::new(MESSAGE_KEYS);
    let span = reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some("role") => role = Some(fields::role(reader)?.ok_or(ParseError::Message(index))?),
            Some(_) => (content, tools) = self::content(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    let role = match role.ok_or(ParseError::Message(index))? {
        Role::System | Role::Developer => Role::Aside,
        // Nothing but results of tools: the person has said nothing.
        Role::User if tools.answers && !has_text(&content) => Role::Tool,
        role => role,
    };
    Ok(Turn { role, span, content, calls: tools.calls, answers: tools.answers, images: 0 })
}

fn has_text(content: &Content) -> bool {
    match content {
        Content::Parts { parts, .. } => parts.iter().any(|part| part.text().is_some()),
        _ => false,
    }
}

/// What blocks say of tools.
#[derive(Default)]
struct Tools {
    /// The first call that a later message answers. Calls of the server's own tools have their results beside them.
    calls: Option<Range<usize>>,
    answers: bool,
}

fn content(reader: &mut Reader<'_>) -> Result<(Content, Tools), ParseError> {
    let mut tools = Tools::default();
    if reader.peek() != Some(b'[') {
        return Ok((fields::content(reader)?, tools));
    }
    let mut parts = Vec::new();
    let span = reader.array(|reader| {
        parts.push(block(reader, &mut tools)?);
        Ok::<_, ParseError>(())
    })?;
    Ok((Content::Parts { span, parts }, tools))
}

fn block(reader: &mut Reader<'_>, tools: &mut Tools) -> Result<Part, ParseError> {
    if reader.peek() != Some(b'{') {
        return Ok(Part { span: reader.value()?, kind: PartKind::Other });
    }
    let (mut kind, mut text) = (None, None);
    let mut keys = Keys::new(BLOCK_KEYS);
    let span = reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some("type") => kind = fields::literal(reader)?,
            Some(_) => text = fields::literal(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    let kind = kind.map(|literal| json::decode(reader.bytes(), &literal));
    let kind = match (kind.as_deref(), text) {
        (Some("text"), Some(text)) if !is_reminder(&json::decode(reader.bytes(), &text)) => PartKind::Text(Text(text)),
        (Some("image"), _) => PartKind::Image,
        (Some("tool_use"), _) => {
            tools.calls.get_or_insert_with(|| span.clone());
            PartKind::Other
        }
        (Some("tool_result"), _) => {
            tools.answers = true;
            PartKind::Other
        }
        _ => PartKind::Other,
    };
    Ok(Part { span, kind })
}

fn is_reminder(text: &str) -> bool {
    text.trim_start().starts_with(REMINDER.0) && text.trim_end().ends_with(REMINDER.1)
}

#[cfg(test)]
mod tests;
