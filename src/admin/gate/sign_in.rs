//! Signing in and out, in a browser.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Gate;
use super::browser::{BrowserSession, CsrfProven, forged};
use super::credential::{Credential, LONGEST_NAME, TokenHash};
use super::password::LONGEST_PASSWORD;
use super::screen;
use super::session::{SessionKey, draw};
use crate::admin::principal::Principal;
use crate::admin::problem::Problem;
use crate::proxy::unix_ms;
use crate::telemetry::audit::{ActOutcome, Clipped};
use crate::telemetry::{ActRecord, SignInResult};

/// Where forms with name and password go.
pub(super) const SIGN_IN: &str = "/sign-in";
/// The session's cookie where TLS is in front, and where none is: browsers take the prefix with `Secure` alone.
const SECURE_COOKIE: &str = "__Host-memgate_admin";
const PLAIN_COOKIE: &str = "memgate_admin";
/// How long an attempt waits for its turn to be hashed.
const TURN: Duration = Duration::from_secs(5);
/// Longest way back after signing in, in bytes.
const LONGEST_WAY: usize = 1024;

/// `POST /sign-in` leads to `next`, or back to `/sign-in?refused&next=…`. `POST /sign-out` leads to `/sign-in`.
pub(super) fn routes(gate: Gate) -> Router {
    Router::new().route(SIGN_IN, post(sign_in)).route("/sign-out", post(sign_out)).with_state(gate)
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(gate): State<Gate>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    let SignIn { name, password, next } = form;
    let (password, way) = (Zeroizing::new(password), local_way(&next));
    if gate.is_open() {
        return lead_to(&way);
    }
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Extension(ConnectInfo(peer))| peer.ip());
    if let Err(wait) = gate.inner.attempts.begin(peer, &name, Instant::now()) {
        return put_off(&gate, wait);
    }
    let Ok(Ok(turn)) = tokio::time::timeout(TURN, Arc::clone(&gate.inner.hashing).acquire_owned()).await else {
        return put_off(&gate, TURN);
    };
    let (checker, asked) = (gate.clone(), name.clone());
    let checked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        checker.check_password(&asked, password.as_bytes())
    });
    let Ok(Some(known)) = checked.await else {
        gate.inner.metrics.gate.count(SignInResult::Refused);
        let operator = Clipped::<LONGEST_NAME>::new(&name);
        let record = ActRecord::begun("sign_in", operator.as_str(), unix_ms());
        gate.inner.audit.record(ActRecord { outcome: ActOutcome::Failed, ..record });
        return lead_to(&format!("{SIGN_IN}?refused&next={}", escape(&way)));
    };
    gate.inner.attempts.succeed(peer, &name);
    gate.begin_session(known, &headers, &way)
}

impl Gate {
    /// The credential of that name, if the password is its own, or its token. Takes as long for a name that nobody has.
    fn check_password(&self, name: &str, password: &[u8]) -> Option<Arc<Credential>> {
        let rules = self.inner.rules.load();
        let named = rules.credentials.iter().find(|known| &*known.name == name);
        let hash = named.and_then(|known| known.password.as_ref());
        let fits = hash.unwrap_or(&rules.decoy).verify(&password[..password.len().min(LONGEST_PASSWORD + 1)]);
        let by_password = fits && hash.is_some();
        let by_token = named.is_some_and(|known| known.token == Some(TokenHash::of(password)));
        named.filter(|_| by_password || by_token).cloned()
    }

    /// A new session under a new id, whatever the browser had before.
    fn begin_session(&self, known: Arc<Credential>, headers: &HeaderMap, way: &str) -> Response {
        let encrypted = screen::is_encrypted(headers);
        let (Some(id), Some(csrf)) = (draw(), draw()) else {
            return Problem::internal("The system gives no random numbers.").into_response();
        };
        let Some(cookie) = cookie(&id, encrypted) else {
            return Problem::internal("The cookie cannot be made.").into_response();
        };
        if let Some(before) = read_cookie(headers, encrypted) {
            self.inner.sessions.close(before);
        }
        let record = ActRecord::begun("sign_in", &known.name, unix_ms());
        self.inner.audit.record(ActRecord { outcome: ActOutcome::Done, ..record });
        self.inner.metrics.gate.count(SignInResult::SignedIn);
        let limits = self.inner.rules.load().limits;
        self.inner.sessions.open(&id, Some(known), BrowserSession::new(csrf), Instant::now(), limits);
        let mut response = lead_to(way);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

async fn sign_out(State(gate): State<Gate>, by: Principal, request: Request) -> Response {
    if request.extensions().get::<CsrfProven>().is_none() {
        return forged().into_response();
    }
    let encrypted = screen::is_encrypted(request.headers());
    if let Some(key) = read_cookie(request.headers(), encrypted) {
        gate.inner.sessions.close(key);
    }
    let record = ActRecord::begun("sign_out", by.name(), unix_ms());
    gate.inner.audit.record(ActRecord { outcome: ActOutcome::Done, ..record });
    let mut response = lead_to(SIGN_IN);
    for (name, secure) in [(SECURE_COOKIE, "; Secure"), (PLAIN_COOKIE, "")] {
        let gone = format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}");
        if let Ok(gone) = HeaderValue::try_from(gone) {
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
    }
    response
}

/// The cookie of a session. It ends with the browser, if the session does not before.
pub(super) fn cookie(id: &str, encrypted: bool) -> Option<HeaderValue> {
    let (name, secure) = if encrypted { (SECURE_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    HeaderValue::try_from(format!("{name}={id}; Path=/; HttpOnly; SameSite=Strict{secure}")).ok()
}

/// What the browser's session is kept under. With TLS in front the cookie without the prefix counts for nothing: others beneath
/// the same domain could have set it.
pub(super) fn read_cookie(headers: &HeaderMap, encrypted: bool) -> Option<SessionKey> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs: Vec<(&str, &str)> = sent.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).collect();
    let named = |wanted: &str| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, id)| SessionKey::of(id));
    named(SECURE_COOKIE).or_else(|| if encrypted { None } else { named(PLAIN_COOKIE) })
}

/// A redirect that a form's answer is (303).
pub(super) fn lead_to(way: &str) -> Response {
    let location = HeaderValue::try_from(way).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn put_off(gate: &Gate, wait: Duration) -> Response {
    gate.inner.metrics.gate.count(SignInResult::PutOff);
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Too many attempts · memgate</title><main><h1>Too many \
         attempts</h1><p>Wait {seconds} seconds, then <a href=\"{SIGN_IN}\">sign in</a>.</p></main></html>"
    );
    let headers = [(header::RETRY_AFTER, seconds.to_string()), (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned())];
    (StatusCode::TOO_MANY_REQUESTS, headers, page).into_response()
}

/// A path of this site; the first page, where it is anything else: no link leads elsewhere by way of signing in.
fn local_way(next: &str) -> String {
    let local = next.starts_with('/') && !next.starts_with("//") && next.len() <= LONGEST_WAY;
    let plain = next.bytes().all(|c| c.is_ascii_graphic() && c != b'\\');
    let back = next.starts_with(SIGN_IN) || next.starts_with("/sign-out");
    if local && plain && !back { next.to_owned() } else { "/".to_owned() }
}

/// A value of a query, percent-encoded.
pub(super) fn escape(text: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
    text.bytes().map(|c| if plain(c) { char::from(c).to_string() } else { format!("%{c:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for way in ["/users", "/users/acme%3Aann?tab=facts", "/"] {
            assert_eq!(local_way(way), way);
        }
        for way in [
            "",
            "users",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/ü",
            "/sign-in?next=/",
            "/sign-out",
        ] {
            assert_eq!(local_way(way), "/", "{way}");
        }
        assert_eq!(local_way(&format!("/{}", "a".repeat(LONGEST_WAY))), "/");
        assert_eq!(escape("/users?a=b&c=ü"), "/users%3Fa%3Db%26c%3D%C3%BC");
    }

    #[test]
    fn with_tls_in_front_only_the_bound_cookie_counts() {
        let read = |cookies: &str, encrypted| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookies.parse().unwrap());
            read_cookie(&headers, encrypted)
        };
        let key = |id: &str| Some(SessionKey::of(id));
        assert_eq!(read("a=b; memgate_admin=one", false), key("one"));
        assert_eq!(read("memgate_admin=one", true), None);
        assert_eq!(read("memgate_admin=one; __Host-memgate_admin=two", true), key("two"));
        assert_eq!(read("memgate_admin=one; __Host-memgate_admin=two", false), key("two"));
        assert_eq!(read("xmemgate_admin=one; memgate_admin", false), None);
        let text = |encrypted| cookie("id", encrypted).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text(true), "__Host-memgate_admin=id; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(text(false), "memgate_admin=id; Path=/; HttpOnly; SameSite=Strict");
    }
}
