//! Sandboxes: who is unknown and what they said, promoted to a user or ended.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};

use super::api::{FactFilter, FactView, Page, PromoteSandbox, PromotedView, SandboxDetail, SandboxFilter, SandboxRow, page_size};
use super::control::{Control, block, parse, parse_user};
use super::endpoint::Endpoint;
use super::people::{bad_cursor, part, read};
use super::principal::{Access, Principal, Reason};
use super::problem::Problem;
use super::visits::Deed;
use crate::ids::{FactId, TenantId, UserId};
use crate::store::UserSummary;

/// Facts that one promotion may name.
const MOST_FACTS: usize = 1_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let (all, one) = ("/v1/sandboxes", "/v1/sandboxes/{id}");
    let (facts, promotion) = ("/v1/sandboxes/{id}/facts", "/v1/sandboxes/{id}/promotion");
    vec![
        Endpoint::new(Method::GET, all, Access::View, "Sandboxes of unknown people, the youngest first.", list)
            .query::<SandboxFilter>()
            .answers::<Page<SandboxRow>>(),
        Endpoint::new(Method::GET, one, Access::View, "One sandbox: counts.", show).answers::<SandboxDetail>(),
        Endpoint::new(Method::GET, facts, Access::Act, "What a sandbox learned. On record.", list_facts)
            .query::<FactFilter>()
            .with_reason()
            .answers::<Page<FactView>>(),
        Endpoint::new(Method::POST, promotion, Access::Act, "Give facts that were reviewed one by one to a user.", promote)
            .body::<PromoteSandbox>()
            .with_reason()
            .answers::<PromotedView>(),
        Endpoint::new(Method::DELETE, one, Access::Act, "End a sandbox at once.", end).status(StatusCode::NO_CONTENT),
    ]
}

type Parts = Result<Path<HashMap<String, String>>, PathRejection>;

/// The same for a digest that was made up and for a sandbox that has ended.
fn unknown_sandbox() -> Problem {
    Problem::not_found("There is no such sandbox.")
}

/// The user of a sandbox, by the digest that names it.
fn user_of(id: &str) -> Result<UserId, Problem> {
    let is_digest = id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    UserId::new(TenantId::sandbox(), id).ok().filter(|_| is_digest).ok_or_else(unknown_sandbox)
}

async fn list(
    State(control): State<Control>,
    by: Principal,
    filter: Result<Query<SandboxFilter>, QueryRejection>,
) -> Result<Json<Page<SandboxRow>>, Problem> {
    control.list_sandboxes(&by, read(filter)?).await.map(Json)
}

async fn show(State(control): State<Control>, by: Principal, parts: Parts) -> Result<Json<SandboxDetail>, Problem> {
    control.show_sandbox(&by, &part(parts, "id")?).await.map(Json)
}

async fn list_facts(
    State(control): State<Control>,
    by: Principal,
    reason: Reason,
    parts: Parts,
    filter: Result<Query<FactFilter>, QueryRejection>,
) -> Result<Json<Page<FactView>>, Problem> {
    let user = user_of(&part(parts, "id")?)?;
    control.known(&user).map_err(|_| unknown_sandbox())?;
    control.list_facts(&by, user, &reason, read(filter)?).await.map(Json)
}

async fn promote(
    State(control): State<Control>,
    by: Principal,
    reason: Reason,
    parts: Parts,
    body: Bytes,
) -> Result<Json<PromotedView>, Problem> {
    control.promote_sandbox(&by, &part(parts, "id")?, &reason, parse(&body)?).await.map(Json)
}

async fn end(State(control): State<Control>, by: Principal, parts: Parts) -> Result<StatusCode, Problem> {
    control.end_sandbox(&by, &part(parts, "id")?).await.map(|()| StatusCode::NO_CONTENT)
}

fn decode(cursor: &str) -> Option<(i64, UserId)> {
    let (created, id) = cursor.split_once('.')?;
    Some((created.parse().ok()?, user_of(id).ok()?))
}

impl Control {
    /// A page of sandboxes, the youngest first.
    pub async fn list_sandboxes(&self, _by: &Principal, filter: SandboxFilter) -> Result<Page<SandboxRow>, Problem> {
        let SandboxFilter { cursor, limit } = filter;
        let after = cursor.map(|cursor| decode(&cursor).ok_or_else(bad_cursor)).transpose()?;
        let control = self.clone();
        block(move || {
            let roll = control.store().list_sandboxes(after, page_size(limit));
            let last = roll.users.last().filter(|_| roll.more);
            let next = last.map(|last| format!("{}.{}", last.created_at, last.user.name()));
            let items = roll.users.into_iter().map(|sandbox| control.sandbox_row(&sandbox)).collect::<Result<_, _>>()?;
            Ok(Page { items, next, total: roll.total })
        })
        .await
    }

    /// One sandbox, by its digest.
    pub async fn show_sandbox(&self, _by: &Principal, id: &str) -> Result<SandboxDetail, Problem> {
        let (control, user) = (self.clone(), user_of(id)?);
        block(move || {
            let sandbox = control.known(&user).map_err(|_| unknown_sandbox())?;
            let (facts, waiting_turns, _) = control.count(&user)?;
            Ok(SandboxDetail { row: control.sandbox_row(&sandbox)?, facts, waiting_turns })
        })
        .await
    }

    /// Gives facts that were reviewed to a user.
    pub async fn promote_sandbox(
        &self,
        by: &Principal,
        id: &str,
        reason: &Reason,
        promotion: PromoteSandbox,
    ) -> Result<PromotedView, Problem> {
        let PromoteSandbox { user, facts, end } = promotion;
        let (sandbox, user) = (user_of(id)?, parse_user(&user)?);
        let facts: BTreeSet<FactId> = facts.into_iter().collect();
        if facts.is_empty() || facts.len() > MOST_FACTS {
            return Err(Problem::invalid(format!("`facts` names 1 to {MOST_FACTS} facts that were approved.")));
        }
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.known(&sandbox).map_err(|_| unknown_sandbox())?;
            let given = Deed::between("facts.promote", &user, &sandbox, &reason);
            let taken = Deed::between("sandbox.promote", &sandbox, &user, &reason);
            let promoted = control.change(&by, &given, |scope, act| {
                control.change(&by, &taken, |from, taking| {
                    let promoted = control.services.memory.promote(from, scope, &facts, act.time)?;
                    taking.facts_deleted.clone_from(&promoted.removed);
                    act.facts_written = [promoted.written.as_slice(), &promoted.closed].concat();
                    Ok(promoted)
                })
            })?;
            if end {
                control.erase(&by, sandbox.clone(), Some(&reason), "sandbox.end")?;
            }
            Ok(PromotedView { user, written: promoted.written, known: promoted.known, ended: end })
        })
        .await
    }

    /// Ends a sandbox at once.
    pub async fn end_sandbox(&self, by: &Principal, id: &str) -> Result<(), Problem> {
        let (control, by, user) = (self.clone(), by.clone(), user_of(id)?);
        block(move || {
            control.known(&user).map_err(|_| unknown_sandbox())?;
            control.erase(&by, user, None, "sandbox.end").map(drop)
        })
        .await
    }

    fn sandbox_row(&self, sandbox: &UserSummary) -> Result<SandboxRow, Problem> {
        let expiry = i64::try_from(self.runtime.load().trust.sandbox_expiry.as_millis()).unwrap_or(i64::MAX);
        Ok(SandboxRow {
            id: sandbox.user.name().to_owned(),
            created_at: sandbox.created_at,
            expires_at: sandbox.created_at.saturating_add(expiry),
            seen: self.seen(&sandbox.user),
            bytes: self.store().bytes_of(&sandbox.user)?,
        })
    }
}
