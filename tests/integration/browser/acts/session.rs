//! Signing in and out, the keyboard, the theme.

use fantoccini::key::Key;

use super::begin;
use crate::browser::driver::{Browser, Screen, Theme};
use crate::browser::stage::Stage;
use crate::harness::admin::{PASSWORD, guarded};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_opens_nothing_and_signing_out_closes() {
    let world = guarded(|_| ()).await;
    let url = |path: &str| format!("http://{}{path}", world.gate.admin_address());
    let browser = Browser::start("sign-in", Theme::Light, Screen::Desk).await;
    browser.open(&url("/sign-in?next=/users")).await;
    browser.fill("input[name=name]", "olga").await;
    browser.fill("input[name=password]", "guessed").await;
    browser.press("Sign in").await;
    browser.wait_for_text("do not belong together").await;
    browser.judge("sign-in-refused").await;
    browser.open(&url("/users")).await;
    assert_eq!(browser.path().await, "/sign-in");
    browser.fill("input[name=name]", "olga").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.press("Sign in").await;
    browser.wait_for_path("/users").await;
    let cookies = browser.client.get_all_cookies().await.unwrap();
    assert!(cookies.iter().all(|cookie| cookie.http_only() == Some(true)) && !cookies.is_empty(), "{cookies:?}");
    browser.press("Sign out").await;
    browser.wait_for_text("Sign in").await;
    browser.judge("signed-out").await;
    browser.open(&url("/users")).await;
    assert_eq!(browser.path().await, "/sign-in");
    // What was signed out stays so, whatever the browser has kept.
    for cookie in cookies {
        browser.client.add_cookie(cookie).await.unwrap();
    }
    browser.open(&url("/users")).await;
    assert_eq!(browser.path().await, "/sign-in");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mouse_is_needed() {
    let stage = Stage::set().await;
    let browser = Browser::start("keyboard", Theme::Light, Screen::Desk).await;
    browser.open(&stage.url("/sign-in?next=/keys")).await;
    browser.tab_to("Name of the credential").await;
    browser.type_text("olga").await;
    browser.keys(&[Key::Tab]).await;
    browser.type_text(PASSWORD).await;
    browser.keys(&[Key::Enter]).await;
    browser.wait_for_path("/keys").await;
    browser.open(&stage.url(&stage.path("/keys/{id}/revoke"))).await;
    // The first stop leads past the navigation.
    browser.tab_to("Skip to the content").await;
    browser.keys(&[Key::Enter]).await;
    assert_eq!(browser.run("return document.activeElement.id").await, "main");
    browser.tab_to("Revoke for good").await;
    browser.keys(&[Key::Enter]).await;
    browser.wait_for_path("/keys").await;
    let keys = stage.get("/v1/user-keys?user=default:ana").await;
    assert!(keys["keys"][0]["revoked_at"].is_i64(), "{keys}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_can_be_chosen_and_stays() {
    let (stage, browser) = begin("theme").await;
    browser.wait_for_theme(Theme::Light).await;
    browser.press("Dark").await;
    browser.wait_for_theme(Theme::Dark).await;
    assert_eq!(browser.path().await, "/users");
    browser.open(&stage.url("/sandboxes")).await;
    browser.wait_for_theme(Theme::Dark).await;
    browser.judge("chosen-dark").await;
    browser.press("Auto").await;
    browser.wait_for_theme(Theme::Light).await;
    assert_eq!(browser.path().await, "/sandboxes");
    browser.end().await;
    // The other way around, where the system is dark.
    let browser = stage.browser("theme", Theme::Dark, Screen::Desk).await;
    browser.wait_for_theme(Theme::Dark).await;
    browser.press("Light").await;
    browser.wait_for_theme(Theme::Light).await;
    browser.end().await;
}
