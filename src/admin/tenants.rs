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
use crate::ids::RequestId;
use crate::proxy::unix_ms;
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

pub(super) async fn list(State(control): State<Control>) -> Result<Json<TenantList>, Problem> {
    let tenants = block(move || Ok(control.store().list_tenants()?)).await?;
    Ok(Json(TenantList { tenants: tenants.into_iter().map(Into::into).collect() }))
}

pub(super) async fn erase(
    State(control): State<Control>,
    by: Principal,
    Path(tenant): Path<String>,
) -> Result<Json<TenantErasedView>, Problem> {
    let tenant = parse_tenant(&tenant)?;
    let receipt = RequestId::fresh();
    let begun = ActRecord::begun("tenant.erase", by.name(), unix_ms());
    let act = ActRecord { tenant: Some(tenant.clone()), receipt: Some(receipt), ..begun };
    let erased = block(move || {
        let services = Arc::clone(&control.services);
        control.act(act, |_, act| {
            let erased = services.memory.erase_tenant(&tenant, Erasure { receipt, at: act.time })?;
            services.forget_seen_tenant(&tenant);
            if erased == TenantErased::default() {
                act.outcome = ActOutcome::Unchanged;
            }
            let TenantErased { users, keys, files, bytes } = erased;
            Ok(TenantErasedView { tenant, receipt: receipt.to_string(), users, files, bytes, keys })
        })
    });
    Ok(Json(erased.await?))
}
