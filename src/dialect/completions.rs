//! The dialect of `OpenAI` completions: `POST …/completions`, one prompt and no turns.
//!
//! Clients write whole conversations into the prompt, each in a form of its own. What is told apart is in [`super::transcript`].

use bytes::Bytes;

use super::Dialect;
use super::answer::Answer;
use super::chat;
use super::conversation::{Content, Conversation, Form, Nature, ParseError, Role, Text, Turn};
use super::fields;
use super::format::{Format, StreamFault, SystemPlace};
use super::json::{Literal, Reader};
use super::keys::Keys;
use super::stored::Stored;
use super::stream::Heard;
use super::transcript::form_of;

const BODY_KEYS: &[&str] = &["prompt", "model", "stream", "stream_options", "suffix", "echo", "max_tokens"];

#[derive(Debug)]
pub(super) struct Completions;

impl Format for Completions {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft::default();
        let mut keys = Keys::new(BODY_KEYS);
        let head = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        let (turns, uncounted) = match draft.prompt {
            Prompt::Lone(literal) => (vec![lone(literal)], false),
            Prompt::Several => (Vec::new(), true),
        };
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
            head,
            nature: Nature { uncounted: uncounted || draft.suffix, ..Nature::default() },
            body,
        };
        // An answer that begins with the prompt would begin with what memory wrote there.
        let closed = draft.suffix || draft.echo || conversation.turns.is_empty();
        conversation.nature.form = if closed { Form::Closed } else { form_of(&conversation.text(0)) };
        Ok(conversation)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::FirstUser
    }

    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        Answer::read(json)
    }

    fn read_event(&self, _name: &[u8], data: &[u8]) -> Option<Answer> {
        chat::read_event(data)
    }

    fn end_stream(&self, _heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        chat::end_stream(fault, out);
    }
}

/// The turn of a prompt that stands by itself.
pub(super) fn lone(literal: Literal) -> Turn {
    let span = literal.span.clone();
    Turn { role: Role::User, span, content: Content::Text(Text(literal)), calls: None, answers: false, images: 0 }
}

#[derive(Default)]
enum Prompt {
    /// One text, also where it is the only element of an array.
    Lone(Literal),
    /// Several texts, token ids, or nothing said: there is no one place for memory.
    #[default]
    Several,
}

#[derive(Default)]
struct Draft {
    prompt: Prompt,
    model: Option<String>,
    stream: bool,
    include_usage: bool,
    max_tokens: Option<u64>,
    suffix: bool,
    echo: bool,
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
            "suffix" => self.suffix = fields::literal(reader)?.is_some_and(|literal| literal.span.len() > 2),
            _ => self.echo = fields::is_true(reader)?,
        }
        Ok(())
    }
}

fn prompt(reader: &mut Reader<'_>) -> Result<Prompt, ParseError> {
    match reader.peek() {
        Some(b'"') => Ok(said(Some(reader.string()?))),
        Some(b'[') => {
            let mut only = None;
            let mut elements = 0_usize;
            reader.array(|reader| {
                elements += 1;
                only = fields::literal(reader)?;
                Ok::<_, ParseError>(())
            })?;
            Ok(said(only.filter(|_| elements == 1)))
        }
        Some(b'n') => {
            reader.skip()?;
            Ok(Prompt::Several)
        }
        _ => Err(ParseError::NoText("prompt")),
    }
}

fn said(only: Option<Literal>) -> Prompt {
    only.filter(|literal| literal.span.len() > 2).map_or(Prompt::Several, Prompt::Lone)
}

#[cfg(test)]
mod tests;
