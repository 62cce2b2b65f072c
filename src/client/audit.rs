//! The audit log.

use bytes::Bytes;
use reqwest::{Method, Response};

use super::call::Along;
use super::{Client, ClientError};
use crate::admin::api::{AuditFilter, AuditLine, AuditVerification, Page};

/// An export as it comes.
#[derive(Debug)]
pub struct Exported(Response);

impl Client {
    /// A page of the log, the newest first. It may be empty and say where to go on.
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Page<AuditLine>, ClientError> {
        self.get(&["audit"], filter).await
    }

    /// Has memgate go through the whole chain.
    pub async fn verify_audit(&self) -> Result<AuditVerification, ClientError> {
        self.get(&["audit", "verification"], &()).await
    }

    /// All records that fit, as they are written, the oldest first.
    pub async fn export_audit(&self, filter: &AuditFilter) -> Result<Exported, ClientError> {
        let request = self.endless(Method::GET, &["audit", "export"]).with_query(filter)?;
        Ok(Exported(self.send(request).await?))
    }
}

impl Exported {
    /// Some bytes more; none at the end.
    ///
    /// # Errors
    /// When the connection breaks before.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        self.0.chunk().await.map_err(|error| ClientError::Transport(error.without_url()))
    }
}
