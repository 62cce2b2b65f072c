//! Whether each upstream can be reached, and answers through memgate.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::chat::Chat;
use super::person::Person;
use super::report::{Findings, Judged};
use super::wire::Wire;
use crate::admin::api::DecisionFilter;
use crate::catalog::{Asker, Origin, Upstream};
use crate::client::Client;
use crate::dialect::Api;
use crate::inference::{Fetcher, InferenceError};

/// How long an upstream may take to list its models, and how long the list may be, in bytes.
const DEADLINE: Duration = Duration::from_secs(10);
const LONGEST_LIST: usize = 4 << 20;

/// Looks at each upstream, and gives the first that answered.
pub(super) async fn examine(
    upstreams: &[Upstream],
    (wire, admin): (&Wire, &Client),
    person: &Person,
    findings: &mut Findings,
) -> Option<Chat> {
    let fetcher = Fetcher::new(DEADLINE, LONGEST_LIST);
    let mut first = None;
    for upstream in upstreams {
        let part = format!("upstream {}", upstream.name);
        let listed = list(&fetcher, upstream).await;
        findings.note(&part, judge_list(upstream, &listed));
        if !upstream.is_open_to(&Asker::default()) || upstream.require_personal_key {
            findings.skipped(
                &part,
                "a throw-away user may not use it: it is for certain groups, or for people with keys of their own.",
            );
            continue;
        }
        let Some(model) = choose_model(upstream, listed.as_ref().ok()) else {
            findings.skipped(&part, "no model of it is known by name, so that none can be asked.");
            continue;
        };
        let api = [Api::OpenAi, Api::Ollama, Api::Anthropic].into_iter().find(|api| upstream.speaks(*api));
        let chat = Chat { api: api.unwrap_or(Api::OpenAi), model };
        if ask(&chat, &upstream.name, (wire, admin), person, &part, findings).await && first.is_none() {
            first = Some(chat);
        }
    }
    first
}

/// Has a model say one token.
async fn ask(
    chat: &Chat,
    upstream: &str,
    (wire, admin): (&Wire, &Client),
    person: &Person,
    part: &str,
    findings: &mut Findings,
) -> bool {
    let model = &chat.model;
    let remedy = "see `memgate upstreams`, and memgate's log";
    match chat.say(wire, person, "Hello.", 1).await {
        Err(error) => findings.fail(part, format!("a chat with {model} broke off: {error}."), remedy),
        Ok(reply) if reply.status != 200 => {
            findings.fail(part, format!("a chat with {model} through memgate was answered {}.", reply.describe()), remedy);
        }
        Ok(reply) => {
            match answered_by(admin, reply.request.as_deref()).await {
                Some(other) if other != upstream => {
                    findings.warn(part, format!("{model} answers through memgate, and {other} answered in its place."), remedy);
                }
                _ => findings.ok(part, format!("{model} answers through memgate.")),
            }
            return true;
        }
    }
    false
}

/// Which upstream answered a request, as memgate has it on record.
async fn answered_by(admin: &Client, request: Option<&str>) -> Option<String> {
    let search = Some(request?.to_owned());
    let page = admin.list_decisions(&DecisionFilter { search, ..DecisionFilter::default() }).await.ok()?;
    page.items.into_iter().find(|row| Some(row.request.as_str()) == request)?.upstream
}

/// The models of an upstream, as it lists them: asked as memgate asks, or by its health check.
async fn list(fetcher: &Fetcher, upstream: &Upstream) -> Result<Vec<String>, InferenceError> {
    let Origin::Remote { tls, host, port } = &upstream.origin else { return Ok(vec!["demo".to_owned()]) };
    let scheme = if *tls { "https" } else { "http" };
    let path = if upstream.speaks(Api::OpenAi) {
        upstream.path_of(Api::OpenAi, "/models")
    } else if upstream.speaks(Api::Ollama) {
        upstream.path_of(Api::Ollama, "/api/tags")
    } else {
        upstream.path_of(Api::Anthropic, "/models?limit=1000")
    };
    let version = (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));
    let version = upstream.speaks(Api::Anthropic).then_some((&version.0, &version.1));
    let headers = || upstream.key.as_ref().map(|key| (&key.header, &key.value)).into_iter().chain(version);
    let origin = format!("{scheme}://{host}:{port}");
    match (fetcher.get(&format!("{origin}{path}"), headers()).await, &upstream.health.check) {
        (Ok(document), _) => Ok(names(&document.bytes)),
        // One that lists nothing may say in another way that it is well.
        (Err(InferenceError::Status(_)), Some(check)) => {
            fetcher.get(&format!("{origin}{}", check.path), headers()).await.map(|_| Vec::new())
        }
        (Err(error), _) => Err(error),
    }
}

/// The names in a list of models, of whichever dialect.
fn names(bytes: &[u8]) -> Vec<String> {
    let list: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let entries = list["data"].as_array().or(list["models"].as_array()).or(list.as_array());
    let name = |entry: &Value| entry["id"].as_str().or(entry["name"].as_str()).map(str::to_owned);
    entries.map(|entries| entries.iter().filter_map(name).collect()).unwrap_or_default()
}

/// What an upstream's list of models tells.
fn judge_list(upstream: &Upstream, listed: &Result<Vec<String>, InferenceError>) -> Judged {
    match listed {
        Ok(_) if upstream.origin == Origin::Demo => Judged::ok("is inside memgate."),
        Ok(models) => Judged::ok(format!("can be reached, and lists {} model(s).", models.len())),
        Err(InferenceError::Status(status @ (401 | 403))) => {
            Judged::failed(format!("refuses memgate's key (status {status})."), "see `api_key` and `auth` of the upstream")
        }
        Err(InferenceError::Status(status)) => Judged::warning(
            format!("can be reached, and lists no models (status {status})."),
            "see `url` of the upstream; where it has no list, name its `models`",
        ),
        Err(error) => Judged::failed(format!("cannot be reached from here: {error}."), "start it, and see `url` of the upstream"),
    }
}

/// A model to chat with: the first that the configuration names and anybody may use, or that the backend lists.
fn choose_model(upstream: &Upstream, listed: Option<&Vec<String>>) -> Option<String> {
    let open = upstream.models.iter().filter(|model| !model.is_pattern() && model.is_open_to(&Asker::default()));
    // Models for embeddings do not chat.
    let listed = listed.into_iter().flatten().filter(|name| !name.contains("embed"));
    open.map(|model| &model.name).chain(listed).next().cloned()
}

#[cfg(test)]
mod tests {
    use super::super::report::Outcome;
    use super::*;
    use crate::catalog::{UpstreamFile, resolve_upstreams};
    use crate::setting::Faults;

    fn upstream(models: &str) -> Upstream {
        let text = format!("{{name: x, url: 'http://127.0.0.1:1/v1', models: {models}}}");
        let file: UpstreamFile = serde_yaml::from_str(&text).unwrap();
        resolve_upstreams(&[file], "upstreams", &mut Faults::default()).remove(0)
    }

    #[test]
    fn models_are_named_in_every_dialect() {
        for (list, expected) in [
            (r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#, vec!["a", "b"]),
            (r#"{"models":[{"name":"llama3:8b"}]}"#, vec!["llama3:8b"]),
            (r#"[{"id":"a"}]"#, vec!["a"]),
            ("{}", vec![]),
            ("<html>", vec![]),
        ] {
            assert_eq!(names(list.as_bytes()), expected, "{list}");
        }
    }

    #[test]
    fn a_model_that_chats_is_chosen() {
        let listed = vec!["nomic-embed".to_owned(), "llama".to_owned()];
        for (models, expected) in [
            ("['*']", Some("llama")),
            ("['gpt-*', {name: big, hidden: true}, {name: small}]", Some("small")),
            ("[exact]", Some("exact")),
        ] {
            assert_eq!(choose_model(&upstream(models), Some(&listed)).as_deref(), expected, "{models}");
        }
        assert_eq!(choose_model(&upstream("['*']"), None), None);
    }

    #[test]
    fn what_an_upstream_says_is_told_with_the_remedy() {
        let upstream = upstream("['*']");
        for (listed, outcome, word) in [
            (Ok(vec!["m".to_owned()]), Outcome::Ok, "1 model(s)"),
            (Err(InferenceError::Status(401)), Outcome::Failed, "refuses memgate's key"),
            (Err(InferenceError::Status(404)), Outcome::Warning, "lists no models"),
            (Err(InferenceError::Unreachable), Outcome::Failed, "cannot be reached"),
        ] {
            let judged = judge_list(&upstream, &listed);
            assert!(judged.outcome == outcome && judged.found.contains(word), "{judged:?}");
        }
    }
}
