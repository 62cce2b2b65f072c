//! A test of a personal key: one free request to its own provider, at the upstream that the operator configured and nowhere else.

use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::super::super::exchange::{Exchange, unix_ms};
use super::super::super::services::Services;
use super::super::Answer;
use super::super::shape::when;
use super::{find, no_vault, off_thread, upstream_of};
use crate::catalog::{Origin, Upstream};
use crate::dialect::Api;
use crate::enforce::{Refusal, UserScope};
use crate::inference::InferenceError;
use crate::provider::{self, ApiKey};
use crate::telemetry::KeyTestResult;
use crate::vault::{PersonalKey, TestResult, Tested};

/// The version of its API that memgate asks Anthropic by (its API reference, "Versions").
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

#[derive(Debug, Serialize)]
struct TestBody<'a> {
    provider: &'a str,
    hint: String,
    /// `valid`, `invalid`, `unreachable` or `unclear`.
    result: &'static str,
    tested_at: String,
}

/// Tests the person's key. The provider's answer is judged by its status and thrown away.
pub(super) async fn test(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    provider: Box<str>,
) -> Result<Answer, Refusal> {
    if scope.is_sandbox() {
        return Err(no_vault());
    }
    let (scope, key) = find(services, scope, provider).await?;
    let Some(upstream) = upstream_of(&exchange.runtime, &scope, &key.provider) else { return Err(no_upstream()) };
    if let Err(seconds) = services.vault.take_test(&scope, unix_ms()) {
        exchange.retry_after = Some(seconds);
        return Err(too_often(seconds));
    }
    let result = ask(services, &upstream, &key).await;
    services.metrics.keys.count_test(label(result));
    let tested = Tested { at: unix_ms(), result };
    let body = TestBody { provider: &key.provider, hint: key.hint(), result: result.as_str(), tested_at: when(tested.at) };
    let answer = Answer::json(200, &body)?;
    off_thread(services, move |vault| Ok(vault.note_test(&scope, &key, tested)?)).await?;
    Ok(answer)
}

async fn ask(services: &Services, upstream: &Upstream, key: &PersonalKey) -> TestResult {
    let Some(path) = path_of(upstream) else { return TestResult::Unclear };
    let Some(shown) = ApiKey::new(key.secret.clone(), upstream.auth) else { return TestResult::Invalid };
    let mut headers = HeaderMap::new();
    headers.insert(shown.header, shown.value);
    if upstream.speaks(Api::Anthropic) {
        headers.insert(ANTHROPIC_VERSION.0, HeaderValue::from_static(ANTHROPIC_VERSION.1));
    }
    let address = format!("{}{}{path}", services.addresses.origin_of(upstream), upstream.base);
    match services.fetcher.get(&address, &headers).await {
        // Its answer was a good one, and longer than anybody needs to know.
        Ok(_) | Err(InferenceError::TooLarge) => TestResult::Valid,
        Err(InferenceError::Status(401 | 403)) => TestResult::Invalid,
        Err(InferenceError::Unreachable | InferenceError::Timeout | InferenceError::Broken | InferenceError::Setup) => {
            TestResult::Unreachable
        }
        Err(_) => TestResult::Unclear,
    }
}

/// What to ask for: as the provider's row says, if it has one; a list of models of whatever else speaks an API that has them.
fn path_of(upstream: &Upstream) -> Option<&'static str> {
    let listed = upstream.origin == Origin::Demo || upstream.speaks(Api::OpenAi) || upstream.speaks(Api::Anthropic);
    match provider::find(upstream.provider_name()) {
        Some(provider) => provider.probe,
        None => listed.then_some("/models"),
    }
}

fn label(result: TestResult) -> KeyTestResult {
    match result {
        TestResult::Valid => KeyTestResult::Valid,
        TestResult::Invalid => KeyTestResult::Invalid,
        TestResult::Unreachable => KeyTestResult::Unreachable,
        TestResult::Unclear => KeyTestResult::Unclear,
    }
}

fn no_upstream() -> Refusal {
    let message =
        "No model backend of this server is of that provider, so there is nowhere to test the key. It is shown to nobody."
            .to_owned();
    Refusal { status: 409, code: "key_without_upstream", message, detail: String::new() }
}

fn too_often(seconds: u64) -> Refusal {
    let message = format!("Keys were tested too often just now. Wait {seconds} seconds, then send this again.");
    Refusal { status: 429, code: "key_test_limit", message, detail: String::new() }
}
