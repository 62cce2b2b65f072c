//! Keys of people and of clients.

use super::begin;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_shown_once_rotated_and_revoked() {
    let (stage, browser) = begin("keys").await;
    let works = async |key: &str| {
        let request = crate::harness::request::Request::chat(&["Hello."]).bearer(key);
        stage.world.send(&request).await.status
    };
    browser.open(&stage.url("/keys")).await;
    browser.fill("form[action='/keys'].act [name=user]", "default:carl").await;
    browser.fill("form[action='/keys'].act [name=label]", "laptop").await;
    browser.press("Make the key").await;
    browser.wait_for_text("It is shown this once").await;
    browser.judge("key-made").await;
    let key = browser.value(".secret input").await;
    assert_eq!(works(&key).await, 200);
    browser.open(&stage.url("/keys?user=default:carl")).await;
    let page = browser.client.source().await.unwrap();
    assert!(page.contains("laptop") && !page.contains(&key), "it is shown once");

    browser.press("Rotate").await;
    browser.wait_for_text("The old one opens nothing").await;
    browser.press("Make a new key").await;
    browser.wait_for_text("It is shown this once").await;
    let newer = browser.value(".secret input").await;
    assert_eq!((works(&key).await, works(&newer).await), (401, 200));

    browser.open(&stage.url("/keys?user=default:carl")).await;
    browser.press("Revoke").await;
    browser.wait_for_text("This cannot be undone").await;
    browser.press("Revoke for good").await;
    browser.wait_for_text("The key was revoked").await;
    browser.judge("key-revoked").await;
    assert_eq!(works(&newer).await, 401);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_key_comes_with_what_to_write_where() {
    let (stage, browser) = begin("client-keys").await;
    browser.open(&stage.url("/keys/clients")).await;
    browser.choose("[name=client]", "open-webui").await;
    browser.press("Make a key").await;
    browser.wait_for_text("In proxy.yaml").await;
    browser.judge("client-key-made").await;
    let key = browser.value(".secret input").await;
    assert_eq!(key.len(), 64);
    let text = browser.text().await;
    assert!(text.contains(&format!("OPEN_WEBUI_KEY_NEW={key}")) && text.contains("name: open-webui"), "{text}");
    browser.open(&stage.url("/keys/clients")).await;
    assert!(!browser.client.source().await.unwrap().contains(&key), "it is shown once");
    browser.end().await;
}
