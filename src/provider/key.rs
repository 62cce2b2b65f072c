//! Keys of model backends, ready to be shown.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::setting::Secret;

/// How a backend is shown its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthStyle {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `x-api-key: …`, as Anthropic has it.
    XApiKey,
    /// `api-key: …`, as Azure has it.
    ApiKey,
}

impl AuthStyle {
    fn header(self) -> HeaderName {
        match self {
            Self::Bearer => AUTHORIZATION,
            Self::XApiKey => HeaderName::from_static("x-api-key"),
            Self::ApiKey => HeaderName::from_static("api-key"),
        }
    }
}

/// A key of a backend and how it is shown: the header, whose value is marked sensitive, so that it does not print.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub secret: Secret,
    pub header: HeaderName,
    pub value: HeaderValue,
}

impl ApiKey {
    /// `None` for a key that cannot stand in a header.
    #[must_use]
    pub fn new(secret: Secret, style: AuthStyle) -> Option<Self> {
        let scheme: &[u8] = if style == AuthStyle::Bearer { b"Bearer " } else { b"" };
        let text = Zeroizing::new([scheme, secret.expose()].concat());
        let mut value = HeaderValue::from_bytes(&text).ok()?;
        value.set_sensitive(true);
        Some(Self { secret, header: style.header(), value })
    }
}
