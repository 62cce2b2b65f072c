//! Users as operators see them: who there is, and how they were seen.

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::api::{FactCounts, Page, Seen, UpstreamKeyHint, UserDetail, UserFilter, UserRow, page_size};
use super::control::{Control, block, parse_tenant, parse_user};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal, Reason};
use super::problem::Problem;
use super::visits::{Deed, unknown_user};
use crate::enforce::operator::{Countable, count_for};
use crate::ids::UserId;
use crate::memory::curate::Census;
use crate::store::{StoreError, UserQuery, UserSummary};

/// Longest part of a name that is searched for, in bytes: no name is longer.
const LONGEST_SEARCH: usize = crate::ids::MAX_NAME;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let (all, one) = ("/v1/users", "/v1/users/{user}");
    let key = "/v1/users/{user}/upstream-keys/{provider}";
    vec![
        Endpoint::new(Method::GET, all, Access::View, "Users in the order of their names; nothing of what is remembered.", list)
            .query::<UserFilter>()
            .answers::<Page<UserRow>>(),
        Endpoint::new(Method::GET, one, Access::View, "One user: counts and hints.", show).answers::<UserDetail>(),
        Endpoint::new(Method::DELETE, key, Access::Act, "Delete a person's own key for a provider.", forget_key)
            .with_reason()
            .status(StatusCode::NO_CONTENT),
    ]
}

/// The user whom a path names. Sandboxes cannot be named so.
pub(super) struct Whom(pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for Whom {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named: Result<Path<HashMap<String, String>>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(named) = named.map_err(|_| Problem::invalid("The path is not UTF-8."))?;
        named.get("user").map_or_else(|| Err(unknown_user()), |user| parse_user(user).map(Self))
    }
}

/// The other part of a path.
pub(super) fn part(parts: Result<Path<HashMap<String, String>>, PathRejection>, name: &str) -> Result<String, Problem> {
    let Path(mut parts) = parts.map_err(|_| Problem::invalid("The path is not UTF-8."))?;
    parts.remove(name).ok_or_else(|| Problem::not_found("There is no such path."))
}

/// A query's parameters.
pub(super) fn read<Q>(query: Result<Query<Q>, QueryRejection>) -> Result<Q, Problem> {
    query.map(|Query(query)| query).map_err(|error| Problem::invalid(format!("The query does not fit: {}.", error.body_text())))
}

/// A cursor that is none of this list's.
pub(super) fn bad_cursor() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "cursor_invalid",
        "The cursor is none. Send `next` of the page before, or leave it out.",
    )
}

async fn list(
    State(control): State<Control>,
    by: Principal,
    filter: Result<Query<UserFilter>, QueryRejection>,
) -> Result<Json<Page<UserRow>>, Problem> {
    control.list_users(&by, read(filter)?).await.map(Json)
}

async fn show(State(control): State<Control>, by: Principal, Whom(user): Whom) -> Result<Json<UserDetail>, Problem> {
    control.show_user(&by, user).await.map(Json)
}

async fn forget_key(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    parts: Result<Path<HashMap<String, String>>, PathRejection>,
) -> Result<StatusCode, Problem> {
    control.delete_upstream_key(&by, user, &reason, part(parts, "provider")?).await.map(|()| StatusCode::NO_CONTENT)
}

impl Countable for UpstreamKeyHint {}

impl From<Census> for FactCounts {
    fn from(Census { active, held, forgotten, history }: Census) -> Self {
        Self { active, held, forgotten, history }
    }
}

impl Control {
    /// A page of users, in the order of their tenants and names.
    pub async fn list_users(&self, _by: &Principal, filter: UserFilter) -> Result<Page<UserRow>, Problem> {
        let UserFilter { search, tenant, cursor, limit } = filter;
        let search = search.filter(|search| !search.is_empty());
        if search.as_ref().is_some_and(|search| search.len() > LONGEST_SEARCH) {
            return Err(Problem::invalid(format!("`search` is at most {LONGEST_SEARCH} bytes long.")));
        }
        let tenant = tenant.filter(|tenant| !tenant.is_empty()).as_deref().map(parse_tenant).transpose()?;
        let after = cursor.map(|cursor| decode(&cursor).ok_or_else(bad_cursor)).transpose()?;
        let query =
            UserQuery { tenant: tenant.as_ref(), search: search.as_deref(), after: after.as_ref(), limit: page_size(limit) };
        let roll = self.store().list_users(query);
        let next = roll.users.last().filter(|_| roll.more).map(|last| URL_SAFE_NO_PAD.encode(last.user.to_string()));
        Ok(Page { items: roll.users.into_iter().map(|user| self.row(user)).collect(), next, total: roll.total })
    }

    /// Whether there is such a user. Answers from memory.
    pub fn check_user(&self, _by: &Principal, user: &UserId) -> Result<(), Problem> {
        self.known(user).map(drop)
    }

    /// One user: counts and hints, nothing of what is remembered.
    pub async fn show_user(&self, _by: &Principal, user: UserId) -> Result<UserDetail, Problem> {
        let control = self.clone();
        block(move || {
            let summary = control.known(&user)?;
            let erased_at = summary.erased.map(|erasure| erasure.at);
            let (facts, waiting_turns, upstream_keys) = control.count(&user)?;
            let keys_made = control.store().list_user_keys(Some(&user)).into_iter().map(Into::into).collect();
            let bytes = control.store().bytes_of(&user)?;
            let merges = count_for(&user, |scope| control.services.memory.merges(scope))?.into_iter().map(Into::into).collect();
            Ok(UserDetail { row: control.row(summary), facts, bytes, keys_made, upstream_keys, erased_at, merges, waiting_turns })
        })
        .await
    }

    /// Deletes a person's own key for a provider. The person finds it among the visits.
    pub async fn delete_upstream_key(
        &self,
        by: &Principal,
        user: UserId,
        reason: &Reason,
        provider: String,
    ) -> Result<(), Problem> {
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.change(&by, &Deed::change("upstream_key.delete", &user, &reason), |scope, act| {
                if control.services.vault.delete(scope, &provider)? {
                    return Ok(());
                }
                act.outcome = crate::telemetry::audit::ActOutcome::Unchanged;
                Err(Problem::not_found("The user has no key for this provider."))
            })
        })
        .await
    }

    /// Counts of a user or a sandbox, turns that wait, and hints of keys. Blocks.
    pub(super) fn count(&self, user: &UserId) -> Result<(FactCounts, u64, Vec<UpstreamKeyHint>), Problem> {
        let services = &self.services;
        let (census, waiting, keys) = count_for(user, |scope| {
            let hints = services.vault.load(scope).map(|keys| {
                let hint = |key: &std::sync::Arc<crate::vault::PersonalKey>| UpstreamKeyHint {
                    provider: key.provider.to_string(),
                    hint: key.hint(),
                    created_at: key.created_at,
                };
                keys.iter().map(hint).collect::<Vec<_>>()
            });
            (services.memory.census(scope), services.memory.waiting_lessons(scope), hints)
        });
        let keys = match keys {
            // One that cannot be opened is none that could be hinted at; the person can replace it.
            Err(StoreError::Sealed | StoreError::Malformed | StoreError::Foreign) => Vec::new(),
            keys => keys?,
        };
        Ok((census?.into(), waiting?, keys))
    }

    fn row(&self, summary: UserSummary) -> UserRow {
        let UserSummary { user, created_at, ratchet, keys, erased: _ } = summary;
        let seen = self.seen(&user);
        UserRow { user, created_at, ratchet, keys, seen }
    }

    /// How a user or a sandbox was last seen.
    pub(super) fn seen(&self, user: &UserId) -> Option<Seen> {
        let crate::proxy::Seen { at, client, source, assurance, requests } = self.services.activity.seen(user)?;
        let owned = |word: Option<&'static str>| word.map(str::to_owned);
        Some(Seen { at, client, source: owned(source), assurance: owned(assurance), requests })
    }
}

fn decode(cursor: &str) -> Option<UserId> {
    UserId::parse(std::str::from_utf8(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?).ok()
}
