//! Addresses of documents that are believed, such as key sets.

use std::fmt;

use reqwest::Url;

/// Where a document is: `https://`, or `http://` with a loopback address, since whoever can change it in between would be believed.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentUrl(Url);

impl DocumentUrl {
    /// # Errors
    /// What is wrong with the URL, as a predicate of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|error| format!("is no URL: {error}"))?;
        // A name such as `localhost` may lead anywhere.
        let loopback = match url.host_str().map(|host| host.trim_matches(['[', ']']).parse::<std::net::IpAddr>()) {
            Some(Ok(address)) => address.is_loopback(),
            _ => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("is not encrypted, and its host is no loopback address".to_owned()),
            _ => return Err("does not start with https://".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds credentials".to_owned());
        }
        if url.fragment().is_some() {
            return Err("has a fragment".to_owned());
        }
        Ok(Self(url))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_encrypted_or_from_this_machine() {
        for good in ["https://id.example.com/jwks", "https://id.example.com/k?p=1", "http://127.0.0.1:9/k", "http://[::1]:9/k"] {
            assert!(DocumentUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.com/jwks",
            "http://localhost:9/k",
            "http://10.0.0.1/k",
            "http://127.0.0.1.example.com/k",
            "https://user:secret@id.example.com/k",
            "https://id.example.com/k#f",
            "file:///etc/passwd",
            "jwks",
            "",
        ] {
            assert!(DocumentUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
