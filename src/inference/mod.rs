//! Calls that memgate itself makes: to models, for embeddings, chat completions and their lists in the `OpenAI` API, and for documents.
//!
//! A call is made once and bounded in every way: no retry, no redirect, no proxy from the environment, a deadline over all of it,
//! and an answer of limited size. What comes back is checked for its shape before anybody sees it. Errors hold no text of either side.

mod chat;
mod client;
mod document;
mod embeddings;
mod endpoint;
#[cfg(test)]
pub(crate) mod fake;
mod fetch;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use chat::{ChatRequest, Completion};
pub use client::{Client, plain_builder, tls_builder};
pub use document::DocumentUrl;
pub use endpoint::Endpoint;
pub use fetch::{Document, Fetcher};

/// Why a model gave no answer that can be used. Cheap to copy; holds no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InferenceError {
    #[error("a client for the endpoint cannot be set up: does this system have CA certificates?")]
    Setup,
    #[error("the endpoint did not answer in time")]
    Timeout,
    #[error("the endpoint cannot be reached")]
    Unreachable,
    #[error("the connection to the endpoint broke")]
    Broken,
    #[error("the endpoint answered with status {0}")]
    Status(u16),
    #[error("the endpoint's answer is too large")]
    TooLarge,
    #[error("the endpoint's answer is not what was asked for")]
    Malformed,
    /// As many vectors as texts, all of one length, are expected.
    #[error("the endpoint's vectors have the wrong number or size")]
    Mismatch,
}

impl InferenceError {
    /// Whether the endpoint turned down what it was given: asking the same again cannot help, and it is not down.
    #[must_use]
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Status(400 | 413 | 422))
    }
}
