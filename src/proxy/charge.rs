//! What a request costs its person, tenant and client: let in, reserved before it is forwarded, settled at its end.

use std::fmt::Write;
use std::net::IpAddr;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use jiff::Timestamp;
use pingora::http::{RequestHeader, ResponseHeader};

use super::exchange::{Exchange, Forwarding};
use super::services::Services;
use crate::catalog::Choice;
use crate::enforce::{Refusal, UserScope};
use crate::quota::{Admission, Asker, Demand, Denied, Kind, LimitStatus, Price, Reservation, RuleStatus, Spent};
use crate::telemetry::audit::{AuditRecord, BudgetNote, Outcome};
use crate::vault::KeySource;

/// Says how little is left: a list (RFC 9651) with an item for each limit beyond its soft zone.
const BUDGET: &str = "x-memgate-budget";
/// By draft-ietf-httpapi-ratelimit-headers-10: the person's own requests a minute.
const RATE_LIMIT: &str = "ratelimit";
const RATE_LIMIT_POLICY: &str = "ratelimit-policy";

/// About how many bytes of text make a token, where nobody counted.
const BYTES_A_TOKEN: u64 = 4;
/// Seconds after which another try is worth while, where it waits for other requests to end.
const HELD: u64 = 5;

/// What an exchange has of its budgets.
#[derive(Debug, Default)]
pub struct Charge {
    admission: Option<Admission>,
    reservation: Option<Reservation>,
    /// Tokens of the request, as counted.
    input: u64,
    warnings: Vec<(&'static str, HeaderValue)>,
    retry_after: Option<u64>,
}

/// What the model costs the operator at this upstream, under a key from there. None: what it does costs nothing.
pub fn price_of(choice: &Choice, key: Option<&str>) -> Option<Price> {
    let own = key != Some(KeySource::Personal.as_str());
    choice.price().filter(|_| own)
}

/// Another upstream has taken over: what is used there costs what it costs there.
pub fn change_price(charge: &mut Charge, price: Option<Price>) {
    if let Some(reservation) = &mut charge.reservation {
        reservation.set_price(price);
    }
}

/// Counts a request, and takes it a place among the streams if it will be forwarded.
///
/// # Errors
/// When a budget does not allow it.
pub fn admit(services: &Services, exchange: &mut Exchange, scope: Option<&UserScope>, forwarded: bool) -> Result<(), Refusal> {
    let now = exchange.record.time;
    let asker = Asker::of(scope, &exchange.record.client, exchange.record.peer);
    match services.quota.admit(&exchange.runtime.budgets, &asker, forwarded, now) {
        Ok(admission) => {
            exchange.charge.admission = Some(admission);
            warn(exchange);
            Ok(())
        }
        Err(denied) => Err(refuse(services, exchange, &denied)),
    }
}

/// Counts a sandbox that is to be made.
///
/// # Errors
/// When a budget does not allow it.
pub fn admit_sandbox(services: &Services, exchange: &mut Exchange, scope: &UserScope) -> Result<(), Refusal> {
    let asker = Asker::of(Some(scope), &exchange.record.client, exchange.record.peer);
    let allowed = services.quota.admit_sandbox(&exchange.runtime.budgets, &asker, exchange.record.time);
    allowed.map_err(|denied| refuse(services, exchange, &denied))
}

/// Keeps free what a request may come to, and says how many tokens its answer may have at most, where that is less. `counted`: its tokens
/// without any caution, which are charged where nobody else counts.
///
/// # Errors
/// When a budget has too little left.
pub fn reserve(
    services: &Services,
    exchange: &mut Exchange,
    demand: Demand,
    counted: u64,
    price: Option<Price>,
) -> Result<Option<u64>, Refusal> {
    let now = exchange.record.time;
    let Some(admission) = &exchange.charge.admission else { return Ok(None) };
    match services.quota.reserve(admission, demand, price, now) {
        Ok(reservation) => {
            let room = reservation.output_room();
            exchange.charge.reservation = Some(reservation);
            exchange.charge.input = counted;
            warn(exchange);
            Ok(room)
        }
        Err(denied) => Err(refuse(services, exchange, &denied)),
    }
}

/// As [`reserve`], for a request that is no conversation: its JSON, at four bytes a token. Files, images and sound are not counted.
///
/// # Errors
/// As [`reserve`].
pub fn reserve_other(
    services: &Services,
    exchange: &mut Exchange,
    request: &RequestHeader,
    body: Option<&Bytes>,
    price: Option<Price>,
) -> Result<(), Refusal> {
    let json = request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json {
        return Ok(());
    }
    let announced = || request.headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse::<u64>().ok();
    let bytes = body.map(|body| body.len() as u64).or_else(announced).unwrap_or_default();
    let demand = Demand { input: bytes.div_ceil(BYTES_A_TOKEN).max(1), output: None, least_output: 0, answers: 0 };
    reserve(services, exchange, demand, demand.input, price).map(drop)
}

/// Settles by what the upstream counted, or by what passed. What never reached a model is given back.
pub fn settle(services: &Services, charge: &mut Charge, forwarding: &Forwarding, record: &AuditRecord) {
    let Some(reservation) = charge.reservation.take() else { return };
    let Some(spent) = spent(charge.input, forwarding, record) else { return };
    // One write, which the end of the answer waits for: what was said to have been answered is not forgotten.
    let money = reservation.settle(&spent);
    let Spent { input, cached, output } = spent;
    services.metrics.budgets.count_charge(&forwarding.upstream.name, (input, cached, output), money);
}

/// Ends the exchange's part: its place among the streams is free.
pub fn end(charge: &mut Charge) {
    charge.reservation = None;
    charge.admission = None;
}

/// What an exchange used; none where no model did anything for it.
fn spent(counted: u64, forwarding: &Forwarding, record: &AuditRecord) -> Option<Spent> {
    let failed = forwarding.answered && record.status.is_some_and(|status| status >= 400);
    // Whoever leaves before the answer begins has had the request worked on, unless it waited for a place.
    let worked_on = record.outcome == Outcome::ClientLeft && forwarding.route.is_aboard();
    if failed || !(forwarding.answered || worked_on) {
        return None;
    }
    let Some(chat) = &forwarding.chat else {
        let streamed = (forwarding.streamed as u64).div_ceil(BYTES_A_TOKEN);
        return Some(Spent { input: counted.max(streamed), cached: 0, output: 0 });
    };
    let follower = &chat.follower;
    let said = if follower.reads() { follower.said() } else { record.bytes_out };
    let said = said.div_ceil(BYTES_A_TOKEN);
    match follower.usage() {
        None if follower.failed() && said == 0 => None,
        None => Some(Spent { input: counted, cached: 0, output: said }),
        Some(usage) => {
            // Before its end an answer's count lags behind it.
            let whole = follower.ended() && usage.completion_tokens > 0;
            let output = if whole { usage.completion_tokens } else { usage.completion_tokens.max(said) };
            Some(Spent { input: usage.prompt_tokens, cached: usage.cached_tokens, output })
        }
    }
}

/// Somebody who asks about budgets, or for whom a dry run does.
pub fn asker_of(scope: &UserScope, peer: IpAddr) -> Asker<'_> {
    Asker::of(Some(scope), scope.client(), peer)
}

/// Puts the warnings on an answer, and on a refusal when to try again.
pub fn mark(header: &mut ResponseHeader, charge: &Charge) -> pingora::Result<()> {
    for (name, value) in &charge.warnings {
        header.insert_header(*name, value.clone())?;
    }
    if let Some(seconds) = charge.retry_after.filter(|_| header.status == http::StatusCode::TOO_MANY_REQUESTS) {
        header.insert_header(RETRY_AFTER, seconds)?;
    }
    Ok(())
}

/// Notes what is to be told of limits of which little is left.
fn warn(exchange: &mut Exchange) {
    let now = exchange.record.time;
    let Some(admission) = &exchange.charge.admission else { return };
    let warned = admission.warnings(now);
    let Some((first, limit)) = warned.first().and_then(|rule| Some((rule, rule.limits.first()?))) else { return };
    exchange.record.budget = Some(note(&first.rule, limit.kind, limit.zone.as_str()));
    let mut headers = Vec::new();
    let items: Vec<String> = warned.iter().flat_map(|rule| rule.limits.iter().map(move |limit| item(rule, limit, now))).collect();
    headers.push((BUDGET, items.join(", ")));
    let own = warned.iter().filter(|rule| rule.told).find_map(|rule| {
        let limit = rule.limits.iter().find(|limit| limit.kind == Kind::Requests)?;
        Some((&rule.rule, limit))
    });
    if let Some((rule, limit)) = own {
        let left = limit.limit.saturating_sub(limit.used);
        let mut value = format!("\"{rule}\";r={left}");
        if let Some(at) = limit.resets_at {
            let _ = write!(value, ";t={}", seconds_until(at, now));
        }
        headers.push((RATE_LIMIT, value));
        headers.push((RATE_LIMIT_POLICY, format!("\"{rule}\";q={};w=60", limit.limit)));
    }
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
    exchange.charge.warnings = headers.collect();
}

/// Names of rules hold nothing that must be escaped in a string of RFC 9651.
fn item(rule: &RuleStatus, limit: &LimitStatus, now: i64) -> String {
    let mut out = format!("\"{}\";kind={};zone={}", rule.rule, limit.kind.as_str(), limit.zone.as_str());
    if rule.told {
        let (used, most) = (limit.used.saturating_add(limit.reserved), limit.limit);
        let _ = write!(out, ";used={};limit={}", amount(limit.kind, used), amount(limit.kind, most));
    }
    // When a window frees tells when others asked; when a day ends tells nothing.
    if let Some(at) = limit.resets_at.filter(|_| rule.told || matches!(limit.kind, Kind::Tokens | Kind::Money)) {
        let _ = write!(out, ";reset={}", seconds_until(at, now));
    }
    out
}

/// As it is written: money in units, to the thousandth, as RFC 9651 has decimals.
pub fn amount(kind: Kind, amount: u64) -> String {
    if kind == Kind::Money {
        let milli = amount.div_ceil(1000);
        format!("{}.{:03}", milli / 1000, milli % 1000)
    } else {
        amount.to_string()
    }
}

fn seconds_until(at: i64, now: i64) -> u64 {
    u64::try_from((at - now).max(0)).unwrap_or_default().div_ceil(1000).max(1)
}

fn note(rule: &str, kind: Kind, zone: &'static str) -> BudgetNote {
    BudgetNote { rule: rule.into(), kind: kind.as_str(), zone }
}

fn refuse(services: &Services, exchange: &mut Exchange, denied: &Denied) -> Refusal {
    let now = exchange.record.time;
    let (refusal, retry_after) = explain(denied, now);
    if let Denied::Limit { rule, kind, .. } = denied {
        services.metrics.budgets.count_refusal(rule, kind.as_str());
        exchange.record.budget = Some(note(rule, *kind, "hard"));
    }
    exchange.charge.retry_after = Some(retry_after);
    // A refused request holds nothing.
    end(&mut exchange.charge);
    refusal
}

/// What a refusal says, and after how many seconds another try is worth while. Of what others used it says nothing.
pub fn explain(denied: &Denied, now: i64) -> (Refusal, u64) {
    let Denied::Limit { rule, kind, told, used, reserved, limit, resets_at, held } = denied else {
        let message = "More people are counted here than there is room for. Try again in a moment; if it stays so, tell the operator of \
                       this server.";
        return (Refusal { status: 503, code: "budget_room", message: message.to_owned(), detail: String::new() }, HELD);
    };
    let wait = if *held { HELD } else { resets_at.map_or(HELD, |at| seconds_until(at, now)) };
    let when = resets_at.map_or_else(String::new, |at| {
        let at = Timestamp::from_millisecond(at.div_euclid(1000) * 1000).unwrap_or_default();
        format!(" It is reset at {at}.")
    });
    let (limit_text, used_text) = (amount(*kind, *limit), amount(*kind, *used));
    let what = match kind {
        Kind::Requests => "requests a minute",
        Kind::Streams => "requests at a time",
        Kind::Sandboxes => "new sandboxes an hour",
        Kind::Tokens => "tokens a day",
        Kind::Money => "money a month",
    };
    let message = match (told, kind) {
        (true, Kind::Requests | Kind::Sandboxes) => {
            format!("You have used all of your {limit_text} {what} (budget `{rule}`). Try again in {wait} s.")
        }
        (true, Kind::Streams) => {
            format!(
                "You have {limit_text} requests under way, and may have no more at a time (budget `{rule}`). Wait for one to end."
            )
        }
        (true, Kind::Tokens | Kind::Money) if *held => format!(
            "Of your {limit_text} {what} (budget `{rule}`) {used_text} are used, and {} are held by your requests that run. Try again once \
             they have ended.",
            amount(*kind, *reserved)
        ),
        (true, Kind::Tokens | Kind::Money) => {
            format!(
                "Of your {limit_text} {what} (budget `{rule}`) {used_text} are used: too little is left for this request.{when}"
            )
        }
        (false, Kind::Requests | Kind::Streams | Kind::Sandboxes) => {
            format!("The limit of {what} that you share with others (budget `{rule}`) is reached. Try again in {wait} s.")
        }
        (false, Kind::Tokens | Kind::Money) if *held => format!(
            "What is left of the {what} that you share with others (budget `{rule}`) is held by requests that run. Try again in {wait} s."
        ),
        (false, Kind::Tokens | Kind::Money) => {
            format!("Of the {what} that you share with others (budget `{rule}`) too little is left for this request.{when}")
        }
    };
    (Refusal { status: 429, code: kind.code(), message, detail: String::new() }, wait)
}

/// Sorts out what the house keeping does for budgets.
pub fn tidy(services: &Services, now: i64) {
    if let Err(error) = services.quota.tidy(now) {
        tracing::warn!(%error, "the ledger of budgets could not be written to the disk; it is tried again");
    }
    services.metrics.budgets.set_subjects(services.quota.subjects());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Zone;

    const NOW: i64 = 1_750_000_000_000;
    const KINDS: [Kind; 5] = [Kind::Requests, Kind::Streams, Kind::Sandboxes, Kind::Tokens, Kind::Money];

    #[test]
    fn a_refusal_tells_numbers_to_their_owner_alone() {
        for kind in KINDS {
            for (told, held) in [(true, true), (true, false), (false, true), (false, false)] {
                let (used, reserved, limit, resets_at) = (777_777, 888_888, 999_999, Some(NOW + 7500));
                let denied = Denied::Limit { rule: "r".into(), kind, told, used, reserved, limit, resets_at, held };
                let (refusal, wait) = explain(&denied, NOW);
                assert_eq!((refusal.status, refusal.code, wait), (429, kind.code(), if held { HELD } else { 8 }));
                let message = refusal.message;
                assert!(message.contains("`r`"), "{message}");
                let tells = ["777", "778", "888", "889", "999", "1.000"].iter().any(|digits| message.contains(digits));
                assert_eq!(tells, told, "{message}");
            }
        }
        let (refusal, _) = explain(&Denied::Full, NOW);
        assert_eq!((refusal.status, refusal.code), (503, "budget_room"));
    }

    #[test]
    fn warnings_tell_numbers_to_their_owner_alone() {
        let status = |told, kind| {
            let limit = LimitStatus {
                kind,
                zone: Zone::Soft,
                used: 700_000,
                reserved: 100_000,
                limit: 1_000_000,
                resets_at: Some(NOW + 60_000),
            };
            item(&RuleStatus { rule: "r".into(), told, limits: vec![limit] }, &limit, NOW)
        };
        for (told, kind, expected) in [
            (true, Kind::Tokens, "\"r\";kind=tokens;zone=soft;used=800000;limit=1000000;reset=60"),
            (true, Kind::Money, "\"r\";kind=money;zone=soft;used=0.800;limit=1.000;reset=60"),
            (true, Kind::Requests, "\"r\";kind=requests;zone=soft;used=800000;limit=1000000;reset=60"),
            (false, Kind::Tokens, "\"r\";kind=tokens;zone=soft;reset=60"),
            (false, Kind::Requests, "\"r\";kind=requests;zone=soft"),
        ] {
            assert_eq!(status(told, kind), expected);
            // A list of items with parameters, as RFC 9651 has them.
            let parsed = sfv::Parser::new(expected).parse::<sfv::List>();
            assert!(parsed.is_ok(), "{expected}");
        }
    }
}
