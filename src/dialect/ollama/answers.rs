//! What Ollama answers: one object, or one a line. The last one says that it is done, and what it cost.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Api;
use super::super::answer::{Answer, Usage};
use super::super::errors;
use super::super::format::{Framing, Replies, StreamFault};
use super::super::heard::Heard;
use super::super::mend::{self, Half};

/// Reasons that end no answer: the model was loaded, or let go of.
const NO_ANSWER: [&str; 2] = ["load", "unload"];

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(default)]
    done: Option<bool>,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

/// Answers, each of which stands in a line of a stream.
#[derive(Debug)]
pub(in super::super) struct Lines;

impl Replies for Lines {
    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        read(json)
    }

    fn framing(&self) -> Framing {
        Framing::Ndjson
    }

    fn read_event(&self, _name: &[u8], data: &[u8]) -> Option<Answer> {
        read(data)
    }

    /// The line becomes the error. Behind a whole answer there is none.
    fn mend_event(&self, half: Half<'_>, _heard: &Heard, fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        let StreamFault { code, message } = fault?;
        let mut rest = mend::complete(half.line, &errors::members(Api::Ollama, 502, code, message))?;
        rest.push(b'\n');
        Some(rest)
    }

    /// Without a fault there is nothing to write: what is done said so itself.
    fn end_stream(&self, _heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        if let Some(StreamFault { code, message }) = fault {
            out.extend_from_slice(&errors::body(Api::Ollama, 502, code, message));
            out.push(b'\n');
        }
    }
}

/// Reads an answer that was not streamed, or one line of a stream. `None` when it is no object of that shape.
fn read(json: &[u8]) -> Option<Answer> {
    let wire: Wire<'_> = serde_json::from_slice(json).ok()?;
    let said = wire.message.into_iter().flat_map(|message| [message.content, message.thinking, message.tool_calls]);
    let said: Vec<&RawValue> = said.chain([wire.response, wire.thinking]).flatten().filter(|value| is_filled(value)).collect();
    let error = wire.error.is_some_and(is_filled);
    // Older servers give no reason.
    let done = wire.done == Some(true);
    let finish_reason = done.then(|| wire.done_reason.unwrap_or_else(|| "stop".to_owned()));
    let usage = wire.prompt_eval_count.or(wire.eval_count).map(|_| Usage {
        prompt_tokens: wire.prompt_eval_count.unwrap_or_default(),
        completion_tokens: wire.eval_count.unwrap_or_default(),
        cached_tokens: 0,
    });
    Some(Answer {
        content: !said.is_empty(),
        // Without the quotes.
        said: said.iter().map(|value| value.get().len().saturating_sub(2) as u64).sum(),
        void: finish_reason.as_deref().is_some_and(|reason| NO_ANSWER.contains(&reason)),
        finish_reason,
        usage,
        error,
        // Nothing follows an error.
        done: done || error,
        ..Answer::default()
    })
}

fn is_filled(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "\"\"" | "[]" | "{}" | "false")
}
