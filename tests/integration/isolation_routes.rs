//! Every route of a person's own, none left out: what it tells of another's, of what never was, to nobody, and after an erasure.

use memgate::proxy::{HISTORY_METHODS, ME, ME_ROUTES};
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::keys::{ANA, keys, put};
use crate::me::{add, list, say};
use crate::sessions::{CHAT, by, get, history, keep};

/// What only the owner's things hold.
const SECRET: &str = "aardvark";
const OWNER: &str = "acme:ana";
const HISTORY: &str = "/v1/chat/history";

/// What stands in paths, parameters and bodies for a fact, a session and a provider.
struct Ids {
    fact: String,
    session: &'static str,
    provider: &'static str,
}

impl Ids {
    fn never() -> Self {
        Self { fact: "018f0000000070008000000000000000".to_owned(), session: "never-was", provider: "mistral" }
    }
}

/// The status for a person who has nothing, and what is sent.
fn line(method: &str, path: &str, ids: &Ids) -> (u16, Option<Value>) {
    match (method, path) {
        (
            "GET",
            "" | "/memories" | "/memories/export" | "/budget" | "/visits" | "/keys" | "/settings" | "/sessions"
            | "/sessions/export",
        )
        | ("DELETE", "/settings" | "/keys/{provider}")
        | (_, HISTORY) => (200, None),
        ("POST", "/memories") => (201, Some(json!({"text": "My own word"}))),
        ("POST", "/memories/import") => (200, Some(json!({"text": "Another word of mine"}))),
        ("POST", "/erase") => (200, Some(json!({"confirm": "erase"}))),
        ("POST", "/explain") => {
            (200, Some(json!({"model": "m", "messages": [{"role": "user", "content": "What is the code of my locker?"}]})))
        }
        ("PUT", "/keys/{provider}") => (201, Some(json!({"key": "sk-of-somebody-else"}))),
        ("PATCH", "/settings") => (200, Some(json!({"temperature": 0.3}))),
        ("POST", "/sessions") => (201, Some(json!({"key": ids.session}))),
        ("PATCH", "/memories/{id}") => (404, Some(json!({"text": "stolen"}))),
        ("PATCH", "/sessions/{id}") => (404, Some(json!({"title": "stolen"}))),
        ("GET" | "DELETE", "/memories/{id}" | "/sessions/{id}" | "/sessions/{id}/history")
        | ("GET", "/keys/{provider}")
        | ("POST", "/keys/{provider}/test") => (404, None),
        _ => panic!("{method} {path} is served and not in this table"),
    }
}

/// Every route with its status. First those that find nothing: others make what they would find. Last what ends it all.
fn routes(ids: &Ids) -> Vec<(Request, u16)> {
    let history = HISTORY_METHODS.split(", ").map(|method| (method, HISTORY));
    let mut routes: Vec<(Request, u16)> =
        ME_ROUTES.iter().copied().chain(history).map(|(method, path)| route(method, path, ids)).collect();
    routes.sort_by_key(|(request, status)| match status {
        _ if request.target.ends_with("/erase") => 3,
        404 => 0,
        201 => 1,
        _ => 2,
    });
    routes
}

fn route(method: &str, path: &str, ids: &Ids) -> (Request, u16) {
    let (status, body) = line(method, path, ids);
    if path == HISTORY {
        return (Request::new(method, path).header("client", ids.session), status);
    }
    let id = if path.starts_with("/memories") { &ids.fact } else { ids.session };
    let mut target = format!("{ME}{path}").replace("{id}", id).replace("{provider}", ids.provider);
    if path == "/settings" {
        target = format!("{target}?session={}", ids.session);
    }
    let request = match body {
        Some(body) => Request { method: method.to_owned(), ..Request::post(&target, body.to_string()) },
        None => Request::new(method, &target),
    };
    (request, status)
}

/// What an answer tells, without the names that were sent and the time.
fn told(answer: &Answer, ids: &Ids) -> Vec<Value> {
    let mut text = answer.text();
    for name in [&*ids.fact, ids.session, ids.provider] {
        text = text.replace(name, "NAME");
    }
    let lines = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    lines.map(|line| timeless(line.unwrap())).collect()
}

fn timeless(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let steady =
                members.into_iter().filter(|(key, _)| !key.ends_with("_at") && !["id", "at", "receipt"].contains(&key.as_str()));
            steady.map(|(key, value)| (key, timeless(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        other => other,
    }
}

/// Goes through every route with the owner's ids and with such as never were: it must be all the same, and nothing of the owner's.
async fn find_nothing(world: &World, who: &str, evidence: impl Fn(Request) -> Request, real: &Ids) {
    let never = Ids::never();
    for ((real_request, status), (never_request, _)) in routes(real).into_iter().zip(routes(&never)) {
        let what = format!("{who}: {} {}", real_request.method, real_request.target);
        // What stands in a path is another's; what makes something of one's own comes last.
        let answers = [world.send(&evidence(real_request.clone())).await, world.send(&evidence(never_request)).await];
        let [answer, nobodys] = &answers;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(!answer.text().contains(SECRET) && !answer.text().contains("aaa111"), "{what}: {}", answer.text());
        if real_request.method == "POST" && real_request.target.contains("/memories") {
            // The second time it is there.
            continue;
        }
        let lists = ["/me", "/memories", "/export", "/explain", "/erase", "/budget", "/me/sessions", "/me/keys"];
        let is_list = real_request.method == "GET" && lists.iter().any(|end| real_request.target.ends_with(end));
        if !is_list && !real_request.target.ends_with("/explain") && !real_request.target.ends_with("/erase") {
            assert_eq!(
                (answer.status, told(answer, real)),
                (nobodys.status, told(nobodys, &never)),
                "{what}: not yours is not there"
            );
        }
    }
}

/// Gives the owner one of each, and says by which names.
async fn furnish(world: &World) -> Ids {
    let ids = |fact: String| Ids { fact, session: "holidays", provider: "fake" };
    let fact = add(world, OWNER, &json!({"text": format!("The code of my locker is {SECRET}"), "pinned": true})).await;
    let ids = ids(fact["id"].as_str().unwrap().to_owned());
    assert_eq!(put(world, OWNER, ids.provider, ANA).await.status, 201);
    world.send(&by(OWNER, Request::chat(&[&format!("My word is {SECRET}")]).header(CHAT, ids.session))).await.assert_ok();
    history(world, OWNER, ids.session, 1).await;
    let title = say("PATCH", &format!("/sessions/{}", ids.session), &json!({"title": format!("The {SECRET}")}));
    world.send(&by(OWNER, title)).await.assert_ok();
    for target in ["/settings".to_owned(), format!("/settings?session={}", ids.session)] {
        let preamble = say("PATCH", &target, &json!({"preamble": format!("Speak of the {SECRET}.")}));
        world.send(&by(OWNER, preamble)).await.assert_ok();
    }
    ids
}

/// All that the owner has, as the owner sees it.
async fn possessions(world: &World, ids: &Ids) -> Vec<Value> {
    let session = get(world, OWNER, &format!("/{}", ids.session)).await.json();
    let settings = world.send(&by(OWNER, Request::new("GET", &format!("{ME}/settings?session={}", ids.session)))).await.json();
    let facts = list(world, OWNER, "").await.into_iter();
    facts.chain(keys(world, OWNER).await).chain([timeless(session), settings]).collect()
}

#[tokio::test]
async fn anothers_ids_are_worth_no_more_than_invented_ones() {
    let world = World::start(|file| keep(file, "required")).await;
    let ids = furnish(&world).await;
    let before = possessions(&world, &ids).await;
    assert!(before.len() >= 4 && before.iter().filter(|one| one.to_string().contains(SECRET)).count() >= 3, "{before:?}");
    find_nothing(&world, "another of the tenant", |request| by("acme:bert", request), &ids).await;
    find_nothing(&world, "the other tenant's of that name", |request| by("umbra:ana", request), &ids).await;
    find_nothing(&world, "vouched", |request| request.vouched("ana"), &ids).await;
    find_nothing(&world, "asserted", |request| request.header("X-Memgate-User", "acme:carla"), &ids).await;
    assert_eq!(possessions(&world, &ids).await, before, "nothing of the owner's has changed");
    assert_eq!(world.upstream.take().len(), 1, "nothing but the owner's chat was forwarded");
}

#[tokio::test]
async fn who_is_nobody_gets_what_the_mode_says() {
    for mode in ["strict", "required", "quarantine", "legacy"] {
        let world = World::start(|file| keep(file, mode)).await;
        let ids = furnish(&world).await;
        let before = possessions(&world, &ids).await;
        let (status, code) = match mode {
            "strict" | "required" => (401, "identity_missing"),
            "quarantine" => (403, "no_memory_scope"),
            _ => {
                // The default user is somebody, and has nothing of others.
                find_nothing(&world, mode, |request| request, &ids).await;
                assert_eq!(possessions(&world, &ids).await, before, "{mode}");
                continue;
            }
        };
        for (request, _) in routes(&ids).into_iter().chain(routes(&Ids::never())) {
            let answer = world.send(&request).await;
            let what = format!("{mode}: {} {}: {}", request.method, request.target, answer.text());
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{what}");
        }
        assert_eq!(possessions(&world, &ids).await, before, "{mode}");
    }
}

#[tokio::test]
async fn after_an_erasure_the_owner_is_a_stranger_too() {
    let mut world = World::start(|file| keep(file, "required")).await;
    let ids = furnish(&world).await;
    for round in ["at once", "after a restart"] {
        world.send(&by(OWNER, say("POST", "/erase", &json!({"confirm": "erase"})))).await.assert_ok();
        find_nothing(&world, round, |request| by(OWNER, request), &ids).await;
        world.gate.stop();
        world.gate.start();
    }
}

#[tokio::test]
async fn who_is_nobody_is_held_to_the_settings_of_the_clients_tenant() {
    let world = World::start(|file| {
        file["trust"]["mode"] = "quarantine".into();
        file["clients"][0]["tenant"] = "acme".into();
        file["settings"] = json!({"locked": ["temperature"], "tenants": {"acme": {"temperature": 0.1}}});
    })
    .await;
    let key = crate::harness::gate::OPEN_WEBUI_KEY.1;
    let body = json!({"model": "m", "temperature": 1.9, "messages": [{"role": "user", "content": "Hello."}]}).to_string();
    let chat = || Request::post("/v1/chat/completions", body.clone()).bearer(key);
    for request in [chat(), chat().header(CHAT, "c1"), chat().header("X-OpenWebUI-User-Id", "ana")] {
        assert_eq!(world.forwarded(&request).await.json()["temperature"], json!(0.1));
    }
}
