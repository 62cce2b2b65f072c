//! HTTP message signatures (RFC 9421) by `hmac-sha256`, with the body bound by `Content-Digest` (RFC 9530).
//!
//! The RFC leaves to each application what must be covered. Here: the method, the whole target, the header that names the user and,
//! where there is one, the body. A signature is good once: `created` and `nonce` are demanded.

mod component;
mod digest;
mod message;
mod sign;
#[cfg(test)]
mod tests;

use std::fmt;

use hmac::Mac;
use http::HeaderName;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};
use subtle::ConstantTimeEq;

use self::component::Components;
use self::digest::BodyDigests;
use self::message::{Message, Scheme};
use super::header::{self, View};
use super::plain::HeaderSource;
use super::signature::{SigningKey, keyed};
use super::{Arrival, Invalid, code};
use crate::ids::{TenantId, UserId};

pub use sign::sign_message;

/// The only algorithm: both sides hold the secret.
const ALGORITHM: &str = "hmac-sha256";
/// Longest `Signature-Input` or `Signature`, in bytes.
const MAX_FIELD: usize = 8 << 10;
/// Signatures that a request may carry, intermediaries' included.
const MAX_LABELS: usize = 16;
/// Signatures by keys of this server that are tried: a rotation needs two.
const MAX_CANDIDATES: usize = 4;
/// Components that one signature may cover.
const MAX_COMPONENTS: usize = 64;
/// Those of them that are a part of something: each makes the whole of it be read again, before anything is proved.
const MAX_PARTS: usize = 8;

/// How a client signs: the header that names its user, and the tag of signatures that are meant for memgate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSignature {
    pub user: HeaderName,
    pub tag: Option<Box<str>>,
}

/// A signature that fits the request's head and awaits the body.
pub(super) struct Unverified {
    pub user: UserId,
    /// `created`, in Unix seconds.
    pub timestamp: i64,
    pub nonce: Box<str>,
    pub key_id: Box<str>,
    digests: Option<BodyDigests>,
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").field("key_id", &self.key_id).field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

impl Unverified {
    /// Whether the covered digest is the body's. A request without a body needs none.
    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), Invalid> {
        match &self.digests {
            None if body.is_empty() => Ok(()),
            None => {
                Err(incomplete("The signature does not cover \"content-digest\", and the request has a body: nothing binds it."))
            }
            Some(digests) if digests.fit(body) => Ok(()),
            Some(_) => Err(bad("Content-Digest is not the digest of this body. Sign the body exactly as it is sent.")),
        }
    }
}

/// Everything but the body of what makes a signature good.
pub(super) struct Verifier<'a> {
    pub view: &'a View<'a>,
    pub arrival: &'a Arrival<'a>,
    pub keys: &'a [SigningKey],
    /// Seconds.
    pub skew: i64,
    /// The tenant of bare names.
    pub home: &'a TenantId,
}

impl Verifier<'_> {
    /// Finds the signature that a key of this server made, and checks it. None where the request carries none at all; where signatures
    /// are not `expected`, also where none is by such a key: others may sign for others.
    pub(super) fn prepare(&self, spec: &HttpSignature, expected: bool) -> Result<Option<Unverified>, Invalid> {
        let fields = match self.fields() {
            Ok(Some(fields)) => fields,
            Err(invalid) if expected => return Err(invalid),
            Ok(None) | Err(_) => return Ok(None),
        };
        let claimed = || self.view.get(spec.user.as_str()).map(|value| header::text(value).into_owned());
        match self.choose(&fields.inputs, spec) {
            Ok(candidates) => {
                let mut checked = candidates.into_iter().map(|candidate| self.check(&candidate, &fields.signatures, spec));
                // Of two by a rotated key the one that fits counts; with none, what is wrong with the first.
                let first = checked.next().unwrap_or_else(|| Err(unknown_key(spec)));
                let found = match first {
                    Ok(good) => Ok(good),
                    Err(fault) => checked.find_map(Result::ok).ok_or(fault),
                };
                found.map(Some).map_err(|invalid| Invalid { claimed: claimed(), ..invalid })
            }
            Err(invalid) if expected => Err(Invalid { claimed: claimed(), ..invalid }),
            Err(_) => Ok(None),
        }
    }

    fn fields(&self) -> Result<Option<Fields>, Invalid> {
        match (self.view.joined(header::HTTP_SIGNATURE_INPUT), self.view.joined(header::HTTP_SIGNATURE)) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(incomplete("The request has a Signature-Input, but no Signature.")),
            (None, Some(_)) => Err(incomplete("The request has a Signature, but no Signature-Input.")),
            (Some(inputs), Some(signatures)) => Ok(Some(Fields {
                inputs: dictionary("Signature-Input", &inputs)?,
                signatures: dictionary("Signature", &signatures)?,
            })),
        }
    }

    /// The signatures that name a key of this server and, if one is configured, the tag.
    fn choose<'d>(&self, inputs: &'d Dictionary, spec: &HttpSignature) -> Result<Vec<Candidate<'d>>, Invalid> {
        let known = |id: &str| self.keys.iter().position(|key| *key.id == *id);
        let mut found = Vec::new();
        for (label, entry) in inputs {
            let ListEntry::InnerList(list) = entry else { continue };
            let tagged = spec.tag.is_none() || text_of(list, "tag") == spec.tag.as_deref();
            if let Some(key) = text_of(list, "keyid").and_then(known).filter(|_| tagged) {
                found.push(Candidate { label: label.as_str(), list, key });
            }
        }
        match found.len() {
            0 => Err(unknown_key(spec)),
            1..=MAX_CANDIDATES => Ok(found),
            _ => Err(bad(format!(
                "The request has more than {MAX_CANDIDATES} signatures for this server. Send one, or two while a key is rotated."
            ))),
        }
    }

    fn check(&self, candidate: &Candidate<'_>, signatures: &Dictionary, spec: &HttpSignature) -> Result<Unverified, Invalid> {
        let Candidate { label, list, key } = *candidate;
        let key = &self.keys[key];
        let timestamp = self.check_times(list)?;
        let nonce = check_nonce(list)?;
        if list.params.contains_key("alg") && text_of(list, "alg") != Some(ALGORITHM) {
            return Err(bad(format!("The signature's `alg` must be {ALGORITHM}, or be left out.")));
        }
        let components = Components::read(list)?;
        components.check_coverage(self.arrival, &spec.user)?;
        let Some(ListEntry::Item(item)) = signatures.get(label) else {
            return Err(incomplete("Signature has no value with the label of Signature-Input."));
        };
        let BareItem::ByteSequence(given) = &item.bare_item else {
            return Err(bad("The signature is no byte sequence (RFC 8941, 3.3.5), such as sig1=:AAAA…=:"));
        };
        if !self.fits(&components, key, given)? {
            return Err(bad(
                "The HTTP message signature does not fit this request. Sign it exactly as it is sent, with the same secret on both sides.",
            ));
        }
        let digests = if components.covers_body() { Some(BodyDigests::read(self.view)?) } else { None };
        let named = HeaderSource::new(spec.user.clone()).read(self.view, self.home)?;
        let user = named
            .map(|named| named.user)
            .ok_or_else(|| incomplete(format!("The header {} is not there, or is no evidence.", spec.user)))?;
        Ok(Unverified { user, timestamp, nonce: nonce.into(), key_id: key.id.clone(), digests })
    }

    /// memgate may stand behind a TLS proxy, so that the scheme that the caller sees is either: each is tried. Takes the same time wherever
    /// a signature differs.
    fn fits(&self, components: &Components<'_>, key: &SigningKey, given: &[u8]) -> Result<bool, Invalid> {
        let mut fits = subtle::Choice::from(0);
        for scheme in [Scheme::Https, Scheme::Http] {
            let message = Message { view: self.view, arrival: self.arrival, scheme };
            let mut mac = keyed(key.secret.expose());
            mac.update(&components.base(&message)?);
            let expected = mac.finalize().into_bytes();
            fits |= expected.as_slice().ct_eq(given);
        }
        Ok(fits.into())
    }

    /// `created`, which must be near this server's time; `expires` may end it sooner.
    fn check_times(&self, list: &InnerList) -> Result<i64, Invalid> {
        let seconds = |name| list.params.get(name).map(|value| value.as_integer().map(i64::from));
        let Some(Some(created)) = seconds("created") else {
            return Err(incomplete("The signature's parameter `created` (Unix seconds) is missing."));
        };
        let now = self.arrival.now;
        if now.saturating_sub(created).unsigned_abs() > self.skew.unsigned_abs() {
            let message = format!(
                "The signature's `created` is more than {} s away from this server's clock, which reads {now}. Sign again.",
                self.skew
            );
            return Err(Invalid::new(code::SIGNATURE_EXPIRED, message));
        }
        match seconds("expires") {
            Some(None) => Err(bad("The signature's `expires` is not Unix seconds.")),
            Some(Some(expires)) if expires < created => Err(bad("The signature's `expires` is before its `created`.")),
            Some(Some(expires)) if now > expires.saturating_add(self.skew) => {
                let message = format!("The signature has expired (this server's clock reads {now}). Sign again.");
                Err(Invalid::new(code::SIGNATURE_EXPIRED, message))
            }
            None | Some(Some(_)) => Ok(created),
        }
    }
}

/// `Signature-Input` and `Signature`, by label.
struct Fields {
    inputs: Dictionary,
    signatures: Dictionary,
}

/// A signature by a key of this server.
#[derive(Clone, Copy)]
struct Candidate<'d> {
    label: &'d str,
    list: &'d InnerList,
    /// Index of the key.
    key: usize,
}

/// A structured field (RFC 9651) within bounds. The text is not repeated: it holds signatures.
fn dictionary(name: &str, value: &[u8]) -> Result<Dictionary, Invalid> {
    if value.len() > MAX_FIELD {
        return Err(bad(format!("{name} is longer than {MAX_FIELD} bytes.")));
    }
    let parsed: Dictionary =
        Parser::new(value).parse().map_err(|_| bad(format!("{name} is no dictionary of structured fields (RFC 9651).")))?;
    if parsed.len() > MAX_LABELS {
        return Err(bad(format!("{name} has more than {MAX_LABELS} labels.")));
    }
    Ok(parsed)
}

fn check_nonce(list: &InnerList) -> Result<&str, Invalid> {
    let nonce = text_of(list, "nonce")
        .ok_or_else(|| incomplete("The signature's parameter `nonce` is missing: it makes the request good once."))?;
    if (16..=128).contains(&nonce.len()) {
        Ok(nonce)
    } else {
        Err(bad("The signature's `nonce` must have 16 to 128 characters."))
    }
}

/// A parameter that is a string.
fn text_of<'d>(list: &'d InnerList, name: &str) -> Option<&'d str> {
    list.params.get(name)?.as_string().map(sfv::StringRef::as_str)
}

fn unknown_key(spec: &HttpSignature) -> Invalid {
    let tag = spec.tag.as_ref().map_or(String::new(), |tag| format!(" and has the tag `{tag}`"));
    let message = format!("No signature in Signature-Input names a key of this server as `keyid`{tag}; see trust.signing_keys.");
    Invalid::new(code::SIGNATURE_KEY_UNKNOWN, message)
}

fn bad(message: impl Into<String>) -> Invalid {
    Invalid::new(code::SIGNATURE_INVALID, message)
}

fn incomplete(message: impl Into<String>) -> Invalid {
    Invalid::new(code::SIGNATURE_INCOMPLETE, message)
}
