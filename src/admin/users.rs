//! Users as far as operators steer them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};

use super::api::{LowerRatchet, RatchetView};
use super::control::{Control, block, parse, parse_user, unix_ms};
use super::problem::Problem;
use crate::identity::Assurance;
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

pub(super) async fn lower_ratchet(
    State(control): State<Control>,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Json<RatchetView>, Problem> {
    let user = parse_user(&user)?;
    let LowerRatchet { to } = parse(&body)?;
    let level = Some(to.map_or("none", Assurance::as_str));
    let act = ActRecord { user: Some(user.clone()), ratchet: level, ..ActRecord::begun("ratchet.lower", unix_ms()) };
    let lowered = block(move || {
        control.act(act, |store, act| {
            let lowered = store.lower_ratchet(&user, to)?;
            if !lowered {
                act.outcome = ActOutcome::Unchanged;
            }
            Ok(RatchetView { user, lowered })
        })
    });
    Ok(Json(lowered.await?))
}
