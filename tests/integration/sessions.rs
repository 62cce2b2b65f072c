//! Sessions and histories through the binary: keys, routes, what is kept, kills, and many keys in few places.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::{Answer, Client};
use crate::harness::eventually;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;
use crate::me::{add, ask, say};
use crate::responses::response;

pub const CHAT: &str = "X-OpenWebUI-Chat-Id";

/// A world in which the chat UI's conversations are kept.
pub async fn keeping(mode: &str) -> World {
    World::start(|file| keep(file, mode)).await
}

pub fn keep(file: &mut Value, mode: &str) {
    file["trust"]["mode"] = mode.into();
    file["clients"][0]["history"] = "on".into();
}

/// Of the client whose conversations are kept, with proof of the user.
pub fn by(user: &str, request: Request) -> Request {
    request.bearer(OPEN_WEBUI_KEY.1).signed(user)
}

pub async fn get(world: &World, user: &str, rest: &str) -> Answer {
    world.send(&by(user, ask("GET", &format!("/sessions{rest}")))).await
}

/// The session, once its history has that many turns.
pub async fn history(world: &World, user: &str, id: &str, turns: usize) -> Value {
    eventually(&format!("{turns} turns in {id}"), async || {
        let answer = get(world, user, &format!("/{id}")).await;
        let session = (answer.status == 200).then(|| answer.json())?;
        (session["turns"] == json!(turns)).then_some(session)
    })
    .await
}

/// What was said, and what was answered last.
pub fn said(session: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let turns = session["history"].as_array().unwrap().iter();
    turns.map(|turn| (text(&turn["said"]), text(&turn["answers"].as_array().unwrap().last().unwrap()["text"]))).collect()
}

fn pair(said: &str, answered: &str) -> (String, String) {
    (said.to_owned(), answered.to_owned())
}

#[tokio::test]
async fn a_history_holds_what_was_said_and_answered_and_nothing_injected() {
    let world = keeping("strict").await;
    add(&world, "ana", &json!({"text": "The code of my locker is quagga", "pinned": true})).await;
    let question = "What is the code of my locker?";
    for request in [Request::chat(&[question]), Request::streamed_chat(&[question])] {
        let answer = world.send(&by("ana", request.header(CHAT, "c1"))).await;
        answer.assert_ok();
        assert_eq!(answer.header("x-memgate-session"), Some("c1"));
        assert!(world.upstream.last().mentions("quagga"), "something is injected");
    }
    // The same answered again is one turn; the next one is another.
    let more = Request::streamed_chat(&[question, "All right then.", "And of my bike?"]).header(CHAT, "c1");
    world.send(&by("ana", more)).await.assert_ok();
    let session = history(&world, "ana", "c1", 2).await;
    assert_eq!(said(&session), [pair(question, "All right then."), pair("And of my bike?", "All right then.")]);
    assert!(!session.to_string().contains("quagga") && !session.to_string().contains("memgate_memory"), "{session}");
    let turn = &session["history"][0];
    assert_eq!((&turn["client"], &turn["answers"][0]["model"], &turn["cut"]), (&json!("open-webui"), &json!("m"), &json!(false)));
    assert!(turn["answers"][0]["request"].is_string() && turn["at"].is_string(), "{turn}");
    assert_eq!((&session["state"], &session["user"], &session["requests"]), (&json!("live"), &json!("ana"), &json!(3)));

    // Off where nobody said otherwise, for what a UI asks by itself, for temporary chats and for reserved names.
    world.send(&Request::chat(&["Hello"]).signed("ana").header(CHAT, "c2")).await.assert_ok();
    for (chat, text) in [
        ("temporary:1", "Hello"),
        ("server", "Hello"),
        ("c3", "### Task:\nGenerate a title.\n<chat_history>\nHi\n</chat_history>"),
    ] {
        world.send(&by("ana", Request::chat(&[text]).header(CHAT, chat))).await.assert_ok();
    }
    world.send(&by("ana", Request::chat(&["Bye"]).header(CHAT, "c4"))).await.assert_ok();
    history(&world, "ana", "c4", 1).await;
    for chat in ["c2", "c3", "temporary:1", "server"] {
        assert_eq!(get(&world, "ana", &format!("/{chat}")).await.json()["turns"], 0, "{chat}");
    }
    let listed = get(&world, "ana", "?state=live&limit=3").await.json();
    assert_eq!((listed["sessions"].as_array().unwrap().len(), listed["idle"].as_u64()), (3, Some(0)));
    let lines = get(&world, "ana", "/export").await.text();
    assert_eq!(lines.lines().filter(|line| line.contains(r#""type":"turn""#)).count(), 3, "{lines}");
    // Nothing stands readable in a file.
    for file in ["history.journal", "learn.journal"] {
        let bytes = std::fs::read(world.gate.data_dir().join(file)).unwrap();
        assert_eq!(crate::harness::find(&bytes, b"And of my bike"), None, "{file}");
    }
}

#[tokio::test]
async fn sessions_are_named_or_told_by_the_first_turn() {
    let answer = |request: &Recorded| {
        let id = if request.mentions("first") { "resp_1" } else { "resp_2" };
        if request.target.ends_with("/responses") {
            Script::json(200, &response(id, "completed"))
        } else {
            Script::fitting(request)
        }
    };
    let world = World::with_upstream(answer, |file| keep(file, "strict")).await;
    let of = async |user: &str, request: Request| {
        let answer = world.send(&by(user, request)).await;
        answer.assert_ok();
        answer.header("x-memgate-session").unwrap_or_default().to_owned()
    };
    let first = of("ana", Request::chat(&["Hi"])).await;
    assert!(first.starts_with("d-") && !first.contains("Hi"), "{first}");
    assert_eq!(of("ana", Request::chat(&["Hi", "All right then.", "More"])).await, first);
    assert_eq!(of("ana", Request::chat(&["Hi"]).header(CHAT, "a b")).await, first, "a product's malformed header is none");
    assert_ne!(of("ana", Request::chat(&["Ho"])).await, first);
    assert_ne!(of("bert", Request::chat(&["Hi"])).await, first);
    assert_ne!(of("acme:ana", Request::chat(&["Hi"])).await, first);
    let body = r#"{"model":"m", "session_id" : "b1","messages":[{"role":"user","content":"Hi"}],"metadata":{"session_id":"b2"}}"#;
    assert_eq!(of("ana", Request::post("/v1/chat/completions", body)).await, "b1");
    assert_eq!(world.upstream.last().text(), body, "it passes as it came");
    assert_eq!(of("ana", Request::post("/v1/chat/completions", body).header("X-Memgate-Session", "h1")).await, "h1");
    let input = |more: &str| Request::post("/v1/responses", format!(r#"{{"model":"m","input":"The first"{more}}}"#));
    let stored = of("ana", input("")).await;
    let next = r#"{"model":"m","input":"The next","previous_response_id":"resp_1"}"#;
    assert_eq!(of("ana", Request::post("/v1/responses", next)).await, stored);
    let last = next.replace("resp_1", "resp_2");
    assert_eq!(of("ana", Request::post("/v1/responses", last)).await, stored, "and on");

    let chat = |text: &str| Request::post("/v1/chat/completions", body.replace("\"b1\"", text));
    for request in [
        chat("\"a/b\""),
        chat("7"),
        chat("\"\""),
        Request::chat(&["Hi"]).header("X-Memgate-Session", "a b"),
        Request::chat(&["Hi"]).header("X-Memgate-Session", ".."),
    ] {
        world.send(&by("ana", request)).await.assert_refused(400, "session_invalid");
    }
    let twice = body.replace("\"model\"", "\"session_id\":\"x\",\"model\"");
    world.send(&by("ana", Request::post("/v1/chat/completions", twice))).await.assert_refused(400, "ambiguous_key");
    // A name in the body is no user's.
    let ana = body.replace("\"b1\"", "\"default:ana\"");
    let refused = world.send(&Request::post("/v1/chat/completions", ana)).await;
    refused.assert_refused(401, "identity_missing");

    let dry = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    let explained = world.send(&by("ana", say("POST", "/explain", &dry))).await.json();
    assert_eq!(explained["session"], json!({"id": first, "by": "first_turn", "history": true}));
}

#[tokio::test]
async fn sessions_are_made_renamed_cleared_and_deleted() {
    let world = keeping("required").await;
    let send = async |method: &str, rest: &str, body: Value| {
        world.send(&by("ana", say(method, &format!("/sessions{rest}"), &body))).await
    };
    let made = send("POST", "", json!({"title": " Plans ", "key": "p%1"})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(
        (&made["id"], &made["user"], &made["title"], &made["state"]),
        (&json!("p%1"), &json!("ana"), &json!("Plans"), &json!("idle"))
    );
    assert!(made["created_at"].is_string());
    assert_eq!(send("POST", "", json!({"key": "p%1"})).await.status, 200);
    let fresh = send("POST", "", json!({})).await.json()["id"].as_str().unwrap().to_owned();
    assert!(fresh.starts_with("s-"), "{fresh}");
    assert_eq!(send("PATCH", "/p%251", json!({"title": "Better plans"})).await.json()["title"], "Better plans");
    assert_eq!(send("PATCH", "/p%251", json!({"title": null})).await.json()["title"], Value::Null);
    for (body, code) in [
        (json!({"key": "a/b"}), "session_invalid"),
        (json!({"title": ""}), "session_invalid"),
        (json!({"title": "x".repeat(201)}), "session_invalid"),
        (json!({"key": "FACTORY"}), "session_reserved"),
        (json!({"user": "bert"}), "body_invalid"),
    ] {
        send("POST", "", body).await.assert_refused(400, code);
    }
    send("PATCH", "/p%251", json!({})).await.assert_refused(400, "body_invalid");
    world.send(&by("ana", ask("GET", "/sessions?state=odd"))).await.assert_refused(400, "parameter_invalid");
    world.send(&by("ana", ask("GET", "/sessions?cursor=odd"))).await.assert_refused(400, "cursor_invalid");
    world.send(&by("ana", ask("PUT", "/sessions/x"))).await.assert_refused(405, "method_not_allowed");

    for n in 0..5 {
        let text = format!("Question {n}");
        world.send(&by("ana", Request::chat(&[&text]).header("X-Memgate-Session", &fresh))).await.assert_ok();
    }
    history(&world, "ana", &fresh, 5).await;
    let page = get(&world, "ana", &format!("/{fresh}?limit=3")).await.json();
    let rest = format!("/{fresh}?limit=3&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = get(&world, "ana", &rest).await.json();
    let all: Vec<_> = said(&page).into_iter().chain(said(&rest)).map(|(said, _)| said).collect();
    assert_eq!(all, (0..5).map(|n| format!("Question {n}")).collect::<Vec<_>>());
    assert_eq!(rest["next_cursor"], Value::Null);
    let cleared = world.send(&by("ana", ask("DELETE", &format!("/sessions/{fresh}/history")))).await.json();
    assert_eq!(cleared, json!({"cleared": 5}));
    assert_eq!(get(&world, "ana", &format!("/{fresh}")).await.json()["history"], json!([]));
    world.send(&by("ana", ask("DELETE", &format!("/sessions/{fresh}")))).await.assert_ok();
    get(&world, "ana", &format!("/{fresh}")).await.assert_refused(404, "session_not_found");
}

#[tokio::test]
async fn ai_optimizers_history_is_shown_and_cleared() {
    let world = keeping("required").await;
    let call = |method: &str, client: Option<&str>| {
        let request = client.into_iter().fold(Request::new(method, "/v1/chat/history"), |r, c| r.header("client", c));
        by("ana", request)
    };
    let nothing = json!([{"role": "system", "content": "I'm sorry, I have no history of this conversation."}]);
    for client in [None, Some("c1"), Some("server"), Some("CONFIGURED")] {
        for method in ["GET", "PATCH"] {
            let answer = world.send(&call(method, client)).await;
            assert_eq!((answer.status, answer.json()), (200, nothing.clone()), "{method} {client:?}");
        }
    }
    world.send(&by("ana", Request::chat(&["Hello"]).header("X-Memgate-Session", "c1"))).await.assert_ok();
    history(&world, "ana", "c1", 1).await;
    let shown = world.send(&call("GET", Some("c1"))).await.json();
    assert_eq!(shown, json!([{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "All right then."}]));
    let foreign = Request::new("GET", "/v1/chat/history").header("client", "c1");
    assert_eq!(world.send(&by("bert", foreign)).await.json(), nothing);
    let forgotten = world.send(&call("PATCH", Some("c1"))).await.json();
    assert_eq!(forgotten, json!([{"role": "system", "content": "As requested, I've forgotten our conversation."}]));
    assert_eq!(world.send(&call("GET", Some("c1"))).await.json(), nothing);
    world.send(&call("GET", Some("a/b"))).await.assert_refused(400, "session_invalid");
    for method in ["POST", "DELETE", "PUT"] {
        let answer = world.send(&call(method, None)).await;
        answer.assert_refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, PATCH"));
    }
    assert_eq!(world.upstream.take().len(), 1, "nothing of it is forwarded");
}

#[tokio::test]
async fn an_erasure_ends_sessions_and_what_is_under_way() {
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    let answer = move |request: &Recorded| {
        if !request.mentions("slowly") {
            return Script::fitting(request);
        }
        let steps =
            [Step::Send(event("All ")), Step::Await(Arc::clone(&gate)), Step::Send(last_event()), Step::Send(DONE.to_vec())];
        Script::Stream(steps.to_vec())
    };
    let world = Arc::new(World::with_upstream(answer, |file| keep(file, "strict")).await);
    world.send(&by("ana", Request::chat(&["Hello"]).header(CHAT, "c1"))).await.assert_ok();
    history(&world, "ana", "c1", 1).await;
    let under_way = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(&by("ana", Request::streamed_chat(&["Say it slowly"]).header(CHAT, "c2"))).await })
    };
    world.upstream.wait_for_requests(2).await;
    world.send(&by("ana", say("POST", "/erase", &json!({"confirm": "erase"})))).await.assert_ok();
    assert_eq!(get(&world, "ana", "").await.json()["sessions"], json!([]));
    release.notify_one();
    under_way.await.unwrap().assert_ok();
    world.send(&by("ana", Request::chat(&["Hello again"]).header(CHAT, "c3"))).await.assert_ok();
    history(&world, "ana", "c3", 1).await;
    let listed = get(&world, "ana", "").await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_turn_is_lost_by_a_kill() {
    let mut world = keeping("required").await;
    let mut turns: Vec<String> = Vec::new();
    for round in 0..3 {
        let mut client = Client::connect(world.gate.address()).await;
        for n in 0..12 {
            let text = format!("Round {round}, question {n}");
            let request = if n % 2 == 0 { Request::chat(&[&text]) } else { Request::streamed_chat(&[&text]) };
            client.exchange(&request.vouched("ana").header(CHAT, "c1")).await.assert_ok();
            turns.push(text);
        }
        world.gate.kill();
        world.gate.start();
    }
    let session = history(&world, "ana", "c1", turns.len()).await;
    let kept: Vec<String> = said(&session).into_iter().map(|(said, _)| said).collect();
    assert_eq!(kept, turns, "each once, and in the order of the answers");
}

const KEYS: usize = 10_000;
const PEOPLE: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_keys_share_sixty_four_places() {
    let world = World::start(|file| {
        keep(file, "required");
        file["clients"][0]["history"] = "off".into();
        file["session"] = json!({"capacity": 64, "protected": ["vip"]});
    })
    .await;
    let world = Arc::new(world);
    let of = |user: &str, request: Request| request.vouched(user);
    let made = json!({"key": "k0", "title": "Plans"});
    assert_eq!(world.send(&of("p0", say("POST", "/sessions", &made))).await.status, 201);
    for session in ["vip", "server", "k0"] {
        world.send(&of("p0", Request::chat(&["Hi"]).header(CHAT, session))).await.assert_ok();
    }
    let next = Arc::new(AtomicUsize::new(1));
    let workers = (0..4).map(|_| {
        let (world, next) = (Arc::clone(&world), Arc::clone(&next));
        tokio::spawn(async move {
            let mut client = Client::connect(world.gate.address()).await;
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= KEYS {
                    return;
                }
                let request = Request::chat(&["Hi"]).vouched(&format!("p{}", n % PEOPLE)).header(CHAT, format!("k{n}"));
                let answer = client.exchange(&request).await;
                answer.assert_ok();
                assert_eq!(answer.header("x-memgate-session"), Some(format!("k{n}").as_str()));
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert!(world.metric("memgate_live_sessions", &[]).await <= 64);
    assert!(world.metric("memgate_session_evictions_total", &[]).await >= u64::try_from(KEYS).unwrap() - 64);
    let state = async |id: &str| world.send(&of("p0", ask("GET", &format!("/sessions/{id}")))).await.json();
    for protected in ["vip", "server"] {
        assert_eq!(state(protected).await["state"], "live", "{protected}");
    }
    let plans = state("k0").await;
    assert_eq!((&plans["state"], &plans["title"]), (&json!("idle"), &json!("Plans")), "evicted, and nothing is lost");
    world.send(&of("p0", Request::chat(&["Hi"]).header(CHAT, "k0"))).await.assert_ok();
    let plans = state("k0").await;
    assert_eq!((&plans["state"], &plans["title"], &plans["requests"]), (&json!("live"), &json!("Plans"), &json!(1)));
}
