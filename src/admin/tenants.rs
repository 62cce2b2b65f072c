//! Tenants: listed by what there is of them, and erased.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;

use super::api::{TenantErasedView, TenantList, TenantView};
use super::control::{Control, block, parse_tenant};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::enforce::operator::count_for;
use crate::ids::{RequestId, TenantId};
use crate::proxy::{Keepers, unix_ms};
use crate::store::{Erasure, TenantErased, TenantSummary};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

impl From<TenantSummary> for TenantView {
    fn from(TenantSummary { tenant, users, bytes, keys }: TenantSummary) -> Self {
        Self { tenant, users, bytes, keys }
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let path = "/v1/tenants/{tenant}";
    vec![
        Endpoint::new(Method::GET, "/v1/tenants", Access::View, "Tenants with their users, bytes and keys.", list)
            .answers::<TenantList>(),
        Endpoint::new(Method::DELETE, path, Access::Act, "Erase everything that is kept of a tenant's users.", erase)
            .answers::<TenantErasedView>(),
    ]
}

pub(super) async fn list(State(control): State<Control>, by: Principal) -> Result<Json<TenantList>, Problem> {
    control.list_tenants(&by).await.map(Json)
}

pub(super) async fn erase(
    State(control): State<Control>,
    by: Principal,
    Path(tenant): Path<String>,
) -> Result<Json<TenantErasedView>, Problem> {
    control.erase_tenant(&by, parse_tenant(&tenant)?).await.map(Json)
}

impl Control {
    /// Every tenant with users, and how much there is of them.
    pub async fn list_tenants(&self, _by: &Principal) -> Result<TenantList, Problem> {
        let control = self.clone();
        let tenants = block(move || Ok(control.store().list_tenants()?)).await?;
        Ok(TenantList { tenants: tenants.into_iter().map(Into::into).collect() })
    }

    /// Erases everything that is kept of a tenant's users.
    pub async fn erase_tenant(&self, by: &Principal, tenant: TenantId) -> Result<TenantErasedView, Problem> {
        let receipt = RequestId::fresh();
        let begun = ActRecord::begun("tenant.erase", by.name(), unix_ms());
        let act = ActRecord { tenant: Some(tenant.clone()), receipt: Some(receipt), ..begun };
        let control = self.clone();
        block(move || {
            let services = Arc::clone(&control.services);
            control.act(act, |store, act| {
                let mut users = Vec::new();
                store.each_user(|user| users.extend((user.tenant() == &tenant).then(|| user.clone())));
                let erased = services.memory.erase_tenant(&tenant, Erasure { receipt, at: act.time })?;
                let keepers = Keepers::of(&services);
                for user in &users {
                    count_for(user, |scope| keepers.forget(scope));
                }
                services.forget_seen_tenant(&tenant);
                if erased == TenantErased::default() {
                    act.outcome = ActOutcome::Unchanged;
                }
                let TenantErased { users, keys, files, bytes } = erased;
                Ok(TenantErasedView { tenant, receipt: receipt.to_string(), users, files, bytes, keys })
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::ConfigDesk;
    use crate::enforce::test_scope;
    use crate::identity::Assurance;
    use crate::proxy::test_services;
    use crate::setting::Secret;

    #[tokio::test]
    async fn keys_of_an_erased_tenant_are_wiped_from_ram() {
        let dir = tempfile::tempdir().unwrap();
        let (services, runtime) = test_services(dir.path());
        let [theirs, others] = ["acme:ana", "umbra:ana"].map(|user| {
            let scope = test_scope(user, Assurance::Verified);
            services.store.enroll(&scope, 1).unwrap();
            services.vault.put(&scope, "openai", Secret::new(b"sk-own"), 1).unwrap();
            Arc::downgrade(&services.vault.load(&scope).unwrap())
        });
        let control = Control::new(Arc::clone(&services), runtime, ConfigDesk::reloading(Arc::new(|| Ok(()))));
        let erased = control.erase_tenant(&Principal::local(), TenantId::parse("acme").unwrap()).await.unwrap();
        assert_eq!(erased.users, 1);
        assert!(theirs.upgrade().is_none() && others.upgrade().is_some());
    }
}
