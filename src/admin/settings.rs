//! `admin` and `metrics` of the configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::socket::LONGEST_PATH;
use crate::setting::Faults;

/// The control socket, over which `memgate reload`, `memgate user …` and the like speak to the running proxy.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminFile {
    /// Path of the Unix socket. Only the account that memgate runs under can connect. Default `data/memgate.sock`.
    pub socket: Option<PathBuf>,
}

/// Where the control socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    pub socket: PathBuf,
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
        AdminSettings { socket }
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
