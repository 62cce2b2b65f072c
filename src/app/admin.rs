//! What operators reach: the control socket, the metrics listener, and the admin listener behind its gate.

use std::net::TcpListener;

use tokio::sync::watch;

use super::{AppError, bind, into_tokio};
use crate::admin::{self, Control, ControlSocket, Gate};
use crate::config::Config;

/// The listeners, bound and not served yet.
pub(super) struct Doors {
    socket: ControlSocket,
    metrics: TcpListener,
    admin: Option<TcpListener>,
}

impl Doors {
    /// Binds them all. Needs a tokio runtime.
    ///
    /// # Errors
    /// When an address or the socket's path is taken.
    pub(super) fn bind(config: &Config) -> Result<Self, AppError> {
        let metrics = bind("metrics", config.metrics.listen)?;
        let admin = config.admin.listen.map(|address| bind("the admin API", address)).transpose()?;
        let socket = admin::bind_socket(&config.admin.socket).map_err(|source| AppError::Listen {
            what: "control",
            address: config.admin.socket.display().to_string(),
            source,
        })?;
        Ok(Self { socket, metrics, admin })
    }

    /// Serves them until `stopping` says so. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the runtime does not take a listener.
    pub(super) fn serve(self, gate: &Gate, control: &Control, stopping: &watch::Receiver<bool>) -> Result<(), AppError> {
        let Self { socket, metrics, admin } = self;
        tokio::spawn(admin::serve_control(socket, control.clone(), stopping.clone()));
        let exposition = admin::metrics_router(control.clone());
        tokio::spawn(admin::serve_admin(into_tokio(metrics)?, exposition, stopping.clone()));
        if let Some(listener) = admin {
            tell(gate, &listener);
            let router = gate.protect(admin::api_router(control.clone()));
            tokio::spawn(admin::serve_admin(into_tokio(listener)?, router, stopping.clone()));
        }
        Ok(())
    }
}

/// Says where operators are awaited, and what is not as it should be in earnest.
fn tell(gate: &Gate, listener: &TcpListener) {
    let Ok(address) = listener.local_addr() else { return };
    tracing::info!(listen = %address, "the admin API is up");
    if gate.is_open() {
        tracing::warn!(
            listen = %address,
            "without `admin.credentials`, whoever can connect from this machine is the operator; see docs/SECURITY.md"
        );
    }
    if !address.ip().is_loopback() {
        tracing::warn!(listen = %address, "the admin API speaks plain HTTP: have TLS in front of it; see docs/SECURITY.md");
    }
}
