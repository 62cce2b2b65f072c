//! The one place that makes a [`UserScope`]. Without a scope no store opens.

mod admit;
mod groups;
pub mod operator;
#[cfg(test)]
mod tests;
mod ticket;

use std::fmt;

use crate::identity::Assurance;
use crate::ids::{ClientName, GroupName, UserId};

pub use admit::{Grant, Refusal, admit};
pub use ticket::{Ticket, TicketError, TicketKey};

/// The capability that a decision grants: every read and write of user data takes one.
///
/// It cannot be built, cloned, defaulted or deserialised outside this module.
#[derive(PartialEq, Eq)]
pub struct UserScope {
    user: UserId,
    assurance: Assurance,
    client: ClientName,
    sandboxed: bool,
    groups: Vec<GroupName>,
}

impl UserScope {
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    #[must_use]
    pub fn assurance(&self) -> Assurance {
        self.assurance
    }

    #[must_use]
    pub fn client(&self) -> &ClientName {
        &self.client
    }

    /// Groups that the evidence says the user is in. Background jobs know of none.
    #[must_use]
    pub fn groups(&self) -> &[GroupName] {
        &self.groups
    }

    /// The scope of an unknown user under quarantine: isolated, expiring, promotable.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.sandboxed
    }
}

/// Without the user: scopes end up in logs.
impl fmt::Debug for UserScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user: _, assurance, client, sandboxed, groups } = self;
        let mut debug = f.debug_struct("UserScope");
        debug
            .field("assurance", assurance)
            .field("client", client)
            .field("sandboxed", sandboxed)
            .field("groups", &groups.len())
            .finish_non_exhaustive()
    }
}

/// A scope out of nothing, for tests and benches. `~sandbox:name` gives a sandbox's.
#[cfg(any(test, feature = "test-doors"))]
#[must_use]
pub fn test_scope(user: &str, assurance: Assurance) -> UserScope {
    let user = UserId::try_from(user.to_owned()).unwrap_or_else(|reason| panic!("`{user}` {reason}"));
    let sandboxed = *user.tenant() == crate::ids::TenantId::sandbox();
    UserScope { user, assurance, client: ClientName::unknown(), sandboxed, groups: Vec::new() }
}

/// A sandbox's scope out of nothing, for tests and benches.
#[cfg(any(test, feature = "test-doors"))]
#[must_use]
pub fn test_sandbox(name: &str) -> UserScope {
    let user = UserId::new(crate::ids::TenantId::sandbox(), name).unwrap_or_else(|reason| panic!("`{name}` {reason}"));
    UserScope { user, assurance: Assurance::Anonymous, client: ClientName::unknown(), sandboxed: true, groups: Vec::new() }
}
