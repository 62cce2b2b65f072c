//! What is compared: no proxy at all, nginx, pingora that only forwards, and memgate with everything on.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::{Process, free_address};
use super::{Options, Outcome, memgate};

/// One way from the load to the upstream.
pub struct Variant {
    pub name: &'static str,
    pub address: SocketAddr,
    process: Option<Process>,
}

impl Variant {
    /// Processor time that the proxy has spent so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        self.process.as_ref().map_or(Ok(Duration::ZERO), Process::cpu)
    }
}

/// Starts every variant; the notes say what was left out and what memgate was set up with.
pub fn start_all(options: &Options, upstream: SocketAddr, scratch: &Path) -> Outcome<(Vec<Variant>, Vec<String>)> {
    let mut notes = Vec::new();
    let mut variants = vec![Variant { name: "direct", address: upstream, process: None }];
    let wanted = |name: &str| !options.without.iter().any(|n| n == name);
    if wanted("nginx") && options.threads != 1 {
        notes.push("nginx runs with one worker here and was left out of a run with several threads".to_owned());
    } else if wanted("nginx") {
        match nginx_version() {
            Some(version) => {
                notes.push(version);
                variants.push(nginx(upstream, scratch)?);
            }
            None => notes.push("nginx is not installed and was left out (Debian package nginx-light)".to_owned()),
        }
    }
    variants.push(pingora(options, upstream, scratch)?);
    if wanted("memgate") {
        let (process, address, note) = memgate::start(options, upstream, scratch)?;
        notes.push(note);
        variants.push(Variant { name: "memgate", address, process: Some(process) });
    }
    Ok((variants, notes))
}

fn nginx_command() -> Command {
    let mut command = Command::new("nginx");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}

fn nginx_version() -> Option<String> {
    let output = nginx_command().arg("-v").output().ok()?;
    Some(String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("nginx version: ").to_owned())
}

fn nginx(upstream: SocketAddr, scratch: &Path) -> Outcome<Variant> {
    let dir = scratch.join("nginx");
    fs::create_dir_all(&dir)?;
    let address = free_address()?;
    let root = dir.display();
    // One worker and no master: its processor time stands in one place.
    let config = format!(
        "daemon off; master_process off; pid {root}/pid; error_log stderr error;
         events {{ worker_connections 1024; }}
         http {{
           access_log off; tcp_nodelay on; keepalive_requests 100000000;
           client_max_body_size 64m; client_body_buffer_size 256k;
           client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
           uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
           upstream backend {{ server {upstream}; keepalive 128; keepalive_requests 100000000; }}
           server {{
             listen {address};
             location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering off; }}
           }}
         }}"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, config)?;
    let log = dir.join("log");
    let mut command = nginx_command();
    command.arg("-p").arg(&dir).arg("-c").arg(&file).arg("-e").arg("stderr");
    let mut process = Process::start("nginx", command, &log)?;
    process.wait_for(address, &log)?;
    Ok(Variant { name: "nginx", address, process: Some(process) })
}

fn pingora(options: &Options, upstream: SocketAddr, scratch: &Path) -> Outcome<Variant> {
    let address = free_address()?;
    let log = scratch.join("pingora.log");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["passthrough", "--listen", &address.to_string(), "--upstream", &upstream.to_string()]);
    command.args(["--threads", &options.threads.to_string()]);
    let mut process = Process::start("the pass-through", command, &log)?;
    process.wait_for(address, &log)?;
    Ok(Variant { name: "pingora, bare", address, process: Some(process) })
}
