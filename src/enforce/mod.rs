//! The one place that makes a [`UserScope`]. Without a scope no store opens.

use crate::identity::Assurance;
use crate::ids::{ClientName, UserId};

/// The capability that a decision grants: every read and write of user data takes one.
///
/// It cannot be built, cloned, defaulted or deserialised outside this module.
#[derive(Debug, PartialEq, Eq)]
pub struct UserScope {
    user: UserId,
    assurance: Assurance,
    client: ClientName,
    sandboxed: bool,
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

    /// The scope of an unknown user under quarantine: isolated, expiring, promotable.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.sandboxed
    }
}

/// A scope on its way to a background job: authenticated bytes that only [`TicketKey::redeem`] turns back into a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket(Box<[u8]>);

impl Ticket {
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes read back from the journal. They are worth nothing until redeemed.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

/// A scope without a decision: for tests of the floors above.
#[cfg(any(test, feature = "test-doors"))]
#[must_use]
#[expect(clippy::expect_used, reason = "a test door")]
pub fn test_scope(user: &str, assurance: Assurance) -> UserScope {
    let user = UserId::try_from(user.to_owned()).expect("a user as written");
    let sandboxed = *user.tenant() == crate::ids::TenantId::sandbox();
    UserScope { user, assurance, client: ClientName::unknown(), sandboxed }
}
