//! The master key: replaced.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use zeroize::Zeroizing;

use super::api::{RotateMasterKey, RotationView};
use super::control::{Control, block, parse};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::proxy::unix_ms;
use crate::store::{KeySource, Rotated, read_master_key};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/v1/vault/rotation", Access::Act, "Replace the master key.", rotate)
            .body::<RotateMasterKey>()
            .answers::<RotationView>(),
    ]
}

pub(super) async fn rotate(State(control): State<Control>, by: Principal, body: Bytes) -> Result<Json<RotationView>, Problem> {
    let RotateMasterKey { key } = parse(&body)?;
    let key = match key.map(|key| Zeroizing::new(key.0)) {
        Some(text) => Some(read_master_key(text.as_bytes()).ok_or_else(malformed)?),
        None => None,
    };
    let rotated = block(move || {
        control.act(ActRecord::begun("master_key.rotate", by.name(), unix_ms()), |store, act| {
            let rotated = store.rotate_master_key(key.as_ref(), act.time)?;
            if !rotated.replaced {
                act.outcome = ActOutcome::Unchanged;
            }
            Ok(rotated)
        })
    });
    let Rotated { replaced, users, source } = rotated.await?;
    Ok(Json(RotationView { replaced, users, configured: source == KeySource::Configured }))
}

fn malformed() -> Problem {
    Problem::invalid("The key is not 64 hexadecimal digits, as `openssl rand -hex 32` prints them.")
}
