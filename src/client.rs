//! A typed client of the control API over its Unix socket.

use std::error::Error;
use std::path::{Path, PathBuf};

use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::admin::Problem;
use crate::admin::api::{
    LowerRatchet, MadeUserKey, MakeUserKey, RatchetView, RotateMasterKey, RotationView, ShownKey, Status, TenantErasedView,
    TenantList, UserKeyList,
};
use crate::identity::Assurance;
use crate::ids::{KeyId, TenantId, UserId};
use crate::inference::plain_builder;

/// Why the running memgate did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no memgate answers on {}: start it with `memgate run`, or name its socket with --socket ({reason})", socket.display())]
    NotRunning { socket: PathBuf, reason: String },
    /// memgate said no, and why.
    #[error("{}", .0.detail)]
    Refused(Problem),
    #[error("the control socket failed: {0}")]
    Transport(#[from] reqwest::Error),
}

/// A connection to the running memgate.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

impl Client {
    /// A client of the memgate that listens on `socket`. Connects when it is first used.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(socket: &Path) -> Result<Self, ClientError> {
        let http = plain_builder().unix_socket(socket).no_proxy().build()?;
        Ok(Self { http, socket: socket.to_owned() })
    }

    pub async fn status(&self) -> Result<Status, ClientError> {
        self.json(self.request(Method::GET, &["status"])).await
    }

    /// Has the configuration read anew. A faulty one is refused with its faults.
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.send(self.request(Method::POST, &["reload"])).await.map(drop)
    }

    pub async fn make_user_key(&self, user: &UserId, label: &str) -> Result<MadeUserKey, ClientError> {
        let body = MakeUserKey { user: user.to_string(), label: label.to_owned() };
        self.json(self.request(Method::POST, &["user-keys"]).json(&body)).await
    }

    /// The keys of one user, or of all.
    pub async fn list_user_keys(&self, user: Option<&UserId>) -> Result<UserKeyList, ClientError> {
        let mut url = address(&["user-keys"]);
        if let Some(user) = user {
            url.query_pairs_mut().append_pair("user", &user.to_string());
        }
        self.json(self.http.request(Method::GET, url)).await
    }

    pub async fn revoke_user_key(&self, id: KeyId) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["user-keys", &id.to_string()])).await.map(drop)
    }

    /// Lowers a user's trust ratchet to `to`, or takes it off.
    pub async fn lower_ratchet(&self, user: &UserId, to: Option<Assurance>) -> Result<RatchetView, ClientError> {
        let request = self.request(Method::PATCH, &["users", &user.to_string(), "ratchet"]);
        self.json(request.json(&LowerRatchet { to })).await
    }

    /// Replaces the master key: by the one handed in, as it is written, or by one that memgate makes.
    pub async fn rotate_master_key(&self, key: Option<ShownKey>) -> Result<RotationView, ClientError> {
        self.json(self.request(Method::POST, &["vault", "rotation"]).json(&RotateMasterKey { key })).await
    }

    pub async fn list_tenants(&self) -> Result<TenantList, ClientError> {
        self.json(self.request(Method::GET, &["tenants"])).await
    }

    /// Erases all that is kept of a tenant's users.
    pub async fn erase_tenant(&self, tenant: &TenantId) -> Result<TenantErasedView, ClientError> {
        self.json(self.request(Method::DELETE, &["tenants", tenant.as_str()])).await
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, address(path))
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        Ok(self.send(request).await?.json().await?)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| {
            if source.is_connect() {
                ClientError::NotRunning { socket: self.socket.clone(), reason: root_cause(&source) }
            } else {
                ClientError::Transport(source)
            }
        })?;
        match response.error_for_status_ref() {
            Ok(_) => Ok(response),
            Err(error) => Err(response.json().await.map_or(ClientError::Transport(error), ClientError::Refused)),
        }
    }
}

/// What the system said, beneath the layers of the HTTP client.
fn root_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

/// The address of a path below `/v1`; its parts are encoded, whatever they hold.
fn address(path: &[&str]) -> Url {
    // The host is not used: the socket is.
    let mut url = Url::parse("http://memgate/v1").unwrap_or_else(|_| unreachable!("the address is a constant"));
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(path);
    }
    url
}

#[cfg(test)]
mod tests;
