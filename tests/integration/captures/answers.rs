//! An upstream that speaks every dialect: a plausible answer for each path.

use serde_json::{Value, json};

use crate::harness::upstream::{Recorded, Script};

const SAID: &str = "All right then.";

/// The answer to a recorded request.
pub fn plausible(request: &Recorded) -> Script {
    let path = request.target.split('?').next().unwrap_or_default();
    let streams = serde_json::from_slice::<Value>(&request.body).is_ok_and(|body| body["stream"] == json!(true));
    let answer = match path.strip_prefix("/v1").unwrap_or(path) {
        "/responses" => json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
            "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": SAID, "annotations": []}]}],
            "usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}}),
        "/messages" => json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": SAID}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 10, "output_tokens": 2}}),
        "/messages/count_tokens" => json!({"input_tokens": 10}),
        "/completions" => json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "text": SAID, "finish_reason": "stop", "logprobs": null}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}}),
        "/api/chat" if streams => {
            return lines(&[chat_line("All right ", false), chat_line("then.", false), chat_line("", true)]);
        }
        "/api/chat" => chat_line(SAID, true),
        "/api/generate" => json!({"model": "m", "created_at": "2025-06-15T15:06:40Z", "response": SAID, "done": true,
            "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 2}),
        "/api/tags" => json!({"models": [{"name": "m:latest", "model": "m:latest", "size": 1, "digest": "0"}]}),
        "/api/ps" => json!({"models": []}),
        "/api/version" => json!({"version": "0.12.0"}),
        "/api/embed" => json!({"model": "m", "embeddings": [[0.1, 0.2]]}),
        "/audio/transcriptions" => json!({"text": ""}),
        "/audio/speech" => return Script::Reply { status: 200, content_type: "audio/mpeg", body: vec![0xff, 0xfb, 0] },
        "/images/generations" => json!({"created": 1, "data": [{"b64_json": ""}]}),
        "/v1beta/models/mock-model:generateContent" => {
            json!({"candidates": [{"content": {"role": "model", "parts": [{"text": SAID}]}, "finishReason": "STOP"}]})
        }
        _ => return Script::fitting(request),
    };
    Script::json(200, &answer)
}

fn chat_line(text: &str, done: bool) -> Value {
    let mut line = json!({"model": "m", "created_at": "2025-06-15T15:06:40Z", "message": {"role": "assistant", "content": text}, "done": done});
    if done {
        line["done_reason"] = "stop".into();
        line["prompt_eval_count"] = 10.into();
        line["eval_count"] = 2.into();
    }
    line
}

fn lines(lines: &[Value]) -> Script {
    let mut body = Vec::new();
    for line in lines {
        body.extend_from_slice(line.to_string().as_bytes());
        body.push(b'\n');
    }
    Script::Reply { status: 200, content_type: "application/x-ndjson", body }
}
