//! A running memgate in front of a fake upstream, and what suites ask of the pair.

use std::fs;

use serde_json::Value;

use super::client::{Answer, send};
use super::eventually;
use super::gate::{Gate, Settings};
use super::request::Request;
use super::upstream::{FakeUpstream, Recorded, Script};

pub struct World {
    pub upstream: FakeUpstream,
    pub gate: Gate,
}

impl World {
    /// An upstream that answers each request fittingly, and memgate as `change` sets it up.
    pub async fn start(change: impl FnOnce(&mut Value)) -> Self {
        Self::with_upstream(Script::fitting, change).await
    }

    pub async fn in_mode(mode: &str) -> Self {
        Self::start(|file| file["trust"]["mode"] = mode.into()).await
    }

    pub async fn with_upstream(
        answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let upstream = FakeUpstream::start(answer).await;
        let gate = Settings::new(upstream.address).with(change).start();
        Self { upstream, gate }
    }

    pub async fn send(&self, request: &Request) -> Answer {
        send(self.gate.address(), request).await
    }

    /// Sends a chat and waits until memgate has learned from it.
    pub async fn teach(&self, request: &Request) {
        let before = self.lessons().await;
        self.send(request).await.assert_ok();
        self.wait_for_lessons(before + 1).await;
    }

    /// What the upstream saw of a chat that must be answered.
    pub async fn forwarded(&self, request: &Request) -> Recorded {
        self.send(request).await.assert_ok();
        self.upstream.last()
    }

    /// All metrics as text.
    pub async fn metrics(&self) -> String {
        send(self.gate.metrics_address(), &Request::new("GET", "/metrics")).await.text()
    }

    /// The sum of the series of one metric whose labels hold all of `labels`, such as `decision="admit"`.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        sum(&self.metrics().await, name, labels)
    }

    /// Learning jobs that have come to an end.
    pub async fn lessons(&self) -> u64 {
        self.metric("memgate_learn_jobs_total", &[]).await
    }

    pub async fn wait_for_lessons(&self, count: u64) {
        eventually(&format!("{count} learning jobs"), async || (self.lessons().await >= count).then_some(())).await;
    }

    /// Every line of the audit log so far.
    pub fn audit(&self) -> Vec<Value> {
        let dir = self.gate.data_dir().join("audit");
        let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
        let texts = entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect::<String>();
        // The last line may be half written.
        texts.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The audit records of requests, once there are `count` of them.
    pub async fn requests_on_record(&self, count: usize) -> Vec<Value> {
        eventually(&format!("{count} audit records"), async || {
            let records: Vec<Value> = self.audit().into_iter().filter(|entry| entry["type"] == "request").collect();
            (records.len() >= count).then_some(records)
        })
        .await
    }
}

fn sum(metrics: &str, name: &str, labels: &[&str]) -> u64 {
    let series = metrics.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    let fitting = series.filter(|rest| labels.iter().all(|label| rest.contains(label)));
    fitting.map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}
