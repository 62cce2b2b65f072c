//! The operator's way to a user's data: only behind an audit record that was written first.

use super::UserScope;
use crate::identity::Assurance;
use crate::ids::{ClientName, UserId};

/// What an operator is about to do, as the audit record states it.
#[derive(Debug, Clone, Copy)]
pub struct OperatorAct<'a> {
    pub user: &'a UserId,
    /// Who acts: the name of the operator's credential, or the local command line.
    pub operator: &'a str,
    /// What is done, such as `facts.read`.
    pub act: &'static str,
    /// Why, in the operator's words.
    pub reason: &'a str,
}

/// Proof that an act on one user's data was audited. It is spent on one scope, of that user.
#[derive(Debug)]
pub struct AuditedAct {
    user: UserId,
}

impl AuditedAct {
    /// Writes the record by `write`; the proof exists only if that succeeded.
    ///
    /// # Errors
    /// What `write` fails with: no record, no access.
    pub fn record<E>(act: &OperatorAct<'_>, write: impl FnOnce(&OperatorAct<'_>) -> Result<(), E>) -> Result<Self, E> {
        write(act)?;
        Ok(Self { user: act.user.clone() })
    }
}

/// What may come out of [`count_for`]. No fact is one, no turn, no key, and no scope.
pub(crate) trait Countable {}

impl Countable for () {}
impl Countable for bool {}
impl Countable for u64 {}
impl<T: Countable> Countable for Vec<T> {}
impl<T: Countable, E> Countable for Result<T, E> {}
impl<A: Countable, B: Countable> Countable for (A, B) {}
impl<A: Countable, B: Countable, C: Countable> Countable for (A, B, C) {}

/// Counts something of a user, for an operator's lists. No record is written, so nothing of what is remembered may come out: numbers,
/// times, names of operators and hints alone.
pub(crate) fn count_for<T: Countable>(user: &UserId, count: impl FnOnce(&UserScope) -> T) -> T {
    count(&scope_for(AuditedAct { user: user.clone() }))
}

/// The scope of the user whom the audited act is about.
///
/// Its assurance is the lowest: an operator's act proves nothing of the user, so it never raises the trust ratchet.
#[must_use]
pub fn scope_for(audited: AuditedAct) -> UserScope {
    let sandboxed = audited.user.tenant() == &crate::ids::TenantId::sandbox();
    let client = ClientName::parse("operator").unwrap_or_else(|_| ClientName::unknown());
    UserScope { user: audited.user, assurance: Assurance::Anonymous, client, sandboxed, groups: Vec::new() }
}
