//! What an operator does on the pages, click by click, and that it came to pass.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::driver::{Browser, Screen, Theme};
use super::stage::Stage;
use crate::harness::admin::PASSWORD;
use crate::harness::eventually;
use crate::harness::request::Request;

const REASON: &str = "asked by the person";

async fn begin(suite: &str) -> (Stage, Browser) {
    let stage = Stage::set().await;
    let browser = stage.browser(suite, Theme::Light, Screen::Desk).await;
    (stage, browser)
}

async fn visit(stage: &Stage, browser: &Browser, path: &str) {
    browser.open(&stage.url(path)).await;
    browser.fill("[name=reason]", REASON).await;
    browser.click("main form button[type=submit]").await;
}

fn texts(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|fact| fact["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_is_reviewed_and_the_person_can_see_who_looked() {
    let (stage, browser) = begin("memory").await;
    visit(&stage, &browser, "/users/default:ana/memory").await;
    browser.wait_for_text("Miso").await;
    // A page shows hostile words and runs none of them.
    assert_eq!(browser.console().await, [""; 0]);
    browser.fill("main [name=text]", "My bike is blue.").await;
    browser.press("Add").await;
    browser.wait_for_text("My bike is blue.").await;
    browser.press("Approve").await;
    browser.wait_for_path("/users/default:ana/memory").await;
    let held = stage.get("/v1/users/default:ana/facts?status=held").await;
    assert_eq!(texts(&held), [""; 0], "the one that waited was approved");
    browser.open(&stage.url(&stage.path("/users/{user}/memory/{fact}/edit"))).await;
    browser.fill("main [name=text]", "I like tools.").await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("I like tools.").await;
    let now = stage.get("/v1/users/default:ana/facts").await;
    let edited = now["items"].as_array().unwrap().iter().find(|fact| fact["text"] == "I like tools.").unwrap();
    let delete = format!("/users/default:ana/memory/{}/delete", edited["id"].as_str().unwrap());
    browser.open(&stage.url(&delete)).await;
    browser.judge("delete-a-fact").await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_path("/users/default:ana/memory").await;
    assert!(!texts(&stage.get("/v1/users/default:ana/facts").await).contains(&"I like tools.".to_owned()));

    let visits = stage.world.send(&Request::new("GET", "/memgate/v1/me/visits").vouched("ana")).await;
    visits.assert_ok();
    assert!(visits.text().contains(REASON) && visits.text().contains("olga"), "{}", visits.text());
    let others = stage.world.send(&Request::new("GET", "/memgate/v1/me/visits").vouched("bob")).await.text();
    assert!(!others.contains(REASON), "{others}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_undone_and_a_person_erased() {
    let (stage, browser) = begin("people").await;
    let names = async |user: &str| texts(&stage.get(&format!("/v1/users/default:{user}/facts")).await).join("\n");
    assert!(names("ana").await.contains("Rex"));
    browser.open(&stage.url(&stage.path("/users/{user}/merges/{id}/undo"))).await;
    browser.fill("[name=reason]", REASON).await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_path("/users/default:ana").await;
    assert!(!names("ana").await.contains("Rex") && names("ana-old").await.contains("Rex"));

    browser.open(&stage.url("/users/default:bob/erase")).await;
    browser.fill("[name=confirm]", "default:ana").await;
    browser.fill("[name=reason]", REASON).await;
    browser.press("Erase for good").await;
    browser.judge("erase-refused").await;
    assert!(names("bob").await.contains("locker"), "another name erases nobody");
    browser.fill("[name=confirm]", "default:bob").await;
    browser.press("Erase for good").await;
    browser.wait_for_text("Receipt").await;
    browser.judge("erase-receipt").await;
    let gone = stage.world.send(&Request::new("GET", "/memgate/v1/me/memories").vouched("bob")).await.text();
    assert!(!gone.contains("locker"), "{gone}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_promoted_fact_by_fact() {
    let (stage, browser) = begin("sandbox").await;
    visit(&stage, &browser, &stage.path("/sandboxes/{id}/facts")).await;
    browser.wait_for_text("green").await;
    browser.click("input[name=fact]").await;
    browser.fill("main [name=user]", "default:bob").await;
    browser.fill("main form:last-of-type [name=reason]", REASON).await;
    browser.click("main [name=end]").await;
    browser.judge("promotion").await;
    browser.click("main form:last-of-type button[type=submit]").await;
    browser.wait_for_path("/users/default:bob").await;
    assert!(texts(&stage.get("/v1/users/default:bob/facts").await).join("\n").contains("green"));
    assert_eq!(stage.get("/v1/sandboxes").await["items"], json!([]), "it was ended");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_shown_once_rotated_and_revoked() {
    let (stage, browser) = begin("keys").await;
    browser.open(&stage.url("/keys")).await;
    browser.fill("main [name=user]", "default:carl").await;
    browser.fill("main [name=label]", "laptop").await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("mgk_").await;
    browser.judge("key-made").await;
    let shown = browser.text().await;
    let key = shown.split_whitespace().find(|word| word.starts_with("mgk_")).unwrap().to_owned();
    let works = async |key: &str| stage.world.send(&Request::chat(&["Hello."]).bearer(key)).await.status;
    assert_eq!(works(&key).await, 200);
    browser.open(&stage.url("/keys")).await;
    assert!(!browser.text().await.contains(&key), "it is shown once");
    let list = stage.get("/v1/user-keys?user=default:carl").await;
    let id = list["keys"][0]["id"].as_str().unwrap();
    browser.open(&stage.url(&format!("/keys/{id}/rotate"))).await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("mgk_").await;
    let shown = browser.text().await;
    let newer = shown.split_whitespace().find(|word| word.starts_with("mgk_")).unwrap().to_owned();
    assert_eq!((works(&key).await, works(&newer).await), (401, 200));
    let list = stage.get("/v1/user-keys?user=default:carl").await;
    let current = list["keys"].as_array().unwrap().iter().find(|key| key["revoked_at"].is_null()).unwrap();
    browser.open(&stage.url(&format!("/keys/{}/revoke", current["id"].as_str().unwrap()))).await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_path("/keys").await;
    assert_eq!(works(&newer).await, 401);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strict_would_refuse_is_seen_before_it_is_switched_on() {
    let (stage, browser) = begin("what-if").await;
    browser.open(&stage.url("/what-if?mode=strict")).await;
    browser.wait_for_text("open-webui").await;
    browser.wait_for_text("evidence_too_weak").await;
    browser.judge("what-if-strict").await;
    browser.open(&stage.url("/shadow")).await;
    browser.wait_for_text("evidence_too_weak").await;
    browser.open(&stage.url("/decisions?decision=refuse")).await;
    browser.wait_for_text("identity_missing").await;
    browser.open(&stage.url("/configuration")).await;
    browser.wait_for_text("trust").await;
    browser.open(&stage.url("/audit/verification")).await;
    browser.click("main form button[type=submit]").await;
    browser.wait_for_text("intact").await;
    browser.judge("audit-verified").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_is_alive() {
    let (stage, browser) = begin("overview").await;
    browser.open(&stage.url("/decisions")).await;
    let before = browser.text().await;
    assert!(!before.contains("late-comer"));
    browser.open(&stage.url("/")).await;
    stage.world.send(&Request::chat(&["Hello."]).vouched("late-comer")).await.assert_ok();
    // The page follows by itself, and says nothing on the console while it does.
    let count = "return document.body.innerText";
    let first = browser.client.execute(count, Vec::new()).await.unwrap();
    eventually("a change on the page", async || {
        (browser.client.execute(count, Vec::new()).await.unwrap() != first).then_some(())
    })
    .await;
    assert_eq!(browser.console().await, [""; 0]);
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
    browser.keys(&[Key::Tab]).await;
    let first = browser.client.active_element().await.unwrap().attr("href").await.unwrap();
    assert_eq!(first.as_deref(), Some("#main"));
    let button =
        browser.client.find(fantoccini::Locator::Css("main form button[type=submit]")).await.unwrap().text().await.unwrap();
    browser.tab_to(&button).await;
    browser.keys(&[Key::Enter]).await;
    browser.wait_for_path("/keys").await;
    let keys = stage.get("/v1/user-keys?user=default:ana").await;
    assert!(keys["keys"][0]["revoked_at"].is_i64(), "{keys}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_can_be_chosen_and_stays() {
    let (stage, browser) = begin("theme").await;
    assert!(!browser.is_dark().await);
    browser.open(&stage.url("/theme?to=dark&back=/users")).await;
    browser.wait_for_path("/users").await;
    browser.open(&stage.url("/sandboxes")).await;
    assert!(browser.is_dark().await);
    browser.judge("chosen-dark").await;
    browser.end().await;
}
