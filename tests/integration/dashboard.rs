//! The dashboard in the real process: who sees which page, what pages are made of, and that strangers' words stay words.

use axum::http::Method;
use memgate::admin::{Access, Role};
use memgate::dashboard::{PageRoute, pages};
use serde_json::json;

use crate::harness::admin::{Browser, ask, form, guarded, open, token_of};
use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::world::World;

const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Auditor];
/// A user whom no page may show to whoever is not signed in.
const SOMEBODY: &str = "zenobia";
const UNKNOWN: &str = "00000000000000000000000000000000";

/// With a request of somebody already answered.
async fn with_traffic(world: World) -> World {
    world.send(&Request::chat(&["Hello."]).vouched(SOMEBODY)).await.assert_ok();
    world
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
    let world = with_traffic(open().await).await;
    for page in read_pages() {
        let answer = ask(&world, &visit(&page)).await;
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
    let sign_in = ask(&world, &Request::new("GET", "/sign-in")).await.text();
    assert!(sign_in.contains("No credential is configured"), "{sign_in}");
}

#[tokio::test]
async fn signed_out_a_page_tells_nothing_of_anybody() {
    let world = with_traffic(guarded(|_| ()).await).await;
    for page in read_pages() {
        let answer = ask(&world, &visit(&page)).await;
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
    let led = ask(&world, &Request::new("GET", "/decisions?user=a")).await;
    assert_eq!(led.header("location"), Some("/sign-in?next=/decisions%3Fuser%3Da"));
}

#[tokio::test]
async fn each_role_sees_the_pages_of_its_own() {
    let world = with_traffic(guarded(|_| ()).await).await;
    for role in ROLES {
        for page in read_pages() {
            let answer = ask(&world, &visit(&page).bearer(token_of(role.as_str()))).await;
            let refused = answer.status == 403 && answer.text().contains("role_insufficient");
            assert_eq!(refused, !role.may(page.access), "{} {}: {}", role.as_str(), page.path, answer.status);
        }
        let health = ask(&world, &Request::new("GET", "/health").bearer(token_of(role.as_str()))).await.text();
        assert_eq!(health.contains("href=\"/decisions\""), role.may(Access::View), "{}", role.as_str());
        assert_eq!(health.contains("href=\"/audit\""), role.may(Access::Audit), "{}", role.as_str());
    }
    let auditor = ask(&world, &Request::new("GET", "/").bearer(token_of("auditor"))).await;
    assert_eq!((auditor.status, auditor.header("location")), (303, Some("/audit")));
}

/// The value of an attribute that follows `before`.
fn value_after<'a>(text: &'a str, before: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_else(|| panic!("no {before} in {text}"))
}

#[tokio::test]
async fn forms_change_something_only_with_the_sessions_token() {
    let world = guarded(|_| ()).await;
    let browser = Browser::sign_in(&world, "olga").await;
    for page in pages().into_iter().filter(|page| page.method == Method::POST) {
        let path = visit(&page).target;
        for fields in [&[][..], &[("csrf", "")], &[("csrf", "0000")]] {
            let forged = form(&path, fields).header("Cookie", &browser.cookie);
            assert_eq!(ask(&world, &forged).await.status, 403, "{path} {fields:?}");
        }
    }
    let read = async |path: &str| ask(&world, &browser.send(Request::new("GET", path))).await.text();
    let asked = read("/configuration/reload").await;
    assert_eq!(value_after(&asked, "name=\"csrf\" value=\""), browser.csrf);
    let sent = form("/configuration/reload", &[("csrf", &browser.csrf)]).header("Cookie", &browser.cookie);
    let done = ask(&world, &sent).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/configuration?done=reloaded")));
    let told = read("/configuration?done=reloaded").await;
    assert!(told.contains("The configuration was reloaded") && told.contains("Sign out") && told.contains("olga"), "{told}");
}

#[tokio::test]
async fn words_of_strangers_stay_words() {
    let world = with_traffic(open().await).await;
    let body = json!({"model": "<script>alert(1)</script>\u{202e}", "messages": [{"role": "user", "content": "Hello."}]});
    world.send(&Request::post("/v1/chat/completions", body.to_string()).vouched("\"><img src=x onerror=alert(1)>")).await;
    world.send(&Request::post("/v1/chat/completions", body.to_string()).vouched("somebody")).await;
    let shown = ask(&world, &Request::new("GET", "/decisions")).await;
    assert_page(&shown, "/decisions");
    let text = shown.text();
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x") && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
    for path in [
        "/decisions?user=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/what-if?mode=%3Cscript%3E",
        "/sign-in?next=javascript:alert(1)",
    ] {
        let text = ask(&world, &Request::new("GET", path)).await.text();
        assert!(!text.contains("<script>") && !text.contains("\"javascript:"), "{path}: {text}");
    }
}

#[tokio::test]
async fn style_and_script_are_kept_for_good_and_the_theme_without_a_script() {
    let world = with_traffic(guarded(|_| ()).await).await;
    let page = ask(&world, &Request::new("GET", "/health")).await.text();
    for (path, sort) in [
        (value_after(&page, "rel=\"stylesheet\" href=\""), "text/css; charset=utf-8"),
        (value_after(&page, "<script src=\""), "text/javascript; charset=utf-8"),
    ] {
        let asset = ask(&world, &Request::new("GET", path)).await;
        asset.assert_ok();
        assert_eq!(asset.header("content-type"), Some(sort));
        assert!(asset.header("cache-control").is_some_and(|kept| kept.contains("immutable")), "{:?}", asset.headers);
    }
    let switched = ask(&world, &Request::new("GET", "/theme?to=dark&back=%2Fhealth")).await;
    assert_eq!((switched.status, switched.header("location")), (303, Some("/health")));
    let cookie = switched.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let dark = ask(&world, &Request::new("GET", "/health").header("Cookie", cookie)).await.text();
    assert!(dark.contains("data-theme=\"dark\""), "{dark}");
    let elsewhere = ask(&world, &Request::new("GET", "/theme?to=light&back=%2F%2Fevil.example")).await;
    assert_eq!(elsewhere.header("location"), Some("/"));
}
