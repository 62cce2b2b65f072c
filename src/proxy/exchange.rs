//! The state of one exchange, from arrival to record.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::catalog::Upstream;
use crate::dialect::Api;
use crate::dialect::edit::Edits;
use crate::enforce::UserScope;
use crate::ids::{ClientName, RequestId, SessionId};
use crate::memory::Lesson;
use crate::policy::Case;
use crate::provider::ApiKey;
use crate::telemetry::audit::Outcome;
use crate::telemetry::traces::{self, Journey};
use crate::telemetry::{AuditRecord, Clipped, Exemplar, OpenStream, RouteLabel, Stage};

use super::balance::Route;
use super::charge::{self, Charge};
use super::cors::Page;
use super::follow::Follower;
use super::recent;
use super::replay::Parked;
use super::services::{Runtime, Services};
use super::session::{Cue, Seat};
use super::stored::Keeper;

/// The reason of a request that was turned away before anything was decided, until the refusal names its own.
pub const UNDECIDED: &str = "undecided";

/// One request and its answer. The configuration that it arrived under holds to its end.
///
/// It is recorded once: by pingora's last callback or, where a panic or a shutdown keeps that from running, when it is dropped.
#[derive(Debug)]
pub struct Exchange {
    pub started: Instant,
    pub runtime: Arc<Runtime>,
    /// In whose shape errors are told.
    pub api: Api,
    pub route: RouteLabel,
    /// The page in a browser that it comes from, if it does.
    pub page: Page,
    /// The methods of the path, where it was asked for with another.
    pub allow: Option<&'static str>,
    /// The chat session and the UI's own task, on the caller's word.
    pub session: Cue,
    pub task: Option<String>,
    /// In how many seconds the caller may try again, where it was turned away for now.
    pub retry_after: Option<u64>,
    /// memgate's own answer says that a stricter mode would refuse.
    pub advised: bool,
    /// Filled on the way, written once.
    pub record: AuditRecord,
    pub parked: Parked,
    /// What was decided, for deciding again.
    pub case: Option<Case>,
    /// Its trace, where traces are exported.
    pub journey: Option<Journey>,
    /// What it costs.
    pub charge: Charge,
    pub phase: Phase,
    services: Arc<Services>,
    recorded: bool,
}

/// How far the exchange has come.
#[derive(Debug)]
pub enum Phase {
    Arrived,
    /// Admitted, prepared and on its way.
    Forwarding(Box<Forwarding>),
    /// memgate answered by itself.
    Answered,
}

/// An admitted request and what is known of its answer.
#[derive(Debug)]
pub struct Forwarding {
    pub upstream: Arc<Upstream>,
    /// Its place there, and who may take over.
    pub route: Route,
    /// The key that the upstream is shown.
    pub key: Option<ApiKey>,
    /// Path at the upstream.
    pub path: String,
    /// Length of the replayed body; none where the body streams through.
    pub replayed: Option<usize>,
    /// Bytes of a body that streams through, counted against the limit.
    pub streamed: usize,
    /// The evidence would not do in a stricter mode.
    pub advice: bool,
    /// A chat completion, whose answer is followed.
    pub chat: Option<Chat>,
    /// Set while an event stream is open.
    pub open: Option<OpenStream>,
    /// The response header went to the client.
    pub answered: bool,
    /// Connections to this upstream that failed before this one.
    pub attempts: usize,
    /// When memgate was done with the request.
    pub prepared: Instant,
}

/// What a chat completion adds.
#[derive(Debug)]
pub struct Chat {
    pub model: String,
    pub follower: Follower,
    /// Tokens of the forwarded request as counted, at `factor`, without what was injected. None where not all of it can be counted, as
    /// where the upstream adds what it keeps.
    pub sent: Option<u64>,
    /// As [`crate::context::Load::factor`].
    pub factor: u64,
    /// What was injected; counted only if the upstream says what it counted.
    pub edits: Edits,
    /// What to learn once the answer has ended well.
    pub lesson: Option<PendingLesson>,
    /// Notes what the upstream keeps of the answer.
    pub keeper: Option<Keeper>,
    /// The request's seat in its session.
    pub seat: Option<Seat>,
}

/// A turn that is learned from if its answer ends well.
#[derive(Debug)]
pub struct PendingLesson {
    pub scope: UserScope,
    pub session: Option<SessionId>,
    pub lesson: Lesson,
}

impl Exchange {
    pub fn new(runtime: Arc<Runtime>, services: Arc<Services>) -> Self {
        let record = AuditRecord {
            time: unix_ms(),
            request: RequestId::fresh(),
            client: ClientName::unknown(),
            peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user: None,
            source: None,
            assurance: None,
            mode: runtime.trust.mode.as_str(),
            decision: "refuse",
            reason: UNDECIDED,
            error: None,
            shadow: None,
            route: RouteLabel::Other.as_str(),
            method: Clipped::default(),
            path: Clipped::default(),
            model: None,
            purpose: None,
            upstream: None,
            attempts: 0,
            key: None,
            status: None,
            memory: None,
            facts_used: Vec::new(),
            facts_written: Vec::new(),
            facts_deleted: Vec::new(),
            messages_cut: 0,
            tokens_in: None,
            tokens_out: None,
            bytes_in: 0,
            bytes_out: 0,
            duration_ms: 0.0,
            first_token_ms: None,
            budget: None,
            outcome: Outcome::Refused,
        };
        services.running.fetch_add(1, Ordering::Relaxed);
        Self {
            started: Instant::now(),
            runtime,
            api: Api::OpenAi,
            route: RouteLabel::Other,
            page: Page::None,
            allow: None,
            retry_after: None,
            session: Cue::default(),
            task: None,
            advised: false,
            record,
            parked: Parked::default(),
            case: None,
            journey: None,
            charge: Charge::default(),
            phase: Phase::Arrived,
            services,
            recorded: false,
        }
    }

    /// Observes a stage of the request's way that ends now.
    pub fn note_stage(&mut self, stage: Stage, began: Instant) {
        let took = began.elapsed();
        self.services.metrics.observe_stage(stage, took);
        if let Some(journey) = &mut self.journey {
            journey.note(stage, took);
        }
    }

    /// Writes the one audit record and observes the metrics, once.
    pub fn record_once(&mut self) {
        if std::mem::replace(&mut self.recorded, true) {
            return;
        }
        let took = self.started.elapsed();
        let record = &mut self.record;
        let trace = self.journey.as_ref().and_then(Journey::exported);
        let (example, now) = (Exemplar { request: record.request, trace }, unix_ms());
        record.duration_ms = took.as_secs_f64() * 1e3;
        if let Phase::Forwarding(forwarding) = &mut self.phase {
            record.bytes_in = record.bytes_in.max(forwarding.streamed as u64);
            charge::settle(&self.services, &mut self.charge, forwarding, record);
            if let Some(chat) = &forwarding.chat {
                if let Some(at) = chat.follower.first_token {
                    let since = at.duration_since(self.started);
                    record.first_token_ms = Some(since.as_secs_f64() * 1e3);
                    self.services.metrics.observe_first_token(since, example, now);
                }
                if let Some(usage) = chat.follower.usage() {
                    record.tokens_in = Some(usage.prompt_tokens);
                    record.tokens_out = Some(usage.completion_tokens);
                    if let (Some(sent), Some(counted)) = (chat.sent, chat.follower.counted()) {
                        let (tokens, name) = (&self.services.tokens, &forwarding.upstream.name);
                        let blocks = chat.edits.system.iter().chain(chat.edits.prefixes.values());
                        let injected: u64 = blocks.map(|block| tokens.measure_text(block, chat.factor)).sum();
                        tokens.observe(name, &chat.model, sent.saturating_add(injected), chat.factor, counted);
                    }
                }
            }
            forwarding.open = None;
            forwarding.route.leave();
        }
        charge::end(&mut self.charge);
        self.services.metrics.count_request(&record.client, record.mode, record.decision, record.reason);
        self.services.metrics.observe_request(self.route, took, (record.bytes_in, record.bytes_out), example, now);
        if let Some(journey) = &self.journey {
            let upstream = match &self.phase {
                Phase::Forwarding(forwarding) => Some(call_of(forwarding)),
                Phase::Arrived | Phase::Answered => None,
            };
            self.services.traces.finish(journey, record, self.route, upstream);
        }
        // One copy for the log and for what operators look through.
        let record = Arc::new(record.clone());
        self.services.audit.record(Arc::clone(&record));
        recent::note(&self.services, &self.runtime, record, self.case.take());
    }

    /// The request on its way, if it is.
    pub fn forwarding(&mut self) -> Option<&mut Forwarding> {
        match &mut self.phase {
            Phase::Forwarding(forwarding) => Some(forwarding),
            Phase::Arrived | Phase::Answered => None,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.services.running.fetch_sub(1, Ordering::Relaxed);
        if !self.recorded && matches!(self.phase, Phase::Forwarding(_)) {
            self.record.outcome = Outcome::ClientLeft;
        }
        self.record_once();
    }
}

/// The call to the upstream, for its trace.
fn call_of(forwarding: &Forwarding) -> traces::Upstream<'_> {
    let upstream = &forwarding.upstream;
    let (host, port) = upstream.host_and_port();
    let first_token = forwarding.chat.as_ref().and_then(|chat| chat.follower.first_token);
    traces::Upstream { provider: upstream.provider_name(), host, port, called: forwarding.prepared, first_token }
}

/// Milliseconds since the Unix epoch.
pub fn unix_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
