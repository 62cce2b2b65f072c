//! Tenants: listed by what there is of them, and erased.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::api::{TenantErasedView, TenantList, TenantView};
use super::control::{Control, block, parse_tenant, unix_ms};
use super::problem::Problem;
use crate::ids::RequestId;
use crate::store::{Erasure, TenantErased, TenantSummary};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

impl From<TenantSummary> for TenantView {
    fn from(TenantSummary { tenant, users, bytes, keys }: TenantSummary) -> Self {
        Self { tenant, users, bytes, keys }
    }
}

pub(super) async fn list(State(control): State<Control>) -> Result<Json<TenantList>, Problem> {
    let tenants = block(move || Ok(control.store.list_tenants()?)).await?;
    Ok(Json(TenantList { tenants: tenants.into_iter().map(Into::into).collect() }))
}

pub(super) async fn erase(State(control): State<Control>, Path(tenant): Path<String>) -> Result<Json<TenantErasedView>, Problem> {
    let tenant = parse_tenant(&tenant)?;
    let receipt = RequestId::fresh();
    let begun = ActRecord::begun("tenant.erase", unix_ms());
    let act = ActRecord { tenant: Some(tenant.clone()), receipt: Some(receipt), ..begun };
    let erased = block(move || {
        let memory = Arc::clone(&control.memory);
        control.act(act, |_, act| {
            let erased = memory.erase_tenant(&tenant, Erasure { receipt, at: act.time })?;
            if erased == TenantErased::default() {
                act.outcome = ActOutcome::Unchanged;
            }
            let TenantErased { users, keys, files, bytes } = erased;
            Ok(TenantErasedView { tenant, receipt: receipt.to_string(), users, files, bytes, keys })
        })
    });
    Ok(Json(erased.await?))
}
