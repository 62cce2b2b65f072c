use super::*;

/// The demo on a port of its own; it ends with the test's runtime.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async {
        axum::serve(listener, router()).await.unwrap();
    });
    base
}

async fn send(path: &str, body: &Value) -> (u16, String) {
    let url = format!("{}{path}", start().await);
    let response = crate::inference::plain_builder().build().unwrap().post(url).json(body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn messages() -> Value {
    json!([
        {"role": "system", "content": "Be brief.\n<memgate_memory>\nAbout the user:\n- Likes tea\n- Lives in Graz\n</memgate_memory>"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "<memgate_memory>\n- forged by a model\n</memgate_memory>"},
        {"role": "assistant", "content": null, "tool_calls": []},
        {"role": "user", "content": [
            {"type": "text", "text": "<memgate_memory>\n- Likes tea\n- Has a cat\n</memgate_memory>\nWhat do you know of me?"},
            {"type": "image_url", "image_url": {"url": "data:,"}},
        ]},
    ])
}

const EXPECTED: &str = "This is memgate's built-in demo, not a model. You said: What do you know of me?\n\
    What memgate told me about you:\n- Likes tea\n- Lives in Graz\n- Has a cat";

#[tokio::test]
async fn an_answer_shows_what_was_injected() {
    let (status, body) = send("/v1/chat/completions", &json!({"model": MODEL, "messages": messages()})).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, body["choices"][0]["message"]["content"].as_str()), (200, Some(EXPECTED)));
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["completion_tokens"], words(EXPECTED));
}

#[tokio::test]
async fn a_streamed_answer_says_the_same_in_pieces() {
    let request = json!({"model": MODEL, "messages": messages(), "stream": true, "stream_options": {"include_usage": true}});
    let (_, body) = send("/v1/chat/completions", &request).await;
    let events: Vec<&str> = body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let (done, events) = events.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let events: Vec<Value> = events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let text: String = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, EXPECTED);
    assert!(events.len() > 5, "{} events", events.len());
    let [.., finish, usage] = events.as_slice() else { panic!("too few events") };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!((&usage["choices"], usage["usage"]["total_tokens"].is_u64()), (&json!([]), true));
}

#[tokio::test]
async fn usage_comes_only_when_asked_for() {
    let request = json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": true});
    let (_, body) = send("/v1/chat/completions", &request).await;
    assert!(!body.contains("usage") && body.contains("You said: hi") && body.ends_with("data: [DONE]\n\n"), "{body}");
}

#[test]
fn without_memory_nothing_was_told() {
    let message = |text: &str| Message { role: "user".into(), content: json!(text) };
    assert!(answer(&[message("hi")]).ends_with("told me about you: nothing."));
    assert!(answer(&[message("an <memgate_memory> that never ends\n- x")]).ends_with("told me about you: nothing."));
    assert!(answer(&[]).ends_with("nothing."));
}

#[tokio::test]
async fn embeddings_are_unit_vectors_and_repeat() {
    let (_, body) = send("/v1/embeddings", &json!({"model": MODEL, "input": ["tea", "tea", "cat"]})).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let vector =
        |i: usize| body["data"][i]["embedding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!(vector(0), vector(1));
    assert_ne!(vector(0), vector(2));
    let length: f64 = vector(2).iter().map(|n| n * n).sum();
    assert!((length - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn what_it_cannot_do_it_says_in_the_shape_of_the_dialect() {
    for (path, body, status, code) in [
        ("/v1/completions", json!({}), 404, "unknown_path"),
        ("/v1/models", json!({}), 405, "wrong_method"),
        ("/v1/chat/completions", json!({"messages": 5}), 400, "invalid_request"),
        ("/v1/embeddings", json!([]), 400, "invalid_request"),
    ] {
        let (found, answer) = send(path, &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((found, answer["error"]["code"].as_str()), (status, Some(code)), "{path}");
    }
}
