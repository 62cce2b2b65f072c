//! Prometheus metrics. Every label value is a configured name or one of a fixed set: never a user, a path or a model.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use prometheus::core::{Collector, Metric, MetricVec, MetricVecBuilder};
use prometheus::proto::LabelPair;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use super::keeping::KeepingMetrics;
use crate::ids::ClientName;

/// An enum whose variants are the values of one metric label.
macro_rules! label {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value of the label.
            pub const ALL: &[&str] = &[$($text),+];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                Self::ALL[self as usize]
            }
        }
    };
}

mod balance;
mod budgets;
mod denials;
mod gate;
mod keys;
mod labels;
mod models;
mod openmetrics;
mod reading;
mod reloads;
mod sessions;

pub use balance::{BalanceMetrics, EjectionCause, FailoverCause};
pub use budgets::{BudgetMetrics, TokenSort};
pub use denials::CrossScope;
pub use gate::{GateMetrics, SignInResult};
pub use keys::{KeyMetrics, KeyTestResult};
pub use labels::{LearnResult, RecallResult, RouteLabel, Stage, UpstreamFault};
pub use models::{EmbeddingResult, JwksFetch, ModelMetrics, TutorFact, TutorResult};
pub use openmetrics::Exemplar;
use openmetrics::Exemplars;
pub use reading::{Buckets, DecisionKey, Reading, Totals, UpstreamUse};
pub use reloads::{CertificateMetrics, ReloadMetrics, ReloadResult};
pub use sessions::{HistoryResult, SessionMetrics};

/// Handles of one family, resolved once, so that the request's path hashes no label.
#[derive(Clone)]
struct PerLabel<M>(Vec<M>);

impl<M: Clone> PerLabel<M> {
    fn of<B: MetricVecBuilder<M = M>>(family: &MetricVec<B>, values: &[&str]) -> Result<Self, prometheus::Error>
    where
        M: Metric,
    {
        values.iter().map(|value| family.get_metric_with_label_values(&[*value])).collect::<Result<_, _>>().map(Self)
    }
}

const MICROSECONDS_TO_SECOND: &[f64] =
    &[1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0];
const FIRST_TOKEN: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
const REQUEST: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// All metrics of one memgate, in a registry of its own.
pub struct Metrics {
    registry: Registry,
    families: BTreeSet<String>,
    requests: IntCounterVec,
    refusals: IntCounterVec,
    stages: PerLabel<Histogram>,
    first_token: Histogram,
    first_token_exemplars: Exemplars,
    durations: PerLabel<Histogram>,
    /// As [`RouteLabel::ALL`].
    duration_exemplars: Vec<Exemplars>,
    request_bytes: IntCounter,
    response_bytes: IntCounter,
    trims: IntCounter,
    messages_cut: IntCounter,
    tokens_trimmed: IntCounter,
    cross_scope_denials: PerLabel<IntCounter>,
    recalls: PerLabel<IntCounter>,
    facts_injected: IntCounter,
    /// What becomes of facts.
    pub keeping: KeepingMetrics,
    learn_jobs: PerLabel<IntCounter>,
    learning_queue: IntGauge,
    upstream_errors: IntCounterVec,
    open_streams: IntGauge,
    shadow_refusals: IntCounterVec,
    ignored_headers: IntCounter,
    settings_missed: IntCounter,
    dropped_groups: IntCounter,
    /// Whether changed configurations were taken.
    pub reloads: ReloadMetrics,
    audit_dropped: IntCounter,
    /// The certificates of the listener.
    pub certificates: CertificateMetrics,
    /// How requests are spread over upstreams.
    pub balance: BalanceMetrics,
    /// Keys of upstreams.
    pub keys: KeyMetrics,
    models: ModelMetrics,
    /// What budgets refused and charged.
    pub budgets: BudgetMetrics,
    /// What becomes of sessions and of their histories.
    pub sessions: SessionMetrics,
    /// Who was let in to the admin API, and who was not.
    pub gate: GateMetrics,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Builds metrics and registers them under the prefix `memgate_`.
pub(super) struct Builder {
    registry: Registry,
    families: RefCell<BTreeSet<String>>,
}

impl Builder {
    fn add<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C, prometheus::Error> {
        self.registry.register(Box::new(collector.clone()))?;
        self.families.borrow_mut().extend(collector.desc().into_iter().map(|about| about.fq_name.clone()));
        Ok(collector)
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.add(IntCounter::with_opts(Opts::new(name, help).namespace("memgate"))?)
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.add(IntCounterVec::new(Opts::new(name, help).namespace("memgate"), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::with_opts(Opts::new(name, help).namespace("memgate"))?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).namespace("memgate").buckets(buckets.to_vec()))?)
    }

    fn histograms(&self, name: &str, help: &str, label: &str, buckets: &[f64]) -> Result<HistogramVec, prometheus::Error> {
        let opts = HistogramOpts::new(name, help).namespace("memgate").buckets(buckets.to_vec());
        self.add(HistogramVec::new(opts, &[label])?)
    }
}

impl Metrics {
    /// Registers every metric.
    ///
    /// # Errors
    /// When a name or label is malformed or registered twice: a mistake in this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let b = Builder { registry: Registry::new(), families: RefCell::default() };
        let stages =
            b.histograms("stage_duration_seconds", "Time that one stage of a request took.", "stage", MICROSECONDS_TO_SECOND)?;
        let durations = b.histograms(
            "request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            "route",
            REQUEST,
        )?;
        let recalls = b.counters("recall_total", "Recalls by result.", &["result"])?;
        let learn_jobs = b.counters("learn_jobs_total", "Learning jobs by result.", &["result"])?;
        let denials = "Requests for what is another's or never was, turned away.";
        let denials = b.counters("cross_scope_denials_total", denials, &["kind"])?;
        let build = Opts::new("build_info", "Always 1; the label holds the version.").namespace("memgate");
        let build = b.add(IntGauge::with_opts(build.const_label("version", env!("CARGO_PKG_VERSION")))?)?;
        build.set(1);
        Ok(Self {
            requests: b.counters(
                "requests_total",
                "Requests by client, trust mode, decision and reason.",
                &["client", "mode", "decision", "reason"],
            )?,
            refusals: b.counters(
                "refusals_total",
                "Requests that memgate answered with an error of its own, by code.",
                &["code"],
            )?,
            stages: PerLabel::of(&stages, Stage::ALL)?,
            first_token: b.histogram("first_token_seconds", "Time from a request's arrival to its first token.", FIRST_TOKEN)?,
            first_token_exemplars: Exemplars::new(FIRST_TOKEN),
            durations: PerLabel::of(&durations, RouteLabel::ALL)?,
            duration_exemplars: RouteLabel::ALL.iter().map(|_| Exemplars::new(REQUEST)).collect(),
            request_bytes: b.counter("request_bytes_total", "Bytes of request bodies received.")?,
            response_bytes: b.counter("response_bytes_total", "Bytes of response bodies sent.")?,
            trims: b.counter("trims_total", "Conversations that were cut to fit the context window.")?,
            messages_cut: b.counter("messages_cut_total", "Messages cut from conversations.")?,
            tokens_trimmed: b.counter("tokens_trimmed_total", "Tokens of the messages cut from conversations, as counted.")?,
            cross_scope_denials: PerLabel::of(&denials, CrossScope::ALL)?,
            recalls: PerLabel::of(&recalls, RecallResult::ALL)?,
            facts_injected: b.counter("facts_injected_total", "Facts written into requests.")?,
            keeping: KeepingMetrics::new(&b)?,
            learn_jobs: PerLabel::of(&learn_jobs, LearnResult::ALL)?,
            learning_queue: b.gauge("learning_queue_bytes", "Bytes of turns that wait to be learned from.")?,
            upstream_errors: b.counters("upstream_errors_total", "Failures of upstreams by kind.", &["upstream", "kind"])?,
            open_streams: b.gauge("open_streams", "Answers being streamed now.")?,
            shadow_refusals: b.counters(
                "shadow_refusals_total",
                "Requests that the shadow mode would have refused.",
                &["client", "reason"],
            )?,
            ignored_headers: b
                .counter("ignored_identity_headers_total", "Identity headers dropped from peers that nobody trusts.")?,
            settings_missed: b.counter(
                "settings_missed_total",
                "Requests that went on without their person's settings, which could not be read.",
            )?,
            dropped_groups: b.counter("dropped_groups_total", "Groups in evidence that have no name or were too many.")?,
            reloads: ReloadMetrics::new(&b)?,
            audit_dropped: b.counter("audit_dropped_total", "Audit records that could not be queued or written.")?,
            certificates: CertificateMetrics::new(&b)?,
            balance: BalanceMetrics::new(&b)?,
            keys: KeyMetrics::new(&b)?,
            models: ModelMetrics::new(&b)?,
            budgets: BudgetMetrics::new(&b)?,
            sessions: SessionMetrics::new(&b)?,
            gate: GateMetrics::new(&b)?,
            families: b.families.into_inner(),
            registry: b.registry,
        })
    }

    /// Counts a request that has been decided. `mode`, `decision` and `reason` are the static names of policy and enforce.
    pub fn count_request(&self, client: &ClientName, mode: &'static str, decision: &'static str, reason: &'static str) {
        self.requests.with_label_values(&[client.as_str(), mode, decision, reason]).inc();
    }

    /// Counts a request that was turned away. `code` is that of the answer.
    pub fn count_refusal(&self, code: &'static str) {
        self.refusals.with_label_values(&[code]).inc();
    }

    pub fn observe_stage(&self, stage: Stage, took: Duration) {
        self.stages.0[stage as usize].observe(took.as_secs_f64());
    }

    /// `now`: milliseconds since the Unix epoch, as in [`Metrics::observe_request`].
    pub fn observe_first_token(&self, since_arrival: Duration, of: Exemplar, now: i64) {
        let seconds = since_arrival.as_secs_f64();
        self.first_token.observe(seconds);
        self.first_token_exemplars.note(seconds, of, now);
    }

    /// Observes a finished request: its whole time, and the body bytes in and out.
    pub fn observe_request(&self, route: RouteLabel, took: Duration, (bytes_in, bytes_out): (u64, u64), of: Exemplar, now: i64) {
        let seconds = took.as_secs_f64();
        self.durations.0[route as usize].observe(seconds);
        self.duration_exemplars[route as usize].note(seconds, of, now);
        self.request_bytes.inc_by(bytes_in);
        self.response_bytes.inc_by(bytes_out);
    }

    /// Counts a request for what is another's or never was.
    pub fn count_cross_scope_denial(&self, kind: CrossScope) {
        self.cross_scope_denials.0[kind as usize].inc();
    }

    /// Counts a conversation that lost `messages` messages of `tokens` tokens to its window.
    pub fn count_trim(&self, messages: u64, tokens: u64) {
        self.trims.inc();
        self.tokens_trimmed.inc_by(tokens);
        self.messages_cut.inc_by(messages);
    }

    /// Counts a recall and the facts that it put into the request.
    pub fn count_recall(&self, result: RecallResult, facts: u64) {
        self.recalls.0[result as usize].inc();
        self.facts_injected.inc_by(facts);
    }

    /// Counts a learning job.
    pub fn count_learning(&self, result: LearnResult) {
        self.learn_jobs.0[result as usize].inc();
    }

    pub fn set_learning_queue(&self, bytes: u64) {
        self.learning_queue.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts a failure of an upstream, named as in the configuration.
    pub fn count_upstream_error(&self, upstream: &str, fault: UpstreamFault) {
        self.upstream_errors.with_label_values(&[upstream, fault.as_str()]).inc();
    }

    /// Counts a stream as open until the guard goes.
    #[must_use]
    pub fn open_stream(&self) -> OpenStream {
        self.open_streams.inc();
        OpenStream(self.open_streams.clone())
    }

    /// Answers being streamed now.
    #[must_use]
    pub fn streams(&self) -> u64 {
        u64::try_from(self.open_streams.get()).unwrap_or(0)
    }

    pub fn count_shadow_refusal(&self, client: &ClientName, reason: &'static str) {
        self.shadow_refusals.with_label_values(&[client.as_str(), reason]).inc();
    }

    pub fn count_ignored_headers(&self, headers: u32) {
        self.ignored_headers.inc_by(u64::from(headers));
    }

    pub fn count_settings_missed(&self) {
        self.settings_missed.inc();
    }

    pub fn count_dropped_groups(&self, groups: u32) {
        self.dropped_groups.inc_by(u64::from(groups));
    }

    pub fn count_reload(&self, result: ReloadResult) {
        self.reloads.count(result);
    }

    /// Those of memgate's own calls.
    #[must_use]
    pub fn models(&self) -> &ModelMetrics {
        &self.models
    }

    /// The counter that the audit log raises by itself.
    pub(super) fn audit_dropped(&self) -> IntCounter {
        self.audit_dropped.clone()
    }

    /// The names of all families, those too that have no value yet.
    #[must_use]
    pub fn families(&self) -> &BTreeSet<String> {
        &self.families
    }

    /// All metrics, and the type of the text: `OpenMetrics` with exemplars for those who accept it, as Prometheus does, else the
    /// Prometheus text format 0.0.4. `accept` is the header of that name.
    #[must_use]
    pub fn expose(&self, accept: Option<&str>) -> (&'static str, String) {
        if !accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
            return ("text/plain; version=0.0.4; charset=utf-8", self.render());
        }
        let find = |family: &str, labels: &[LabelPair]| match family {
            "memgate_first_token_seconds" => Some(&self.first_token_exemplars),
            "memgate_request_duration_seconds" => {
                let route = RouteLabel::ALL.iter().position(|route| labels.iter().any(|label| label.value() == *route))?;
                self.duration_exemplars.get(route)
            }
            _ => None,
        };
        (openmetrics::CONTENT_TYPE, openmetrics::encode(&self.registry.gather(), &find))
    }

    /// All metrics in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut out) {
            tracing::error!(%error, "cannot render the metrics");
        }
        String::from_utf8(out).unwrap_or_default()
    }
}

/// An open stream. Dropping it, however the stream ends, counts it as closed.
#[derive(Debug)]
pub struct OpenStream(IntGauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
