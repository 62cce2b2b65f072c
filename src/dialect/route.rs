//! From method and path to dialect and kind of request.

use super::Dialect;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// A chat completion: identity, trimming, memory, learning.
    Chat,
    /// A listing of models, or one model of it: a client key alone is enough.
    Models,
    /// memgate's own: never forwarded, whatever stands behind it.
    Own,
    /// Anything else: forwarded under the policy, without memory.
    Other,
}

/// Where a request belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    pub dialect: Dialect,
    pub kind: RouteKind,
    /// The path climbs (`..`, also percent-encoded or behind a backslash), so it may mean another path to the upstream than it
    /// does here. To be refused with 400.
    pub suspicious: bool,
}

/// Routes by method and path. A query is ignored.
///
/// Any prefix may stand before the last segments (`/v1`, `/openai/v1`, none), and one slash after them. A path that an upstream
/// may rewrite before it reads it (percent signs, empty or dot segments, `;`, `\`) is [`RouteKind::Other`]: the kinds that loosen
/// or add treatment are given to plain paths only.
#[must_use]
pub fn route(method: &str, path: &str) -> Route {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let kind = match path {
        _ if is_own(path) => RouteKind::Own,
        _ if is_plain(path) => kind_of(method, path),
        _ => RouteKind::Other,
    };
    Route { dialect: Dialect::OpenAi, kind, suspicious: climbs(path) }
}

fn kind_of(method: &str, path: &str) -> RouteKind {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut last = path.rsplit('/');
    match (method, last.next(), last.next()) {
        ("POST", Some("completions"), Some("chat")) => RouteKind::Chat,
        ("GET", Some("models"), _) | ("GET", _, Some("models")) => RouteKind::Models,
        _ => RouteKind::Other,
    }
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
        route(method, path).kind
    }

    #[test]
    fn chats_are_found_below_any_prefix() {
        for prefix in ["/v1", "", "/openai/v1", "/custom/v1", "/a/b/c"] {
            for tail in ["", "/", "?x=1", "/?x=1"] {
                assert_eq!(kind("POST", &format!("{prefix}/chat/completions{tail}")), RouteKind::Chat, "{prefix} {tail}");
                assert_eq!(kind("GET", &format!("{prefix}/models{tail}")), RouteKind::Models, "{prefix} {tail}");
                assert_eq!(kind("GET", &format!("{prefix}/models/m:7b{tail}")), RouteKind::Models, "{prefix} {tail}");
            }
        }
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
            ("POST", "/v1/completions"),
            ("POST", "/v1/Chat/Completions"),
            ("POST", "/v1/xchat/completions"),
            ("POST", "v1/chat/completions"),
            ("GET", "/"),
            ("GET", ""),
            ("OPTIONS", "*"),
        ] {
            assert_eq!(kind(method, path), RouteKind::Other, "{method} {path}");
        }
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
            assert_eq!(kind("POST", path), RouteKind::Other, "{path}");
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
            assert!(route("POST", path).suspicious, "{path}");
            assert_eq!(kind("GET", path), RouteKind::Other, "{path}");
        }
        for path in ["/v1/models/a..b", "/v1/...", "/v1/files/100%25", "/v1/x?up=../.."] {
            assert!(!route("GET", path).suspicious, "{path}");
        }
    }
}
