//! The configuration: in force, on the disk, applied.

use super::api::{ConfigCheck, ConfigView};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// What is in force, without secrets.
    pub async fn show_config(&self, _by: &Principal) -> Result<ConfigView, Problem> {
        Err(Problem::unfinished())
    }

    /// What a reload would say and change.
    pub async fn check_config(&self, _by: &Principal) -> Result<ConfigCheck, Problem> {
        Err(Problem::unfinished())
    }

    /// Has the file read anew and applied, or refused with its faults.
    pub async fn reload_config(&self, _by: &Principal) -> Result<(), Problem> {
        Err(Problem::unfinished())
    }
}
