//! The way of a message's text to the extractor, as the proxy takes it.

use bytes::Bytes;
use memgate::dialect::Dialect;
use memgate::dialect::task::classify;
use memgate::dialect::words::own_words;
use memgate::memory::extract::Statement;
use serde_json::{Value, json};

/// The production extractor, or a stand-in with which the scorer is tested.
pub type Extract<'a> = &'a dyn Fn(&str) -> Vec<Statement>;

/// What is learned from a request that ends well.
pub fn learn(messages: &[Value], stream: bool, extract: Extract<'_>) -> Vec<Statement> {
    let body = json!({"model": "m", "stream": stream, "messages": messages});
    let conversation = Dialect::ChatCompletions.parse(Bytes::from(body.to_string())).unwrap();
    if !classify(&conversation, None, None).0.learns() {
        return Vec::new();
    }
    let Some(turn) = conversation.last_user() else { return Vec::new() };
    extract(&own_words(&conversation.text(turn)))
}

/// What is learned from one turn of a person.
pub fn learn_turn(text: &str, extract: Extract<'_>) -> Vec<Statement> {
    learn(&[json!({"role": "user", "content": text})], true, extract)
}
