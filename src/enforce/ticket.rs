//! Scopes on their way to background jobs: sealed against change, so that the journal can carry them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::UserScope;
use crate::identity::Assurance;
use crate::ids::{ClientName, SessionId, TenantId, UserId};

/// First byte of every ticket: the layout behind it. Anything else is another version's.
const VERSION: u8 = 1;
const TAG: usize = 32;

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

/// Why a ticket is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TicketError {
    #[error("the ticket was not issued with this key, or was changed since")]
    Forged,
    #[error("the ticket is of another version of memgate")]
    Version,
    #[error("the ticket's content is damaged")]
    Malformed,
}

/// What issues and redeems tickets: HMAC-SHA256 (RFC 2104) under one key.
#[derive(Clone)]
pub struct TicketKey(Hmac<Sha256>);

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey(…)")
    }
}

impl TicketKey {
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let mut mac = Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"));
        mac.update(b"memgate-ticket\0");
        Self(mac)
    }

    /// The scope and the session of a turn, as bytes.
    #[must_use]
    pub fn issue(&self, scope: &UserScope, session: Option<&SessionId>) -> Ticket {
        let mut bytes = vec![VERSION, level(scope.assurance), u8::from(scope.sandboxed)];
        // A session is never empty, so an empty text stands for none.
        let session = session.map_or("", SessionId::as_str);
        for part in [scope.user.tenant().as_str(), scope.user.name(), scope.client.as_str(), session] {
            // Every part is an identifier of at most 256 bytes.
            let length = u16::try_from(part.len()).unwrap_or_else(|_| unreachable!("identifiers are short"));
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(&tag);
        Ticket(bytes.into())
    }

    /// # Errors
    /// When the ticket was not issued with this key, is of another version, or does not hold what a ticket holds.
    pub fn redeem(&self, ticket: &Ticket) -> Result<(UserScope, Option<SessionId>), TicketError> {
        let split = ticket.0.len().checked_sub(TAG).ok_or(TicketError::Forged)?;
        let (content, tag) = ticket.0.split_at(split);
        if !bool::from(self.tag(content).ct_eq(tag)) {
            return Err(TicketError::Forged);
        }
        match content {
            [VERSION, level, sandboxed, parts @ ..] => decode(*level, *sandboxed, parts).ok_or(TicketError::Malformed),
            _ => Err(TicketError::Version),
        }
    }

    fn tag(&self, content: &[u8]) -> [u8; TAG] {
        self.0.clone().chain_update(content).finalize().into_bytes().into()
    }
}

fn level(assurance: Assurance) -> u8 {
    match assurance {
        Assurance::Anonymous => 0,
        Assurance::Asserted => 1,
        Assurance::Vouched => 2,
        Assurance::Verified => 3,
    }
}

fn decode(level: u8, sandboxed: u8, mut parts: &[u8]) -> Option<(UserScope, Option<SessionId>)> {
    let assurance = match level {
        0 => Assurance::Anonymous,
        1 => Assurance::Asserted,
        2 => Assurance::Vouched,
        3 => Assurance::Verified,
        _ => return None,
    };
    let mut next = || {
        let (length, rest) = parts.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        parts = rest;
        std::str::from_utf8(part).ok()
    };
    let (tenant, name, client, session) = (next()?, next()?, next()?, next()?);
    if !parts.is_empty() || sandboxed > 1 {
        return None;
    }
    let user = UserId::new(TenantId::try_from(tenant.to_owned()).ok()?, name).ok()?;
    let session = if session.is_empty() { None } else { Some(SessionId::parse(session).ok()?) };
    let client = ClientName::parse(client).ok()?;
    Some((UserScope { user, assurance, client, sandboxed: sandboxed == 1, groups: Vec::new() }, session))
}
