//! Nothing is lost on the way to the upstream: what is not memgate's own arrives as it was sent.

use serde_json::{Map, Value};

use super::recorded::Capture;
use crate::harness::request::Request;
use crate::harness::upstream::Recorded;

const OPENS: &str = "<memgate_memory>";
const CLOSES: &str = "</memgate_memory>";

/// Headers that memgate takes out: identity, credentials, and the page, since which pages may call is memgate's to say.
const TAKEN: [&str; 5] = ["authorization", "cookie", "x-api-key", "x-st-user", "origin"];
const TAKEN_FAMILIES: [&str; 2] = ["x-openwebui-", "x-memgate-"];
/// Headers of the hop, and those that memgate writes anew: it frames the body itself, and must be able to read the answer.
const REWRITTEN: [&str; 7] =
    ["host", "connection", "content-length", "transfer-encoding", "expect", "accept-encoding", "keep-alive"];
/// The key by which memgate is known to the upstream.
const OWN_KEY: &str = "Bearer sk-upstream-own-key";

/// The body is as it was sent, but for blocks of memory, which stand on their own or are set off by a blank line.
pub fn assert_body_kept(what: &str, request: &Request, seen: &Recorded) -> bool {
    let Ok(sent) = serde_json::from_slice::<Value>(&request.body) else {
        assert_eq!(request.body, seen.body, "{what}");
        return false;
    };
    assert!(!sent.to_string().contains(OPENS), "{what}: recorded behind memgate");
    let seen = seen.json();
    assert_eq!(Some(&sent), without_memory(&seen).as_ref(), "{what}: the body changed");
    sent != seen
}

/// The value without blocks of memory; `None` if it was nothing else.
fn without_memory(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.contains(OPENS) => {
            let mut text = text.clone();
            while let Some(start) = text.find(OPENS) {
                let end = text[start..].find(CLOSES).expect("a block that does not end") + start + CLOSES.len();
                let (before, behind) = (&text[..start], &text[end..]);
                text = match (before.strip_suffix("\n\n"), behind.strip_prefix("\n\n")) {
                    (_, Some(behind)) => format!("{before}{behind}"),
                    (Some(before), None) if behind.is_empty() => before.to_owned(),
                    _ if before.is_empty() && behind.is_empty() => String::new(),
                    _ => panic!("a block that is not set off: {text}"),
                };
            }
            (!text.is_empty()).then_some(Value::String(text))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(without_memory).collect();
            (items.is_empty() || !kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, member) in members {
                match without_memory(member) {
                    Some(member) => drop(kept.insert(name.clone(), member)),
                    // A turn or a part that holds nothing else is memgate's whole.
                    None if ["content", "text"].contains(&name.as_str()) => return None,
                    None => {}
                }
            }
            Some(Value::Object(kept))
        }
        other => Some(other.clone()),
    }
}

/// Method and path: the same below the API's root, and no key in the query.
pub fn assert_addressed(what: &str, capture: &Capture, seen: &Recorded) {
    let path = capture.plain_path();
    let root = path.find("/v1/").or_else(|| path.find("/api/")).unwrap();
    let parameters: Vec<&str> =
        capture.path.split_once('?').map_or("", |(_, query)| query).split('&').filter(|pair| !pair.starts_with("key=")).collect();
    let query = parameters.join("&");
    let expected = if query.is_empty() { path[root..].to_owned() } else { format!("{}?{query}", &path[root..]) };
    assert_eq!((&seen.method, &seen.target), (&capture.method, &expected), "{what}");
}

/// Every header that is no identity, no credential and none of the hop is there as it was, and none is added but the key.
pub fn assert_headers_kept(what: &str, request: &Request, seen: &Recorded) {
    let taken = |name: &str| TAKEN.contains(&name) || TAKEN_FAMILIES.iter().any(|family| name.starts_with(family));
    let passes = |name: &str| !taken(name) && !REWRITTEN.contains(&name);
    let text = |value: &[u8]| value.iter().map(|b| char::from(*b)).collect::<String>().trim().to_owned();
    let sent = request.headers.iter().map(|(name, value)| (name.to_lowercase(), text(value)));
    let sent: Vec<_> = sent.filter(|(name, _)| passes(name)).collect();
    let arrived = seen.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    let (arrived, rest): (Vec<_>, Vec<_>) = arrived.partition(|(name, _)| passes(name));
    let sorted = |mut headers: Vec<(String, String)>| {
        headers.sort();
        headers
    };
    assert_eq!(sorted(sent), sorted(arrived), "{what}: headers changed");
    for (name, value) in rest.iter().filter(|(name, _)| taken(name)) {
        assert_eq!((name.as_str(), value.as_str()), ("authorization", OWN_KEY), "{what}: identity, a key or a page went out");
    }
    assert_eq!(rest.iter().filter(|(name, _)| name == "authorization").count(), 1, "{what}");
}
