//! The installation itself: how it is, what is configured, who uses how much.

use reqwest::Method;

use super::{Client, ClientError};
use crate::admin::api::{
    BudgetAccount, BudgetFilter, BudgetRow, ClientRow, ConfigCheck, ConfigView, Health, Overview, Page, ResetBudget,
    SettingsView, Status, UpstreamRow, WhoAmI,
};

impl Client {
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.get(&["status"], &()).await
    }

    /// Has the configuration read anew. A faulty one is refused with its faults.
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.done(self.request(Method::POST, &["reload"])).await
    }

    /// As whom memgate knows the caller.
    pub async fn who_am_i(&self) -> Result<WhoAmI, ClientError> {
        self.get(&["whoami"], &()).await
    }

    pub async fn check_health(&self) -> Result<Health, ClientError> {
        self.get(&["health"], &()).await
    }

    pub async fn show_overview(&self) -> Result<Overview, ClientError> {
        self.get(&["overview"], &()).await
    }

    pub async fn list_clients(&self) -> Result<Vec<ClientRow>, ClientError> {
        self.get(&["clients"], &()).await
    }

    pub async fn list_upstreams(&self) -> Result<Vec<UpstreamRow>, ClientError> {
        self.get(&["upstreams"], &()).await
    }

    pub async fn list_budgets(&self) -> Result<Vec<BudgetRow>, ClientError> {
        self.get(&["budgets"], &()).await
    }

    /// Who uses how much.
    pub async fn list_budget_accounts(&self, filter: &BudgetFilter) -> Result<Page<BudgetAccount>, ClientError> {
        self.get(&["budgets", "users"], filter).await
    }

    /// Takes what a user has used off one rule.
    pub async fn reset_budget(&self, reset: &ResetBudget) -> Result<(), ClientError> {
        self.done(self.request(Method::POST, &["budgets", "reset"]).json(reset)).await
    }

    pub async fn show_settings(&self) -> Result<SettingsView, ClientError> {
        self.get(&["settings"], &()).await
    }

    /// The configuration in force, without secrets.
    pub async fn show_config(&self) -> Result<ConfigView, ClientError> {
        self.get(&["config"], &()).await
    }

    /// The file on the disk, as a reload would take it.
    pub async fn check_config(&self) -> Result<ConfigCheck, ClientError> {
        self.get(&["config", "check"], &()).await
    }
}
