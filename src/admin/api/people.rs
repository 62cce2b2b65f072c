//! Users, sandboxes, what is remembered of them, and what operators do about it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UserKeyView;
use crate::identity::Assurance;
use crate::ids::{ClientName, FactId, RequestId, SessionId, UserId};

/// `GET /v1/users`: which users, in the order of their names.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserFilter {
    /// Part of the name, whatever its case.
    pub search: Option<String>,
    pub tenant: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A user as listed. Counts and times; nothing of what is remembered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserRow {
    #[schemars(with = "String")]
    pub user: UserId,
    pub created_at: i64,
    /// The weakest evidence that opens the user's memory, once better evidence was seen.
    pub ratchet: Option<Assurance>,
    /// Per-user keys that were not revoked.
    pub keys: u32,
    /// The last request since memgate started.
    pub seen: Option<Seen>,
}

/// How somebody was last seen. Since the start of the process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    pub at: i64,
    #[schemars(with = "String")]
    pub client: ClientName,
    /// The source of the evidence, such as `open_webui_jwt`.
    pub source: Option<String>,
    pub assurance: Option<String>,
    pub requests: u64,
}

/// `GET /v1/users/{user}`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserDetail {
    #[serde(flatten)]
    pub row: UserRow,
    pub facts: FactCounts,
    /// Bytes of the user's file on the disk.
    pub bytes: u64,
    pub keys_made: Vec<UserKeyView>,
    pub upstream_keys: Vec<UpstreamKeyHint>,
    /// When the memory was last erased.
    pub erased_at: Option<i64>,
    pub merges: Vec<MergeView>,
    /// Turns that wait to be learned from.
    pub waiting_turns: u64,
}

/// How many facts there are, by what became of them.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub struct FactCounts {
    pub active: u64,
    /// Waiting for a review.
    pub held: u64,
    pub forgotten: u64,
    pub history: u64,
}

/// A personal upstream key, as far as it is shown.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamKeyHint {
    pub provider: String,
    /// The last characters of the key.
    pub hint: String,
    pub created_at: i64,
}

/// `GET /v1/users/{user}/facts`, and of a sandbox. Needs the header `x-memgate-reason`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FactFilter {
    /// What to search for, as recall does.
    pub search: Option<String>,
    /// `active`, `held` or `forgotten`.
    pub status: Option<String>,
    pub kind: Option<String>,
    /// Facts that ceased to hold, too.
    pub history: bool,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A fact with why memgate knows it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FactView {
    #[schemars(with = "String")]
    pub id: FactId,
    pub text: String,
    pub kind: String,
    pub tier: String,
    pub slot: Option<String>,
    pub status: String,
    /// Why it waits for a review, or did.
    pub held_for: Option<String>,
    /// Whether it may be recalled.
    pub current: bool,
    pub pinned: bool,
    pub created_at: i64,
    pub valid_at: i64,
    pub invalid_at: Option<i64>,
    pub expires_at: Option<i64>,
    #[schemars(with = "Option<String>")]
    pub superseded_by: Option<FactId>,
    pub source: FactSource,
}

/// Who said a fact, where, and what drew it from their words.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FactSource {
    /// The rule or model, such as `rule:remember`.
    pub origin: String,
    /// The words themselves.
    pub quote: String,
    pub client: String,
    pub session: Option<String>,
    pub assurance: String,
}

/// `PATCH /v1/users/{user}/facts/{fact}`: what changes; what is not named stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AmendFact {
    pub text: Option<String>,
    pub kind: Option<String>,
    pub pinned: Option<bool>,
    /// `active` approves what is held; `forgotten` ends it.
    pub status: Option<String>,
}

/// `POST /v1/users/{user}/facts`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddFact {
    pub text: String,
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub pinned: bool,
}

/// `POST /v1/users/{user}/erasure`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseUser {
    /// The user's id once more.
    pub confirm: String,
}

/// What an erasure removed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErasedView {
    #[schemars(with = "String")]
    pub user: UserId,
    /// The number under which the audit log has it, as it is written there.
    #[schemars(with = "String")]
    #[serde(serialize_with = "plain")]
    pub receipt: RequestId,
    pub erased_at: i64,
    /// Records by table.
    pub records: BTreeMap<String, u64>,
    pub bytes: u64,
}

fn plain<S: serde::Serializer>(id: &RequestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// `POST /v1/users/{user}/merges`: brings what is remembered of another identity of the same person into this one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeUsers {
    /// The other identity. Its facts move, and it keeps none that is current.
    pub from: String,
}

/// A merge, or what is left of one that was undone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MergeView {
    #[schemars(with = "String")]
    pub id: RequestId,
    #[schemars(with = "String")]
    pub from: UserId,
    #[schemars(with = "String")]
    pub into: UserId,
    pub at: i64,
    pub operator: String,
    /// Facts that were brought along, those among them that were known here already.
    pub facts: u64,
    /// Facts for which there was no room: they stayed.
    #[serde(default)]
    pub left: u64,
    pub undone_at: Option<i64>,
    /// Facts that were changed before it was undone, and stayed.
    #[serde(default)]
    pub kept: u64,
}

/// `GET /v1/sandboxes`, the youngest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxFilter {
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A sandbox as listed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SandboxRow {
    /// The digest that names it: 64 hexadecimal digits.
    pub id: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub seen: Option<Seen>,
    pub bytes: u64,
}

/// `GET /v1/sandboxes/{id}`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SandboxDetail {
    #[serde(flatten)]
    pub row: SandboxRow,
    pub facts: FactCounts,
    pub waiting_turns: u64,
}

/// `POST /v1/sandboxes/{id}/promotion`: gives facts that were reviewed one by one to a user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteSandbox {
    /// Whose they are from now on.
    pub user: String,
    /// Those that were approved. The others stay where they are.
    #[schemars(with = "Vec<String>")]
    pub facts: Vec<FactId>,
    /// Erase the sandbox afterwards.
    #[serde(default)]
    pub end: bool,
}

/// What came of a promotion.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PromotedView {
    #[schemars(with = "String")]
    pub user: UserId,
    #[schemars(with = "Vec<String>")]
    pub written: Vec<FactId>,
    /// Facts that the user had already.
    pub known: u64,
    pub ended: bool,
}

/// An operator's look at a person's memory, or change of it, as the person sees it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VisitView {
    pub at: i64,
    pub operator: String,
    /// Such as `facts.read`.
    pub act: String,
    /// Empty for viewers: it may say something of the person.
    pub reason: String,
}

/// `GET /v1/sessions`: live ones, the latest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionFilter {
    pub user: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A live session. Its title and turns are the person's.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SessionRow {
    #[schemars(with = "String")]
    pub user: UserId,
    #[schemars(with = "String")]
    pub session: SessionId,
    pub used_at: i64,
    pub requests: u64,
    /// Requests whose answers have not ended.
    pub running: u32,
}
