//! Per-user keys.

use reqwest::Method;
use serde_json::json;

use super::{Client, ClientError};
use crate::admin::api::{MadeUserKey, MakeUserKey, UserKeyList};
use crate::ids::{KeyId, UserId};

impl Client {
    pub async fn make_user_key(&self, user: &UserId, label: &str) -> Result<MadeUserKey, ClientError> {
        let body = MakeUserKey { user: user.to_string(), label: label.to_owned() };
        self.json(self.request(Method::POST, &["user-keys"]).json(&body)).await
    }

    /// The keys of one user, or of all.
    pub async fn list_user_keys(&self, user: Option<&UserId>) -> Result<UserKeyList, ClientError> {
        self.get(&["user-keys"], &json!({"user": user.map(ToString::to_string)})).await
    }

    pub async fn revoke_user_key(&self, id: KeyId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &["user-keys", &id.to_string()])).await
    }

    /// Makes a new key in place of one, which is revoked.
    pub async fn rotate_user_key(&self, id: KeyId) -> Result<MadeUserKey, ClientError> {
        self.json(self.request(Method::POST, &["user-keys", &id.to_string(), "rotation"])).await
    }
}
