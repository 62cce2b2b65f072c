//! What there is: the lists of models that memgate puts together itself, and what Ollama's clients ask before they list.
//!
//! Each person is told what that person may use. memgate asks the upstreams, each in its own dialect, at once and within bounds, and gives
//! one list of what they serve here, each name once. Only where one upstream is all that there is, and serves whatever its backend has, does the
//! backend answer for itself.

use bytes::Bytes;
use pingora::Result as Pingora;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use serde::Serialize;
use serde_json::json;

use super::exchange::Exchange;
use super::me::input::{Parameters, decode};
use super::receive::{linger, settle_body};
use super::respond::write_document;
use super::services::Services;
use crate::catalog::{Asker, Upstream, not_served};
use crate::dialect::{Api, Route, RouteKind};
use crate::enforce::{Refusal, UserScope};
use crate::telemetry::audit::Outcome;

mod cache;
mod forms;
mod gather;
mod models;

pub use cache::ListCache;
pub use gather::list_fetcher;

use forms::Page;
use gather::{asked_in, gather};

/// What memgate says of itself where nobody else can: clients compare it with the least version that they work with.
const VERSION: &str = "0.12.0";
/// The words by which clients know Ollama.
const RUNNING: &str = "Ollama is running";

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

/// What is asked of what there is, and in whose dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    api: Api,
    about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// Whether Ollama is there.
    Root,
    Version,
    /// The models in memory. Only Ollama tells.
    Loaded,
    Models(Page),
    Model(String),
}

impl Question {
    /// The question that a request asks, if it asks one. The name of a model may hold slashes, in percent signs or as they are.
    ///
    /// # Errors
    /// When its parameters are wrong.
    pub fn of(route: &Route<'_>, request: &RequestHeader) -> Result<Option<Self>, Refusal> {
        let listing = matches!(route.kind, RouteKind::Models | RouteKind::Other);
        if !listing || !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Ok(None);
        }
        let api = route.api;
        let about = match (api, route.path) {
            (Api::Ollama, _) if route.kind != RouteKind::Models => return Ok(None),
            (Api::Ollama, "/") => About::Root,
            (Api::Ollama, "/api/version") => About::Version,
            (Api::Ollama, "/api/ps") => About::Loaded,
            (Api::Ollama, _) | (Api::OpenAi, "/models") => About::Models(Page::All),
            (Api::Anthropic, "/models") => About::Models(Page::read(&Parameters::read(request.uri.query())?)?),
            (_, path) => match path.strip_prefix("/models/") {
                // What cannot be read is no model's name.
                Some(name) => About::Model(decode(&name.replace('+', "%2B")).unwrap_or_default()),
                None => return Ok(None),
            },
        };
        Ok(Some(Self { api, about }))
    }
}

/// The answer to a question; `None` where an upstream is to give it, or to be missed.
///
/// # Errors
/// When there is no such model for this person, no upstream that is asked answers, or nobody here speaks the dialect.
pub async fn answer(
    services: &Services,
    exchange: &Exchange,
    (scope, asker): (Option<&UserScope>, &Asker),
    question: &Question,
) -> Result<Option<Listing>, Refusal> {
    let catalog = &exchange.runtime.catalog;
    let open: Vec<&Upstream> =
        catalog.upstreams().iter().filter(|upstream| upstream.is_open_to(asker)).map(AsRef::as_ref).collect();
    let listed: Vec<&Upstream> = open.iter().copied().filter(|upstream| asked_in(question.api, upstream).is_some()).collect();
    let alone = matches!(listed[..], [one] if one.is_plain() && one.speaks(question.api));
    let gathered = gather(services, exchange, (scope, asker), question.api, question.about == About::Loaded);
    match &question.about {
        About::Root if listed.is_empty() => Err(refuse(404, "unknown_path", "There is nothing at this path.", String::new())),
        About::Root => {
            Ok(Some(Listing { media_type: "text/plain; charset=utf-8", body: Bytes::from_static(RUNNING.as_bytes()) }))
        }
        // Refused there, since nobody speaks the dialect.
        _ if listed.is_empty() || alone => Ok(None),
        About::Version if open.iter().any(|upstream| upstream.speaks(Api::Ollama) && upstream.is_wholly_open_to(asker)) => {
            Ok(None)
        }
        About::Version => Listing::json(&json!({ "version": VERSION })).map(Some),
        About::Loaded => Listing::json(&forms::ollama(&gathered.await?)).map(Some),
        About::Models(page) => {
            let entries = gathered.await?;
            let list = match question.api {
                Api::OpenAi => forms::open_ai(&entries),
                Api::Anthropic => forms::anthropic(&entries, page)?,
                Api::Ollama => forms::ollama(&entries),
            };
            Listing::json(&list).map(Some)
        }
        About::Model(name) => {
            // One that is hidden from the person and one that never was take the same way up to here.
            let entries = gathered.await?;
            let entry = entries.iter().find(|entry| entry.name == *name).ok_or_else(not_served)?;
            Listing::json(&forms::member(question.api, entry)).map(Some)
        }
    }
}

fn refuse(status: u16, code: &'static str, message: &str, detail: String) -> Refusal {
    Refusal { status, code, message: message.to_owned(), detail }
}
