//! Derived components (RFC 9421, section 2.2): what a request says beside its fields.

use std::borrow::Cow;

use http::header::HOST;

use super::super::Arrival;
use super::super::header::View;
use super::super::plain::percent_decode;

/// How the caller reached this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> &'static str {
        match self {
            Self::Http => ":80",
            Self::Https => ":443",
        }
    }
}

/// A request as its signature sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub view: &'a View<'a>,
    pub arrival: &'a Arrival<'a>,
    pub scheme: Scheme,
}

/// Path, and query where the target has a `?`.
pub(super) fn divide(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

impl<'a> Message<'a> {
    /// In lower case, without the scheme's default port (section 2.2.3). None where neither target nor `Host` says.
    pub(super) fn authority(&self) -> Option<String> {
        let host = || std::str::from_utf8(self.view.get(HOST.as_str())?).ok();
        let authority = self.arrival.authority.or_else(host)?.to_ascii_lowercase();
        Some(authority.strip_suffix(self.scheme.default_port()).map_or_else(|| authority.clone(), ToOwned::to_owned))
    }

    pub(super) fn scheme(&self) -> &'static str {
        self.scheme.as_str()
    }

    pub(super) fn target_uri(&self) -> Option<String> {
        Some(format!("{}://{}{}", self.scheme(), self.authority()?, self.arrival.target))
    }

    /// As received, before any decoding; `/` where it is empty (section 2.2.6).
    pub(super) fn path(&self) -> &'a str {
        let (path, _) = divide(self.arrival.target);
        if path.is_empty() { "/" } else { path }
    }

    /// With its `?`, which stands alone where there is no query (section 2.2.7).
    pub(super) fn query(&self) -> &'a str {
        let target = self.arrival.target;
        target.find('?').map_or("?", |at| &target[at..])
    }

    /// A parameter of the query by its encoded name, encoded anew (section 2.2.8). None where it is absent, is there more than once, or is
    /// badly encoded.
    pub(super) fn query_param(&self, name: &str) -> Option<String> {
        let (_, query) = divide(self.arrival.target);
        let pairs = query?.split('&').filter(|pair| !pair.is_empty());
        let mut values = pairs.filter_map(|pair| {
            let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_encoded(known)? == name).then_some(value)
        });
        let value = values.next()?;
        if values.next().is_some() { None } else { form_encoded(value) }
    }
}

/// `application/x-www-form-urlencoded` decoded, then percent-encoded with a space as `%20`.
fn form_encoded(text: &str) -> Option<String> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = String::from_utf8(percent_decode(spaced.as_bytes())?).ok()?;
    let mut encoded = String::with_capacity(decoded.len());
    for byte in decoded.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    Some(encoded)
}
