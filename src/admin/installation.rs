//! Clients, upstreams, budgets and settings, as configured and as they stand.

mod budgets;

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::api::{BudgetAccount, BudgetFilter, BudgetRow, ClientRow, Page, ResetBudget, SettingsView, UpstreamRow};
use super::control::{Control, block, parse};
use super::decisions::{read_query, sources_of};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::catalog::{Origin, Upstream};
use crate::identity::Client;
use crate::ids::ClientName;
use crate::parameters::{Field, Parameters};
use crate::policy::{TrustSettings, Vouch};
use crate::proxy::{ClientUse, Runtime, Services, unix_ms};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let who = "Who uses how much of the budgets that count people apart.";
    let reset = "Take what a user has used off one budget.";
    let settings = "Settings of requests as configured, and what people may change.";
    vec![
        Endpoint::new(Method::GET, "/v1/clients", Access::View, "Every configured client, and `unknown`.", show_clients)
            .answers::<Vec<ClientRow>>(),
        Endpoint::new(Method::GET, "/v1/upstreams", Access::View, "Every upstream and how it stands.", show_upstreams)
            .answers::<Vec<UpstreamRow>>(),
        Endpoint::new(Method::GET, "/v1/budgets", Access::View, "Every budget rule.", show_budgets).answers::<Vec<BudgetRow>>(),
        Endpoint::new(Method::GET, "/v1/budgets/users", Access::View, who, show_accounts)
            .query::<BudgetFilter>()
            .answers::<Page<BudgetAccount>>(),
        Endpoint::new(Method::POST, "/v1/budgets/reset", Access::Act, reset, reset_account)
            .body::<ResetBudget>()
            .status(StatusCode::NO_CONTENT),
        Endpoint::new(Method::GET, "/v1/settings", Access::View, settings, show_settings).answers::<SettingsView>(),
    ]
}

async fn show_clients(State(control): State<Control>, by: Principal) -> Result<Json<Vec<ClientRow>>, Problem> {
    control.list_clients(&by).await.map(Json)
}

async fn show_upstreams(State(control): State<Control>, by: Principal) -> Result<Json<Vec<UpstreamRow>>, Problem> {
    control.list_upstreams(&by).await.map(Json)
}

async fn show_budgets(State(control): State<Control>, by: Principal) -> Result<Json<Vec<BudgetRow>>, Problem> {
    control.list_budgets(&by).await.map(Json)
}

async fn show_accounts(
    State(control): State<Control>,
    by: Principal,
    query: Result<Query<BudgetFilter>, QueryRejection>,
) -> Result<Json<Page<BudgetAccount>>, Problem> {
    control.list_budget_accounts(&by, read_query(query)?).await.map(Json)
}

async fn reset_account(State(control): State<Control>, by: Principal, body: axum::body::Bytes) -> Result<StatusCode, Problem> {
    control.reset_budget(&by, parse(&body)?).await.map(|()| StatusCode::NO_CONTENT)
}

async fn show_settings(State(control): State<Control>, by: Principal) -> Result<Json<SettingsView>, Problem> {
    control.show_settings(&by).await.map(Json)
}

impl Control {
    /// Every configured client, and `unknown`.
    pub async fn list_clients(&self, _by: &Principal) -> Result<Vec<ClientRow>, Problem> {
        let control = self.clone();
        block(move || {
            let runtime = control.runtime.load();
            let used = control.services.activity.by_client(unix_ms());
            let clients = runtime.trust.identity.clients.iter().map(|client| client_row(&runtime.trust, Some(client), &used));
            Ok(clients.chain([client_row(&runtime.trust, None, &used)]).collect())
        })
        .await
    }

    /// Every upstream.
    pub async fn list_upstreams(&self, _by: &Principal) -> Result<Vec<UpstreamRow>, Problem> {
        Ok(upstream_rows(&self.services, &self.runtime.load()))
    }

    /// Settings of requests as configured.
    pub async fn show_settings(&self, _by: &Principal) -> Result<SettingsView, Problem> {
        let runtime = self.runtime.load();
        let rules = &runtime.settings;
        let locks = Field::ALL.into_iter().map(|field| {
            let last = rules.locked.get(&field).map_or("request", |layer| layer.as_str());
            let bounds = rules.bounds.get(&field).map(|(least, most)| json!([least, most]));
            (field.as_str().to_owned(), json!({"set_by": last, "bounds": bounds}))
        });
        Ok(SettingsView {
            factory: said(&Parameters::factory()),
            configured: said(&rules.configured),
            tenants: rules.tenants.iter().map(|(name, said_there)| (name.as_str().to_owned(), said(said_there))).collect(),
            clients: rules.clients.iter().map(|(name, said_there)| (name.as_str().to_owned(), said(said_there))).collect(),
            locks: locks.collect::<Map<String, Value>>().into(),
        })
    }
}

/// What a layer says, without what it does not.
fn said(parameters: &Parameters) -> Value {
    let mut value = serde_json::to_value(parameters).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

/// None: requests of no configured client.
fn client_row(trust: &TrustSettings, client: Option<&Client>, used: &HashMap<ClientName, ClientUse>) -> ClientRow {
    let name = client.map_or_else(ClientName::unknown, |client| client.name.clone());
    let policy = trust.clients.get(&name);
    let ways = client
        .map_or([false; 3], |client| [!client.key_hashes.is_empty(), !client.certificates.is_empty(), !client.peers.is_empty()]);
    let known_by = ["key", "certificate", "peer"].into_iter().zip(ways).filter(|(_, has)| *has).map(|(way, _)| way.to_owned());
    let used = used.get(&name).copied().unwrap_or_default();
    let vouch = policy.map_or_else(Vouch::default, |policy| policy.vouch);
    ClientRow {
        mode: policy.map_or(trust.mode, |policy| policy.mode).as_str().to_owned(),
        known_by: known_by.collect(),
        sources: sources_of(trust, &name),
        vouch: match vouch {
            Vouch::Vouched => "vouched",
            Vouch::Verified => "verified",
        }
        .to_owned(),
        tenant: trust.fixed_tenant(&name).map(|tenant| tenant.as_str().to_owned()),
        memory: trust.memory_access(&name).as_str().to_owned(),
        requests: used.requests,
        refused: used.refused,
        active_users: used.active,
        seen_at: used.seen_at,
        name: name.as_str().to_owned(),
    }
}

/// Every upstream and how it stands now.
pub(super) fn upstream_rows(services: &Services, runtime: &Runtime) -> Vec<UpstreamRow> {
    let used = services.metrics.upstream_use();
    let rows = runtime.catalog.upstreams().iter().map(|upstream| {
        let standing = services.balance.standing(upstream);
        let used = used.get(&upstream.name).copied().unwrap_or_default();
        UpstreamRow {
            name: upstream.name.clone(),
            address: address(upstream),
            dialects: upstream.dialects.iter().map(|api| api.as_str().to_owned()).collect(),
            condition: standing.condition.to_owned(),
            well: standing.well,
            priority: upstream.priority,
            running: standing.running,
            waiting: standing.waiting,
            concurrency: upstream.concurrency.map(|concurrency| u64::from(concurrency.limit)),
            models: upstream.models.iter().filter(|model| !model.is_anything()).map(|model| model.name.clone()).collect(),
            requests: used.requests,
            errors: used.errors,
        }
    });
    rows.collect()
}

/// Without user, key and query, which the configuration does not take in a URL anyway.
fn address(upstream: &Upstream) -> String {
    let scheme = match upstream.origin {
        Origin::Demo => return "the built-in demo".to_owned(),
        Origin::Remote { tls: true, .. } => "https",
        Origin::Remote { tls: false, .. } => "http",
    };
    format!("{scheme}://{}{}", upstream.authority(), upstream.base)
}
