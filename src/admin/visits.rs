//! The only ways to what is kept of a person ("break glass"): on record in the audit log first, then in the person's own file, and
//! only then the scope that opens it.

use super::control::Control;
use super::principal::{Principal, Reason};
use super::problem::Problem;
use crate::enforce::UserScope;
use crate::enforce::operator::{AuditedAct, OperatorAct, scope_for};
use crate::ids::{RequestId, UserId};
use crate::memory::Visit;
use crate::memory::curate::CurateError;
use crate::proxy::unix_ms;
use crate::store::{StoreError, UserSummary};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::{ActOutcome, Clipped};

/// An operator's act on what is kept of one person.
#[derive(Clone, Copy)]
pub(super) struct Deed<'a> {
    pub act: &'static str,
    pub user: &'a UserId,
    /// The other one, where facts move between two.
    pub other: Option<&'a UserId>,
    pub reason: Option<&'a Reason>,
    /// The number of an erasure.
    pub receipt: Option<RequestId>,
    /// Whether the person is to find it in their own file. What ends the file is not written into it.
    pub noted: bool,
}

impl<'a> Deed<'a> {
    /// A change that the person is to find in their file.
    pub fn change(act: &'static str, user: &'a UserId, reason: &'a Reason) -> Self {
        Self { act, user, other: None, reason: Some(reason), receipt: None, noted: true }
    }

    /// The same, between two.
    pub fn between(act: &'static str, user: &'a UserId, other: &'a UserId, reason: &'a Reason) -> Self {
        Self { other: Some(other), ..Self::change(act, user, reason) }
    }
}

/// The same for somebody who never was and for somebody who was erased.
pub(super) fn unknown_user() -> Problem {
    Problem::not_found("There is no such user.")
}

/// The same for an id that was made up and for another person's fact.
pub(super) fn unknown_fact() -> Problem {
    Problem::not_found("There is no such fact.")
}

impl From<CurateError> for Problem {
    fn from(error: CurateError) -> Self {
        let conflict = |detail: String| Self::new(axum::http::StatusCode::CONFLICT, "memory_history", detail);
        match error {
            CurateError::NoFact => unknown_fact(),
            CurateError::History(Some(newer)) => {
                conflict(format!("This fact no longer holds, and history is not changed. Change {newer}, which took its place."))
            }
            CurateError::History(None) => {
                conflict("This fact no longer holds, and history is not changed. Add what holds now as a new fact.".to_owned())
            }
            CurateError::Cursor => {
                Self::new(axum::http::StatusCode::BAD_REQUEST, "cursor_invalid", "The cursor belongs to another list.")
            }
            CurateError::Store(StoreError::NotEnrolled) => unknown_user(),
            CurateError::Store(error) => error.into(),
        }
    }
}

impl Control {
    /// A user or a sandbox with a memory.
    pub(super) fn known(&self, user: &UserId) -> Result<UserSummary, Problem> {
        self.store().find_user(user).ok_or_else(unknown_user)
    }

    /// The scope of a person for one look of an operator: on record first, with the reason. Blocks.
    pub(super) fn visit(&self, by: &Principal, user: &UserId, act: &'static str, reason: &Reason) -> Result<UserScope, Problem> {
        let deed = Deed::change(act, user, reason);
        let (scope, record) = self.enter(by, &deed, ActOutcome::Done)?;
        match self.note(by, &deed, &scope) {
            Ok(()) => Ok(scope),
            Err(problem) => self.conclude(record, Err(problem)),
        }
    }

    /// Carries out an operator's act on what is kept of one person between its two records. `work` may complete the second one. Blocks.
    pub(super) fn change<T>(
        &self,
        by: &Principal,
        deed: &Deed<'_>,
        work: impl FnOnce(&UserScope, &mut ActRecord) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let (scope, mut record) = self.enter(by, deed, ActOutcome::Begun)?;
        record.outcome = ActOutcome::Done;
        let noted = if deed.noted { self.note(by, deed, &scope) } else { Ok(()) };
        let result = noted.and_then(|()| work(&scope, &mut record));
        self.conclude(record, result)
    }

    /// Writes the first record; the scope exists only if that succeeded.
    fn enter(&self, by: &Principal, deed: &Deed<'_>, outcome: ActOutcome) -> Result<(UserScope, ActRecord), Problem> {
        self.known(deed.user)?;
        let reason = deed.reason.map(Reason::as_str).unwrap_or_default();
        let record = ActRecord {
            user: Some(deed.user.clone()),
            other: deed.other.cloned(),
            reason: deed.reason.map(|reason| Clipped::new(reason.as_str())),
            receipt: deed.receipt,
            outcome,
            ..ActRecord::begun(deed.act, by.name(), unix_ms())
        };
        let wanted = OperatorAct { user: deed.user, operator: by.name(), act: deed.act, reason };
        let audited = AuditedAct::record(&wanted, |_| self.services.audit.record_act(record.clone()))?;
        Ok((scope_for(audited), record))
    }

    /// Writes the visit into the person's file.
    fn note(&self, by: &Principal, deed: &Deed<'_>, scope: &UserScope) -> Result<(), Problem> {
        let reason = deed.reason.map(Reason::as_str).unwrap_or_default().into();
        let visit = Visit { at: unix_ms(), operator: by.name().into(), act: deed.act.into(), reason };
        self.services.memory.note_visit(scope, &visit).map_err(|error| match error {
            StoreError::NotEnrolled => unknown_user(),
            error => error.into(),
        })
    }
}
