//! What operators reach: the admin API, the control socket and the metrics listener. Handlers delegate; each noun has a file.
#![allow(clippy::unused_async, reason = "a method of `Control` is asynchronous to its callers, whether or not it waits today")]

pub mod api;
mod configuration;
mod control;
mod decisions;
mod endpoint;
mod events;
mod facts;
mod gate;
mod health;
mod installation;
mod merges;
mod metrics;
mod openapi;
mod overview;
mod people;
mod principal;
mod problem;
mod sandboxes;
#[cfg(test)]
mod scale_tests;
mod sessions;
mod settings;
mod socket;
mod status;
mod tenants;
mod trail;
mod user_keys;
mod users;
mod vault;
mod visits;

pub use control::{ConfigDesk, Control, Reload, api_router, control_router, endpoints};
pub use endpoint::{Endpoint, guard};
pub use gate::{
    BrowserSession, CSRF_FIELD, CSRF_HEADER, Credential, CredentialFile, Gate, PasswordFault, PasswordHash, SafeForm, TokenHash,
    serve_admin,
};
pub use metrics::metrics_router;
pub use openapi::openapi;
pub use principal::{Access, Principal, REASON_HEADER, Reason, Role, Via};
pub use problem::Problem;
pub use settings::{AdminFile, AdminSessionFile, AdminSettings, MetricsFile, MetricsSettings, SessionLimits};
pub use socket::{ControlSocket, bind_socket, serve_control};
