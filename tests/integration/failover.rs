//! Of several upstreams of one model, one fails: no request fails with it before its first byte, and nothing goes where it must not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::gate::{JWT_SECRET, UPSTREAM_KEY, free_address};
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script, Step, event};
use crate::harness::world::World;
use crate::responses::{create, response};

const NEVER_EJECT: u32 = 0;

/// Two upstreams of the model `m`: `fake` comes first, `second` has a key of its own.
pub async fn pair(
    first: impl Fn(&Recorded) -> Script + Send + Sync + 'static,
    second: impl Fn(&Recorded) -> Script + Send + Sync + 'static,
    change: impl FnOnce(&mut Value),
) -> (World, FakeUpstream) {
    let second = FakeUpstream::start(second).await;
    let url = format!("http://{}/v1", second.address);
    let world = World::with_upstream(first, |file| {
        let other = json!({"name": "second", "url": url, "models": ["m"], "priority": 1, "api_key": {"env": JWT_SECRET.0},
            "health": {"failures": NEVER_EJECT}});
        let upstreams = file["upstreams"].as_array_mut().unwrap();
        upstreams[0]["models"] = json!(["m"]);
        upstreams[0]["health"] = json!({"failures": NEVER_EJECT});
        upstreams.push(other);
        change(file);
    })
    .await;
    (world, second)
}

fn hello() -> Request {
    Request::chat(&["Hello"]).vouched("ana")
}

/// Both requests are the same but for the key, and each upstream saw its own alone.
#[track_caller]
fn assert_same_but_for_the_key(first: &Recorded, second: &Recorded) {
    assert_eq!((&first.target, first.text()), (&second.target, second.text()));
    for (seen, own, other) in [(first, UPSTREAM_KEY.1, JWT_SECRET.1), (second, JWT_SECRET.1, UPSTREAM_KEY.1)] {
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {own}").as_str()));
        assert!(!seen.mentions(other), "another upstream's key");
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_is_left_for_the_next() {
    for http2 in [false, true] {
        for status in [429, 502, 503, 504, 529] {
            let refusing = move |_: &Recorded| Script::json(status, &json!({"error": "no"}));
            let (world, second) = pair(refusing, Script::fitting, |file| {
                for upstream in file["upstreams"].as_array_mut().unwrap() {
                    upstream["http2"] = http2.into();
                }
            })
            .await;
            for (n, request) in [hello(), Request::streamed_chat(&["Hello"]).vouched("ana")].into_iter().enumerate() {
                let answer = world.send(&request).await;
                answer.assert_ok();
                assert!(answer.text().contains("right"), "{}", answer.text());
                assert_same_but_for_the_key(&world.upstream.last(), &second.last());
                let record = world.requests_on_record(n + 1).await.pop().unwrap();
                assert_eq!((&record["upstream"], &record["attempts"]), (&json!("second"), &json!(2)), "{record}");
                assert_eq!((&record["outcome"], &record["status"]), (&json!("complete"), &json!(200)), "{record}");
            }
            let left = world.metric("memgate_upstream_failovers_total", &["upstream=\"fake\"", "cause=\"refused\""]).await;
            assert_eq!((left, second.take().len()), (2, 2), "status {status}, HTTP/2 {http2}");
            assert_eq!(world.metric("memgate_upstream_requests_in_flight", &[]).await, 0);
            // The refusal's body is not read: that costs a connection, but in HTTP/2 a stream alone.
            let connections: Vec<usize> = world.upstream.take().iter().map(|seen| seen.connection).collect();
            assert_eq!(connections, if http2 { [0, 0] } else { [0, 1] }, "status {status}");
        }
    }
}

#[tokio::test]
async fn other_errors_are_the_answer() {
    for status in [400, 401, 404, 500] {
        let (world, second) = pair(move |_| Script::json(status, &json!({"error": "no"})), Script::fitting, |_| {}).await;
        assert_eq!(world.send(&hello()).await.status, status);
        assert!(second.take().is_empty());
    }
}

#[tokio::test]
async fn where_all_refuse_the_last_answer_passes() {
    let (world, second) =
        pair(|_| Script::json(503, &json!({"from": "first"})), |_| Script::json(529, &json!({"from": "second"})), |_| {}).await;
    let answer = world.send(&hello()).await;
    assert_eq!((answer.status, answer.json()), (529, json!({"from": "second"})));
    assert_eq!((world.upstream.take().len(), second.take().len()), (1, 1));
}

#[tokio::test]
async fn a_connection_that_fails_or_breaks_before_the_answer_is_left() {
    for http2 in [false, true] {
        let (world, second) = pair(|_| Script::Close, Script::fitting, |file| file["upstreams"][0]["http2"] = http2.into()).await;
        world.send(&hello()).await.assert_ok();
        assert_same_but_for_the_key(&world.upstream.last(), &second.last());
        let causes = async |cause: &str| world.metric("memgate_upstream_failovers_total", &[cause]).await;
        assert_eq!((causes("broken").await, causes("connect").await), (1, 0), "HTTP/2 {http2}");
    }
    let nobody = free_address();
    // The last one is no name that a resolver would ask for.
    for url in [format!("http://{nobody}/v1"), "https://127.0.0.1:1/v1".to_owned(), format!("http://{}/v1", "x".repeat(70))] {
        let (world, second) =
            pair(Script::fitting, Script::fitting, |file| file["upstreams"][0]["url"] = url.clone().into()).await;
        world.send(&hello()).await.assert_ok();
        assert_eq!(second.take().len(), 1, "{url}");
        let left = world.metric("memgate_upstream_failovers_total", &["cause=\"connect\""]).await;
        assert_eq!((left, world.metric("memgate_upstream_errors_total", &["kind=\"connect\""]).await), (1, 1), "{url}");
    }
    // TLS that is none.
    let plain = FakeUpstream::start(Script::fitting).await;
    let url = format!("https://{}/v1", plain.address);
    let (world, second) = pair(Script::fitting, Script::fitting, |file| file["upstreams"][0]["url"] = url.into()).await;
    world.send(&hello()).await.assert_ok();
    assert_eq!(second.take().len(), 1);
}

#[tokio::test]
async fn after_the_first_byte_nobody_else_is_asked() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let cut = move |_: &Recorded| Script::Stream(vec![Step::Send(event("half")), Step::Cut]);
    let (world, second) = pair(cut, Script::fitting, |_| {}).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    assert!(answer.text().contains("upstream_failed") && answer.text().ends_with("data: [DONE]\n\n"), "{}", answer.text());
    assert!(second.take().is_empty());
    let (world, second) = pair(move |_| Script::Raw(head.into()), Script::fitting, |_| {}).await;
    world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await.assert_ok();
    assert!(second.take().is_empty());
}

#[tokio::test]
async fn silence_is_not_asked_for_twice() {
    let slow = |file: &mut Value| file["upstreams"][0]["read_timeout"] = "200ms".into();
    let (world, second) = pair(|_| Script::Never, Script::fitting, slow).await;
    world.send(&hello()).await.assert_refused(504, "upstream_timeout");
    assert!(second.take().is_empty());
}

#[tokio::test]
async fn who_would_see_more_of_the_person_does_not_take_over() {
    for restriction in [json!({"memory": "off"}), json!({"memory": "read"}), json!({"never_send": ["note"]})] {
        let (world, second) = pair(
            |_| Script::json(503, &json!({})),
            Script::fitting,
            |file| file["upstreams"][1].as_object_mut().unwrap().extend(restriction.as_object().unwrap().clone()),
        )
        .await;
        assert_eq!(world.send(&hello()).await.status, 503, "{restriction}");
        assert!(second.take().is_empty());
    }
    // A catch-all is no peer of one that lists the model.
    let (world, second) = pair(
        |_| Script::json(503, &json!({})),
        Script::fitting,
        |file| {
            file["upstreams"][1]["models"] = json!(["*"]);
            file["upstreams"][1]["priority"] = 0.into();
        },
    )
    .await;
    assert_eq!(world.send(&hello()).await.status, 503);
    assert!(second.take().is_empty());
}

#[tokio::test]
async fn failures_eject_and_recovery_brings_back() {
    let address = free_address();
    let (world, second) = pair(Script::fitting, Script::fitting, |file| {
        file["upstreams"][0]["url"] = format!("http://{address}/v1").into();
        file["upstreams"][0]["health"] = json!({"failures": 2, "eject": "100ms", "max_eject": "1s"});
    })
    .await;
    let ejections = async || world.metric("memgate_upstream_ejections_total", &["fake", "failures"]).await;
    for n in 0..2 {
        assert_eq!(ejections().await, 0, "after {n} failures");
        world.send(&hello()).await.assert_ok();
    }
    assert_eq!(ejections().await, 1);
    let back = FakeUpstream::start_at(address, Script::fitting).await;
    eventually("the first upstream's return", async || {
        world.send(&hello()).await.assert_ok();
        (!back.take().is_empty()).then_some(())
    })
    .await;
    // From here on it has everything again.
    second.take();
    world.send(&hello()).await.assert_ok();
    assert_eq!((back.take().len(), second.take().len()), (1, 0));
}

#[tokio::test]
async fn an_ejected_upstream_is_left_alone_but_better_than_none() {
    let (world, second) = pair(
        |_| Script::json(500, &json!({})),
        Script::fitting,
        |file| file["upstreams"][0]["health"] = json!({"failures": 3, "eject": "1h", "max_eject": "1h"}),
    )
    .await;
    for _ in 0..3 {
        assert_eq!(world.send(&hello()).await.status, 500);
    }
    for _ in 0..5 {
        world.send(&hello()).await.assert_ok();
    }
    assert_eq!((world.upstream.take().len(), second.take().len()), (3, 5));
    second.kill();
    assert_eq!(world.send(&hello()).await.status, 500, "the ejected one is tried when the other fails");
    let record = world.requests_on_record(9).await.pop().unwrap();
    assert_eq!((&record["upstream"], &record["attempts"]), (&json!("fake"), &json!(2)), "{record}");
}

#[tokio::test]
async fn retry_after_is_heeded() {
    let limited = |_: &Recorded| {
        Script::Raw(
            b"HTTP/1.1 429 Too Many\r\nRetry-After: 3600\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".into(),
        )
    };
    let (world, second) = pair(limited, Script::fitting, |_| {}).await;
    for _ in 0..4 {
        world.send(&hello()).await.assert_ok();
    }
    assert_eq!((world.upstream.take().len(), second.take().len()), (1, 4));
    assert_eq!(world.metric("memgate_upstream_ejections_total", &["fake", "retry_after"]).await, 1);
}

#[tokio::test]
async fn a_failing_health_check_takes_an_upstream_out_and_a_good_one_back() {
    let well = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&well);
    let checked = move |request: &Recorded| match request.target.as_str() {
        "/health" if asked.load(Ordering::SeqCst) => Script::json(200, &json!({})),
        "/health" => Script::json(404, &json!({})),
        _ => Script::fitting(request),
    };
    let (world, second) = pair(checked, Script::fitting, |file| {
        file["upstreams"][0]["health"] = json!({"failures": 1, "path": "/health", "interval": "1s"});
    })
    .await;
    eventually("the check's failure", async || {
        (world.metric("memgate_upstream_ejections_total", &["fake", "check"]).await == 1).then_some(())
    })
    .await;
    world.send(&hello()).await.assert_ok();
    assert_eq!(second.take().len(), 1);
    let checks = world.upstream.take();
    assert!(checks.iter().all(|check| check.method == "GET" && check.target == "/health"), "{checks:?}");
    well.store(true, Ordering::SeqCst);
    eventually("the upstream's return", async || {
        world.send(&hello()).await.assert_ok();
        world.upstream.take().iter().any(|request| request.method == "POST").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_is_killed_under_load() {
    let held = |request: &Recorded| {
        let steps = vec![Step::Send(event("half")), Step::Await(Arc::new(Notify::new()))];
        if request.text().contains("Hold on") { Script::Stream(steps) } else { Script::fitting(request) }
    };
    let (world, second) = pair(held, held, |file| file["upstreams"][1]["priority"] = 0.into()).await;
    let world = Arc::new(world);
    let mut streams = Vec::new();
    for _ in 0..16 {
        let mut client = Client::connect(world.gate.address()).await;
        client.send_request(&Request::streamed_chat(&["Hold on"]).vouched("ana")).await;
        assert_eq!(client.read_head().await.status, 200);
        assert_eq!(client.read_chunk().await, Some(event("half")));
        streams.push(client);
    }
    let (at_first, at_second) = (world.upstream.take().len(), second.take().len());
    assert!(at_first > 0 && at_second > 0 && at_first + at_second == 16, "{at_first} and {at_second}");

    let done = Arc::new(AtomicUsize::new(0));
    let load: Vec<_> = (0..16_usize)
        .map(|n| {
            let (world, done) = (Arc::clone(&world), Arc::clone(&done));
            tokio::spawn(async move {
                let mut client = Client::connect(world.gate.address()).await;
                for round in 0..25 {
                    let user = format!("user-{n}");
                    let streamed = (n + round) % 2 == 0;
                    let request = if streamed { Request::streamed_chat(&["Hello"]) } else { Request::chat(&["Hello"]) };
                    let answer = client.exchange(&request.vouched(&user)).await;
                    answer.assert_ok();
                    // A stream that had begun may have been cut, and says so.
                    let broken = answer.text().contains("upstream_failed");
                    assert!(broken && streamed || answer.text().contains("right"), "{}", answer.text());
                    if broken {
                        // Its end is the end of the connection, too.
                        client = Client::connect(world.gate.address()).await;
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    eventually("the load", async || (done.load(Ordering::SeqCst) >= 100).then_some(())).await;
    world.upstream.kill();
    for task in load {
        task.await.unwrap();
    }
    assert_eq!(done.load(Ordering::SeqCst), 400);
    assert!(world.upstream.take().len() >= 10 && second.take().len() >= 200, "the load was not spread");
    second.kill();
    for mut stream in streams {
        let mut rest = Vec::new();
        while let Some(chunk) = stream.read_chunk().await.filter(|chunk| !chunk.is_empty()) {
            rest.extend(chunk);
        }
        let rest = String::from_utf8(rest).unwrap();
        assert!(rest.contains("upstream_failed") && rest.ends_with("data: [DONE]\n\n"), "{rest}");
    }
    eventually("every place to be free", async || {
        (world.metric("memgate_upstream_requests_in_flight", &[]).await == 0).then_some(())
    })
    .await;
}

/// Keeps responses under ids that begin with its name.
fn keeping(name: &'static str) -> impl Fn(&Recorded) -> Script + Send + Sync + 'static {
    let next = AtomicUsize::new(1);
    move |request| match request.method.as_str() {
        "POST" => {
            let id = format!("resp_{name}{}", next.fetch_add(1, Ordering::SeqCst));
            Script::json(200, &response(&id, "completed"))
        }
        _ => Script::json(200, &json!({})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_upstream_keeps_is_found_there_alone() {
    let (world, second) = pair(keeping("a"), keeping("b"), |file| file["upstreams"][1]["priority"] = 0.into()).await;
    let mut kept = [Vec::new(), Vec::new()];
    // What begins with other words is another conversation, which may go elsewhere.
    for n in 0..64 {
        let answer = world.send(&create(&json!({"input": format!("Hello {n}.")})).vouched("ana")).await;
        answer.assert_ok();
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        kept[usize::from(id.starts_with("resp_b"))].push(id);
    }
    assert!(kept.iter().all(|ids| ids.len() >= 3), "{kept:?}");
    for (at, ids) in kept.iter().enumerate() {
        for id in ids {
            world.upstream.take();
            second.take();
            world.send(&create(&json!({"input": "And?", "previous_response_id": id})).vouched("ana")).await.assert_ok();
            world.send(&Request::new("GET", &format!("/v1/responses/{id}")).vouched("ana")).await.assert_ok();
            let seen = [world.upstream.take().len(), second.take().len()];
            assert_eq!((seen[at], seen[1 - at]), (2, 0), "{id}");
        }
    }
    second.kill();
    let orphan = create(&json!({"input": "And?", "previous_response_id": kept[1][0]})).vouched("ana");
    let answer = world.send(&orphan).await;
    assert!(answer.status == 502, "{}", answer.text());
    assert!(world.upstream.take().is_empty(), "the other upstream was told of it");
    world.send(&create(&json!({"input": "Hello."})).vouched("ana")).await.assert_ok();
}

#[tokio::test]
async fn the_dry_run_says_who_would_be_asked_and_why() {
    let (world, _second) = pair(Script::fitting, Script::fitting, |_| {}).await;
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    let answer = world.send(&Request::post("/memgate/v1/me/explain", body.to_string()).vouched("ana")).await;
    answer.assert_ok();
    let told = json!([{"name": "fake", "reason": "load"}, {"name": "second", "reason": "priority"}]);
    assert_eq!(answer.json()["request"]["upstreams"], told);
}

#[tokio::test]
async fn who_takes_over_is_asked_for_its_own_name_of_the_model_in_the_path_too() {
    let named = |file: &mut Value| {
        for (at, name) in [(0, "a/one"), (1, "b/two")] {
            file["upstreams"][at]["models"] = json!([{"name": "m", "upstream_name": name}]);
        }
    };
    let (world, second) = pair(|_| Script::json(503, &json!({})), Script::fitting, named).await;
    let google = Request::post("/v1/models/m:generateContent", r#"{"contents": []}"#).vouched("ana");
    world.send(&google).await.assert_ok();
    assert_eq!(world.upstream.last().target, "/v1/models/a%2Fone:generateContent");
    assert_eq!(second.last().target, "/v1/models/b%2Ftwo:generateContent");
    assert_eq!(second.last().text(), r#"{"contents": []}"#);
    world.send(&hello()).await.assert_ok();
    assert_eq!((&world.upstream.last().json()["model"], &second.last().json()["model"]), (&json!("a/one"), &json!("b/two")));
}
