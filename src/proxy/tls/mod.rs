//! TLS on the listener: certificates that can be replaced while connections are open, and clients that prove themselves by theirs.
//!
//! pingora builds its TLS configuration once. What may change, the certificate and the authority of clients, is therefore asked
//! for at each handshake ([`Listener`]), out of [`Material`] that a reload or the watch replaces as a whole.

mod listener;
mod material;
mod version;

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

pub use listener::{Listener, certificate_of};
pub use material::{Files, Material, MaterialError};
pub use version::TlsVersion;

use crate::policy::ClientFile;
use crate::setting::{Faults, Span};

/// TLS for chat clients.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFile {
    /// PEM file of the server's certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// PEM file of its private key (PKCS #8, PKCS #1 or SEC 1), without a passphrase.
    pub key: PathBuf,
    /// PEM file of the authorities that client certificates are verified under. Without it none is asked for.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// `optional`: a client without a certificate may connect. A certificate that does not verify is refused either way.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// The oldest version of TLS that is spoken: 1.2 or 1.3. Default 1.2.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// Offer HTTP/2 (ALPN). Default true.
    #[serde(default = "yes")]
    pub http2: bool,
    /// How often the files are looked at for a renewed certificate. Default 30s.
    #[serde(default)]
    pub watch: Option<Span>,
}

fn yes() -> bool {
    true
}

/// Whether clients must have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    #[default]
    Optional,
    Required,
}

/// TLS with everything read and checked.
#[derive(Debug)]
pub struct TlsSettings {
    pub files: Files,
    pub material: Material,
    pub http2: bool,
    pub watch: Duration,
}

impl TlsFile {
    /// Reads the files. Whatever would keep a handshake from succeeding is a fault at the setting that names the file.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<TlsSettings> {
        if self.client_auth == ClientAuth::Required && self.client_ca.is_none() {
            let remedy = "name the authority's certificate in tls.client_ca, or leave client_auth out";
            faults.add(
                format!("{path}.client_auth"),
                "requires certificates, but there is no `client_ca` to verify them",
                remedy,
            );
        }
        let watch = self.watch.map_or(Duration::from_secs(30), |Span(every)| every);
        if watch.is_zero() {
            faults.add(format!("{path}.watch"), "is zero", "write a positive duration, such as 30s");
        }
        let files = Files {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            client_ca: self.client_ca.clone(),
            client_auth: self.client_auth,
            min_version: self.min_version,
        };
        let material = files.load().map_err(|error| {
            faults.add(format!("{path}.{}", error.setting()), error.to_string(), error.remedy());
        });
        Some(TlsSettings { files, material: material.ok()?, http2: self.http2, watch })
    }
}

/// Certificates of clients have an effect only where the listener asks for them.
pub fn check_certificates(clients: &[ClientFile], tls: Option<&TlsFile>, faults: &mut Faults) {
    if tls.is_some_and(|tls| tls.client_ca.is_some()) {
        return;
    }
    for (index, _) in clients.iter().enumerate().filter(|(_, client)| !client.certificates.is_empty()) {
        let remedy = "name the authority that issued them in tls.client_ca, or give the client a key instead";
        faults.add(format!("clients[{index}].certificates"), "has no effect: the listener asks for no certificates", remedy);
    }
}
