//! Memory with a learning model in the process of the tests, over a disk that a kill or a full disk leaves as it would.

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;
use crate::inference::Endpoint;
use crate::inference::fake::{Seen, serve};
use crate::memory::TutorSettings;
use crate::memory::extract::extract;
use crate::setting::Secret;
use crate::store::simulated::{End, SimulatedDisk};
use crate::store::{Fact, Kind, Queue};
use crate::telemetry::Metrics;

/// The turns that a call holds.
pub(super) fn turns_of(body: &Value) -> Vec<String> {
    serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap()
}

pub(super) fn says(content: &str) -> Response {
    let choice = json!({"message": {"role": "assistant", "content": content}, "finish_reason": "stop"});
    axum::Json(json!({"choices": [choice], "usage": {"prompt_tokens": 900, "completion_tokens": 100}})).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "made for the call")]
pub(super) fn names(facts: Value) -> Response {
    says(&json!({"facts": facts}).to_string())
}

pub(super) fn named(text: &str, kind: &str, slot: Option<&str>, quote: &str) -> Value {
    json!({"text": text, "kind": kind, "slot": slot, "quote": quote})
}

/// A model that repeats each turn as a note.
pub(super) fn echoes(body: &Value) -> Response {
    names(turns_of(body).iter().map(|turn| named(turn, "note", None, turn)).collect())
}

/// Memory with a learning model.
pub(super) struct School {
    pub(super) disk: SimulatedDisk,
    pub(super) memory: Arc<Memory>,
    pub(super) metrics: Metrics,
    pub(super) seen: Seen,
    pub(super) workers: Option<(watch::Sender<bool>, [JoinHandle<()>; 2])>,
}

pub(super) fn settings(base: &str) -> MemorySettings {
    let tutor = TutorSettings {
        endpoint: Endpoint::parse(base, Some(Secret::new(b"sk-own"))).unwrap(),
        model: "m".to_owned(),
        timeout: Duration::from_secs(20),
        batch: 4,
        wait: Duration::from_millis(1),
        daily_tokens: 50_000,
        never_send: vec![Kind::Preference],
    };
    MemorySettings { tutor: Some(tutor), ..MemorySettings::default() }
}

pub(super) fn over(disk: &SimulatedDisk, settings: MemorySettings, metrics: &Metrics) -> Arc<Memory> {
    let storage = StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") };
    Arc::new(Memory::new(Store::open(&storage, Arc::new(disk.clone())).unwrap(), settings).counting(metrics))
}

impl School {
    /// Nothing runs yet.
    pub(super) async fn found(
        reply: impl Fn(&Value) -> Response + Clone + Send + Sync + 'static,
        change: impl FnOnce(&mut TutorSettings),
    ) -> Self {
        let (base, seen) = serve(reply).await;
        let (disk, metrics) = (SimulatedDisk::default(), Metrics::new().unwrap());
        let mut settings = settings(&base);
        change(settings.tutor.as_mut().unwrap());
        let memory = over(&disk, settings, &metrics);
        Self { disk, memory, metrics, seen, workers: None }
    }

    pub(super) async fn open(reply: impl Fn(&Value) -> Response + Clone + Send + Sync + 'static) -> Self {
        let mut school = Self::found(reply, |_| ()).await;
        school.work();
        school
    }

    pub(super) fn work(&mut self) {
        let (stop, stopped) = watch::channel(false);
        let learner = tokio::spawn(self.memory.clone().run_learner(stopped.clone()));
        self.workers = Some((stop, [learner, tokio::spawn(self.memory.clone().run_tutor(stopped))]));
    }

    pub(super) async fn rest(&mut self) {
        if let Some((stop, workers)) = self.workers.take() {
            stop.send(true).unwrap();
            for worker in workers {
                worker.await.unwrap();
            }
        }
    }

    /// The same disk as a killed process leaves it, in a new one.
    pub(super) async fn killed(mut self) -> Self {
        let disk = self.disk.after(End::Killed);
        self.rest().await;
        let settings = (**self.memory.settings.load()).clone();
        let mut school = Self { memory: over(&disk, settings, &self.metrics), disk, ..self };
        school.work();
        school
    }

    pub(super) fn enroll(&self, user: &str) -> UserScope {
        let scope = test_scope(user, Assurance::Verified);
        self.memory.store.enroll(&scope, 0).unwrap();
        scope
    }

    pub(super) fn hear(&self, scope: &UserScope, conversation: &str, text: &str) -> bool {
        self.memory.enqueue(scope, Some(&session(conversation)), &lesson(text, 1_000)).unwrap()
    }

    /// As the learner does once the rules have read a turn.
    pub(super) fn hand_on(&self, scope: &UserScope, conversation: &str, turn: &Lesson) {
        let handover = self.memory.tutor.select(scope, &[(turn.clone(), extract(&turn.text))]);
        self.memory.hand_to_tutor(scope, Some(&session(conversation)), &handover);
    }

    pub(super) async fn wait(&self) {
        let store = &self.memory.store;
        while store.journal_backlog(Queue::Rules) + store.journal_backlog(Queue::Tutor) > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) fn facts(&self, scope: &UserScope) -> Vec<Fact> {
        let mut facts = self.memory.store.load(scope).unwrap().facts;
        facts.sort_by_key(|fact| fact.id);
        facts
    }

    pub(super) fn counted(&self, metric: &str, result: &str) -> u64 {
        let series = format!("memgate_{metric}{{result=\"{result}\"}} ");
        self.metrics.render().lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).unwrap()
    }
}
