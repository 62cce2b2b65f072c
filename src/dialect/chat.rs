//! The dialect of `OpenAI` chat completions: `POST …/chat/completions`.

use std::ops::Range;

use bytes::Bytes;

pub use super::conversation::{Content, Conversation, ParseError, Part, PartKind, Role, Turn};
pub use super::edit::Edits;

use super::conversation::{Field, Text};
use super::json::{self, Literal, Reader};
use super::keys::Keys;

const BODY_KEYS: &[&str] = &[
    "messages",
    "model",
    "stream",
    "stream_options",
    "user",
    "tools",
    "functions",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
];
const MESSAGE_KEYS: &[&str] = &["role", "content", "tool_calls", "function_call"];
const PART_KEYS: &[&str] = &["type", "text"];
const STREAM_KEYS: &[&str] = &["include_usage"];

/// Parses a request body. One pass, no copy of any text.
///
/// # Errors
/// When the body is no UTF-8 JSON object with an array `messages` of objects with a string `role`, or when a key that memgate
/// reads is ambiguous.
pub fn parse(body: Bytes) -> Result<Conversation, ParseError> {
    if body.starts_with(b"\xEF\xBB\xBF") {
        return Err(ParseError::ByteOrderMark);
    }
    std::str::from_utf8(&body).map_err(|fault| ParseError::Utf8(fault.valid_up_to()))?;
    let mut draft = Draft::default();
    let mut reader = Reader::new(&body);
    if reader.peek() != Some(b'{') {
        let fault = reader.value().and_then(|_| reader.end()).err();
        return Err(fault.map_or(ParseError::NotAnObject, ParseError::from));
    }
    let head = reader.offset() + 1;
    let mut keys = Keys::new(BODY_KEYS);
    reader.object(|reader, member| {
        if let Some(field) = draft.user.as_mut() {
            field.next.get_or_insert(member.start);
        }
        match keys.recognise(&member.key)? {
            Some("user") => {
                let value = reader.value()?;
                draft.user = Some(Field { start: member.start, value, comma: member.comma, next: None });
                Ok(())
            }
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        }
    })?;
    reader.end()?;
    let list = draft.list.ok_or(ParseError::NoMessages)?;
    Ok(Conversation {
        model: draft.model,
        stream: draft.stream,
        include_usage: draft.include_usage,
        max_tokens: draft.max_completion_tokens.or(draft.max_tokens),
        turns: draft.turns,
        list,
        schemas: draft.schemas,
        tools: draft.tools,
        user: draft.user,
        head,
        body,
    })
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
    user: Option<Field>,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "messages" => {
                if reader.peek() != Some(b'[') {
                    return Err(ParseError::NoMessages);
                }
                let turns = &mut self.turns;
                self.list = Some(reader.array(|reader| {
                    let turn = message(reader, turns.len())?;
                    turns.push(turn);
                    Ok::<_, ParseError>(())
                })?);
            }
            "model" => self.model = string(reader)?,
            "stream" => self.stream = is_true(reader)?,
            "stream_options" => self.include_usage = include_usage(reader)?,
            "max_tokens" => self.max_tokens = number(reader)?,
            "max_completion_tokens" => self.max_completion_tokens = number(reader)?,
            schema => {
                let span = reader.value()?;
                let filled = !matches!(&reader.bytes()[span.clone()], b"null" | b"[]" | b"{}");
                self.tools |= filled && schema != "response_format";
                self.schemas.extend(filled.then_some(span));
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
            Some("role") => role = Some(self::role(reader)?.ok_or(ParseError::Message(index))?),
            Some("content") => content = self::content(reader)?,
            Some(_) => {
                let span = reader.value()?;
                if is_filled(&reader.bytes()[span.clone()]) {
                    calls = Some(span);
                }
            }
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(Turn { role: role.ok_or(ParseError::Message(index))?, span, content, calls })
}

fn role(reader: &mut Reader<'_>) -> Result<Option<Role>, ParseError> {
    let Some(literal) = literal(reader)? else { return Ok(None) };
    Ok(Some(match &*json::decode(reader.bytes(), &literal) {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::Other,
    }))
}

fn content(reader: &mut Reader<'_>) -> Result<Content, ParseError> {
    match reader.peek() {
        Some(b'"') => Ok(Content::Text(Text(reader.string()?))),
        Some(b'[') => {
            let mut parts = Vec::new();
            let span = reader.array(|reader| {
                parts.push(part(reader)?);
                Ok::<_, ParseError>(())
            })?;
            Ok(Content::Parts { span, parts })
        }
        Some(b'n') => Ok(Content::Null(reader.value()?)),
        _ => Ok(Content::Unknown(reader.value()?)),
    }
}

fn part(reader: &mut Reader<'_>) -> Result<Part, ParseError> {
    match reader.peek() {
        Some(b'"') => {
            let literal = reader.string()?;
            Ok(Part { span: literal.span.clone(), kind: PartKind::Text(Text(literal)) })
        }
        Some(b'{') => {
            let (mut kind, mut text) = (None, None);
            let mut keys = Keys::new(PART_KEYS);
            let span = reader.object(|reader, member| {
                match keys.recognise(&member.key)? {
                    Some("type") => kind = literal(reader)?,
                    Some(_) => text = literal(reader)?,
                    None => reader.skip()?,
                }
                Ok::<_, ParseError>(())
            })?;
            let kind = kind.map(|literal| json::decode(reader.bytes(), &literal));
            let kind = match (kind.as_deref(), text) {
                (Some("text" | "input_text") | None, Some(text)) => PartKind::Text(Text(text)),
                (Some("image_url" | "input_image" | "image"), _) => PartKind::Image,
                _ => PartKind::Other,
            };
            Ok(Part { span, kind })
        }
        _ => Ok(Part { span: reader.value()?, kind: PartKind::Other }),
    }
}

fn include_usage(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    if reader.peek() != Some(b'{') {
        reader.value()?;
        return Ok(false);
    }
    let mut included = false;
    let mut keys = Keys::new(STREAM_KEYS);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => included = is_true(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(included)
}

/// Whether a `tool_calls` array or `function_call` object makes any call.
fn is_filled(value: &[u8]) -> bool {
    match value {
        [b'[', inner @ .., b']'] => inner.iter().any(|b| !b.is_ascii_whitespace()),
        [b'{', ..] => true,
        _ => false,
    }
}

fn literal(reader: &mut Reader<'_>) -> Result<Option<Literal>, ParseError> {
    if reader.peek() == Some(b'"') {
        return Ok(Some(reader.string()?));
    }
    reader.value()?;
    Ok(None)
}

fn string(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    Ok(literal(reader)?.map(|literal| json::decode(reader.bytes(), &literal).into_owned()))
}

fn is_true(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    let span = reader.value()?;
    Ok(&reader.bytes()[span] == b"true")
}

fn number(reader: &mut Reader<'_>) -> Result<Option<u64>, ParseError> {
    let span = reader.value()?;
    Ok(std::str::from_utf8(&reader.bytes()[span]).ok().and_then(|digits| digits.parse().ok()))
}

#[cfg(test)]
pub(super) mod tests;
