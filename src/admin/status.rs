//! How the running proxy is.

use axum::Json;
use axum::extract::State;

use super::api::Status;
use super::control::Control;

pub(super) async fn show(State(control): State<Control>) -> Json<Status> {
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: control.started_at,
        open_streams: control.services.metrics.streams(),
        learning_queue_bytes: control.store().journal_backlog(crate::store::Queue::Rules),
    })
}
