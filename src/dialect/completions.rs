//! The dialect of `OpenAI` completions: `POST …/completions`, one prompt and no turns.
//!
//! Clients write whole conversations into the prompt, each in a form of its own. What is told apart is in [`super::transcript`].

use bytes::Bytes;

use super::Dialect;
use super::chat;
use super::conversation::{Content, Conversation, Form, Nature, ParseError, Role, Text, Turn};
use super::fields;
use super::format::{Format, SystemPlace};
use super::json::{Literal, Reader};
use super::keys::Keys;
use super::stored::Stored;
use super::transcript::form_of;

const BODY_KEYS: &[&str] = &["prompt", "model", "stream", "stream_options", "suffix", "echo", "max_tokens"];

#[derive(Debug)]
pub(super) struct Completions;

impl Format for Completions {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft::default();
        let mut keys = Keys::new(BODY_KEYS);
        let members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        let turns: Vec<Turn> = draft.prompt.map(lone).into_iter().collect();
        if turns.is_empty() {
            draft.nature = Nature { form: Form::Closed, uncounted: true, ..draft.nature };
        }
        let mut conversation = Conversation {
            dialect: Dialect::Completions,
            model: draft.model,
            stream: draft.stream,
            include_usage: draft.include_usage,
            max_tokens: draft.max_tokens,
            outside: turns.len(),
            turns,
            list: None,
            schemas: Vec::new(),
            tools: false,
            stored: Stored::default(),
            members,
            nature: draft.nature,
            body,
        };
        conversation.nature.form = draft.nature.form.max(form_of(&conversation.text(0)));
        Ok(conversation)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::FirstUser
    }
}

/// The turn of a prompt that stands by itself.
pub(super) fn lone(literal: Literal) -> Turn {
    let span = literal.span.clone();
    Turn { role: Role::User, span, content: Content::Text(Text(literal)), calls: None, answers: false, images: 0 }
}

#[derive(Default)]
struct Draft {
    prompt: Option<Literal>,
    model: Option<String>,
    stream: bool,
    include_usage: bool,
    max_tokens: Option<u64>,
    nature: Nature,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "prompt" => self.prompt = prompt(reader)?,
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = fields::is_true(reader)?,
            "stream_options" => self.include_usage = chat::include_usage(reader)?,
            "max_tokens" => self.max_tokens = fields::number(reader)?,
            "suffix" => {
                if fields::literal(reader)?.is_some_and(|suffix| is_said(&suffix)) {
                    self.nature = Nature { form: Form::Closed, uncounted: true, ..self.nature };
                }
            }
            // An answer that begins with the prompt would begin with what memory wrote there.
            _ => {
                if fields::is_true(reader)? {
                    self.nature.form = Form::Closed;
                }
            }
        }
        Ok(())
    }
}

/// The one text of a prompt, also where it is the only element of an array. Several texts, token ids, or nothing said leave no one
/// place for memory.
fn prompt(reader: &mut Reader<'_>) -> Result<Option<Literal>, ParseError> {
    let mut only = None;
    match reader.peek() {
        Some(b'"') => only = Some(reader.string()?),
        Some(b'[') => {
            let mut elements = 0_usize;
            reader.array(|reader| {
                elements += 1;
                only = fields::literal(reader)?.filter(|_| elements == 1);
                Ok::<_, ParseError>(())
            })?;
        }
        Some(b'n') => reader.skip()?,
        _ => return Err(ParseError::NoText("prompt")),
    }
    Ok(only.filter(is_said))
}

/// Whether a text is not empty.
pub(super) fn is_said(literal: &Literal) -> bool {
    literal.span.len() > 2
}

#[cfg(test)]
mod tests;
