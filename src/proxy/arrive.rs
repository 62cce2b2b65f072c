//! A request's way in: receive, resolve, decide, admit, prepare. What comes out is ready to be forwarded, or a refusal.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;

use super::asker::asker_of;
use super::balance::{self, Route as Way};
use super::charge;
use super::cors;
use super::exchange::{Exchange, Forwarding};
use super::history;
use super::key;
use super::listing::{self, Listing};
use super::me;
use super::prepare;
use super::receive::{check_head, check_lines, invite_body, read_body};
use super::respond::refuse_unreceivable;
use super::services::Services;
use super::session::Cue;
use super::stored;
use super::tls::certificate_of;
use crate::dialect::{self, Api, Dialect, Reach, Route, RouteKind};
use crate::enforce::{Grant, Refusal, admit};
use crate::identity::{Arrival, Finding, Reading, Resolution};
use crate::policy::{Case, PathClass};
use crate::telemetry::traces::TRACEPARENT;
use crate::telemetry::{Clipped, RecallResult, RouteLabel, Stage};

/// What becomes of a request.
#[derive(Debug)]
pub enum Taken {
    Forward(Box<Forwarding>),
    /// memgate answers by itself.
    Answer(me::Answer),
    /// A browser asks whether a page may call.
    Preflight,
    /// memgate says what there is.
    Listing(Listing),
}

/// Takes a request in.
///
/// # Errors
/// The refusal that the caller is to see.
pub async fn take_in(services: &Services, session: &mut Session, exchange: &mut Exchange) -> Result<Taken, Refusal> {
    note_request(session, exchange);
    exchange.journey = services.traces.begin(session.req_header().headers.get(TRACEPARENT).map(HeaderValue::as_bytes));
    cors::note_page(session.req_header(), exchange);
    if services.is_draining() {
        let message = "This server is shutting down. Try again in a moment.".to_owned();
        return Err(Refusal { status: 503, code: "shutting_down", message, detail: String::new() });
    }
    check_lines(session).map_err(refuse_unreceivable)?;
    check_head(session.req_header(), &exchange.runtime.limits).map_err(refuse_unreceivable)?;
    let request = session.req_header();
    let anthropic = request.headers.contains_key("anthropic-version");
    // Owned: what is borrowed from the request would keep the session from being read.
    let target = request.uri.path().to_owned();
    let route = dialect::route(request.method.as_str(), &target, anthropic);
    exchange.api = route.api;
    if cors::screen(request, exchange)? {
        return Ok(Taken::Preflight);
    }
    if route.suspicious {
        let message = "The path climbs with `..`. Send the path that you mean.".to_owned();
        return Err(Refusal { status: 400, code: "path_climbs", message, detail: String::new() });
    }
    let class = match route.kind {
        RouteKind::Conversation(_) => PathClass::Conversation,
        RouteKind::Models => PathClass::Listing,
        RouteKind::Own | RouteKind::History | RouteKind::Other | RouteKind::Unknown => PathClass::Other,
    };
    exchange.route = label(&route);
    exchange.record.route = exchange.route.as_str();

    let mut body = None;
    let resolution = resolve(services, session, exchange, &mut body).await?;
    let ignored_headers = resolution.ignored_headers;
    let grant = grant(services, exchange, resolution, class)?;
    let scoped = matches!(grant, Grant::Scoped { .. });
    let grant = enroll(services, exchange, grant)?;
    let forwarded = !matches!(route.kind, RouteKind::Own | RouteKind::History | RouteKind::Unknown);
    charge::admit(services, exchange, stored::scope_of(&grant), forwarded)?;
    if route.kind == RouteKind::Own {
        let call = me::find(session.req_header(), exchange)?;
        if call.takes_body() && body.is_none() {
            body = Some(receive(session, exchange).await?);
        }
        let caller = me::Caller { grant, lost: scoped, ignored_headers };
        let answer = me::serve(services, session.req_header(), exchange, caller, call, body.unwrap_or_default()).await?;
        return Ok(Taken::Answer(answer));
    }
    if route.kind == RouteKind::History {
        let (scope, advice) = me::Caller { grant, lost: scoped, ignored_headers }.into_scope()?;
        exchange.advised = advice;
        let answer = history::serve(services, exchange, scope, session.req_header()).await?;
        return Ok(Taken::Answer(answer));
    }
    if route.kind == RouteKind::Unknown {
        return Err(unknown_path(route.api));
    }
    let asker = asker_of(&exchange.runtime, stored::scope_of(&grant), &exchange.record.client);
    if let Some(question) = listing::Question::of(&route, session.req_header())? {
        exchange.advised = matches!(&grant, Grant::Scoped { advice: true, .. } | Grant::Unscoped { advice: true, .. });
        if let Some(listing) = listing::answer(services, exchange, (stored::scope_of(&grant), &asker), &question).await? {
            return Ok(Taken::Listing(listing));
        }
        exchange.advised = false;
    }

    let reach = route.reach(session.req_header().method.as_str());
    stored::check_reach(&exchange.runtime.catalog, route.api, reach, &asker)?;
    let named = class == PathClass::Conversation || reach == Reach::Named || names_model(session, exchange);
    if body.is_none() && named {
        body = Some(receive(session, exchange).await?);
    }
    let advice = match &grant {
        Grant::Scoped { advice, .. } | Grant::Unscoped { advice, .. } => *advice,
    };
    let mut forwarding = Forwarding {
        upstream: Arc::clone(exchange.runtime.catalog.speaking(route.api, &asker)?),
        route: Way::default(),
        key: None,
        path: route.path.to_owned(),
        replayed: None,
        streamed: 0,
        advice,
        chat: None,
        open: None,
        answered: false,
        attempts: 0,
        prepared: Instant::now(),
    };
    if let RouteKind::Conversation(dialect) = route.kind {
        let body = (dialect, body.unwrap_or_default());
        let rewritten = prepare::chat(services, session, exchange, (grant, &asker), body, &mut forwarding).await?;
        forward_body(session, exchange, &mut forwarding, rewritten);
    } else {
        let (asks, now) = ((stored::scope_of(&grant), &asker), exchange.record.time);
        let call = stored::Call::new(route.api, reach, route.path, body.as_ref());
        let choices = stored::choose(services, &exchange.runtime.catalog, asks, &call, now)?;
        let watched = body.is_some() || session.as_mut().is_body_empty();
        let choice =
            balance::board(services, (session, watched), exchange, (asks.0, None), (choices, call.model()), &mut forwarding)
                .await?;
        key::present(services, exchange, asks, &mut forwarding)?;
        let price = charge::price_of(&choice, exchange.record.key);
        charge::reserve_other(services, exchange, session.req_header(), body.as_ref(), price)?;
        let body = match choice.rename.map(|name| call.with_model(&name)) {
            Some((path, body)) => {
                forwarding.path = path;
                body
            }
            None => body,
        };
        match body {
            Some(body) => forward_body(session, exchange, &mut forwarding, body),
            None => invite_body(session).await.map_err(refuse_unreceivable)?,
        }
    }
    forwarding.route.set_path(route.path);
    forwarding.path = forwarding.upstream.path_of(route.api, &forwarding.path);
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

fn label(route: &Route<'_>) -> RouteLabel {
    match route.kind {
        RouteKind::Conversation(dialect) => match dialect {
            Dialect::ChatCompletions => RouteLabel::Chat,
            Dialect::Completions => RouteLabel::Completions,
            Dialect::Responses => RouteLabel::Responses,
            Dialect::Messages => RouteLabel::Messages,
            Dialect::CountTokens => RouteLabel::CountTokens,
            Dialect::OllamaChat => RouteLabel::OllamaChat,
            Dialect::OllamaGenerate => RouteLabel::OllamaGenerate,
        },
        RouteKind::Models => RouteLabel::Models,
        RouteKind::Own => RouteLabel::Me,
        RouteKind::History => RouteLabel::History,
        RouteKind::Other if matches!(route.path, "/embeddings" | "/api/embed" | "/api/embeddings") => RouteLabel::Embeddings,
        RouteKind::Other | RouteKind::Unknown => RouteLabel::Other,
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
    let now = exchange.record.time.div_euclid(1000);
    let certificate = certificate_of(services.tls.as_deref(), session, now)?;
    let request = session.req_header();
    let arrival = Arrival {
        method: request.method.as_str(),
        target: request.uri.path_and_query().map_or("/", |target| target.as_str()),
        authority: request.uri.authority().map(http::uri::Authority::as_str),
        headers: &request.headers,
        peer: exchange.record.peer,
        certificate: certificate.as_deref(),
        now,
    };
    let reading = exchange.runtime.resolver.read_with_fresh_keys(&arrival, &services.store).await;
    exchange.note_stage(Stage::Resolve, started);
    let resolution = match reading {
        Reading::Complete(resolution) => resolution,
        Reading::AwaitsBody(pending) => {
            let whole = receive(session, exchange).await?;
            let resolution = pending.finish(&whole);
            *body = Some(whole);
            resolution
        }
    };
    exchange.record.client = resolution.client.clone();
    exchange.session = Cue::read(&session.req_header().headers, &resolution);
    exchange.task.clone_from(&resolution.task);
    services.metrics.count_ignored_headers(resolution.ignored_headers);
    services.metrics.count_dropped_groups(resolution.dropped_groups);
    Ok(resolution)
}

async fn receive(session: &mut Session, exchange: &mut Exchange) -> Result<Bytes, Refusal> {
    let started = Instant::now();
    let body = read_body(session, &exchange.runtime.limits).await.map_err(refuse_unreceivable)?;
    exchange.record.bytes_in = body.len() as u64;
    exchange.note_stage(Stage::Body, started);
    Ok(body)
}

/// Decides, for the shadow mode too, and turns the decision into what it grants.
fn grant(services: &Services, exchange: &mut Exchange, resolution: Resolution, class: PathClass) -> Result<Grant, Refusal> {
    let verdict = exchange.runtime.trust.judge(&resolution, class, &services.store);
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
    let admitted = admit(verdict.decision, &resolution, record.peer);
    exchange.case = Some(Case::new(resolution, class, verdict.grounds));
    let grant = admitted?;
    if let Grant::Scoped { scope, .. } = &grant {
        record.user = Some(scope.user().clone());
        record.assurance = Some(scope.assurance().as_str());
    }
    Ok(grant)
}

/// Takes a user in before anything of theirs is touched. Where that fails the request goes on without memory: an enrolment that is
/// not on disk could let weaker evidence in later.
///
/// # Errors
/// When no more sandboxes may be made, or the person may have keys of their own: without a scope the chat would go on another's.
fn enroll(services: &Services, exchange: &mut Exchange, grant: Grant) -> Result<Grant, Refusal> {
    let Grant::Scoped { scope, reason, advice } = grant else { return Ok(grant) };
    if services.store.is_enrolled(&scope) {
        return Ok(Grant::Scoped { scope, reason, advice });
    }
    if scope.is_sandbox() {
        charge::admit_sandbox(services, exchange, &scope)?;
    }
    match tokio::task::block_in_place(|| services.store.enroll(&scope, exchange.record.time)) {
        Ok(()) => Ok(Grant::Scoped { scope, reason, advice }),
        Err(error) => {
            tracing::error!(request = %exchange.record.request, %error, "a user could not be taken in; the request goes on without memory");
            services.metrics.count_recall(RecallResult::Failed, 0);
            key::check_lost(services, &exchange.runtime, &scope)?;
            Ok(Grant::Unscoped { reason, advice })
        }
    }
}

/// Whether the body must be read to find the upstream: it may name a model, and that decides. A form may, too, but is not read.
fn names_model(session: &Session, exchange: &Exchange) -> bool {
    let request = session.req_header();
    let kind = request.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let form = kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    let carries = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") && !form;
    (carries || is_json(kind)) && exchange.runtime.catalog.depends_on_model()
}

fn is_json(content_type: &[u8]) -> bool {
    content_type.get(..16).is_some_and(|start| start.eq_ignore_ascii_case(b"application/json"))
}

fn unknown_path(api: Api) -> Refusal {
    let message = match api {
        Api::OpenAi | Api::Anthropic => "There is nothing at this path. The API is at /v1, such as /v1/chat/completions.",
        Api::Ollama => {
            "There is nothing here at this path. Models are added and removed by the operator, at the model backend itself; chats go \
             to /api/chat."
        }
    };
    Refusal { status: 404, code: "unknown_path", message: message.to_owned(), detail: String::new() }
}
