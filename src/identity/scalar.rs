//! Values of the configuration that several sources take: secrets, names of headers, tenants.

use http::HeaderName;

use super::header;
use crate::ids::TenantId;
use crate::setting::{Faults, Secret, SecretRef};

/// Shortest secret or key in bytes.
pub(super) const MIN_SECRET: usize = 16;

/// A secret that is long enough to be one, or a fault at `path`.
pub fn long_secret(secret: &SecretRef, path: &str, faults: &mut Faults) -> Option<Secret> {
    secret_of(secret, MIN_SECRET, path, faults)
}

/// A secret of at least `min` bytes, or a fault at `path`.
pub(super) fn secret_of(secret: &SecretRef, min: usize, path: &str, faults: &mut Faults) -> Option<Secret> {
    let secret = secret.resolve(path, faults)?;
    if secret.expose().len() < min {
        let reason = format!("the secret is shorter than {min} bytes");
        faults.add(path, reason, "make one with `openssl rand -hex 32`, and set it on both sides");
        return None;
    }
    Some(secret)
}

/// A header name fit to carry identity, or a fault at `path`.
pub(super) fn header_name(name: &str, path: &str, faults: &mut Faults) -> Option<HeaderName> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let Some(parsed) = name.parse::<HeaderName>().ok().filter(|_| plain) else {
        let reason = format!("`{name}` is no header name for identity");
        faults.add(path, reason, "use letters, digits and hyphens, such as X-Staff-Id");
        return None;
    };
    let ours = parsed.as_str().starts_with("x-memgate-") && parsed != header::USER;
    let framing = ["connection", "trailer", "transfer-encoding", "content-length", "content-type", "host", "te", "upgrade"];
    let ours = ours || [header::HTTP_SIGNATURE, header::HTTP_SIGNATURE_INPUT, header::CONTENT_DIGEST].contains(&parsed.as_str());
    if ours || header::CREDENTIALS.contains(&parsed.as_str()) || framing.contains(&parsed.as_str()) {
        let reason = format!("`{name}` has another meaning already");
        faults.add(path, reason, "use a header of its own, such as X-Staff-Id");
        return None;
    }
    Some(parsed)
}

/// A tenant, or a fault at `path`.
pub fn tenant_name(text: &str, path: &str, faults: &mut Faults) -> Option<TenantId> {
    let found = TenantId::parse(text).ok();
    if found.is_none() {
        faults.add(path, format!("`{text}` is no tenant"), "use lower-case letters, digits, `-`, `_`, `.`, at most 64");
    }
    found
}
