//! What is replaced while memgate runs.

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Opts};

use super::{Builder, PerLabel};

label!(
    /// What a reload came to.
    ReloadResult { Applied = "applied", Refused = "refused" }
);

/// Metrics of the configuration's reloads.
pub struct ReloadMetrics {
    results: PerLabel<IntCounter>,
    applied: IntGauge,
}

impl ReloadMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let results = b.counters("config_reloads_total", "Reloads of the configuration by result.", &["result"])?;
        let applied = b.gauge("config_last_reload_successful", "1, or 0 if the last reload was refused.")?;
        applied.set(1);
        Ok(Self { results: PerLabel::of(&results, ReloadResult::ALL)?, applied })
    }

    /// Counts a reload.
    pub fn count(&self, result: ReloadResult) {
        self.results.0[result as usize].inc();
        self.applied.set(i64::from(result == ReloadResult::Applied));
    }

    /// Whether the last reload was applied, or there was none.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.applied.get() == 1
    }
}

impl std::fmt::Debug for ReloadMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReloadMetrics").finish_non_exhaustive()
    }
}

/// Metrics of the listener's certificates. Clones count into the same series.
#[derive(Clone)]
pub struct CertificateMetrics {
    expiry: IntGaugeVec,
    reloads: PerLabel<IntCounter>,
    refused: IntCounter,
}

impl CertificateMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let expiry =
            Opts::new("certificate_expiry_timestamp_seconds", "When a certificate ends, in seconds since the Unix epoch.");
        let reloads = b.counters("certificate_reloads_total", "Changed certificate files by result.", &["result"])?;
        Ok(Self {
            expiry: b.add(IntGaugeVec::new(expiry.namespace("memgate"), &["certificate"])?)?,
            reloads: PerLabel::of(&reloads, ReloadResult::ALL)?,
            refused: b.counter("client_certificates_refused_total", "Handshakes that failed on the client's certificate.")?,
        })
    }

    /// When the server's certificate ends, and the first authority of clients, in seconds since the Unix epoch.
    pub fn set_expiry(&self, (server, client_ca): (i64, Option<i64>)) {
        self.expiry.with_label_values(&["server"]).set(server);
        match client_ca {
            Some(end) => self.expiry.with_label_values(&["client_ca"]).set(end),
            // It was never there, or is not any more: either way no series is left.
            None => drop(self.expiry.remove_label_values(&["client_ca"])),
        }
    }

    /// Counts a handshake that failed on the client's certificate: no request and no record comes of it.
    pub fn count_refused(&self) {
        self.refused.inc();
    }

    /// Counts certificate files that were found changed.
    pub fn count_reload(&self, result: ReloadResult) {
        self.reloads.0[result as usize].inc();
    }
}

impl std::fmt::Debug for CertificateMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateMetrics").finish_non_exhaustive()
    }
}
