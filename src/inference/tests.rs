//! Against an endpoint in this process that behaves well, and badly in every way that counts.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use futures::stream;
use serde_json::{Value, json};

use super::fake::{Asked, serve};
use super::*;
use crate::setting::Secret;

fn client(base: &str) -> Client {
    let endpoint = Endpoint::parse(base, Some(Secret::new(b"sk-own"))).unwrap();
    Client::new(endpoint, Duration::from_secs(20)).unwrap()
}

async fn embed_answered(answer: Value, texts: &[&str]) -> Result<Vec<Vec<f32>>, InferenceError> {
    let (base, _) = serve(move |_| axum::Json(answer.clone()).into_response()).await;
    client(&base).embed("m", texts).await
}

const SCHEMA: fn() -> Value = || json!({"type": "object"});

async fn complete(client: &Client) -> Result<Completion, InferenceError> {
    let schema = SCHEMA();
    let request = ChatRequest { model: "m", system: "s", user: "u", schema: ("facts", &schema), max_tokens: 7 };
    client.complete(&request).await
}

#[tokio::test]
async fn vectors_come_in_the_order_of_the_texts() {
    let data = json!({"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [0.5, -1e-3]}]});
    let (base, seen) = serve(move |_| axum::Json(data.clone()).into_response()).await;
    let vectors = client(&base).embed("tiny", &["a", "b"]).await.unwrap();
    assert_eq!(vectors, [[0.5, -1e-3], [3.0, 4.0]]);
    let Asked { path, key, body } = seen.lock()[0].clone();
    assert_eq!((path.as_str(), key.as_deref()), ("/v1/embeddings", Some("Bearer sk-own")));
    assert_eq!(body, json!({"model": "tiny", "input": ["a", "b"], "encoding_format": "float"}));
    let unnumbered = json!({"data": [{"embedding": [1]}, {"embedding": [2]}]});
    assert_eq!(embed_answered(unnumbered, &["a", "b"]).await.unwrap(), [[1.0], [2.0]]);
}

#[tokio::test]
async fn vectors_of_another_number_or_size_are_no_answer() {
    for data in [
        json!([]),
        json!([{"index": 0, "embedding": [1]}]),
        json!([{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]),
        json!([{"index": 0, "embedding": [1]}, {"index": 2, "embedding": [1]}]),
        json!([{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]),
        json!([{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]),
        json!([{"index": 0, "embedding": vec![1; 8193]}, {"index": 1, "embedding": vec![1; 8193]}]),
    ] {
        assert_eq!(embed_answered(json!({"data": data}), &["a", "b"]).await, Err(InferenceError::Mismatch), "{data}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let text = |text: &'static str| move |_: &Value| text.into_response();
    for body in
        ["", "no json", "[]", "{\"data\": 5}", "{\"data\": [{\"embedding\": [NaN]}]}", "{\"data\": [{\"embedding\": [1e999]}]}"]
    {
        let (base, _) = serve(text(body)).await;
        assert_eq!(client(&base).embed("m", &["a"]).await, Err(InferenceError::Malformed), "{body}");
    }
    for status in [400, 401, 404, 429, 500, 503, 302] {
        let code = StatusCode::from_u16(status).unwrap();
        let (base, seen) = serve(move |_| (code, [(header::LOCATION, "/elsewhere")], "{}").into_response()).await;
        let error = client(&base).embed("m", &["a"]).await.unwrap_err();
        assert_eq!((error, error.is_rejection()), (InferenceError::Status(status), status == 400));
        assert_eq!(seen.lock().len(), 1, "neither retried nor redirected");
    }
    let (base, _) = serve(|_| Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()).into_response()).await;
    let endpoint = Endpoint::parse(&base, None).unwrap();
    let hasty = Client::new(endpoint, Duration::from_millis(50)).unwrap();
    assert_eq!(hasty.embed("m", &["a"]).await, Err(InferenceError::Timeout), "an answer that never ends");
    let broken = || stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    let (base, _) = serve(move |_| Body::from_stream(broken()).into_response()).await;
    assert_eq!(client(&base).embed("m", &["a"]).await, Err(InferenceError::Broken));
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(client(&format!("http://{nobody}")).embed("m", &["a"]).await, Err(InferenceError::Unreachable));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let flood = || stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 8 << 10])));
    let (base, _) = serve(move |_| Body::from_stream(flood()).into_response()).await;
    assert_eq!(client(&base).embed("m", &["a"]).await, Err(InferenceError::TooLarge));
    assert_eq!(complete(&client(&base)).await, Err(InferenceError::TooLarge));
    let (base, _) = serve(|_| vec![b' '; 1 << 20].into_response()).await;
    assert_eq!(complete(&client(&base)).await, Err(InferenceError::TooLarge), "announced");
}

#[tokio::test]
async fn completions_are_asked_for_by_schema_and_counted() {
    let choice = |content: Value, reason: &str| json!({"choices": [{"message": {"content": content}, "finish_reason": reason}]});
    let mut good = choice(json!("{}"), "stop");
    good["usage"] = json!({"prompt_tokens": 5, "completion_tokens": 2});
    let (base, seen) = serve(move |_| axum::Json(good.clone()).into_response()).await;
    let answer = complete(&client(&base)).await.unwrap();
    assert_eq!(answer, Completion { text: "{}".to_owned(), tokens: Some(7) });
    assert!(!format!("{answer:?}").contains("{}"));
    let body = seen.lock()[0].body.clone();
    assert_eq!((&body["stream"], &body["max_tokens"]), (&json!(false), &json!(7)));
    assert_eq!(body["response_format"]["json_schema"]["schema"], SCHEMA());
    assert_eq!(body["messages"][1], json!({"role": "user", "content": "u"}));
    for bad in [json!({"choices": []}), choice(Value::Null, "stop"), choice(json!("{\"fac"), "length")] {
        let (base, _) = serve(move |_| axum::Json(bad.clone()).into_response()).await;
        assert_eq!(complete(&client(&base)).await, Err(InferenceError::Malformed));
    }
}

#[test]
fn endpoints_are_urls_without_secrets() {
    let address = |url: &str| Endpoint::parse(url, None).map(|endpoint| endpoint.address("embeddings").to_string());
    assert_eq!(address("https://x.example/v1/").unwrap(), "https://x.example/v1/embeddings");
    assert_eq!(address("http://127.0.0.1:11434").unwrap(), "http://127.0.0.1:11434/embeddings");
    for bad in ["ftp://x/", "http://u:p@x/", "127.0.0.1:80", "http://x/?a=b", ""] {
        assert!(address(bad).is_err(), "{bad}");
    }
    let endpoint = Endpoint::parse("http://x/v1", Some(Secret::new(b"sk-own"))).unwrap();
    let client = Client::new(endpoint.clone(), Duration::from_secs(1)).unwrap();
    assert!(!format!("{endpoint:?}{client:?}").contains("sk-own"));
}
