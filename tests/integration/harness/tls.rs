//! Certificates made on the spot, and clients that speak TLS.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::{Answer, Client};
use super::request::Request;
use super::within;

/// The name in the server's certificates.
pub const SERVER: &str = "memgate.test";
const DAY: Duration = Duration::from_hours(24);

/// An authority, with a directory for what it issues.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, dir: tempfile::tempdir().unwrap() }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// For a server or a client of this name, for a day.
    pub fn issue(&self, name: &str) -> Issued {
        self.issue_until(name, SystemTime::now() + DAY)
    }

    /// One that is good until `end`, and has been for days.
    pub fn issue_until(&self, name: &str, end: SystemTime) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI(format!("spiffe://memgate.test/{name}").try_into().unwrap()));
        params.distinguished_name.push(DnType::CommonName, name);
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap();
        (params.not_before, params.not_after) = (epoch + since(SystemTime::now() - 3 * DAY), epoch + since(end));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// One that ended a day ago.
    pub fn issue_expired(&self, name: &str) -> Issued {
        self.issue_until(name, SystemTime::now() - DAY)
    }
}

impl Issued {
    /// Writes both to files; puts each into its place at once.
    pub fn put(&self, dir: &Path) -> (PathBuf, PathBuf) {
        let files = (dir.join("tls.crt"), dir.join("tls.key"));
        for (file, text) in [(&files.0, &self.certificate), (&files.1, &self.key)] {
            let new = file.with_extension("new");
            fs::write(&new, text).unwrap();
            fs::rename(new, file).unwrap();
        }
        files
    }

    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// As `clients[].certificates` pins it.
    pub fn pin(&self) -> String {
        format!("sha256:{}", hex::encode(Sha256::digest(self.der())))
    }
}

/// The `tls` part of a configuration with these files.
pub fn section(certificate: &Path, key: &Path) -> Value {
    json!({"certificate": certificate, "key": key})
}

/// A client that trusts an authority and may have a certificate. It resumes sessions, as real ones do.
#[derive(Clone)]
pub struct TlsClient(ClientConfig);

impl TlsClient {
    pub fn new(authority: &Authority, own: Option<&Issued>) -> Self {
        Self::speaking(rustls::ALL_VERSIONS, authority, own)
    }

    pub fn speaking(versions: &[&'static SupportedProtocolVersion], authority: &Authority, own: Option<&Issued>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        Self(match own {
            Some(own) => {
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![own.der()], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        })
    }

    /// Offers these protocols (ALPN).
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.0.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Opens a connection. A server that refuses the client's certificate may do so only after the client's side of the handshake.
    pub async fn open(&self, to: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let stream = within("connecting", TcpStream::connect(to)).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(self.0.clone()));
        within("the TLS handshake", connector.connect(ServerName::try_from(SERVER).unwrap(), stream)).await
    }

    pub async fn connect(&self, to: SocketAddr) -> Client {
        Client::over(self.open(to).await.unwrap())
    }

    /// Sends one request on a connection of its own. Status 0 where the server wanted no connection.
    pub async fn send(&self, to: SocketAddr, request: &Request) -> Answer {
        match self.open(to).await {
            Ok(stream) => Client::over(stream).exchange(request).await,
            Err(_) => Answer::default(),
        }
    }

    /// The certificate that the server shows.
    pub async fn shown(&self, to: SocketAddr) -> Option<CertificateDer<'static>> {
        let stream = self.open(to).await.ok()?;
        Some(stream.get_ref().1.peer_certificates()?.first()?.clone())
    }
}
