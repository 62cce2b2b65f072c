//! From a decision to a scope, or to a refusal.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::UserScope;
use crate::identity::{Assurance, Finding, Resolution};
use crate::ids::{GroupName, SessionId, TenantId, UserId};
use crate::policy::Decision;

/// What a request may do.
#[derive(Debug, PartialEq, Eq)]
pub enum Grant {
    /// It reaches the memory of `scope`, and of nobody else. `advice`: the answer says that a stricter mode would refuse.
    Scoped { scope: UserScope, reason: &'static str, advice: bool },
    /// It is forwarded without memory.
    Unscoped { reason: &'static str, advice: bool },
}

/// A request that goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// One static string: JSON field, metric label and audit reason.
    pub code: &'static str,
    /// For the person: what is missing and how to send it.
    pub message: String,
    /// For the log alone. Names no user.
    pub detail: String,
}

/// Turns a decision into what it grants. Nothing else makes a scope for a request.
///
/// # Errors
/// When the decision is to refuse.
pub fn admit(decision: Decision, resolution: &Resolution, peer: IpAddr) -> Result<Grant, Refusal> {
    let client = resolution.client.clone();
    match decision {
        Decision::Admit { user, assurance, reason, advice } => {
            let groups = groups_of(&user, resolution);
            let scope = UserScope { user, assurance, client, sandboxed: false, groups };
            Ok(Grant::Scoped { scope, reason, advice })
        }
        Decision::Sandbox { claimed, reason } => {
            let Some(user) = sandbox_user(resolution, peer, claimed.as_deref()) else {
                return Ok(Grant::Unscoped { reason, advice: false });
            };
            let scope = UserScope { user, assurance: Assurance::Anonymous, client, sandboxed: true, groups: Vec::new() };
            Ok(Grant::Scoped { scope, reason, advice: false })
        }
        Decision::Bypass { reason, advice } => Ok(Grant::Unscoped { reason, advice }),
        Decision::Refuse { status, reason, message } => {
            let detail = describe(resolution, peer);
            Err(Refusal { status, code: reason, message, detail })
        }
    }
}

/// The groups that go with the evidence by which this user was admitted.
fn groups_of(user: &UserId, resolution: &Resolution) -> Vec<GroupName> {
    match &resolution.finding {
        Finding::Valid(evidence) if evidence.user == *user => evidence.groups.clone(),
        _ => Vec::new(),
    }
}

/// The user of a sandbox: a digest of all that tells unknown people apart, the same after a restart.
///
/// A claimed id is enough beside client and peer. Where nobody is claimed, many people may stand behind one peer, and a chat UI may
/// send one unknown key for all of them: only the chat session keeps them apart. Without one there is no sandbox, since it would be
/// everybody's.
fn sandbox_user(resolution: &Resolution, peer: IpAddr, claimed: Option<&str>) -> Option<UserId> {
    // What is no id tells nobody apart: empty, or a placeholder that the chat UI left unresolved for all its people.
    let claimed = claimed.filter(|id| UserId::parse(id).is_ok());
    let session = resolution.session.as_ref().filter(|_| !resolution.session_guessable);
    if claimed.is_none() && session.is_none() {
        return None;
    }
    let peer = peer.to_canonical().to_string();
    let mut hash = Sha256::new();
    let mut add = |part: Option<&[u8]>| {
        // Present and absent parts differ, and no two lists of parts have one encoding.
        hash.update([u8::from(part.is_some())]);
        let part = part.unwrap_or_default();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(Some(b"memgate-sandbox-v1"));
    add(Some(resolution.client.as_str().as_bytes()));
    add(Some(peer.as_bytes()));
    add(claimed.map(str::as_bytes));
    if claimed.is_none() {
        add(resolution.stray_credential.as_ref().map(|stray| &stray.0[..]));
        add(session.map(SessionId::as_str).map(str::as_bytes));
    }
    let name = hex::encode(hash.finalize());
    Some(UserId::new(TenantId::sandbox(), &name).unwrap_or_else(|_| unreachable!("hex digits are a user name")))
}

fn describe(resolution: &Resolution, peer: IpAddr) -> String {
    let Resolution { client, client_authenticated, finding, ignored_headers, .. } = resolution;
    let found = match finding {
        Finding::None { .. } => "no evidence",
        Finding::Valid(evidence) => evidence.assurance.as_str(),
        Finding::Invalid(invalid) => invalid.code,
    };
    let by_key = if *client_authenticated { "by its key" } else { "without a key" };
    format!("client {client} {by_key}, peer {peer}, found {found}, ignored identity headers {ignored_headers}")
}
