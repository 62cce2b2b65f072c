//! A real Prometheus scrapes a loaded memgate: the exposition is in order, every alert and every panel of the dashboard can be evaluated.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::client::send;
use crate::harness::eventually;
use crate::harness::gate::free_address;
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;

/// A running Prometheus. Killed when dropped.
struct Prometheus {
    address: SocketAddr,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

impl Prometheus {
    /// Scrapes `target` each second, with the alerts of `deploy/`.
    fn start(target: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = serde_json::json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [deploy().join("prometheus/alerts.yml")],
            "scrape_configs": [{"job_name": "memgate", "static_configs": [{"targets": [target.to_string()]}]}],
        });
        let file = dir.path().join("prometheus.yml");
        fs::write(&file, config.to_string()).unwrap();
        let address = free_address();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Prometheus is needed: `make deps` installs it");
        Self { address, child, _dir: dir }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Option<Value> {
        let url = reqwest::Url::parse_with_params(&format!("http://{}/api/v1/{path}", self.address), query).unwrap();
        let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        tokio::net::TcpStream::connect(self.address).await.ok()?;
        let answer = send(self.address, &Request::new("GET", &target)).await;
        // Not ready yet.
        (answer.status != 503).then(|| answer.json())
    }

    /// The result of an expression; a faulty one fails the test.
    async fn query(&self, expression: &str) -> Vec<Value> {
        let answer = self.get("query", &[("query", expression)]).await.expect("Prometheus answers");
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    async fn value(&self, expression: &str) -> Option<f64> {
        self.query(expression).await.first()?["value"][1].as_str()?.parse().ok()
    }
}

async fn loaded() -> World {
    let answer = |request: &Recorded| {
        if request.text().contains("please-fail") { Script::json(503, &serde_json::json!({})) } else { Script::fitting(request) }
    };
    let world = World::with_upstream(answer, |file| file["trust"]["shadow"] = "strict".into()).await;
    for turn in 0..30 {
        let user = format!("user-{}", turn % 5);
        let teach = format!("Remember that my number is {turn}.");
        world.send(&Request::chat(&[&teach]).vouched(&user)).await.assert_ok();
        world.send(&Request::streamed_chat(&["What is my number?"]).vouched(&user)).await.assert_ok();
        world.send(&Request::chat(&["Who am I?"]).bearer("mgk_forged-forged-forged-forged-forged-forged-00")).await;
    }
    world.send(&Request::chat(&["please-fail"]).vouched("user-1")).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_evaluates_and_alerts() {
    let world = loaded().await;
    let prometheus = Prometheus::start(world.gate.metrics_address());
    eventually("a scrape", async || {
        prometheus.get("query", &[("query", "up")]).await?;
        prometheus.value("up == 1").await
    })
    .await;
    assert_eq!(prometheus.value(r#"sum(memgate_requests_total{reason="user_key_unknown"})"#).await, Some(30.0));
    let series = prometheus.value("scrape_samples_scraped").await.unwrap();
    assert!(series < 2000.0, "{series} series");
    println!("{series} series, scraped in {:?} s", prometheus.value("scrape_duration_seconds").await);

    // More forged keys than before: the increase that the alert looks for.
    for _ in 0..30 {
        world.send(&Request::chat(&["Who am I?"]).bearer("mgk_forged-forged-forged-forged-forged-forged-00")).await;
    }
    eventually("the alert on forged proofs", async || {
        let firing = prometheus.query(r#"ALERTS{alertname="MemgateForgedProofs", alertstate="firing"}"#).await;
        (!firing.is_empty()).then_some(())
    })
    .await;
    let rules = prometheus.get("rules", &[]).await.unwrap();
    let rules: Vec<&Value> =
        rules["data"]["groups"].as_array().unwrap().iter().flat_map(|g| g["rules"].as_array().unwrap()).collect();
    assert!(rules.len() >= 15, "{} rules", rules.len());
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    let exemplars = prometheus
        .get("query_exemplars", &[("query", "memgate_request_duration_seconds_bucket"), ("start", "0"), ("end", "9999999999")]);
    let exemplars = exemplars.await.unwrap();
    assert!(exemplars.to_string().contains("\"request\""), "{exemplars}");
    check_dashboard(&prometheus).await;
}

/// Every expression of the Grafana dashboard is one that Prometheus can evaluate, over metrics that there are.
async fn check_dashboard(prometheus: &Prometheus) {
    let dashboard = fs::read_to_string(deploy().join("grafana/dashboards/memgate.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<String> =
        targets.map(|target| target["expr"].as_str().unwrap().replace("$__rate_interval", "1m")).collect();
    assert!(expressions.len() > 25, "{} expressions", expressions.len());
    for expression in expressions {
        prometheus.query(&expression).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exposition_follows_the_conventions() {
    let world = loaded().await;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is needed: `make deps` installs it");
    promtool.stdin.take().unwrap().write_all(world.metrics().await.as_bytes()).unwrap();
    let judged = promtool.wait_with_output().unwrap();
    let said = [judged.stdout, judged.stderr].concat();
    assert!(judged.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// A metric that nothing exposes makes an alert that never fires.
#[test]
fn alerts_and_panels_name_metrics_that_exist() {
    let metrics = memgate::telemetry::Metrics::new().unwrap();
    let mut unknown = Vec::new();
    for file in ["prometheus/alerts.yml", "prometheus/alerts.test.yml", "grafana/dashboards/memgate.json"] {
        let text = fs::read_to_string(deploy().join(file)).unwrap();
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("memgate_")) {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
            if !metrics.families().contains(family) {
                unknown.push(format!("{file}: {word}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
