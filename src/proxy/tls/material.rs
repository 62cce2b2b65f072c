//! Certificates, keys and authorities, read from their files and checked against each other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore};
use sha2::{Digest, Sha256};
use thiserror::Error as ThisError;
use zeroize::Zeroizing;

use super::ClientAuth;
use super::version::{Tls13Key, TlsVersion};
use crate::identity::ClientCertificate;

/// Largest file that is read, in bytes: a bundle of every public authority has a quarter of it.
const LARGEST_FILE: u64 = 1 << 20;

/// Which files make up the material, and how it is used.
#[derive(Debug, Clone)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_ca: Option<PathBuf>,
    pub client_auth: ClientAuth,
    pub min_version: TlsVersion,
}

/// What a handshake needs.
#[derive(Debug, Clone)]
pub struct Material {
    pub(super) certified: Arc<CertifiedKey>,
    /// Verifies client certificates; none are asked for without it.
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
    pub(super) client_auth: ClientAuth,
    pub(super) min_version: TlsVersion,
    /// SHA-256 of what was read.
    pub(super) digest: [u8; 32],
    /// When the server's certificate ends, and the first of the clients' authorities, in seconds since the Unix epoch.
    pub(super) expiry: (i64, Option<i64>),
}

/// Why the files make no material.
#[derive(Debug, ThisError)]
pub enum MaterialError {
    #[error("cannot read {}: {reason}", .file.display())]
    Unreadable { setting: &'static str, file: PathBuf, reason: io::Error },
    #[error("{} holds no certificate in PEM", .file.display())]
    NoCertificate { setting: &'static str, file: PathBuf },
    #[error("{} holds a certificate that cannot be used: {reason}", .file.display())]
    BadCertificate { setting: &'static str, file: PathBuf, reason: String },
    #[error("{} holds no private key in PEM that can be used: {reason}", .file.display())]
    NoKey { file: PathBuf, reason: String },
    #[error("the key in {} does not belong to the certificate in {}", .key.display(), .certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
}

impl MaterialError {
    /// The setting that names the faulty file.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self {
            Self::Unreadable { setting, .. } | Self::NoCertificate { setting, .. } | Self::BadCertificate { setting, .. } => {
                setting
            }
            Self::NoKey { .. } | Self::Mismatch { .. } => "key",
        }
    }

    /// What mends it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "name a file of at most 1 MiB that memgate's account can read",
            Self::NoCertificate { .. } => {
                "name a PEM file with `-----BEGIN CERTIFICATE-----`, the server's own certificate first"
            }
            Self::BadCertificate { .. } => "look at it with `openssl x509 -noout -text -in FILE`, and issue it anew",
            Self::NoKey { .. } => "name a PEM file with an RSA, ECDSA or Ed25519 key and no passphrase",
            Self::Mismatch { .. } => {
                "name the two files of one issue; `openssl x509 -noout -pubkey` and `openssl pkey -pubout` must print the same"
            }
        }
    }
}

impl Files {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// The first thing that is wrong with a file, or with two of them together.
    pub fn load(&self) -> Result<Material, MaterialError> {
        let mut digest = Sha256::new();
        let mut note = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        let text = read("certificate", &self.certificate)?;
        note(&text);
        let chain = certificates("certificate", &self.certificate, &text)?;
        let key_text = read("key", &self.key)?;
        note(&key_text);
        let certified = self.certify(chain, &key_text)?;
        let leaf = certified.cert.first().and_then(|leaf| ClientCertificate::read(leaf));
        let leaf = leaf.ok_or_else(|| bad("certificate", &self.certificate, "it cannot be parsed"))?;
        let mut material = Material {
            certified: Arc::new(certified),
            clients: None,
            client_auth: self.client_auth,
            min_version: self.min_version,
            digest: [0; 32],
            expiry: (leaf.not_after, None),
        };
        if let Some(file) = &self.client_ca {
            let text = read("client_ca", file)?;
            note(&text);
            let authorities = certificates("client_ca", file, &text)?;
            material.expiry.1 = authorities.iter().filter_map(|ca| ClientCertificate::read(ca)).map(|ca| ca.not_after).min();
            material.clients = Some(verifier(file, authorities)?);
        }
        material.digest = digest.finalize().into();
        Ok(material)
    }

    fn certify(&self, chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Result<CertifiedKey, MaterialError> {
        let no_key = |reason: String| MaterialError::NoKey { file: self.key.clone(), reason };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| no_key(describe(&error).to_owned()))?;
        let key = default_provider().key_provider.load_private_key(key).map_err(|error| no_key(error.to_string()))?;
        let mut certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => {
                return Err(MaterialError::Mismatch { key: self.key.clone(), certificate: self.certificate.clone() });
            }
            Err(error) => return Err(bad("certificate", &self.certificate, &error.to_string())),
        }
        if self.min_version == TlsVersion::Tls13 {
            certified.key = Arc::new(Tls13Key(certified.key));
        }
        Ok(certified)
    }
}

fn read(setting: &'static str, file: &Path) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    let text = match std::fs::metadata(file) {
        Ok(found) if found.len() > LARGEST_FILE => Err(io::Error::other("it is larger than 1 MiB")),
        _ => std::fs::read(file).map(Zeroizing::new),
    };
    text.map_err(|reason| MaterialError::Unreadable { setting, file: file.to_owned(), reason })
}

/// What is wrong with a PEM text. The parser's own words can hold all of it: a key, where it stands on one line.
fn describe(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::NoItemsFound => "none is in it",
        pem::Error::MissingSectionEnd { .. } => "it ends too soon, or its line breaks are gone",
        pem::Error::IllegalSectionStart { .. } => "a line that begins a section is broken",
        pem::Error::Base64Decode(_) => "it is no base64",
        _ => "its PEM cannot be read",
    }
}

fn certificates(setting: &'static str, file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.map_err(|error| bad(setting, file, describe(&error)))?;
    if found.is_empty() {
        return Err(MaterialError::NoCertificate { setting, file: file.to_owned() });
    }
    Ok(found)
}

fn verifier(file: &Path, authorities: Vec<CertificateDer<'static>>) -> Result<Arc<dyn ClientCertVerifier>, MaterialError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(|error| bad("client_ca", file, &error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    builder.build().map_err(|error| bad("client_ca", file, &error.to_string()))
}

fn bad(setting: &'static str, file: &Path, reason: &str) -> MaterialError {
    MaterialError::BadCertificate { setting, file: file.to_owned(), reason: reason.to_owned() }
}
