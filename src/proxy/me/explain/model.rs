//! Which model a chat would reach, where, and why there.

use serde::Serialize;

use super::super::super::prepare::{Draft, marks};
use super::super::super::services::Runtime;
use crate::catalog::{Asker, Capability, Choice};
use crate::quota::Price;

#[derive(Debug, Serialize)]
pub(super) struct ModelBody<'a> {
    /// As the request names it.
    asked: Option<&'a str>,
    /// As the upstream is asked for it.
    upstream_name: Option<&'a str>,
    /// Tokens of the window that the conversation is fitted into.
    window: u64,
    max_output: Option<u64>,
    capabilities: &'a [Capability],
    /// For a million tokens.
    price: Option<Price>,
    /// Those that the person may use, in order of preference; the first that serves the model gets the chat.
    upstreams: Vec<ConsideredBody<'a>>,
}

#[derive(Debug, Serialize)]
struct ConsideredBody<'a> {
    name: &'a str,
    reason: &'static str,
}

impl<'a> ModelBody<'a> {
    /// `model` is what the catalog was asked for.
    pub(super) fn of(runtime: &'a Runtime, draft: &Draft, model: Option<&'a str>, asker: &Asker, choice: &'a Choice) -> Self {
        let considered = runtime.catalog.consider(draft.conversation.dialect().api(), model, asker);
        Self {
            asked: model,
            upstream_name: choice.rename.as_deref().or(model),
            window: marks(runtime, draft, choice).window(),
            max_output: choice.max_output(),
            capabilities: choice.model.as_ref().map(|model| &model.capabilities[..]).unwrap_or_default(),
            price: choice.price(),
            upstreams: considered
                .iter()
                .map(|considered| ConsideredBody { name: &considered.upstream.name, reason: considered.reason.as_str() })
                .collect(),
        }
    }
}
