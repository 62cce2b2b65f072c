//! `POST /chat/completions`, not streamed, answered as a JSON schema says.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, InferenceError};

/// Largest answer that is read, in bytes.
const ANSWER: usize = 256 << 10;

/// A question to a model.
#[derive(Clone, Copy)]
pub struct ChatRequest<'a> {
    pub model: &'a str,
    pub system: &'a str,
    pub user: &'a str,
    /// Name and JSON schema of the answer. A backend that knows no schemas may answer otherwise.
    pub schema: (&'a str, &'a Value),
    /// Most tokens of the answer.
    pub max_tokens: u32,
}

impl std::fmt::Debug for ChatRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatRequest").field("model", &self.model).field("max_tokens", &self.max_tokens).finish_non_exhaustive()
    }
}

/// What a model answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Completion {
    pub text: String,
    /// Tokens of question and answer, where the backend says so.
    pub tokens: Option<u64>,
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: [Value; 2],
    stream: bool,
    max_tokens: u32,
    response_format: Value,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl Client {
    /// Asks once and waits for the whole answer.
    ///
    /// # Errors
    /// [`InferenceError::Malformed`] for an answer without text or one that was cut off; else when the call fails.
    pub async fn complete(&self, request: &ChatRequest<'_>) -> Result<Completion, InferenceError> {
        let (name, schema) = request.schema;
        let body = Body {
            model: request.model,
            messages: [json!({"role": "system", "content": request.system}), json!({"role": "user", "content": request.user})],
            stream: false,
            max_tokens: request.max_tokens,
            response_format: json!({"type": "json_schema", "json_schema": {"name": name, "strict": true, "schema": schema}}),
        };
        let answer: Answer = self.post("chat/completions", &body, ANSWER).await?;
        let choice = answer.choices.into_iter().next().ok_or(InferenceError::Malformed)?;
        let cut_off = choice.finish_reason.is_some_and(|reason| reason == "length");
        let text = choice.message.content.filter(|_| !cut_off).ok_or(InferenceError::Malformed)?;
        let tokens = answer.usage.map(|usage| usage.prompt_tokens.saturating_add(usage.completion_tokens));
        Ok(Completion { text, tokens: tokens.filter(|tokens| *tokens > 0) })
    }
}
