//! What there is: the lists of models that memgate puts together itself, and what Ollama's clients ask before they list.
//!
//! One upstream that speaks Ollama's dialect answers for itself. Where there are several, or such that speak `OpenAI`'s, memgate asks each
//! in its own dialect, at once and within bounds, and gives one list of what they serve here, each name once.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use pingora::Result as Pingora;
use pingora::proxy::Session;
use serde::Serialize;

use super::exchange::Exchange;
use super::receive::{linger, settle_body};
use super::respond::write_document;
use super::services::Services;
use crate::catalog::Upstream;
use crate::dialect::Api;
use crate::enforce::Refusal;
use crate::inference::{Fetcher, InferenceError};
use crate::telemetry::UpstreamFault;
use crate::telemetry::audit::Outcome;

mod models;

/// What memgate says of itself where nobody else can: clients compare it with the least version that they work with.
const VERSION: &str = "0.12.0";
/// The words by which clients know Ollama.
const RUNNING: &str = "Ollama is running";

/// How long one upstream may take to list its models.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest list, in bytes. The longest have some hundred thousand.
const LONGEST: usize = 4 << 20;

/// Asks upstreams for their lists.
#[must_use]
pub fn list_fetcher() -> Fetcher {
    Fetcher::new(DEADLINE, LONGEST)
}

/// An answer of memgate's own.
#[derive(Debug)]
pub struct Listing {
    media_type: &'static str,
    body: Bytes,
}

impl Listing {
    fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        match serde_json::to_vec(value) {
            Ok(body) => Ok(Self { media_type: "application/json", body: body.into() }),
            Err(error) => Err(refuse(500, "internal", "memgate failed on this request. Try again.", error.to_string())),
        }
    }

    /// Writes the answer.
    pub async fn give(self, session: &mut Session, exchange: &mut Exchange) -> Pingora<()> {
        let rest = settle_body(session).await;
        write_document(session, exchange, 200, self.media_type, self.body).await?;
        exchange.record.outcome = Outcome::Complete;
        if rest {
            linger(session).await;
        }
        Ok(())
    }
}

/// The answer to one of Ollama's listings; `None` where an upstream is to give it, or to be missed.
///
/// # Errors
/// When no upstream that is asked answers, or the path means nothing in front of those that there are.
pub async fn answer(services: &Services, exchange: &Exchange, path: &str) -> Result<Option<Listing>, Refusal> {
    let upstreams: Vec<&Upstream> = exchange.runtime.catalog.upstreams().iter().map(AsRef::as_ref).collect();
    let ollama = upstreams.iter().filter(|upstream| upstream.speaks(Api::Ollama)).count();
    let listed = upstreams.iter().filter(|upstream| asked_in(upstream).is_some()).count();
    match path {
        "/" if listed == 0 => Err(refuse(404, "unknown_path", "There is nothing at this path.", String::new())),
        "/" => Ok(Some(Listing { media_type: "text/plain; charset=utf-8", body: Bytes::from_static(RUNNING.as_bytes()) })),
        _ if listed == 0 || (ollama == 1 && listed == 1) => Ok(None),
        "/api/version" if ollama == 0 => Listing::json(&serde_json::json!({ "version": VERSION })).map(Some),
        "/api/ps" if ollama != 1 => {
            let models = gather(services, exchange, &upstreams, Question::Loaded).await?;
            Listing::json(&serde_json::json!({ "models": models })).map(Some)
        }
        "/api/tags" => {
            let models = gather(services, exchange, &upstreams, Question::Served).await?;
            Listing::json(&serde_json::json!({ "models": models })).map(Some)
        }
        _ => Ok(None),
    }
}

/// What the upstreams are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Served,
    /// Which are in memory. Only Ollama tells.
    Loaded,
}

/// The dialect in which an upstream is asked for its models. Ollama tells more of them.
fn asked_in(upstream: &Upstream) -> Option<Api> {
    [Api::Ollama, Api::OpenAi].into_iter().find(|api| upstream.speaks(*api))
}

/// The models of all upstreams that can be asked, in the order of the upstreams.
///
/// # Errors
/// When some were asked and none answered.
async fn gather(
    services: &Services,
    exchange: &Exchange,
    upstreams: &[&Upstream],
    question: Question,
) -> Result<Vec<models::Model>, Refusal> {
    let asked = upstreams.iter().filter_map(|upstream| match (asked_in(upstream)?, question) {
        (Api::Ollama, Question::Served) => Some((*upstream, Api::Ollama, "/api/tags")),
        (Api::Ollama, Question::Loaded) => Some((*upstream, Api::Ollama, "/api/ps")),
        (api, Question::Served) => Some((*upstream, api, "/models")),
        (_, Question::Loaded) => None,
    });
    let answers = join_all(asked.map(async |(upstream, api, path)| (upstream, ask(services, upstream, api, path).await))).await;
    let (mut lists, mut failed) = (Vec::new(), None);
    for (upstream, answer) in answers {
        match answer {
            Ok(models) => lists.push((upstream, models)),
            Err(error) => {
                let request = exchange.record.request;
                tracing::warn!(%request, upstream = upstream.name, %error, "the upstream's models could not be listed");
                services.metrics.count_upstream_error(&upstream.name, fault_of(error));
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if lists.is_empty() => Err(no_list(error)),
        _ => Ok(models::merge(lists)),
    }
}

async fn ask(services: &Services, upstream: &Upstream, api: Api, path: &str) -> Result<Vec<models::Model>, InferenceError> {
    let address = format!("{}{}", services.addresses.origin_of(upstream), upstream.path_of(api, path));
    let key = upstream.key.as_ref().map(|key| (&key.header, &key.value));
    let document = services.fetcher.get(&address, key).await?;
    models::read(api, &document.bytes).ok_or(InferenceError::Malformed)
}

fn fault_of(error: InferenceError) -> UpstreamFault {
    match error {
        InferenceError::Unreachable => UpstreamFault::Connect,
        InferenceError::Timeout => UpstreamFault::Timeout,
        InferenceError::Broken => UpstreamFault::Broken,
        InferenceError::Status(500..) => UpstreamFault::Status,
        _ => UpstreamFault::Other,
    }
}

fn no_list(error: InferenceError) -> Refusal {
    let (status, code) = match error {
        InferenceError::Timeout => (504, "upstream_timeout"),
        InferenceError::Unreachable => (502, "upstream_unreachable"),
        _ => (502, "upstream_failed"),
    };
    let message = "No model backend could say which models it has. Try again; if it stays so, tell the operator of this server.";
    refuse(status, code, message, error.to_string())
}

fn refuse(status: u16, code: &'static str, message: &str, detail: String) -> Refusal {
    Refusal { status, code, message: message.to_owned(), detail }
}
