//! Users, what is remembered of them, merges and sessions.

use reqwest::Method;
use serde_json::json;

use super::call::Along;
use super::{Client, ClientError};
use crate::admin::api::{
    AddFact, AmendFact, EraseUser, ErasedView, FactFilter, FactView, LowerRatchet, MergeUsers, MergeView, Page, RatchetView,
    SessionFilter, SessionRow, UserDetail, UserFilter, UserRow, VisitView,
};
use crate::identity::Assurance;
use crate::ids::{FactId, RequestId, UserId};

impl Client {
    pub async fn list_users(&self, filter: &UserFilter) -> Result<Page<UserRow>, ClientError> {
        self.get(&["users"], filter).await
    }

    pub async fn show_user(&self, user: &UserId) -> Result<UserDetail, ClientError> {
        self.get(&["users", &user.to_string()], &()).await
    }

    /// Lowers a user's trust ratchet to `to`, or takes it off.
    pub async fn lower_ratchet(&self, user: &UserId, to: Option<Assurance>) -> Result<RatchetView, ClientError> {
        let request = self.request(Method::PATCH, &["users", &user.to_string(), "ratchet"]);
        self.json(request.json(&LowerRatchet { to })).await
    }

    /// What is remembered of a user. On record, with the reason.
    pub async fn list_facts(&self, user: &UserId, reason: &str, filter: &FactFilter) -> Result<Page<FactView>, ClientError> {
        let request = self.request(Method::GET, &["users", &user.to_string(), "facts"]);
        self.json(request.with_query(filter)?.with_reason(reason)).await
    }

    pub async fn add_fact(&self, user: &UserId, reason: &str, fact: &AddFact) -> Result<FactView, ClientError> {
        let request = self.request(Method::POST, &["users", &user.to_string(), "facts"]);
        self.json(request.with_reason(reason).json(fact)).await
    }

    pub async fn amend_fact(
        &self,
        user: &UserId,
        reason: &str,
        fact: FactId,
        change: &AmendFact,
    ) -> Result<FactView, ClientError> {
        let request = self.request(Method::PATCH, &["users", &user.to_string(), "facts", &fact.to_string()]);
        self.json(request.with_reason(reason).json(change)).await
    }

    pub async fn delete_fact(&self, user: &UserId, reason: &str, fact: FactId) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["users", &user.to_string(), "facts", &fact.to_string()]);
        self.done(request.with_reason(reason)).await
    }

    /// Erases all that is kept of a person.
    pub async fn erase_user(&self, user: &UserId, reason: &str) -> Result<ErasedView, ClientError> {
        let request = self.request(Method::POST, &["users", &user.to_string(), "erasure"]);
        self.json(request.with_reason(reason).json(&EraseUser { confirm: user.to_string() })).await
    }

    /// When operators looked at or changed what is remembered of a user, the latest first.
    pub async fn list_visits(&self, user: &UserId, cursor: Option<&str>) -> Result<Page<VisitView>, ClientError> {
        self.get(&["users", &user.to_string(), "visits"], &json!({"cursor": cursor})).await
    }

    /// Moves what is remembered of `from` into `into`.
    pub async fn merge_users(&self, into: &UserId, from: &UserId, reason: &str) -> Result<MergeView, ClientError> {
        let request = self.request(Method::POST, &["users", &into.to_string(), "merges"]);
        self.json(request.with_reason(reason).json(&MergeUsers { from: from.to_string() })).await
    }

    /// Gives back what a merge moved.
    pub async fn undo_merge(&self, into: &UserId, id: RequestId, reason: &str) -> Result<MergeView, ClientError> {
        let request = self.request(Method::DELETE, &["users", &into.to_string(), "merges", &id.to_string()]);
        self.json(request.with_reason(reason)).await
    }

    /// Removes a user's own key of a provider.
    pub async fn delete_upstream_key(&self, user: &UserId, provider: &str, reason: &str) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["users", &user.to_string(), "upstream-keys", provider]);
        self.done(request.with_reason(reason)).await
    }

    pub async fn list_sessions(&self, filter: &SessionFilter) -> Result<Page<SessionRow>, ClientError> {
        self.get(&["sessions"], filter).await
    }
}
