//! Budgets, tenants, settings, the configuration.

use serde_json::json;

use super::begin;
use crate::harness::request::Request;

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_given_anew() {
    let (stage, browser) = begin("budgets").await;
    let used = async || {
        let page = stage.get("/v1/budgets/users?user=default:ana").await;
        let limits = page["items"][0]["limits"].as_array().unwrap().clone();
        limits.iter().find(|limit| limit["kind"] == "tokens").unwrap_or(&limits[0])["used"].as_u64().unwrap()
    };
    assert!(used().await > 0);
    browser.open(&stage.url("/budgets?user=default:ana")).await;
    browser.press("Reset").await;
    browser.wait_for_text("has used under the rule").await;
    browser.judge("budget-reset").await;
    browser.press("Reset").await;
    browser.wait_for_text("What was used was taken off the budget.").await;
    assert_eq!(used().await, 0);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_erased_after_its_name_was_typed() {
    let (stage, browser) = begin("tenants").await;
    let people = async || stage.get("/v1/users?tenant=acme").await["items"].as_array().unwrap().len();
    assert_eq!(people().await, 1);
    browser.open(&stage.url("/tenants")).await;
    browser.click("main a[href='/tenants/acme/erase']").await;
    browser.wait_for_text("The tenant's name once more").await;
    browser.fill("[name=confirm]", "default").await;
    browser.press("Erase the tenant for good").await;
    browser.wait_for_text("Not done.").await;
    browser.judge_refusal("tenant-refused", 400).await;
    assert_eq!(people().await, 1);
    browser.fill("[name=confirm]", "acme").await;
    browser.press("Erase the tenant for good").await;
    browser.wait_for_text("Receipt").await;
    browser.judge("tenant-receipt").await;
    let (gone, others) = (people().await, stage.get("/v1/users?tenant=default").await);
    assert!(gone == 0 && others["items"].as_array().unwrap().len() > 1, "{others}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_checked_compared_and_loaded() {
    let (mut stage, browser) = begin("configuration").await;
    let ask = Request::chat(&["Hello."]).vouched("ana");
    browser.open(&stage.url("/configuration")).await;
    browser.wait_for_text("it is what is in force").await;

    stage.world.gate.settings.file["trust"]["mode"] = json!("sometimes");
    stage.world.gate.write_config();
    browser.open(&stage.url("/configuration")).await;
    browser.wait_for_text("The file on the disk has faults").await;
    browser.wait_for_text("trust.mode").await;
    browser.judge("configuration-faulty").await;
    let text = browser.text().await;
    assert!(text.contains("Remedy") && !text.contains("Reload…"), "{text}");
    browser.open(&stage.url("/configuration/reload")).await;
    assert!(!browser.text().await.contains("Reload now"), "what is faulty is not offered");

    stage.world.gate.settings.file["trust"]["mode"] = json!("strict");
    stage.world.gate.write_config();
    browser.open(&stage.url("/configuration")).await;
    browser.wait_for_text("1 setting differs").await;
    let change = "return [...document.querySelectorAll('main del, main ins')].map(side => side.innerText.trim())";
    assert_eq!(browser.run(change).await, json!(["required", "strict"]));
    browser.judge("configuration-changed").await;
    stage.world.send(&ask).await.assert_ok();
    browser.press("Reload…").await;
    browser.wait_for_text("Reload now").await;
    browser.judge("configuration-reload").await;
    // It became faulty while the operator was reading.
    stage.world.gate.settings.file["trust"]["mode"] = json!("sometimes");
    stage.world.gate.write_config();
    browser.press("Reload now").await;
    browser.wait_for_text("trust.mode").await;
    browser.judge_refusal("configuration-refused", 422).await;
    stage.world.send(&ask).await.assert_ok();

    stage.world.gate.settings.file["trust"]["mode"] = json!("strict");
    stage.world.gate.write_config();
    browser.open(&stage.url("/configuration/reload")).await;
    browser.press("Reload now").await;
    browser.wait_for_text("The configuration was reloaded.").await;
    browser.wait_for_text("mode: strict").await;
    stage.world.send(&ask).await.assert_refused(401, "evidence_too_weak");
    browser.end().await;
}
