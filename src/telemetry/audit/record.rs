//! What the audit log says. Identifiers and numbers only; words of strangers are clipped and made harmless.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::clipped::Clipped;
use super::marks::{AnchorRecord, DroppedRecord, RecoveredRecord};
use crate::ids::{ClientName, FactId, KeyId, RequestId, TenantId, UserId};

/// Longest reason of an act in bytes: as many characters as operators may write, of four bytes each.
const LONGEST_REASON: usize = 2_000;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer ended as the upstream ended it.
    Complete,
    /// The client went away first.
    ClientLeft,
    UpstreamFailed,
    /// Nothing was forwarded.
    Refused,
}

/// One request, written once, when it has ended.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRecord {
    /// Milliseconds since the Unix epoch at arrival; written as RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    #[serde(serialize_with = "plain")]
    pub request: RequestId,
    pub client: ClientName,
    pub peer: IpAddr,
    /// The user or sandbox whose scope was granted. A mere claim is never written here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The source of the evidence, such as `open_webui_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<&'static str>,
    pub mode: &'static str,
    pub decision: &'static str,
    pub reason: &'static str,
    /// The code of memgate's own answer, where the request was turned away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The reason for which the shadow mode would have refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<&'static str>,
    pub route: &'static str,
    pub method: Clipped<16>,
    pub path: Clipped<512>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Clipped<128>>,
    /// What a conversation was for: `turn`, `task`, `temporary` or `continuation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<&'static str>,
    /// The upstream's configured name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Clipped<64>>,
    /// Upstreams that it was sent to; the last one answered. Left out unless there were several.
    #[serde(skip_serializing_if = "is_usual")]
    pub attempts: u32,
    /// Where the upstream's key came from: `personal`, `shared`, `environment` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
    /// The status that the client saw; none if it left before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `off` or `read`, where the client or the upstream is configured so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_used: Vec<FactId>,
    /// Facts that the person wrote or changed by hand.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_written: Vec<FactId>,
    /// Facts that the person deleted, or that made room.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_deleted: Vec<FactId>,
    pub messages_cut: u32,
    /// Tokens of the request as the upstream reported them, or as counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    pub bytes_in: u64,
    pub bytes_out: u64,
    #[serde(serialize_with = "to_microseconds")]
    pub duration_ms: f64,
    /// Milliseconds from arrival to the first token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "option_to_microseconds")]
    pub first_token_ms: Option<f64>,
    /// The budget that turned the request away, or of which little was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetNote>,
    pub outcome: Outcome,
}

/// How a request stood with a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetNote {
    /// The rule's configured name.
    pub rule: Box<str>,
    /// What it limits, such as `tokens`.
    pub kind: &'static str,
    /// `soft` or `hard`.
    pub zone: &'static str,
}

/// Facts written after a request, by the learner.
#[derive(Debug, Clone, Serialize)]
pub struct LearnedRecord {
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    /// The request whose turn taught them.
    #[serde(serialize_with = "plain")]
    pub request: RequestId,
    pub user: UserId,
    #[serde(serialize_with = "plain_all")]
    pub facts_written: Vec<FactId>,
    /// Facts that a newer value or a retraction closed.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_closed: Vec<FactId>,
}

/// How far an operator's act has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActOutcome {
    /// Written, and made to last, before the act.
    Begun,
    Done,
    /// The act was asked for and changed nothing.
    Unchanged,
    Failed,
}

/// An act of an operator on users, tenants or keys.
#[derive(Debug, Clone, Serialize)]
pub struct ActRecord {
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    /// What is done, such as `user_key.make`.
    pub act: &'static str,
    /// The name of the credential by which it is done; `local` for the control socket, `system` for what memgate does by itself.
    pub operator: Box<str>,
    /// Why, in the operator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clipped<LONGEST_REASON>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_option")]
    pub key: Option<KeyId>,
    /// The level that the trust ratchet is lowered to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratchet: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The number of an erasure.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_option")]
    pub receipt: Option<RequestId>,
    /// A second user, such as the one whom the first is merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<UserId>,
    /// How many things were done to, where they are not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Facts that were written or changed.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_written: Vec<FactId>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "plain_all")]
    pub facts_deleted: Vec<FactId>,
    pub outcome: ActOutcome,
}

impl ActRecord {
    /// An act that is about to begin, on nobody yet.
    #[must_use]
    pub fn begun(act: &'static str, operator: &str, time: i64) -> Self {
        let (operator, reason) = (operator.into(), None);
        Self {
            time,
            act,
            operator,
            reason,
            user: None,
            key: None,
            ratchet: None,
            tenant: None,
            receipt: None,
            other: None,
            count: None,
            facts_written: Vec::new(),
            facts_deleted: Vec::new(),
            outcome: ActOutcome::Begun,
        }
    }

    /// What memgate did by itself, or at a signal.
    #[must_use]
    pub fn by_memgate(act: &'static str, time: i64, outcome: ActOutcome) -> Self {
        Self { outcome, ..Self::begun(act, "system", time) }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    Request(#[serde(serialize_with = "shared")] Arc<AuditRecord>),
    Learned(Box<LearnedRecord>),
    Operator(Box<ActRecord>),
    Anchor(Box<AnchorRecord>),
    Recovered(Box<RecoveredRecord>),
    Dropped(DroppedRecord),
}

fn shared<S: Serializer>(record: &Arc<AuditRecord>, serializer: S) -> Result<S::Ok, S::Error> {
    record.as_ref().serialize(serializer)
}

impl From<Arc<AuditRecord>> for Entry {
    fn from(record: Arc<AuditRecord>) -> Self {
        Self::Request(record)
    }
}

impl From<AuditRecord> for Entry {
    fn from(record: AuditRecord) -> Self {
        Arc::new(record).into()
    }
}

impl From<LearnedRecord> for Entry {
    fn from(record: LearnedRecord) -> Self {
        Self::Learned(Box::new(record))
    }
}

impl From<ActRecord> for Entry {
    fn from(act: ActRecord) -> Self {
        Self::Operator(Box::new(act))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_usual(attempts: &u32) -> bool {
    *attempts < 2
}

/// UTC with milliseconds, of fixed width, so that lines sort by time.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(super) fn rfc3339<S: Serializer>(milliseconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let time = Timestamp::from_millisecond(*milliseconds).map_err(serde::ser::Error::custom)?;
    serializer.collect_str(&format_args!("{time:.3}"))
}

/// Milliseconds with three decimals: what is beyond is noise.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn to_microseconds<S: Serializer>(milliseconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((milliseconds * 1e3).round() / 1e3)
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn option_to_microseconds<S: Serializer>(milliseconds: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match milliseconds {
        Some(milliseconds) => to_microseconds(milliseconds, serializer),
        None => serializer.serialize_none(),
    }
}

/// Ids stand in the log as they stand in headers and messages, so that one search finds both.
fn plain<S: Serializer>(id: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn plain_option<S: Serializer>(id: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    id.as_ref().map(ToString::to_string).serialize(serializer)
}

fn plain_all<S: Serializer>(ids: &[FactId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn record(path: &str) -> AuditRecord {
        AuditRecord {
            time: 1_750_000_000_000,
            request: RequestId::from_bytes([7; 16]),
            client: ClientName::parse("open-webui").unwrap(),
            peer: IpAddr::from([127, 0, 0, 1]),
            user: Some(UserId::parse("acme:alice").unwrap()),
            source: Some("open_webui_jwt"),
            assurance: Some("verified"),
            mode: "strict",
            decision: "admit",
            reason: "verified",
            error: None,
            shadow: None,
            route: "chat",
            method: Clipped::new("POST"),
            path: Clipped::path(path),
            model: Some(Clipped::new("llama3")),
            purpose: Some("turn"),
            upstream: Some(Clipped::new("ollama")),
            attempts: 1,
            key: None,
            status: Some(200),
            memory: None,
            facts_used: vec![FactId::from_bytes([1; 16])],
            facts_written: Vec::new(),
            facts_deleted: Vec::new(),
            messages_cut: 2,
            tokens_in: Some(900),
            tokens_out: Some(120),
            bytes_in: 4096,
            bytes_out: 2048,
            duration_ms: 812.250_000_000_000_1,
            first_token_ms: Some(41.5),
            budget: None,
            outcome: Outcome::Complete,
        }
    }

    #[test]
    fn lines_are_as_agreed() {
        let key = Some(KeyId::from_bytes([9; 16]));
        let act = ActRecord { key, ..ActRecord::begun("user_key.revoke", "local", 1_750_000_000_007) };
        let learned = LearnedRecord {
            time: 1_750_000_001_000,
            request: RequestId::from_bytes([7; 16]),
            user: UserId::parse("alice").unwrap(),
            facts_written: vec![FactId::from_bytes([2; 16])],
            facts_closed: vec![],
        };
        let entries: [Entry; 3] = [record("/v1/chat/completions?key=hunter2").into(), learned.into(), act.into()];
        let lines: Vec<String> = entries.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn the_longest_reason_is_kept_whole_in_every_script() {
        let reason = "\u{1f512}".repeat(500);
        let act = ActRecord { reason: Some(Clipped::new(&reason)), ..ActRecord::begun("facts.read", "ann", 0) };
        assert_eq!(act.reason.unwrap().as_str(), reason);
    }

    proptest! {
        #[test]
        fn strangers_words_stay_on_one_line_and_inert(text in "\\PC*|.*[\u{1b}\u{9b}\r\n\u{202e}\u{200b}\u{e0041}].*") {
            let clipped = Clipped::<64>::new(&text);
            prop_assert!(!clipped.as_str().chars().any(crate::ids::is_invisible));
            prop_assert!(clipped.as_str().chars().count() <= 64);
            let line = serde_json::to_string(&Entry::from(record(&text))).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        }

        #[test]
        fn a_query_is_never_written(secret in "[a-z0-9]{12,20}", mark in "[?#]") {
            let line = serde_json::to_string(&Entry::from(record(&format!("/v1/models{mark}key={secret}")))).unwrap();
            prop_assert!(!line.contains(&secret));
        }
    }
}
