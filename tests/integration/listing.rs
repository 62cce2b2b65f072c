//! Which models there are, as Ollama's clients ask, in front of backends of either kind.

use serde_json::{Value, json};

use crate::harness::client::Client;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script};
use crate::harness::world::World;

/// A backend that speaks both dialects and says in which it was asked.
fn backend(request: &Recorded) -> Script {
    let named = |name: &str| json!({"name": name, "model": name, "size": 7, "digest": "0123456789abcdef", "details": {}});
    match request.target.as_str() {
        "/api/tags" => Script::json(200, &json!({"models": [named("llama3:latest"), named("both")]})),
        "/api/ps" => Script::json(200, &json!({"models": [named("llama3:latest")]})),
        "/api/version" => Script::json(200, &json!({"version": "0.99.0"})),
        "/v1/models" => Script::json(
            200,
            &json!({"object": "list", "data": [{"id": "gpt-5", "object": "model", "created": 1_750_000_000}, {"id": "both"}]}),
        ),
        _ => Script::fitting(request),
    }
}

fn get(path: &str) -> Request {
    Request::new("GET", path).bearer(OPEN_WEBUI_KEY.1)
}

fn names(list: &Value) -> Vec<&str> {
    list["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect()
}

async fn world(dialects: &'static str) -> World {
    World::with_upstream(backend, move |file| {
        file["trust"]["mode"] = "strict".into();
        file["upstreams"][0]["dialects"] = serde_json::from_str(dialects).unwrap();
    })
    .await
}

#[tokio::test]
async fn a_backend_of_openai_is_listed_in_ollamas_form() {
    let world = world(r#"["openai"]"#).await;
    let answer = world.send(&get("/ollama/api/tags")).await;
    answer.assert_ok();
    assert_eq!(names(&answer.json()), ["gpt-5", "both"]);
    let seen = world.upstream.take();
    assert_eq!((seen.len(), seen[0].target.as_str()), (1, "/v1/models"));
    assert_eq!(seen[0].header("authorization"), Some("Bearer sk-upstream-own-key"));
    assert!(!seen[0].mentions(OPEN_WEBUI_KEY.1));

    assert_eq!(world.send(&get("/api/ps")).await.json(), json!({"models": []}));
    let version = world.send(&get("/api/version")).await.json();
    let parts: Vec<u32> = version["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts > vec![0, 6, 4], "Copilot asks for that much: {version}");
    assert!(world.upstream.take().is_empty());

    // The command line asks with HEAD, and goes on on the same connection.
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request { method: "HEAD".into(), ..get("/") }).await;
    let head = client.read_head().await;
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert_eq!(client.exchange(&get("/")).await.text(), "Ollama is running");

    let answer = world.send(&Request::post("/api/show", r#"{"model":"gpt-5"}"#).signed("ana")).await;
    assert_eq!((answer.status, &answer.json()["code"]), (404, &json!("dialect_not_served")));
    let records = world.requests_on_record(6).await;
    assert!(
        records[..5].iter().all(|record| record["reason"] == "client_itself" && record["outcome"] == "complete"),
        "{records:?}"
    );
}

#[tokio::test]
async fn a_lone_ollama_answers_for_itself() {
    for dialects in [r#"["ollama"]"#, r#"["openai", "ollama"]"#] {
        let world = world(dialects).await;
        for (path, expected) in [("/api/tags", "\"both\""), ("/api/ps", "llama3:latest"), ("/api/version", "0.99.0")] {
            let answer = world.send(&get(path)).await;
            answer.assert_ok();
            assert!(answer.text().contains(expected), "{}", answer.text());
            let seen = world.upstream.take();
            assert_eq!((seen.len(), seen[0].target.as_str()), (1, path));
        }
    }
}

#[tokio::test]
async fn several_backends_make_one_list() {
    let second = FakeUpstream::start(backend).await;
    let address = second.address;
    let world = World::with_upstream(backend, move |file| {
        file["upstreams"][0]["dialects"] = json!(["ollama"]);
        let mut other = file["upstreams"][0].clone();
        other["name"] = "other".into();
        other["url"] = format!("http://{address}/v1").into();
        other["dialects"] = json!(["openai"]);
        let gone = json!({"name": "gone", "url": "http://127.0.0.1:9/v1"});
        file["upstreams"] = json!([file["upstreams"][0], other, gone]);
    })
    .await;
    let answer = world.send(&get("/api/tags")).await;
    answer.assert_ok();
    let list = answer.json();
    assert_eq!(names(&list), ["llama3:latest", "both", "gpt-5"]);
    assert_eq!(list["models"][1]["size"], 7, "the first that serves it says what it is: {list}");
    assert_eq!(world.metric("memgate_upstream_errors_total", &["upstream=\"gone\"", "connect"]).await, 1);
    assert_eq!(names(&world.send(&get("/api/ps")).await.json()), ["llama3:latest"]);
}

#[tokio::test]
async fn who_may_not_ask_learns_nothing_and_failures_are_told() {
    let world = World::with_upstream(|_| Script::json(500, &json!({"error": "out of memory"})), |_| {}).await;
    for path in ["/", "/api/tags", "/api/ps", "/api/version"] {
        let answer = world.send(&Request::new("GET", path)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("identity_missing")), "{path}");
        assert!(answer.json()["error"].is_string());
    }
    assert!(world.upstream.take().is_empty());
    let answer = world.send(&get("/api/tags")).await;
    assert_eq!((answer.status, &answer.json()["code"]), (502, &json!("upstream_failed")));
    assert!(!answer.text().contains("out of memory"));
    let world = self::world(r#"["anthropic"]"#).await;
    assert_eq!(world.send(&get("/api/tags")).await.json()["code"], "dialect_not_served");
    assert_eq!(world.send(&get("/")).await.json()["code"], "unknown_path");
}
