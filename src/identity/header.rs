//! Identity headers: their names, the hygiene that every request passes first, and how values are read.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};

use super::{Invalid, code};
use crate::ids::SessionId;

/// The user of a request, as `tenant:name` or `name`. Signed together with the four headers below, or plain.
pub const USER: &str = "x-memgate-user";
/// Seconds since the Unix epoch at which the request was signed.
pub const TIMESTAMP: &str = "x-memgate-timestamp";
/// A value that the caller uses once: 16 to 128 of `A-Z a-z 0-9 _ - .`.
pub const NONCE: &str = "x-memgate-nonce";
/// Which signing key was used.
pub const KEY_ID: &str = "x-memgate-key-id";
/// `v1=<hex>`; several, separated by spaces, while a key is being rotated.
pub const SIGNATURE: &str = "x-memgate-signature";
/// The chat session, as the caller names it.
pub const SESSION: &str = "x-memgate-session";
/// `Open WebUI`'s user id, unsigned.
pub const OPEN_WEBUI_USER_ID: &str = "x-openwebui-user-id";
/// `Open WebUI`'s signed user token.
pub const OPEN_WEBUI_JWT: &str = "x-openwebui-user-jwt";
/// `Open WebUI`'s chat id. The person can set it at will: it may only pick that person's own session.
pub const OPEN_WEBUI_CHAT_ID: &str = "x-openwebui-chat-id";
/// Another product's user header from `SillyTavern`.
pub const SILLY_TAVERN_USER: &str = "x-st-user";
/// The signatures of RFC 9421, by label.
pub const HTTP_SIGNATURE: &str = "signature";
/// What each signature of RFC 9421 covers, by label.
pub const HTTP_SIGNATURE_INPUT: &str = "signature-input";
/// Digests of the body (RFC 9530).
pub const CONTENT_DIGEST: &str = "content-digest";

/// Headers that carry a credential of the caller, in the order in which they are read.
pub(super) const CREDENTIALS: &[&str] = &["authorization", "x-api-key", "api-key"];

/// Whether a request carries a key: what a page in a browser can send to another site only with that site's consent. A bare
/// `Authorization` does not tell, since browsers add remembered passwords to it by themselves.
#[must_use]
pub fn carries_credential(headers: &HeaderMap) -> bool {
    let bearer = |value: &[u8]| value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    CREDENTIALS.iter().any(|name| {
        let mut values = headers.get_all(*name).iter().map(http::HeaderValue::as_bytes);
        values.any(|value| if *name == "authorization" { bearer(value) && value.len() > 7 } else { !value.is_empty() })
    })
}

/// The token of `Bearer <token>` (RFC 6750), or nothing.
pub(super) fn bearer(value: &[u8]) -> &[u8] {
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
        _ => b"",
    }
}

/// Headers that name a user by id. Those that yield no evidence are counted as ignored.
pub(super) const USER_IDS: &[&str] = &[
    USER,
    OPEN_WEBUI_USER_ID,
    OPEN_WEBUI_JWT,
    SILLY_TAVERN_USER,
    "x-litellm-end-user-id",
    "x-litellm-customer-id",
    "x-muxi-user-id",
    "x-librechat-user-id",
    "remote-user",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-preferred-username",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-authentik-username",
    "cf-access-jwt-assertion",
];

/// Headers whose names start so are identity.
const FAMILIES: &[&str] = &[
    "x-memgate-",
    "x-openwebui-",
    "x-librechat-",
    "x-muxi-",
    "x-authentik-",
    "x-auth-request-",
    "x-litellm-",
    "cf-access-",
    "x-remote-",
];

/// Further headers that never reach the upstream: identity of other products, and credentials.
const OTHERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-forwarded-access-token",
    "x-forwarded-groups",
    "remote-name",
    "remote-email",
    "remote-groups",
];

/// What signs a message or its body: true of the request as it came, not as it goes on. These are lists, so that several lines of one
/// are one value (RFC 9110, section 5.3), and an intermediary may have added its own.
const MESSAGE_SIGNATURES: &[&str] = &[HTTP_SIGNATURE, HTTP_SIGNATURE_INPUT, CONTENT_DIGEST, "repr-digest"];

/// A header as servers behind CGI-like gateways see it: lower case, everything but letters and digits a hyphen.
fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(|(b, p)| fold(b) == p)
}

/// Whether two names are the same or aliases of each other (`X_Memgate_User`). `known` is in lower case with hyphens.
pub(super) fn aliases(name: &str, known: &str) -> bool {
    name.len() == known.len() && starts_with(name, known)
}

/// Whether a header carries identity or a credential of the caller, under any alias, and so never reaches the upstream.
///
/// Headers that the configuration adds are known to [`super::Resolver::is_inbound_only`].
#[must_use]
pub fn is_inbound_only(name: &str) -> bool {
    let mut known = USER_IDS.iter().chain(OTHERS).chain(MESSAGE_SIGNATURES);
    FAMILIES.iter().any(|family| starts_with(name, family)) || known.any(|known| aliases(name, known))
}

/// Headers as evidence may see them: without those that `Connection` or `Trailer` lists, and without repeated ones.
#[derive(Debug)]
pub(super) struct View<'a> {
    headers: &'a HeaderMap,
    hidden: Vec<&'a str>,
}

impl<'a> View<'a> {
    pub(super) fn new(headers: &'a HeaderMap) -> Self {
        let lists = headers.get_all(header::CONNECTION).iter().chain(headers.get_all(header::TRAILER));
        let names = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim);
        Self { headers, hidden: names.filter(|name| headers.contains_key(*name)).collect() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        let unique = values.next().is_none();
        (unique && !self.hides(name)).then(|| value.as_bytes())
    }

    /// The lines of a list header, joined as RFC 9110, section 5.3, says.
    pub(super) fn joined(&self, name: &str) -> Option<Vec<u8>> {
        if !self.has(name) {
            return None;
        }
        let lines: Vec<_> = self.headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii()).collect();
        Some(lines.join(&b", "[..]))
    }

    /// Every line of a header, hidden or not, as received.
    pub(super) fn lines(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name) && !self.hides(name)
    }

    /// Whether the request carries the header at all, hidden or not.
    pub(super) fn carries(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Whether anything in the request, hidden or not, sets out to name a user.
    pub(super) fn names_user(&self) -> bool {
        let companion = |name: &str| ["x-openwebui-user-", "x-muxi-user-", "x-authentik-"].iter().any(|p| name.starts_with(p));
        let signature = |name: &str| [TIMESTAMP, NONCE, KEY_ID, SIGNATURE].contains(&name);
        self.headers.keys().map(HeaderName::as_str).any(|name| USER_IDS.contains(&name) || companion(name) || signature(name))
    }

    fn hides(&self, name: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
    }
}

/// Refuses names that could pass for another header's further on, and identity that is there twice.
///
/// The classic ways past a proxy's header rules: `X_Memgate_User`, `X.Memgate.User`, the same name twice.
pub(super) fn check_hygiene(headers: &HeaderMap, configured: &[HeaderName]) -> Result<(), Invalid> {
    let sound = |name: &&HeaderName| name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if let Some(name) = headers.keys().find(|name| !sound(name)) {
        let name: String = name.as_str().chars().take(64).collect();
        let message = format!("The header name `{name}` may hold letters, digits and hyphens only. Rename or drop the header.");
        return Err(Invalid::new(code::HEADER_NAME, message));
    }
    if headers.keys_len() == headers.len() {
        return Ok(());
    }
    // HTTP/2 lets a client split its cookies over several fields (RFC 9113, 8.2.3).
    let list = |name: &HeaderName| *name == header::COOKIE || MESSAGE_SIGNATURES.contains(&name.as_str());
    let once = |name: &HeaderName| configured.contains(name) || (!list(name) && is_inbound_only(name.as_str()));
    match headers.keys().find(|name| once(name) && headers.get_all(*name).iter().nth(1).is_some()) {
        Some(name) => {
            let message =
                format!("The header {name} is there more than once. Send it once; look for a custom header that repeats it.");
            Err(Invalid::new(code::DUPLICATE_HEADER, message))
        }
        None => Ok(()),
    }
}

/// A header's value as text: UTF-8, or else Latin-1, as some clients send accented letters.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// Longest name of a task that is taken for one.
const MAX_TASK: usize = 64;

/// Headers that say more of a request than its user. They are the caller's word, and choose only among that person's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cues {
    /// Which headers name the chat session, the first that is there counts. `X-Memgate-Session` goes before them; with none, `Open WebUI`'s
    /// Chat-Id comes after it. So another product's header picks no session unless the configuration names that product.
    pub sessions: Vec<HeaderName>,
    /// Sessions are named by words that others may use, too: they tell nobody apart.
    pub guessable: bool,
    /// Which header names the task that a UI asks on its own behalf.
    pub task: Option<HeaderName>,
}

impl Cues {
    /// Every header that the configuration gives a meaning to.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.sessions.iter().chain(&self.task)
    }

    /// The chat session that a request belongs to. A malformed one counts as none.
    pub(super) fn session(&self, view: &View<'_>) -> Option<SessionId> {
        let named = self.sessions.iter().find_map(|name| view.get(name.as_str()));
        let usual = || self.sessions.is_empty().then(|| view.get(OPEN_WEBUI_CHAT_ID)).flatten();
        SessionId::parse(resolved(view.get(SESSION).or(named).or_else(usual)?)?).ok()
    }

    /// The task that a request is for. Empty where the client says that it is for none.
    pub(super) fn task(&self, view: &View<'_>) -> Option<String> {
        let value = resolved(view.get(self.task.as_ref()?.as_str())?)?.trim();
        (value.len() <= MAX_TASK).then(|| value.to_owned())
    }
}

/// A placeholder that the client left unresolved is the same for everybody, and so is nothing.
fn resolved(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| !text.contains("{{"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse::<HeaderName>().unwrap(), HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn every_alias_of_an_identity_header_is_inbound_only_and_refused() {
        let known = USER_IDS.iter().chain(OTHERS).chain(MESSAGE_SIGNATURES).chain(&[
            TIMESTAMP,
            NONCE,
            KEY_ID,
            SIGNATURE,
            SESSION,
            OPEN_WEBUI_CHAT_ID,
        ]);
        for known in
            known.chain(&["x-openwebui-user-email", "x-openwebui-auth-type", "x-muxi-client-key", "x-librechat-conversation-id"])
        {
            assert!(is_inbound_only(known), "{known}");
            assert!(is_inbound_only(&known.to_uppercase()), "{known}");
            for separator in ["_", ".", "~", "!", "|"] {
                let alias = known.replace('-', separator);
                assert!(is_inbound_only(&alias), "{alias}");
                if alias != *known {
                    let fault = check_hygiene(&headers(&[(&alias, "alice")]), &[]).unwrap_err();
                    assert_eq!(fault.code, code::HEADER_NAME, "{alias}");
                }
            }
        }
        for plain in ["host", "content-type", "accept", "user-agent", "x-forwarded-for", "x-request-id", "x-memgate"] {
            assert!(!is_inbound_only(plain), "{plain}");
        }
    }

    #[test]
    fn repeated_identity_is_refused_in_any_case_and_repeated_cookies_are_not() {
        for name in USER_IDS.iter().chain(OTHERS).filter(|name| **name != "cookie") {
            let upper = name.to_uppercase();
            for second in ["alice", "bob"] {
                let fault = check_hygiene(&headers(&[(name, "alice"), (&upper, second)]), &[]).unwrap_err();
                assert_eq!(fault.code, code::DUPLICATE_HEADER, "{name}");
            }
            assert_eq!(View::new(&headers(&[(name, "alice"), (&upper, "alice")])).get(name), None, "{name}");
        }
        assert_eq!(check_hygiene(&headers(&[("cookie", "a=1"), ("cookie", "b=2"), ("via", "x"), ("via", "y")]), &[]), Ok(()));
        let own = HeaderName::from_static("x-staff");
        assert!(check_hygiene(&headers(&[("x-staff", "a"), ("x-staff", "a")]), &[own]).is_err());
    }

    #[test]
    fn names_in_connection_and_trailer_are_not_evidence() {
        for list in ["connection", "trailer"] {
            let map = headers(&[(list, "close, X-Memgate-User ,te"), (USER, "alice"), (SILLY_TAVERN_USER, "bob")]);
            let view = View::new(&map);
            assert_eq!(view.get(USER), None, "{list}");
            assert!(!view.has(USER) && view.carries(USER) && view.names_user());
            assert_eq!(view.get(SILLY_TAVERN_USER), Some(&b"bob"[..]));
        }
    }

    #[test]
    fn values_are_utf8_or_else_latin_1() {
        assert_eq!(text("Marić".as_bytes()), "Marić");
        assert_eq!(text(b"M\xfcller"), "Müller");
    }

    #[test]
    fn lines_of_a_signature_are_one_value_unless_hidden() {
        let map = headers(&[("signature", " a=:AA==:"), ("signature", "b=:AA==:  ")]);
        assert_eq!(check_hygiene(&map, &[]), Ok(()));
        assert_eq!(View::new(&map).joined("signature").unwrap(), b"a=:AA==:, b=:AA==:");
        let map = headers(&[("signature", "a=:AA==:"), ("connection", "Signature")]);
        assert_eq!(View::new(&map).joined("signature"), None);
    }

    #[test]
    fn a_session_is_named_by_memgates_header_or_the_products_own() {
        let session = |cues: &Cues, pairs: &[(&str, &str)]| {
            cues.session(&View::new(&headers(pairs))).map(|session| session.as_str().to_owned())
        };
        let usual = Cues::default();
        let own = Cues { sessions: vec![HeaderName::from_static("client")], guessable: true, task: None };
        for (cues, header) in [(&usual, OPEN_WEBUI_CHAT_ID), (&own, "client")] {
            assert_eq!(session(cues, &[(header, "c1")]).as_deref(), Some("c1"));
            assert_eq!(session(cues, &[(header, "c1"), (SESSION, "s1")]).as_deref(), Some("s1"));
            for bad in ["", ".", "..", "../c1", "a\\b", "a b", "\u{e9}", "{{CHAT_ID}}", "a{{", &"x".repeat(256)] {
                assert_eq!(session(cues, &[(header, bad)]), None, "{bad:?}");
                assert_eq!(session(cues, &[(SESSION, bad), (header, "c1")]), None, "{bad:?}");
            }
            assert_eq!(session(cues, &[(header, "c1"), (header, "c2")]), None);
        }
        assert_eq!(session(&usual, &[("client", "c1")]), None, "another product's header");
        assert_eq!(session(&own, &[(OPEN_WEBUI_CHAT_ID, "c1")]), None, "another product's header");
    }

    #[test]
    fn a_task_is_named_by_its_header_alone() {
        let cues = Cues { sessions: Vec::new(), guessable: false, task: Some(HeaderName::from_static("x-openwebui-task")) };
        let task = |cues: &Cues, value: &str| cues.task(&View::new(&headers(&[("x-openwebui-task", value)])));
        assert_eq!(task(&cues, " title_generation ").as_deref(), Some("title_generation"));
        assert_eq!(task(&cues, "").as_deref(), Some(""));
        for nothing in ["{{TASK}}", "a{{", &"x".repeat(65)] {
            assert_eq!(task(&cues, nothing), None, "{nothing}");
        }
        assert_eq!(cues.task(&View::new(&headers(&[]))), None);
        assert_eq!(task(&Cues::default(), "title_generation"), None);
    }
}
