//! Counting what models are asked, where somebody counts.

use crate::telemetry::{Metrics, ModelMetrics};

/// The metrics of calls to models; counts nothing where there are none.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Option<ModelMetrics>);

impl Meter {
    pub(super) fn of(metrics: &Metrics) -> Self {
        Self(Some(metrics.models().clone()))
    }

    pub(super) fn count(&self, count: impl FnOnce(&ModelMetrics)) {
        if let Some(metrics) = &self.0 {
            count(metrics);
        }
    }
}
