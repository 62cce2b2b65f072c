//! From method and path to what is asked for. Paths are exact: anything else below `/memgate/` is nothing.

use http::header::CONTENT_TYPE;
use pingora::http::RequestHeader;

use super::super::exchange::Exchange;
use super::routes::{BASE, ROUTES};
use super::{budget, keys, no_fact, sessions, settings, visits};
use crate::enforce::Refusal;
use crate::ids::FactId;

/// What a person asks of their memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    About,
    List,
    Add,
    Show(FactId),
    Amend(FactId),
    Delete(FactId),
    Export,
    Import,
    Erase,
    Explain,
    Budget(budget::Call),
    Keys(keys::Call),
    Settings(settings::Call),
    Sessions(sessions::Call),
    Visits(visits::Call),
}

impl Call {
    /// Whether the request's body is read.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        match self {
            Self::Add | Self::Amend(_) | Self::Import | Self::Erase | Self::Explain => true,
            Self::Keys(call) => call.takes_body(),
            Self::Settings(call) => call.takes_body(),
            Self::Sessions(call) => call.takes_body(),
            _ => false,
        }
    }
}

/// Why there is no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Miss {
    Path,
    /// Holds the methods that the path has.
    Method(&'static str),
    Fact,
}

/// A call that takes one method alone.
pub(super) fn only<T>(method: &str, wanted: &'static str, call: T) -> Result<T, Miss> {
    if method == wanted { Ok(call) } else { Err(Miss::Method(wanted)) }
}

/// The call that a request makes.
///
/// # Errors
/// Where there is nothing at the path, or not with this method; and for a body that a page of another site could have sent unasked.
pub fn find(request: &RequestHeader, exchange: &mut Exchange) -> Result<Call, Refusal> {
    let call = match route(request.method.as_str(), request.uri.path()) {
        Ok(call) => call,
        Err(Miss::Path) => {
            let message = "There is nothing at this path. A person's own API is at /memgate/v1/me.".to_owned();
            return Err(Refusal { status: 404, code: "unknown_path", message, detail: String::new() });
        }
        Err(Miss::Method(allow)) => {
            exchange.allow = Some(allow);
            let message = format!("This path does not take the method. It takes: {allow}.");
            return Err(Refusal { status: 405, code: "method_not_allowed", message, detail: String::new() });
        }
        Err(Miss::Fact) => return Err(no_fact()),
    };
    // A browser sends JSON to another site only if that site agrees, which memgate never does.
    let kind = request.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase()).unwrap_or_default();
    let kinds: &[&str] = match call {
        Call::Import => &["application/json", "application/x-ndjson", "application/jsonl", "application/json-lines"],
        _ => &["application/json"],
    };
    let plain = kind.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if call.takes_body() && !kinds.iter().any(|known| known.as_bytes() == plain) {
        let message = format!("Say what the body is: send the header Content-Type with {}.", kinds.join(" or "));
        return Err(Refusal { status: 415, code: "content_type", message, detail: String::new() });
    }
    Ok(call)
}

pub(super) fn route(method: &str, path: &str) -> Result<Call, Miss> {
    let call = call_at(method, path)?;
    if ROUTES.contains(&call.route()) { Ok(call) } else { Err(Miss::Path) }
}

fn call_at(method: &str, path: &str) -> Result<Call, Miss> {
    let rest = path.strip_prefix(BASE).ok_or(Miss::Path)?;
    let (noun, below) = rest.strip_prefix('/').map_or((rest, None), |rest| match rest.split_once('/') {
        Some((noun, below)) => (noun, Some(below)),
        None => (rest, None),
    });
    match noun {
        "budget" => return budget::route(method, below).map(Call::Budget),
        "keys" => return keys::route(method, below).map(Call::Keys),
        "settings" => return settings::route(method, below).map(Call::Settings),
        "visits" => return visits::route(method, below).map(Call::Visits),
        "sessions" => return sessions::route(method, below).map(Call::Sessions),
        _ => {}
    }
    match rest {
        "" => only(method, "GET", Call::About),
        "/memories" => match method {
            "GET" => Ok(Call::List),
            "POST" => Ok(Call::Add),
            _ => Err(Miss::Method("GET, POST")),
        },
        "/memories/export" => only(method, "GET", Call::Export),
        "/memories/import" => only(method, "POST", Call::Import),
        "/erase" => only(method, "POST", Call::Erase),
        "/explain" => only(method, "POST", Call::Explain),
        _ => {
            let id = rest.strip_prefix("/memories/").filter(|id| !id.is_empty() && !id.contains('/')).ok_or(Miss::Path)?;
            let call: fn(FactId) -> Call = match method {
                "GET" => Call::Show,
                "PATCH" => Call::Amend,
                "DELETE" => Call::Delete,
                _ => return Err(Miss::Method("GET, PATCH, DELETE")),
            };
            id.parse().map(call).map_err(|_| Miss::Fact)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_are_exact() {
        let id = FactId::fresh();
        let fact = format!("/memgate/v1/me/memories/{id}");
        for (method, path, call) in [
            ("GET", "/memgate/v1/me", Call::About),
            ("GET", "/memgate/v1/me/memories", Call::List),
            ("POST", "/memgate/v1/me/memories", Call::Add),
            ("GET", fact.as_str(), Call::Show(id)),
            ("PATCH", fact.as_str(), Call::Amend(id)),
            ("DELETE", fact.as_str(), Call::Delete(id)),
            ("GET", "/memgate/v1/me/budget", Call::Budget(budget::Call::Show)),
            ("GET", "/memgate/v1/me/visits", Call::Visits(visits::Call::List)),
            ("GET", "/memgate/v1/me/memories/export", Call::Export),
            ("POST", "/memgate/v1/me/memories/import", Call::Import),
            ("POST", "/memgate/v1/me/erase", Call::Erase),
            ("POST", "/memgate/v1/me/explain", Call::Explain),
        ] {
            assert_eq!(route(method, path), Ok(call));
            for wrong in ["PUT", "HEAD", "OPTIONS", "get"] {
                assert!(matches!(route(wrong, path), Err(Miss::Method(_))), "{wrong} {path}");
            }
            for wrong in [format!("{path}/"), format!("{path}/x"), format!("/{path}"), path.replace("me", "Me")] {
                assert!(route(method, &wrong).is_err(), "{method} {wrong}");
            }
        }
        for path in
            ["/memgate", "/memgate/v1", "/memgate/v2/me", "/memgate/v1/models", "/memgate/v1/you", "/memgate/v1/me/memory"]
        {
            assert_eq!(route("GET", path), Err(Miss::Path), "{path}");
        }
        assert_eq!(route("GET", "/memgate/v1/me/memories/x"), Err(Miss::Fact));
        assert_eq!(route("POST", "/memgate/v1/me/memories/export"), Err(Miss::Method("GET")));
    }
}
