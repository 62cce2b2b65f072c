//! Traces by OTLP: what a collector gets of a request, what the upstream hears of the trace, and that nothing of a person is in it.

use memgate::telemetry::traces::Parent;

use crate::harness::eventually;
use crate::harness::find;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script};
use crate::harness::world::World;

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn collector() -> FakeUpstream {
    FakeUpstream::start(|_: &Recorded| Script::json(200, &serde_json::json!({}))).await
}

async fn traced(collector: &FakeUpstream) -> World {
    let url = format!("http://{}/v1/traces", collector.address);
    World::start(|file| file["traces"] = serde_json::json!({"otlp": url, "sample": 0.0, "service": "gate-7"})).await
}

#[tokio::test]
async fn a_collector_gets_the_request_and_the_call_to_the_model_but_nothing_of_the_person() {
    let collector = collector().await;
    let world = traced(&collector).await;
    let request = Request::chat(&["Remember that my gibberish is blue."]).vouched("alice-of-acme").header("traceparent", CALLER);
    let seen = world.forwarded(&request).await;
    let caller = Parent::parse(CALLER.as_bytes()).unwrap();
    let forwarded = Parent::parse(seen.header("traceparent").unwrap().as_bytes()).unwrap();
    assert_eq!(forwarded.trace, caller.trace, "the trace goes on");
    assert_ne!(forwarded.span, caller.span, "as a call of memgate's");
    assert!(forwarded.sampled);

    let sent =
        eventually("traces at the collector", async || collector.take().into_iter().find(|sent| !sent.body.is_empty())).await;
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/v1/traces"));
    let has = |bytes: &[u8]| find(&sent.body, bytes).is_some();
    for word in
        ["gate-7", "POST chat", "resolve", "recall", "upstream_connect", "gen_ai.operation.name", "gen_ai.usage.output_tokens"]
    {
        assert!(has(word.as_bytes()), "{word}");
    }
    assert!(has(&forwarded.trace) && has(&forwarded.span) && has(&caller.span));
    for word in ["alice", "gibberish", "Remember"] {
        assert!(!has(word.as_bytes()), "{word} left the machine");
    }
    // The same trace stands beside the slow bucket that the request fell into.
    let accept = Request::new("GET", "/metrics").header("accept", "application/openmetrics-text;version=1.0.0");
    let exposition = crate::harness::client::send(world.gate.metrics_address(), &accept).await.text();
    assert!(exposition.contains("trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\""), "{exposition}");
}

#[tokio::test]
async fn what_is_not_sampled_is_not_sent_and_the_upstream_hears_so() {
    let collector = collector().await;
    let world = traced(&collector).await;
    let seen = world.forwarded(&Request::chat(&["Hello."]).vouched("ana")).await;
    assert!(!Parent::parse(seen.header("traceparent").unwrap().as_bytes()).unwrap().sampled);
    let forged = Request::chat(&["Hello."]).vouched("ana").header("traceparent", "00-zz-zz-01");
    let seen = world.forwarded(&forged).await;
    assert!(Parent::parse(seen.header("traceparent").unwrap().as_bytes()).is_some(), "a malformed one begins a new trace");
    // At the end everything that waits is sent: had anything been sampled, it would come now.
    let World { mut gate, .. } = world;
    gate.stop();
    assert!(collector.take().is_empty());
}

#[tokio::test]
async fn without_a_collector_the_callers_context_passes_through() {
    let world = World::in_mode("required").await;
    let request = Request::chat(&["Hello."]).vouched("ana").header("traceparent", CALLER).header("tracestate", "vendor=1");
    let seen = world.forwarded(&request).await;
    assert_eq!((seen.header("traceparent"), seen.header("tracestate")), (Some(CALLER), Some("vendor=1")));
}

#[tokio::test]
async fn a_collector_that_is_gone_holds_nobody_up() {
    let collector = collector().await;
    let world = traced(&collector).await;
    collector.kill();
    for _ in 0..20 {
        world.send(&Request::chat(&["Hello."]).vouched("ana").header("traceparent", CALLER)).await.assert_ok();
    }
}
