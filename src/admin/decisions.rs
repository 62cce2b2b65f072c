//! What was decided on recent requests, and why.

use super::api::{DecisionFilter, DecisionRow, Explanation, Page, ReplayQuery, ReplayReport, ShadowReport};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;
use crate::ids::RequestId;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of recent decisions, the newest first.
    pub async fn list_decisions(&self, _by: &Principal, _filter: DecisionFilter) -> Result<Page<DecisionRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// Why a recent request was decided as it was.
    pub async fn explain_decision(&self, _by: &Principal, _request: RequestId) -> Result<Explanation, Problem> {
        Err(Problem::unfinished())
    }

    /// Decides on the recent requests once more, under another mode.
    pub async fn replay_decisions(&self, _by: &Principal, _query: ReplayQuery) -> Result<ReplayReport, Problem> {
        Err(Problem::unfinished())
    }

    /// Who the shadow mode would refuse.
    pub async fn report_shadow(&self, _by: &Principal) -> Result<ShadowReport, Problem> {
        Err(Problem::unfinished())
    }
}
