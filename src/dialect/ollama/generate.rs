//! `POST /api/generate`: a prompt, and a system text perhaps.

use bytes::Bytes;

use super::super::Dialect;
use super::super::completions::{is_said, lone};
use super::super::conversation::{Conversation, Form, Nature, ParseError, Role, Turn};
use super::super::fields;
use super::super::format::{Format, SystemPlace};
use super::super::json::{Literal, Reader};
use super::super::keys::Keys;
use super::super::stored::Stored;
use super::super::transcript::form_of;
use super::{Options, images, options, streams};

const BODY_KEYS: &[&str] =
    &["prompt", "system", "suffix", "raw", "images", "context", "model", "stream", "options", "width", "height", "steps"];

#[derive(Debug)]
pub(in super::super) struct OllamaGenerate;

impl Format for OllamaGenerate {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        let mut draft = Draft { stream: true, ..Draft::default() };
        let mut keys = Keys::new(BODY_KEYS);
        let mut members = fields::body(&body, |reader, member| match keys.recognise(&member.key)? {
            Some(name) => draft.take(reader, name),
            None => Ok(reader.skip()?),
        })?;
        members.nest(draft.options.members);
        let instructed = draft.system.map(|literal| Turn { role: Role::System, ..lone(literal) });
        let said = draft.prompt.map(|literal| Turn { images: draft.images, ..lone(literal) });
        if said.is_none() {
            // The model is loaded, or let go of.
            draft.nature.form = Form::Closed;
        }
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
            members,
            nature: Nature { window: draft.options.window, ..draft.nature },
            body,
        };
        let prompt = conversation.last_user().map_or(Form::Turns, |turn| form_of(&conversation.text(turn)));
        conversation.nature.form = draft.nature.form.max(prompt);
        Ok(conversation)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::FirstUser
    }
}

#[derive(Default)]
struct Draft {
    model: Option<String>,
    stream: bool,
    options: Options,
    prompt: Option<Literal>,
    system: Option<Literal>,
    images: usize,
    nature: Nature,
}

impl Draft {
    /// Reads the value of one owned member of the body.
    fn take(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), ParseError> {
        match name {
            "prompt" => self.prompt = filled_text(reader, "prompt")?,
            // An empty one is none to Ollama, too.
            "system" => self.system = filled_text(reader, "system")?,
            "suffix" => {
                let given = filled_text(reader, "suffix")?.is_some();
                self.mark(given.then_some(Form::Closed), given);
            }
            // The client has written the model's template itself.
            "raw" => {
                let raw = fields::is_true(reader)?;
                self.mark(raw.then_some(Form::Transcript), false);
            }
            "images" => self.images = images(reader)?,
            // Token ids of what was said before.
            "context" => {
                let given = fields::filled(reader)?.is_some();
                self.mark(None, given);
            }
            "model" => self.model = fields::string(reader)?,
            "stream" => self.stream = streams(reader)?,
            "options" => self.options = options(reader)?,
            // With a size a picture is asked for.
            _ => {
                let given = fields::number(reader)?.is_some_and(|size| size > 0);
                self.mark(given.then_some(Form::Closed), given);
            }
        }
        Ok(())
    }

    fn mark(&mut self, form: Option<Form>, uncounted: bool) {
        self.nature.form = self.nature.form.max(form.unwrap_or_default());
        self.nature.uncounted |= uncounted;
    }
}

/// A string that is not empty. `null` is none.
fn filled_text(reader: &mut Reader<'_>, name: &'static str) -> Result<Option<Literal>, ParseError> {
    match reader.peek() {
        Some(b'"') => Ok(Some(reader.string()?).filter(is_said)),
        Some(b'n') => {
            reader.skip()?;
            Ok(None)
        }
        _ => Err(ParseError::NoText(name)),
    }
}
