//! From method and path to dialect and kind of request.

use super::{Api, Dialect};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// A conversation: identity, trimming, memory, learning.
    Conversation(Dialect),
    /// A listing of models, or one model of it: a client key alone is enough.
    Models,
    /// memgate's own: never forwarded, whatever stands behind it.
    Own,
    /// AI Optimizer's API of a session's history, which memgate answers.
    History,
    /// Anything else below an API's root: forwarded under the policy, without memory.
    Other,
    /// Nothing that memgate forwards.
    Unknown,
}

/// Where a request belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route<'a> {
    /// The family, which an upstream must speak to get the request, and in whose shape errors are told.
    pub api: Api,
    pub kind: RouteKind,
    /// The path below the API's root, with a slash in front and none behind: `/chat/completions`, `/messages`; of Ollama's API `/api/chat`.
    pub path: &'a str,
    /// The path climbs (`..`, also percent-encoded or behind a backslash), so it may mean another path to the upstream than it
    /// does here. To be refused with 400.
    pub suspicious: bool,
}

/// Ollama's paths that a chat client needs. Those that change what the backend holds (pull, create, delete, …) are its operator's.
const OLLAMA: [&str; 8] =
    ["/api/chat", "/api/generate", "/api/tags", "/api/ps", "/api/version", "/api/show", "/api/embed", "/api/embeddings"];

/// Those others, which are told so in Ollama's shape.
const OLLAMA_OPERATORS: [&str; 5] = ["/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete"];
const OLLAMA_BLOBS: &str = "/api/blobs/";

/// `OpenAI`'s paths that are known without a version segment.
const BARE: [&str; 4] = ["/chat/completions", "/completions", "/embeddings", "/models"];

/// Routes by method and path. A query is ignored. `anthropic`: the request has the header `anthropic-version`, which tells the two
/// families under `/v1` apart where their paths are the same.
///
/// Any prefix may stand before the API's root (`/v1`, `/openai/v1`, `/ollama/api`), and one slash after the path. A path that an
/// upstream may rewrite before it reads it (percent signs, empty or dot segments, `;`, `\`) is [`RouteKind::Other`] at most: the kinds
/// that loosen or add treatment are given to plain paths only.
#[must_use]
pub fn route<'a>(method: &str, path: &'a str, anthropic: bool) -> Route<'a> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let suspicious = climbs(path);
    let family = if anthropic { Api::Anthropic } else { Api::OpenAi };
    if is_own(path) {
        return Route { api: family, kind: RouteKind::Own, path, suspicious };
    }
    let Some((api, below)) = below_root(path) else {
        // Ollama's clients ask its root whether it is there.
        let probe = path == "/" && matches!(method, "GET" | "HEAD");
        let api = if probe || is_of_ollamas_operator(path) { Api::Ollama } else { family };
        return Route { api, kind: if probe { RouteKind::Models } else { RouteKind::Unknown }, path, suspicious };
    };
    let api = match api {
        Api::OpenAi if below == "/messages" || below.starts_with("/messages/") => Api::Anthropic,
        Api::OpenAi if anthropic && !is_open_ai(below) => Api::Anthropic,
        api => api,
    };
    let kind = if is_plain(path) { kind_of(api, method, below) } else { RouteKind::Other };
    Route { api, kind, path: below, suspicious }
}

/// The family of a path, and what stands below its root.
fn below_root(path: &str) -> Option<(Api, &str)> {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    if let Some(at) = path.find("/v1/") {
        // Not of `trimmed`: `/v1/` alone is nothing.
        let below = path[at + 3..].strip_suffix('/').unwrap_or(&path[at + 3..]);
        return (!below.is_empty()).then_some((Api::OpenAi, below));
    }
    if let Some(known) = BARE.into_iter().find(|known| trimmed == *known) {
        return Some((Api::OpenAi, known));
    }
    let ollama = OLLAMA.into_iter().find(|known| trimmed.ends_with(known))?;
    Some((Api::Ollama, ollama))
}

fn is_of_ollamas_operator(path: &str) -> bool {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    OLLAMA_OPERATORS.iter().any(|known| trimmed.ends_with(known)) || path.contains(OLLAMA_BLOBS)
}

/// Whether a path below `/v1` is `OpenAI`'s alone, whatever headers come along.
fn is_open_ai(below: &str) -> bool {
    let first = below.split('/').nth(1).unwrap_or_default();
    matches!(first, "chat" | "completions" | "responses" | "embeddings" | "images" | "audio" | "moderations")
}

fn kind_of(api: Api, method: &str, below: &str) -> RouteKind {
    let listed = below
        .strip_prefix("/models")
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/').is_some_and(|id| !id.is_empty() && !id.contains('/')));
    let dialect = match (api, method, below) {
        (Api::OpenAi, "POST", "/chat/completions") => Dialect::ChatCompletions,
        (Api::OpenAi, "POST", "/completions") => Dialect::Completions,
        (Api::OpenAi, "POST", "/responses") => Dialect::Responses,
        (Api::Anthropic, "POST", "/messages") => Dialect::Messages,
        (Api::Anthropic, "POST", "/messages/count_tokens") => Dialect::CountTokens,
        (Api::Ollama, "POST", "/api/chat") => Dialect::OllamaChat,
        (Api::Ollama, "POST", "/api/generate") => Dialect::OllamaGenerate,
        (Api::OpenAi, _, "/chat/history") => return RouteKind::History,
        (Api::OpenAi | Api::Anthropic, "GET", _) if listed => return RouteKind::Models,
        (Api::Ollama, "GET", "/api/tags" | "/api/ps" | "/api/version") => return RouteKind::Models,
        _ => return RouteKind::Other,
    };
    RouteKind::Conversation(dialect)
}

/// Whether the path begins with `/memgate`, also as an upstream might read it: in capitals, encoded, behind empty segments. It could
/// carry somebody's memory, and must not go to a backend by a slip of the pen.
fn is_own(path: &str) -> bool {
    let plain = decode_twice(path).to_ascii_lowercase();
    let mut segments = plain.split(['/', '\\']).filter(|segment| !matches!(*segment, "" | "."));
    segments.next().is_some_and(|first| first.split(';').next() == Some("memgate"))
}

/// Percent signs taken out, twice for upstreams behind a proxy that decodes once more.
fn decode_twice(path: &str) -> String {
    let decode = |text: &str| {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            let coded = tail.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
            out.push(coded.as_ref().map_or(*first, |byte| byte[0]));
            rest = if coded.is_some() { &tail[2..] } else { tail };
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    if path.contains('%') { decode(&decode(path)) } else { path.to_owned() }
}

fn is_plain(path: &str) -> bool {
    let characters = path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'%' | b'\\' | b';' | b'#'));
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let inner = path.ends_with('/') && path.len() > 1;
    let whole = segments.clone().count().saturating_sub(usize::from(inner));
    characters && path.starts_with('/') && segments.take(whole).all(|s| !matches!(s, "" | "." | ".."))
}

/// Whether a segment is `..` once `%2e`, `%2f`, `%5c` and `\` are read as an upstream might read them.
fn climbs(path: &str) -> bool {
    if !path.contains("..") && !path.contains('%') {
        return false;
    }
    let mut plain = path.to_ascii_lowercase();
    // Twice, for upstreams behind a proxy that decodes once more.
    for _ in 0..2 {
        plain = plain.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\").replace("%25", "%");
    }
    plain.split(['/', '\\']).any(|segment| segment == ".." || segment.starts_with("..;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(method: &str, path: &str) -> RouteKind {
        route(method, path, false).kind
    }

    const CHAT: RouteKind = RouteKind::Conversation(Dialect::ChatCompletions);

    #[test]
    fn chats_are_found_below_any_prefix() {
        for prefix in ["/v1", "/openai/v1", "/custom/v1", "/a/b/c/v1", "/api/v1"] {
            for tail in ["", "/", "?x=1", "/?x=1"] {
                assert_eq!(kind("POST", &format!("{prefix}/chat/completions{tail}")), CHAT, "{prefix} {tail}");
                assert_eq!(kind("GET", &format!("{prefix}/models{tail}")), RouteKind::Models, "{prefix} {tail}");
                assert_eq!(kind("GET", &format!("{prefix}/models/m:7b{tail}")), RouteKind::Models, "{prefix} {tail}");
            }
        }
        assert_eq!(kind("POST", "/chat/completions/"), CHAT);
        assert_eq!(route("POST", "/openai/v1/chat/completions/?a=b", false).path, "/chat/completions");
    }

    #[test]
    fn each_dialect_has_its_path() {
        for (path, api, dialect) in [
            ("/v1/chat/completions", Api::OpenAi, Dialect::ChatCompletions),
            ("/v1/completions", Api::OpenAi, Dialect::Completions),
            ("/v1/responses", Api::OpenAi, Dialect::Responses),
            ("/v1/messages", Api::Anthropic, Dialect::Messages),
            ("/v1/messages/count_tokens", Api::Anthropic, Dialect::CountTokens),
            ("/api/chat", Api::Ollama, Dialect::OllamaChat),
            ("/ollama/api/chat/", Api::Ollama, Dialect::OllamaChat),
            ("/api/generate?x", Api::Ollama, Dialect::OllamaGenerate),
        ] {
            let route = route("POST", path, false);
            assert_eq!((route.api, route.kind), (api, RouteKind::Conversation(dialect)), "{path}");
            assert_eq!(dialect.api(), api);
        }
        for path in ["/api/tags", "/ollama/api/ps", "/api/version"] {
            assert_eq!(kind("GET", path), RouteKind::Models, "{path}");
            assert_eq!(kind("POST", path), RouteKind::Other, "{path}");
        }
        assert_eq!(route("POST", "/v1/chat/completions", true).kind, CHAT);
        let route = |path| route("GET", path, true);
        assert_eq!((route("/v1/models").api, route("/v1/models").kind), (Api::Anthropic, RouteKind::Models));
    }

    #[test]
    fn other_methods_and_neighbours_are_other() {
        for (method, path) in [
            ("GET", "/v1/chat/completions"),
            ("post", "/v1/chat/completions"),
            ("POST", "/v1/models"),
            ("DELETE", "/v1/models/m"),
            ("GET", "/v1/models/org/m"),
            ("POST", "/v1/chat/completions/abc"),
            ("POST", "/v1/Chat/Completions"),
            ("POST", "/v1/xchat/completions"),
            ("POST", "/v1/messages/batches"),
            ("GET", "/api/chat"),
            ("POST", "/api/embed"),
        ] {
            assert_eq!(kind(method, path), RouteKind::Other, "{method} {path}");
        }
    }

    #[test]
    fn elsewhere_there_is_nothing() {
        for path in [
            "",
            "*",
            "/v1",
            "/v1/",
            "/v10/models",
            "/v2/models",
            "/xmodels",
            "/chat/completions//",
            "/a/chat/completions",
            "/api",
            "/xapi/chat",
            "/completion",
            "/api/%63hat",
        ] {
            for method in ["GET", "POST", "DELETE"] {
                assert_eq!(kind(method, path), RouteKind::Unknown, "{method} {path}");
            }
        }
    }

    #[test]
    fn what_is_ollamas_operators_is_unknown_in_its_shape() {
        for path in ["/api/pull", "/ollama/api/push/", "/api/create", "/api/copy", "/api/delete", "/api/blobs/sha256:0"] {
            for method in ["GET", "POST", "DELETE", "HEAD"] {
                let route = route(method, path, false);
                assert_eq!((route.api, route.kind), (Api::Ollama, RouteKind::Unknown), "{method} {path}");
            }
        }
        assert_eq!(route("POST", "/xapi/pull", false).api, Api::OpenAi);
    }

    #[test]
    fn the_root_is_asked_whether_ollama_is_there() {
        for method in ["GET", "HEAD"] {
            let route = route(method, "/", true);
            assert_eq!((route.api, route.kind, route.path), (Api::Ollama, RouteKind::Models, "/"));
        }
        for method in ["POST", "DELETE", "OPTIONS"] {
            assert_eq!(kind(method, "/"), RouteKind::Unknown, "{method}");
        }
        assert_eq!(kind("GET", "//"), RouteKind::Unknown);
    }

    #[test]
    fn paths_that_may_mean_another_are_never_special() {
        for path in [
            "//v1/chat/completions",
            "/v1//chat/completions",
            "/v1/chat/completions//",
            "/v1/chat%2fcompletions",
            "/v1/%63hat/completions",
            "/v1/./chat/completions",
            "/v1/chat;x/completions",
            "/v1\\chat/completions",
            "/v1/chat/completions ",
        ] {
            assert!(matches!(kind("POST", path), RouteKind::Other | RouteKind::Unknown), "{path}");
        }
        assert_eq!(kind("GET", "/v1/models/..%2fadmin"), RouteKind::Other);
    }

    #[test]
    fn what_may_mean_memgates_own_is_never_forwarded() {
        for path in [
            "/memgate",
            "/memgate/",
            "/memgate/v1/me",
            "/memgate/v1/chat/completions",
            "/memgate/v1/models",
            "/Memgate/v1/me",
            "//memgate/v1/me",
            "/./memgate/v1/me",
            "/%6demgate/v1/me",
            "/%256Demgate/v1/me",
            "/memgate%2fv1/me",
            "/memgate;x/v1/me",
            "\\memgate/v1/me",
            "memgate/v1/me",
        ] {
            for method in ["GET", "POST"] {
                assert_eq!(kind(method, path), RouteKind::Own, "{method} {path}");
            }
        }
        for path in ["/v1/models/memgate", "/memgates/v1/models", "/v1/files/%zz", "/v1/files/100%25", "/v1/%", "/xmemgate"] {
            assert_ne!(kind("GET", path), RouteKind::Own, "{path}");
        }
    }

    #[test]
    fn climbing_is_suspicious() {
        for path in [
            "/v1/../admin",
            "/v1/models/..",
            "/v1/%2e%2e/admin",
            "/v1/.%2E/admin",
            "/v1/..%2fadmin",
            "/v1/..\\admin",
            "/v1/..%5Cadmin",
            "/v1/%252e%252e/admin",
            "/v1/..;/admin",
        ] {
            assert!(route("POST", path, false).suspicious, "{path}");
            assert_eq!(kind("GET", path), RouteKind::Other, "{path}");
        }
        for path in ["/v1/models/a..b", "/v1/...", "/v1/files/100%25", "/v1/x?up=../.."] {
            assert!(!route("GET", path, false).suspicious, "{path}");
        }
    }
}
