//! Random interleavings of the person's API by the people of two tenants, with ids and cursors that they have seen of each other.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::client::Client;
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::me::{add, ask, list, say};

const WORKERS: u64 = 4;
const OPERATIONS: u64 = 250;

/// Equal names in two tenants, and a word that only this person ever says.
const PEOPLE: [(&str, &str); 4] =
    [("acme:ana", "aardvark"), ("umbra:ana", "bonobo"), ("acme:bert", "capybara"), ("umbra:bert", "dugong")];

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

/// What everybody has shared of everybody: ids and cursors.
#[derive(Default)]
struct Seen {
    ids: Vec<String>,
    cursors: Vec<String>,
}

fn operation(random: &mut Random, word: &str, shared: &Seen) -> Request {
    let any = |random: &mut Random, from: &[String]| from.get(random.below(from.len().max(1))).cloned().unwrap_or_default();
    let id = any(random, &shared.ids);
    match random.below(12) {
        0..=2 => say("POST", "/memories", &json!({"text": format!("My {word} number {}", random.below(40)), "kind": "profile"})),
        3 => ask("GET", "/memories?limit=3&history=true"),
        4 => ask("GET", &format!("/memories?limit=3&history=true&cursor={}", any(random, &shared.cursors))),
        5 => ask("GET", "/memories?q=my+number&limit=5"),
        6 => ask("GET", &format!("/memories/{id}")),
        7 => say("PATCH", &format!("/memories/{id}"), &json!({"text": format!("My {word} as changed"), "pinned": true})),
        8 => ask("DELETE", &format!("/memories/{id}?history=true")),
        9 => ask("GET", "/memories/export"),
        10 => say("POST", "/explain", &json!({"model": "m", "messages": [{"role": "user", "content": "my number?"}]})),
        _ => say("POST", "/memories/import", &json!({"id": id, "superseded_by": id, "text": format!("My {word} from a file")})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_or_changes_anothers_by_any_id_or_cursor() {
    let seed = crate::harness::sign::now().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    println!("seed {seed}");
    let world = Arc::new(World::in_mode("strict").await);
    let shared = Arc::new(Mutex::new(Seen::default()));
    for (user, word) in PEOPLE {
        let fact = add(&world, user, &json!({"text": format!("My {word} that stays"), "pinned": true})).await;
        // Known to nobody else: it must be there at the end, as it is.
        assert_eq!(fact["text"], format!("My {word} that stays"));
    }
    let tasks = (0..WORKERS).map(|worker| {
        let (world, shared) = (Arc::clone(&world), Arc::clone(&shared));
        tokio::spawn(async move {
            let mut random = Random(seed ^ (worker + 1).wrapping_mul(0xff51_afd7_ed55_8ccd));
            let mut client = Client::connect(world.gate.address()).await;
            for n in 0..OPERATIONS {
                let (name, own) = PEOPLE[random.below(PEOPLE.len())];
                let request = operation(&mut random, own, &shared.lock().unwrap());
                let what = format!("seed {seed}, {worker}/{n}: {name}: {} {}", request.method, request.target);
                let answer = client.exchange(&request.signed(name)).await;
                assert!(
                    matches!(answer.status, 200 | 201 | 400 | 404 | 405 | 409),
                    "{what}: {} {}",
                    answer.status,
                    answer.text()
                );
                for (other, theirs) in PEOPLE.iter().filter(|(other, _)| *other != name) {
                    assert!(!answer.text().contains(theirs), "{what}: of {other}: {}", answer.text());
                }
                // An export of one line is an object, too, and may be the fact whose id nobody is to know.
                if let Ok(Value::Object(body)) = serde_json::from_slice(&answer.body)
                    && !what.ends_with("/export")
                {
                    let mut shared = shared.lock().unwrap();
                    shared.ids.extend(body.get("id").and_then(Value::as_str).map(str::to_owned));
                    shared.cursors.extend(body.get("next_cursor").and_then(Value::as_str).map(str::to_owned));
                }
                if answer.header("connection") == Some("close") {
                    client = Client::connect(world.gate.address()).await;
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for (user, word) in PEOPLE {
        let facts = list(&world, user, "?history=true&limit=200").await;
        let text = serde_json::to_string(&facts).unwrap();
        assert!(facts.len() > 1 && text.contains(&format!("My {word} that stays")), "seed {seed}: {user}: {text}");
        for (_, theirs) in PEOPLE.iter().filter(|(other, _)| *other != user) {
            assert!(!text.contains(theirs), "seed {seed}: {user}: {text}");
        }
    }
    assert!(shared.lock().unwrap().ids.len() > 50);
    assert!(world.upstream.take().is_empty());
}
