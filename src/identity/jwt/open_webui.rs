//! `Open WebUI`'s signed user token: HS256, issuer `open-webui`, the user's id in `sub` (`Open WebUI` 0.9.6 and later).
//!
//! Tokens of one user and second are byte-identical, so a token is never remembered: `exp` and the skew bound it. E-mail, name and
//! role are no identity: they change.

use http::HeaderName;

use super::claims::{Audience, ClaimPath, Rules};
use super::{JwtSource, Keys};
use crate::identity::Invalid;
use crate::ids::{TenantId, UserId};
use crate::setting::Secret;

const ISSUER: &str = "open-webui";

/// Checks `Open WebUI`'s tokens.
#[derive(Debug, Clone)]
pub struct OpenWebuiJwt {
    /// The header that carries the token.
    pub header: HeaderName,
    source: std::sync::Arc<JwtSource>,
}

impl OpenWebuiJwt {
    /// Checks tokens in `header` by any of the secrets.
    #[must_use]
    pub fn new(header: HeaderName, secrets: Vec<Secret>) -> Self {
        let rules = Rules {
            issuer: Some(ISSUER.to_owned()),
            audience: Audience::Unnamed,
            user: ClaimPath::subject(),
            tenant: None,
            fixed_tenant: None,
            groups: None,
            require: Vec::new(),
            people_only: false,
        };
        let source = JwtSource { header: header.clone(), name: "open_webui_jwt", keys: Keys::Secrets(secrets), rules };
        Self { header, source: source.into() }
    }

    /// The user that a token proves, of the tenant `home`. `now` in Unix seconds, `skew` in seconds.
    pub(in crate::identity) fn verify(&self, token: &[u8], now: i64, skew: i64, home: &TenantId) -> Result<UserId, Invalid> {
        self.source.verify(token, now, skew, home).map(|(user, _)| user)
    }
}
