//! The upstream's side of a request: which backend, and the header it gets.

use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Uri};
use pingora::http::RequestHeader;
use pingora::{ErrorType, OrErr};

use super::exchange::Forwarding;
use super::settings::Upstream;
use crate::enforce::Refusal;
use crate::identity::Resolver;

/// The upstream that serves `model`, or the first one where the request names no model.
///
/// # Errors
/// When no upstream serves the model.
pub fn choose_upstream(upstreams: &[Arc<Upstream>], model: Option<&str>) -> Result<Arc<Upstream>, Refusal> {
    let chosen = match model {
        Some(model) => upstreams.iter().find(|upstream| upstream.serves(model)),
        None => upstreams.first(),
    };
    chosen.cloned().ok_or_else(|| {
        let message = "The model does not exist or is not served here. GET /v1/models lists those that are.".to_owned();
        Refusal { status: 404, code: "model_not_found", message, detail: String::new() }
    })
}

/// The path behind the API's version segment, or `None` where memgate forwards nothing.
///
/// A prefix before the version segment (`/openai/v1/…`) is the client's own and falls away; the upstream has its own base.
#[must_use]
pub fn api_path(path: &str) -> Option<&str> {
    let rest = match path.find("/v1/") {
        Some(at) => &path[at + 3..],
        None => ["/chat/completions", "/completions", "/embeddings", "/models"]
            .into_iter()
            .find(|known| path.strip_suffix('/').unwrap_or(path) == *known)?,
    };
    let trimmed = rest.strip_suffix('/').unwrap_or(rest);
    (!trimmed.is_empty()).then_some(trimmed)
}

/// Whether the path lists models, or shows one: a client may ask for it on its own behalf.
#[must_use]
pub fn lists_models(method: &str, api_path: &str) -> bool {
    let model = api_path.strip_prefix("/models");
    method == "GET" && model.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/').is_some_and(|id| !id.contains('/')))
}

/// Rewrites the header for the upstream: its own path, host and key; nothing that speaks of the caller's identity.
pub fn rewrite_header(
    header: &mut RequestHeader,
    forwarding: &Forwarding,
    query: Option<&str>,
    resolver: &Resolver,
) -> pingora::Result<()> {
    let Forwarding { upstream, api_path, replayed, .. } = forwarding;
    let target = match query {
        Some(query) => format!("{}{api_path}?{query}", upstream.base),
        None => format!("{}{api_path}", upstream.base),
    };
    header.set_uri(target.parse::<Uri>().or_err(ErrorType::InvalidHTTPHeader, "upstream path")?);
    let own: Vec<HeaderName> = header.headers.keys().filter(|name| resolver.is_inbound_only(name.as_str())).cloned().collect();
    for name in own {
        header.remove_header(&name);
    }
    header.insert_header(HOST, upstream.authority())?;
    if let Some(authorization) = &upstream.authorization {
        header.insert_header(AUTHORIZATION, authorization.clone())?;
    }
    header.remove_header(&EXPECT);
    // Which pages may call is memgate's to say: a backend with a list of its own (Ollama) would turn them down.
    header.remove_header(&ORIGIN);
    if let Some(length) = replayed {
        header.remove_header(&TRANSFER_ENCODING);
        header.insert_header(CONTENT_LENGTH, *length)?;
    }
    if forwarding.chat.is_some() {
        // The answer is followed, so it must come without a content coding.
        header.insert_header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_api_paths_are_forwarded() {
        assert_eq!(api_path("/v1/embeddings"), Some("/embeddings"));
        assert_eq!(api_path("/v1/a/b"), Some("/a/b"));
        assert_eq!(api_path("/openai/v1/chat/completions/"), Some("/chat/completions"));
        assert_eq!(api_path("/models"), Some("/models"));
        for other in ["/", "/v1", "/v1/", "/v10/models", "/api/tags", "/v2/models", "/xmodels", "/chat/completions//"] {
            assert_eq!(api_path(other), None, "{other}");
        }
    }

    #[test]
    fn listings_are_the_list_and_its_entries() {
        assert!(lists_models("GET", "/models") && lists_models("GET", "/models/llama3:8b"));
        for (method, path) in [("POST", "/models"), ("GET", "/models/a/b"), ("GET", "/modelsx"), ("GET", "/files/models")] {
            assert!(!lists_models(method, path), "{method} {path}");
        }
    }
}
