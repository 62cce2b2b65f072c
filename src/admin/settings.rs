//! `admin` and `metrics` of the configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::gate::{Credential, CredentialFile, resolve_credentials};
use super::socket::LONGEST_PATH;
use crate::proxy::USUAL_CAPACITY;
use crate::setting::{Faults, Span};

/// Most names in `admin.hosts`.
const MOST_HOSTS: usize = 64;
/// Most decisions that may be kept in RAM: about a gigabyte.
const MOST_DECISIONS: usize = 1_000_000;
/// Within which times of browser sessions may be.
const SESSION_TIMES: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

/// Where operators reach memgate: the admin API with its dashboard, and the control socket of the command line.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminFile {
    /// Path of the Unix socket. Only the account that memgate runs under can connect. Default `data/memgate.sock`.
    pub socket: Option<PathBuf>,
    /// Address and port of the admin API and the dashboard, or `off`. Default `127.0.0.1:9465`. Others than loopback need
    /// credentials, and TLS in front.
    pub listen: Option<String>,
    /// Who signs in. Without any, whoever can connect is the operator; on loopback alone.
    pub credentials: Vec<CredentialFile>,
    /// How long browsers stay signed in.
    pub session: AdminSessionFile,
    /// Names by which the listener is called, such as `memgate.example.org`, beside its own address and `localhost`. Requests
    /// for others are refused: a stranger's page could have had its name changed to this address.
    pub hosts: Vec<String>,
    /// How many recent decisions are kept in RAM for operators to look through, about a kilobyte each; 0 for none. Default 20000.
    pub decisions: Option<usize>,
}

/// How long browsers stay signed in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminSessionFile {
    /// Without a request. Default `30m`.
    pub idle: Option<Span>,
    /// In all. Default `12h`.
    pub lifetime: Option<Span>,
}

/// Where operators are awaited, and who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    pub socket: PathBuf,
    /// None: there is no admin API but on the control socket.
    pub listen: Option<SocketAddr>,
    /// Without any the gate is open, on loopback.
    pub credentials: Vec<Credential>,
    pub session: SessionLimits,
    /// Names by which the listener may be called, beside its own; in lower case, without a port.
    pub hosts: Vec<String>,
    /// Decisions that are kept in RAM.
    pub decisions: usize,
}

/// How long a browser stays signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle: Duration,
    pub lifetime: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_mins(30), lifetime: Duration::from_hours(12) }
    }
}

impl AdminFile {
    /// Fills in the defaults and reads the credentials.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> AdminSettings {
        let socket = self.socket.clone().unwrap_or_else(|| PathBuf::from("data/memgate.sock"));
        let length = socket.as_os_str().len();
        if length == 0 || length > LONGEST_PATH {
            let reason = format!("is empty or longer than {LONGEST_PATH} bytes");
            faults.add(format!("{path}.socket"), reason, "name a short path, such as data/memgate.sock");
        }
        let listen = self.resolve_listen(path, faults);
        let credentials = resolve_credentials(&self.credentials, &format!("{path}.credentials"), faults);
        if let Some(address) = listen.filter(|address| self.credentials.is_empty() && !address.ip().is_loopback()) {
            let reason = format!("are none, and {address} can be reached from elsewhere");
            let remedy = "add a credential, or have admin.listen on 127.0.0.1; `memgate admin hash-password` makes a hash";
            faults.add(format!("{path}.credentials"), reason, remedy);
        }
        let session = self.session.resolve(&format!("{path}.session"), faults);
        let decisions = self.decisions.unwrap_or(USUAL_CAPACITY);
        if decisions > MOST_DECISIONS {
            faults.add(
                format!("{path}.decisions"),
                format!("is more than {MOST_DECISIONS}"),
                "look further back in the audit log",
            );
        }
        AdminSettings { socket, listen, credentials, session, hosts: self.resolve_hosts(path, faults), decisions }
    }

    fn resolve_listen(&self, path: &str, faults: &mut Faults) -> Option<SocketAddr> {
        let default = SocketAddr::from(([127, 0, 0, 1], 9465));
        match self.listen.as_deref() {
            None => Some(default),
            Some("off") => None,
            Some(text) => text
                .parse()
                .map_err(|_| {
                    faults.add(format!("{path}.listen"), "is no address", "write ADDRESS:PORT, such as 127.0.0.1:9465, or off")
                })
                .ok(),
        }
    }

    fn resolve_hosts(&self, path: &str, faults: &mut Faults) -> Vec<String> {
        if self.hosts.len() > MOST_HOSTS {
            faults.add(format!("{path}.hosts"), format!("lists more than {MOST_HOSTS}"), "name those that are used");
        }
        let is_host = |name: &str| {
            let allowed = |c: u8| c.is_ascii_alphanumeric() || b".-_".contains(&c);
            (1..=253).contains(&name.len()) && name.bytes().all(allowed)
        };
        for (i, _) in self.hosts.iter().enumerate().filter(|(_, name)| !is_host(name)) {
            faults.add(format!("{path}.hosts[{i}]"), "is no host name", "write the name alone, such as memgate.example.org");
        }
        self.hosts.iter().map(|name| name.to_ascii_lowercase()).collect()
    }
}

impl AdminSettings {
    /// Adds a fault where the listener has the address of another.
    pub fn check_apart(&self, others: &[(&str, Option<SocketAddr>)], path: &str, faults: &mut Faults) {
        for (name, address) in others {
            if self.listen.is_some_and(|own| own.port() != 0 && Some(own) == *address) {
                let reason = format!("is the address that `{name}` has");
                faults.add(format!("{path}.listen"), reason, "give the admin API a port of its own, such as 9465");
            }
        }
    }
}

impl AdminSessionFile {
    fn resolve(&self, path: &str, faults: &mut Faults) -> SessionLimits {
        let default = SessionLimits::default();
        let time = |span: Option<Span>, default| span.map_or(default, |Span(time)| time);
        let lifetime = time(self.lifetime, default.lifetime);
        let limits = SessionLimits { idle: time(self.idle, default.idle.min(lifetime)), lifetime };
        for (name, time) in [("idle", limits.idle), ("lifetime", limits.lifetime)] {
            if !SESSION_TIMES.contains(&time) {
                faults.add(format!("{path}.{name}"), "is shorter than 1s or longer than 30d", "write a time such as 30m");
            }
        }
        if limits.idle > limits.lifetime {
            faults.add(format!("{path}.idle"), "is longer than `lifetime`", "shorten it, or leave it out");
        }
        limits
    }
}

/// The listener for Prometheus. It shows counts and configured names, to whoever can connect.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsFile {
    /// Address and port; the path is `/metrics`. Default `127.0.0.1:9464`.
    pub listen: Option<String>,
}

/// Where Prometheus finds the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsSettings {
    pub listen: SocketAddr,
}

impl MetricsFile {
    /// Fills in the default. What is no address is a fault.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> MetricsSettings {
        let default = SocketAddr::from(([127, 0, 0, 1], 9464));
        let listen = self.listen.as_deref().map_or(Ok(default), str::parse).unwrap_or_else(|_| {
            faults.add(format!("{path}.listen"), "is no address", "write ADDRESS:PORT, such as 127.0.0.1:9464");
            default
        });
        MetricsSettings { listen }
    }
}
