//! How everything goes, at a glance.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;

use super::api::{ClientActivity, Count, DecisionCount, Overview, Series};
use super::control::{Control, block};
use super::endpoint::Endpoint;
use super::installation::upstream_rows;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::ids::{ClientName, TenantId};
use crate::proxy::{ClientUse, unix_ms};
use crate::store::Queue;
use crate::telemetry::{Point, STEP};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1/overview", Access::View, "The numbers of now, and of the last hour.", show)
            .answers::<Overview>(),
    ]
}

async fn show(State(control): State<Control>, by: Principal) -> Result<Json<Overview>, Problem> {
    control.show_overview(&by).await.map(Json)
}

impl Control {
    /// The numbers of now, and of the last hour.
    pub async fn show_overview(&self, _by: &Principal) -> Result<Overview, Problem> {
        let control = self.clone();
        block(move || Ok(control.overview())).await
    }

    /// As [`Control::show_overview`], at once. It reads RAM alone.
    fn overview(&self) -> Overview {
        let (services, runtime, now) = (&self.services, self.runtime.load(), unix_ms());
        let metrics = &services.metrics;
        let (reading, totals) = (metrics.read(), metrics.totals());
        let decisions = metrics.decisions().into_iter().map(|(key, requests)| DecisionCount {
            mode: key.mode,
            decision: key.decision,
            reason: key.reason,
            requests,
        });
        let (mut users, mut sandboxes) = (0, 0);
        let sandbox = TenantId::sandbox();
        services.store.each_user(|user| *(if *user.tenant() == sandbox { &mut sandboxes } else { &mut users }) += 1);
        let upstreams = upstream_rows(services, &runtime);
        Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            now,
            mode: runtime.trust.mode.as_str().to_owned(),
            shadow: runtime.trust.shadow.map(|mode| mode.as_str().to_owned()),
            series: series(&services.series.points()),
            decisions: decisions.collect(),
            activity: activity(&services.activity.by_client(now)),
            cross_scope_denials: totals.cross_scope_denials,
            trims: totals.trims,
            messages_cut: totals.messages_cut,
            tokens_saved: totals.tokens_trimmed,
            tokens_in: totals.tokens_in,
            tokens_out: totals.tokens_out,
            recalls: reading.recalls.iter().map(|(name, count)| Count { name: (*name).to_owned(), count: *count }).collect(),
            open_streams: reading.open_streams,
            queued: reading.queued,
            learning_queue_bytes: services.store.journal_backlog(Queue::Rules),
            audit_dropped: totals.audit_dropped,
            upstreams,
            users,
            sandboxes,
        }
    }
}

/// Clients that were seen, by name.
fn activity(clients: &HashMap<ClientName, ClientUse>) -> Vec<ClientActivity> {
    let seen = clients.iter().map(|(client, used)| ClientActivity {
        client: client.as_str().to_owned(),
        active: used.active,
        idle: used.idle,
    });
    let mut seen: Vec<ClientActivity> = seen.collect();
    seen.sort_by(|a, b| a.client.cmp(&b.client));
    seen
}

fn series(points: &[Point]) -> Series {
    fn column<T>(points: &[Point], of: impl Fn(&Point) -> T) -> Vec<T> {
        points.iter().map(of).collect()
    }
    Series {
        step_seconds: u32::try_from(STEP.as_secs()).unwrap_or(u32::MAX),
        at: column(points, |point| point.at),
        requests_per_second: column(points, |point| point.requests_per_second),
        refusals_per_second: column(points, |point| point.refusals_per_second),
        duration_p50: column(points, |point| point.duration_p50),
        duration_p95: column(points, |point| point.duration_p95),
        first_token_p50: column(points, |point| point.first_token_p50),
        first_token_p95: column(points, |point| point.first_token_p95),
        open_streams: column(points, |point| point.open_streams),
        queued: column(points, |point| point.queued),
        recall_hits: column(points, |point| point.recall_hits),
    }
}
