//! Answers: the response as a document, and the events of its stream.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::item;
use crate::dialect::answer::{Answer, Details, Opening, Presence, Usage};
use crate::dialect::json::{self, Malformed, Reader};
use crate::dialect::stored::Kept;

/// Reads a response that was not streamed. One that is still to be worked on (`background`) has not ended.
pub(super) fn read(json: &[u8]) -> Option<Answer> {
    let response: WireResponse<'_> = serde_json::from_slice(json).ok()?;
    let finish_reason = match response.status.as_deref() {
        Some("completed") => Some("completed".to_owned()),
        Some("incomplete") => Some(response.cut_by()),
        _ => None,
    };
    let error = response.error.is_some() || matches!(response.status.as_deref(), Some("failed" | "cancelled"));
    Some(Answer { finish_reason, error, ..response.told() })
}

/// Reads one event. One whose data was too long to be kept comes with none: its name tells what it was.
pub(super) fn read_event(name: &[u8], data: &[u8]) -> Option<Answer> {
    let event: WireEvent<'_> = if data.is_empty() { WireEvent::default() } else { serde_json::from_slice(data).ok()? };
    let kind = event.kind.as_deref().or_else(|| std::str::from_utf8(name).ok())?;
    let response = event.response.and_then(|response| serde_json::from_str::<WireResponse<'_>>(response.get()).ok());
    let item = event.item.and_then(|item| serde_json::from_str::<WireItem<'_>>(item.get()).ok());
    let cut_by = response.as_ref().map(WireResponse::cut_by);
    let mut answer = response.map(WireResponse::told).unwrap_or_default();
    answer.sequence = event.sequence_number;
    answer.said = event.delta.1;
    answer.kept.extend(item.map(WireItem::kept).unwrap_or_default());
    match kind {
        "response.completed" => {
            answer.finish_reason = Some("completed".to_owned());
            answer.done = true;
        }
        "response.incomplete" => {
            answer.finish_reason = Some(cut_by.unwrap_or_else(|| "incomplete".to_owned()));
            answer.done = true;
        }
        "response.failed" | "response.cancelled" | "error" => {
            answer.error = true;
            answer.done = true;
        }
        "response.output_item.done" => answer.content = true,
        kind => answer.content = kind.rsplit_once('.').is_some_and(|(_, last)| last == "delta"),
    }
    Some(answer)
}

/// The id of a response from the start of its document, which is too long to be kept whole. It stands in front of the output.
pub(super) fn read_id(start: &[u8]) -> Option<Kept> {
    let mut reader = Reader::new(start);
    let mut id = None;
    // That it breaks off is known.
    let _ = reader.object(|reader, member| {
        if member.key == "id" && reader.peek() == Some(b'"') {
            let literal = reader.string()?;
            id = Some(json::decode(reader.bytes(), &literal).into_owned());
        } else {
            reader.skip()?;
        }
        Ok::<_, Malformed>(())
    });
    id.map(|id| Kept { id, by_id: false })
}

#[derive(Default, Deserialize)]
struct WireEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
    sequence_number: Option<u64>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(default)]
    delta: Presence,
}

#[derive(Deserialize)]
struct WireResponse<'a> {
    id: Option<String>,
    model: Option<String>,
    created_at: Option<serde_json::Number>,
    #[serde(borrow)]
    status: Option<std::borrow::Cow<'a, str>>,
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    incomplete_details: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

impl WireResponse<'_> {
    /// Why it was not said to its end.
    fn cut_by(&self) -> String {
        #[derive(Deserialize)]
        struct Details {
            reason: String,
        }
        let details = self.incomplete_details.and_then(|details| serde_json::from_str::<Details>(details.get()).ok());
        details.map_or_else(|| "incomplete".to_owned(), |details| details.reason)
    }

    /// What it says beside how it ended.
    fn told(self) -> Answer {
        #[derive(Deserialize)]
        struct Counts {
            input_tokens: u64,
            #[serde(default)]
            output_tokens: u64,
            input_tokens_details: Option<Details>,
        }
        let counts = self.usage.and_then(|usage| serde_json::from_str::<Counts>(usage.get()).ok());
        let output = self.output.unwrap_or_default();
        let items = output.iter().filter_map(|item| serde_json::from_str(item.get()).ok());
        let items: Vec<WireItem<'_>> = items.collect();
        let response = self.id.clone().map(|id| Kept { id, by_id: false });
        Answer {
            content: !output.is_empty(),
            said: items.iter().map(|item| item.content.1).sum(),
            usage: counts.map(|c| Usage {
                prompt_tokens: c.input_tokens,
                completion_tokens: c.output_tokens,
                cached_tokens: c.input_tokens_details.and_then(|details| details.cached_tokens).unwrap_or_default(),
            }),
            recounted: items.iter().any(WireItem::is_hosted),
            kept: response.into_iter().chain(items.into_iter().flat_map(WireItem::kept)).collect(),
            opening: self.id.map(|id| {
                let (model, created_at) = (self.model.unwrap_or_default(), self.created_at.unwrap_or_else(|| 0.into()));
                Box::new(Opening { id, model, created_at })
            }),
            ..Answer::default()
        }
    }
}

#[derive(Deserialize)]
struct WireItem<'a> {
    id: Option<String>,
    #[serde(rename = "type", borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
    role: Option<IgnoredAny>,
    #[serde(default)]
    content: Presence,
    #[serde(default)]
    encrypted_content: Presence,
    #[serde(default)]
    result: Presence,
    container_id: Option<String>,
    #[serde(borrow)]
    environment: Option<&'a RawValue>,
}

impl WireItem<'_> {
    /// Whether it is a call that the upstream answered itself, and then read on.
    fn is_hosted(&self) -> bool {
        matches!(
            self.kind.as_deref(),
            Some("web_search_call" | "file_search_call" | "code_interpreter_call" | "mcp_call" | "image_generation_call")
        )
    }

    /// The item itself, and the container that it worked in.
    fn kept(self) -> Vec<Kept> {
        #[derive(Deserialize)]
        struct Environment {
            container_id: String,
        }
        let has = |member: &str| match member {
            "role" => self.role.is_some(),
            "content" => self.content.0,
            "encrypted_content" => self.encrypted_content.0,
            _ => self.result.0,
        };
        // A message's content comes after it was announced.
        let by_id = self.kind.as_deref() != Some("message") && item::is_kept(self.kind.as_deref(), has);
        let item = self.id.map(|id| Kept { id, by_id });
        let elsewhere = || serde_json::from_str::<Environment>(self.environment?.get()).ok().map(|place| place.container_id);
        let container = self.container_id.or_else(elsewhere).map(|id| Kept { id, by_id: true });
        item.into_iter().chain(container).collect()
    }
}
