//! Plain headers that name a user: how their values are decoded, and whose tenant they mean. Decoding never panics on any bytes.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::header::{self, View};
use super::{Assurance, Invalid, code};
use crate::ids::{TenantId, UserId};

/// How the text of a header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decode {
    /// As it stands: UTF-8 or, where it is not, Latin-1.
    #[default]
    Plain,
    /// UTF-8 in percent-encoding (RFC 3986), decoded once, as Open `WebUI` writes names.
    Percent,
    /// Latin-1, also where the bytes would be UTF-8.
    Latin1,
    /// As `LibreChat` writes it: `b64:` and the Base64 of UTF-8, or else Latin-1.
    Librechat,
}

impl Decode {
    /// The text of a value; none where it is not written so.
    pub(super) fn read(self, value: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Plain => Some(header::text(value)),
            Self::Latin1 => Some(latin_1(value)),
            Self::Percent => String::from_utf8(percent_decode(value)?).ok().map(Cow::Owned),
            Self::Librechat => match value.strip_prefix(b"b64:") {
                Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned),
                None => Some(latin_1(value)),
            },
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Plain | Self::Latin1 => "text",
            Self::Percent => "UTF-8 in percent-encoding",
            Self::Librechat => "`b64:` with the Base64 of UTF-8",
        }
    }
}

fn latin_1(value: &[u8]) -> Cow<'_, str> {
    value.iter().copied().map(char::from).collect::<String>().into()
}

/// Decodes `%XX` once. A `%` that no two digits follow is no encoding.
#[must_use]
pub fn percent_decode(value: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            let mut byte = [0];
            hex::decode_to_slice(digits, &mut byte).ok()?;
            decoded.extend(byte);
            rest = behind;
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// Whom a header names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub user: UserId,
    /// The name is the one that the product has for nobody in particular: of the user only the tenant tells anything.
    pub nobody: bool,
}

/// A header that names a user on somebody's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSource {
    pub name: HeaderName,
    pub decode: Decode,
    /// The header that names the user's tenant.
    pub tenant: Option<HeaderName>,
    /// The value may be `tenant:name`.
    pub compound: bool,
    /// The word is never worth more than this, whoever says it: the person may have written it.
    pub at_most: Assurance,
    /// Asked only where nothing else in the request names anybody.
    pub fallback: bool,
    /// The value that the product sends for nobody in particular.
    pub nobody: Option<&'static str>,
}

impl HeaderSource {
    /// A header with a user's plain id. Only memgate's own may name a tenant.
    #[must_use]
    pub fn new(name: HeaderName) -> Self {
        let compound = name == header::USER;
        let (decode, at_most) = (Decode::Plain, Assurance::Vouched);
        Self { name, decode, tenant: None, compound, at_most, fallback: false, nobody: None }
    }

    /// Every header that is read.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        std::iter::once(&self.name).chain(&self.tenant)
    }

    /// Whom the header names, a bare name in the tenant `home`. None where it is not there.
    pub(super) fn read(&self, view: &View<'_>, home: &TenantId) -> Result<Option<Named>, Invalid> {
        let Some(value) = view.get(self.name.as_str()) else { return Ok(None) };
        let Some(text) = self.decode.read(value) else {
            let message = format!("The value of the header {} is not {}.", self.name, self.decode.describe());
            return Err(Invalid::new(code::IDENTITY_MALFORMED, message));
        };
        let user = self.user(&text, view, home).map_err(|invalid| {
            // Without their tenant the name is that of several people.
            let claimed = self.tenant.is_none().then(|| text.into_owned());
            Invalid { claimed, ..invalid }
        })?;
        let nobody = self.nobody == Some(user.name());
        Ok(Some(Named { user, nobody }))
    }

    fn user(&self, text: &str, view: &View<'_>, home: &TenantId) -> Result<UserId, Invalid> {
        let malformed = |reason| Invalid::malformed(&format!("the header {}", self.name), &reason);
        let tenant = match &self.tenant {
            None => None,
            Some(header) => tenant(header, view)?,
        };
        let Some(tenant) = tenant else {
            if let (Some(header), false) = (&self.tenant, self.compound) {
                let message = format!("The header {header} is missing: it names the user's tenant.");
                return Err(Invalid::new(code::IDENTITY_MALFORMED, message));
            }
            let user = if self.compound { UserId::parse_at(text, home) } else { UserId::new(home.clone(), text) };
            return user.map_err(malformed);
        };
        let user = match text.split_once(':') {
            Some((own, name)) if self.compound && own == tenant.as_str() => UserId::new(tenant, name),
            Some(_) if self.compound => {
                let [name, header] = [Some(&self.name), self.tenant.as_ref()].map(|name| name.map_or("", HeaderName::as_str));
                let message = format!("The headers {name} and {header} name two tenants. Send one of them.");
                return Err(Invalid::new(code::IDENTITY_CONFLICT, message));
            }
            _ => UserId::new(tenant, text),
        };
        user.map_err(malformed)
    }
}

/// The tenant that a header names. One that is there, but hidden or repeated, is no tenant at all.
fn tenant(header: &HeaderName, view: &View<'_>) -> Result<Option<TenantId>, Invalid> {
    if !view.carries(header.as_str()) {
        return Ok(None);
    }
    let text = view.get(header.as_str()).and_then(|value| std::str::from_utf8(value).ok());
    let tenant = text.and_then(|text| TenantId::parse(text).ok()).ok_or_else(|| {
        let message = format!("The header {header} names no tenant: lower-case letters, digits, `-`, `_`, `.`, at most 64.");
        Invalid::new(code::IDENTITY_MALFORMED, message)
    })?;
    Ok(Some(tenant))
}
