//! Sandboxes: who is unknown and what they said, promoted to a user or ended.

use super::api::{Page, PromoteSandbox, PromotedView, SandboxDetail, SandboxFilter, SandboxRow};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::principal::Reason;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of sandboxes, the youngest first.
    pub async fn list_sandboxes(&self, _by: &Principal, _filter: SandboxFilter) -> Result<Page<SandboxRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// One sandbox, by its digest.
    pub async fn show_sandbox(&self, _by: &Principal, _id: &str) -> Result<SandboxDetail, Problem> {
        Err(Problem::unfinished())
    }

    /// Gives facts that were reviewed to a user.
    pub async fn promote_sandbox(
        &self,
        _by: &Principal,
        _id: &str,
        _reason: &Reason,
        _promotion: PromoteSandbox,
    ) -> Result<PromotedView, Problem> {
        Err(Problem::unfinished())
    }

    /// Ends a sandbox at once.
    pub async fn end_sandbox(&self, _by: &Principal, _id: &str) -> Result<(), Problem> {
        Err(Problem::unfinished())
    }
}
