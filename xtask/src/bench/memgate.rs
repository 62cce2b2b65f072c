//! memgate with everything on: signatures verified, recall over a thousand facts, trim check, injection, audit, metrics.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::process::{Process, free_address};
use super::sign::{KEY, KEY_ID};
use super::{Options, Outcome};

/// Starts memgate in front of `upstream`.
pub fn start(options: &Options, upstream: SocketAddr, scratch: &Path) -> Outcome<(Process, SocketAddr, String)> {
    let dir = scratch.join("memgate");
    fs::create_dir_all(&dir)?;
    let (listen, metrics) = (free_address()?, free_address()?);
    let root = dir.display();
    let config = format!(
        "listen: {listen}
metrics: {{listen: \"{metrics}\"}}
trust:
  mode: strict
  clock_skew: 60s
  signing_keys: [{{id: {KEY_ID}, secret: {{env: MEMGATE_BENCH_KEY}}}}]
upstreams:
  - {{name: bench, url: \"http://{upstream}/v1\"}}
context: {{window: 65536}}
storage: {{redb: {{dir: {root}/data}}}}
audit: {{file: {root}/audit.jsonl}}
"
    );
    let file = dir.join("proxy.yaml");
    fs::write(&file, config)?;
    let log = dir.join("log");
    let mut command = Command::new(&options.binary);
    command.arg("run").arg("--config").arg(&file).current_dir(&dir).env("MEMGATE_BENCH_KEY", KEY);
    let mut process = Process::start("memgate", command, &log)?;
    process.wait_for(listen, &log)?;
    Ok((process, listen, "memgate: everything on".to_owned()))
}
