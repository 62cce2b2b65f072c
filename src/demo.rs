//! The built-in demo upstream: no model, but an answer that shows what a model would have been told. It runs only where the
//! configuration names it.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The only model of the demo.
pub const MODEL: &str = "memgate-demo";

const ID: &str = "chatcmpl-memgate-demo";
const OPEN: &str = "<memgate_memory>";
const CLOSE: &str = "</memgate_memory>";
/// Largest request that the demo reads. The proxy before it has a limit of its own.
const BODY_LIMIT: usize = 64 << 20;
/// Words in one chunk of a streamed answer.
const CHUNK: usize = 4;
/// Numbers in an embedding: the halves of a SHA-256.
const DIMENSIONS: usize = 8;

/// Serves the demo until `stopping` says so.
pub async fn serve(listener: TcpListener, mut stopping: watch::Receiver<bool>) {
    let stop = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, router()).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "the demo upstream failed");
    }
}

/// The demo's paths. Every other path answers 404 in `OpenAI`'s error shape.
pub fn router() -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

#[derive(Deserialize)]
struct ChatRequest {
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

impl Message {
    /// The text of a string or of the text parts of an array.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
                texts.join("\n")
            }
            _ => String::new(),
        }
    }
}

#[derive(Deserialize)]
struct EmbeddingsRequest {
    input: Value,
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "memgate"}]}))
}

async fn chat(body: Bytes) -> Response {
    let request: ChatRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return invalid(&error),
    };
    let answer = answer(&request.messages);
    let prompt: usize = request.messages.iter().map(|message| words(&message.text())).sum();
    let completion = words(&answer);
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
    if request.stream == Some(true) {
        let with_usage = request.stream_options.is_some_and(|options| options.include_usage);
        return stream(&answer, with_usage.then_some(&usage));
    }
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"});
    Json(json!({"id": ID, "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice], "usage": usage}))
        .into_response()
}

/// What the demo says: a function of the messages alone.
fn answer(messages: &[Message]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut said = String::new();
    for message in messages.iter().filter(|message| matches!(message.role.as_str(), "system" | "developer" | "user")) {
        let (rest, lines) = take_memory(&message.text());
        told.extend(lines);
        if message.role == "user" {
            said = rest;
        }
    }
    let mut seen = std::collections::HashSet::new();
    told.retain(|line| seen.insert(line.clone()));
    let told = if told.is_empty() { " nothing.".to_owned() } else { format!("\n{}", told.join("\n")) };
    format!("This is memgate's built-in demo, not a model. You said: {}\nWhat memgate told me about you:{told}", said.trim())
}

/// Divides a text into what was there and the lines of the memory blocks in it.
fn take_memory(text: &str) -> (String, Vec<String>) {
    let (mut rest, mut lines, mut left) = (String::new(), Vec::new(), text);
    while let Some((before, after)) = left.split_once(OPEN) {
        let Some((block, after)) = after.split_once(CLOSE) else { break };
        rest.push_str(before);
        lines.extend(block.lines().map(str::trim).filter(|line| line.starts_with("- ")).map(str::to_owned));
        left = after;
    }
    rest.push_str(left);
    (rest, lines)
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn stream(answer: &str, usage: Option<&Value>) -> Response {
    let chunk =
        |choices: Value| json!({"id": ID, "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices});
    let delta = |delta: Value, finish: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]));
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    let words: Vec<&str> = answer.split_inclusive(' ').collect();
    events.extend(words.chunks(CHUNK).map(|words| delta(json!({"content": words.concat()}), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    if let Some(usage) = usage {
        let mut event = chunk(json!([]));
        event["usage"] = usage.clone();
        events.push(event);
    }
    let lines = events.into_iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    let body = Body::from_stream(futures::stream::iter(lines.map(Ok::<_, Infallible>)));
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

async fn embeddings(body: Bytes) -> Response {
    let request: EmbeddingsRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return invalid(&error),
    };
    let inputs = match request.input {
        // A list of texts, or of lists of tokens, is several inputs; a list of tokens is one.
        Value::Array(inputs) if !inputs.first().is_some_and(Value::is_number) => inputs,
        one => vec![one],
    };
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| json!({"object": "embedding", "index": index, "embedding": embed(input)}))
        .collect();
    let tokens: usize = inputs.iter().map(|input| input.as_str().map_or(1, words)).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Json(json!({"object": "list", "model": MODEL, "data": data, "usage": usage})).into_response()
}

/// A unit vector drawn from the input's hash: equal inputs are equal, nothing else is meant.
fn embed(input: &Value) -> [f64; DIMENSIONS] {
    let text = input.as_str().map_or_else(|| input.to_string(), str::to_owned);
    let hash = Sha256::digest(text.as_bytes());
    let mut vector = [0.0; DIMENSIONS];
    for (number, bytes) in vector.iter_mut().zip(hash.chunks_exact(2)) {
        *number = f64::from(u16::from_be_bytes([bytes[0], bytes[1]])) / 32_767.5 - 1.0;
    }
    let length = vector.iter().map(|number| number * number).sum::<f64>().sqrt();
    vector.map(|number| number / length)
}

fn invalid(error: &serde_json::Error) -> Response {
    failure(StatusCode::BAD_REQUEST, "invalid_request", &format!("The body is no request of this path: {error}."))
}

async fn unknown_path() -> Response {
    failure(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "memgate's built-in demo has no such path. It has /v1/models, /v1/chat/completions and /v1/embeddings.",
    )
}

async fn wrong_method() -> Response {
    failure(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "This path of memgate's built-in demo has another method.")
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    (status, Json(json!({"error": error}))).into_response()
}

#[cfg(test)]
mod tests;
