//! The end of sandboxes whose time is over.

use std::time::Duration;

use super::{Services, unix_ms};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

/// Removes sandboxes that are older than `expiry`, on record. Blocks on the disk.
pub fn expire_sandboxes(services: &Services, expiry: Duration) {
    let expiry = i64::try_from(expiry.as_millis()).unwrap_or(i64::MAX);
    match services.store.expire_sandboxes(unix_ms().saturating_sub(expiry)) {
        Ok(0) => {}
        Ok(expired) => {
            tracing::info!(expired, "sandboxes expired");
            let act = ActRecord::by_memgate("sandbox.expire", unix_ms(), ActOutcome::Done);
            services.audit.record(ActRecord { count: Some(expired), ..act });
        }
        Err(error) => tracing::error!(%error, "sandboxes could not be expired"),
    }
}
