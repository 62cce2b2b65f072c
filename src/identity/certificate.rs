//! Client certificates: what identity reads of one, and the rules by which a client is known by its own.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::setting::Faults;

/// A certificate that the TLS layer has verified under the configured authority. It authenticates a client and names no user.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// SHA-256 of the certificate in DER.
    pub fingerprint: [u8; 32],
    /// Last second of its validity, since the Unix epoch.
    pub not_after: i64,
    names: Vec<CertificateRule>,
}

impl ClientCertificate {
    /// Reads a certificate in DER (RFC 5280). `None` where it is none.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let mut names = Vec::new();
        if let Some(extension) = parsed.subject_alternative_name().ok()? {
            names.extend(extension.value.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(CertificateRule::Dns(name.to_ascii_lowercase())),
                GeneralName::URI(uri) => Some(CertificateRule::Uri((*uri).to_owned())),
                _ => None,
            }));
        }
        // Of several common names none is more this certificate's than another.
        let mut common = parsed.subject().iter_common_name();
        if let (Some(name), None) = (common.next(), common.next()) {
            names.extend(name.as_str().ok().map(|name| CertificateRule::CommonName(name.to_owned())));
        }
        Some(Self { fingerprint: Sha256::digest(der).into(), not_after: parsed.validity().not_after.timestamp(), names })
    }

    /// Whether one of the rules is about this certificate.
    #[must_use]
    pub fn fits(&self, rules: &[CertificateRule]) -> bool {
        rules.iter().any(|rule| match rule {
            CertificateRule::Sha256(pin) => bool::from(pin.ct_eq(&self.fingerprint)),
            name => self.names.contains(name),
        })
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// How a client's certificate is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CertificateRule {
    /// `sha256:…`: this certificate and no other.
    Sha256([u8; 32]),
    /// `dns:…`: a DNS name among its alternative names, in lower case.
    Dns(String),
    /// `uri:…`: a URI among its alternative names, such as a SPIFFE id.
    Uri(String),
    /// `cn:…`: the common name of its subject.
    CommonName(String),
}

impl CertificateRule {
    /// The rule that `text` writes, or a fault at `path`.
    pub fn resolve(text: &str, path: &str, faults: &mut Faults) -> Option<Self> {
        let rule = match text.split_once(':') {
            Some(("sha256", digits)) => {
                let digits: String = digits.chars().filter(|c| *c != ':').collect();
                let mut pin = [0; 32];
                hex::decode_to_slice(digits, &mut pin).ok().map(|()| Self::Sha256(pin))
            }
            Some(("dns", name)) if !name.is_empty() => Some(Self::Dns(name.to_ascii_lowercase())),
            Some(("uri", uri)) if uri.contains(':') => Some(Self::Uri(uri.to_owned())),
            Some(("cn", name)) if !name.is_empty() => Some(Self::CommonName(name.to_owned())),
            _ => None,
        };
        if rule.is_none() {
            let remedy =
                "write sha256:FINGERPRINT (`openssl x509 -noout -fingerprint -sha256 -in FILE`), dns:NAME, uri:URI or cn:NAME";
            faults.add(path, format!("`{text}` describes no certificate"), remedy);
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Option<CertificateRule> {
        CertificateRule::resolve(text, "x", &mut Faults::default())
    }

    fn certificate(common_names: &[&str]) -> (ClientCertificate, Vec<u8>) {
        let mut params = rcgen::CertificateParams::new(["UI.example.com".to_owned()]).unwrap();
        params.subject_alt_names.push(rcgen::SanType::URI("spiffe://example.com/ui".try_into().unwrap()));
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (n, name) in common_names.iter().enumerate() {
            // A second name of the same sort would replace the first.
            let sort = if n == 0 { rcgen::DnType::CommonName } else { rcgen::DnType::OrganizationName };
            params.distinguished_name.push(sort, *name);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        (ClientCertificate::read(&der).unwrap(), der)
    }

    #[test]
    fn a_certificate_is_known_by_pin_and_by_name() {
        let (read, der) = certificate(&["open-webui"]);
        let pin = hex::encode_upper(Sha256::digest(&der));
        let colons = pin.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>().join(":");
        for text in [
            format!("sha256:{pin}"),
            format!("sha256:{colons}"),
            "dns:ui.example.com".to_owned(),
            "dns:UI.EXAMPLE.COM".to_owned(),
            "uri:spiffe://example.com/ui".to_owned(),
            "cn:open-webui".to_owned(),
        ] {
            assert!(read.fits(&[rule(&text).unwrap()]), "{text}");
        }
        for text in [
            format!("sha256:{}", "00".repeat(32)),
            "dns:example.com".to_owned(),
            "dns:open-webui".to_owned(),
            "uri:spiffe://example.com/ui/".to_owned(),
            "cn:Open-WebUI".to_owned(),
            "cn:ui.example.com".to_owned(),
        ] {
            assert!(!read.fits(&[rule(&text).unwrap()]), "{text}");
        }
        assert!(!read.fits(&[]));
        assert!(!format!("{read:?}").contains("open-webui"));
    }

    #[test]
    fn what_is_no_certificate_reads_as_none() {
        let (_, der) = certificate(&["a"]);
        assert!(ClientCertificate::read(&der[..der.len() - 1]).is_none());
        assert!(ClientCertificate::read(b"").is_none());
    }

    #[test]
    fn rules_have_a_form() {
        for bad in ["", "open-webui", "sha256:12", "sha256:", "dns:", "cn:", "uri:ui", "email:a@b", "SHA256:00"] {
            let mut faults = Faults::default();
            assert_eq!(CertificateRule::resolve(bad, "clients[0].certificates[0]", &mut faults), None, "{bad}");
            assert_eq!(faults.into_vec().len(), 1, "{bad}");
        }
    }
}
