//! Sandboxes: looked at, promoted, ended.

use reqwest::Method;

use super::call::Along;
use super::{Client, ClientError};
use crate::admin::api::{FactFilter, FactView, Page, PromoteSandbox, PromotedView, SandboxDetail, SandboxFilter, SandboxRow};

impl Client {
    pub async fn list_sandboxes(&self, filter: &SandboxFilter) -> Result<Page<SandboxRow>, ClientError> {
        self.get(&["sandboxes"], filter).await
    }

    /// A sandbox by its digest.
    pub async fn show_sandbox(&self, id: &str) -> Result<SandboxDetail, ClientError> {
        self.get(&["sandboxes", id], &()).await
    }

    /// What is remembered in a sandbox. On record, with the reason.
    pub async fn list_sandbox_facts(&self, id: &str, reason: &str, filter: &FactFilter) -> Result<Page<FactView>, ClientError> {
        let request = self.request(Method::GET, &["sandboxes", id, "facts"]);
        self.json(request.with_query(filter)?.with_reason(reason)).await
    }

    /// Gives facts that were reviewed to a user.
    pub async fn promote_sandbox(&self, id: &str, reason: &str, promotion: &PromoteSandbox) -> Result<PromotedView, ClientError> {
        let request = self.request(Method::POST, &["sandboxes", id, "promotion"]);
        self.json(request.with_reason(reason).json(promotion)).await
    }

    /// Ends a sandbox at once.
    pub async fn end_sandbox(&self, id: &str) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &["sandboxes", id])).await
    }
}
