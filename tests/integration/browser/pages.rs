//! Every page as it is seen: light, dark, on a phone; signed in and out; by each role.

use axum::http::Method;
use memgate::admin::{Access, Role};
use memgate::dashboard::pages;
use serde_json::json;

use super::driver::{Browser, Screen, Theme};
use super::stage::Stage;
use crate::harness::admin::{guarded, open};
use crate::harness::eventually;
use crate::harness::request::Request;

/// What each page is for: without it, the page is empty or another one.
const SAYS: &[(&str, &str)] = &[
    ("/", "cross-scope denials"),
    ("/decisions", "identity_missing"),
    ("/decisions/{request}", "What each mode would decide"),
    ("/what-if", "Choose a mode"),
    ("/shadow", "would have been refused by strict"),
    ("/users", "default:ana-old"),
    ("/users/{user}", "Upstream keys"),
    ("/users/{user}/visits", "a test"),
    ("/users/{user}/ratchet", "From now on"),
    ("/users/{user}/upstream-keys/{provider}/remove", "Ends in"),
    ("/users/{user}/erase", "What goes"),
    ("/users/{user}/merge", "The other identity"),
    ("/users/{user}/merges/{id}/undo", "goes back"),
    ("/users/{user}/memory", "Miso"),
    ("/users/{user}/memory/{fact}/edit", "New words make a new fact"),
    ("/users/{user}/memory/{fact}/delete", "deleted for good"),
    ("/sandboxes", "guests"),
    ("/sandboxes/{id}", "Digest"),
    ("/sandboxes/{id}/facts", "green"),
    ("/sandboxes/{id}/end", "they start anew"),
    ("/sessions", "User (tenant:name)"),
    ("/keys", "in force"),
    ("/keys/clients", "To replace a key without a gap"),
    ("/keys/{id}/rotate", "default:ana"),
    ("/keys/{id}/revoke", "default:ana"),
    ("/tenants", "acme"),
    ("/tenants/{tenant}/erase", "The tenant's name once more"),
    ("/budgets", "Who uses how much"),
    ("/budgets/reset", "Choose whose budget"),
    ("/settings", "Factory"),
    ("/clients", "guests"),
    ("/upstreams", "fake"),
    ("/configuration", "mode: required"),
    ("/configuration/reload", "Reload now"),
    ("/health", "memgate serves requests"),
    ("/audit", "users.merge"),
    ("/audit/verification", "Verify the whole log"),
    ("/sign-in", "You are signed in as olga"),
];

/// Pages that are read, without the one that only sends on.
fn patterns() -> Vec<(&'static str, Access)> {
    let read = pages().into_iter().filter(|page| page.method == Method::GET && page.path != "/theme");
    read.map(|page| (page.path, page.access)).collect()
}

fn words_of(pattern: &str) -> &'static str {
    SAYS.iter().find(|(path, _)| *path == pattern).unwrap_or_else(|| panic!("what does {pattern} say?")).1
}

/// Goes to a page, which must be there and show what it is for.
async fn visit(stage: &Stage, browser: &Browser, pattern: &str) {
    let path = stage.path(pattern);
    browser.open(&stage.url(&path)).await;
    assert_eq!((browser.path().await, browser.status().await), (path, 200), "{}", browser.text().await);
    let text = browser.text().await;
    assert!(text.contains(words_of(pattern)), "{pattern}: {text}");
}

async fn walk(suite: &str, theme: Theme, screen: Screen) {
    let stage = Stage::set().await;
    let browser = stage.browser(suite, theme, screen).await;
    browser.wait_for_theme(theme).await;
    // What was learned is shown to who says why.
    for (path, learned) in [("/users/{user}/memory", "Miso"), ("/sandboxes/{id}/facts", "green")] {
        browser.open(&stage.url(&stage.path(path))).await;
        assert!(!browser.text().await.contains(learned));
        browser.judge(&format!("{path}-asks-why")).await;
        browser.fill("[name=reason]", "looking into a complaint").await;
        browser.press("Put on record and open").await;
        browser.wait_for_text(learned).await;
    }
    for (pattern, _) in patterns() {
        visit(&stage, &browser, pattern).await;
        browser.judge(pattern).await;
        if suite == "light" {
            browser.tab_through(pattern).await;
        }
    }
    // By now there is something to plot.
    stage.world.send(&Request::chat(&["Hello."]).vouched("ana")).await.assert_ok();
    eventually("plots", async || {
        browser.open(&stage.url("/")).await;
        (browser.run("return document.querySelectorAll('.plot svg .series').length").await.as_u64() >= Some(4)).then_some(())
    })
    .await;
    browser.judge("overview-with-plots").await;
    if screen == Screen::Phone {
        browser.press("Menu").await;
        browser.judge("menu").await;
        browser.press("Sandboxes").await;
        browser.wait_for_path("/sandboxes").await;
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_order_by_day_and_reached_by_keyboard() {
    walk("light", Theme::Light, Screen::Desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_order_by_night() {
    walk("dark", Theme::Dark, Screen::Desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_order_on_a_phone() {
    walk("phone", Theme::Light, Screen::Phone).await;
}

#[test]
fn what_is_told_of_pages_is_of_pages_that_are_there() {
    let there: Vec<_> = patterns().into_iter().map(|(path, _)| path).collect();
    assert!(SAYS.iter().all(|(path, _)| there.contains(path)), "{there:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_there_is_health_and_a_way_in() {
    let world = guarded(|_| ()).await;
    world.send(&Request::chat(&["Hello."]).vouched("zenobia")).await.assert_ok();
    for theme in [Theme::Light, Theme::Dark] {
        let browser = Browser::start("signed-out", theme, Screen::Desk).await;
        for (pattern, access) in patterns() {
            let pattern = pattern.replace(['{', '}'], "");
            browser.open(&format!("http://{}{pattern}", world.gate.admin_address())).await;
            let here = if access == Access::Public { pattern.as_str() } else { "/sign-in" };
            assert_eq!(browser.path().await, here);
            let text = browser.text().await;
            assert!(!text.contains("zenobia") && !text.contains("open-webui"), "{pattern}: {text}");
            assert!(text.contains("Sign in"), "{pattern}: {text}");
            if access == Access::Public {
                browser.judge(&format!("{pattern}-{theme:?}")).await;
            }
        }
        browser.end().await;
    }
}

/// What a role finds: its pages without an act, the others refused, nothing in the navigation that it may not open.
async fn look_as(name: &str, role: Role) {
    let stage = Stage::set().await;
    let browser = Browser::start(name, Theme::Light, Screen::Desk).await;
    let first = if role.may(Access::View) { "/users" } else { "/audit" };
    stage.sign_in(&browser, name, first).await;
    for (pattern, access) in patterns() {
        let path = stage.path(pattern);
        browser.open(&stage.url(&path)).await;
        if !role.may(access) {
            browser.judge_refusal(pattern, 403).await;
            continue;
        }
        browser.judge(pattern).await;
        let acts = "return [...document.querySelectorAll('main form[method=post]')].map(form => form.getAttribute('action'))";
        let reads = json!(if pattern == "/audit/verification" { vec![pattern] } else { Vec::new() });
        assert_eq!(browser.run(acts).await, reads, "{pattern}");
        let links = "return [...document.querySelectorAll('main a, nav a')].map(link => link.getAttribute('href'))";
        for href in browser.run(links).await.as_array().unwrap() {
            let href = href.as_str().unwrap();
            let (path, _) = href.split_once(['?', '#']).unwrap_or((href, ""));
            let parts: Vec<_> = path.split('/').collect();
            let fits = |pattern: &str| {
                let wanted: Vec<_> = pattern.split('/').collect();
                let fit = |(wanted, part): (&&str, &&str)| wanted.starts_with('{') || wanted == part;
                wanted.len() == parts.len() && wanted.iter().zip(&parts).all(fit)
            };
            // A path that is written out goes before one with names in it.
            let pages = patterns();
            let of_link = pages.iter().find(|(page, _)| *page == path).or_else(|| pages.iter().find(|(page, _)| fits(page)));
            assert!(of_link.is_none_or(|(_, access)| role.may(*access)), "{pattern} leads {name} to {href}");
        }
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_no_acts() {
    look_as("vera", Role::Viewer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_the_audit_alone() {
    look_as("aron", Role::Auditor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_gate_says_so() {
    let world = open().await;
    let browser = Browser::start("open", Theme::Light, Screen::Desk).await;
    for path in ["/", "/sign-in"] {
        browser.open(&format!("http://{}{path}", world.gate.admin_address())).await;
        browser.wait_for_text("No credential is configured").await;
        browser.judge(path).await;
    }
    browser.end().await;
}
