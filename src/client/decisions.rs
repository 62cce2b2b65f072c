//! What was decided, and what another mode would decide.

use super::{Client, ClientError};
use crate::admin::api::{DecisionFilter, DecisionRow, Explanation, Page, ReplayQuery, ReplayReport, ShadowReport};

impl Client {
    /// Recent decisions, the newest first.
    pub async fn list_decisions(&self, filter: &DecisionFilter) -> Result<Page<DecisionRow>, ClientError> {
        self.get(&["decisions"], filter).await
    }

    /// Why a recent request was decided as it was.
    pub async fn explain_decision(&self, request: &str) -> Result<Explanation, ClientError> {
        self.get(&["decisions", request], &()).await
    }

    /// Decides on the recent requests once more, under another mode. Changes nothing.
    pub async fn replay_decisions(&self, query: &ReplayQuery) -> Result<ReplayReport, ClientError> {
        self.get(&["decisions", "replay"], query).await
    }

    /// Who the shadow mode would refuse.
    pub async fn report_shadow(&self) -> Result<ShadowReport, ClientError> {
        self.get(&["shadow"], &()).await
    }
}
