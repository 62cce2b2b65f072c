//! The table of decisions over HTTP: evidence by trust mode by path.

use serde_json::Value;

use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::world::World;

/// What a request says of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Verified,
    Vouched,
    Asserted,
    /// Nobody is named, but the client shows its key.
    ClientAlone,
    Nothing,
    Forged,
}

const EVIDENCE: [Evidence; 6] =
    [Evidence::Verified, Evidence::Vouched, Evidence::Asserted, Evidence::ClientAlone, Evidence::Nothing, Evidence::Forged];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Chat,
    Models,
    Embeddings,
    Unknown,
}

const PATHS: [Path; 4] = [Path::Chat, Path::Models, Path::Embeddings, Path::Unknown];

fn request(evidence: Evidence, path: Path) -> Request {
    let request = match path {
        Path::Chat => Request::chat(&["Hello there"]),
        Path::Models => Request::new("GET", "/v1/models"),
        Path::Embeddings => Request::post("/v1/embeddings", r#"{"model":"m","input":"x"}"#),
        Path::Unknown => Request::new("GET", "/surprise"),
    };
    match evidence {
        Evidence::Verified => request.signed("ana"),
        Evidence::Vouched => request.vouched("bert"),
        Evidence::Asserted => request.header("X-Memgate-User", "carla"),
        Evidence::ClientAlone => request.bearer(crate::harness::gate::OPEN_WEBUI_KEY.1),
        Evidence::Nothing => request,
        Evidence::Forged => {
            let mut signature = Signature::of("dora", &request.method, &request.target, &request.body);
            "not the right key, though long enough".clone_into(&mut signature.key);
            request.headers(signature.headers())
        }
    }
}

/// Decision and reason by the table of the design.
fn expected(mode: &str, evidence: Evidence, path: Path) -> (&'static str, &'static str) {
    match (evidence, mode) {
        (Evidence::Verified, _) => ("admit", "verified"),
        (Evidence::Vouched | Evidence::Asserted, "strict") => ("refuse", "evidence_too_weak"),
        (Evidence::Vouched, _) => ("admit", "vouched"),
        (Evidence::Asserted, "quarantine") => ("sandbox", "asserted_unknown"),
        (Evidence::Asserted, _) => ("admit", "asserted"),
        (Evidence::ClientAlone, _) if path == Path::Models => ("bypass", "client_itself"),
        (Evidence::ClientAlone | Evidence::Nothing, "strict" | "required") => ("refuse", "identity_missing"),
        // A list of models needs no sandbox of its own.
        (Evidence::Nothing, _) if path == Path::Models => ("bypass", "open_listing"),
        (Evidence::ClientAlone | Evidence::Nothing, "quarantine") => ("sandbox", "identity_missing"),
        (Evidence::ClientAlone | Evidence::Nothing, _) => ("admit", "default_user"),
        (Evidence::Forged, "strict" | "required") => ("refuse", "signature_invalid"),
        (Evidence::Forged, "quarantine") => ("sandbox", "signature_invalid"),
        (Evidence::Forged, _) => ("bypass", "signature_invalid"),
    }
}

/// Whether the answer says that a stricter mode would refuse.
fn advised(mode: &str, evidence: Evidence, path: Path) -> bool {
    match (evidence, path) {
        (_, Path::Unknown) | (Evidence::Verified | Evidence::Vouched, _) | (Evidence::ClientAlone, Path::Models) => false,
        (Evidence::Nothing, Path::Models) => mode == "quarantine" || mode == "legacy",
        _ => mode == "legacy",
    }
}

async fn the_table_holds(mode: &str) {
    let world = World::in_mode(mode).await;
    let mut sent = 0;
    for evidence in EVIDENCE {
        for path in PATHS {
            let answer = world.send(&request(evidence, path)).await;
            sent += 1;
            let record: Value = world.requests_on_record(sent).await.pop().unwrap();
            let what = format!("{mode}, {evidence:?}, {path:?}: {record}");
            let (decision, reason) = expected(mode, evidence, path);
            assert_eq!((record["decision"].as_str(), record["reason"].as_str()), (Some(decision), Some(reason)), "{what}");
            let reached = world.upstream.take().len();
            match (decision, path) {
                ("refuse", _) => answer.assert_refused(401, reason),
                (_, Path::Unknown) => answer.assert_refused(404, "unknown_path"),
                _ => answer.assert_ok(),
            }
            assert_eq!(reached, usize::from(answer.status == 200), "{what}");
            assert_eq!(answer.header("x-memgate-advice").is_some(), advised(mode, evidence, path), "{what}");
            assert_eq!(answer.header("x-memgate-request-id"), record["request"].as_str(), "{what}");
            // A refused or unknown person's claim is nobody's name.
            let user = record["user"].as_str().unwrap_or_default();
            match decision {
                "admit" => assert!(!user.is_empty() && !user.starts_with('~'), "{what}"),
                // Nothing tells such people apart, so no sandbox is theirs.
                "sandbox" if reason == "identity_missing" => assert_eq!(user, "", "{what}"),
                "sandbox" => assert!(user.starts_with("~sandbox:"), "{what}"),
                _ => assert_eq!(user, "", "{what}"),
            }
        }
    }
}

#[tokio::test]
async fn strict_takes_proof_only() {
    the_table_holds("strict").await;
}

#[tokio::test]
async fn required_takes_any_valid_evidence() {
    the_table_holds("required").await;
}

#[tokio::test]
async fn quarantine_serves_the_unknown_apart() {
    the_table_holds("quarantine").await;
}

#[tokio::test]
async fn legacy_serves_everybody_with_advice() {
    the_table_holds("legacy").await;
}

#[tokio::test]
async fn refusals_tell_how_to_send_an_identity() {
    let world = World::in_mode("required").await;
    let answer = world.send(&Request::chat(&["Hello"])).await;
    let body = answer.json();
    let message = body["error"]["message"].as_str().unwrap();
    for word in ["x-openwebui-user-id", "x-memgate-user", "mgk_"] {
        assert!(message.to_lowercase().contains(word), "{word} is not in: {message}");
    }
}

#[tokio::test]
async fn an_empty_trust_list_trusts_nobody() {
    let world = World::start(|file| file["trust"]["trusted_peers"] = serde_json::json!([])).await;
    let answer = world.send(&Request::chat(&["Hello"]).header("X-Memgate-User", "ana")).await;
    answer.assert_refused(401, "identity_missing");
    assert_eq!(world.metric("memgate_ignored_identity_headers_total", &[]).await, 1);
}

#[tokio::test]
async fn a_signature_opens_once() {
    let world = World::in_mode("strict").await;
    let request = Request::chat(&["Hello"]).signed("ana");
    world.send(&request).await.assert_ok();
    world.send(&request).await.assert_refused(401, "signature_replayed");
}

#[tokio::test]
async fn a_client_of_its_own_mode_is_held_to_it() {
    let world = World::start(|file| file["clients"][0]["mode"] = "strict".into()).await;
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_refused(401, "evidence_too_weak");
    world.send(&Request::chat(&["Hello"]).header("X-Memgate-User", "ana")).await.assert_ok();
}

#[tokio::test]
async fn the_ratchet_refuses_weaker_evidence_of_a_verified_user() {
    let world = World::in_mode("required").await;
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_ok();
    world.send(&Request::chat(&["Hello"]).signed("ana")).await.assert_ok();
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_refused(401, "trust_ratchet");
    world.send(&Request::chat(&["Hello"]).vouched("bert")).await.assert_ok();
}

#[tokio::test]
async fn shadow_mode_changes_nothing_and_counts() {
    let world = World::start(|file| file["trust"]["shadow"] = "strict".into()).await;
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_ok();
    world.send(&Request::chat(&["Hello"]).signed("bert")).await.assert_ok();
    assert_eq!(world.metric("memgate_shadow_refusals_total", &["reason=\"evidence_too_weak\""]).await, 1);
    let records = world.requests_on_record(2).await;
    assert_eq!((&records[0]["shadow"], records[1].get("shadow")), (&"evidence_too_weak".into(), None));
}
