//! The spans of a request, made when it has ended: the request here, its stages, and the call to the upstream with the attributes of the
//! semantic conventions for HTTP and for generative AI (<https://opentelemetry.io/docs/specs/semconv/gen-ai/>).

use std::borrow::Cow;
use std::time::{Instant, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::super::audit::{AuditRecord, Outcome};
use super::super::metrics::RouteLabel;
use super::{Exporter, Journey, Traces};

/// The call to an upstream, as far as the audit record does not say it.
#[derive(Debug, Clone, Copy)]
pub struct Upstream<'a> {
    /// The provider's name, such as `openai`; the upstream's own where it has no preset.
    pub provider: &'a str,
    pub host: &'a str,
    pub port: u16,
    /// When memgate was done with the request.
    pub called: Instant,
    /// When the first token came.
    pub first_token: Option<Instant>,
}

impl Traces {
    /// Queues the spans of a request that has ended. Never waits: with a full queue they are lost.
    pub fn finish(&self, journey: &Journey, record: &AuditRecord, route: RouteLabel, upstream: Option<Upstream<'_>>) {
        let Some(exporter) = self.0.as_ref().filter(|_| journey.sampled) else { return };
        let ended = Instant::now();
        let server = Draft {
            id: journey.server,
            parent: journey.parent.unwrap_or_default(),
            remote: journey.parent.is_some(),
            kind: SpanKind::Server,
            name: format!("{} {}", record.method.as_str(), route.as_str()).into(),
            begin: journey.began.1,
            end: ended,
        };
        let mut span = exporter.span(journey, server, request_attributes(record, route));
        if record.status.is_some_and(|status| status >= 500) || record.outcome == Outcome::UpstreamFailed {
            span.status = Status::error(record.error.unwrap_or("upstream_failed"));
        }
        exporter.processor.on_end(span);
        // A stage's id follows from that of the request: nobody else makes spans in this trace under it.
        for (number, (stage, end, took)) in (1_u64..).zip(&journey.stages) {
            let id = (u64::from_be_bytes(journey.server) ^ number.rotate_right(8)).to_be_bytes();
            let begin = end.checked_sub(*took).unwrap_or(*end);
            let name = Cow::Borrowed(stage.as_str());
            let (parent, kind) = (journey.server, SpanKind::Internal);
            let draft = Draft { id, parent, remote: false, kind, name, begin, end: *end };
            exporter.processor.on_end(exporter.span(journey, draft, Vec::new()));
        }
        if let Some(upstream) = upstream {
            exporter.processor.on_end(exporter.call(journey, record, route, upstream, ended));
        }
    }
}

/// What a span is made of.
struct Draft {
    id: [u8; 8],
    parent: [u8; 8],
    remote: bool,
    kind: SpanKind,
    name: Cow<'static, str>,
    begin: Instant,
    end: Instant,
}

impl Exporter {
    fn span(&self, journey: &Journey, draft: Draft, attributes: Vec<KeyValue>) -> SpanData {
        let Draft { id, parent, remote, kind, name, begin, end } = draft;
        let trace = TraceId::from_bytes(journey.trace);
        SpanData {
            span_context: SpanContext::new(trace, SpanId::from_bytes(id), TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: SpanId::from_bytes(parent),
            parent_span_is_remote: remote,
            span_kind: kind,
            name,
            start_time: journey.at(begin),
            end_time: journey.at(end),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }

    /// The span of the call to the upstream.
    fn call(
        &self,
        journey: &Journey,
        record: &AuditRecord,
        route: RouteLabel,
        upstream: Upstream<'_>,
        ended: Instant,
    ) -> SpanData {
        let operation = operation(route);
        let model = record.model.as_ref().map(|model| model.as_str().to_owned());
        let name = match (operation, &model) {
            (Some(operation), Some(model)) => format!("{operation} {model}"),
            (Some(operation), None) => operation.to_owned(),
            (None, _) => record.method.as_str().to_owned(),
        };
        let mut attributes = vec![
            KeyValue::new("server.address", upstream.host.to_owned()),
            KeyValue::new("server.port", i64::from(upstream.port)),
            KeyValue::new("http.request.method", record.method.as_str().to_owned()),
        ];
        let mut add = |key: &'static str, value: Option<Value>| attributes.extend(value.map(|value| KeyValue::new(key, value)));
        add("memgate.upstream", record.upstream.as_ref().map(|name| name.as_str().to_owned().into()));
        add("http.response.status_code", record.status.map(|status| i64::from(status).into()));
        if let Some(operation) = operation {
            add("gen_ai.operation.name", Some(operation.into()));
            add("gen_ai.provider.name", Some(upstream.provider.to_owned().into()));
            add("gen_ai.request.model", model.map(Value::from));
            add("gen_ai.usage.input_tokens", record.tokens_in.map(to_value));
            add("gen_ai.usage.output_tokens", record.tokens_out.map(to_value));
        }
        let draft = Draft {
            id: journey.client,
            parent: journey.server,
            remote: false,
            kind: SpanKind::Client,
            name: name.into(),
            begin: upstream.called,
            end: ended,
        };
        let mut span = self.span(journey, draft, attributes);
        if let Some(at) = upstream.first_token {
            span.events.events.push(Event::new("gen_ai.first_token", journey.at(at), Vec::new(), 0));
        }
        if record.outcome == Outcome::UpstreamFailed {
            span.status = Status::error(record.error.unwrap_or("upstream_failed"));
        }
        span
    }
}

impl Journey {
    /// The clock's time of a moment, which a clock that is set meanwhile does not bend.
    fn at(&self, moment: Instant) -> SystemTime {
        let (clock, began) = self.began;
        match moment.checked_duration_since(began) {
            Some(later) => clock + later,
            None => clock.checked_sub(began.duration_since(moment)).unwrap_or(clock),
        }
    }
}

/// What the conventions call the request, where it is one to a model.
fn operation(route: RouteLabel) -> Option<&'static str> {
    match route {
        RouteLabel::Chat | RouteLabel::Responses | RouteLabel::Messages | RouteLabel::OllamaChat => Some("chat"),
        RouteLabel::Completions | RouteLabel::OllamaGenerate => Some("text_completion"),
        RouteLabel::Embeddings => Some("embeddings"),
        _ => None,
    }
}

fn request_attributes(record: &AuditRecord, route: RouteLabel) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", record.method.as_str().to_owned()),
        KeyValue::new("http.route", route.as_str()),
        KeyValue::new("memgate.request", record.request.to_string()),
        KeyValue::new("memgate.client", record.client.as_str().to_owned()),
        KeyValue::new("memgate.mode", record.mode),
        KeyValue::new("memgate.decision", record.decision),
        KeyValue::new("memgate.reason", record.reason),
        KeyValue::new("memgate.facts_recalled", count(record.facts_used.len())),
        KeyValue::new("memgate.messages_cut", i64::from(record.messages_cut)),
    ];
    let mut add = |key: &'static str, value: Option<Value>| attributes.extend(value.map(|value| KeyValue::new(key, value)));
    add("http.response.status_code", record.status.map(|status| i64::from(status).into()));
    add("memgate.assurance", record.assurance.map(Value::from));
    add("memgate.shadow", record.shadow.map(Value::from));
    add("error.type", record.error.map(Value::from));
    attributes
}

fn to_value(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
