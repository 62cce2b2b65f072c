//! Two identities of one person, brought together, and taken apart again.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};

use super::api::{MergeUsers, MergeView};
use super::control::{Control, block, parse, parse_user};
use super::endpoint::Endpoint;
use super::people::{Whom, part};
use super::principal::{Access, Principal, Reason};
use super::problem::Problem;
use super::visits::{Deed, unknown_fact, unknown_user};
use crate::enforce::operator::count_for;
use crate::ids::{RequestId, UserId};
use crate::memory::transfer::{MergeRecord, Moved, TransferError, may_merge};
use crate::store::StoreError;
use crate::telemetry::audit::ActOutcome;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let (all, one) = ("/v1/users/{user}/merges", "/v1/users/{user}/merges/{id}");
    let summary = "Bring what is remembered of another identity of the same person into this one.";
    vec![
        Endpoint::new(Method::POST, all, Access::Act, summary, merge)
            .body::<MergeUsers>()
            .with_reason()
            .status(StatusCode::CREATED)
            .answers::<MergeView>(),
        Endpoint::new(Method::DELETE, one, Access::Act, "Undo a merge: what is unchanged since goes back.", undo)
            .with_reason()
            .answers::<MergeView>(),
    ]
}

impl From<MergeRecord> for MergeView {
    fn from(record: MergeRecord) -> Self {
        let MergeRecord { id, from, into, operator, at, facts, left, undone_at, kept, .. } = record;
        Self { id, from, into, at, operator: operator.into(), facts, left, undone_at, kept }
    }
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Self {
        let conflict = |code, detail: String| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            TransferError::NoFact => unknown_fact(),
            TransferError::NoMerge => unknown_merge(),
            TransferError::NotCurrent(id) => {
                conflict("memory_history", format!("The fact {id} no longer holds. Nothing was moved: leave it out."))
            }
            TransferError::Full => {
                conflict("memory_full", "The user's memory has no room for all of them. Nothing was moved.".to_owned())
            }
            TransferError::Same => refused(),
            TransferError::Store(StoreError::NotEnrolled) => unknown_user(),
            TransferError::Store(error) => error.into(),
        }
    }
}

fn unknown_merge() -> Problem {
    Problem::not_found("There is no such merge.")
}

fn refused() -> Problem {
    let detail = "Two identities of one person in the same tenant can be merged: no others, and no sandbox, which is promoted.";
    Problem::new(StatusCode::CONFLICT, "merge_refused", detail)
}

async fn merge(
    State(control): State<Control>,
    by: Principal,
    Whom(into): Whom,
    reason: Reason,
    body: Bytes,
) -> Result<(StatusCode, Json<MergeView>), Problem> {
    control.merge_users(&by, into, &reason, parse(&body)?).await.map(|merge| (StatusCode::CREATED, Json(merge)))
}

async fn undo(
    State(control): State<Control>,
    by: Principal,
    Whom(into): Whom,
    reason: Reason,
    parts: Result<Path<HashMap<String, String>>, PathRejection>,
) -> Result<Json<MergeView>, Problem> {
    let id = part(parts, "id")?.parse().map_err(|_| unknown_merge())?;
    control.undo_merge(&by, into, &reason, id).await.map(Json)
}

impl Control {
    /// Moves what is remembered of another identity into this one.
    pub async fn merge_users(
        &self,
        by: &Principal,
        into: UserId,
        reason: &Reason,
        merge: MergeUsers,
    ) -> Result<MergeView, Problem> {
        let from = parse_user(&merge.from)?;
        if !may_merge(&from, &into) {
            return Err(refused());
        }
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.known(&from)?;
            let coming = Deed::between("users.merge", &into, &from, &reason);
            let going = Deed::between("users.merge_away", &from, &into, &reason);
            control.change(&by, &coming, |into, act| {
                control.change(&by, &going, |from, other| {
                    let moved = control.services.memory.merge(from, into, RequestId::fresh(), by.name(), act.time)?;
                    let Moved { record, written, deleted: _, changed } = moved;
                    (act.facts_written, other.facts_written) = (written, changed);
                    Ok(record.into())
                })
            })
        })
        .await
    }

    /// Gives back what a merge moved.
    pub async fn undo_merge(&self, by: &Principal, into: UserId, reason: &Reason, id: RequestId) -> Result<MergeView, Problem> {
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.known(&into)?;
            let merges = count_for(&into, |scope| control.services.memory.merges(scope))?;
            let record = merges.into_iter().find(|record| record.id == id && record.into == into).ok_or_else(unknown_merge)?;
            let from = record.from.clone();
            if control.known(&from).is_err() {
                let detail = "The other identity was erased since: there is nobody to give anything back to.";
                return Err(Problem::new(StatusCode::CONFLICT, "merge_gone", detail));
            }
            let going = Deed::between("users.merge_undo", &into, &from, &reason);
            let coming = Deed::between("users.merge_back", &from, &into, &reason);
            control.change(&by, &going, |into, act| {
                control.change(&by, &coming, |from, other| {
                    let Moved { record: undone, written, deleted, changed } =
                        control.services.memory.undo_merge(from, into, id, act.time)?;
                    if record.undone_at.is_some() {
                        (act.outcome, other.outcome) = (ActOutcome::Unchanged, ActOutcome::Unchanged);
                    }
                    (act.facts_written, act.facts_deleted, other.facts_written) = (written, deleted, changed);
                    Ok(undone.into())
                })
            })
        })
        .await
    }
}
