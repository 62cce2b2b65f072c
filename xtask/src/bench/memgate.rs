//! memgate with everything on: signatures verified, recall over a thousand facts, trim check, injection, audit, metrics.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::body::{Corpus, FACTS, USERS, statement};
use super::load::Connection;
use super::process::{Process, free_address};
use super::sign::{self, KEY, KEY_ID, Signed};
use super::{Options, Outcome};

/// Statements in one turn of the people who teach memgate its facts.
const A_TURN: usize = 8;
/// Facts that a request may carry.
const DEPTH: usize = 10;

/// Starts memgate in front of `upstream` and teaches it what it is to recall.
pub fn start(options: &Options, upstream: SocketAddr, scratch: &Path) -> Outcome<(Process, SocketAddr, String)> {
    let dir = scratch.join("memgate");
    fs::create_dir_all(&dir)?;
    let (listen, metrics) = (free_address()?, free_address()?);
    let config = json!({
        "listen": listen.to_string(),
        "metrics": {"listen": metrics.to_string()},
        "admin": {"listen": "off"},
        // The guard holds every nonce of the window: two skews at some ten thousand requests a second.
        "trust": {
            "mode": "strict",
            "clock_skew": "30s",
            "replay_capacity": 2_000_000,
            "signing_keys": [{"id": KEY_ID, "secret": {"env": "MEMGATE_BENCH_KEY"}}],
        },
        "upstreams": [{"name": "bench", "url": format!("http://{upstream}/v1")}],
        "context": {"window": 65_536},
        "memory": {"depth": {"verified": DEPTH}, "max_facts_per_day": 10_000},
        "storage": {"redb": {"dir": dir.join("data")}},
        "limits": {"threads": options.threads},
    });
    let file = dir.join("proxy.yaml");
    fs::write(&file, config.to_string())?;
    let log = dir.join("log");
    let mut command = Command::new(fs::canonicalize(&options.binary).map_err(|e| format!("{}: {e}", options.binary.display()))?);
    command.arg("run").arg("--config").arg(&file).current_dir(&dir).env("MEMGATE_BENCH_KEY", KEY);
    let mut process = Process::start("memgate", command, &log)?;
    process.wait_for(listen, &log)?;
    process.wait_for(metrics, &log)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let injected = runtime.block_on(async {
        teach(listen, metrics).await?;
        facts_a_request(listen, metrics).await
    })?;
    let note = format!(
        "memgate: signatures verified, {USERS} users of {FACTS} facts, {injected:.1} facts recalled and injected a request, \
         trim check, learning, audit and metrics on"
    );
    Ok((process, listen, note))
}

async fn teach(listen: SocketAddr, metrics: SocketAddr) -> Outcome<()> {
    eprintln!("teaching {USERS} users {FACTS} facts each");
    let mut connection = Connection::open(listen).await?;
    for turn in 0..FACTS / A_TURN {
        let statements: Vec<String> = (0..A_TURN).map(|n| statement(turn * A_TURN + n)).collect();
        let message = json!({"role": "user", "content": statements.join(" ")});
        let body = json!({"model": "bench", "messages": [message]}).to_string().into_bytes();
        let digest = hex::encode(Sha256::digest(&body));
        for person in 0..USERS {
            let head = sign::head(listen, &sign::user(person), body.len(), &digest);
            connection.exchange(&Signed { head, tail: body.clone() }, &[]).await?;
        }
    }
    let wanted = (USERS * FACTS) as u64;
    let end = Instant::now() + Duration::from_mins(2);
    loop {
        let written = metric(metrics, "memgate_facts_written_total{").await?;
        if written >= wanted {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("only {written} of {wanted} facts were learned").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many facts a question brings into its request: a memgate that recalls nothing must not be measured.
async fn facts_a_request(listen: SocketAddr, metrics: SocketAddr) -> Outcome<f64> {
    const QUESTIONS: u32 = 64;
    let before = metric(metrics, "memgate_facts_injected_total ").await?;
    let corpus = Corpus::new(4096, false);
    let mut connection = Connection::open(listen).await?;
    // Far from the numbers that are measured.
    for request in sign::requests(&corpus, listen, usize::MAX / 64, usize::try_from(QUESTIONS)?) {
        connection.exchange(&request, &corpus.front).await?;
    }
    let injected = u32::try_from(metric(metrics, "memgate_facts_injected_total ").await? - before)?;
    let each = f64::from(injected) / f64::from(QUESTIONS);
    if each < 5.0 { Err(format!("memgate injects only {each:.1} facts a request").into()) } else { Ok(each) }
}

/// The sum of the series whose names begin so.
async fn metric(address: SocketAddr, series: &str) -> Outcome<u64> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let values = text.lines().filter(|line| line.starts_with(series)).filter_map(|line| line.rsplit_once(' '));
    values.map(|(_, value)| Ok(value.parse::<u64>()?)).sum()
}
