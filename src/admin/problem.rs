//! Errors of the control API: problem details (RFC 9457).

use std::borrow::Cow;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::FaultView;
use crate::setting::Fault;
use crate::store::StoreError;
use crate::telemetry::AuditError;

/// Why a request of the control API was not carried out. Its type is `about:blank`: `code` tells problems apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// A stable word for programs.
    pub code: Cow<'static, str>,
    /// Faults of a configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultView>,
}

impl Problem {
    /// `code` is a stable word for programs, `detail` what to do.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default().to_owned();
        Self { title, status: status.as_u16(), detail: detail.into(), code: code.into(), faults: Vec::new() }
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Nobody is known to ask.
    pub(super) fn unsigned() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "credential_missing", "Sign in, or send a token: `Authorization: Bearer …`.")
    }

    pub(super) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    pub(super) fn refused_config(faults: Vec<Fault>) -> Self {
        let detail = "The configuration has faults; the one before stays in force.";
        let faults = faults.into_iter().map(Into::into).collect();
        Self { faults, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_config", detail) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::RotationRunning => {
                return Self::new(StatusCode::CONFLICT, "rotation_running", "The master key is being replaced already.");
            }
            StoreError::MasterKeyWanted => {
                let detail = "The master key comes from `storage.master_key`, so the new one must be handed in: make one with \
                              `openssl rand -hex 32`, and name it with --key-file or --key-env.";
                return Self::new(StatusCode::BAD_REQUEST, "key_wanted", detail);
            }
            _ => {}
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "storage_failed", format!("The storage failed: {error}."))
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        if matches!(error, AuditError::Verifying | AuditError::Exporting) {
            return Self::new(StatusCode::CONFLICT, "audit_busy", format!("Wait for it to end: {error}."));
        }
        let detail = match error {
            AuditError::Read(_) => format!("{error}."),
            _ => format!("Nothing was done, since no record of it could be kept: {error}."),
        };
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "audit_failed", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}
