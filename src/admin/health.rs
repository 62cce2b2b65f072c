//! Whether memgate serves, and what is wrong.

use super::api::Health;
use super::control::Control;
use super::endpoint::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// Whether requests are served, with the reasons. Names no user.
    pub async fn check_health(&self) -> Health {
        Health::default()
    }
}
