//! Clients, upstreams, budgets and settings, as configured and as they stand.

use super::api::{BudgetAccount, BudgetFilter, BudgetRow, ClientRow, Page, ResetBudget, SettingsView, UpstreamRow};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// Every configured client, and `unknown`.
    pub async fn list_clients(&self, _by: &Principal) -> Result<Vec<ClientRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// Every upstream.
    pub async fn list_upstreams(&self, _by: &Principal) -> Result<Vec<UpstreamRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// Every budget rule.
    pub async fn list_budgets(&self, _by: &Principal) -> Result<Vec<BudgetRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// Who uses how much.
    pub async fn list_budget_accounts(&self, _by: &Principal, _filter: BudgetFilter) -> Result<Page<BudgetAccount>, Problem> {
        Err(Problem::unfinished())
    }

    /// Takes what a user has used off one rule.
    pub async fn reset_budget(&self, _by: &Principal, _reset: ResetBudget) -> Result<(), Problem> {
        Err(Problem::unfinished())
    }

    /// Settings of requests as configured.
    pub async fn show_settings(&self, _by: &Principal) -> Result<SettingsView, Problem> {
        Err(Problem::unfinished())
    }
}
