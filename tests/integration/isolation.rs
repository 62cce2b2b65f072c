//! Random interleavings of the users of two tenants over all routes: nothing of one in anything sent to or for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::client::Client;
use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;

/// Operations in all; more by `MEMGATE_TEST_OPERATIONS`.
const OPERATIONS: usize = 10_000;
const CONNECTIONS: usize = 8;

/// Two tenants with equal names, and a word that only this person ever says.
const PEOPLE: [(&str, &str); 6] = [
    ("acme:ana-4b1d", "aardvark"),
    ("acme:bert-90ce", "bonobo"),
    ("acme:carla-55e2", "capybara"),
    ("umbra:ana-4b1d", "dugong"),
    ("umbra:bert-90ce", "echidna"),
    ("umbra:carla-55e2", "fossa"),
];
const PLACES: [&str; 8] = ["locker", "garage", "bicycle", "safe", "gate", "attic", "boat", "shed"];

/// A small generator (xorshift), so that a seed tells the whole run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn from_environment<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One random request of one person. The mark says whose it is, where the upstream records it.
fn operation(random: &mut Random, person: usize, n: usize) -> Request {
    let (user, word) = PEOPLE[person];
    let place = PLACES[random.below(PLACES.len())];
    let mark = format!("mark-{person}-{n}");
    let chat = |turns: &[&str], stream: bool| {
        let role = |at: usize| if at.is_multiple_of(2) { "user" } else { "assistant" };
        let turns: Vec<Value> = turns.iter().enumerate().map(|(at, text)| json!({"role": role(at), "content": text})).collect();
        Request::post(
            "/v1/chat/completions",
            json!({"model": "m", "stream": stream, "x_mark": mark, "messages": turns}).to_string(),
        )
    };
    let statement = format!("Remember that the code of my {place} is {word}{n}.");
    let question = format!("What is the code of my {place}?");
    let other = PEOPLE[(person + 1 + random.below(PEOPLE.len() - 1)) % PEOPLE.len()].0;
    let request = match random.below(12) {
        0..=2 => chat(&[&statement], n.is_multiple_of(2)),
        3..=6 => chat(&[&question], n.is_multiple_of(2)),
        7 => chat(&["Hello there", "Hello", &question], true),
        8 => chat(&[&format!("### Task:\nWrite a title.\n<chat_history>{statement}</chat_history>")], false),
        9 => Request::new("GET", &format!("/v1/models?x_mark={mark}")),
        10 => Request::post("/v1/embeddings", json!({"model": "m", "input": statement, "x_mark": mark}).to_string()),
        _ => {
            // Somebody else's name under this person's good signature, in the body and in a header of another product.
            let body =
                json!({"model": "m", "x_mark": mark, "user": "nobody", "messages": [{"role": "user", "content": question}]});
            let request = Request::post("/v1/chat/completions", body.to_string()).header("X-St-User", other);
            if n.is_multiple_of(3) {
                // Signed for this person, sent for the other.
                let mut headers = Signature::of(user, "POST", &request.target, &request.body).headers();
                other.clone_into(&mut headers[0].1);
                return request.headers(headers);
            }
            request
        }
    };
    request.signed(user)
}

/// Answers with the request's own body, so that what was injected comes back to whoever asked.
fn echo(request: &Recorded) -> Script {
    if request.method == "GET" {
        return Script::json(200, &json!({"object": "list", "data": []}));
    }
    let text = request.text();
    match request.json().get("stream") {
        Some(Value::Bool(true)) => {
            Script::Stream(vec![Step::Send(event(&text)), Step::Send(last_event()), Step::Send(DONE.to_vec())])
        }
        _ => Script::says(&text),
    }
}

/// Whose request this is, by its mark.
fn person_of(request: &Recorded) -> usize {
    let text = format!("{} {}", request.target, request.text());
    let at = text.find("mark-").unwrap_or_else(|| panic!("a request without a mark: {text}"));
    usize::from(text.as_bytes()[at + 5] - b'0')
}

#[track_caller]
fn assert_no_other(person: usize, seed: u64, text: &str) {
    for (other, (user, word)) in PEOPLE.iter().enumerate().filter(|(other, _)| *other != person) {
        let tenant = user.split(':').next().unwrap();
        let foreign_tenant = !PEOPLE[person].0.starts_with(tenant) && text.contains(tenant);
        assert!(
            !text.contains(word) && !text.contains(user) && !foreign_tenant,
            "seed {seed}: something of person {other} for person {person}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_interleavings_leak_nothing() {
    let operations = from_environment("MEMGATE_TEST_OPERATIONS", OPERATIONS);
    let seed = from_environment("MEMGATE_TEST_SEED", crate::harness::sign::now().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    println!("seed {seed}; repeat with MEMGATE_TEST_SEED={seed}");
    let generous = |file: &mut Value| file["trust"]["replay_capacity"] = (operations * 2).into();
    let world = Arc::new(World::with_upstream(echo, generous).await);
    let next = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|worker| {
            let (world, next) = (Arc::clone(&world), Arc::clone(&next));
            tokio::spawn(async move {
                let mut random = Random(seed ^ u64::try_from(worker + 1).unwrap().wrapping_mul(0xff51_afd7_ed55_8ccd));
                let mut client = Client::connect(world.gate.address()).await;
                let mut refused = 0;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= operations {
                        return refused;
                    }
                    let person = random.below(PEOPLE.len());
                    let answer = client.exchange(&operation(&mut random, person, n)).await;
                    assert!(matches!(answer.status, 200 | 401), "seed {seed}, {n}: {} {}", answer.status, answer.text());
                    refused += usize::from(answer.status == 401);
                    assert_no_other(person, seed, &answer.text());
                    assert_no_other(person, seed, &format!("{:?}", answer.headers));
                    if answer.header("connection") == Some("close") {
                        client = Client::connect(world.gate.address()).await;
                    }
                }
            })
        })
        .collect();
    let mut refused = 0;
    for worker in workers {
        refused += worker.await.unwrap();
    }
    let forwarded = world.upstream.take();
    let mut recalled = [0_usize; PEOPLE.len()];
    for request in &forwarded {
        let person = person_of(request);
        let text = format!("{} {:?} {}", request.target, request.headers, request.text());
        assert_no_other(person, seed, &text);
        assert!(!text.contains(PEOPLE[person].0), "seed {seed}: an id went to the upstream: {text}");
        recalled[person] += usize::from(text.contains(PEOPLE[person].1) && text.contains("What is the code"));
    }
    // The run must have meant something: everybody was remembered, refusals took place, everything else arrived.
    assert_eq!(forwarded.len() + refused, operations, "seed {seed}");
    assert!(refused > operations / 100, "seed {seed}: {refused} refusals");
    assert!(recalled.iter().all(|count| *count > operations / 100), "seed {seed}: recalled {recalled:?}");
    let metrics = world.metrics().await;
    for (user, word) in PEOPLE {
        let name = user.split(':').nth(1).unwrap();
        assert!(!metrics.contains(name) && !metrics.contains(word), "a metric names {user}");
    }
}

#[tokio::test]
async fn sandboxes_are_apart_from_users_and_from_each_other() {
    let world = World::with_upstream(echo, |file| file["trust"]["mode"] = "quarantine".into()).await;
    let statement = "Remember that the code of my locker is";
    let question = Request::chat(&["What is the code of my locker?"]);
    world.teach(&Request::chat(&[&format!("{statement} aardvark.")]).signed("ana")).await;
    world.teach(&Request::chat(&[&format!("{statement} bonobo.")]).header("X-Memgate-User", "ana")).await;
    world.teach(&Request::chat(&[&format!("{statement} capybara.")]).header("X-Memgate-User", "bert")).await;
    // Nothing tells this person from the next one behind the same address: nobody gets to hear it, not even they.
    world.send(&Request::chat(&[&format!("{statement} dugong.")])).await.assert_ok();
    world.teach(&Request::chat(&[&format!("{statement} echidna.")]).header("X-OpenWebUI-Chat-Id", "other")).await;
    let words = ["aardvark", "bonobo", "capybara", "dugong", "echidna"];
    let askers = [
        question.clone().signed("ana"),
        question.clone().header("X-Memgate-User", "ana"),
        question.clone().header("X-Memgate-User", "bert"),
        question.clone(),
        question.header("X-OpenWebUI-Chat-Id", "other"),
    ];
    for (own, asker) in askers.iter().enumerate() {
        let seen = world.forwarded(asker).await;
        for (word, text) in words.iter().enumerate() {
            let heard = word == own && *text != "dugong";
            assert_eq!(seen.mentions(text), heard, "asker {own}, {text}: {}", seen.text());
        }
    }
}
