//! Every page as it is seen: light, dark, on a phone; signed in and out.

use axum::http::Method;
use memgate::admin::Access;
use memgate::dashboard::pages;

use super::driver::{Browser, Screen, Theme};
use super::stage::Stage;
use crate::harness::admin::guarded;
use crate::harness::request::Request;

/// Pages that are read, without those that only send on.
fn patterns() -> Vec<(&'static str, Access)> {
    let read = pages().into_iter().filter(|page| page.method == Method::GET && page.path != "/theme");
    // Nobody on the stage has stored a key of their own.
    read.filter(|page| !page.path.contains("{provider}")).map(|page| (page.path, page.access)).collect()
}

async fn walk(suite: &str, theme: Theme, screen: Screen) {
    let stage = Stage::set().await;
    let browser = stage.browser(suite, theme, screen).await;
    assert_eq!(browser.is_dark().await, theme == Theme::Dark);
    // What was learned is shown to who says why.
    browser.open(&stage.url("/users/default:ana/memory")).await;
    browser.judge("users_user_visit").await;
    browser.fill("[name=reason]", "looking into a complaint").await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("Miso").await;
    browser.open(&stage.url(&stage.path("/sandboxes/{id}/facts"))).await;
    browser.fill("[name=reason]", "looking into a complaint").await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("green").await;
    for (pattern, _) in patterns() {
        browser.open(&stage.url(&stage.path(pattern))).await;
        let heading = browser.client.find(fantoccini::Locator::Css("h1")).await.unwrap().text().await.unwrap();
        assert!(!heading.is_empty() && !heading.contains("Not found"), "{pattern}: {heading}");
        browser.judge(pattern).await;
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_order_by_day() {
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

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_there_is_health_and_a_way_in() {
    let world = guarded(|_| ()).await;
    world.send(&Request::chat(&["Hello."]).vouched("zenobia")).await.assert_ok();
    for theme in [Theme::Light, Theme::Dark] {
        let browser = Browser::start("signed-out", theme, Screen::Desk).await;
        for (pattern, access) in patterns() {
            let pattern = pattern.replace(['{', '}'], "");
            browser.open(&format!("http://{}{pattern}", world.gate.admin_address())).await;
            if access != Access::Public {
                assert_eq!(browser.path().await, "/sign-in", "{pattern}");
            }
            let text = browser.text().await;
            assert!(!text.contains("zenobia") && !text.contains("open-webui"), "{pattern}: {text}");
            if access == Access::Public {
                browser.judge(&format!("{pattern}-{theme:?}")).await;
            }
        }
        browser.end().await;
    }
}
