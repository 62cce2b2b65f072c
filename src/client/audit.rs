//! The audit log, read and verified.

use super::{Client, ClientError};
use crate::admin::api::{AuditFilter, AuditLine, AuditVerification, Page};

impl Client {
    /// Records, the newest first.
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Page<AuditLine>, ClientError> {
        self.get(&["audit"], filter).await
    }

    /// Checks every record and their chain.
    pub async fn verify_audit(&self) -> Result<AuditVerification, ClientError> {
        self.get(&["audit", "verification"], &()).await
    }
}
