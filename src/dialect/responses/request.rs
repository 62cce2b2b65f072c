//! Requests: `instructions`, and an `input` that is a text or a list of items.

use std::ops::Range;

use bytes::Bytes;

use super::item::{self, Item};
use super::tool;
use crate::dialect::Dialect;
use crate::dialect::conversation::{Content, Conversation, Nature, ParseError, Role, Text, Turn};
use crate::dialect::fields;
use crate::dialect::json::Reader;
use crate::dialect::keys::Keys;
use crate::dialect::stored::{Reference, ReferenceKind, Stored};

const BODY_KEYS: &[&str] = &[
    "input",
    "instructions",
    "model",
    "stream",
    "tools",
    "text",
    "max_output_tokens",
    "previous_response_id",
    "conversation",
    "store",
    "prompt",
    "prompt_cache_options",
    "request_id",
];
const CONVERSATION_KEYS: &[&str] = &["id"];
const CACHE_KEYS: &[&str] = &["comparison_response_id"];

pub(super) fn parse(body: Bytes) -> Result<Conversation, ParseError> {
    let mut draft = Draft { stored: Stored { keeps: true, ..Stored::default() }, ..Draft::default() };
    let mut keys = Keys::new(BODY_KEYS);
    let members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
        Some(name) => draft.take(reader, name),
        None => Ok(reader.skip()?),
    })?;
    if matches!(draft.input, Input::None) && !draft.stored.completes() {
        return Err(ParseError::NoText("input"));
    }
    let template = draft.stored.template;
    // Instructions that say nothing would displace the template's, once anything is written there.
    let instructions = draft.instructions.filter(|turn| !(template && matches!(turn.content, Content::Null(_))));
    let mut turns: Vec<Turn> = instructions.into_iter().collect();
    let mut list = None;
    let mut outside = turns.len();
    match draft.input {
        Input::None => {}
        Input::Text(turn) => {
            turns.push(turn);
            outside += 1;
        }
        Input::Items { span, turns: items } => {
            turns.extend(items);
            list = Some(span);
        }
    }
    Ok(Conversation {
        dialect: Dialect::Responses,
        model: draft.model,
        stream: draft.stream,
        include_usage: true,
        max_tokens: draft.max_tokens,
        turns,
        outside,
        list,
        schemas: draft.schemas,
        tools: draft.tools,
        stored: draft.stored,
        members,
        nature: Nature::default(),
        body,
    })
}

#[derive(Default)]
enum Input {
    #[default]
    None,
    Text(Turn),
    Items {
        span: Range<usize>,
        turns: Vec<Turn>,
    },
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    max_tokens: Option<u64>,
    instructions: Option<Turn>,
    input: Input,
    schemas: Vec<Range<usize>>,
    tools: bool,
    stored: Stored,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "input" => self.input = self.read_input(reader)?,
            "instructions" => self.instructions = Some(read_instructions(reader)?),
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = fields::is_true(reader)?,
            "max_output_tokens" => self.max_tokens = fields::number(reader)?,
            // vLLM gives the answer this very id, whosever it was before.
            "previous_response_id" | "request_id" => {
                let id = fields::string(reader)?;
                self.refer(ReferenceKind::Response, id);
            }
            "conversation" => {
                let id = read_id(reader, CONVERSATION_KEYS)?;
                self.refer(ReferenceKind::Conversation, id);
            }
            "prompt_cache_options" => {
                let id = if reader.peek() == Some(b'{') { read_id(reader, CACHE_KEYS)? } else { skip(reader)? };
                self.refer(ReferenceKind::Response, id);
            }
            "store" => self.stored.keeps = !is_false(reader)?,
            "prompt" => self.stored.template = fields::filled(reader)?.is_some(),
            "tools" => {
                let span = fields::filled(reader)?;
                self.tools = span.is_some();
                let containers = span.clone().map(|span| tool::read_containers(&mut Reader::new(&reader.bytes()[span])));
                for id in containers.transpose()?.unwrap_or_default() {
                    self.refer(ReferenceKind::Container, Some(id));
                }
                self.schemas.extend(span);
            }
            _ => self.schemas.extend(fields::filled(reader)?),
        }
        Ok(())
    }

    fn read_input(&mut self, reader: &mut Reader<'_>) -> Result<Input, ParseError> {
        match reader.peek() {
            Some(b'"') => {
                let literal = reader.string()?;
                let (span, content) = (literal.span.clone(), Content::Text(Text(literal)));
                Ok(Input::Text(Turn { role: Role::User, span, content, calls: None, answers: false, images: 0 }))
            }
            Some(b'[') => {
                let mut turns: Vec<Turn> = Vec::new();
                let mut before = None;
                let span = reader.array(|reader| {
                    let Item { turn, reference } = item::read(reader, turns.len(), before)?;
                    before = if turn.role.instructs() { before } else { Some(turn.role) };
                    turns.push(turn);
                    self.refer(ReferenceKind::Item, reference);
                    Ok::<_, ParseError>(())
                })?;
                Ok(Input::Items { span, turns })
            }
            Some(b'n') => {
                reader.value()?;
                Ok(Input::None)
            }
            _ => Err(ParseError::NoText("input")),
        }
    }

    fn refer(&mut self, kind: ReferenceKind, id: Option<String>) {
        self.stored.references.extend(id.map(|id| Reference { kind, id }));
    }
}

fn read_instructions(reader: &mut Reader<'_>) -> Result<Turn, ParseError> {
    let (span, content) = match reader.peek() {
        Some(b'"') => {
            let literal = reader.string()?;
            (literal.span.clone(), Content::Text(Text(literal)))
        }
        Some(b'n') => {
            let span = reader.value()?;
            (span.clone(), Content::Null(span))
        }
        _ => {
            let span = reader.value()?;
            (span.clone(), Content::Unknown(span))
        }
    };
    Ok(Turn { role: Role::System, span, content, calls: None, answers: false, images: 0 })
}

/// An id: the string itself, or the one member of an object that `keys` names.
fn read_id(reader: &mut Reader<'_>, keys: &'static [&'static str]) -> Result<Option<String>, ParseError> {
    if reader.peek() != Some(b'{') {
        return fields::string(reader);
    }
    let mut id = None;
    let mut keys = Keys::new(keys);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => id = fields::string(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(id)
}

fn skip(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    reader.skip()?;
    Ok(None)
}

fn is_false(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    let span = reader.value()?;
    Ok(&reader.bytes()[span] == b"false")
}
