//! The answer's side of an exchange: following it, learning at its end, and the one record of it all.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, Result};

use super::charge;
use super::cors;
use super::exchange::{Chat, Exchange, Phase};
use super::history;
use super::key::KEY_SOURCE;
use super::respond::{ADVICE, REQUEST_ID, explain_failure, has_answered, has_left};
use super::services::Services;
use super::session::SESSION;
use crate::memory::EnqueueError;
use crate::telemetry::audit::Outcome;
use crate::telemetry::{LearnResult, UpstreamFault};

/// Looks at the upstream's header, and adds memgate's own.
pub fn begin_answer(
    services: &Services,
    session: &mut Session,
    header: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    cors::strip(header);
    if header.status.is_informational() {
        return Ok(());
    }
    let status = header.status.as_u16();
    exchange.record.status = Some(status);
    let own: Vec<_> = header.headers.keys().filter(|name| name.as_str().starts_with("x-memgate-")).cloned().collect();
    for name in own {
        header.remove_header(&name);
    }
    // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body (RFC 9112, section 6.1).
    if session.req_header().version == http::Version::HTTP_10 && header.remove_header(&TRANSFER_ENCODING).is_some() {
        session.set_keepalive(None);
    }
    header.insert_header(REQUEST_ID, exchange.record.request.to_string())?;
    if let Some(source) = exchange.record.key {
        header.insert_header(KEY_SOURCE, source)?;
    }
    cors::mark(header, exchange)?;
    charge::mark(header, &exchange.charge)?;
    let Phase::Forwarding(forwarding) = &mut exchange.phase else { return Ok(()) };
    forwarding.answered = true;
    if forwarding.advice {
        header.insert_header(ADVICE, exchange.record.reason)?;
    }
    if status >= 500 {
        services.metrics.count_upstream_error(&forwarding.upstream.name, UpstreamFault::Status);
    }
    let content_type = header.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let coded = header.headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    let Some(chat) = &mut forwarding.chat else { return Ok(()) };
    if let Some(seat) = &chat.seat {
        header.insert_header(SESSION, seat.place.id.as_str())?;
    }
    if chat.follower.begin(status, &content_type, coded) {
        forwarding.open = Some(services.metrics.open_stream());
        // A stream may get an ending that the upstream did not send, so its length is not known.
        if header.remove_header(&CONTENT_LENGTH).is_some() && session.req_header().version == http::Version::HTTP_11 {
            header.insert_header(TRANSFER_ENCODING, "chunked")?;
        }
    }
    Ok(())
}

/// Follows the answer's body. Bytes pass unchanged; a stream that the upstream left open is ended.
pub fn follow_answer(services: &Services, body: &mut Option<Bytes>, end_of_stream: bool, exchange: &mut Exchange) {
    let Phase::Forwarding(forwarding) = &mut exchange.phase else { return };
    let passed = body.as_ref().map_or(0, Bytes::len);
    if let Some(chat) = &mut forwarding.chat {
        let mut ended = body.as_ref().is_some_and(|chunk| chat.follower.feed(chunk));
        if end_of_stream {
            let (now, rest) = chat.follower.finish();
            ended |= now;
            if chat.follower.failed() {
                exchange.record.outcome = Outcome::UpstreamFailed;
                services.metrics.count_upstream_error(&forwarding.upstream.name, UpstreamFault::Broken);
            }
            if let Some(rest) = rest {
                append(body, &rest);
            }
        }
        let kept = chat.follower.take_kept();
        if let Some(keeper) = chat.keeper.as_ref().filter(|_| !kept.is_empty()) {
            // Before the id passes: it may be named at once.
            keeper.note(services, &forwarding.upstream, &kept, exchange.record.time);
        }
        if let Some(seat) = chat.seat.as_ref().filter(|_| !kept.is_empty()) {
            services.sessions.note_answer(&seat.ticket, kept.iter().filter(|kept| !kept.by_id).map(|kept| kept.id.as_str()));
        }
        if ended {
            // Before the end of the answer passes: what is acknowledged by it must not be lost.
            learn(services, chat);
            history::keep(services, chat);
        }
    }
    exchange.record.bytes_out += body.as_ref().map_or(passed, Bytes::len) as u64;
    if end_of_stream {
        // Before the end of the answer passes: whoever has it may ask again, and what it cost must not be forgotten.
        if let Phase::Forwarding(forwarding) = &exchange.phase {
            charge::settle(services, &mut exchange.charge, forwarding, &exchange.record);
        }
        charge::end(&mut exchange.charge);
    }
}

fn append(body: &mut Option<Bytes>, rest: &Bytes) {
    *body = match body.take() {
        Some(chunk) if !chunk.is_empty() => {
            let mut whole = BytesMut::with_capacity(chunk.len() + rest.len());
            whole.extend_from_slice(&chunk);
            whole.extend_from_slice(rest);
            Some(whole.freeze())
        }
        _ => Some(rest.clone()),
    };
}

fn learn(services: &Services, chat: &mut Chat) {
    let Some(pending) = chat.lesson.take() else { return };
    match services.memory.enqueue(&pending.scope, pending.session.as_ref(), &pending.lesson) {
        Ok(_) => {}
        Err(EnqueueError::Full) => services.metrics.count_learning(LearnResult::Dropped),
        Err(error) => {
            tracing::warn!(%error, "a turn could not be queued for learning");
            services.metrics.count_learning(LearnResult::Failed);
        }
    }
}

/// Counts and logs what went wrong with an upstream.
pub fn count_failure(services: &Services, error: &Error, exchange: &mut Exchange) {
    let request = exchange.record.request;
    if error.esource() == &ErrorSource::Downstream {
        exchange.record.outcome = if has_left(error) { Outcome::ClientLeft } else { Outcome::Refused };
        return;
    }
    exchange.record.outcome = Outcome::UpstreamFailed;
    let Some(forwarding) = exchange.forwarding() else { return };
    if forwarding.route.refusal.is_some() {
        // What went wrong before is counted already.
        return;
    }
    let (_, fault) = explain_failure(error, &forwarding.upstream.name, forwarding.answered);
    tracing::warn!(%request, upstream = forwarding.upstream.name, error = %error.etype().as_str(), "the upstream failed");
    services.metrics.count_upstream_error(&forwarding.upstream.name, fault);
}

/// What the record says of how the exchange ended.
pub fn settle(session: &Session, error: Option<&Error>, exchange: &mut Exchange) {
    let record = &mut exchange.record;
    if !has_answered(session) {
        record.status = None;
    }
    if error.is_none() && record.outcome == Outcome::Refused && matches!(exchange.phase, Phase::Forwarding(_)) {
        record.outcome = Outcome::Complete;
    }
}
