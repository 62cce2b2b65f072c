//! The dashboard in the real process: who sees which page, what pages are made of, and that strangers' words stay words.

use axum::http::Method;
use memgate::admin::{Access, Role};
use memgate::dashboard::{PageRoute, pages};
use serde_json::json;

use crate::harness::client::{Answer, send};
use crate::harness::gate::Settings;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Script};
use crate::harness::world::World;

/// Where the token of each role stands in the environment, and what it is.
const TOKENS: [(Role, &str, &str); 3] = [
    (Role::Viewer, "TEST_VIEWER", "viewer-token-0123456789abcdef0123456789"),
    (Role::Operator, "TEST_OPERATOR", "operator-token-0123456789abcdef01234567"),
    (Role::Auditor, "TEST_AUDITOR", "auditor-token-0123456789abcdef012345678"),
];
/// A user whom no page may show to whoever is not signed in.
const SOMEBODY: &str = "zenobia";
const UNKNOWN: &str = "00000000000000000000000000000000";

async fn start(credentials: bool) -> World {
    let upstream = FakeUpstream::start(Script::fitting).await;
    let mut settings = Settings::new(upstream.address).with(|file| {
        file["admin"]["hosts"] = json!(["memgate.test"]);
        if credentials {
            let named =
                TOKENS.map(|(role, name, _)| json!({"name": role.as_str(), "role": role.as_str(), "token": {"env": name}}));
            file["admin"]["credentials"] = json!(named);
        }
    });
    for (_, name, token) in TOKENS {
        settings = settings.variable(name, token);
    }
    let world = World { upstream, gate: settings.start() };
    world.send(&Request::chat(&["Hello."]).vouched(SOMEBODY)).await.assert_ok();
    world
}

async fn get(world: &World, request: Request) -> Answer {
    send(world.gate.admin_address(), &request).await
}

fn visit(page: &PageRoute) -> Request {
    let path = page.path.split('/').map(|part| if part.starts_with('{') { UNKNOWN } else { part });
    Request::new(page.method.as_str(), &path.collect::<Vec<_>>().join("/"))
}

fn read_pages() -> Vec<PageRoute> {
    pages().into_iter().filter(|page| page.method == Method::GET).collect()
}

/// A whole page under the headers that hold foreign content back.
#[track_caller]
fn assert_page(answer: &Answer, what: &str) {
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{what}: {}", answer.text());
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{what}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    let text = answer.text();
    assert_eq!(text.matches("<h1").count(), 1, "{what}");
    assert!(!text.contains(" style=") && !text.contains("<style") && text.matches("<script").count() == 1, "{what}");
    assert!(text.contains("href=\"#main\"") && text.contains("<main id=\"main\""), "{what}");
}

#[tokio::test]
async fn every_page_is_shown_through_an_open_gate() {
    let world = start(false).await;
    for page in read_pages() {
        let answer = get(&world, visit(&page)).await;
        if page.path == "/theme" {
            assert_eq!(answer.status, 303);
            continue;
        }
        let fitting: &[u16] = if page.path.contains('{') { &[200, 303, 400, 404] } else { &[200] };
        assert!(fitting.contains(&answer.status), "{}: {} {}", page.path, answer.status, answer.text());
        if answer.status != 303 {
            assert_page(&answer, page.path);
        }
    }
    let sign_in = get(&world, Request::new("GET", "/sign-in")).await.text();
    assert!(sign_in.contains("No credential is configured"), "{sign_in}");
}

#[tokio::test]
async fn signed_out_a_page_tells_nothing_of_anybody() {
    let world = start(true).await;
    for page in read_pages() {
        let answer = get(&world, visit(&page)).await;
        if page.access == Access::Public && page.path != "/theme" {
            assert_page(&answer, page.path);
        } else {
            assert_eq!(answer.status, 303, "{}", page.path);
        }
        let text = answer.text();
        for told in [SOMEBODY, "open-webui", "/decisions", "href=\"/audit"] {
            assert!(!text.contains(told), "{} tells {told}", page.path);
        }
    }
    let led = get(&world, Request::new("GET", "/decisions?user=a")).await;
    assert_eq!(led.header("location"), Some("/sign-in?next=/decisions%3Fuser%3Da"));
}

#[tokio::test]
async fn each_role_sees_the_pages_of_its_own() {
    let world = start(true).await;
    for (role, _, token) in TOKENS {
        for page in read_pages() {
            let answer = get(&world, visit(&page).bearer(token)).await;
            let refused = answer.status == 403 && answer.text().contains("role_insufficient");
            assert_eq!(refused, !role.may(page.access), "{} {}: {}", role.as_str(), page.path, answer.status);
        }
        let health = get(&world, Request::new("GET", "/health").bearer(token)).await.text();
        assert_eq!(health.contains("href=\"/decisions\""), role.may(Access::View), "{}", role.as_str());
        assert_eq!(health.contains("href=\"/audit\""), role.may(Access::Audit), "{}", role.as_str());
    }
    let auditor = get(&world, Request::new("GET", "/").bearer(TOKENS[2].2)).await;
    assert_eq!((auditor.status, auditor.header("location")), (303, Some("/audit")));
}

fn post(path: &str, body: &str, cookie: &str) -> Request {
    let request = Request { body: body.into(), ..Request::new("POST", path) };
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").header("Cookie", cookie);
    request.header("Origin", "http://memgate.test")
}

/// The value of an attribute that follows `before`.
fn value_after<'a>(text: &'a str, before: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_else(|| panic!("no {before} in {text}"))
}

#[tokio::test]
async fn forms_change_something_only_with_the_sessions_token() {
    let world = start(true).await;
    let form = format!("name=operator&password={}&next=%2Fconfiguration", TOKENS[1].2);
    let signed = get(&world, post("/sign-in", &form, "")).await;
    assert_eq!((signed.status, signed.header("location")), (303, Some("/configuration")));
    let cookie = signed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    for page in pages().into_iter().filter(|page| page.method == Method::POST) {
        let path = visit(&page).target;
        for body in ["", "csrf=", "csrf=0000"] {
            assert_eq!(get(&world, post(&path, body, &cookie)).await.status, 403, "{path} {body}");
        }
    }
    let asked = get(&world, Request::new("GET", "/configuration/reload").header("Cookie", &cookie)).await;
    let token = value_after(&asked.text(), "name=\"csrf\" value=\"").to_owned();
    let done = get(&world, post("/configuration/reload", &format!("csrf={token}"), &cookie)).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/configuration?done=reloaded")));
    let told = get(&world, Request::new("GET", "/configuration?done=reloaded").header("Cookie", &cookie)).await.text();
    assert!(told.contains("The configuration was reloaded"), "{told}");
    let out = get(&world, post("/sign-out", &format!("csrf={token}"), &cookie)).await;
    assert_eq!(out.header("location"), Some("/sign-in"));
    assert_eq!(get(&world, Request::new("GET", "/decisions").header("Cookie", &cookie)).await.status, 303);
}

#[tokio::test]
async fn words_of_strangers_stay_words() {
    let world = start(false).await;
    let body = json!({"model": "<script>alert(1)</script>\u{202e}", "messages": [{"role": "user", "content": "Hello."}]});
    world.send(&Request::post("/v1/chat/completions", body.to_string()).vouched("\"><img src=x onerror=alert(1)>")).await;
    world.send(&Request::post("/v1/chat/completions", body.to_string()).vouched("somebody")).await;
    let shown = get(&world, Request::new("GET", "/decisions")).await;
    assert_page(&shown, "/decisions");
    let text = shown.text();
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x") && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
    for path in [
        "/decisions?user=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/what-if?mode=%3Cscript%3E",
        "/sign-in?next=javascript:alert(1)",
    ] {
        let text = get(&world, Request::new("GET", path)).await.text();
        assert!(!text.contains("<script>") && !text.contains("\"javascript:"), "{path}: {text}");
    }
}

#[tokio::test]
async fn style_and_script_are_kept_for_good_and_the_theme_without_a_script() {
    let world = start(true).await;
    let page = get(&world, Request::new("GET", "/health")).await.text();
    for (path, sort) in [
        (value_after(&page, "rel=\"stylesheet\" href=\""), "text/css; charset=utf-8"),
        (value_after(&page, "<script src=\""), "text/javascript; charset=utf-8"),
    ] {
        let asset = get(&world, Request::new("GET", path)).await;
        asset.assert_ok();
        assert_eq!(asset.header("content-type"), Some(sort));
        assert!(asset.header("cache-control").is_some_and(|kept| kept.contains("immutable")), "{:?}", asset.headers);
    }
    let switched = get(&world, Request::new("GET", "/theme?to=dark&back=%2Fhealth")).await;
    assert_eq!((switched.status, switched.header("location")), (303, Some("/health")));
    let cookie = switched.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let dark = get(&world, Request::new("GET", "/health").header("Cookie", cookie)).await.text();
    assert!(dark.contains("data-theme=\"dark\""), "{dark}");
    let elsewhere = get(&world, Request::new("GET", "/theme?to=light&back=%2F%2Fevil.example")).await;
    assert_eq!(elsewhere.header("location"), Some("/"));
}
