//! Tokens as the configuration describes them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use http::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::Deserialize;

use super::claims::{Audience, ClaimPath, Rules};
use super::keeper::read_file;
use super::keyring::{Keyring, KeyringSettings, Location};
use super::{Algorithm, JwtSource, Keys};
use crate::identity::header;
use crate::identity::scalar::{header_name, secret_of, tenant_name};
use crate::inference::DocumentUrl;
use crate::setting::{Faults, Secret, SecretRef, Span};

/// Shortest HS256 secret in bytes: as long as the hash (RFC 7518, 3.2).
const HS256_SECRET: usize = 32;
/// Secrets at a time: the old and the new one.
const MAX_SECRETS: usize = 2;

/// Tokens of one issuer: signed by a secret (HS256) or by keys that the issuer publishes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtFile {
    /// The header that carries the token: `Authorization` (as `Bearer TOKEN`) unless set; in others the token stands alone.
    #[serde(default)]
    pub header: Option<String>,
    /// The secret that tokens are signed with (HS256), at least 32 bytes. This or `jwks`.
    #[serde(default)]
    pub secret: Option<SecretRef>,
    /// Instead, two of them while one is being replaced.
    #[serde(default)]
    pub secrets: Vec<SecretRef>,
    /// The issuer's published keys. This or `secret`.
    #[serde(default)]
    pub jwks: Option<JwksFile>,
    /// Algorithms that are accepted with `jwks`: `RS256`, `ES256` and `EdDSA` unless set. A key is used for its own kind alone.
    #[serde(default)]
    pub algorithms: Option<Vec<Algorithm>>,
    /// What tokens must have as `iss`, to the letter. Required with `jwks`.
    #[serde(default)]
    pub issuer: Option<String>,
    /// What tokens must have as `aud`, or one of several; `any` looks at none. Required with `jwks`.
    #[serde(default)]
    pub audience: Option<AudienceFile>,
    /// The claim that names the user: `sub` unless set. Dots lead into objects (`realm.user`).
    #[serde(default)]
    pub user: Option<String>,
    /// The claim that names the user's tenant. Unset: `fixed_tenant`, or else the client's, or else `default`.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The tenant of everybody whom this issuer knows. Where `tenant` names a claim too, it must say the same.
    #[serde(default)]
    pub fixed_tenant: Option<String>,
    /// The claim that lists the user's groups: a list of texts, or one text with commas or spaces between. Unset: tokens name none.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// Claims that must have a value, or one of several, such as `{hd: example.com}`. A list in the token must hold it.
    #[serde(default)]
    pub require: BTreeMap<String, RequiredFile>,
}

/// Where an issuer publishes its keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwksFile {
    /// Fetched at the start, then again and again. `https://`, or `http://` with a loopback address.
    #[serde(default)]
    pub url: Option<String>,
    /// A file with the key set; read again when it changes.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// The longest time between two fetches; the issuer may ask for a shorter one. Default: 1h.
    #[serde(default)]
    pub refresh: Option<Span>,
    /// The shortest time between two fetches that tokens with unknown keys bring about. Default: 60s.
    #[serde(default)]
    pub cool_down: Option<Span>,
    /// How long keys stay good while newer ones cannot be had. Default: 24h.
    #[serde(default)]
    pub max_stale: Option<Span>,
}

/// One audience or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "an audience or a list of them")]
pub enum AudienceFile {
    One(String),
    Several(Vec<String>),
}

/// One value of a claim or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a value or a list of them")]
pub enum RequiredFile {
    One(Scalar),
    Several(Vec<Scalar>),
}

/// A value of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, a whole number, true or false")]
pub enum Scalar {
    Flag(bool),
    Whole(i64),
    Text(String),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl JwtFile {
    /// The source, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<JwtSource> {
        let header = self.header_name(&format!("{path}.header"), faults);
        let keys = self.keys(path, faults);
        let issuer = self.issuer.clone().filter(|issuer| !issuer.is_empty());
        if issuer.is_none() && (self.issuer.is_some() || self.jwks.is_some()) {
            let remedy = "write what tokens have as `iss`, such as https://id.example.com/realms/home";
            faults.add(format!("{path}.issuer"), "tokens of any issuer with these keys would be taken", remedy);
        }
        let audience = self.audience(&format!("{path}.audience"), faults);
        let user = claim(self.user.as_deref().unwrap_or("sub"), &format!("{path}.user"), faults);
        let tenant = self.tenant.as_ref().map(|tenant| claim(tenant, &format!("{path}.tenant"), faults));
        let groups = self.groups_claim.as_ref().map(|groups| claim(groups, &format!("{path}.groups_claim"), faults));
        let fixed = self.fixed_tenant.as_ref().map(|name| tenant_name(name, &format!("{path}.fixed_tenant"), faults));
        let mut require = Vec::new();
        for (name, values) in &self.require {
            let path = format!("{path}.require");
            let values = match values {
                RequiredFile::One(value) => vec![value.text()],
                RequiredFile::Several(values) => values.iter().map(Scalar::text).collect(),
            };
            if values.is_empty() {
                faults.add(&path, format!("`{name}` could have no value"), "list at least one value, or leave the claim out");
            }
            require.extend(claim(name, &path, faults).map(|claim| (claim, values)));
        }
        // A setting that is faulty is not as good as one that is left out.
        let sound = [tenant.as_ref(), groups.as_ref()].into_iter().flatten().all(Option::is_some) && fixed != Some(None);
        let (tenant, groups, fixed_tenant) = (tenant.flatten(), groups.flatten(), fixed.flatten());
        let rules = Rules { issuer, audience: audience?, user: user?, tenant, fixed_tenant, groups, require, people_only: false };
        if !sound {
            return None;
        }
        Some(JwtSource { header: header?, name: "jwt", keys: keys?, rules })
    }

    fn header_name(&self, path: &str, faults: &mut Faults) -> Option<HeaderName> {
        let name = self.header.as_deref().unwrap_or(AUTHORIZATION.as_str());
        if name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) {
            return Some(AUTHORIZATION);
        }
        if name.eq_ignore_ascii_case(header::USER) {
            faults.add(path, format!("`{name}` holds a plain name"), "leave it out for Authorization, or name another header");
            return None;
        }
        header_name(name, path, faults)
    }

    fn keys(&self, path: &str, faults: &mut Faults) -> Option<Keys> {
        let has_secret = self.secret.is_some() || !self.secrets.is_empty();
        match (&self.jwks, has_secret) {
            (Some(_), true) => {
                let remedy = "keep one; for two issuers write two `jwt` entries";
                faults.add(path, "has a secret and `jwks`: a public key must never do as a secret", remedy);
                None
            }
            (None, false) => {
                faults.add(path, "has neither `secret` nor `jwks`", "add `jwks: {url: …}`, or the secret that signs tokens");
                None
            }
            (None, true) => {
                if self.algorithms.is_some() {
                    faults.add(format!("{path}.algorithms"), "a secret is for HS256 alone", "leave it out");
                }
                secrets(self.secret.as_ref(), &self.secrets, HS256_SECRET, path, faults).map(Keys::Secrets)
            }
            (Some(jwks), false) => {
                let algorithms = self.algorithms.clone().unwrap_or_else(|| Algorithm::DEFAULT.to_vec());
                if algorithms.is_empty() {
                    faults.add(format!("{path}.algorithms"), "no token could pass", "leave it out, or list some, such as RS256");
                }
                let keyring = jwks.resolve(self.issuer.clone(), &format!("{path}.jwks"), faults)?;
                Some(Keys::Published { keyring: Arc::new(keyring), algorithms })
            }
        }
    }

    fn audience(&self, path: &str, faults: &mut Faults) -> Option<Audience> {
        match &self.audience {
            Some(AudienceFile::One(one)) if one == "any" => Some(Audience::Any),
            Some(audience) => audience.resolve(path, faults),
            None if self.jwks.is_none() => Some(Audience::Unnamed),
            None => {
                let remedy = "write what tokens for this server have as `aud`; `any` takes those for every application";
                faults.add(path, "tokens that were made for another application would be taken", remedy);
                None
            }
        }
    }
}

impl AudienceFile {
    /// The audiences, or a fault at `path`.
    pub(super) fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Audience> {
        let names = match self {
            Self::One(name) => vec![name.clone()],
            Self::Several(names) => names.clone(),
        };
        if names.is_empty() || names.iter().any(String::is_empty) {
            faults.add(path, "names no audience", "write what tokens for this server have as `aud`");
            return None;
        }
        Some(Audience::OneOf(names))
    }
}

impl JwksFile {
    fn resolve(&self, issuer: Option<String>, path: &str, faults: &mut Faults) -> Option<Keyring> {
        let settings = self.times(path, faults);
        let (location, keys) = match (&self.url, &self.file) {
            (Some(url), None) => {
                let parsed = DocumentUrl::parse(url).map_err(|reason| {
                    let remedy =
                        "write an https:// address; http:// is for loopback addresses such as http://127.0.0.1:9000/jwks";
                    // Without its text: it may hold credentials, and faults go to the log.
                    faults.add(format!("{path}.url"), reason, remedy);
                });
                (Location::Url(parsed.ok()?), None)
            }
            (None, Some(file)) => {
                let keys = read_file(file).map_err(|error| {
                    let remedy = "write a JSON web key set with public keys to it";
                    faults.add(format!("{path}.file"), format!("{}: {error}", file.display()), remedy);
                });
                (Location::File(file.clone()), Some(keys.ok()?))
            }
            _ => {
                faults.add(path, "needs a `url` or a `file`", "write one of the two");
                return None;
            }
        };
        Some(Keyring::new(location, issuer, settings, keys))
    }

    fn times(&self, path: &str, faults: &mut Faults) -> KeyringSettings {
        let default = KeyringSettings::default();
        let refresh = self.refresh.map_or(default.refresh, |span| span.0);
        let cool_down = self.cool_down.map_or(default.cool_down, |span| span.0);
        // Without a word on it, keys that are fetched rarely stay good for as long as that.
        let max_stale = self.max_stale.map_or(default.max_stale.max(refresh), |span| span.0);
        let mut check = |name: &str, sound: bool, remedy: &str| {
            if !sound {
                faults.add(format!("{path}.{name}"), "is out of bounds", remedy);
            }
        };
        let (second, minute, day) = (Duration::from_secs(1), Duration::from_mins(1), Duration::from_hours(24));
        check("refresh", (minute..=day).contains(&refresh), "choose between 1m and 24h");
        check("cool_down", (second..=Duration::from_hours(1)).contains(&cool_down), "choose between 1s and 1h");
        check("max_stale", (refresh..=7 * day).contains(&max_stale), "choose between `refresh` and 7d");
        KeyringSettings { refresh, cool_down, max_stale }
    }
}

/// A claim's path, or a fault at `path`.
pub(super) fn claim(text: &str, path: &str, faults: &mut Faults) -> Option<ClaimPath> {
    let found = ClaimPath::parse(text);
    if found.is_none() {
        faults.add(path, format!("`{text}` is no claim"), "write a claim's name, such as `sub`, or a path, such as `realm.user`");
    }
    found
}

/// One secret, or two while one is being replaced; or faults below `path`.
pub(in crate::identity) fn secrets(
    one: Option<&SecretRef>,
    several: &[SecretRef],
    min: usize,
    path: &str,
    faults: &mut Faults,
) -> Option<Vec<Secret>> {
    let listed = several.iter().enumerate().map(|(n, secret)| (format!("{path}.secrets[{n}]"), secret));
    let all: Vec<_> = one.map(|secret| (format!("{path}.secret"), secret)).into_iter().chain(listed).collect();
    if all.is_empty() {
        faults.add(format!("{path}.secret"), "is missing", "name the secret that signs the tokens: {env: NAME} or {file: PATH}");
    }
    if all.len() > MAX_SECRETS {
        faults.add(
            format!("{path}.secrets"),
            "are more than two",
            "keep the old and the new one until every token is by the new",
        );
    }
    let found: Vec<_> = all.iter().filter_map(|(path, secret)| secret_of(secret, min, path, faults)).collect();
    (!found.is_empty() && found.len() == all.len()).then_some(found)
}
