//! A changed file is applied without dropping a stream; a faulty one changes nothing and says why.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;

/// A world whose streams wait for the word to go on.
async fn world_with_streams() -> (World, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let answer = move |request: &Recorded| {
        if request.json()["stream"] == json!(true) {
            let rest = [Step::Send(last_event()), Step::Send(DONE.to_vec())];
            Script::Stream([Step::Send(event("one")), Step::Await(Arc::clone(&gate))].into_iter().chain(rest).collect())
        } else {
            Script::fitting(request)
        }
    };
    (World::with_upstream(answer, |_| {}).await, go)
}

async fn open_stream(world: &World) -> Client {
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_chunk().await, Some(event("one")));
    client
}

async fn assert_ends_well(mut client: Client, go: &Notify) {
    go.notify_one();
    let mut rest = Vec::new();
    loop {
        match client.read_chunk().await {
            Some(chunk) if chunk.is_empty() => break,
            Some(chunk) => rest.extend(chunk),
            None => panic!("the stream was dropped"),
        }
    }
    assert!(rest.ends_with(DONE), "{}", String::from_utf8_lossy(&rest));
}

fn question() -> Request {
    Request::chat(&["Hello"]).vouched("ana")
}

#[tokio::test]
async fn a_hangup_applies_the_file_and_drops_no_stream() {
    let (mut world, go) = world_with_streams().await;
    let stream = open_stream(&world).await;
    world.send(&question()).await.assert_ok();
    world.gate.settings.file["trust"]["mode"] = "strict".into();
    world.gate.write_config();
    world.gate.signal("HUP");
    eventually("the stricter mode", async || (world.send(&question()).await.status == 401).then_some(())).await;
    assert_eq!(world.metric("memgate_config_reloads_total", &["result=\"applied\""]).await, 1);
    assert_ends_well(stream, &go).await;
}

#[tokio::test]
async fn the_command_applies_the_file_and_drops_no_stream() {
    let (mut world, go) = world_with_streams().await;
    let stream = open_stream(&world).await;
    world.gate.settings.file["trust"]["mode"] = "strict".into();
    world.gate.write_config();
    let done = world.gate.run(&["reload"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // Applied when the command ends, not some time later.
    world.send(&question()).await.assert_refused(401, "evidence_too_weak");
    assert_ends_well(stream, &go).await;
}

#[tokio::test]
async fn a_faulty_file_changes_nothing_and_says_why() {
    let (world, go) = world_with_streams().await;
    let stream = open_stream(&world).await;
    let mut faulty: Value = world.gate.settings.file.clone();
    faulty["trust"]["mode"] = "lax".into();
    faulty["limits"] = json!({"body": "20 parsecs"});
    faulty["tenants"] = json!([{"name": "acme"}]);
    faulty["settings"] = json!({"tenants": {"globex": {"depth": 1}}});
    faulty["budgets"] = json!([{"client": "nobody", "streams": 1}]);
    for (text, named) in [
        (faulty.to_string(), vec!["trust.mode", "limits.body", "settings.tenants.globex", "budgets[0].client"]),
        ("listen: [".to_owned(), vec![]),
        (String::new(), vec!["upstreams"]),
    ] {
        world.gate.write_raw_config(&text);
        let done = world.gate.run(&["reload"]);
        assert!(!done.status.success(), "{text}");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(said.len() > 10, "it must say why: {said:?}");
        for path in named {
            assert!(said.contains(path), "{said}");
        }
        world.send(&question()).await.assert_ok();
    }
    let refused = world.metric("memgate_config_reloads_total", &["result=\"refused\""]).await;
    world.gate.signal("HUP");
    eventually("the refused reload", async || {
        let now = world.metric("memgate_config_reloads_total", &["result=\"refused\""]).await;
        (now == refused + 1).then_some(())
    })
    .await;
    world.send(&question()).await.assert_ok();
    assert_ends_well(stream, &go).await;
}

#[tokio::test]
async fn nonces_taken_before_a_reload_stay_taken() {
    let (world, _go) = world_with_streams().await;
    let request = Request::chat(&["Hello"]).signed("ana");
    world.send(&request).await.assert_ok();
    let done = world.gate.run(&["reload"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    world.send(&request).await.assert_refused(401, "signature_replayed");
}

#[tokio::test]
async fn a_stop_lets_a_stream_end() {
    let (mut world, go) = world_with_streams().await;
    let stream = open_stream(&world).await;
    world.gate.signal("TERM");
    eventually("the refusal of new requests", async || {
        let gone = tokio::net::TcpStream::connect(world.gate.address()).await.is_err();
        (gone || world.send(&question()).await.status != 200).then_some(())
    })
    .await;
    assert_ends_well(stream, &go).await;
    world.gate.wait_for_exit();
}

#[tokio::test]
async fn a_second_signal_waits_for_nobody() {
    let go = Arc::new(Notify::new());
    let steps = vec![Step::Send(event("one")), Step::Await(Arc::clone(&go))];
    let answer = move |_: &Recorded| Script::Stream(steps.clone());
    let mut world = World::with_upstream(answer, |file| file["limits"] = json!({"drain": "1h"})).await;
    let _stream = open_stream(&world).await;
    world.gate.signal("TERM");
    eventually("the first signal", async || world.gate.log().contains("shutting down").then_some(())).await;
    world.gate.signal("TERM");
    world.gate.wait_for_exit();
}

#[tokio::test]
async fn a_stop_lets_an_answer_end_that_has_not_begun() {
    let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", upstream.local_addr().unwrap());
    let mut world = World::start(|file| file["upstreams"][0]["url"] = url.into()).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&question()).await;
    let (mut connection, _) = upstream.accept().await.unwrap();
    world.gate.signal("TERM");
    eventually("the signal", async || world.gate.log().contains("shutting down").then_some(())).await;
    // Longer than the listener itself goes on after the last answer.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let body = r#"{"choices":[{"message":{"content":"late"},"finish_reason":"stop"}]}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    tokio::io::AsyncWriteExt::write_all(&mut connection, format!("{head}{body}").as_bytes()).await.unwrap();
    client.read_answer().await.assert_ok();
    world.gate.wait_for_exit();
}

#[tokio::test]
async fn what_cannot_change_in_a_running_process_is_refused() {
    let (mut world, _go) = world_with_streams().await;
    let original = world.gate.settings.file.clone();
    let free = crate::harness::gate::free_address().to_string();
    for (path, value) in [
        ("listen", json!(free)),
        ("limits", json!({"threads": 7})),
        ("log", json!({"level": "debug"})),
        ("audit", json!({"keep": 3})),
        ("storage", json!({"redb": original["storage"]["redb"], "journal_limit": "1MiB"})),
        ("memory", json!({"cache": {"users": 5}})),
    ] {
        world.gate.settings.file = original.clone();
        world.gate.settings.file[path] = value;
        world.gate.write_config();
        let done = world.gate.run(&["reload"]);
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(!done.status.success() && said.contains(path), "{path}: {said}");
    }
}
