//! Vectors from an endpoint that behaves, and from one that does not.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::*;
use crate::enforce::test_sandbox;
use crate::ids::{ClientName, FactId};
use crate::inference::Endpoint;
use crate::inference::fake::{Seen, serve};
use crate::memory::EmbeddingSettings;
use crate::store::{Batch, Fact, Kind, Provenance, Status, Tier};
use crate::telemetry::Metrics;

/// What the fake knows of the world: words on one line mean the same.
const MEANINGS: [&[&str]; 3] = [&["vegan", "cook", "food"], &["rex", "dog", "pet"], &["cello", "music", "instrument"]];

fn vector(text: &str) -> Vec<f32> {
    let text = text.to_lowercase();
    let mut vector: Vec<f32> =
        MEANINGS.iter().map(|words| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.0 }).collect();
    vector.push(0.1);
    vector
}

fn texts_of(body: &Value) -> Vec<String> {
    body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn vectors(body: &Value, of: impl Fn(&str) -> Vec<f32>) -> Value {
    let items = texts_of(body).iter().enumerate().map(|(index, text)| json!({"index": index, "embedding": of(text)})).collect();
    json!({"data": Value::Array(items)})
}

fn well(body: &Value) -> Response {
    axum::Json(vectors(body, vector)).into_response()
}

fn asks(body: &Value) -> bool {
    texts_of(body).iter().any(|text| text.ends_with('?'))
}

/// Memory in front of an endpoint.
struct Dense {
    rig: Rig,
    metrics: Metrics,
    seen: Seen,
    worker: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

fn settings(base: &str) -> MemorySettings {
    let endpoint = Endpoint::parse(base, None).unwrap();
    let timeout = Duration::from_secs(20);
    let embeddings = EmbeddingSettings { endpoint, model: "m".to_owned(), timeout, batch: 2, never_send: vec![Kind::Event] };
    MemorySettings { embeddings: Some(embeddings), ..MemorySettings::default() }
}

impl Dense {
    async fn start(reply: impl Fn(&Value) -> Response + Clone + Send + Sync + 'static) -> Self {
        let (base, seen) = serve(reply).await;
        let dir = tempfile::tempdir().unwrap();
        let metrics = Metrics::new().unwrap();
        let memory = Arc::new(Memory::new(open(&dir), settings(&base)).counting(&metrics));
        let mut dense = Self { rig: Rig { dir, memory }, metrics, seen, worker: None };
        dense.work();
        dense
    }

    fn work(&mut self) {
        let (stop, stopped) = watch::channel(false);
        self.worker = Some((stop, tokio::spawn(self.rig.memory.clone().run_embedder(stopped))));
    }

    async fn restart(mut self) -> Self {
        let (stop, worker) = self.worker.take().unwrap();
        stop.send(true).unwrap();
        worker.await.unwrap();
        let settings = (**self.rig.memory.settings.load()).clone();
        let Rig { dir, memory } = self.rig;
        drop(memory);
        let memory = Arc::new(Memory::new(open(&dir), settings).counting(&self.metrics));
        let mut dense = Self { rig: Rig { dir, memory }, ..self };
        dense.work();
        dense
    }

    /// Remembers notes, which only a question finds, and waits until as many have vectors.
    async fn remember(&self, scope: &UserScope, texts: &[&str], embedded: usize) -> Vec<FactId> {
        let facts: Vec<Fact> = texts.iter().map(|text| note(text)).collect();
        let ids = facts.iter().map(|fact| fact.id).collect();
        self.rig.memory.change(scope, Batch { put: facts, ..Batch::default() }).unwrap();
        self.wait_for(scope, embedded).await;
        ids
    }

    async fn wait_for(&self, scope: &UserScope, embedded: usize) {
        while self.rig.memory.store.load(scope).unwrap().embeddings.len() != embedded {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn ask(&self, scope: &UserScope, question: &str) -> String {
        carried(&self.rig.recall(scope, &Talk::ask(question)).await.unwrap())
    }

    fn counted(&self, metric: &str, result: &str) -> u64 {
        let series = format!("memgate_{metric}{{result=\"{result}\"}} ");
        self.metrics.render().lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).unwrap()
    }

    fn calls(&self) -> usize {
        self.seen.lock().len()
    }
}

fn note(text: &str) -> Fact {
    Fact {
        id: FactId::fresh(),
        text: text.to_owned(),
        kind: Kind::Note,
        slot: None,
        tier: Tier::Passing,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: 1,
        valid_at: 1,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: FactId::fresh().to_string(),
            quote: text.to_owned(),
            client: ClientName::unknown(),
            session: None,
            assurance: Assurance::Verified,
            origin: "rule:test".to_owned(),
            speaker: None,
        },
        analysis: Vec::new(),
    }
}

const NOTES: [&str; 3] = ["Vegan since March", "Walks Rex daily", "Practises the cello"];

#[tokio::test]
async fn facts_are_found_by_what_they_mean() {
    let dense = Dense::start(well).await;
    let alice = dense.rig.enroll("alice");
    dense.remember(&alice, &NOTES, 3).await;
    let found = dense.rig.recall(&alice, &Talk::ask("Something nice for my pet?")).await.unwrap();
    let best = found.scores.first().map(|(id, _)| *id).unwrap();
    let best = dense.rig.memory.store.load(&alice).unwrap().facts.into_iter().find(|fact| fact.id == best).unwrap();
    assert_eq!(best.text, "Walks Rex daily", "no word is shared");
    assert_eq!(dense.counted("embeddings_total", "ok"), 1);
    // Counted once they are stored.
    while !dense.metrics.render().contains("memgate_facts_embedded_total 3") {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(dense.counted("fact_embedding_calls_total", "ok"), 2);
    for call in &*dense.seen.lock() {
        assert!(texts_of(&call.body).len() <= 2 && call.path == "/v1/embeddings");
    }
}

#[tokio::test]
async fn vectors_outlive_a_restart_and_follow_their_facts() {
    let dense = Dense::start(well).await;
    let alice = dense.rig.enroll("alice");
    let ids = dense.remember(&alice, &NOTES, 3).await;
    let calls = dense.calls();
    let dense = dense.restart().await;
    assert!(dense.ask(&alice, "A pet?").await.contains("Rex"));
    assert_eq!(dense.calls(), calls + 1, "the question alone: facts keep their vectors");
    let pinned = Fact { pinned: true, ..dense.rig.memory.store.load(&alice).unwrap().facts.remove(0) };
    dense.rig.memory.change(&alice, Batch { put: vec![pinned], ..Batch::default() }).unwrap();
    let edited = Fact { id: ids[1], ..note("Plays in a music school") };
    dense.rig.memory.change(&alice, Batch { put: vec![edited], delete: vec![ids[0]], ..Batch::default() }).unwrap();
    while !dense.seen.lock().iter().any(|call| texts_of(&call.body) == ["Plays in a music school"]) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    dense.wait_for(&alice, 2).await;
    assert_eq!(dense.calls(), calls + 2, "only what says something else is embedded anew");
    dense.rig.memory.erase(&alice, super::erasure()).unwrap();
    dense.rig.memory.store.enroll(&alice, 0).unwrap();
    assert_eq!(dense.rig.memory.store.load(&alice).unwrap().embeddings, []);
}

#[tokio::test]
async fn another_model_has_everything_embedded_anew() {
    let wide = |text: &str| [vector(text), vec![0.2; 4]].concat();
    let reply = move |body: &Value| {
        let wide_wanted = body["model"] == "wide";
        axum::Json(vectors(body, |text| if wide_wanted { wide(text) } else { vector(text) })).into_response()
    };
    let dense = Dense::start(reply).await;
    let alice = dense.rig.enroll("alice");
    dense.remember(&alice, &NOTES, 3).await;
    let mut settings = (**dense.rig.memory.settings.load()).clone();
    settings.embeddings.as_mut().unwrap().model = "wide".to_owned();
    dense.rig.memory.configure(settings);
    assert!(dense.ask(&alice, "A pet rex?").await.contains("Rex"), "found by its words meanwhile");
    let embedded = |text: &str| {
        dense.seen.lock().iter().any(|call| call.body["model"] == "wide" && texts_of(&call.body).contains(&text.to_owned()))
    };
    while !NOTES.iter().all(|text| embedded(text)) || dense.counted("fact_embedding_calls_total", "ok") < 4 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(dense.ask(&alice, "Some instrument?").await.contains("cello"));
    assert!(dense.counted("embeddings_total", "ok") >= 1);
}

#[tokio::test]
async fn a_question_is_asked_for_once_and_by_each_person_apart() {
    let dense = Dense::start(well).await;
    let (alice, bob) = (dense.rig.enroll("alice"), dense.rig.enroll("bob"));
    dense.remember(&alice, &NOTES, 3).await;
    dense.remember(&bob, &["Bob's dog is old"], 1).await;
    for _ in 0..3 {
        dense.ask(&alice, "A pet?").await;
    }
    assert!(!dense.ask(&bob, "A pet?").await.contains("Rex"));
    assert_eq!((dense.counted("embeddings_total", "ok"), dense.counted("embeddings_total", "cached")), (2, 2));
    for call in &*dense.seen.lock() {
        let texts = texts_of(&call.body);
        let bobs = texts.iter().filter(|text| text.contains("Bob")).count();
        assert!(bobs == 0 || bobs == texts.len(), "one person's texts in a call: {texts:?}");
    }
}

#[tokio::test]
async fn only_what_may_be_sent_is_sent() {
    let dense = Dense::start(well).await;
    let (alice, nobody) = (dense.rig.enroll("alice"), dense.rig.enroll("nobody"));
    let secret = Fact { kind: Kind::Event, ..note("Went to the clinic") };
    dense.rig.memory.change(&alice, Batch { put: vec![secret], ..Batch::default() }).unwrap();
    dense.remember(&alice, &NOTES, 3).await;
    dense.ask(&nobody, "What do you know of me?").await;
    let mut settings = (**dense.rig.memory.settings.load()).clone();
    settings.depth.sandbox = 0;
    dense.rig.memory.configure(settings);
    let sandbox = test_sandbox("s");
    dense.rig.memory.store.enroll(&sandbox, 0).unwrap();
    dense.ask(&sandbox, "Who am I?").await;
    let answered = Talk::ask("What pet?").answer("A dog.");
    dense.rig.recall(&alice, &answered).await.unwrap();
    let sent: Vec<String> = dense.seen.lock().iter().flat_map(|call| texts_of(&call.body)).collect();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(!sent.iter().any(|text| text.contains("clinic") || text.ends_with('?')), "{sent:?}");
}

#[tokio::test]
async fn a_late_answer_is_kept_for_the_next_time() {
    let (release, late) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (held, done) = (release.clone(), late.clone());
    let reply = move |body: &Value| {
        if !asks(body) {
            return well(body);
        }
        let (held, done, answer) = (held.clone(), done.clone(), vectors(body, vector).to_string());
        Body::from_stream(stream::once(async move {
            held.notified().await;
            done.notify_one();
            Ok::<_, std::io::Error>(Bytes::from(answer))
        }))
        .into_response()
    };
    let dense = Dense::start(reply).await;
    let alice = dense.rig.enroll("alice");
    dense.remember(&alice, &NOTES, 3).await;
    let hasty = dense.rig.recall_within(&alice, &Talk::ask("Is the cello mine?"), Duration::from_millis(40)).await.unwrap();
    assert!(carried(&hasty).contains("cello"), "words alone serve");
    assert_eq!(dense.counted("embeddings_total", "timeout"), 1);
    release.notify_one();
    late.notified().await;
    while dense.counted("embeddings_total", "cached") == 0 {
        let again = dense.rig.recall_within(&alice, &Talk::ask("Is the cello mine?"), Duration::from_millis(40)).await.unwrap();
        assert!(carried(&again).contains("cello"));
        release.notify_one();
    }
}

#[tokio::test]
async fn nothing_that_an_endpoint_does_fails_a_recall() {
    type Reply = fn(&Value) -> Response;
    let bad: [(Reply, &str); 7] = [
        (|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), "error"),
        (|_| "no json".into_response(), "error"),
        (|_| "{\"data\": [{\"index\": 0, \"embedding\": [NaN, 1]}]}".into_response(), "error"),
        (
            |_| {
                Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'1'; 8 << 10]))))
                    .into_response()
            },
            "error",
        ),
        (|_| axum::Json(json!({"data": [{"index": 0, "embedding": [1.0, 0.0]}]})).into_response(), "mismatch"),
        (|_| axum::Json(json!({"data": [{"index": 0, "embedding": [0, 0, 0, 0]}]})).into_response(), "mismatch"),
        (|_| StatusCode::BAD_REQUEST.into_response(), "rejected"),
    ];
    for (reply, result) in bad {
        let dense = Dense::start(move |body: &Value| if asks(body) { reply(body) } else { well(body) }).await;
        let alice = dense.rig.enroll("alice");
        dense.remember(&alice, &NOTES, 3).await;
        assert!(dense.ask(&alice, "Is the cello mine?").await.contains("cello"), "{result}");
        assert_eq!(dense.counted("embeddings_total", result), 1, "{result}");
    }
}

#[tokio::test]
async fn a_dead_endpoint_is_left_alone() {
    let dense = Dense::start(|body: &Value| if asks(body) { StatusCode::BAD_GATEWAY.into_response() } else { well(body) }).await;
    let alice = dense.rig.enroll("alice");
    dense.remember(&alice, &NOTES, 3).await;
    let calls = dense.calls();
    for n in 0..10 {
        assert!(dense.ask(&alice, &format!("Is the cello mine, {n}?")).await.contains("cello"));
    }
    assert_eq!(dense.calls() - calls, 3);
    assert_eq!((dense.counted("embeddings_total", "error"), dense.counted("embeddings_total", "skipped")), (3, 7));
}

#[tokio::test]
async fn one_text_that_is_turned_down_keeps_no_other_from_its_vector() {
    let (long, calls) = ("A very long dog story", [3, 4, 5]);
    let turned_down = move |body: &Value| texts_of(body).iter().any(|text| text == long);
    let reply = move |body: &Value| if turned_down(body) { StatusCode::PAYLOAD_TOO_LARGE.into_response() } else { well(body) };
    let dense = Dense::start(reply).await;
    let alice = dense.rig.enroll("alice");
    let facts: Vec<Fact> = [long].iter().chain(&NOTES).map(|text| note(text)).collect();
    dense.rig.memory.change(&alice, Batch { put: facts, ..Batch::default() }).unwrap();
    while dense.rig.memory.store.load(&alice).unwrap().embeddings.len() < NOTES.len() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(dense.ask(&alice, "A pet?").await.contains("Rex"));
    let before = dense.seen.lock().iter().filter(|call| !asks(&call.body)).count();
    assert!(calls.contains(&before), "{before}");
}
