//! The upstream's side of a request: the header that it gets.

use std::borrow::Cow;

use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, EXPECT, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Uri};
use pingora::http::RequestHeader;
use pingora::{ErrorType, OrErr};

use super::exchange::Forwarding;
use crate::identity::Resolver;

/// Rewrites the header for the upstream: its own path, host and key; nothing that speaks of the caller's identity.
pub fn rewrite_header(
    header: &mut RequestHeader,
    forwarding: &Forwarding,
    query: Option<&str>,
    resolver: &Resolver,
) -> pingora::Result<()> {
    let Forwarding { upstream, key, path, replayed, .. } = forwarding;
    let target = match query.and_then(without_keys) {
        Some(query) => format!("{path}?{query}"),
        None => path.clone(),
    };
    header.set_uri(target.parse::<Uri>().or_err(ErrorType::InvalidHTTPHeader, "upstream path")?);
    let own: Vec<HeaderName> = header.headers.keys().filter(|name| resolver.is_inbound_only(name.as_str())).cloned().collect();
    for name in own {
        header.remove_header(&name);
    }
    header.insert_header(HOST, upstream.authority())?;
    if let Some(key) = key {
        header.insert_header(key.header.clone(), key.value.clone())?;
    }
    header.remove_header(&EXPECT);
    for name in OVERRIDES {
        header.remove_header(name);
    }
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

/// Headers by which some servers take another method or path than the request's own, by which it was let through.
const OVERRIDES: [&str; 5] = ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url"];

/// Parameters that carry the caller's key in some dialects (Google's `?key=`): they never reach the upstream.
const KEY_PARAMETERS: [&str; 4] = ["key", "api_key", "api-key", "access_token"];

/// A query without the caller's keys; `None` where nothing is left.
fn without_keys(query: &str) -> Option<Cow<'_, str>> {
    let is_key = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        // A name in percent signs may be one of them, spelt for the upstream alone.
        name.contains('%') || KEY_PARAMETERS.iter().any(|key| key.eq_ignore_ascii_case(name))
    };
    if !query.split('&').any(|pair| is_key(&pair)) {
        return Some(Cow::Borrowed(query));
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
    (!kept.is_empty()).then(|| Cow::Owned(kept.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_the_query_stay_here() {
        for (query, kept) in [
            ("a=1&b=2", Some("a=1&b=2")),
            ("key=secret", None),
            ("a=1&KEY=secret&b", Some("a=1&b")),
            ("api_key=x&%6bey=y&alt=sse", Some("alt=sse")),
            ("monkey=1", Some("monkey=1")),
        ] {
            assert_eq!(without_keys(query).as_deref(), kept, "{query}");
        }
    }
}
