//! What operators reach: the control socket and the metrics listener. Handlers delegate; each noun has a file.

pub mod api;
mod control;
mod metrics;
mod problem;
mod settings;
mod socket;
mod status;
mod tenants;
mod user_keys;
mod users;
mod vault;

pub use control::{Control, Reload, control_router};
pub use metrics::{metrics_router, serve_metrics};
pub use problem::Problem;
pub use settings::{AdminFile, AdminSettings, MetricsFile, MetricsSettings};
pub use socket::{ControlSocket, bind_socket, serve_control};
