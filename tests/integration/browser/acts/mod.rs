//! What an operator does on the pages, click by click, and that it came to pass.

mod installation;
mod keys;
mod people;
mod session;
mod traffic;

use serde_json::Value;

use super::driver::{Browser, Screen, Theme};
use super::stage::Stage;

const REASON: &str = "asked by the person";

async fn begin(suite: &str) -> (Stage, Browser) {
    let stage = Stage::set().await;
    let browser = stage.browser(suite, Theme::Light, Screen::Desk).await;
    (stage, browser)
}

/// Says why, and comes to what is remembered.
async fn visit(stage: &Stage, browser: &Browser, path: &str) {
    browser.open(&stage.url(path)).await;
    browser.fill("[name=reason]", REASON).await;
    browser.press("Put on record and open").await;
    browser.wait_for_text("This look is on record").await;
}

fn texts(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|fact| fact["text"].as_str().unwrap().to_owned()).collect()
}
