//! The tenant and the groups of a scope: what its evidence says, and what the configuration says of its person.

use super::UserScope;
use crate::ids::GroupName;
use crate::policy::{Membership, Tenant, TrustSettings};

impl TrustSettings {
    /// What holds for the tenant of a scope's person, where it is listed. A sandbox is held to what its client is fixed to.
    #[must_use]
    pub fn tenant_of(&self, scope: &UserScope) -> Option<&Tenant> {
        let name = if scope.is_sandbox() { self.fixed_tenant(scope.client())? } else { scope.user().tenant() };
        self.tenant(name)
    }

    /// The groups that a scope's person is in, each once. A sandbox is in none, whoever is claimed.
    #[must_use]
    pub fn groups_of(&self, scope: &UserScope) -> Vec<GroupName> {
        self.memberships_of(scope).into_iter().map(|membership| membership.group).collect()
    }

    /// As [`TrustSettings::groups_of`], with where each comes from.
    #[must_use]
    pub fn memberships_of(&self, scope: &UserScope) -> Vec<Membership> {
        if scope.is_sandbox() {
            return Vec::new();
        }
        self.groups.of(scope.user(), scope.client(), scope.groups())
    }
}
