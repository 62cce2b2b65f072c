//! What is remembered of one person, looked at and changed by an operator: each time with a reason, on record first.

use super::api::{AddFact, AmendFact, EraseUser, ErasedView, FactFilter, FactView, Page, VisitView};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::principal::Reason;
use super::problem::Problem;
use crate::ids::{FactId, UserId};

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of facts, of a user or of a sandbox.
    pub async fn list_facts(
        &self,
        _by: &Principal,
        _user: UserId,
        _reason: &Reason,
        _filter: FactFilter,
    ) -> Result<Page<FactView>, Problem> {
        Err(Problem::unfinished())
    }

    /// Writes a fact for the person.
    pub async fn add_fact(&self, _by: &Principal, _user: UserId, _reason: &Reason, _fact: AddFact) -> Result<FactView, Problem> {
        Err(Problem::unfinished())
    }

    /// Approves, edits, pins or ends a fact.
    pub async fn amend_fact(
        &self,
        _by: &Principal,
        _user: UserId,
        _reason: &Reason,
        _id: FactId,
        _change: AmendFact,
    ) -> Result<FactView, Problem> {
        Err(Problem::unfinished())
    }

    /// Deletes a fact.
    pub async fn delete_fact(&self, _by: &Principal, _user: UserId, _reason: &Reason, _id: FactId) -> Result<(), Problem> {
        Err(Problem::unfinished())
    }

    /// Erases all that is kept of a person.
    pub async fn erase_user(
        &self,
        _by: &Principal,
        _user: UserId,
        _reason: &Reason,
        _confirm: EraseUser,
    ) -> Result<ErasedView, Problem> {
        Err(Problem::unfinished())
    }

    /// When operators looked at or changed the memory, the latest first.
    pub async fn list_visits(&self, _by: &Principal, _user: UserId, _cursor: Option<String>) -> Result<Page<VisitView>, Problem> {
        Err(Problem::unfinished())
    }
}
