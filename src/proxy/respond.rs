//! Answers that memgate gives by itself, and the clean end of answers that broke off.

use bytes::Bytes;
use http::StatusCode;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::charge;
use super::cors;
use super::exchange::{Exchange, Phase};
use super::follow::BROKE_OFF;
use super::key::KEY_SOURCE;
use super::receive::{Unreceivable, linger, settle_body};
use crate::dialect::{Api, errors};
use crate::enforce::Refusal;
use crate::telemetry::{CrossScope, Metrics, UpstreamFault};

/// Names the request in answers, logs and the audit log.
pub const REQUEST_ID: &str = "x-memgate-request-id";
/// Says that the evidence would not do in a stricter mode.
pub const ADVICE: &str = "x-memgate-advice";

/// The refusal for a request that cannot be taken in.
pub fn refuse_unreceivable(fault: Unreceivable) -> Refusal {
    let (status, code, message) = match fault {
        Unreceivable::NoHost => (400, "host_missing", "Send exactly one Host header (RFC 9112, section 3.2).".to_owned()),
        Unreceivable::HeaderTooLarge { limit } => {
            (431, "header_too_large", format!("The request header is larger than {limit} bytes. Send fewer or shorter headers."))
        }
        Unreceivable::BodyTooLarge { limit } => (
            413,
            "body_too_large",
            format!("The request body is larger than {limit} bytes. Shorten it, or ask the operator to raise `limits.body`."),
        ),
        Unreceivable::BodyTimeout => {
            (408, "body_timeout", "The request body did not arrive in time. Send it again on a faster connection.".to_owned())
        }
        Unreceivable::ConnectionHeader => {
            (400, "connection_header", "The Connection header lists what it must not. Leave it out, or send `close`.".to_owned())
        }
        Unreceivable::BareLineFeed => (
            400,
            "bare_line_feed",
            "A line of the header ends in a bare line feed. End every line with CR LF (RFC 9112, 2.2).".to_owned(),
        ),
        Unreceivable::BodyBroken => (400, "body_broken", "The request body is incomplete or badly framed.".to_owned()),
    };
    Refusal { status, code, message, detail: String::new() }
}

/// Counts a request that was turned away, and whether it was for what is another's or never was: the answer does not tell which.
pub fn count_refusal(metrics: &Metrics, code: &'static str) {
    metrics.count_refusal(code);
    if let Some(kind) = crosses_scope(code) {
        metrics.count_cross_scope_denial(kind);
    }
}

/// What a refusal's code says was asked for, where people have each their own.
fn crosses_scope(code: &str) -> Option<CrossScope> {
    Some(match code {
        "memory_not_found" => CrossScope::Fact,
        "key_not_found" => CrossScope::Key,
        "session_not_found" => CrossScope::Session,
        "response_not_found" | "previous_response_not_found" => CrossScope::Response,
        "conversation_not_found" => CrossScope::Conversation,
        "item_not_found" => CrossScope::Item,
        "container_not_found" => CrossScope::Container,
        "shared_state" => CrossScope::Shared,
        _ => return None,
    })
}

/// Answers with an error in the caller's dialect.
pub async fn answer_refusal(session: &mut Session, exchange: &mut Exchange, refusal: &Refusal) -> Result<()> {
    let rest = settle_body(session).await;
    let body = errors::body(exchange.api, refusal.status, refusal.code, &refusal.message);
    write_whole(session, exchange, refusal.status, body).await?;
    if rest {
        linger(session).await;
    }
    Ok(())
}

/// The header of an answer of memgate's own. Such answers are for this person now: nobody keeps them.
pub fn own_header(exchange: &Exchange, status: u16, content_type: &str) -> Result<ResponseHeader> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut header = ResponseHeader::build(status, Some(6))?;
    header.insert_header(CONTENT_TYPE, content_type)?;
    header.insert_header(CACHE_CONTROL, "no-store")?;
    header.insert_header(REQUEST_ID, exchange.record.request.to_string())?;
    if let Some(source) = exchange.record.key {
        header.insert_header(KEY_SOURCE, source)?;
    }
    if exchange.api == Api::Anthropic {
        // Where Anthropic's libraries look for it.
        header.insert_header("request-id", exchange.record.request.to_string())?;
    }
    if status == StatusCode::UNAUTHORIZED {
        header.insert_header(WWW_AUTHENTICATE, "Bearer realm=\"memgate\"")?;
    }
    if let Some(allow) = exchange.allow.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
        header.insert_header(ALLOW, allow)?;
    }
    if let Some(seconds) = exchange.retry_after.filter(|_| matches!(status.as_u16(), 429 | 503)) {
        header.insert_header(RETRY_AFTER, seconds)?;
    }
    if exchange.advised {
        header.insert_header(ADVICE, exchange.record.reason)?;
    }
    cors::mark(&mut header, exchange)?;
    charge::mark(&mut header, &exchange.charge)?;
    Ok(header)
}

/// Writes an answer of JSON.
pub async fn write_whole(session: &mut Session, exchange: &mut Exchange, status: u16, body: Bytes) -> Result<()> {
    write_document(session, exchange, status, "application/json", body).await
}

/// Writes an answer of some media type.
pub async fn write_document(
    session: &mut Session,
    exchange: &mut Exchange,
    status: u16,
    media_type: &str,
    body: Bytes,
) -> Result<()> {
    let mut header = own_header(exchange, status, media_type)?;
    header.insert_header(CONTENT_LENGTH, body.len())?;
    let status = header.status;
    exchange.record.status = Some(status.as_u16());
    exchange.record.bytes_out += body.len() as u64;
    let head_only = session.req_header().method == http::Method::HEAD;
    session.write_response_header(Box::new(header), head_only).await?;
    if !head_only {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}

/// What a failed upstream means to the caller, and to the metrics. `answered`: its answer had begun.
pub fn explain_failure(error: &Error, upstream: &str, answered: bool) -> (Refusal, UpstreamFault) {
    let timed_out = matches!(
        error.etype(),
        ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout | ErrorType::ReadTimedout | ErrorType::WriteTimedout
    );
    let connecting = matches!(
        error.etype(),
        ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
            | ErrorType::TLSHandshakeFailure
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::InvalidCert
            | ErrorType::SocketError
    );
    let fault = match (connecting, timed_out) {
        (true, _) => UpstreamFault::Connect,
        (false, true) => UpstreamFault::Timeout,
        (false, false) => UpstreamFault::Broken,
    };
    let (status, code, what) = match (connecting, timed_out) {
        (true, false) => (502, "upstream_unreachable", "cannot be reached"),
        (_, true) if answered => (504, "upstream_timeout", "fell silent in the middle of its answer"),
        (_, true) => (504, "upstream_timeout", "did not answer in time"),
        (false, false) if answered => (502, "upstream_failed", BROKE_OFF),
        (false, false) => (502, "upstream_failed", "broke off before it answered"),
    };
    let message = format!("The model backend `{upstream}` {what}. Try again; if it stays so, tell the operator of this server.");
    (Refusal { status, code, message, detail: error.to_string() }, fault)
}

/// Ends an exchange that failed. Answers an error where nothing was sent yet, ends an open event stream cleanly, and leaves
/// any other answer visibly incomplete. Returns the status for pingora's log; 0 where the client has gone.
pub async fn end_failed(session: &mut Session, exchange: &mut Exchange, error: &Error) -> u16 {
    if error.esource() == &ErrorSource::Downstream && !matches!(error.etype(), ErrorType::HTTPStatus(_)) {
        return end_downstream_fault(session, exchange, error).await;
    }
    let Phase::Forwarding(forwarding) = &mut exchange.phase else {
        let refusal = internal(error);
        return answer_once(session, exchange, &refusal).await;
    };
    let (refusal, _) = match error.etype() {
        ErrorType::HTTPStatus(_) if forwarding.route.refusal.is_some() => {
            (forwarding.route.refusal.take().unwrap_or_else(|| internal(error)), UpstreamFault::Other)
        }
        ErrorType::HTTPStatus(413) => {
            let limit = exchange.runtime.limits.body;
            (refuse_unreceivable(Unreceivable::BodyTooLarge { limit }), UpstreamFault::Other)
        }
        _ if error.esource() == &ErrorSource::Upstream => explain_failure(error, &forwarding.upstream.name, forwarding.answered),
        _ => (internal(error), UpstreamFault::Other),
    };
    if !forwarding.answered {
        return answer_once(session, exchange, &refusal).await;
    }
    let ending = forwarding.chat.as_mut().and_then(|chat| chat.follower.break_off(refusal.code, &refusal.message));
    if let Some(ending) = ending {
        exchange.record.bytes_out += ending.len() as u64;
        // The client may have gone meanwhile; there is nobody else to tell.
        let _ = session.write_response_body(Some(ending), true).await;
    } else {
        session.shutdown().await;
    }
    refusal.status
}

async fn end_downstream_fault(session: &mut Session, exchange: &mut Exchange, error: &Error) -> u16 {
    if has_left(error) || has_answered(session) {
        return 0;
    }
    let refusal = refuse_unreceivable(match error.etype() {
        ErrorType::ReadTimedout => Unreceivable::BodyTimeout,
        ErrorType::InvalidHTTPHeader => Unreceivable::ConnectionHeader,
        _ => Unreceivable::BodyBroken,
    });
    answer_once(session, exchange, &refusal).await
}

/// Whether the client got the header of its answer. An interim one (`100 Continue`) is none.
pub fn has_answered(session: &Session) -> bool {
    session.response_written().is_some_and(|written| !written.status.is_informational())
}

/// Whether a fault on the client's side means that nobody is there any more.
pub fn has_left(error: &Error) -> bool {
    matches!(
        error.etype(),
        ErrorType::WriteError
            | ErrorType::WriteTimedout
            | ErrorType::ReadError
            | ErrorType::ConnectionClosed
            | ErrorType::H2Error
    )
}

fn internal(error: &Error) -> Refusal {
    let message = "memgate failed on this request. Try again; if it stays so, tell the operator of this server.".to_owned();
    Refusal { status: 500, code: "internal", message, detail: error.to_string() }
}

async fn answer_once(session: &mut Session, exchange: &mut Exchange, refusal: &Refusal) -> u16 {
    if has_answered(session) {
        return refusal.status;
    }
    session.set_keepalive(None);
    match answer_refusal(session, exchange, refusal).await {
        Ok(()) => refusal.status,
        Err(_) => 0,
    }
}
