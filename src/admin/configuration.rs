//! The configuration: in force, on the disk, applied.

use axum::Json;
use axum::extract::State;
use axum::http::Method;

use super::api::{ConfigCheck, ConfigView};
use super::control::{Control, block};
use super::endpoint::Endpoint;
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::proxy::unix_ms;
use crate::telemetry::ActRecord;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let check = "The file on the disk, as a reload would take it, and what it would change.";
    vec![
        Endpoint::new(Method::GET, "/v1/config", Access::View, "The configuration in force, without secrets.", show)
            .answers::<ConfigView>(),
        Endpoint::new(Method::GET, "/v1/config/check", Access::View, check, compare).answers::<ConfigCheck>(),
    ]
}

async fn show(State(control): State<Control>, by: Principal) -> Result<Json<ConfigView>, Problem> {
    control.show_config(&by).await.map(Json)
}

async fn compare(State(control): State<Control>, by: Principal) -> Result<Json<ConfigCheck>, Problem> {
    control.check_config(&by).await.map(Json)
}

impl Control {
    /// What is in force, without secrets.
    pub async fn show_config(&self, _by: &Principal) -> Result<ConfigView, Problem> {
        let control = self.clone();
        block(move || Ok((control.config.show)())).await
    }

    /// What a reload would say and change.
    pub async fn check_config(&self, _by: &Principal) -> Result<ConfigCheck, Problem> {
        let control = self.clone();
        block(move || Ok((control.config.check)())).await
    }

    /// Has the file read anew and applied, or refused with its faults. On record.
    pub async fn reload_config(&self, by: &Principal) -> Result<(), Problem> {
        let act = ActRecord::begun("config.reload", by.name(), unix_ms());
        let control = self.clone();
        block(move || control.act(act, |_, _| (control.config.reload)().map_err(Problem::refused_config))).await
    }
}
