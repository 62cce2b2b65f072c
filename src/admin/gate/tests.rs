use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use futures::StreamExt;
use serde::Deserialize;
use tempfile::TempDir;

use super::*;
use crate::admin::principal::{Principal, Role};
use crate::admin::{AdminFile, Reason};
use crate::ids::UserId;
use crate::setting::Faults;
use crate::telemetry::{AuditKeeping, AuditSettings};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[derive(Deserialize)]
struct Word {
    word: String,
}

/// A gate in front of a page, a form and a stream that never ends.
struct Fixture {
    gate: Gate,
    router: Router,
    settings: AdminSettings,
    _dir: TempDir,
}

fn fixture(credentials: Vec<Credential>) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let audit = AuditSettings::at(dir.path().join("audit"));
    let audit = AuditLog::open(&audit, &AuditKeeping::new(&audit, &[7; 32], dir.path()), &metrics).unwrap();
    let settings = AdminFile::default().resolve("admin", &mut Faults::default());
    let settings = AdminSettings { credentials, ..settings };
    let gate = Gate::new(&settings, audit, metrics);
    let router = Router::new()
        .route("/page", get(async |by: Principal, session: BrowserSession| format!("{by} {}", session.csrf())))
        .route("/form", post(async |SafeForm(Word { word }): SafeForm<Word>| word))
        .route("/plain", get(async |by: Principal| by.name().to_owned()))
        .route("/events", get(async || stream()));
    let router = gate.protect(router);
    Fixture { gate, router, settings, _dir: dir }
}

fn stream() -> Response {
    let body =
        Body::from_stream(futures::stream::once(async { Ok::<_, Infallible>("data: 1\n\n") }).chain(futures::stream::pending()));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn operator() -> Credential {
    Credential { name: "anna".into(), role: Role::Operator, token: Some(TokenHash::of(TOKEN.as_bytes())), password: None }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost:9465");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::from(body.to_owned())).unwrap()
}

impl Fixture {
    async fn ask(&self, request: Request<Body>) -> Response {
        let service = hyper_util::service::TowerToHyperService::new(self.router.clone());
        hyper::service::Service::call(&service, request).await.unwrap()
    }

    async fn text(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.ask(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// The session's cookie as a browser sends it back.
fn cookie_of(response: &Response) -> Option<String> {
    let set = response.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn an_open_gate_gives_browsers_a_session_once_a_page_needs_one() {
    let open = fixture(Vec::new());
    let plain = open.ask(request("GET", "/plain", &[], "")).await;
    assert_eq!((plain.status(), cookie_of(&plain)), (StatusCode::OK, None), "nothing looked at it");
    let page = open.ask(request("GET", "/page", &[], "")).await;
    let cookie = cookie_of(&page).unwrap();
    let (_, shown) = open.text(request("GET", "/page", &[("cookie", &cookie)], "")).await;
    let csrf = shown.strip_prefix("open ").unwrap().to_owned();
    let body = format!("word=hello&csrf={csrf}");
    let sent = |headers: &[(&str, &str)], body: &str| request("POST", "/form", headers, body);
    let own = [FORM, OWN, ("cookie", cookie.as_str())];
    assert_eq!(open.text(sent(&own, &body)).await, (StatusCode::OK, "hello".to_owned()));
    for (headers, body) in [
        (&own[..], "word=hello"),
        (&own, "word=hello&csrf="),
        (&own, &format!("word=hello&csrf={}", "0".repeat(64))),
        (&own, &format!("{body}&csrf={csrf}")),
        (&own[..2], &body),
        (&[FORM], &body),
        (&[("content-type", "text/plain"), OWN, own[2]], &body),
        (&[FORM, ("sec-fetch-site", "same-site"), own[2]], &body),
    ] {
        assert_eq!(open.text(sent(headers, body)).await.0, StatusCode::FORBIDDEN, "{headers:?} {body}");
    }
    // Once there are credentials, nothing that an open gate gave is worth anything.
    open.gate.adopt(&AdminSettings { credentials: vec![operator()], ..open.settings.clone() });
    assert_eq!(open.text(sent(&own, &body)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_credentials_a_gate_that_others_reach_is_shut() {
    let open = fixture(Vec::new());
    for listen in [Some(SocketAddr::from(([0, 0, 0, 0], 9465))), None] {
        open.gate.adopt(&AdminSettings { listen, ..open.settings.clone() });
        assert_eq!(open.text(request("GET", "/v1/x", &[], "")).await.0, StatusCode::UNAUTHORIZED, "{listen:?}");
    }
}

#[tokio::test]
async fn whoever_is_not_known_is_led_to_sign_in_and_programs_are_told() {
    let shut = fixture(vec![operator()]);
    let page = shut.ask(request("GET", "/page?a=b", &[], "")).await;
    assert_eq!(
        (page.status(), &page.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/sign-in?next=/page%3Fa%3Db".parse().unwrap())
    );
    for (method, path) in [("GET", "/v1/anything"), ("POST", "/page"), ("GET", "/v1")] {
        let refused = shut.ask(request(method, path, &[], "")).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(refused.headers()["www-authenticate"], "Bearer realm=\"memgate\"");
        assert!(refused.headers().contains_key("content-security-policy"));
    }
    let bearer = |token: &str| request("GET", "/plain", &[("authorization", &format!("bearer {token}"))], "");
    assert_eq!(shut.text(bearer(TOKEN)).await, (StatusCode::OK, "anna".to_owned()));
    assert_eq!(shut.text(bearer(&TOKEN[1..])).await.0, StatusCode::UNAUTHORIZED);
    let (status, told) =
        shut.text(request("POST", "/form", &[("authorization", &format!("Bearer {TOKEN}")), FORM], "word=x")).await;
    assert!(status == StatusCode::FORBIDDEN && told.contains("csrf_invalid"), "a token is no page: {told}");
}

#[tokio::test]
async fn people_are_told_in_a_page_and_programs_in_problem_details() {
    let open = fixture(Vec::new());
    let (html, other) = (("accept", "text/html,*/*;q=0.8"), ("sec-fetch-site", "cross-site"));
    for (path, headers, sort) in [
        ("/form", &[other, html][..], "text/html; charset=utf-8"),
        ("/form", &[other], "application/problem+json"),
        ("/v1/form", &[other, html], "application/problem+json"),
    ] {
        let refused = open.ask(request("POST", path, headers, "")).await;
        assert_eq!(
            (refused.status(), &refused.headers()["content-type"]),
            (StatusCode::FORBIDDEN, &sort.parse().unwrap()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let open = fixture(Vec::new());
    let large = "x".repeat(LARGEST_BODY + 1);
    assert_eq!(open.text(request("POST", "/form", &[FORM], &large)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn events_end_with_the_credential() {
    let shut = fixture(vec![operator()]);
    let events = shut.ask(request("GET", "/events", &[("authorization", &format!("Bearer {TOKEN}"))], "")).await;
    let mut events = events.into_body().into_data_stream();
    assert_eq!(events.next().await.unwrap().unwrap(), "data: 1\n\n");
    shut.gate
        .adopt(&AdminSettings { credentials: vec![Credential { name: "bert".into(), ..operator() }], ..shut.settings.clone() });
    let end = tokio::time::timeout(Duration::from_mins(1), events.next()).await;
    assert!(end.expect("the stream goes on").is_none());
}

#[test]
fn reasons_are_of_one_session_and_person_and_for_a_quarter_of_an_hour() {
    let (one, other) = (BrowserSession::new("a".to_owned()), BrowserSession::new("b".to_owned()));
    let (anna, bert) = (UserId::parse("anna").unwrap(), UserId::parse("bert").unwrap());
    let now = Instant::now();
    let reason = Reason::parse("She asked me to").unwrap();
    one.remember_at(&anna, reason.clone(), now);
    let later = |minutes| now + Duration::from_mins(minutes);
    assert_eq!(one.reason_at(&anna, later(14)), Some(reason));
    assert_eq!((one.reason_at(&anna, later(15)), one.reason_at(&bert, now), other.reason_at(&anna, now)), (None, None, None));
    assert!(one.is_used() && !other.is_used() && one.owns("a") && !one.owns("b") && !one.owns(""));
}
