//! How everything goes, at a glance.

use super::api::Overview;
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// The numbers of now, and of the last hour.
    pub async fn show_overview(&self, _by: &Principal) -> Result<Overview, Problem> {
        Err(Problem::unfinished())
    }
}
