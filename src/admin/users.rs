//! Users as far as operators steer them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Method;

use super::api::{LowerRatchet, RatchetView};
use super::control::{Control, block, parse, parse_user};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::identity::Assurance;
use crate::ids::UserId;
use crate::proxy::unix_ms;
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let path = "/v1/users/{user}/ratchet";
    vec![
        Endpoint::new(Method::PATCH, path, Access::Act, "Lower a user's trust ratchet.", lower_ratchet)
            .body::<LowerRatchet>()
            .answers::<RatchetView>(),
    ]
}

pub(super) async fn lower_ratchet(
    State(control): State<Control>,
    by: Principal,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Json<RatchetView>, Problem> {
    let user = parse_user(&user)?;
    control.lower_ratchet(&by, user, parse(&body)?).await.map(Json)
}

impl Control {
    /// Lets weaker evidence open a user's memory again.
    pub async fn lower_ratchet(
        &self,
        by: &Principal,
        user: UserId,
        LowerRatchet { to }: LowerRatchet,
    ) -> Result<RatchetView, Problem> {
        let level = Some(to.map_or("none", Assurance::as_str));
        let begun = ActRecord::begun("ratchet.lower", by.name(), unix_ms());
        let act = ActRecord { user: Some(user.clone()), ratchet: level, ..begun };
        let control = self.clone();
        block(move || {
            control.act(act, |store, act| {
                let lowered = store.lower_ratchet(&user, to)?;
                if !lowered {
                    act.outcome = ActOutcome::Unchanged;
                }
                Ok(RatchetView { user, lowered })
            })
        })
        .await
    }
}
