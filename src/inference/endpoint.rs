//! Where a model is reached.

use std::fmt;

use reqwest::Url;

use crate::setting::Secret;

/// The base of an API with its version segment, and the key that it asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
    key: Option<Secret>,
}

impl Endpoint {
    /// # Errors
    /// What is wrong with the URL, as a predicate of it.
    pub fn parse(url: &str, key: Option<Secret>) -> Result<Self, String> {
        let mut base: Url = url.parse().map_err(|error| format!("is no URL: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err("does not start with http:// or https://".to_owned());
        }
        if base.host_str().is_none_or(str::is_empty) {
            return Err("names no host".to_owned());
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("has a query or a fragment".to_owned());
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("holds credentials; use `api_key`".to_owned());
        }
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self { base, key })
    }

    /// The address of one of the API's calls, such as `embeddings`.
    pub(super) fn address(&self, call: &str) -> Url {
        let mut address = self.base.clone();
        address.set_path(&format!("{}/{call}", self.base.path().trim_end_matches('/')));
        address
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Its base, as a URL without the key.
    #[must_use]
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The same place, shown this key.
    #[must_use]
    pub fn with_key(self, key: Secret) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(super) fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base.as_str()).field("key", &self.key).finish()
    }
}
