//! What dialects have in common: the body's outline, and values that are read alike.

use std::ops::Range;

use super::conversation::{Content, ParseError, Part, PartKind, Role, Text, Turn};
use super::json::{self, Literal, Member, Reader};
use super::keys::Keys;
use super::members::Members;

const PART_KEYS: &[&str] = &["type", "text"];

/// Reads a body that is one JSON object. `member` must read the value of each member. Returns where the members stand that settings
/// may change.
pub(super) fn body<'a>(
    body: &'a [u8],
    mut member: impl FnMut(&mut Reader<'a>, Member<'a>) -> Result<(), ParseError>,
) -> Result<Members, ParseError> {
    if body.starts_with(b"\xEF\xBB\xBF") {
        return Err(ParseError::ByteOrderMark);
    }
    std::str::from_utf8(body).map_err(|fault| ParseError::Utf8(fault.valid_up_to()))?;
    let mut reader = Reader::new(body);
    if reader.peek() != Some(b'{') {
        let fault = reader.value().and_then(|_| reader.end()).err();
        return Err(fault.map_or(ParseError::NotAnObject, ParseError::from));
    }
    let mut members = Members::new(reader.offset() + 1);
    reader.object(|reader, found| {
        let (name, start, value) = (members.name(&found.key), found.at, reader.offset());
        member(reader, found)?;
        members.note(name, start, value..reader.offset());
        Ok::<_, ParseError>(())
    })?;
    reader.end()?;
    Ok(members)
}

/// Reads the list of messages, each by `message`, which is told its place. Returns where the list stands.
pub(super) fn messages(
    reader: &mut Reader<'_>,
    turns: &mut Vec<Turn>,
    message: impl Fn(&mut Reader<'_>, usize) -> Result<Turn, ParseError>,
) -> Result<Range<usize>, ParseError> {
    if reader.peek() != Some(b'[') {
        return Err(ParseError::NoMessages);
    }
    reader.array(|reader| {
        let turn = message(reader, turns.len())?;
        turns.push(turn);
        Ok(())
    })
}

/// The role that a message names; `None` where it is no string.
pub(super) fn role(reader: &mut Reader<'_>) -> Result<Option<Role>, ParseError> {
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

/// Tools, functions and the like: where they stand, if there are any.
pub(super) fn filled(reader: &mut Reader<'_>) -> Result<Option<Range<usize>>, ParseError> {
    let span = reader.value()?;
    let filled = !matches!(&reader.bytes()[span.clone()], b"null" | b"[]" | b"{}");
    Ok(filled.then_some(span))
}

/// What a message or part says.
pub(super) fn content(reader: &mut Reader<'_>) -> Result<Content, ParseError> {
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
                (Some("text" | "input_text" | "output_text") | None, Some(text)) => PartKind::Text(Text(text)),
                (Some("image_url" | "input_image" | "image"), _) => PartKind::Image,
                _ => PartKind::Other,
            };
            Ok(Part { span, kind })
        }
        _ => Ok(Part { span: reader.value()?, kind: PartKind::Other }),
    }
}

/// Whether a `tool_calls` array or `function_call` object makes any call.
pub(super) fn is_filled(value: &[u8]) -> bool {
    match value {
        [b'[', inner @ .., b']'] => inner.iter().any(|b| !b.is_ascii_whitespace()),
        [b'{', ..] => true,
        _ => false,
    }
}

/// A string; `None` for any other value.
pub(super) fn literal(reader: &mut Reader<'_>) -> Result<Option<Literal>, ParseError> {
    if reader.peek() == Some(b'"') {
        return Ok(Some(reader.string()?));
    }
    reader.value()?;
    Ok(None)
}

/// The text of a string; `None` for any other value.
pub(super) fn string(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    Ok(literal(reader)?.map(|literal| json::decode(reader.bytes(), &literal).into_owned()))
}

/// Whether a value is `true`.
pub(super) fn is_true(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    let span = reader.value()?;
    Ok(&reader.bytes()[span] == b"true")
}

/// A whole number; `None` for any other value.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<Option<u64>, ParseError> {
    let span = reader.value()?;
    Ok(std::str::from_utf8(&reader.bytes()[span]).ok().and_then(|digits| digits.parse().ok()))
}
