//! Pages in browsers: who may call, what their browsers are told, and whom nobody can call in the name of.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::h2c;
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step, event};
use crate::harness::world::World;

const PAGE: &str = "https://chat.example.com";
const OTHER: &str = "http://127.0.0.1:8201";
const EVIL: &str = "https://evil.test";

async fn world(change: impl FnOnce(&mut Value)) -> World {
    World::start(|file| {
        file["cors"] = json!({"origins": [PAGE, OTHER]});
        file["trust"]["trusted_peers"] = json!([]);
        change(file);
    })
    .await
}

fn preflight(path: &str, origin: &str, headers: &str) -> Request {
    let request = Request::new("OPTIONS", path).header("Origin", origin).header("Access-Control-Request-Method", "POST");
    if headers.is_empty() { request } else { request.header("Access-Control-Request-Headers", headers) }
}

/// Headers of the CORS protocol, by name.
fn told(answer: &Answer) -> Vec<(&str, &str)> {
    let cors = answer.headers.iter().filter(|(name, _)| name.to_ascii_lowercase().starts_with("access-control-"));
    cors.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[track_caller]
fn assert_told_nothing(answer: &Answer) {
    assert_eq!(told(answer), [], "{}", answer.text());
}

#[track_caller]
fn assert_readable(answer: &Answer, origin: &str) {
    let origins: Vec<_> =
        told(answer).into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("access-control-allow-origin")).collect();
    assert_eq!(origins.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [origin], "{}", answer.text());
    assert!(told(answer).iter().all(|(_, value)| !value.contains('*')), "{:?}", told(answer));
    let vary: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("vary")).map(|(_, v)| v.as_str()).collect();
    assert!(vary.contains(&"Origin"), "{vary:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(answer.header("access-control-expose-headers").unwrap().contains("x-memgate-request-id"));
}

fn user_key(world: &World, user: &str) -> String {
    let made = world.gate.run(&["user", "key", "add", user, "--label", "page"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    printed.split_whitespace().find(|word| word.starts_with("mgk_")).unwrap().to_owned()
}

#[tokio::test]
async fn preflights_of_listed_pages_are_answered_for_every_path_and_go_no_further() {
    let world = world(|file| file["trust"]["mode"] = "strict".into()).await;
    let paths = ["/v1/chat/completions", "/direct/v1/models", "/memgate/v1/me/memories", "/nothing/here", "/v1/../x", "/"];
    for path in paths {
        let answer = world.send(&preflight(path, PAGE, "authorization,content-type,X-Stainless-Lang,x-memgate-user")).await;
        assert_eq!((answer.status, answer.body.len(), answer.complete), (204, 0, true), "{path}");
        assert_readable(&answer, PAGE);
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, POST, PUT, PATCH, DELETE"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type, x-stainless-lang"));
        assert_eq!(answer.header("access-control-max-age"), Some("3600"));
        assert_eq!(answer.header("access-control-allow-private-network"), None);
    }
    let private = preflight("/v1/models", OTHER, "").header("Access-Control-Request-Private-Network", "true");
    let answer = world.send(&private).await;
    assert_eq!((answer.status, answer.header("access-control-allow-private-network")), (204, Some("true")));
    assert_eq!(answer.header("access-control-allow-headers"), None);
    assert!(world.upstream.take().is_empty());

    let records = world.requests_on_record(paths.len() + 1).await;
    for record in &records {
        let fields = ["decision", "reason", "route", "method"].map(|field| record[field].as_str().unwrap());
        assert_eq!(fields, ["answer", "preflight", "preflight", "OPTIONS"]);
        assert_eq!((&record["status"], &record["user"]), (&json!(204), &Value::Null));
    }
    assert_eq!(records.len(), paths.len() + 1);
    let counted = world.metric("memgate_requests_total", &["decision=\"answer\"", "reason=\"preflight\""]).await;
    assert_eq!(counted, paths.len() as u64 + 1);
}

#[tokio::test]
async fn preflights_of_others_are_refused_and_told_nothing() {
    for listed in [true, false] {
        let world = World::in_mode("legacy").await;
        let mut world = world;
        if listed {
            world.gate.settings.file["cors"] = json!({"origins": [PAGE]});
            world.gate.write_config();
            assert!(world.gate.run(&["reload"]).status.success());
        }
        let origins =
            [EVIL, "null", "", "*", "https://chat.example.com.evil.test", "https://chat.example.com:8443", "http://memgate.test"];
        for origin in origins {
            let answer = world.send(&preflight("/v1/chat/completions", origin, "authorization")).await;
            answer.assert_refused(403, "origin_not_allowed");
            assert_told_nothing(&answer);
        }
        let twice = preflight("/v1/models", PAGE, "").header("Origin", EVIL);
        world.send(&twice).await.assert_refused(403, "origin_not_allowed");
        assert!(world.upstream.take().is_empty());
        let records = world.requests_on_record(origins.len() + 1).await;
        assert!(records.iter().all(|record| record["decision"] == "refuse" && record["reason"] == "origin_not_allowed"));
        assert_eq!(world.metric("memgate_refusals_total", &["origin_not_allowed"]).await, origins.len() as u64 + 1);
    }
}

#[tokio::test]
async fn every_answer_to_a_listed_page_is_readable_by_it() {
    let world = world(|_| {}).await;
    let key = user_key(&world, "ana");
    let from_page = |request: Request| request.header("Origin", PAGE);
    let chat = || from_page(Request::chat(&["Hello"]).bearer(&key));
    for (request, status) in [
        (chat(), 200),
        (from_page(Request::streamed_chat(&["Hello"]).bearer(&key)), 200),
        (from_page(Request::new("GET", "/v1/models").bearer(&key)), 200),
        (from_page(Request::new("GET", "/memgate/v1/me").bearer(&key)), 200),
        (from_page(Request::new("GET", "/memgate/v1/me/memories/export").bearer(&key)), 200),
        (from_page(Request::chat(&["Hello"])), 401),
        (from_page(Request::chat(&["Hello"]).bearer("mgk_unknown")), 401),
        (from_page(Request::new("GET", "/memgate/v1/me/nothing").bearer(&key)), 404),
        (from_page(Request::new("GET", "/nothing").bearer(&key)), 404),
        (from_page(Request::post("/v1/chat/completions", "{").bearer(&key)), 400),
        (chat().header("X-Filler", vec![b'a'; 70 << 10]), 431),
        (from_page(Request::new("GET", "/v1/../x").bearer(&key)), 400),
    ] {
        let answer = world.send(&request).await;
        assert_eq!(answer.status, status, "{} {}: {}", request.method, request.target, answer.text());
        assert_readable(&answer, PAGE);
    }
    // A program, and the same of another listed page.
    let answer = world.send(&Request::chat(&["Hello"]).bearer(&key)).await;
    assert_told_nothing(&answer);
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_readable(&world.send(&Request::chat(&["Hello"]).bearer(&key).header("Origin", OTHER)).await, OTHER);
}

#[tokio::test]
async fn what_the_upstream_tells_browsers_goes_no_further() {
    let answer = |_: &Recorded| {
        let head = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
                    Access-Control-Expose-Headers: *\r\nVary: Accept-Encoding\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        Script::Raw(head.as_bytes().to_vec())
    };
    let world = World::with_upstream(answer, |file| file["cors"] = json!({"origins": [PAGE]})).await;
    let request = || Request::new("GET", "/v1/models").vouched("ana");
    assert_told_nothing(&world.send(&request()).await);
    let answer = world.send(&request().header("Origin", PAGE)).await;
    assert_readable(&answer, PAGE);
    assert!(answer.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("vary") && value == "Accept-Encoding"));
    let key = user_key(&world, "ana");
    assert_told_nothing(&world.send(&Request::new("GET", "/v1/models").bearer(&key).header("Origin", EVIL)).await);
    // Backends with a list of their own would turn the page down.
    assert!(world.upstream.take().iter().all(|seen| seen.header("origin").is_none()));
}

#[tokio::test]
async fn a_failing_upstream_is_readable_too() {
    let answer = |request: &Recorded| {
        if request.json()["stream"] == json!(true) {
            Script::Stream(vec![Step::Send(event("one")), Step::Cut])
        } else {
            Script::Close
        }
    };
    let world = World::with_upstream(answer, |file| file["cors"] = json!({"origins": [PAGE]})).await;
    let answer = world.send(&Request::chat(&["Hello"]).vouched("ana").header("Origin", PAGE)).await;
    assert_eq!(answer.status, 502);
    assert_readable(&answer, PAGE);
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana").header("Origin", PAGE)).await;
    assert_eq!(answer.status, 200);
    assert_readable(&answer, PAGE);
    assert!(answer.text().contains("upstream_failed") && answer.complete, "{}", answer.text());
}

/// What a page can send to any site without asking: no key, no identity header, a body that calls itself text.
fn simple(origin: &str) -> Request {
    let chat = Request::chat(&["Hello"]);
    Request { headers: vec![("Content-Type".to_owned(), b"text/plain".to_vec())], ..chat }.header("Origin", origin)
}

#[tokio::test]
async fn no_page_has_requests_served_in_the_name_of_its_reader() {
    for mode in ["legacy", "quarantine", "required"] {
        let world = world(|file| {
            file["trust"]["mode"] = mode.into();
            file["clients"][0]["peers"] = json!(["127.0.0.1/32"]);
        })
        .await;
        let password = simple(EVIL).header("Authorization", "Basic cmVtZW1iZXJlZDpieSB0aGUgYnJvd3Nlcg==");
        let empty = simple(EVIL).bearer("").header("Cookie", "session=1");
        for request in
            [simple(EVIL), simple("null"), simple("http://memgate.test"), simple(PAGE).header("Origin", PAGE), password, empty]
        {
            let answer = world.send(&request).await;
            answer.assert_refused(403, "origin_not_allowed");
            assert_told_nothing(&answer);
        }
        assert!(world.upstream.take().is_empty(), "{mode}");
        let program = Request { headers: Vec::new(), ..Request::chat(&["Hello"]) };
        assert_eq!(world.send(&program).await.status == 200, mode != "required");
    }
}

#[tokio::test]
async fn pages_of_the_address_itself_are_served_over_http2_too() {
    let world = world(|file| {
        file["trust"]["mode"] = "legacy".into();
        file["limits"] = json!({"h2c": true});
    })
    .await;
    let to = world.gate.address();
    for (origin, status) in [(format!("http://{to}"), 200), (PAGE.to_owned(), 200), (EVIL.to_owned(), 403)] {
        let answer = h2c::send(to, &simple(&origin)).await.unwrap();
        assert_eq!(answer.status, status, "{origin}: {}", answer.text());
    }
    let answer = h2c::send(to, &preflight("/v1/models", PAGE, "authorization")).await.unwrap();
    assert_eq!(answer.status, 204);
    assert_readable(&answer, PAGE);
}

#[tokio::test]
async fn a_program_with_an_origin_of_its_own_is_served_by_its_key() {
    let world = World::in_mode("strict").await;
    let key = user_key(&world, "ana");
    for origin in ["null", "file://", "app://chat", EVIL] {
        for request in [
            Request::chat(&["Hello"]).bearer(&key),
            Request::chat(&["Hello"]).header("x-api-key", &key),
            Request::chat(&["Hello"]).header("api-key", &key),
        ] {
            let answer = world.send(&request.header("Origin", origin)).await;
            answer.assert_ok();
            assert_told_nothing(&answer);
        }
    }
}

#[tokio::test]
async fn two_people_on_one_page_stay_apart() {
    let world = world(|file| file["trust"]["mode"] = "strict".into()).await;
    let (ana, bob) = (user_key(&world, "ana"), user_key(&world, "bob"));
    let from = |key: &str, text: &str| Request::chat(&[text]).bearer(key).header("Origin", PAGE);
    world.teach(&from(&ana, "Remember that the code of my locker is quagga.")).await;
    for (key, knows) in [(&ana, true), (&bob, false)] {
        let seen = world.forwarded(&from(key, "What is the code of my locker?")).await;
        assert_eq!(seen.mentions("quagga"), knows);
        let own = world.send(&Request::new("GET", "/memgate/v1/me/memories").bearer(key).header("Origin", PAGE)).await;
        assert_readable(&own, PAGE);
        assert_eq!(own.text().contains("quagga"), knows);
    }
}

#[tokio::test]
async fn credentials_and_headers_are_allowed_where_they_are_configured() {
    let world = world(|file| {
        file["cors"] = json!({"origins": ["HTTPS://Chat.Example.com:443"], "headers": ["X-Staff-Id"], "credentials": true, "max_age": "10m"});
    })
    .await;
    let answer = world.send(&preflight("/v1/models", PAGE, "x-staff-id, x-other")).await;
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-staff-id"));
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let answer = world.send(&Request::chat(&["Hello"]).vouched("ana").header("Origin", PAGE)).await;
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_told_nothing(&world.send(&preflight("/v1/models", EVIL, "")).await);
}

#[tokio::test]
async fn origins_that_mean_everybody_are_faults() {
    let mut world = World::in_mode("strict").await;
    world.gate.settings.file["cors"] = json!({"origins": ["*", "null", "https://*.example.com", "https://a.example.com/"]});
    world.gate.write_config();
    let output = world.gate.check();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{printed}");
    for (index, reason) in ["every page on the web", "every sandboxed page", "holds a pattern", "has a path"].iter().enumerate() {
        assert!(printed.contains(&format!("cors.origins[{index}]")) && printed.contains(reason), "{reason}: {printed}");
    }
    assert_eq!(printed.matches("remedy:").count(), 4, "{printed}");
}
