//! `POST /api/generate`: a prompt, and a system text perhaps.

use bytes::Bytes;

use super::super::Dialect;
use super::super::answer::Answer;
use super::super::completions::lone;
use super::super::conversation::{Conversation, Form, Nature, ParseError, Role, Turn};
use super::super::fields;
use super::super::format::{Format, Framing, StreamFault, SystemPlace};
use super::super::json::{Literal, Reader};
use super::super::keys::Keys;
use super::super::stored::Stored;
use super::super::stream::Heard;
use super::super::transcript::form_of;
use super::{Options, answers, images, options, streams};

const BODY_KEYS: &[&str] =
    &["prompt", "system", "suffix", "raw", "images", "context", "model", "stream", "options", "width", "height", "steps"];

#[derive(Debug)]
pub(in super::super) struct OllamaGenerate;

impl Format for OllamaGenerate {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft { stream: true, ..Draft::default() };
        let mut keys = Keys::new(BODY_KEYS);
        let head = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        let instructed = draft.system.map(|literal| Turn { role: Role::System, ..lone(literal) });
        let said = draft.prompt.map(|literal| Turn { images: draft.images, ..lone(literal) });
        // Without a prompt the model is loaded, or let go of; and where sizes are given, a picture is asked for.
        let closed = said.is_none() || draft.suffix || draft.picture;
        let turns: Vec<Turn> = instructed.into_iter().chain(said).collect();
        let mut conversation = Conversation {
            dialect: Dialect::OllamaGenerate,
            model: draft.model,
            stream: draft.stream,
            include_usage: false,
            max_tokens: draft.options.max_tokens,
            outside: turns.len(),
            turns,
            list: None,
            schemas: Vec::new(),
            tools: false,
            stored: Stored::default(),
            head,
            nature: Nature {
                form: Form::Closed,
                window: draft.options.window,
                uncounted: draft.suffix || draft.picture || draft.context,
            },
            body,
        };
        if !closed {
            conversation.nature.form = match form_of(&conversation.text(conversation.turns.len() - 1)) {
                // Raw: the client has written the model's template itself.
                Form::Turns if draft.raw => Form::Transcript,
                form => form,
            };
        }
        Ok(conversation)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::FirstUser
    }

    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        answers::read(json)
    }

    fn framing(&self) -> Framing {
        Framing::Ndjson
    }

    fn read_event(&self, _name: &[u8], data: &[u8]) -> Option<Answer> {
        answers::read(data)
    }

    fn end_stream(&self, _heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        answers::end_stream(fault, out);
    }
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    options: Options,
    prompt: Option<Literal>,
    system: Option<Literal>,
    suffix: bool,
    raw: bool,
    images: usize,
    /// Token ids of what was said before.
    context: bool,
    picture: bool,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "prompt" => self.prompt = filled_text(reader, "prompt")?,
            // An empty one is none to Ollama, too.
            "system" => self.system = filled_text(reader, "system")?,
            "suffix" => self.suffix = filled_text(reader, "suffix")?.is_some(),
            "raw" => self.raw = fields::is_true(reader)?,
            "images" => self.images = images(reader)?,
            "context" => self.context = fields::filled(reader)?.is_some(),
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = streams(reader)?,
            "options" => self.options = options(reader)?,
            _ => self.picture |= fields::number(reader)?.is_some_and(|size| size > 0),
        }
        Ok(())
    }
}

/// A string that is not empty. `null` is none.
fn filled_text(reader: &mut Reader<'_>, name: &'static str) -> Result<Option<Literal>, ParseError> {
    match reader.peek() {
        Some(b'"') => Ok(Some(reader.string()?).filter(|literal| literal.span.len() > 2)),
        Some(b'n') => {
            reader.skip()?;
            Ok(None)
        }
        _ => Err(ParseError::NoText(name)),
    }
}
