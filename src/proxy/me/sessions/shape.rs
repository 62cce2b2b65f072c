//! How sessions and turns look in answers and exports.

use serde::Serialize;

use super::super::shape::when;
use crate::enforce::UserScope;
use crate::sessions::{Reply, Shown, Turn};

/// A session.
#[derive(Debug, Serialize)]
pub struct SessionBody {
    id: String,
    user: String,
    tenant: String,
    title: Option<String>,
    /// `live` while it is in use or was lately; `idle` otherwise. Nothing is lost between them.
    state: &'static str,
    /// None where nothing lasts of it.
    created_at: Option<String>,
    last_used_at: String,
    /// Turns in the history.
    turns: usize,
    /// Requests since it is live, and those that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<u32>,
}

impl SessionBody {
    pub fn of(scope: &UserScope, shown: Shown) -> Self {
        let Shown { id, title, created_at, used_at, turns, live } = shown;
        Self {
            id: id.as_str().to_owned(),
            user: scope.user().name().to_owned(),
            tenant: scope.user().tenant().as_str().to_owned(),
            title,
            state: if live.is_some() { "live" } else { "idle" },
            created_at: created_at.map(when),
            last_used_at: when(used_at),
            turns,
            requests: live.map(|(requests, _)| requests),
            running: live.map(|(_, running)| running),
        }
    }
}

/// A turn: what the person said, and what was answered.
#[derive(Debug, Serialize)]
pub struct TurnBody {
    at: String,
    client: String,
    said: String,
    #[serde(skip_serializing_if = "is_zero")]
    images: usize,
    /// Several where tools were called in between.
    answers: Vec<ReplyBody>,
    /// Something was too long to be kept whole.
    cut: bool,
}

#[derive(Debug, Serialize)]
struct ReplyBody {
    at: String,
    request: String,
    model: String,
    text: String,
    /// Tools that it called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(images: &usize) -> bool {
    *images == 0
}

impl From<Turn> for TurnBody {
    fn from(turn: Turn) -> Self {
        Self {
            at: when(turn.at),
            client: turn.client.as_str().to_owned(),
            said: turn.said,
            images: turn.images,
            answers: turn.replies.into_iter().map(ReplyBody::from).collect(),
            cut: turn.cut,
        }
    }
}

impl From<Reply> for ReplyBody {
    fn from(reply: Reply) -> Self {
        let Reply { request, model, at, text, tools, .. } = reply;
        Self { at: when(at), request: request.to_string(), model, text, tools }
    }
}
