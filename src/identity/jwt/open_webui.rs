//! `Open WebUI`'s signed user token: HS256, issuer `open-webui`, the user's id in `sub` (`Open WebUI` 0.9.6 and later).
//!
//! Tokens of one user and second are byte-identical, so a token is never remembered: `exp` and the skew bound it. E-mail, name and
//! role are no identity: they change.

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::claims::{Audience, ClaimPath, Rules};
use super::settings::secrets;
use super::{JwtSource, Keys};
use crate::identity::source::{MIN_SECRET, header_name};
use crate::identity::{Invalid, header};
use crate::ids::UserId;
use crate::setting::{Faults, Secret, SecretRef};

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
            require: Vec::new(),
            people_only: false,
        };
        let source = JwtSource { header: header.clone(), name: "open_webui_jwt", keys: Keys::Secrets(secrets), rules };
        Self { header, source: source.into() }
    }

    /// The user that a token proves. `now` in Unix seconds, `skew` in seconds.
    pub(in crate::identity) fn verify(&self, token: &[u8], now: i64, skew: i64) -> Result<UserId, Invalid> {
        self.source.verify(token, now, skew)
    }
}

/// `Open WebUI`'s signed token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenWebuiJwtFile {
    /// The secret that `Open WebUI` has as `FORWARD_USER_INFO_HEADER_JWT_SECRET`.
    #[serde(default)]
    pub secret: Option<SecretRef>,
    /// Instead, two of them while one is being replaced.
    #[serde(default)]
    pub secrets: Vec<SecretRef>,
    /// The header that carries the token; `X-OpenWebUI-User-Jwt` unless `Open WebUI` was told otherwise.
    #[serde(default)]
    pub header: Option<String>,
}

impl OpenWebuiJwtFile {
    /// The source, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<OpenWebuiJwt> {
        let name = header_name(self.header.as_deref().unwrap_or(header::OPEN_WEBUI_JWT), &format!("{path}.header"), faults);
        let secrets = secrets(self.secret.as_ref(), &self.secrets, MIN_SECRET, path, faults);
        Some(OpenWebuiJwt::new(name?, secrets?))
    }
}
