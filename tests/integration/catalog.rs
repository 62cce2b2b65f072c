//! Which models a person reaches, by which names, and what is told of those that are not for them.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script};
use crate::harness::world::World;
use crate::me::say;
use crate::stored::told;

/// A backend of every dialect.
pub fn backend(request: &Recorded) -> Script {
    match request.target.split('?').next().unwrap_or_default() {
        "/api/chat" | "/api/generate" | "/api/show" | "/api/embed" => Script::json(200, &json!({"done": true})),
        "/v1/models" => Script::json(200, &json!({"data": [{"id": "m"}]})),
        _ => Script::fitting(request),
    }
}

/// One upstream of all dialects that serves `models`.
pub async fn world(models: Value) -> World {
    World::with_upstream(backend, move |file| {
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
        file["upstreams"][0]["models"] = models;
    })
    .await
}

fn body(path: &str, model: &str) -> Request {
    let body =
        json!({"model": model, "input": "hi", "prompt": "hi", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]});
    Request::post(path, body.to_string())
}

/// Every way to name a model.
fn ways(model: &str) -> Vec<Request> {
    let mut ways: Vec<Request> = [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/responses/input_tokens",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/embeddings",
        "/v1/images/generations",
        "/api/chat",
        "/api/generate",
        "/api/embed",
        "/api/embeddings",
        "/api/show",
    ]
    .iter()
    .map(|path| body(path, model))
    .collect();
    ways.push(Request::post("/api/show", json!({"name": model}).to_string()));
    ways.push(Request::post("/api/show", json!({"name": model, "model": ""}).to_string()));
    ways.push(Request::post(&format!("/v1/models/{model}:generateContent"), "{}"));
    ways.push(Request::post(&format!("/v1/v1beta/models/{model}:countTokens"), "{}"));
    ways.push(Request::new("GET", &format!("/v1/models/{model}")));
    ways.push(Request::new("GET", &format!("/v1/models/{model}")).header("anthropic-version", "2023-06-01"));
    // A body is read whatever it is said to be.
    let mut plain = body("/v1/embeddings", model);
    plain.headers = vec![("Content-Type".to_owned(), b"text/plain".to_vec())];
    ways.push(plain);
    let explain = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    ways.push(say("POST", "/explain", &explain));
    ways
}

/// Status and code of a refusal in any dialect's shape.
pub fn refusal(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let code = body["error"].get("code").or(body.get("code"));
    (answer.status, code.unwrap_or_else(|| panic!("no code in {body}")).as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_model_that_is_not_for_somebody_answers_as_one_that_never_was() {
    let closed = json!({"name": "closed", "aliases": ["alias1"], "upstream_name": "inner1", "groups": ["staff"]});
    for models in [
        json!(["m", closed, {"name": "hidden", "hidden": true}]),
        // By a pattern, and behind one.
        json!(["m*", closed, {"name": "hidd*", "hidden": true}]),
    ] {
        let world = world(models).await;
        for closed in ["closed", "alias1", "inner1", "hidden", "CLOSED"] {
            for (theirs, nobodys) in ways(closed).into_iter().zip(ways("never0")) {
                let what = format!("{} {} of {closed}", theirs.method, theirs.target);
                let theirs = world.send(&theirs.signed("ana")).await;
                let nobodys = world.send(&nobodys.signed("ana")).await;
                assert_eq!(told(&theirs), told(&nobodys), "{what}");
                assert_eq!(theirs.status, 404, "{what}: {}", theirs.text());
            }
        }
        let reached: Vec<Recorded> = world
            .upstream
            .take()
            .into_iter()
            .filter(|seen| !matches!(seen.target.as_str(), "/v1/models" | "/v1/models?limit=1000"))
            .collect();
        assert!(reached.is_empty(), "{reached:?}");
        for open in ways("m") {
            let what = format!("{} {}", open.method, open.target);
            assert_eq!(world.send(&open.signed("ana")).await.status, 200, "{what}");
        }
    }
}

#[tokio::test]
async fn what_names_no_model_for_sure_goes_only_where_nothing_is_closed() {
    let world = world(json!(["*", {"name": "closed", "groups": ["staff"]}])).await;
    let form = |name: &str| {
        let form = format!("--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{name}\r\n--x--\r\n");
        let request = Request { body: form.into_bytes(), ..Request::new("POST", "/v1/audio/transcriptions") };
        request.header("Content-Type", "multipart/form-data; boundary=x")
    };
    for request in [
        form("closed"),
        form("m"),
        Request::post("/v1/embeddings", r#"{"model":"m","model":"closed","input":"x"}"#),
        Request::post("/v1/embeddings", r#"{"model":"m","Model":"closed","input":"x"}"#),
        Request::post("/v1/embeddings", r#"{"MODEL":"closed","input":"x"}"#),
        Request::post("/v1/embeddings", r#"{"input":"x"}"#),
        Request::post("/api/show", r#"{"model":"m","name":"closed"}"#),
        Request::post("/api/show", r#"{"model":"m","Name":"closed"}"#),
        Request::post("/v1/chat/completions", r#"{"messages":[{"role":"user","content":"hi"}]}"#),
        Request::new("GET", "/v1/v1beta/models"),
        Request::new("GET", "/v1/audio/models"),
    ] {
        let what = format!("{} {}", request.method, request.target);
        assert_eq!(refusal(&world.send(&request.signed("ana")).await), (400, "model_required".to_owned()), "{what}");
        assert!(world.upstream.take().is_empty(), "{what}");
    }
    for request in [form("m"), Request::new("GET", "/v1/audio/models")] {
        self::world(json!(["*"])).await.send(&request.signed("ana")).await.assert_ok();
    }
}

#[tokio::test]
async fn further_models_lead_past_nothing() {
    let more = |path: &str| {
        let body = json!({"model": "m", "models": ["closed"], "input": "hi", "messages": [{"role": "user", "content": "hi"}]});
        Request::post(path, body.to_string()).signed("ana")
    };
    let paths = ["/v1/chat/completions", "/v1/responses", "/v1/responses/input_tokens", "/v1/embeddings"];
    let world = world(json!(["m", {"name": "closed", "groups": ["staff"]}])).await;
    for path in paths {
        assert_eq!(refusal(&world.send(&more(path)).await), (400, "further_models".to_owned()), "{path}");
    }
    assert!(world.upstream.take().is_empty());
    let world = self::world(json!(["*"])).await;
    for path in paths {
        assert!(world.forwarded(&more(path)).await.mentions("closed"), "{path}");
    }
}

#[tokio::test]
async fn an_alias_is_asked_for_by_the_name_that_the_backend_knows() {
    let world = world(json!(["m", {"name": "big", "upstream_name": "vendor/big \"2\"", "aliases": ["best"]}])).await;
    for (asked, path) in ["big", "best"].into_iter().flat_map(|name| {
        ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/api/chat", "/api/show"]
            .map(|path| (name, path))
    }) {
        let request = body(path, asked);
        let mut expected: Value = serde_json::from_slice(&request.body).unwrap();
        expected["model"] = json!("vendor/big \"2\"");
        let seen = world.forwarded(&request.signed("ana")).await;
        assert_eq!(seen.json(), expected, "{path}");
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()), "{path}");
    }
    let google = Request::post("/v1/models/best:generateContent", r#"{"contents": []}"#).signed("ana");
    let seen = world.forwarded(&google).await;
    assert_eq!(
        (seen.target.as_str(), seen.text().as_str()),
        ("/v1/models/vendor%2Fbig%20%222%22:generateContent", r#"{"contents": []}"#)
    );
    // Nothing else is touched.
    let text = r#"{ "mod\u0065l" : "m" , "input" : "x" }"#;
    assert_eq!(world.forwarded(&Request::post("/v1/embeddings", text).signed("ana")).await.text(), text);
}

#[tokio::test]
async fn a_conversation_is_cut_to_the_window_of_its_model() {
    let models = json!(["m", {"name": "small", "window": 2048, "aliases": ["tiny"]}, {"name": "wide", "window": 64_000, "max_output": 500}]);
    let world = world(models).await;
    let words = "word ".repeat(300);
    let role = |n: usize| if n.is_multiple_of(2) { "user" } else { "assistant" };
    let history: Vec<Value> = (0..25).map(|n| json!({"role": role(n), "content": format!("{n} {words}")})).collect();
    let chat = |model: &str| json!({"model": model, "messages": history});
    let kept = async |path: &str, body: &Value| {
        let seen = world.forwarded(&Request::post(path, body.to_string()).signed("ana")).await;
        seen.json()["messages"].as_array().unwrap().len()
    };
    let (common, small, wide) = (
        kept("/v1/chat/completions", &chat("m")).await,
        kept("/v1/chat/completions", &chat("tiny")).await,
        kept("/v1/chat/completions", &chat("wide")).await,
    );
    assert!(small < common && common < wide && wide == 25, "{small} {common} {wide}");
    // The smaller of the model's window and the one that the client asks for.
    let mut body = chat("wide");
    body["options"] = json!({"num_ctx": 2048});
    assert!(kept("/api/chat", &body).await < common);
    let mut body = chat("small");
    body["options"] = json!({"num_ctx": 64_000});
    assert!(kept("/api/chat", &body).await < common);
}

#[tokio::test]
async fn a_dry_run_says_which_model_and_why() {
    let world = World::with_upstream(backend, |file| {
        let one = &mut file["upstreams"][0];
        one["models"] = json!([{"name": "big", "upstream_name": "vendor/big", "aliases": ["best"], "window": 32_000, "max_output": 4000,
            "price": {"input": 0.15, "output": "0.6"}, "capabilities": ["chat"]}]);
        let mut second = one.clone();
        second["name"] = "second".into();
        second["priority"] = 1.into();
        second["models"] = json!(["*"]);
        let mut lab = second.clone();
        lab["name"] = "lab".into();
        lab["groups"] = json!(["lab"]);
        file["upstreams"] = json!([second, lab, file["upstreams"][0]]);
    })
    .await;
    let explain = async |model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        let answer = world.send(&say("POST", "/explain", &body).signed("ana")).await;
        answer.assert_ok();
        assert!(!answer.text().contains("lab"), "{}", answer.text());
        answer.json()["model"].take()
    };
    assert_eq!(
        explain("best").await,
        json!({"asked": "best", "upstream_name": "vendor/big", "window": 32_000, "max_output": 4000, "capabilities": ["chat"],
            "price": {"input": 0.15, "output": 0.6, "cached_input": 0.15},
            "upstreams": [{"name": "fake", "reason": "by_alias"}, {"name": "second", "reason": "by_pattern"}]})
    );
    let other = explain("other").await;
    assert_eq!((&other["upstream_name"], &other["window"], &other["price"]), (&json!("other"), &json!(8192), &Value::Null));
    assert_eq!(other["upstreams"], json!([{"name": "fake", "reason": "not_served"}, {"name": "second", "reason": "by_pattern"}]));
}

#[tokio::test]
async fn an_upstream_that_is_not_for_somebody_is_not_reached_nor_named() {
    let lab = FakeUpstream::start(backend).await;
    let address = lab.address;
    let world = World::with_upstream(backend, move |file| {
        let mut other = file["upstreams"][0].clone();
        other["name"] = "laboratory".into();
        other["url"] = format!("http://{address}/v1").into();
        other["dialects"] = json!(["anthropic", "openai"]);
        other["groups"] = json!(["lab"]);
        other["shared_state"] = "allow".into();
        file["upstreams"] = json!([other, file["upstreams"][0]]);
    })
    .await;
    for (request, status, code) in [
        (Request::new("GET", "/v1/files"), 404, "shared_state"),
        (Request::new("GET", "/v1/responses/resp_1"), 404, "response_not_found"),
        (body("/v1/messages", "m"), 404, "dialect_not_served"),
        (Request::new("GET", "/v1/models").header("anthropic-version", "1"), 404, "dialect_not_served"),
    ] {
        let answer = world.send(&request.signed("ana")).await;
        assert_eq!(refusal(&answer), (status, code.to_owned()), "{}", answer.text());
        assert!(!answer.text().contains("laboratory") && !answer.text().contains("anthropic,"), "{}", answer.text());
    }
    world.send(&Request::chat(&["hi"]).signed("ana")).await.assert_ok();
    world.send(&Request::new("GET", "/v1/models").bearer(OPEN_WEBUI_KEY.1)).await.assert_ok();
    assert!(lab.take().is_empty());
}
