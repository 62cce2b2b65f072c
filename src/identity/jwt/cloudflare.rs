//! Cloudflare Access: a token in `Cf-Access-Jwt-Assertion`, by keys that the team's domain publishes.
//!
//! `sub` is the person: one id to an e-mail address within the account, until the person is removed there. A service token has an
//! empty one, and a `common_name`.

use std::sync::Arc;

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::claims::Rules;
use super::keyring::{Keyring, KeyringSettings, Location};
use super::settings::{AudienceFile, claim};
use super::{Algorithm, JwtSource, Keys};
use crate::inference::DocumentUrl;
use crate::setting::Faults;

const HEADER: &str = "cf-access-jwt-assertion";
/// Where a team's domain publishes its keys.
const CERTS: &str = "/cdn-cgi/access/certs";

/// Cloudflare Access in front of memgate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudflareAccessFile {
    /// The team's name, as in `NAME.cloudflareaccess.com`, or the team's domain as a URL.
    pub team: String,
    /// The application's AUD tag, or several.
    pub audience: AudienceFile,
    /// The claim that names the user: `sub` unless set, or `email`.
    #[serde(default)]
    pub user: Option<String>,
}

impl CloudflareAccessFile {
    /// The source, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<JwtSource> {
        let team = self.issuer().and_then(|issuer| Ok((DocumentUrl::parse(&format!("{issuer}{CERTS}"))?, issuer)));
        let team = team.map_err(|reason| {
            let remedy = "write the team's name, such as `example`, or its domain, such as https://example.cloudflareaccess.com";
            faults.add(format!("{path}.team"), format!("`{}` {reason}", self.team), remedy);
        });
        let user = claim(self.user.as_deref().unwrap_or("sub"), &format!("{path}.user"), faults);
        let audience = self.audience.resolve(&format!("{path}.audience"), faults);
        let ((url, issuer), user, audience) = (team.ok()?, user?, audience?);
        let keyring = Keyring::new(Location::Url(url), Some(issuer.clone()), KeyringSettings::default(), None);
        Some(JwtSource {
            header: HeaderName::from_static(HEADER),
            name: "cloudflare_access",
            keys: Keys::Published { keyring: Arc::new(keyring), algorithms: vec![Algorithm::Rs256] },
            rules: Rules {
                issuer: Some(issuer),
                audience,
                user,
                tenant: None,
                fixed_tenant: None,
                groups: None,
                require: Vec::new(),
                people_only: true,
            },
        })
    }

    /// What tokens have as `iss`: the team's domain, without a slash at its end.
    fn issuer(&self) -> Result<String, String> {
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match self.team.trim_end_matches('/').split_once("://") {
            Some((scheme, host)) if !host.contains(['/', '?', '#']) => Ok(format!("{scheme}://{host}")),
            None if is_name(&self.team) => Ok(format!("https://{}.cloudflareaccess.com", self.team)),
            Some(_) => Err("has more than a domain".to_owned()),
            None => Err("is no team's name".to_owned()),
        }
    }
}
