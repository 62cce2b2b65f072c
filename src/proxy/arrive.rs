//! A request's way in: receive, resolve, decide, admit, prepare. What comes out is ready to be forwarded, or a refusal.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;
use sha2::{Digest, Sha256};

use super::exchange::{Exchange, Forwarding};
use super::me;
use super::prepare;
use super::receive::{check_head, invite_body, read_body};
use super::respond::refuse_unreceivable;
use super::services::Services;
use super::upstream::{api_path, choose_upstream, lists_models};
use crate::dialect::{self, RouteKind};
use crate::enforce::{Grant, Refusal, admit};
use crate::identity::{Arrival, Finding, Reading, Resolution};
use crate::policy::PathClass;
use crate::telemetry::{Clipped, RecallResult, RouteLabel, Stage};

/// What becomes of a request.
#[derive(Debug)]
pub enum Taken {
    Forward(Box<Forwarding>),
    /// memgate answers by itself.
    Answer(me::Answer),
}

/// Takes a request in.
///
/// # Errors
/// The refusal that the caller is to see.
pub async fn take_in(services: &Services, session: &mut Session, exchange: &mut Exchange) -> Result<Taken, Refusal> {
    note_request(session, exchange);
    if services.is_draining() {
        let message = "This server is shutting down. Try again in a moment.".to_owned();
        return Err(Refusal { status: 503, code: "shutting_down", message, detail: String::new() });
    }
    check_head(session.req_header(), &exchange.runtime.limits).map_err(refuse_unreceivable)?;
    let request = session.req_header();
    let route = dialect::route(request.method.as_str(), request.uri.path());
    exchange.dialect = route.dialect;
    if route.suspicious {
        let message = "The path climbs with `..`. Send the path that you mean.".to_owned();
        return Err(Refusal { status: 400, code: "path_climbs", message, detail: String::new() });
    }
    let path = api_path(request.uri.path()).map(ToOwned::to_owned);
    let class = classify(route.kind, request.method.as_str(), path.as_deref());
    exchange.route = if route.kind == RouteKind::Own { RouteLabel::Me } else { label(class, path.as_deref()) };
    exchange.record.route = exchange.route.as_str();

    let mut body = None;
    let resolution = resolve(services, session, exchange, &mut body).await?;
    let grant = grant(services, exchange, &resolution, class)?;
    let scoped = matches!(grant, Grant::Scoped { .. });
    let grant = enroll(services, exchange, grant);
    if route.kind == RouteKind::Own {
        let call = me::find(session.req_header(), exchange)?;
        if call.takes_body() && body.is_none() {
            body = Some(receive(services, session, exchange).await?);
        }
        let caller = me::Caller { grant, lost: scoped, ignored_headers: resolution.ignored_headers };
        let answer = me::serve(services, session.req_header(), exchange, caller, call, body.unwrap_or_default()).await?;
        return Ok(Taken::Answer(answer));
    }
    let Some(api_path) = path else { return Err(unknown_path()) };

    if body.is_none() && (class == PathClass::Conversation || names_model(session, exchange)) {
        body = Some(receive(services, session, exchange).await?);
    }
    let advice = match &grant {
        Grant::Scoped { advice, .. } | Grant::Unscoped { advice, .. } => *advice,
    };
    let mut forwarding = Forwarding {
        upstream: Arc::clone(&exchange.runtime.upstreams[0]),
        api_path,
        replayed: None,
        streamed: 0,
        advice,
        chat: None,
        open: None,
        answered: false,
        attempts: 0,
        prepared: Instant::now(),
    };
    if class == PathClass::Conversation {
        let body = body.unwrap_or_default();
        let rewritten = prepare::chat(services, session.req_header(), exchange, grant, body, &mut forwarding).await?;
        forward_body(session, exchange, &mut forwarding, rewritten);
    } else if let Some(body) = body {
        let model = dialect::model_of(&body);
        forwarding.upstream = choose_upstream(&exchange.runtime.upstreams, model.as_deref())?;
        forward_body(session, exchange, &mut forwarding, body);
    } else {
        invite_body(session).await.map_err(refuse_unreceivable)?;
    }
    exchange.record.upstream = Some(Clipped::new(&forwarding.upstream.name));
    forwarding.prepared = Instant::now();
    Ok(Taken::Forward(Box::new(forwarding)))
}

fn forward_body(session: &mut Session, exchange: &mut Exchange, forwarding: &mut Forwarding, body: Bytes) {
    forwarding.replayed = Some(body.len());
    exchange.parked.begin(session, body);
}

/// What the record can say before anything is decided.
fn note_request(session: &Session, exchange: &mut Exchange) {
    let request = session.req_header();
    exchange.record.method = Clipped::new(request.method.as_str());
    exchange.record.path = Clipped::path(request.uri.path());
    if let Some(SocketAddr::Inet(address)) = session.client_addr() {
        exchange.record.peer = address.ip().to_canonical();
    }
}

fn classify(kind: RouteKind, method: &str, api_path: Option<&str>) -> PathClass {
    match (kind, api_path) {
        (RouteKind::Chat, Some("/chat/completions")) => PathClass::Conversation,
        (RouteKind::Models, Some(path)) if lists_models(method, path) => PathClass::Listing,
        _ => PathClass::Other,
    }
}

fn label(class: PathClass, api_path: Option<&str>) -> RouteLabel {
    match class {
        PathClass::Conversation => RouteLabel::Chat,
        PathClass::Listing => RouteLabel::Models,
        PathClass::Other if api_path == Some("/embeddings") => RouteLabel::Embeddings,
        PathClass::Other => RouteLabel::Other,
    }
}

/// Reads all evidence. A signature over the body makes the body be read first.
async fn resolve(
    services: &Services,
    session: &mut Session,
    exchange: &mut Exchange,
    body: &mut Option<Bytes>,
) -> Result<Resolution, Refusal> {
    let started = Instant::now();
    let request = session.req_header();
    let arrival = Arrival {
        method: request.method.as_str(),
        target: request.uri.path_and_query().map_or("/", |target| target.as_str()),
        headers: &request.headers,
        peer: exchange.record.peer,
        now: exchange.record.time.div_euclid(1000),
    };
    let reading = exchange.runtime.resolver.read_with_fresh_keys(&arrival, &services.store).await;
    services.metrics.observe_stage(Stage::Resolve, started.elapsed());
    let resolution = match reading {
        Reading::Complete(resolution) => resolution,
        Reading::AwaitsBody(pending) => {
            let whole = receive(services, session, exchange).await?;
            let digest: [u8; 32] = Sha256::digest(&whole).into();
            *body = Some(whole);
            pending.finish(&digest)
        }
    };
    exchange.record.client = resolution.client.clone();
    services.metrics.count_ignored_headers(resolution.ignored_headers);
    Ok(resolution)
}

async fn receive(services: &Services, session: &mut Session, exchange: &mut Exchange) -> Result<Bytes, Refusal> {
    let started = Instant::now();
    let body = read_body(session, &exchange.runtime.limits).await.map_err(refuse_unreceivable)?;
    exchange.record.bytes_in = body.len() as u64;
    services.metrics.observe_stage(Stage::Body, started.elapsed());
    Ok(body)
}

/// Decides, for the shadow mode too, and turns the decision into what it grants.
fn grant(services: &Services, exchange: &mut Exchange, resolution: &Resolution, class: PathClass) -> Result<Grant, Refusal> {
    let verdict = exchange.runtime.trust.judge(resolution, class, &services.store);
    let record = &mut exchange.record;
    record.mode = verdict.mode.as_str();
    record.decision = verdict.decision.as_str();
    record.reason = verdict.decision.reason();
    if let Finding::Valid(evidence) = &resolution.finding {
        record.source = Some(evidence.source);
    }
    if let Some(shadow) = verdict.shadow.filter(|shadow| shadow.newly_refused) {
        record.shadow = Some(shadow.reason);
        services.metrics.count_shadow_refusal(&record.client, shadow.reason);
        tracing::info!(request = %record.request, client = %record.client, reason = shadow.reason, "the shadow mode would refuse");
    }
    let grant = admit(verdict.decision, resolution, record.peer)?;
    if let Grant::Scoped { scope, .. } = &grant {
        record.user = Some(scope.user().clone());
        record.assurance = Some(scope.assurance().as_str());
    }
    Ok(grant)
}

/// Takes a user in before anything of theirs is touched. Where that fails the request goes on without memory: an enrolment that is
/// not on disk could let weaker evidence in later.
fn enroll(services: &Services, exchange: &Exchange, grant: Grant) -> Grant {
    let Grant::Scoped { scope, reason, advice } = grant else { return grant };
    if services.store.is_enrolled(&scope) {
        return Grant::Scoped { scope, reason, advice };
    }
    match tokio::task::block_in_place(|| services.store.enroll(&scope, exchange.record.time)) {
        Ok(()) => Grant::Scoped { scope, reason, advice },
        Err(error) => {
            tracing::error!(request = %exchange.record.request, %error, "a user could not be taken in; the request goes on without memory");
            services.metrics.count_recall(RecallResult::Failed, 0);
            Grant::Unscoped { reason, advice }
        }
    }
}

/// Whether the body must be read to find the upstream: several are there, and the body may name a model.
fn names_model(session: &Session, exchange: &Exchange) -> bool {
    let json = session.req_header().headers.get(CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes()));
    json && exchange.runtime.upstreams.len() > 1
}

fn is_json(content_type: &[u8]) -> bool {
    content_type.get(..16).is_some_and(|start| start.eq_ignore_ascii_case(b"application/json"))
}

fn unknown_path() -> Refusal {
    let message = "There is nothing at this path. The API is at /v1, such as /v1/chat/completions.".to_owned();
    Refusal { status: 404, code: "unknown_path", message, detail: String::new() }
}
