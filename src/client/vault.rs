//! Tenants and the master key.

use reqwest::Method;

use super::{Client, ClientError};
use crate::admin::api::{RotateMasterKey, RotationView, ShownKey, TenantErasedView, TenantList};
use crate::ids::TenantId;

impl Client {
    /// Replaces the master key: by the one handed in, as it is written, or by one that memgate makes.
    pub async fn rotate_master_key(&self, key: Option<ShownKey>) -> Result<RotationView, ClientError> {
        self.json(self.request(Method::POST, &["vault", "rotation"]).json(&RotateMasterKey { key })).await
    }

    pub async fn list_tenants(&self) -> Result<TenantList, ClientError> {
        self.get(&["tenants"], &()).await
    }

    /// Erases all that is kept of a tenant's users.
    pub async fn erase_tenant(&self, tenant: &TenantId) -> Result<TenantErasedView, ClientError> {
        self.json(self.request(Method::DELETE, &["tenants", tenant.as_str()])).await
    }
}
