//! The dialect of `OpenAI` responses: `POST …/responses` (its API reference, "Create a model response").

mod answer;
mod ending;
mod item;
mod request;
#[cfg(test)]
mod tests;
mod tool;

use bytes::Bytes;

use super::answer::Answer;
use super::conversation::{Conversation, ParseError};
use super::format::{Format, Replies, StreamFault, SystemPlace};
use super::heard::Heard;
use super::mend::{self, Half};
use super::stored::Kept;

#[derive(Debug)]
pub(super) struct Responses;

impl Format for Responses {
    fn parse(&self, body: Bytes) -> Result<Conversation, ParseError> {
        request::parse(body)
    }

    fn system_place(&self) -> SystemPlace {
        SystemPlace::Member("instructions")
    }

    fn text_part(&self) -> &'static str {
        "input_text"
    }
}

impl Replies for Responses {
    fn read_answer(&self, json: &[u8]) -> Option<Answer> {
        answer::read(json)
    }

    fn read_kept(&self, start: &[u8]) -> Vec<Kept> {
        answer::read_id(start).into_iter().collect()
    }

    fn read_event(&self, name: &[u8], data: &[u8]) -> Option<Answer> {
        answer::read_event(name, data)
    }

    fn mend_event(&self, half: Half<'_>, heard: &Heard, fault: Option<StreamFault<'_>>) -> Option<Vec<u8>> {
        let members = ending::members(heard, fault?);
        let mut rest = half.finish(|data| mend::complete(data, &members))?;
        rest.extend_from_slice(b"\n\n");
        Some(rest)
    }

    fn end_stream(&self, heard: &Heard, fault: Option<StreamFault<'_>>, out: &mut Vec<u8>) {
        // A whole answer has brought its own end.
        if let Some(fault) = fault {
            ending::write(heard, fault, out);
        }
    }
}
