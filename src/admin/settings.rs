//! `admin` and `metrics` of the configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::principal::Role;
use super::socket::LONGEST_PATH;
use crate::setting::Faults;

/// The control socket, over which `memgate reload`, `memgate user …` and the like speak to the running proxy.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminFile {
    /// Path of the Unix socket. Only the account that memgate runs under can connect. Default `data/memgate.sock`.
    pub socket: Option<PathBuf>,
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
    /// Names by which the listener may be called, beside its own.
    pub hosts: Vec<String>,
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

/// What somebody signs in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub name: String,
    pub role: Role,
    /// SHA-256 of the token.
    pub token: Option<[u8; 32]>,
    /// An argon2id hash as a PHC string.
    pub password: Option<String>,
}

impl AdminFile {
    /// Fills in the default. A path that no socket can have is a fault.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> AdminSettings {
        let socket = self.socket.clone().unwrap_or_else(|| PathBuf::from("data/memgate.sock"));
        let length = socket.as_os_str().len();
        if length == 0 || length > LONGEST_PATH {
            let reason = format!("is empty or longer than {LONGEST_PATH} bytes");
            faults.add(format!("{path}.socket"), reason, "name a short path, such as data/memgate.sock");
        }
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 9465)));
        AdminSettings { socket, listen, credentials: Vec::new(), session: SessionLimits::default(), hosts: Vec::new() }
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
