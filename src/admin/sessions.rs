//! Live sessions.

use super::api::{Page, SessionFilter, SessionRow};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of live sessions, the latest first.
    pub async fn list_sessions(&self, _by: &Principal, _filter: SessionFilter) -> Result<Page<SessionRow>, Problem> {
        Err(Problem::unfinished())
    }
}
