//! Whether memgate saw what was asked: its counters moved, and each request is on record.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::report::{Findings, Judged, Outcome};
use super::wire::Wire;
use crate::admin::api::{AuditFilter, DecisionFilter};
use crate::client::{Client, ClientError, gather};
use crate::inference::{Fetcher, InferenceError};

/// How long the exposition may take, and how long it may be, in bytes.
const DEADLINE: Duration = Duration::from_secs(10);
const LONGEST: usize = 16 << 20;
/// How long records may be on their way, and how often is looked for them.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);
/// Requests on record that are looked through.
const MOST: usize = 20_000;

/// Requests that memgate has counted since it was started.
pub(super) async fn count_requests(listen: SocketAddr) -> Result<u64, InferenceError> {
    let address = format!("{}/metrics", Wire::address_of(listen));
    let exposition = Fetcher::new(DEADLINE, LONGEST).get(&address, []).await?;
    Ok(sum(&String::from_utf8_lossy(&exposition.bytes), "memgate_requests_total"))
}

/// The sum of all series of a counter.
fn sum(exposition: &str, name: &str) -> u64 {
    let series = exposition.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    // What follows `#` is an exemplar.
    let value = |rest: &str| rest.split(" # ").next().and_then(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of requests")]
    series.filter_map(value).map(|value| value as u64).sum()
}

/// Compares what was counted with what was asked.
pub(super) fn judge_counters(before: &Result<u64, InferenceError>, after: &Result<u64, InferenceError>, asked: usize) -> Judged {
    match (before, after) {
        (Ok(before), Ok(after)) if after.saturating_sub(*before) >= asked as u64 => {
            Judged::ok(format!("the counters moved by {}, for {asked} request(s) of the doctor's.", after - before))
        }
        (Ok(before), Ok(after)) => Judged::failed(
            format!("the counters moved by {}, and the doctor sent {asked} request(s).", after.saturating_sub(*before)),
            "see that `metrics.listen` is this memgate's, and not another's",
        ),
        (Err(error), _) | (_, Err(error)) => {
            Judged::failed(format!("cannot be read: {error}."), "see `metrics.listen`, and what listens there")
        }
    }
}

/// Looks for every request among those that memgate has on record. Records are written behind the answers, so that it looks again.
pub(super) async fn examine(admin: &Client, asked: &[String], since: i64, findings: &mut Findings) {
    findings.note("decisions", look(asked, async || decided(admin, since).await).await);
    findings.note("audit log", look(asked, async || audited(admin, since).await).await);
}

/// Looks until everything is there, or it has waited long enough.
async fn look(asked: &[String], find: impl AsyncFn() -> Result<HashSet<String>, ClientError>) -> Judged {
    let end = Instant::now() + PATIENCE;
    loop {
        let judged = judge_record(find().await, asked);
        if judged.outcome == Outcome::Ok || Instant::now() >= end {
            return judged;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn decided(admin: &Client, since: i64) -> Result<HashSet<String>, ClientError> {
    let filter = DecisionFilter { since: Some(since), limit: Some(200), ..DecisionFilter::default() };
    let page = gather(filter, MOST, async |filter: &DecisionFilter| admin.list_decisions(filter).await).await?;
    Ok(page.items.into_iter().map(|row| row.request).collect())
}

async fn audited(admin: &Client, since: i64) -> Result<HashSet<String>, ClientError> {
    let sort = Some("request".to_owned());
    let filter = AuditFilter { sort, since: Some(since), limit: Some(200), ..AuditFilter::default() };
    let page = gather(filter, MOST, async |filter: &AuditFilter| admin.list_audit(filter).await).await?;
    Ok(page.items.iter().filter_map(|line| line.record["request"].as_str().map(str::to_owned)).collect())
}

fn judge_record(found: Result<HashSet<String>, ClientError>, asked: &[String]) -> Judged {
    match found {
        Err(error) => Judged::failed(format!("cannot be read: {error}."), "see memgate's log"),
        Ok(found) => {
            let missing: Vec<&str> = asked.iter().filter(|id| !found.contains(*id)).map(String::as_str).collect();
            match missing.first() {
                None => Judged::ok(format!("all {} request(s) are on record.", asked.len())),
                Some(first) => {
                    let found = format!("{} of {} request(s) are not on record, such as {first}.", missing.len(), asked.len());
                    Judged::failed(found, "see memgate's log, and whether the disk of the audit log is full")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Outcome::{Failed, Ok as Fine};
    use super::*;

    #[test]
    fn counters_are_summed_and_compared() {
        let text = "# TYPE memgate_requests_total counter\nmemgate_requests_total{a=\"x y\"} 3\nmemgate_requests_total{a=\"z\"} 4 # {id=\"1\"} 1\n\
                    memgate_requests_total_other 9\n";
        assert_eq!(sum(text, "memgate_requests_total"), 7);
        for (before, after, outcome) in [
            (Ok(3), Ok(10), Fine),
            (Ok(3), Ok(9), Failed),
            (Ok(9), Ok(3), Failed),
            (Err(InferenceError::Unreachable), Ok(3), Failed),
            (Ok(3), Err(InferenceError::Status(404)), Failed),
        ] {
            assert_eq!(judge_counters(&before, &after, 7).outcome, outcome, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_request_that_is_on_no_record_is_told() {
        let asked = ["a".to_owned(), "b".to_owned()];
        let record = |ids: &[&str]| Ok(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(judge_record(record(&["b", "a", "c"]), &asked).outcome, Fine);
        let judged = judge_record(record(&["a"]), &asked);
        assert!(judged.outcome == Failed && judged.found.ends_with("such as b."), "{judged:?}");
        assert_eq!(judge_record(Err(ClientError::TooLong), &asked).outcome, Failed);
    }
}
