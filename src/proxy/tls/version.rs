//! The oldest version of TLS that is spoken.
//!
//! pingora's TLS configuration always allows 1.2 and 1.3. Where 1.2 is not wanted, the server's key does not sign for it: without
//! that signature no full handshake of TLS 1.2 ends, and without a full one there is nothing to resume.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{CipherSuite, Error, SignatureAlgorithm, SignatureScheme};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// How the text that a server signs in TLS 1.3 begins (RFC 8446, section 4.4.3). In TLS 1.2 it begins with the two sides' random bytes.
const SIGNED_IN_TLS13: &[u8] =
    b"                                                                TLS 1.3, server CertificateVerify\0";

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TlsVersion {
    #[default]
    Tls12,
    Tls13,
}

impl<'de> Deserialize<'de> for TlsVersion {
    /// Versions look like numbers, so both ways of writing them are taken.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Version;
        impl Visitor<'_> for Version {
            type Value = TlsVersion;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("1.2 or 1.3")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TlsVersion, E> {
                match text {
                    "1.2" => Ok(TlsVersion::Tls12),
                    "1.3" => Ok(TlsVersion::Tls13),
                    _ => Err(E::custom(format!("`{text}` is no version of TLS that is spoken here; write 1.2 or 1.3"))),
                }
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<TlsVersion, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<TlsVersion, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Version)
    }
}

impl JsonSchema for TlsVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TlsVersion".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": [1.2, 1.3, "1.2", "1.3"], "description": "A version of TLS: 1.2 or 1.3"})
    }
}

/// Whether a client that offers these suites can speak TLS 1.3.
pub fn can_speak_tls13(offered: &[CipherSuite]) -> bool {
    offered.iter().any(|suite| {
        matches!(
            suite,
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS13_AES_256_GCM_SHA384
                | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
        )
    })
}

/// A key that signs handshakes of TLS 1.3 alone.
#[derive(Debug)]
pub struct Tls13Key(pub Arc<dyn SigningKey>);

#[derive(Debug)]
struct Tls13Signer(Box<dyn Signer>);

impl SigningKey for Tls13Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let signer = self.0.choose_scheme(offered)?;
        Some(Box::new(Tls13Signer(signer)))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl Signer for Tls13Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        if message.starts_with(SIGNED_IN_TLS13) {
            return self.0.sign(message);
        }
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_are_texts_or_numbers() {
        for (written, version) in [
            (json!(1.2), TlsVersion::Tls12),
            (json!("1.2"), TlsVersion::Tls12),
            (json!(1.3), TlsVersion::Tls13),
            (json!("1.3"), TlsVersion::Tls13),
        ] {
            assert_eq!(serde_json::from_value::<TlsVersion>(written).unwrap(), version);
        }
        for wrong in [json!(1.1), json!("1.0"), json!(1), json!("tls1.3"), json!(null), json!(13)] {
            assert!(serde_json::from_value::<TlsVersion>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
