//! Parsed identifiers. A value of one of these types has been checked once, at the edge, and is never re-checked.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    #[error("is empty")]
    Empty,
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    #[error("holds a character that is not allowed here")]
    Character,
    #[error("starts or ends with white space")]
    Padded,
    #[error("holds an unresolved {{{{placeholder}}}}")]
    Placeholder,
    #[error("is not a valid id")]
    Malformed,
}

/// Longest user name in bytes.
pub const MAX_NAME: usize = 256;
/// Longest tenant or client name in bytes.
pub const MAX_LABEL: usize = 64;

fn label(text: &str) -> Result<Box<str>, IdError> {
    match text.as_bytes() {
        [] => Err(IdError::Empty),
        bytes if bytes.len() > MAX_LABEL => Err(IdError::TooLong(MAX_LABEL)),
        [first, rest @ ..] => {
            let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            let ok = plain(first) && rest.iter().all(|b| plain(b) || matches!(b, b'-' | b'_' | b'.'));
            if ok { Ok(text.into()) } else { Err(IdError::Character) }
        }
    }
}

/// A tenant: lower-case letters, digits, `-`, `_`, `.`; at most 64 bytes. The default tenant is `default`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Box<str>);

impl TenantId {
    /// # Errors
    /// When `text` is no label of lower-case letters, digits, `-`, `_`, `.`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        label(text).map(Self)
    }

    /// The tenant of sandboxed users. Its name cannot be parsed, so no evidence can claim it.
    #[must_use]
    pub fn sandbox() -> Self {
        Self("~sandbox".into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self("default".into())
    }
}

/// A user: a tenant and a name within it.
///
/// Written `tenant:name`. A tenant holds no colon, so the first colon divides; the stored form is length-prefixed
/// ([`UserId::encode`]), never a joined string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId {
    tenant: TenantId,
    name: Box<str>,
}

impl UserId {
    /// A user by tenant and bare name. The name may hold a colon.
    ///
    /// # Errors
    /// When the name is empty, longer than [`MAX_NAME`] bytes, padded with white space, an unresolved template
    /// placeholder, or holds control or invisible formatting characters.
    pub fn new(tenant: TenantId, name: &str) -> Result<Self, IdError> {
        if name.is_empty() {
            return Err(IdError::Empty);
        }
        if name.len() > MAX_NAME {
            return Err(IdError::TooLong(MAX_NAME));
        }
        if name.trim() != name {
            return Err(IdError::Padded);
        }
        if name.contains("{{") || name.contains("}}") {
            return Err(IdError::Placeholder);
        }
        if name.chars().any(is_invisible) {
            return Err(IdError::Character);
        }
        Ok(Self { tenant, name: name.into() })
    }

    /// A user as written on the wire: `tenant:name`, or a bare `name` in the default tenant.
    ///
    /// # Errors
    /// As [`UserId::new`], or when the part before the colon is no tenant.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::parse_at(text, &TenantId::default())
    }

    /// As [`UserId::parse`], with bare names in the tenant `home`.
    ///
    /// # Errors
    /// As [`UserId::parse`].
    pub fn parse_at(text: &str, home: &TenantId) -> Result<Self, IdError> {
        match text.split_once(':') {
            Some((tenant, name)) => Self::new(TenantId::parse(tenant)?, name),
            None => Self::new(home.clone(), text),
        }
    }

    /// The user of the same name in another tenant.
    #[must_use]
    pub fn moved_to(&self, tenant: TenantId) -> Self {
        Self { tenant, name: self.name.clone() }
    }

    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stored form: each part behind its length as a big-endian `u32`, so that no two users share an encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + self.tenant.0.len() + self.name.len());
        for part in [&self.tenant.0, &self.name] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// Control, bidirectional, zero-width and other formatting characters: two names must not look alike by hidden text.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.tenant.0, self.name)
    }
}

impl FromStr for UserId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for UserId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        match text.strip_prefix("~sandbox:") {
            Some(name) => Self::new(TenantId::sandbox(), name),
            None => Self::parse(&text),
        }
    }
}

impl From<UserId> for String {
    fn from(user: UserId) -> Self {
        user.to_string()
    }
}

impl TryFrom<String> for TenantId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        if text == "~sandbox" { Ok(Self::sandbox()) } else { Self::parse(&text) }
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0.into()
    }
}

/// The name of a configured client: a label as in [`TenantId`]. Bounded, hence fit for a metric label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientName(Box<str>);

impl ClientName {
    /// # Errors
    /// When `text` is no label of lower-case letters, digits, `-`, `_`, `.`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        label(text).map(Self)
    }

    /// The client of requests that no configured client claims.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group of people, as an identity provider or the operator names it: at most [`MAX_NAME`] bytes, without control or invisible
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(Box<str>);

impl GroupName {
    /// # Errors
    /// As for the name of a user.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        UserId::new(TenantId::default(), text).map(|user| Self(user.name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for GroupName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> Self {
        name.0.into()
    }
}

/// A chat session as the client names it: 1 to 255 printable ASCII characters, no slash or backslash, not `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(Box<str>);

impl SessionId {
    /// # Errors
    /// When `text` is empty, too long or holds a character outside the set.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text {
            "" => Err(IdError::Empty),
            "." | ".." => Err(IdError::Malformed),
            _ if text.len() > 255 => Err(IdError::TooLong(255)),
            _ if text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'/' && b != b'\\') => Ok(Self(text.into())),
            _ => Err(IdError::Character),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0.into()
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id: time-ordered (UUID version 7, RFC 9562), the rest random.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// When the id was made, in milliseconds since the Unix epoch.
            #[must_use]
            pub fn made_at(&self) -> i64 {
                let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
                i64::from_be_bytes([0, 0, a, b, c, d, e, f])
            }

            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.simple().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError::Malformed)
            }
        }
    };
}

uuid_id!(
    /// One remembered statement. Unique over all users, so that one user's id never names another's fact.
    FactId
);
uuid_id!(
    /// One request, as named in the audit log and in the `x-memgate-request-id` response header.
    RequestId
);
uuid_id!(
    /// One per-user key, as listed and revoked. It is not the key.
    KeyId
);
