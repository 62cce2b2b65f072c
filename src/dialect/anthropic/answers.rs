//! Answers in Anthropic's dialect: documents, events, and how a stream that broke is ended.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dialect::Api;
use crate::dialect::answer::{Answer, Presence, Usage};
use crate::dialect::errors;
use crate::dialect::format::{Replies, StreamFault};
use crate::dialect::heard::Heard;
use crate::dialect::mend::{self, Half};

/// Makes a half event a `ping`: the official libraries throw on data that is no JSON, and pass over pings unread. The last name of an
/// event counts (WHATWG HTML, 9.2.6).
const CUT_SHORT: &[u8] = b"\nevent: ping\n\n";

/// Ends a stream.
const STOP: &[u8] = b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// Why the model was kept from answering. The API asks clients to take the turn out of the conversation, so nothing is learned from it.
const REFUSAL: &str = "refusal";

/// A message, or the event of a stream: the members of both.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    r#type: Cow<'a, str>,
    content: Option<Vec<Presence>>,
    stop_reason: Option<String>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    context_management: Option<ContextManagement>,
    /// Of `message_start`.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    /// Of `message_delta`.
    delta: Option<Delta>,
    /// Of `content_block_start`.
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
}

#[derive(Deserialize)]
struct ContextManagement {
    /// What the API took out of the conversation before it counted.
    #[serde(default)]
    applied_edits: Presence,
}

#[derive(Deserialize)]
struct Delta {
    stop_reason: Option<String>,
    #[serde(default)]
    text: Presence,
    #[serde(default)]
    thinking: Presence,
    #[serde(default)]
    partial_json: Presence,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    r#type: Cow<'a, str>,
}

/// Tokens as this API counts them: what the cache held stands apart.
#[derive(Deserialize)]
struct Counts {
    #[serde(rename = "input_tokens")]
    input: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_creation: Option<u64>,
    #[serde(rename = "output_tokens")]
    output: Option<u64>,
    /// How often it used each tool of its own, to read on with what that found.
    server_tool_use: Option<Value>,
}

impl Wire<'_> {
    fn recounted(&self) -> bool {
        let edited = self.context_management.as_ref().is_some_and(|context| context.applied_edits.0);
        let uses = self.usage.and_then(counts).and_then(|counts| counts.server_tool_use);
        edited || uses.iter().filter_map(Value::as_object).flat_map(Map::values).any(|uses| uses.as_u64() > Some(0))
    }
}

/// Messages.
#[derive(Debug)]
pub(in super::super) struct Message;

impl Replies for Message {
    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        read_answer(json)
    }

    fn read_event(&self, name: &[u8], data: &[u8]) -> Option<Answer> {
        read_event(name, data)
    }

    /// A half event holds whole JSON, for readers that look at the data first.
    fn mend_event(&self, half: Half<'_>, _heard: &Heard, _fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        let mut rest = half.finish(|data| mend::complete(data, "\"type\":\"ping\""))?;
        rest.extend_from_slice(CUT_SHORT);
        Some(rest)
    }

    fn cut_short(&self) -> &'static [u8] {
        CUT_SHORT
    }

    /// With an error, or, where only its last event is missing, with that.
    fn end_stream(&self, _heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        match fault {
            Some(StreamFault { code, message }) => {
                let error = errors::body(Api::Anthropic, 502, code, message);
                out.extend([b"event: error\ndata: ", &*error, b"\n\n"].concat());
            }
            None => out.extend_from_slice(STOP),
        }
    }
}

/// What a message would cost: no usage, since nothing was spent, and never streamed.
#[derive(Debug)]
pub(in super::super) struct Count;

impl Replies for Count {
    fn read_answer(&self, _json: &[u8]) -> Option<Answer> {
        None
    }

    fn read_event(&self, _name: &[u8], _data: &[u8]) -> Option<Answer> {
        None
    }

    fn end_stream(&self, _heard: &Heard, _fault: Option<StreamFault<'_>>, _out: &mut Vec<u8>) {}
}

/// Reads a whole message, or an error.
fn read_answer(json: &[u8]) -> Option<Answer> {
    let wire: Wire<'_> = serde_json::from_slice(json).ok()?;
    Some(Answer {
        recounted: wire.recounted(),
        said: wire.content.iter().flatten().map(|block| block.1).sum(),
        content: wire.content.is_some_and(|blocks| !blocks.is_empty()),
        error: wire.r#type == "error",
        void: wire.stop_reason.as_deref() == Some(REFUSAL),
        finish_reason: wire.stop_reason,
        usage: wire.usage.and_then(usage),
        ..Answer::default()
    })
}

/// Reads one event.
fn read_event(name: &[u8], data: &[u8]) -> Option<Answer> {
    let quiet = Answer::default();
    if name == b"ping" {
        return None;
    }
    let Ok(wire) = serde_json::from_slice::<Wire<'_>>(data) else {
        // What is too long to be read is a block of some tool's.
        return name.starts_with(b"content_block").then_some(Answer { content: true, ..quiet });
    };
    Some(match &*wire.r#type {
        "message_start" => {
            let message = wire.message.and_then(|message| read_answer(message.get().as_bytes()));
            Answer { usage: message.and_then(|message| message.usage), ..quiet }
        }
        // A block of text starts empty; any other says what it is.
        "content_block_start" => {
            let content = wire.content_block.is_some_and(|block| !matches!(&*block.r#type, "text" | "thinking"));
            Answer { content, ..quiet }
        }
        "content_block_delta" => {
            let said = wire.delta.map_or(0, |delta| delta.text.1 + delta.thinking.1 + delta.partial_json.1);
            Answer { content: true, said, ..quiet }
        }
        "message_delta" => {
            let recounted = wire.recounted();
            let finish_reason = wire.delta.and_then(|delta| delta.stop_reason);
            let void = finish_reason.as_deref() == Some(REFUSAL);
            Answer { finish_reason, void, recounted, usage: wire.usage.and_then(usage), ..quiet }
        }
        "message_stop" => Answer { done: true, ..quiet },
        // The last event of its stream: the official libraries throw it and read no further.
        "error" => Answer { error: true, done: true, ..quiet },
        _ => quiet,
    })
}

fn counts(counts: &RawValue) -> Option<Counts> {
    serde_json::from_str(counts.get()).ok()
}

fn usage(counts: &RawValue) -> Option<Usage> {
    let counts = self::counts(counts)?;
    let prompt = [counts.input, counts.cache_read, counts.cache_creation];
    let prompt_tokens = prompt.into_iter().flatten().fold(0, u64::saturating_add);
    let cached_tokens = counts.cache_read.unwrap_or_default();
    Some(Usage { prompt_tokens, completion_tokens: counts.output.unwrap_or_default(), cached_tokens })
}
