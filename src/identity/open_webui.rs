//! `Open WebUI`'s signed user token: HS256, issuer `open-webui`, the user's id in `sub` (`Open WebUI` 0.9.6 and later).
//!
//! Tokens of one user and second are byte-identical, so a token is never remembered: `exp` and the skew bound it.

use http::HeaderName;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{Invalid, code};
use crate::ids::{TenantId, UserId};
use crate::setting::Secret;

const ISSUER: &str = "open-webui";

/// Checks tokens against one secret.
#[derive(Debug, Clone)]
pub struct OpenWebuiJwt {
    /// The header that carries the token.
    pub header: HeaderName,
    key: DecodingKey,
    validation: Validation,
}

/// The claims that count. E-mail, name and role are no identity: they change.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
}

impl OpenWebuiJwt {
    #[must_use]
    pub fn new(header: HeaderName, secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Claims are checked below: the library reads the system's clock, and takes a list of issuers for one of them.
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        Self { header, key: DecodingKey::from_secret(secret.expose()), validation }
    }

    /// The user that a token proves. `now` in Unix seconds, `skew` in seconds.
    pub(super) fn verify(&self, token: &[u8], now: i64, skew: i64) -> Result<UserId, Invalid> {
        let invalid = |what: &str| {
            let message = format!("The token in {} is not valid: {what}.", self.header);
            Invalid::new(code::JWT_INVALID, message)
        };
        let data = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).map_err(|e| invalid(explain(e.kind())))?;
        if data.header.crit.is_some() {
            return Err(invalid("it has critical extensions, which this server does not know (RFC 7515, 4.1.11)"));
        }
        let claims = data.claims;
        if claims.iss != ISSUER {
            return Err(invalid("its issuer is not open-webui"));
        }
        let timed = |code, what: &str| {
            let message = format!("The token in {} {what} (this server's clock reads {now}).", self.header);
            Invalid { claimed: Some(claims.sub.clone()), ..Invalid::new(code, message) }
        };
        if now >= claims.exp.saturating_add(skew) {
            return Err(timed(code::JWT_EXPIRED, "has expired: send a fresh one"));
        }
        if [claims.iat, claims.nbf].into_iter().flatten().any(|since| since > now.saturating_add(skew)) {
            return Err(timed(code::JWT_PREMATURE, "is from the future: compare the clocks of both machines"));
        }
        // The whole subject is the name: a token cannot choose its tenant.
        UserId::new(TenantId::default(), &claims.sub)
            .map_err(|reason| Invalid { claimed: Some(claims.sub.clone()), ..Invalid::malformed("the token's sub", &reason) })
    }
}

fn explain(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "the signature does not fit; both sides must have the same secret",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "its algorithm is not HS256",
        ErrorKind::InvalidAudience => "it is meant for another audience",
        _ => "it is no JSON web token with the claims sub, iss and exp",
    }
}
