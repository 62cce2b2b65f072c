//! Each stage of a request by itself: `make bench-micro`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue};
use memgate::context::{ContextFile, ContextSettings, Load, TokenCounter, plan};
use memgate::dialect::Dialect;
use memgate::dialect::edit::Edits;
use memgate::dialect::stream::Tap;
use memgate::enforce::{UserScope, test_scope};
use memgate::identity::{
    Arrival, Assurance, Finding, IdentitySettings, KeyHash, KeyOwner, ReplayGuard, Resolver, SigningKey, UserKeys, sign,
};
use memgate::ids::{ClientName, FactId};
use memgate::memory::{Memory, MemorySettings, Message, RecallRequest, Role, render};
use memgate::setting::{Faults, Secret};
use memgate::store::{Batch, Fact, FileDisk, Kind, Provenance, Status, StorageSettings, Store, Tier};
use serde_json::{Value, json};

const SIZES: [usize; 2] = [4 << 10, 64 << 10];
const NOW: i64 = 1_750_000_000;
const TARGET: &str = "/v1/chat/completions";
const FACTS: usize = 1_000;

const PLACES: [&str; 8] = ["kitchen", "garage", "attic", "cellar", "garden", "office", "studio", "library"];
const THINGS: [&str; 10] =
    ["hammer", "violin", "passport", "tent", "kayak", "camera", "lantern", "teapot", "telescope", "typewriter"];

fn statement(n: usize) -> String {
    format!("I keep my {} number {n} in the {}", THINGS[n % THINGS.len()], PLACES[n / THINGS.len() % PLACES.len()])
}

/// A chat of about `size` bytes whose turns alternate after a system message.
fn chat(size: usize) -> Bytes {
    let mut turns = vec![json!({"role": "system", "content": "You are a helpful assistant."})];
    let mut spent = 120;
    while spent < size {
        let role = if turns.len() % 2 == 1 { "user" } else { "assistant" };
        let text = format!("({}) {}", turns.len(), "The harbour wakes before the town does; nets are mended. ".repeat(12));
        spent += text.len() + 40;
        turns.push(json!({"role": role, "content": text}));
    }
    if turns.len() % 2 == 1 {
        turns.push(json!({"role": "user", "content": "Where did I put the violin?"}));
    }
    json!({"model": "m", "messages": Value::Array(turns)}).to_string().into()
}

/// A store of user keys without any.
struct NoKeys;

impl UserKeys for NoKeys {
    fn owner(&self, _: &KeyHash) -> Option<KeyOwner> {
        None
    }
}

fn resolve(criterion: &mut Criterion) {
    let key = SigningKey { id: "k1".into(), secret: Secret::new(&[7; 32]) };
    let settings =
        IdentitySettings { signing_keys: vec![key.clone()], replay_capacity: usize::MAX, ..IdentitySettings::default() };
    let resolver = Resolver::new(settings, Arc::new(ReplayGuard::new(0)));
    let mut group = criterion.benchmark_group("resolve_signed");
    let mut nonce = 0_u64;
    for size in SIZES {
        let body = chat(size);
        let mut headers = || {
            nonce += 1;
            let pairs = sign(&key, "acme:ana", "POST", TARGET, &body, NOW, &format!("nonce-of-request-{nonce}"));
            let header =
                |(name, value): (&str, String)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&value).unwrap());
            let mut headers: HeaderMap = pairs.into_iter().map(header).collect();
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            headers
        };
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_batched(
                &mut headers,
                |headers| {
                    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
                    let arrival = Arrival {
                        method: "POST",
                        target: TARGET,
                        authority: None,
                        headers: &headers,
                        peer,
                        certificate: None,
                        now: NOW,
                    };
                    let resolution = resolver.resolve(&arrival, Some(&body), &NoKeys);
                    assert!(matches!(resolution.finding, Finding::Valid(_)), "{:?}", resolution.finding);
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn parse_chat(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for size in SIZES {
        let body = chat(size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| Dialect::ChatCompletions.parse(black_box(body.clone())).unwrap());
        });
    }
    group.finish();
}

fn count_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tokens");
    for size in SIZES {
        let conversation = Dialect::ChatCompletions.parse(chat(size)).unwrap();
        group.throughput(Throughput::Bytes(conversation.body().len() as u64));
        group.bench_function(BenchmarkId::new("first", size), |bencher| {
            let fresh = TokenCounter::new;
            bencher.iter_batched_ref(fresh, |counter| counter.measure(&conversation, "u", "m"), BatchSize::SmallInput);
        });
        let counter = TokenCounter::new();
        group.bench_function(BenchmarkId::new("resent", size), |bencher| {
            bencher.iter(|| counter.measure(black_box(&conversation), "u", "m"));
        });
    }
    group.finish();
}

fn trim(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trim");
    let conversation = Dialect::ChatCompletions.parse(chat(64 << 10)).unwrap();
    let load: Load = TokenCounter::new().measure(&conversation, "u", "m");
    let total = load.total();
    for (name, window) in [("fits", total * 4), ("cuts", total + total / 8)] {
        let file: ContextFile = serde_json::from_value(json!({"window": window, "reserve": 0})).unwrap();
        let settings: ContextSettings = file.resolve("context", &mut Faults::default());
        group.bench_function(name, |bencher| bencher.iter(|| plan(black_box(conversation.turns()), &load, &settings).unwrap()));
    }
    group.finish();
}

fn fact(n: usize) -> Fact {
    let text = statement(n);
    Fact {
        id: FactId::fresh(),
        kind: Kind::Note,
        slot: None,
        tier: Tier::Explicit,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: NOW * 1000,
        valid_at: NOW * 1000,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: String::new(),
            quote: text.clone(),
            speaker: None,
            client: ClientName::unknown(),
            session: None,
            assurance: Assurance::Verified,
            origin: "rule:remember".to_owned(),
        },
        text,
        analysis: Vec::new(),
    }
}

/// A user with a thousand facts, warm.
fn memory(dir: &std::path::Path, scope: &UserScope) -> Memory {
    let store = Store::open(&StorageSettings::at(dir), Arc::new(FileDisk::new(dir))).unwrap();
    store.enroll(scope, NOW * 1000).unwrap();
    let memory = Memory::new(store, MemorySettings::default());
    memory.change(scope, Batch { put: (0..FACTS).map(fact).collect(), ..Batch::default() }).unwrap();
    memory
}

fn recall(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let scope = test_scope("acme:ana", Assurance::Verified);
    let memory = memory(dir.path(), &scope);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut asked = 0_usize;
    let mut question = || {
        asked += 1;
        let (place, thing) = (PLACES[asked % PLACES.len()], THINGS[asked * 7 % THINGS.len()]);
        // Always another turn: what a turn was once given is replayed, not chosen.
        format!("Where in the {place} did I put the {thing}? ({asked})")
    };
    let ask = |text: &str| {
        let raw = json!({"role": "user", "content": text}).to_string();
        let messages = [Message { role: Role::User, raw: raw.as_bytes() }];
        let query = || text.to_owned();
        let request = RecallRequest {
            messages: &messages,
            query: &query,
            tokens: render::estimate_tokens,
            most: usize::MAX,
            withhold: &[],
            now: NOW * 1000,
        };
        let recalled = runtime.block_on(memory.recall(&scope, &request, Duration::from_secs(5))).unwrap();
        assert!(!recalled.facts_used.is_empty());
        recalled
    };
    criterion.bench_function("recall_of_1000_facts", |bencher| {
        bencher.iter_batched(&mut question, |text| ask(&text), BatchSize::SmallInput);
    });
}

fn render_facts(criterion: &mut Criterion) {
    let facts: Vec<String> = (0..10).map(statement).collect();
    criterion.bench_function("render_10_facts", |bencher| {
        bencher.iter(|| render::render(black_box(&facts).iter().map(String::as_str)).unwrap());
    });
}

fn rewrite(criterion: &mut Criterion) {
    let facts: Vec<String> = (0..10).map(statement).collect();
    let block = render::render(facts.iter().map(String::as_str)).unwrap();
    let mut group = criterion.benchmark_group("rewrite");
    for size in SIZES {
        let conversation = Dialect::ChatCompletions.parse(chat(size)).unwrap();
        let last = conversation.last_user().unwrap();
        let edits = Edits { prefixes: BTreeMap::from([(last, block.clone())]), system: Some(block.clone()), ..Edits::default() };
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| conversation.rewrite(black_box(&edits)));
        });
    }
    group.finish();
}

fn follow(criterion: &mut Criterion) {
    let event = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": null}]});
    let event = format!("data: {event}\n\n");
    let mut group = criterion.benchmark_group("tap");
    group.throughput(Throughput::Elements(100));
    group.bench_function("100_events", |bencher| {
        bencher.iter_batched(
            || Tap::new(Dialect::ChatCompletions),
            |mut tap| {
                for _ in 0..100 {
                    tap.feed(black_box(event.as_bytes()));
                }
                tap
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(stages, resolve, parse_chat, count_tokens, trim, recall, render_facts, rewrite, follow);
criterion_main!(stages);
