//! Wire formats: which dialect a request speaks, what its body says, how its answers and errors look. No I/O.
//!
//! [`conversation`] is the one internal view (turns, parts, tool groups). A dialect is one file that parses its body into that
//! view, and says where text may be added and how its answers are read and ended; everything above works on the view.

mod amend;
pub mod answer;
mod anthropic;
pub mod chat;
mod completions;
pub mod conversation;
pub mod edit;
pub mod errors;
mod fields;
mod format;
mod heard;
mod json;
mod keys;
pub mod knobs;
mod members;
mod mend;
mod naming;
mod ollama;
mod prompts;
mod reach;
mod registry;
mod responses;
mod route;
pub mod said;
#[cfg(test)]
mod samples;
pub mod session;
pub mod stored;
pub mod stream;
pub mod task;
pub mod tools;
pub mod transcript;
pub mod words;

use schemars::JsonSchema;
use serde::Deserialize;

pub use format::{Framing, StreamFault};
pub use naming::{Naming, model_of, names_more, with_model};
pub use reach::{Reach, model_in_path, with_model_in_path};
pub use route::{Route, RouteKind, route};

/// A family of wire formats: what a backend declares to speak, and the shape of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// `OpenAI`: chat completions, completions, responses, embeddings and their neighbours under `/v1`.
    OpenAi,
    /// Anthropic: `/v1/messages`.
    Anthropic,
    /// Ollama: `/api/chat` and its neighbours.
    Ollama,
}

impl Api {
    /// The word for configuration and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }
}

/// A wire format of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `OpenAI` chat completions.
    ChatCompletions,
    /// `OpenAI` completions: one prompt, no turns.
    Completions,
    /// `OpenAI` responses.
    Responses,
    /// Anthropic messages.
    Messages,
    /// What a request of Anthropic messages would cost: read as one, answered with a count.
    CountTokens,
    /// Ollama's chat.
    OllamaChat,
    /// Ollama's generate: a prompt and a system text.
    OllamaGenerate,
}

impl Dialect {
    pub const ALL: [Self; 7] = [
        Self::ChatCompletions,
        Self::Completions,
        Self::Responses,
        Self::Messages,
        Self::CountTokens,
        Self::OllamaChat,
        Self::OllamaGenerate,
    ];

    /// The family that the dialect belongs to.
    #[must_use]
    pub fn api(self) -> Api {
        match self {
            Self::ChatCompletions | Self::Completions | Self::Responses => Api::OpenAi,
            Self::Messages | Self::CountTokens => Api::Anthropic,
            Self::OllamaChat | Self::OllamaGenerate => Api::Ollama,
        }
    }

    /// Whether a request only asks what another one would cost. It has no effects.
    #[must_use]
    pub fn only_counts(self) -> bool {
        self == Self::CountTokens
    }

    /// The word for metrics and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
            Self::OllamaChat => "ollama_chat",
            Self::OllamaGenerate => "ollama_generate",
        }
    }
}
