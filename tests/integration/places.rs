//! An upstream gets as many requests at once as it may; others wait in turn, and are told when to come again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::failover::pair;
use crate::harness::client::{Answer, Client, send};
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;

/// An upstream that begins each answer at once and ends it when told to.
#[derive(Default)]
struct Pace {
    /// What was asked, in order, and how to end the answer.
    begun: Mutex<Vec<(String, Arc<Notify>)>>,
    ended: AtomicUsize,
    /// Most answers that had begun and not ended.
    peak: AtomicUsize,
}

impl Pace {
    fn begin(&self, request: &Recorded) -> Script {
        let end = Arc::new(Notify::new());
        let mut begun = self.begun.lock().unwrap();
        let said = request.json()["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
        begun.push((said, Arc::clone(&end)));
        self.peak.fetch_max(begun.len() - self.ended.load(Ordering::SeqCst), Ordering::SeqCst);
        Script::Stream(vec![Step::Send(event("a")), Step::Await(end), Step::Send(last_event()), Step::Send(DONE.to_vec())])
    }

    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap().iter().map(|(said, _)| said.clone()).collect()
    }

    /// Ends the answer that began as the `n`th.
    fn end(&self, n: usize) {
        self.ended.fetch_add(1, Ordering::SeqCst);
        self.begun.lock().unwrap()[n].1.notify_one();
    }

    async fn wait_for(&self, count: usize) {
        eventually(&format!("{count} requests"), async || (self.begun().len() >= count).then_some(())).await;
    }
}

async fn world(concurrency: Value) -> (Arc<World>, Arc<Pace>) {
    let pace = Arc::new(Pace::default());
    let upstream = Arc::clone(&pace);
    let world = World::with_upstream(
        move |request| upstream.begin(request),
        |file| {
            file["upstreams"][0]["concurrency"] = concurrency;
            file["upstreams"][0]["dialects"] = json!(["openai", "anthropic"]);
        },
    )
    .await;
    (Arc::new(world), pace)
}

fn ask(user: &str, text: &str) -> Request {
    Request::streamed_chat(&[text]).vouched(user)
}

/// Sends a request whose answer is for later.
fn start(world: &World, request: Request) -> tokio::task::JoinHandle<Answer> {
    let address = world.gate.address();
    tokio::spawn(async move { send(address, &request).await })
}

async fn wait_for_queue(world: &World, length: u64) {
    eventually(&format!("a queue of {length}"), async || {
        (world.metric("memgate_upstream_requests_queued", &[]).await == length).then_some(())
    })
    .await;
}

#[track_caller]
fn assert_busy(answer: &Answer) -> u64 {
    answer.assert_refused(429, "upstream_busy");
    let seconds = answer.header("retry-after").expect("no Retry-After").parse().unwrap();
    assert!((1..=300).contains(&seconds), "{seconds}");
    seconds
}

#[tokio::test]
async fn the_limit_is_exact_under_many() {
    let (world, pace) = world(json!({"limit": 4, "queue": 64, "wait": "10m"})).await;
    let asked: Vec<_> = (0..64).map(|n| start(&world, ask(&format!("user-{}", n % 16), "Hello"))).collect();
    wait_for_queue(&world, 60).await;
    for n in 0..64 {
        pace.wait_for((n + 4).min(64)).await;
        assert_eq!(world.metric("memgate_upstream_requests_in_flight", &[]).await, 4.min(64 - n as u64));
        pace.end(n);
        if n + 5 > 64 {
            eventually("a place to be free", async || {
                let taken = world.metric("memgate_upstream_requests_in_flight", &[]).await;
                (taken == 63 - n as u64).then_some(())
            })
            .await;
        }
    }
    for answer in asked {
        answer.await.unwrap().assert_ok();
    }
    assert_eq!(pace.peak.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_full_queue_and_a_long_wait_end_in_429() {
    let (world, pace) = world(json!({"limit": 1, "queue": 1, "wait": "10m"})).await;
    let first = start(&world, ask("ana", "one"));
    pace.wait_for(1).await;
    let second = start(&world, ask("ana", "two"));
    wait_for_queue(&world, 1).await;
    assert_busy(&world.send(&ask("ana", "three")).await);
    assert_busy(&world.send(&ask("bert", "three")).await);
    let message = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
    let anthropic = Request::post("/v1/messages", message.to_string()).header("anthropic-version", "2023-06-01").vouched("ana");
    let answer = world.send(&anthropic).await;
    assert_eq!((answer.status, &answer.json()["error"]["type"]), (429, &json!("rate_limit_error")), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    pace.end(0);
    pace.wait_for(2).await;
    pace.end(1);
    first.await.unwrap().assert_ok();
    second.await.unwrap().assert_ok();
    assert_eq!(pace.begun(), ["one", "two"]);
    assert_eq!(world.metric("memgate_upstream_busy_total", &[]).await, 3);

    let (world, pace) = self::world(json!({"limit": 1, "queue": 1, "wait": "50ms"})).await;
    let _held = start(&world, ask("ana", "one"));
    pace.wait_for(1).await;
    assert_busy(&world.send(&ask("ana", "two")).await);
    wait_for_queue(&world, 0).await;
}

#[tokio::test]
async fn persons_take_turns() {
    let (world, pace) = world(json!({"limit": 1, "queue": 5, "wait": "10m"})).await;
    let mut asked = vec![start(&world, ask("ana", "ana 0"))];
    pace.wait_for(1).await;
    let wishes = [("ana", "ana 1"), ("ana", "ana 2"), ("ana", "ana 3"), ("ana", "ana 4"), ("bert", "bert 1")];
    for (n, (user, text)) in (1..).zip(wishes) {
        asked.push(start(&world, ask(user, text)));
        wait_for_queue(&world, n).await;
    }
    // The queue is full: the newcomer takes the last place of the burst.
    let carla = start(&world, ask("carla", "carla 1"));
    let displaced = asked.remove(4).await.unwrap();
    assert_busy(&displaced);
    asked.push(carla);
    for n in 0..6 {
        pace.wait_for(n + 1).await;
        pace.end(n);
    }
    for answer in asked {
        answer.await.unwrap().assert_ok();
    }
    assert_eq!(pace.begun(), ["ana 0", "ana 1", "bert 1", "carla 1", "ana 2", "ana 3"]);
}

#[tokio::test]
async fn who_leaves_the_queue_frees_the_place() {
    let (world, pace) = world(json!({"limit": 1, "queue": 1, "wait": "10m"})).await;
    let first = start(&world, ask("ana", "one"));
    pace.wait_for(1).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&ask("ana", "two")).await;
    wait_for_queue(&world, 1).await;
    drop(client);
    wait_for_queue(&world, 0).await;
    let record = world.requests_on_record(1).await.pop().unwrap();
    assert_eq!(record["outcome"], "client_left", "{record}");
    let third = start(&world, ask("ana", "three"));
    wait_for_queue(&world, 1).await;
    pace.end(0);
    pace.wait_for(2).await;
    pace.end(1);
    first.await.unwrap().assert_ok();
    third.await.unwrap().assert_ok();
    assert_eq!(pace.begun(), ["one", "three"]);
}

#[tokio::test]
async fn who_leaves_the_answer_frees_the_place() {
    let (world, pace) = world(json!({"limit": 1, "queue": 1, "wait": "10m"})).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&ask("ana", "one")).await;
    assert_eq!(client.read_head().await.status, 200);
    let second = start(&world, ask("ana", "two"));
    wait_for_queue(&world, 1).await;
    drop(client);
    pace.wait_for(2).await;
    pace.end(1);
    second.await.unwrap().assert_ok();
    // A moment after the last byte.
    eventually("the place to be free", async || {
        (world.metric("memgate_upstream_requests_in_flight", &[]).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_free_place_elsewhere_is_taken_before_waiting() {
    let pace = Arc::new(Pace::default());
    let upstream = Arc::clone(&pace);
    let one = json!({"limit": 1, "queue": 8, "wait": "10m"});
    let (world, second) = pair(
        move |request| upstream.begin(request),
        Script::fitting,
        |file| {
            file["upstreams"][0]["concurrency"] = one.clone();
            file["upstreams"][1]["concurrency"] = one;
        },
    )
    .await;
    let held = start(&world, ask("ana", "one"));
    pace.wait_for(1).await;
    world.send(&ask("ana", "two")).await.assert_ok();
    assert_eq!((pace.begun().len(), second.take().len()), (1, 1));
    pace.end(0);
    held.await.unwrap().assert_ok();
}

#[tokio::test]
async fn of_a_dead_upstream_those_who_waited_go_on_to_the_other() {
    let pace = Arc::new(Pace::default());
    let upstream = Arc::clone(&pace);
    let one = json!({"limit": 1, "queue": 16, "wait": "10m"});
    let (world, second) = pair(
        |_| Script::Never,
        move |request| upstream.begin(request),
        |file| {
            file["upstreams"][0]["concurrency"] = one.clone();
            file["upstreams"][1]["concurrency"] = one;
        },
    )
    .await;
    let asked: Vec<_> = (0..8).map(|n| start(&world, ask("ana", &format!("{n}")))).collect();
    wait_for_queue(&world, 6).await;
    world.upstream.kill();
    for n in 0..8 {
        pace.wait_for(n + 1).await;
        pace.end(n);
    }
    for answer in asked {
        answer.await.unwrap().assert_ok();
    }
    assert_eq!((pace.peak.load(Ordering::SeqCst), second.take().len()), (1, 8));
}

#[tokio::test]
async fn a_raised_limit_lets_in_who_waits() {
    let pace = Arc::new(Pace::default());
    let upstream = Arc::clone(&pace);
    let mut world = World::with_upstream(
        move |request| upstream.begin(request),
        |file| file["upstreams"][0]["concurrency"] = json!({"limit": 1, "wait": "10m"}),
    )
    .await;
    let asked = [start(&world, ask("ana", "one")), start(&world, ask("ana", "two"))];
    wait_for_queue(&world, 1).await;
    world.gate.settings.file["upstreams"][0]["concurrency"]["limit"] = 2.into();
    world.gate.write_config();
    world.gate.signal("HUP");
    pace.wait_for(2).await;
    pace.end(0);
    pace.end(1);
    for answer in asked {
        answer.await.unwrap().assert_ok();
    }
}
