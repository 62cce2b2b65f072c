//! What goes on: the overview as it lives, decisions, what another mode would do, the audit log.

use super::begin;
use crate::harness::eventually;
use crate::harness::request::Request;

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_and_the_decisions_are_alive() {
    let (stage, browser) = begin("live").await;
    browser.open(&stage.url("/")).await;
    // It stays the same page.
    browser.run("window.kept = true").await;
    let active = "const row = [...document.querySelectorAll('#live [aria-label=\"Users by client\"] tbody tr')] \
                  .find(row => row.innerText.includes('open-webui')); return Number(row.querySelector('td.n').innerText)";
    let before = browser.run(active).await.as_u64().unwrap();
    stage.world.send(&Request::chat(&["Hello."]).vouched("late-comer")).await.assert_ok();
    eventually("one more user on the page", async || (browser.run(active).await.as_u64() == Some(before + 1)).then_some(()))
        .await;
    browser.wait_for_text("Updating").await;
    assert_eq!(browser.run("return window.kept").await, true);
    browser.judge("overview-alive").await;

    browser.open(&stage.url("/decisions")).await;
    browser.press("Live").await;
    browser.wait_for_text("Updating").await;
    stage.world.send(&Request::chat(&["Hello."]).vouched("later-comer")).await.assert_ok();
    browser.wait_for_text("later-comer").await;
    browser.press("Live").await;
    browser.wait_for_text("Paused").await;
    browser.judge("decisions-alive").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_found_and_explained() {
    let (stage, browser) = begin("decisions").await;
    browser.open(&stage.url("/decisions")).await;
    browser.choose("[name=decision]", "refuse").await;
    browser.press("Apply").await;
    browser.wait_for_query("decision=refuse").await;
    let reasons =
        "return [...document.querySelectorAll('#live tbody tr')].map(row => row.cells[2].querySelector('code').innerText)";
    assert_eq!(browser.run(reasons).await, serde_json::json!(["identity_missing"]));
    browser.click("#live tbody a").await;
    browser.wait_for_text("Step by step").await;
    browser.wait_for_text("What would help").await;
    browser.judge("explained").await;
    browser.open(&stage.url("/decisions?user=default:bob")).await;
    let text = browser.text().await;
    assert!(text.contains("default:bob") && !text.contains("default:ana"), "{text}");
    browser.open(&stage.url("/decisions?since=yesterday")).await;
    browser.judge_refusal("decisions-refused", 400).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strict_would_refuse_is_seen_before_it_is_switched_on() {
    let (stage, browser) = begin("what-if").await;
    browser.open(&stage.url("/what-if")).await;
    browser.choose("[name=mode]", "strict").await;
    browser.press("Apply").await;
    browser.wait_for_text("requests would be refused").await;
    browser.wait_for_text("evidence_too_weak").await;
    browser.judge("what-if-strict").await;
    browser.press("Example 1").await;
    browser.wait_for_text("Step by step").await;
    browser.open(&stage.url("/shadow")).await;
    browser.wait_for_text("evidence_too_weak").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_searched_and_verified() {
    let (stage, browser) = begin("audit").await;
    browser.open(&stage.url("/audit")).await;
    let empty =
        "return [...document.querySelectorAll('main tbody tr')].filter(row => row.cells[3].innerText.trim() === '').length";
    assert_eq!(browser.run(empty).await, 0, "every record says what it is of");
    browser.fill("main [name=act]", "users.merge").await;
    browser.press("Apply").await;
    browser.wait_for_query("act=users.merge").await;
    browser.wait_for_text("users.merge").await;
    let acts = "return [...new Set([...document.querySelectorAll('main tbody tr')].map(row => row.cells[3].querySelector('code').innerText))]";
    assert_eq!(browser.run(acts).await, serde_json::json!(["users.merge"]));
    assert!(browser.text().await.contains("olga"));
    browser.press("All fields").await;
    browser.wait_for_text("\"operator\"").await;
    browser.judge("audit-fields").await;
    browser.press("Verify the log").await;
    browser.wait_for_path("/audit/verification").await;
    browser.press("Verify the whole log").await;
    browser.wait_for_text("The log is whole").await;
    browser.judge("audit-verified").await;

    let files = std::fs::read_dir(stage.world.gate.data_dir().join("audit")).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| std::fs::read_to_string(file).is_ok_and(|text| text.contains("default:bob"))) {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("default:bob", "default:eve")).unwrap();
    }
    browser.press("Verify the whole log").await;
    browser.wait_for_text("The log is not whole").await;
    browser.judge("audit-touched").await;
    browser.end().await;
}
