//! The audit log, read, exported and verified.

use super::api::{AuditFilter, AuditLine, AuditVerification, Page};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of the log, the newest first.
    pub async fn list_audit(&self, _by: &Principal, _filter: AuditFilter) -> Result<Page<AuditLine>, Problem> {
        Err(Problem::unfinished())
    }

    /// Goes through the whole chain.
    pub async fn verify_audit(&self, _by: &Principal) -> Result<AuditVerification, Problem> {
        Err(Problem::unfinished())
    }
}
