//! Lists of models: in each family's form, of several backends, for each person, and while a backend is down.

use serde_json::{Value, json};

use crate::catalog::refusal;
use crate::harness::client::Answer;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script};
use crate::harness::world::World;

/// A backend that lists what it has in every dialect.
fn backend(request: &Recorded) -> Script {
    let ollama = |name: &str| json!({"name": name, "model": name, "size": 7, "details": {"family": "x"}});
    match request.target.as_str() {
        "/v1/models" | "/v1/models?limit=1000" => Script::json(
            200,
            &json!({"object": "list", "data": [
                {"id": "vendor/big", "object": "model", "created": 1_750_000_000, "owned_by": "v", "meta": {"n_ctx": 9}},
                {"id": "secret", "object": "model"}, {"id": "llama3", "object": "model"}, {"id": "org/llama", "object": "model"}]}),
        ),
        "/api/tags" => {
            Script::json(200, &json!({"models": [ollama("vendor/big:latest"), ollama("secret:latest"), ollama("llama3:latest")]}))
        }
        "/api/ps" => Script::json(200, &json!({"models": [ollama("secret:latest"), ollama("llama3:latest")]})),
        _ => Script::fitting(request),
    }
}

fn models() -> Value {
    json!([
        {"name": "big", "upstream_name": "vendor/big", "aliases": ["best"], "window": 32_000, "price": {"input": 1, "output": 2.5}},
        {"name": "secret", "groups": ["staff"], "aliases": ["s"]},
        {"name": "declared"},
        {"name": "hidden", "hidden": true},
        "llama*", "org/*",
    ])
}

async fn world() -> World {
    World::with_upstream(backend, |file| {
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
        file["upstreams"][0]["models"] = models();
    })
    .await
}

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn anthropic(path: &str) -> Request {
    get(path).header("anthropic-version", "2023-06-01")
}

/// The names of a list of any form.
fn names(answer: &Answer) -> Vec<String> {
    answer.assert_ok();
    let list = answer.json();
    let of = |key: &str, name: &str| {
        list[key].as_array().map(|models| models.iter().map(|model| model[name].as_str().unwrap().to_owned()).collect())
    };
    of("data", "id").or_else(|| of("models", "name")).unwrap()
}

#[tokio::test]
async fn each_person_is_told_what_that_person_may_use() {
    let world = world().await;
    let open = ["big", "best", "declared", "llama3", "org/llama"];
    for request in [get("/v1/models"), anthropic("/v1/models")] {
        for asking in [request.clone().signed("ana"), request.clone().vouched("bert"), request.bearer(OPEN_WEBUI_KEY.1)] {
            assert_eq!(names(&world.send(&asking).await), open, "{:?}", asking.headers);
        }
    }
    let tags = names(&world.send(&get("/api/tags").signed("ana")).await);
    assert_eq!(tags, ["big", "best", "declared", "llama3:latest"]);
    assert_eq!(names(&world.send(&get("/api/ps").signed("ana")).await), ["llama3:latest"]);
    for seen in world.upstream.take() {
        assert_eq!(seen.header("authorization"), Some("Bearer sk-upstream-own-key"));
        assert!(!seen.mentions("ana") && !seen.mentions(OPEN_WEBUI_KEY.1));
    }
    // Nobody is told anything for nothing.
    for path in ["/v1/models", "/v1/models/big", "/api/tags", "/api/ps"] {
        assert_eq!(refusal(&world.send(&get(path)).await), (401, "identity_missing".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_model_is_told_in_each_form() {
    let world = world().await;
    let memgate = json!({"window": 32_000, "price": {"input": 1.0, "output": 2.5, "cached_input": 1.0}});
    let told = world.send(&get("/v1/models/best").signed("ana")).await.json();
    assert_eq!(
        told,
        json!({"id": "best", "object": "model", "created": 1_750_000_000, "owned_by": "v", "meta": {"n_ctx": 9}, "memgate": memgate})
    );
    let told = world.send(&anthropic("/v1/models/declared").signed("ana")).await.json();
    assert_eq!(
        told,
        json!({"id": "declared", "type": "model", "display_name": "declared", "created_at": "1970-01-01T00:00:00Z"})
    );
    for path in ["/v1/models/org/llama", "/v1/models/org%2Fllama"] {
        assert_eq!(world.send(&get(path).signed("ana")).await.json()["id"], "org/llama", "{path}");
    }
    let list = world.send(&get("/api/tags").signed("ana")).await.json();
    assert_eq!(list["models"][0]["details"], json!({"family": "x"}));
    assert_eq!((&list["models"][0]["memgate"], &list["models"][0]["size"]), (&memgate, &json!(7)));
    let page = world.send(&anthropic("/v1/models?limit=2&after_id=best").signed("ana")).await.json();
    assert_eq!((&page["first_id"], &page["last_id"], &page["has_more"]), (&json!("declared"), &json!("llama3"), &json!(true)));
    let hidden = world.send(&anthropic("/v1/models?after_id=secret").signed("ana")).await;
    let unknown = world.send(&anthropic("/v1/models?after_id=never0").signed("ana")).await;
    assert_eq!((hidden.status, hidden.text()), (400, unknown.text()));
}

#[tokio::test]
async fn what_is_declared_is_listed_while_its_backend_is_down() {
    let up = FakeUpstream::start(backend).await;
    let address = up.address;
    let world = World::with_upstream(
        |_| Script::json(500, &json!({"error": "out of memory"})),
        move |file| {
            file["upstreams"][0]["models"] = models();
            let mut other = file["upstreams"][0].clone();
            other["name"] = "up".into();
            other["url"] = format!("http://{address}/v1").into();
            other["models"] = json!(["llama3", "best"]);
            file["upstreams"] = json!([file["upstreams"][0], other]);
        },
    )
    .await;
    assert_eq!(names(&world.send(&get("/v1/models").signed("ana")).await), ["big", "best", "declared", "llama3"]);
    assert_eq!(world.send(&get("/v1/models/big").signed("ana")).await.json()["owned_by"], "memgate");
    assert!(world.metric("memgate_upstream_errors_total", &["upstream=\"fake\""]).await >= 1);

    let world = World::with_upstream(
        |_| Script::json(500, &json!({"error": "out of memory"})),
        |file| {
            file["upstreams"][0]["models"] = json!(["llama*", {"name": "llama-secret", "groups": ["staff"]}]);
        },
    )
    .await;
    for path in ["/v1/models", "/v1/models/llama3", "/v1/models/llama-secret", "/v1/models/never"] {
        let answer = world.send(&get(path).signed("ana")).await;
        answer.assert_refused(502, "upstream_failed");
        assert!(!answer.text().contains("out of memory"), "{path}");
    }
}

#[tokio::test]
async fn a_backend_that_is_all_there_is_answers_for_itself() {
    let world = World::with_upstream(backend, |_| {}).await;
    for path in ["/v1/models", "/v1/models?limit=1000"] {
        let answer = world.send(&get(path).signed("ana")).await;
        assert_eq!(answer.json()["data"][0]["meta"]["n_ctx"], 9);
        assert_eq!(world.upstream.last().target, path);
    }
}

#[tokio::test]
async fn a_reload_changes_what_is_listed() {
    let mut world = world().await;
    assert_eq!(names(&world.send(&get("/v1/models").signed("ana")).await).len(), 5);
    world.gate.settings.file["upstreams"][0]["models"] = json!(["secret", "declared"]);
    world.gate.write_config();
    assert!(world.gate.run(&["reload"]).status.success());
    assert_eq!(names(&world.send(&get("/v1/models").signed("ana")).await), ["secret", "declared"]);
}
