//! What an answer or an error says of an upstream, and whether the request goes on to another.
//!
//! Never once a byte of an answer was passed on, never where a body that streams through has begun, and never for a client that has
//! left. See `docs/adr/0020-failover-before-the-first-byte.md`.

use std::time::Instant;

use pingora::http::ResponseHeader;
use pingora::{Error, ErrorSource, ErrorType};

use super::retry_after;
use crate::proxy::exchange::{Exchange, Forwarding, unix_ms};
use crate::proxy::respond::explain_failure;
use crate::proxy::services::Services;
use crate::telemetry::{FailoverCause, UpstreamFault};

/// Answers that say "not here, not now": the request was not worked on, or came to nothing on the way. 529 is Anthropic's "overloaded".
const REFUSALS: [u16; 5] = [429, 502, 503, 504, 529];

/// The error by which pingora is told to drop an answer and try again.
const REFUSED: ErrorType = ErrorType::Custom("UpstreamRefused");

/// Kept connections that may turn out to be dead before the upstream itself counts as broken.
const MOST_AGAIN: u32 = 2;

/// Looks at the header of an answer before anything of it is passed on.
///
/// # Errors
/// One that makes pingora try again, where the upstream refused and another has a place.
pub fn judge_answer(services: &Services, header: &ResponseHeader, exchange: &mut Exchange) -> Result<(), Box<Error>> {
    let status = header.status.as_u16();
    if header.status.is_informational() {
        return Ok(());
    }
    let Some(forwarding) = exchange.forwarding() else { return Ok(()) };
    let (now, upstream) = (Instant::now(), forwarding.upstream.clone());
    let asked = retry_after::read(&header.headers, unix_ms()).filter(|span| !span.is_zero());
    // A person's own key says nothing of the upstream for others.
    let shared = shows_its_own_key(forwarding);
    if let Some(place) = forwarding.route.place() {
        match (status, asked) {
            (429 | 503 | 529, Some(span)) if shared => place.limit(span, now, &upstream.health),
            _ => {}
        }
        match status {
            429 => {}
            500.. => place.fail(now, &upstream.health),
            _ => place.succeed(now),
        }
    }
    // The place is not waited for: this answer is as good as one that memgate would give.
    if !REFUSALS.contains(&status) || !may_move(forwarding) || !forwarding.route.find_next(&services.balance, false) {
        return Ok(());
    }
    if status >= 500 {
        services.metrics.count_upstream_error(&upstream.name, UpstreamFault::Status);
    }
    services.metrics.balance.count_failover(&upstream.name, FailoverCause::Refused);
    let mut error = Error::explain(REFUSED, format!("status {status}")).into_up();
    error.set_retry(true);
    Err(error)
}

/// Looks at a connection that could not be made. Says whether to try again.
pub fn judge_connecting(services: &Services, error: &Error, exchange: &mut Exchange) -> bool {
    let Some(forwarding) = exchange.forwarding() else { return false };
    // Nothing was sent: a second try is safe, and helps where a name has several addresses or a backend restarts.
    let first = std::mem::replace(&mut forwarding.attempts, 1) == 0;
    if first && services.addresses.has_several(&forwarding.upstream) {
        return true;
    }
    let (now, upstream) = (Instant::now(), forwarding.upstream.clone());
    if let Some(place) = forwarding.route.place() {
        place.fail(now, &upstream.health);
    }
    move_on(services, forwarding, error, FailoverCause::Connect) || first
}

/// Looks at an upstream whose name could not be resolved. Says whether to try another.
pub fn judge_resolving(services: &Services, error: &Error, exchange: &mut Exchange) -> bool {
    if let Some(forwarding) = exchange.forwarding() {
        // There is no other address.
        forwarding.attempts = 1;
    }
    judge_connecting(services, error, exchange)
}

/// Looks at an exchange that broke. Says whether to try again. `reused`: the connection had been kept from an earlier request.
pub fn judge_error(services: &Services, error: &Error, reused: bool, passed: bool, exchange: &mut Exchange) -> bool {
    if *error.etype() == REFUSED {
        return true;
    }
    let Some(forwarding) = exchange.forwarding() else { return false };
    if error.esource() != &ErrorSource::Upstream || passed || forwarding.answered {
        return false;
    }
    let lost = matches!(
        error.etype(),
        ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed | ErrorType::H2Error | ErrorType::InvalidH2
    );
    // A kept connection may have been closed by the upstream in the meantime, which says nothing of it.
    if reused && lost && is_replayable(forwarding) && forwarding.route.again < MOST_AGAIN {
        forwarding.route.again += 1;
        return true;
    }
    let (now, upstream) = (Instant::now(), forwarding.upstream.clone());
    if let Some(place) = forwarding.route.place() {
        place.fail(now, &upstream.health);
    }
    // After a silence of minutes nobody waits for a second one.
    let silent = matches!(error.etype(), ErrorType::ReadTimedout | ErrorType::WriteTimedout);
    !silent && move_on(services, forwarding, error, FailoverCause::Broken)
}

fn move_on(services: &Services, forwarding: &mut Forwarding, error: &Error, cause: FailoverCause) -> bool {
    if !may_move(forwarding) || !forwarding.route.find_next(&services.balance, true) {
        return false;
    }
    let (_, fault) = explain_failure(error, &forwarding.upstream.name, false);
    services.metrics.count_upstream_error(&forwarding.upstream.name, fault);
    services.metrics.balance.count_failover(&forwarding.upstream.name, cause);
    true
}

/// Whether the request could be sent once more.
fn is_replayable(forwarding: &Forwarding) -> bool {
    forwarding.replayed.is_some() || forwarding.streamed == 0
}

fn may_move(forwarding: &Forwarding) -> bool {
    !forwarding.answered && is_replayable(forwarding)
}

/// Whether the upstream was shown the key that the operator gave it, or none.
fn shows_its_own_key(forwarding: &Forwarding) -> bool {
    match (&forwarding.key, &forwarding.upstream.key) {
        (None, None) => true,
        (Some(shown), Some(own)) => shown.value == own.value,
        _ => false,
    }
}
