//! Per-user keys: made, listed, revoked.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::api::{MadeUserKey, MakeUserKey, ShownKey, UserKeyList, UserKeyView};
use super::control::{Control, block, parse, parse_user};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::ids::{KeyId, UserId};
use crate::proxy::unix_ms;
use crate::store::UserKeyRecord;
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

/// Longest label in bytes.
const LONGEST_LABEL: usize = 128;

impl From<UserKeyRecord> for UserKeyView {
    fn from(record: UserKeyRecord) -> Self {
        let UserKeyRecord { id, user, label, created_at, revoked_at, hint } = record;
        Self { id, user, label, hint, created_at, revoked_at }
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let (all, one, rotation) = ("/v1/user-keys", "/v1/user-keys/{id}", "/v1/user-keys/{id}/rotation");
    vec![
        Endpoint::new(Method::GET, all, Access::View, "Per-user keys, by hints.", list)
            .query::<Filter>()
            .answers::<UserKeyList>(),
        Endpoint::new(Method::POST, all, Access::Act, "Make a key that stands for a user. It is shown this once.", make)
            .body::<MakeUserKey>()
            .status(StatusCode::CREATED)
            .answers::<MadeUserKey>(),
        Endpoint::new(Method::DELETE, one, Access::Act, "Revoke a per-user key.", revoke).status(StatusCode::NO_CONTENT),
        Endpoint::new(
            Method::POST,
            rotation,
            Access::Act,
            "Replace a per-user key: a new one, shown once; the old is revoked.",
            rotate,
        )
        .status(StatusCode::CREATED)
        .answers::<MadeUserKey>(),
    ]
}

fn act(by: &Principal, act: &'static str, user: Option<UserId>, key: Option<KeyId>) -> ActRecord {
    ActRecord { user, key, ..ActRecord::begun(act, by.name(), unix_ms()) }
}

pub(super) async fn make(
    State(control): State<Control>,
    by: Principal,
    body: Bytes,
) -> Result<(StatusCode, Json<MadeUserKey>), Problem> {
    let MakeUserKey { user, label } = parse(&body)?;
    let user = parse_user(&user)?;
    if label.len() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(Problem::invalid(format!("The label is longer than {LONGEST_LABEL} bytes or holds control characters.")));
    }
    let made = block(move || {
        control.act(act(&by, "user_key.make", Some(user.clone()), None), |store, act| {
            let (id, key) = store.make_user_key(&user, &label, act.time)?;
            act.key = Some(id);
            let key = ShownKey(String::from_utf8_lossy(key.expose()).into_owned());
            Ok(MadeUserKey { id, user, key })
        })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    user: Option<String>,
}

pub(super) async fn list(
    State(control): State<Control>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<UserKeyList>, Problem> {
    let Query(filter) = filter.map_err(|_| Problem::invalid("The query may hold `user` alone."))?;
    let user = filter.user.as_deref().map(parse_user).transpose()?;
    let mut records = control.store().list_user_keys(user.as_ref());
    records.sort_by_key(|record| (record.created_at, record.id));
    Ok(Json(UserKeyList { keys: records.into_iter().map(Into::into).collect() }))
}

pub(super) async fn rotate(
    State(control): State<Control>,
    by: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<MadeUserKey>), Problem> {
    control.rotate_user_key(&by, &id).await.map(|made| (StatusCode::CREATED, Json(made)))
}

impl Control {
    /// Replaces a per-user key by a new one with the same label.
    pub async fn rotate_user_key(&self, by: &Principal, id: &str) -> Result<MadeUserKey, Problem> {
        let unknown = || Problem::not_found("No key has this id.");
        let id: KeyId = id.parse().map_err(|_| unknown())?;
        let (control, by) = (self.clone(), by.clone());
        block(move || {
            control.act(act(&by, "user_key.rotate", None, Some(id)), |store, act| {
                let Some((record, key)) = store.rotate_user_key(id, act.time)? else {
                    act.outcome = ActOutcome::Unchanged;
                    return Err(unknown());
                };
                act.user = Some(record.user.clone());
                let key = ShownKey(String::from_utf8_lossy(key.expose()).into_owned());
                Ok(MadeUserKey { id: record.id, user: record.user, key })
            })
        })
        .await
    }
}

pub(super) async fn revoke(State(control): State<Control>, by: Principal, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("No key has this id.");
    let id: KeyId = id.parse().map_err(|_| unknown())?;
    let revoked = block(move || {
        control.act(act(&by, "user_key.revoke", None, Some(id)), |store, act| {
            let revoked = store.revoke_user_key(id, act.time)?;
            if !revoked {
                act.outcome = ActOutcome::Unchanged;
            }
            Ok(revoked)
        })
    });
    if revoked.await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
