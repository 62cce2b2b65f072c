//! Chats in the dialect that an upstream speaks.

use reqwest::Method;
use serde_json::{Value, json};

use super::person::Person;
use super::wire::{Reply, Wire};
use crate::dialect::Api;

/// A model, and how it is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub api: Api,
    pub model: String,
}

impl Chat {
    /// Says something, and lets the model answer with so many tokens.
    pub(super) async fn say(&self, wire: &Wire, person: &Person, text: &str, tokens: u32) -> Result<Reply, reqwest::Error> {
        let path = match self.api {
            Api::OpenAi => "/v1/chat/completions",
            Api::Anthropic => "/v1/messages",
            Api::Ollama => "/api/chat",
        };
        wire.ask(Some(person), (&Method::POST, path), Some(&self.body(text, tokens))).await
    }

    /// Asks what memgate would make of it.
    pub(super) async fn rehearse(&self, wire: &Wire, person: &Person, text: &str) -> Result<Reply, reqwest::Error> {
        let dialect = match self.api {
            Api::OpenAi => "chat_completions",
            Api::Anthropic => "messages",
            Api::Ollama => "ollama_chat",
        };
        let path = format!("/memgate/v1/me/explain?dialect={dialect}");
        wire.ask(Some(person), (&Method::POST, &path), Some(&self.body(text, 1))).await
    }

    fn body(&self, text: &str, tokens: u32) -> Value {
        let mut body = json!({"model": self.model, "stream": false, "messages": [{"role": "user", "content": text}]});
        match self.api {
            Api::OpenAi | Api::Anthropic => body["max_tokens"] = tokens.into(),
            Api::Ollama => body["options"] = json!({"num_predict": tokens}),
        }
        body
    }
}
