//! Asking the upstreams for their models.

use std::time::Duration;

use futures::future::join_all;
use http::HeaderValue;
use http::header::HeaderName;

use super::super::exchange::Exchange;
use super::super::key::{Who, key_for};
use super::super::services::Services;
use super::cache::{Asked, Told};
use super::models::{Entry, entries, merge, read};
use super::refuse;
use crate::catalog::{Asker, Upstream};
use crate::dialect::Api;
use crate::enforce::{Refusal, UserScope};
use crate::inference::{Fetcher, InferenceError};
use crate::telemetry::UpstreamFault;

/// How long one upstream may take to list its models.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest list, in bytes. The longest have some hundred thousand.
const LONGEST: usize = 4 << 20;

/// What Anthropic's API wants to be told (its API reference, "Versions").
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// Asks upstreams for their lists.
#[must_use]
pub fn list_fetcher() -> Fetcher {
    Fetcher::new(DEADLINE, LONGEST)
}

/// The dialect in which an upstream is asked for its models, for a list in the form of `form`. Ollama's clients are told of those of
/// `OpenAI`'s backends, too; of others a list holds what its own dialect reaches.
pub(super) fn asked_in(form: Api, upstream: &Upstream) -> Option<Api> {
    let apis: &[Api] = if form == Api::Ollama { &[Api::Ollama, Api::OpenAi] } else { &[form] };
    apis.iter().copied().find(|api| upstream.speaks(*api))
}

/// The models that this person may use, of all upstreams: in order of their priority, then of the configuration. With `loaded`, those that
/// are in memory.
///
/// # Errors
/// When nothing is known: some upstreams were asked, none answered, and none declares a model by name.
pub(super) async fn gather(
    services: &Services,
    exchange: &Exchange,
    (scope, asker): (Option<&UserScope>, &Asker),
    form: Api,
    loaded: bool,
) -> Result<Vec<Entry>, Refusal> {
    let upstreams = exchange.runtime.catalog.upstreams().iter().filter(|upstream| upstream.is_open_to(asker));
    let mut able: Vec<(&Upstream, Api)> =
        upstreams.filter_map(|upstream| Some((&**upstream, asked_in(form, upstream)?))).collect();
    // Only Ollama tells what is in memory.
    able.retain(|(_, api)| !loaded || *api == Api::Ollama);
    able.sort_by_key(|(upstream, _)| upstream.priority);
    let answers = able.into_iter().map(async |(upstream, api)| {
        let path = match api {
            Api::Ollama if loaded => "/api/ps",
            Api::Ollama => "/api/tags",
            Api::OpenAi => "/models",
            Api::Anthropic => "/models?limit=1000",
        };
        (upstream, api, ask(services, exchange, (scope, asker), upstream, api, path).await)
    });
    let (mut lists, mut answered, mut failed) = (Vec::new(), false, None);
    for (upstream, api, told) in join_all(answers).await {
        match &told {
            Ok(_) => answered = true,
            Err(error) => failed = Some(*error),
        }
        lists.push(entries(upstream, api, told.as_deref().unwrap_or_default(), asker, loaded));
    }
    match failed {
        Some(error) if !answered && lists.iter().all(Vec::is_empty) => Err(no_list(error)),
        _ => Ok(merge(lists)),
    }
}

async fn ask(services: &Services, exchange: &Exchange, who: Who<'_>, upstream: &Upstream, api: Api, path: &str) -> Told {
    let address = format!("{}{}", services.addresses.origin_of(upstream), upstream.path_of(api, path));
    // Names of models are the same under every key; where there is no shared one, the person's own is shown.
    let personal = if upstream.key.is_some() { None } else { key_for(services, &exchange.runtime, who, upstream).ok() };
    let key = upstream.key.as_ref().or_else(|| personal.as_ref()?.key.as_ref());
    let version = (HeaderName::from_static(ANTHROPIC_VERSION.0), HeaderValue::from_static(ANTHROPIC_VERSION.1));
    let version = (api == Api::Anthropic).then_some((&version.0, &version.1));
    let headers = key.map(|key| (&key.header, &key.value)).into_iter().chain(version);
    let fetch = async {
        let told = match services.fetcher.get(&address, headers).await {
            Ok(document) => read(api, &document.bytes).ok_or(InferenceError::Malformed),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            let request = exchange.record.request;
            tracing::warn!(%request, upstream = upstream.name, %error, "the upstream's models could not be listed");
            services.metrics.count_upstream_error(&upstream.name, fault_of(error));
        }
        told.map(Into::into)
    };
    services.lists.get(Asked::new(&address, key), fetch).await
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
