//! What is asked at each handshake and, for certificates of clients, at each request.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use parking_lot::Mutex;
use pingora::listeners::TlsAccept;
use pingora::listeners::tls::TlsSettings as Acceptance;
use pingora::protocols::ALPN;
use pingora::protocols::tls::TlsRef;
use pingora::proxy::Session;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use tokio::sync::watch;

use super::version::can_speak_tls13;
use super::{ClientAuth, Files, Material, TlsSettings, TlsVersion};
use crate::enforce::Refusal;
use crate::identity::ClientCertificate;
use crate::telemetry::{Metrics, ReloadResult};

/// The listener's TLS as it is now.
#[derive(Debug)]
pub struct Listener {
    current: ArcSwap<State>,
    /// Offered since the start: what pingora has built cannot change.
    http2: bool,
    provider: CryptoProvider,
    metrics: Arc<Metrics>,
    /// One change at a time; holds the last fault of the watch, which is told once.
    change: Mutex<Option<String>>,
}

#[derive(Debug)]
struct State {
    files: Files,
    material: Material,
    watch: Duration,
    /// Counts up with each change, from 1. What was verified under another is verified again.
    generation: u64,
}

impl Listener {
    #[must_use]
    pub fn new(settings: TlsSettings, metrics: Arc<Metrics>) -> Self {
        let TlsSettings { files, material, http2, watch } = settings;
        metrics.certificates.set_expiry(material.expiry);
        let current = ArcSwap::from_pointee(State { files, material, watch, generation: 1 });
        Self { current, http2, provider: ring::default_provider(), metrics, change: Mutex::new(None) }
    }

    /// What pingora is to build the listener from.
    ///
    /// # Errors
    /// As pingora says.
    pub fn acceptance(self: &Arc<Self>) -> pingora::Result<Acceptance> {
        let mut settings = Acceptance::with_callbacks(Box::new(Greeter))?;
        settings.set_cert_resolver(Arc::<Self>::clone(self));
        settings.set_client_cert_verifier(Arc::<Self>::clone(self));
        settings.set_alpn(if self.http2 { ALPN::H2H1 } else { ALPN::H1 });
        Ok(settings)
    }

    /// Takes over what a reload has read. Open connections stay; certificates of clients are verified again.
    pub fn adopt(&self, settings: TlsSettings) {
        let mut fault = self.change.lock();
        *fault = None;
        self.put(settings.files, settings.material, settings.watch);
    }

    fn put(&self, files: Files, material: Material, watch: Duration) {
        self.metrics.certificates.set_expiry(material.expiry);
        let generation = self.current.load().generation + 1;
        self.current.store(Arc::new(State { files, material, watch, generation }));
    }

    /// Reads the files again. Where they make no sense, what is in use stays.
    fn refresh(&self) {
        let mut fault = self.change.lock();
        let state = self.current.load_full();
        match state.files.load() {
            Ok(material) if material.digest == state.material.digest => *fault = None,
            Ok(material) => {
                *fault = None;
                self.put(state.files.clone(), material, state.watch);
                self.metrics.certificates.count_reload(ReloadResult::Applied);
                tracing::info!("the certificates of the listener were replaced");
            }
            Err(error) => {
                let text = error.to_string();
                if fault.as_ref() != Some(&text) {
                    self.metrics.certificates.count_reload(ReloadResult::Refused);
                    let path = format!("tls.{}", error.setting());
                    tracing::error!(path, reason = text, remedy = error.remedy(), "the certificates in use are kept");
                    *fault = Some(text);
                }
            }
        }
    }

    /// Looks at the files every now and then, until memgate stops.
    pub async fn keep_fresh(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        loop {
            let every = self.current.load().watch;
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                _ = stopping.changed() => return,
            }
            let listener = Arc::clone(&self);
            // A panic in there would be a fault of this code; the next look is as good as this one.
            let _ = tokio::task::spawn_blocking(move || listener.refresh()).await;
        }
    }

    /// Whether the chain is good now: at a full handshake it was, but a session can be resumed, and a connection last.
    fn still_accepts(&self, peer: &Peer, now: i64) -> bool {
        if now > peer.not_after {
            return false;
        }
        let state = self.current.load();
        if peer.verified_under.load(Ordering::Relaxed) == state.generation {
            return true;
        }
        let (Some(verifier), Some((leaf, intermediates))) = (&state.material.clients, peer.chain.split_first()) else {
            return false;
        };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or(0)));
        let good = verifier.verify_client_cert(leaf, intermediates, time).is_ok();
        if good {
            peer.verified_under.store(state.generation, Ordering::Relaxed);
        }
        good
    }
}

impl ResolvesServerCert for Listener {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let material = &self.current.load().material;
        let wanted = material.min_version == TlsVersion::Tls12 || can_speak_tls13(hello.cipher_suites());
        wanted.then(|| Arc::clone(&material.certified))
    }
}

impl ClientCertVerifier for Listener {
    fn offer_client_auth(&self) -> bool {
        self.current.load().material.clients.is_some()
    }

    fn client_auth_mandatory(&self) -> bool {
        let material = &self.current.load().material;
        material.clients.is_some() && material.client_auth == ClientAuth::Required
    }

    /// None: clients have one certificate for this server, and the list would be borrowed from what can change.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = match &self.current.load().material.clients {
            Some(verifier) => verifier.verify_client_cert(end_entity, intermediates, now),
            None => Err(Error::General("no certificate was asked for".to_owned())),
        };
        verified.inspect_err(|_| self.metrics.certificates.count_refused())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificate that a connection was opened with.
#[derive(Debug)]
struct Peer {
    chain: Vec<CertificateDer<'static>>,
    /// Nothing where rustls took for a certificate what cannot be read as one.
    leaf: Option<Arc<ClientCertificate>>,
    /// The first end of validity in the chain.
    not_after: i64,
    /// The generation of [`State`] under which the chain was verified last; 0: none, since resuming a session verifies nothing.
    verified_under: AtomicU64,
}

impl Peer {
    fn of(chain: &[CertificateDer<'static>]) -> Option<Self> {
        let leaf = ClientCertificate::read(chain.first()?).map(Arc::new);
        let ends = chain.iter().map(|certificate| ClientCertificate::read(certificate).map_or(0, |read| read.not_after));
        Some(Self { not_after: ends.min().unwrap_or(0), chain: chain.to_vec(), leaf, verified_under: AtomicU64::new(0) })
    }
}

/// Notes the client's certificate once a handshake is done.
struct Greeter;

#[async_trait]
impl TlsAccept for Greeter {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let peer = Peer::of(tls.peer_cert_chain_der()?)?;
        Some(Arc::new(peer))
    }
}

/// The verified certificate behind a request, if its connection has one. `now` is in seconds since the Unix epoch.
///
/// # Errors
/// When the certificate has expired or lost its authority since the connection, or the session it resumes, began; and when one
/// has come to be required.
pub fn certificate_of(
    listener: Option<&Listener>,
    session: &mut Session,
    now: i64,
) -> Result<Option<Arc<ClientCertificate>>, Refusal> {
    let Some(listener) = listener else { return Ok(None) };
    let tls = session.digest().and_then(|digest| digest.ssl_digest.as_deref());
    let accepted = match tls.and_then(|tls| tls.extension.get::<Peer>()) {
        Some(peer) => peer.leaf.clone().filter(|_| listener.still_accepts(peer, now)).map(Some),
        None => (!listener.client_auth_mandatory()).then_some(None),
    };
    accepted.ok_or_else(|| {
        // Only a new handshake can mend it.
        session.set_keepalive(None);
        let message = "The client certificate of this connection has expired or is no longer accepted here, or there is none. Connect \
                       again with a valid one.";
        Refusal { status: 401, code: "client_certificate_invalid", message: message.to_owned(), detail: String::new() }
    })
}
