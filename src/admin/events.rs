//! What is live: each new decision, and the overview every few seconds, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, interval_at};

use super::api::DecisionFilter;
use super::control::Control;
use super::decisions::{Wanted, read_query, row};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::proxy::{Decided, Listener};
use crate::telemetry::STEP;

/// How often is looked whether memgate shuts down.
const LOOK: Duration = Duration::from_millis(500);
/// How often a quiet stream says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn endpoints() -> Vec<Endpoint> {
    let summary = "What is live, as server-sent events: `decision` for each new one that fits, `overview` every 5 s, `lagged` with the number \
                   of decisions that a slow reader missed.";
    vec![
        Endpoint::new(Method::GET, "/v1/events", Access::View, summary, follow)
            .query::<DecisionFilter>()
            .content("text/event-stream"),
    ]
}

/// One reader.
struct Reader {
    control: Control,
    by: Principal,
    wanted: Wanted,
    decisions: Receiver<Arc<Decided>>,
    overview: Interval,
    look: Interval,
    waiting: VecDeque<Event>,
    /// The reader's place among those that there may be.
    _place: Listener,
}

#[derive(Serialize)]
struct Lagged {
    missed: u64,
}

async fn follow(
    State(control): State<Control>,
    by: Principal,
    query: Result<Query<DecisionFilter>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let wanted = Wanted::new(read_query(query)?);
    let (place, decisions) = control.services.recent.listen().ok_or_else(crowded)?;
    let (mut overview, mut look) = (interval(STEP), interval_at(Instant::now() + LOOK, LOOK));
    // Whoever was held up gets one, and not all that were due.
    overview.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader { control, by, wanted, decisions, overview, look, waiting: VecDeque::new(), _place: place };
    Ok(Sse::new(unfold(reader, Reader::next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn crowded() -> Problem {
    let detail = "As many read events as may. Close a page that shows them live, or ask again later.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_readers", detail)
}

impl Reader {
    /// The next event; none once memgate shuts down.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            tokio::select! {
                biased;
                _ = self.look.tick() => {
                    if self.control.services.is_draining() {
                        return None;
                    }
                }
                _ = self.overview.tick() => {
                    let overview = self.control.show_overview(&self.by).await.ok()?;
                    self.waiting.extend(event("overview", &overview));
                }
                heard = self.decisions.recv() => match heard {
                    Ok(decided) if self.wanted.takes(&decided.record) => self.waiting.extend(event("decision", &row(&decided.record))),
                    Ok(_) => {}
                    Err(RecvError::Lagged(missed)) => self.waiting.extend(event("lagged", &Lagged { missed })),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
