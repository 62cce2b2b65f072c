//! How memgate ends a stream that broke off.
//!
//! Two events, since clients differ in which one they heed. The official libraries for Python and Node raise what stands in a member
//! `error` of any event, and hand on the rest; Codex reads nothing but `response.failed`, and tries again until it has shown
//! the message. Both count on `sequence_number` to rise.

use serde_json::json;

use crate::dialect::format::StreamFault;
use crate::dialect::stream::Heard;

pub(super) fn write(heard: &Heard, StreamFault { code, message }: StreamFault<'_>, out: &mut Vec<u8>) {
    let next = heard.sequence.map_or(0, |last| last.saturating_add(1));
    let error = json!({
        "type": "error",
        "sequence_number": next,
        "code": code,
        "message": message,
        "param": null,
        "error": {"type": "server_error", "code": code, "message": message, "param": null},
    });
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
    for (name, data) in [("error", error), ("response.failed", failed)] {
        out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
    }
}
