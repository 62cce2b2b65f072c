//! How memgate ends a stream that broke off.
//!
//! Two events, since clients differ in which one they heed. The official libraries for Python and Node raise what stands in a member
//! `error` of any event, and hand on the rest; Codex reads nothing but `response.failed`, and tries again until it has shown
//! the message. Both count on `sequence_number` to rise. An event that was cut is made an error, too: the libraries would
//! complain about its JSON instead.

use serde_json::{Value, json};

use crate::dialect::format::StreamFault;
use crate::dialect::heard::Heard;

/// The members of an error event, as they stand in an object. Written behind those of an event that was cut they take their place: the
/// later of two members of one name counts, and where both are refused, the event is, and the next one tells the same.
pub(super) fn members(heard: &Heard, fault: StreamFault<'_>) -> String {
    let error = error(next_number(heard), fault).to_string();
    error[1..error.len() - 1].to_owned()
}

pub(super) fn write(heard: &Heard, fault: StreamFault<'_>, out: &mut Vec<u8>) {
    let StreamFault { code, message } = fault;
    let next = next_number(heard);
    let opening = heard.opening.as_deref();
    let failed = json!({
        "type": "response.failed",
        "sequence_number": next.saturating_add(1),
        "response": {
            "id": opening.map_or("", |opening| &opening.id),
            "object": "response",
            "created_at": opening.map_or_else(|| 0.into(), |opening| opening.created_at.clone()),
            "status": "failed",
            "error": {"code": code, "message": message},
            "incomplete_details": null,
            "instructions": null,
            "metadata": {},
            "model": opening.map_or("", |opening| &opening.model),
            "output": [],
            "parallel_tool_calls": true,
            "temperature": null,
            "tool_choice": "auto",
            "tools": [],
            "top_p": null,
            "usage": null,
        },
    });
    for (name, data) in [("error", error(next, fault)), ("response.failed", failed)] {
        out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
    }
}

fn error(number: u64, StreamFault { code, message }: StreamFault<'_>) -> Value {
    json!({
        "type": "error",
        "sequence_number": number,
        "code": code,
        "message": message,
        "param": null,
        "error": {"type": "server_error", "code": code, "message": message, "param": null},
    })
}

fn next_number(heard: &Heard) -> u64 {
    heard.sequence.map_or(0, |last| last.saturating_add(1))
}
