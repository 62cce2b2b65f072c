//! The dialects of Ollama's own API: `POST /api/chat` and `POST /api/generate`.
//!
//! A model brings instructions of its own (`SYSTEM` of its Modelfile), which Ollama drops as soon as a request begins with a system
//! message or has a `system` text. So memory makes none where there is none: its block stands in front of the first user turn.

mod answers;
mod chat;
mod generate;

use super::conversation::ParseError;
use super::fields;
use super::json::Reader;
use super::keys::Keys;
use super::members::Members;

pub(super) use answers::Lines;
pub(super) use chat::OllamaChat;
pub(super) use generate::OllamaGenerate;

const OPTION_KEYS: &[&str] = &["num_ctx", "num_predict"];

/// What `options` say of the room for a request, in tokens.
#[derive(Debug, Default)]
struct Options {
    /// Where its members stand; none where it is no object.
    members: Option<Members>,
    window: Option<u64>,
    max_tokens: Option<u64>,
}

fn options(reader: &mut Reader<'_>) -> Result<Options, ParseError> {
    let mut options = Options::default();
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        return Ok(options);
    }
    let mut keys = Keys::new(OPTION_KEYS);
    let mut members = Members::new(reader.offset() + 1);
    reader.object(|reader, member| {
        let (name, start, value) = (members.name(&member.key), member.at, reader.offset());
        match keys.recognise(&member.key)? {
            Some("num_ctx") => options.window = fields::number(reader)?.filter(|tokens| *tokens > 0),
            // Less than zero means no bound.
            Some(_) => options.max_tokens = fields::number(reader)?,
            None => reader.skip()?,
        }
        members.note(name, start, value..reader.offset());
        Ok::<_, ParseError>(())
    })?;
    options.members = Some(members);
    Ok(options)
}

/// Ollama streams unless it is told not to.
fn streams(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    let span = reader.value()?;
    Ok(&reader.bytes()[span] != b"false")
}

/// How many images there are.
fn images(reader: &mut Reader<'_>) -> Result<usize, ParseError> {
    let mut count = 0;
    if reader.peek() == Some(b'[') {
        reader.array(|reader| {
            count += 1;
            Ok::<_, ParseError>(reader.skip()?)
        })?;
    } else {
        reader.skip()?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
