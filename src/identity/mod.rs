//! Evidence: what a request says of its user, and what each statement is worth. This floor reads, it never decides.

mod certificate;
mod client;
pub mod code;
mod groups;
pub mod header;
mod http_signature;
mod jwt;
mod plain;
mod preset;
mod proof;
mod replay;
mod request;
mod resolve;
mod scalar;
mod settings;
mod shape;
mod signature;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

pub use certificate::{CertificateRule, ClientCertificate};
pub use client::{Client, USER_KEY_PREFIX, hash_key};
pub use groups::GroupHeader;
pub use header::Cues;
pub use http_signature::{HttpSignature, sign_message};
pub use jwt::{
    Algorithm, AudienceFile, CloudflareAccessFile, JwksError, JwksFile, JwtFile, JwtSource, KeyKeeper, Keyring, KeyringSettings,
    OpenWebuiJwt, RequiredFile, Scalar,
};
pub use plain::{Decode, HeaderSource, percent_decode};
pub use preset::{ForwardAuthFile, ForwardAuthProxy, HeaderFile, HttpSignatureFile, OpenWebuiFile, Worth};
pub use proof::Pending;
pub use replay::{ReplayGuard, Unclaimed, Window};
pub use resolve::{Reading, Resolver};
pub use scalar::{long_secret, tenant_name};
pub use settings::IdentitySettings;
pub use signature::{SigningKey, sign};
pub use source::{Plan, SigningKeyFile, Source, SourceFile};

use crate::ids::{ClientName, GroupName, IdError, KeyId, SessionId, TenantId, UserId};

/// What evidence is worth, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// Nobody was named.
    Anonymous,
    /// A plain identity header from a trusted peer.
    Asserted,
    /// A plain identity header from a client that authenticated itself and may vouch.
    Vouched,
    /// A signature that binds the user, or a per-user key.
    Verified,
}

impl Assurance {
    /// The word for configuration, metrics and audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Asserted => "asserted",
            Self::Vouched => "vouched",
            Self::Verified => "verified",
        }
    }
}

/// One request as identity sees it. Header names are lower case, as `http` keeps them.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub method: &'a str,
    /// Path with query, exactly as received: what a signature covers.
    pub target: &'a str,
    /// The authority of the request's target where it has one, as in HTTP/2; else `Host` says.
    pub authority: Option<&'a str>,
    pub headers: &'a HeaderMap,
    pub peer: IpAddr,
    /// The certificate that the connection was opened with, verified.
    pub certificate: Option<&'a ClientCertificate>,
    /// Seconds since the Unix epoch.
    pub now: i64,
}

/// Valid evidence of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub user: UserId,
    pub assurance: Assurance,
    /// The source's name, fit for a metric label: `user_key`, `memgate_signature`, `http_signature`, `open_webui_jwt`, `jwt`,
    /// `cloudflare_access`, `header`.
    pub source: &'static str,
    /// Groups that the same evidence says the user is in, or the client that gave it: at most 128.
    pub groups: Vec<GroupName>,
}

/// What the sources of a request came to, together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// No source found anything. Holds the names of the headers that were looked for.
    None {
        looked_for: Vec<String>,
    },
    Valid(Evidence),
    /// A source found something wrong, or two disagree.
    Invalid(Invalid),
}

/// Evidence that must not be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// One static string: JSON field, metric label and audit reason.
    pub code: &'static str,
    /// For the caller: what is wrong and how to mend it. Holds no secret and no user's data but the caller's own words.
    pub message: String,
    /// The user that the evidence claims, where one can be read, and no other with them. It tells sandboxes apart, and opens nothing else.
    pub claimed: Option<String>,
}

impl Invalid {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), claimed: None }
    }

    fn malformed(what: &str, reason: &IdError) -> Self {
        Self::new(code::IDENTITY_MALFORMED, format!("The user id in {what} {reason}. Send the user's plain id."))
    }
}

/// Everything that identity read from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub client: ClientName,
    /// The client proved itself by its key or its certificate.
    pub client_authenticated: bool,
    pub finding: Finding,
    /// The tenant of whoever asks, where it is known without a user: the client's fixed one, or one that is named beside nobody.
    pub tenant: Option<TenantId>,
    /// Something in the request set out to name a user, believed or not. Tells a client that asks for itself from one
    /// whose signature was taken away.
    pub user_named: bool,
    /// The chat session, on the caller's word.
    pub session: Option<SessionId>,
    /// The session is a word that others may use, too.
    pub session_guessable: bool,
    /// The task that the client asks for on its own behalf, on its word. Empty where it says that there is none.
    pub task: Option<String>,
    /// SHA-256 of a key that nobody here knows. It proves nothing, but tells two unknown people apart.
    pub stray_credential: Option<KeyHash>,
    /// Identity headers that were no evidence, since nobody trusts the peer or no source names them: dropped, and counted.
    pub ignored_headers: u32,
    /// Entries of lists of groups that are no group's name, or were too many.
    pub dropped_groups: u32,
}

/// SHA-256 of a per-user key. The key itself is shown once and kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// The user whose key this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    pub id: KeyId,
    pub user: UserId,
}

/// The lookup that comes before a scope exists: per-user key to user. Implemented by the store.
pub trait UserKeys: Send + Sync {
    /// The owner of a key that was made and not revoked.
    fn owner(&self, hash: &KeyHash) -> Option<KeyOwner>;
}
