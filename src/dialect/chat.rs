//! The dialect of `OpenAI` chat completions: `POST …/chat/completions`.

use std::ops::Range;

use bytes::Bytes;

use super::answer::Answer;
use super::conversation::{Content, Conversation, Nature, ParseError, Role, Turn};
use super::errors;
use super::fields;
use super::format::{Format, Replies, StreamFault, SystemPlace};
use super::heard::Heard;
use super::json::Reader;
use super::keys::Keys;
use super::mend::{self, Half};
use super::stored::Stored;
use super::{Api, Dialect};

const BODY_KEYS: &[&str] = &[
    "messages",
    "model",
    "stream",
    "stream_options",
    "tools",
    "functions",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
];
const MESSAGE_KEYS: &[&str] = &["role", "content", "tool_calls", "function_call"];
const STREAM_KEYS: &[&str] = &["include_usage"];

/// The data of the last event of a stream.
const TERMINATOR: &[u8] = b"[DONE]";

#[derive(Debug)]
pub(super) struct ChatCompletions;

impl Format for ChatCompletions {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft::default();
        let mut keys = Keys::new(BODY_KEYS);
        let members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        let list = draft.list.ok_or(ParseError::NoMessages)?;
        Ok(Conversation {
            dialect: Dialect::ChatCompletions,
            model: draft.model,
            stream: draft.stream,
            include_usage: draft.include_usage,
            max_tokens: draft.max_completion_tokens.or(draft.max_tokens),
            turns: draft.turns,
            outside: 0,
            list: Some(list),
            schemas: draft.schemas,
            tools: draft.tools,
            stored: Stored::default(),
            members,
            nature: Nature::default(),
            body,
        })
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::Turn
    }
}

/// Answers of choices. A stream of them has events of the same shape, and a terminator.
#[derive(Debug)]
pub(super) struct Choices;

impl Replies for Choices {
    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        Answer::read(json)
    }

    fn read_event(&self, _name: &[u8], data: &[u8]) -> Option<Answer> {
        if data.trim_ascii() == TERMINATOR {
            return Some(Answer { done: true, ..Answer::default() });
        }
        Answer::read(data)
    }

    /// Behind a whole answer there is no fault to be told: what is cut there says nothing.
    fn mend_event(&self, half: Half<'_>, _heard: &Heard, fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        let members = match fault {
            Some(StreamFault { code, message }) => errors::members(Api::OpenAi, 502, code, message),
            None => "\"choices\":[]".to_owned(),
        };
        let mut rest = half.finish(|data| match TERMINATOR.strip_prefix(data).filter(|rest| rest.len() < TERMINATOR.len()) {
            // No event is an array, so that is what it was. Whole as it is, it needs nothing.
            Some(rest) => Some(rest.to_vec()).filter(|rest| !rest.is_empty()),
            None => mend::complete(data, &members),
        })?;
        rest.extend_from_slice(b"\n\n");
        Some(rest)
    }

    fn end_stream(&self, _heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        if let Some(StreamFault { code, message }) = fault {
            out.extend([b"data: ", &*errors::body(Api::OpenAi, 502, code, message), b"\n\n"].concat());
        }
        out.extend([b"data: ", TERMINATOR, b"\n\n"].concat());
    }
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    include_usage: bool,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
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
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = fields::is_true(reader)?,
            "stream_options" => self.include_usage = include_usage(reader)?,
            "max_tokens" => self.max_tokens = fields::number(reader)?,
            "max_completion_tokens" => self.max_completion_tokens = fields::number(reader)?,
            schema => {
                let span = fields::filled(reader)?;
                self.tools |= span.is_some() && schema != "response_format";
                self.schemas.extend(span);
            }
        }
        Ok(())
    }
}

fn message(reader: &mut Reader<'_>, index: usize) -> Result<Turn, ParseError> {
    if reader.peek() != Some(b'{') {
        return Err(ParseError::Message(index));
    }
    let mut role = None;
    let mut content = Content::Absent;
    let mut calls = None;
    let mut keys = Keys::new(MESSAGE_KEYS);
    let span = reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some("role") => role = Some(fields::role(reader)?.ok_or(ParseError::Message(index))?),
            Some("content") => content = fields::content(reader)?,
            Some(_) => {
                let span = reader.value()?;
                if fields::is_filled(&reader.bytes()[span.clone()]) {
                    calls = Some(span);
                }
            }
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    let role = role.ok_or(ParseError::Message(index))?;
    Ok(Turn { role, span, content, calls, answers: role == Role::Tool, images: 0 })
}

/// Reads `stream_options`.
pub(super) fn include_usage(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    if reader.peek() != Some(b'{') {
        reader.value()?;
        return Ok(false);
    }
    let mut included = false;
    let mut keys = Keys::new(STREAM_KEYS);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => included = fields::is_true(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(included)
}

#[cfg(test)]
pub(super) mod tests;
