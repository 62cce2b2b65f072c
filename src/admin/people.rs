//! Users as operators see them: who there is, and how they were seen.

use super::api::{Page, UserDetail, UserFilter, UserRow};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::problem::Problem;
use crate::ids::UserId;

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// A page of users, in the order of their names.
    pub async fn list_users(&self, _by: &Principal, _filter: UserFilter) -> Result<Page<UserRow>, Problem> {
        Err(Problem::unfinished())
    }

    /// One user: counts and hints, nothing of what is remembered.
    pub async fn show_user(&self, _by: &Principal, _user: UserId) -> Result<UserDetail, Problem> {
        Err(Problem::unfinished())
    }
}
