//! A JSON Web Key Set (RFC 7517): which of its keys may check tokens, and the one that a token names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use super::Fault;
use super::key::{Algorithm, PublicKey};
use super::token::Token;

/// Largest key set in bytes.
pub(super) const MAX_DOCUMENT: usize = 256 << 10;
/// Keys of one set at most, whatever they are for.
const MAX_KEYS: usize = 64;
/// RSA moduli in bits (RFC 7518, 3.3; the upper end is that of the library).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a document is no key set that tokens can be checked by. Cheap to copy; holds no text of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwksError {
    #[error("it is no JSON web key set: an object with a list of `keys`")]
    Malformed,
    #[error("it has more than {MAX_KEYS} keys")]
    TooMany,
    #[error("it is larger than {} KiB", MAX_DOCUMENT >> 10)]
    TooLarge,
    /// Unknown and symmetric kinds, keys for other uses, short RSA keys and private keys do not count.
    #[error("it holds no public key for signatures: RSA of 2048 bits and more, P-256, P-384 or Ed25519")]
    NoKeys,
}

/// The usable keys of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) struct KeySet(Vec<Key>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    /// The one algorithm that the set allows the key for, if it says so.
    algorithm: Option<Algorithm>,
    public: PublicKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// RFC 7517, 4; RFC 7518, 6; RFC 8037, 2.
#[derive(Deserialize)]
struct Entry {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part: a key that shows it is anybody's.
    d: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads a set. What cannot check signatures is passed over, as the RFC asks.
    ///
    /// # Errors
    /// Where nothing is left, or the document is none.
    pub(in crate::identity) fn parse(document: &[u8]) -> Result<Self, JwksError> {
        if document.len() > MAX_DOCUMENT {
            return Err(JwksError::TooLarge);
        }
        let Document { keys } = serde_json::from_slice(document).map_err(|_| JwksError::Malformed)?;
        if keys.len() > MAX_KEYS {
            return Err(JwksError::TooMany);
        }
        let keys: Vec<Key> = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok().and_then(read)).collect();
        if keys.is_empty() { Err(JwksError::NoKeys) } else { Ok(Self(keys)) }
    }

    /// Checks a token's signature by the key that it names, or by any where it names none.
    pub(super) fn check(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<(), Fault> {
        let named = |key: &&Key| token.key_id.is_none() || key.id == token.key_id;
        let mut candidates = self.0.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(Fault::KeyUnknown);
        }
        let mut fitting = candidates.filter(|key| key.is_for(algorithm)).peekable();
        if fitting.peek().is_none() {
            return Err(Fault::KeyKind);
        }
        if fitting.any(|key| key.public.verify(algorithm, token.signed, &token.signature)) {
            return Ok(());
        }
        // Without a name the token may be by a key that is yet to be fetched.
        Err(if token.key_id.is_some() { Fault::Signature } else { Fault::KeyUnknown })
    }

    /// Whether some key's signature over `message` this is: the door through which test vectors come that are no tokens.
    #[cfg(test)]
    pub(in crate::identity) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.0.iter().any(|key| key.is_for(algorithm) && key.public.verify(algorithm, message, signature))
    }
}

impl Key {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        self.public.fits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

/// A key that may check signatures, or nothing.
fn read(entry: Entry) -> Option<Key> {
    let for_signatures = entry.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
    let for_checking = entry.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == "verify"));
    if !for_signatures || !for_checking || entry.d.is_some() {
        return None;
    }
    let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let sized = |text: &Option<String>, length: usize| part(text).filter(|bytes| bytes.len() == length);
    let point = |length| Some([vec![4], sized(&entry.x, length)?, sized(&entry.y, length)?].concat());
    let public = match (entry.kty.as_str(), entry.crv.as_deref()) {
        ("RSA", _) => rsa(&part(&entry.n)?, &part(&entry.e)?)?,
        ("EC", Some("P-256")) => PublicKey::P256(point(32)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(48)?),
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(sized(&entry.x, 32)?),
        _ => return None,
    };
    // An algorithm that is not known here is not guessed at.
    let algorithm = match entry.alg.as_deref() {
        Some(name) => Some(Algorithm::parse(name)?),
        None => None,
    };
    algorithm.is_none_or(|algorithm| public.fits(algorithm)).then_some(Key { id: entry.kid, algorithm, public })
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
    let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
    let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    // Up to 33 bits, odd, and not 1, as the library takes it.
    let sound = exponent.len() <= 5 && exponent.last()? & 1 == 1 && exponent != [1];
    (RSA_BITS.contains(&bits) && sound).then(|| PublicKey::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
}

fn without_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}
