//! Traces: where a request's time went, told to a collector by OTLP. Spans carry ids, counts and configured names; never text, and no
//! user: traces leave the machine.

mod context;
mod settings;
mod spans;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanProcessor};
use thiserror::Error;

use super::metrics::Stage;
pub use context::{Parent, TRACEPARENT};
pub use settings::{TracesFile, TracesSettings};
pub use spans::Upstream;

/// How long the collector may take for a batch.
const DEADLINE: Duration = Duration::from_secs(10);

/// Traces cannot be exported.
#[derive(Debug, Error)]
#[error("cannot set up the export of traces: {0}")]
pub struct TracesError(String);

/// The handle on the exporter. Cheap to clone; without a collector it does nothing.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Exporter>>);

struct Exporter {
    processor: Box<dyn SpanProcessor>,
    scope: InstrumentationScope,
    sample: f64,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Traces").field(&self.0.is_some()).finish()
    }
}

/// The trace of one request, from its arrival.
#[derive(Debug)]
pub struct Journey {
    trace: [u8; 16],
    /// The span of the request here.
    server: [u8; 8],
    /// The span of the call to the upstream.
    client: [u8; 8],
    parent: Option<[u8; 8]>,
    sampled: bool,
    began: (SystemTime, Instant),
    stages: Vec<(Stage, Instant, Duration)>,
}

impl Traces {
    /// Starts the exporter and its thread. Not to be called on a thread of an async runtime.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn start(settings: &TracesSettings) -> Result<Self, TracesError> {
        let fault = |error: &dyn fmt::Display| TracesError(error.to_string());
        // Both ends speak TLS by rustls over ring, as everything here; whoever was first has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::blocking::Client::builder()
            .timeout(DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| fault(&error))?;
        let headers = settings
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(&settings.endpoint)
            .with_timeout(DEADLINE)
            .with_headers(headers.collect())
            .build()
            .map_err(|error| fault(&error))?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        processor.set_resource(&Resource::builder().with_service_name(settings.service.clone()).with_attribute(version).build());
        Ok(Self::over(Box::new(processor), settings.sample))
    }

    fn over(processor: Box<dyn SpanProcessor>, sample: f64) -> Self {
        let scope = InstrumentationScope::builder("memgate").with_version(env!("CARGO_PKG_VERSION")).build();
        Self(Some(Arc::new(Exporter { processor, scope, sample })))
    }

    /// The trace of a request that arrives now; `parent` is its header `traceparent`. None without a collector.
    ///
    /// The caller's decision to sample is followed; where there is none, the share of the configuration decides, by the trace's id.
    #[must_use]
    pub fn begin(&self, parent: Option<&[u8]>) -> Option<Journey> {
        let exporter = self.0.as_ref()?;
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        let [server, client] = [0, 8].map(|at| {
            let mut id = [0; 8];
            id.copy_from_slice(&random[at..at + 8]);
            id
        });
        let parent = parent.and_then(Parent::parse);
        let mut trace = [0; 16];
        trace.copy_from_slice(&random[16..]);
        let sampled = parent.map_or_else(|| is_chosen(&trace, exporter.sample), |parent| parent.sampled);
        let trace = parent.map_or(trace, |parent| parent.trace);
        let began = (SystemTime::now(), Instant::now());
        Some(Journey { trace, server, client, parent: parent.map(|p| p.span), sampled, began, stages: Vec::new() })
    }

    /// Sends what is queued, and ends the exporter's thread. Blocks for a few seconds at most.
    pub fn shut_down(&self) {
        if let Some(exporter) = &self.0
            && let Err(error) = exporter.processor.shutdown_with_timeout(Duration::from_secs(5))
        {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

impl Journey {
    /// What the upstream gets as `traceparent`.
    #[must_use]
    pub fn to_upstream(&self) -> String {
        Parent { trace: self.trace, span: self.client, sampled: self.sampled }.format()
    }

    /// The trace's id, if the trace is exported.
    #[must_use]
    pub fn exported(&self) -> Option<[u8; 16]> {
        self.sampled.then_some(self.trace)
    }

    /// Notes a stage that ends now.
    pub fn note(&mut self, stage: Stage, took: Duration) {
        if self.sampled {
            self.stages.push((stage, Instant::now(), took));
        }
    }
}

/// As `TraceIdRatioBased` of the `OpenTelemetry` SDK: the same traces are chosen by everybody who chooses by the same share.
fn is_chosen(trace: &[u8; 16], share: f64) -> bool {
    if share >= 1.0 {
        return true;
    }
    let low = trace[8..].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)) >> 1;
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more")]
    let place = low as f64 / (1_u64 << 63) as f64;
    place < share
}
