//! What was decided on recent requests, and why; what another mode would decide, and whom the shadow mode would refuse.

mod explain;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::Method;

use super::api::{
    DecisionFilter, DecisionRow, Explanation, Page, ReplayChange, ReplayQuery, ReplayReport, ShadowGroup, ShadowReport, page_size,
};
use super::control::{Control, block};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::identity::{Client, Source};
use crate::ids::{ClientName, RequestId};
use crate::policy::replay::{Past, replay};
use crate::policy::{TrustMode, TrustSettings, needs};
use crate::proxy::Decided;
use crate::telemetry::AuditRecord;
use crate::telemetry::audit::Outcome;

/// Nothing is known to be wanting.
const NOTHING: &str = "Nothing.";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = "Recent decisions, the newest first.";
    let again = "What another mode would have decided on the recent requests.";
    let one = "Why a recent request was decided as it was.";
    let shadow = "Whom the shadow mode would refuse, and what they would need.";
    vec![
        Endpoint::new(Method::GET, "/v1/decisions", Access::View, list, show_list)
            .query::<DecisionFilter>()
            .answers::<Page<DecisionRow>>(),
        Endpoint::new(Method::GET, "/v1/decisions/replay", Access::View, again, show_replay)
            .query::<ReplayQuery>()
            .answers::<ReplayReport>(),
        Endpoint::new(Method::GET, "/v1/decisions/{request}", Access::View, one, show_one).answers::<Explanation>(),
        Endpoint::new(Method::GET, "/v1/shadow", Access::View, shadow, show_shadow).answers::<ShadowReport>(),
    ]
}

async fn show_list(
    State(control): State<Control>,
    by: Principal,
    query: Result<Query<DecisionFilter>, QueryRejection>,
) -> Result<Json<Page<DecisionRow>>, Problem> {
    control.list_decisions(&by, read_query(query)?).await.map(Json)
}

async fn show_one(
    State(control): State<Control>,
    by: Principal,
    Path(request): Path<String>,
) -> Result<Json<Explanation>, Problem> {
    let request = request.parse().map_err(|_| gone())?;
    control.explain_decision(&by, request).await.map(Json)
}

async fn show_replay(
    State(control): State<Control>,
    by: Principal,
    query: Result<Query<ReplayQuery>, QueryRejection>,
) -> Result<Json<ReplayReport>, Problem> {
    control.replay_decisions(&by, read_query(query)?).await.map(Json)
}

async fn show_shadow(State(control): State<Control>, by: Principal) -> Result<Json<ShadowReport>, Problem> {
    control.report_shadow(&by).await.map(Json)
}

/// What a request asks for in its query.
pub(super) fn read_query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|error| Problem::invalid(format!("The query does not fit: {}.", error.body_text())))
}

fn gone() -> Problem {
    Problem::not_found("No recent request has this id. The audit log may have it.")
}

impl Control {
    /// A page of recent decisions, the newest first.
    pub async fn list_decisions(&self, _by: &Principal, filter: DecisionFilter) -> Result<Page<DecisionRow>, Problem> {
        let before = filter.cursor.as_deref().map(read_cursor).transpose()?;
        let size = page_size(filter.limit);
        let wanted = Wanted::new(filter);
        let control = self.clone();
        block(move || {
            let mut found = control.services.recent.before(before).filter(|decided| wanted.takes(&decided.record));
            let taken: Vec<_> = found.by_ref().take(size).collect();
            let next = if found.next().is_some() { taken.last().map(|last| last.number.to_string()) } else { None };
            Ok(Page { items: taken.iter().map(|decided| row(&decided.record)).collect(), next, total: None })
        })
        .await
    }

    /// Why a recent request was decided as it was.
    pub async fn explain_decision(&self, _by: &Principal, request: RequestId) -> Result<Explanation, Problem> {
        let control = self.clone();
        block(move || {
            let decided = control.services.recent.find(request).ok_or_else(gone)?;
            let trust = &control.runtime.load().trust;
            Ok(explain::explain(&decided, &sources_of(trust, &decided.record.client)))
        })
        .await
    }

    /// Decides on the recent requests once more, under another mode.
    pub async fn replay_decisions(&self, _by: &Principal, query: ReplayQuery) -> Result<ReplayReport, Problem> {
        let mode = read_mode(&query.mode)?;
        let control = self.clone();
        block(move || {
            let fits = |decided: &Decided| query.client.as_deref().is_none_or(|client| client == decided.record.client.as_str());
            let kept: Vec<_> = control.services.recent.before(None).filter(|decided| fits(decided)).collect();
            let past = kept.iter().filter_map(|decided| {
                let AuditRecord { request, time, decision, .. } = *decided.record;
                Some(Past { case: decided.case.as_ref()?, request, time, decided: decision })
            });
            let found = replay(mode, past);
            let runtime = control.runtime.load();
            let changes = found.changes.into_iter().map(|change| ReplayChange {
                needs: needs_of(change.reason, &sources_of(&runtime.trust, &change.client)),
                client: change.client.as_str().to_owned(),
                from: change.from.to_owned(),
                to: change.to.to_owned(),
                reason: change.reason.to_owned(),
                requests: change.requests,
                users: change.users,
                first_at: change.first_at,
                last_at: change.last_at,
                examples: change.examples.iter().map(ToString::to_string).collect(),
            });
            Ok(ReplayReport {
                mode: mode.as_str().to_owned(),
                considered: found.considered,
                since: found.since,
                unchanged: found.unchanged,
                changes: changes.collect(),
            })
        })
        .await
    }

    /// Whom the shadow mode would refuse.
    pub async fn report_shadow(&self, _by: &Principal) -> Result<ShadowReport, Problem> {
        let runtime = self.runtime.load();
        let Some(mode) = runtime.trust.shadow else { return Ok(ShadowReport::default()) };
        let mut sources: HashMap<ClientName, Vec<String>> = HashMap::new();
        let groups = self.services.shadow.groups(mode).into_iter().map(|group| {
            let sends = sources.entry(group.client.clone()).or_insert_with(|| sources_of(&runtime.trust, &group.client));
            ShadowGroup {
                needs: needs_of(&group.reason, sends),
                client: group.client.as_str().to_owned(),
                user: group.user.map(String::from),
                reason: group.reason,
                requests: group.requests,
                first_at: group.first_at,
                last_at: group.last_at,
            }
        });
        Ok(ShadowReport { mode: Some(mode.as_str().to_owned()), groups: groups.collect() })
    }
}

fn read_cursor(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::invalid("The cursor is none of this list's. Leave it out."))
}

fn read_mode(text: &str) -> Result<TrustMode, Problem> {
    let known = TrustMode::ALL.into_iter().find(|mode| mode.as_str() == text);
    known.ok_or_else(|| Problem::invalid("`mode` is one of: strict, required, quarantine, legacy."))
}

/// What a client is configured to say of its users, in words. Of requests of no client: what counts from anybody.
pub(super) fn sources_of(trust: &TrustSettings, client: &ClientName) -> Vec<String> {
    let known: Option<&Client> = trust.identity.clients.iter().find(|known| known.name == *client);
    known.map_or(&trust.identity.default_sources, |client| &client.sources).iter().map(Source::describe).collect()
}

fn needs_of(reason: &str, sources: &[String]) -> String {
    needs(reason, sources).unwrap_or(NOTHING).to_owned()
}

/// A filter, read once. Of events, too.
#[derive(Debug)]
pub(super) struct Wanted {
    filter: DecisionFilter,
    search: Option<String>,
}

impl Wanted {
    pub(super) fn new(filter: DecisionFilter) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let search = filled(filter.search.clone()).map(|text| text.to_lowercase());
        let DecisionFilter { user, client, mode, decision, reason, route, .. } = filter;
        let [user, client, mode, decision, reason, route] = [user, client, mode, decision, reason, route].map(filled);
        Self { filter: DecisionFilter { user, client, mode, decision, reason, route, ..filter }, search }
    }

    /// Whether all conditions hold.
    pub(super) fn takes(&self, record: &AuditRecord) -> bool {
        let DecisionFilter { user, client, mode, decision, reason, route, since, until, .. } = &self.filter;
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let is_user = || {
            user.as_deref().is_none_or(|wanted| {
                // A bare name is of the default tenant, as everywhere.
                record.user.as_ref().is_some_and(|user| {
                    let bare = !wanted.contains(':') && user.tenant() == &crate::ids::TenantId::default();
                    if bare { user.name() == wanted } else { user.to_string() == wanted }
                })
            })
        };
        since.is_none_or(|since| record.time >= since)
            && until.is_none_or(|until| record.time <= until)
            && is(client, record.client.as_str())
            && is(mode, record.mode)
            && is(decision, record.decision)
            && (is(reason, record.reason) || is(reason, record.error.unwrap_or_default()))
            && is(route, record.route)
            && is_user()
            && self.search.as_deref().is_none_or(|part| holds(record, part))
    }
}

fn holds(record: &AuditRecord, part: &str) -> bool {
    let within = |text: &str| text.to_lowercase().contains(part);
    within(record.path.as_str())
        || record.model.as_ref().is_some_and(|model| within(model.as_str()))
        || within(&record.request.to_string())
        || within(&record.peer.to_string())
}

/// What a record shows in a list.
pub(super) fn row(record: &AuditRecord) -> DecisionRow {
    let owned = |text: Option<&'static str>| text.map(str::to_owned);
    DecisionRow {
        time: record.time,
        request: record.request.to_string(),
        client: record.client.as_str().to_owned(),
        peer: record.peer.to_string(),
        user: record.user.as_ref().map(ToString::to_string),
        source: owned(record.source),
        assurance: owned(record.assurance),
        mode: record.mode.to_owned(),
        decision: record.decision.to_owned(),
        reason: record.reason.to_owned(),
        error: owned(record.error),
        shadow: owned(record.shadow),
        route: record.route.to_owned(),
        method: record.method.as_str().to_owned(),
        path: record.path.as_str().to_owned(),
        model: record.model.as_ref().map(|model| model.as_str().to_owned()),
        upstream: record.upstream.as_ref().map(|upstream| upstream.as_str().to_owned()),
        status: record.status,
        outcome: outcome(record.outcome).to_owned(),
        facts_used: u32::try_from(record.facts_used.len()).unwrap_or(u32::MAX),
        messages_cut: record.messages_cut,
        tokens_in: record.tokens_in,
        tokens_out: record.tokens_out,
        duration_ms: record.duration_ms,
        first_token_ms: record.first_token_ms,
    }
}

/// As the audit log has it.
fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Complete => "complete",
        Outcome::ClientLeft => "client_left",
        Outcome::UpstreamFailed => "upstream_failed",
        Outcome::Refused => "refused",
    }
}
