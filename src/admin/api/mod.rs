//! The words of the admin API. Times are milliseconds since the Unix epoch.

mod audit;
mod decisions;
mod installation;
mod overview;
mod page;
mod people;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Assurance;
use crate::ids::{KeyId, TenantId, UserId};
use crate::setting::Fault;
pub use audit::{AuditFault, AuditFilter, AuditLine, AuditVerification};
pub use decisions::{
    DecisionFilter, DecisionRow, Explanation, ModeOutcome, ReplayChange, ReplayQuery, ReplayReport, ShadowGroup, ShadowReport,
    Step,
};
pub use installation::{
    BudgetAccount, BudgetFilter, BudgetLimit, BudgetRow, BudgetStanding, ClientRow, ConfigChange, ConfigCheck, ConfigView,
    Health, HealthCheck, ResetBudget, SettingsView, UpstreamRow, WhoAmI,
};
pub use overview::{ClientActivity, Count, DecisionCount, Overview, Series};
pub use page::{Page, page_size};
pub use people::{
    AddFact, AmendFact, EraseUser, ErasedView, FactCounts, FactFilter, FactSource, FactView, MergeUsers, MergeView,
    PromoteSandbox, PromotedView, SandboxDetail, SandboxFilter, SandboxRow, Seen, SessionFilter, SessionRow, UpstreamKeyHint,
    UserDetail, UserFilter, UserRow, VisitView,
};

/// `POST /v1/user-keys`: makes a key for a user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeUserKey {
    /// `tenant:name`, or a name in the default tenant. A text: what is typed may name no sandbox, as stored ids do.
    pub user: String,
    /// What the operator calls the key, such as `laptop`.
    #[serde(default)]
    pub label: String,
}

/// A key that was just made. The only time that it is shown.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MadeUserKey {
    #[schemars(with = "String")]
    pub id: KeyId,
    #[schemars(with = "String")]
    pub user: UserId,
    pub key: ShownKey,
}

/// A key on its way over the socket. Does not print.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ShownKey(pub String);

impl fmt::Debug for ShownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownKey(…)")
    }
}

/// A user key as it is listed. The key itself is kept nowhere.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserKeyView {
    #[schemars(with = "String")]
    pub id: KeyId,
    #[schemars(with = "String")]
    pub user: UserId,
    pub label: String,
    /// The last characters of the key.
    pub hint: String,
    pub created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
}

/// `GET /v1/user-keys`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserKeyList {
    pub keys: Vec<UserKeyView>,
}

/// `PATCH /v1/users/{user}/ratchet`: lowers the trust ratchet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LowerRatchet {
    /// The weakest evidence that opens the user's memory from now on; none takes the ratchet off.
    #[serde(default)]
    pub to: Option<Assurance>,
}

/// What came of lowering a ratchet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RatchetView {
    #[schemars(with = "String")]
    pub user: UserId,
    /// False: the ratchet was no higher.
    pub lowered: bool,
}

/// `POST /v1/vault/rotation`: replaces the master key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateMasterKey {
    /// The new key: 64 hexadecimal digits. Without one memgate makes it, where it keeps the key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ShownKey>,
}

/// What came of a rotation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RotationView {
    /// False: the key that was handed in is the one in use.
    pub replaced: bool,
    /// Users whose data keys are wrapped by it.
    pub users: u64,
    /// The key comes from `storage.master_key`, which must name the new one before the next start.
    pub configured: bool,
}

/// A tenant: how much there is, and of nobody what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantView {
    #[schemars(with = "String")]
    pub tenant: TenantId,
    /// Users with a memory.
    pub users: u64,
    /// Bytes of their files on the disk.
    pub bytes: u64,
    /// Per-user keys that were not revoked.
    pub keys: u64,
}

/// `GET /v1/tenants`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantList {
    pub tenants: Vec<TenantView>,
}

/// `DELETE /v1/tenants/{tenant}`: what was erased.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantErasedView {
    #[schemars(with = "String")]
    pub tenant: TenantId,
    /// The number under which the audit log has it, as it is written there.
    pub receipt: String,
    /// Users whose memory is gone.
    pub users: u64,
    /// Users whose files were removed, those among them that an earlier attempt left behind.
    pub files: u64,
    pub bytes: u64,
    /// Per-user keys that were revoked.
    pub keys: u64,
}

/// `GET /v1/status`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    pub version: String,
    pub started_at: i64,
    /// Answers being streamed now.
    pub open_streams: u64,
    /// Bytes of turns that wait to be learned from.
    pub learning_queue_bytes: u64,
}

/// One fault of a configuration that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultView {
    pub path: String,
    pub reason: String,
    pub remedy: String,
}

impl From<Fault> for FaultView {
    fn from(Fault { path, reason, remedy }: Fault) -> Self {
        Self { path, reason, remedy }
    }
}

impl From<FaultView> for Fault {
    fn from(FaultView { path, reason, remedy }: FaultView) -> Self {
        Self { path, reason, remedy }
    }
}
