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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricsFile {
    /// Address and port, such as `127.0.0.1:9464`. The path is `/metrics`.
    pub listen: String,
}

impl MetricsFile {
    /// Parses the address. None, and a fault, when it is no address.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<SocketAddr> {
        let fault = |_| faults.add(format!("{path}.listen"), "is no address", "write ADDRESS:PORT, such as 127.0.0.1:9464");
        self.listen.parse().map_err(fault).ok()
    }
}
