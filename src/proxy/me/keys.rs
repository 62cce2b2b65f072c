//! Personal upstream keys: `/memgate/v1/me/keys`. What was stored is never told again, but for its last characters.

mod probe;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::asker::asker_of;
use super::super::exchange::{Exchange, unix_ms};
use super::super::key::unavailable;
use super::super::services::{Runtime, Services};
use super::call::{Miss, only};
use super::input::{Parameters, body};
use super::shape::when;
use super::{Answer, invalid};
use crate::catalog::Upstream;
use crate::enforce::{Refusal, UserScope};
use crate::provider;
use crate::store::StoreError;
use crate::vault::{PersonalKey, Tested, Vault, VaultError, check};

const EXAMPLE: &str = r#"{"key": "sk-…"}"#;

/// What is asked for. A provider is named as in the path, whatever stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    List,
    Show(Box<str>),
    Put(Box<str>),
    Delete(Box<str>),
    Test(Box<str>),
}

impl Call {
    /// Whether the request's body is read.
    pub fn takes_body(&self) -> bool {
        matches!(self, Self::Put(_))
    }
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    let Some(below) = below else { return only(method, "GET", Call::List) };
    match below.split_once('/') {
        None if !below.is_empty() => {
            let call: fn(Box<str>) -> Call = match method {
                "GET" => Call::Show,
                "PUT" => Call::Put,
                "DELETE" => Call::Delete,
                _ => return Err(Miss::Method("GET, PUT, DELETE")),
            };
            Ok(call(below.into()))
        }
        Some((provider, "test")) if !provider.is_empty() => only(method, "POST", Call::Test(provider.into())),
        _ => Err(Miss::Path),
    }
}

#[derive(Debug, Serialize)]
struct ListBody {
    keys: Vec<KeyBody>,
}

/// What is told of a key.
#[derive(Debug, Serialize)]
struct KeyBody {
    provider: String,
    /// Its last characters.
    hint: String,
    created_at: String,
    /// Since the start of this server.
    used_at: Option<String>,
    tested: Option<TestedBody>,
}

#[derive(Debug, Serialize)]
struct TestedBody {
    at: String,
    result: &'static str,
}

impl From<&PersonalKey> for KeyBody {
    fn from(key: &PersonalKey) -> Self {
        let tested = |tested: Tested| TestedBody { at: when(tested.at), result: tested.result.as_str() };
        Self {
            provider: key.provider.to_string(),
            hint: key.hint(),
            created_at: when(key.created_at),
            used_at: key.used_at().map(when),
            tested: key.tested.map(tested),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutBody {
    key: String,
}

#[derive(Debug, Serialize)]
struct DeletedBody<'a> {
    deleted: &'a str,
}

/// Does what is asked for.
pub(super) async fn serve(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    call: Call,
    query: &Parameters,
    bytes: &Bytes,
) -> Result<Answer, Refusal> {
    query.allow(&[])?;
    match call {
        Call::List => list(services, scope).await,
        Call::Show(provider) => show(services, scope, provider).await,
        Call::Put(provider) => put(services, &exchange.runtime, scope, provider, bytes).await,
        Call::Delete(provider) => delete(services, scope, provider).await,
        Call::Test(provider) => probe::test(services, exchange, scope, provider).await,
    }
}

async fn list(services: &Services, scope: UserScope) -> Result<Answer, Refusal> {
    let keys = off_thread(services, move |vault| Ok(vault.load(&scope)?)).await?;
    Answer::json(200, &ListBody { keys: keys.iter().map(|key| KeyBody::from(key.as_ref())).collect() })
}

async fn show(services: &Services, scope: UserScope, provider: Box<str>) -> Result<Answer, Refusal> {
    let (_, key) = find(services, scope, provider).await?;
    Answer::json(200, &KeyBody::from(key.as_ref()))
}

async fn put(
    services: &Services,
    runtime: &Runtime,
    scope: UserScope,
    provider: Box<str>,
    bytes: &Bytes,
) -> Result<Answer, Refusal> {
    if scope.is_sandbox() {
        return Err(no_vault());
    }
    if provider::find(&provider).is_none() && upstream_of(runtime, &scope, &provider).is_none() {
        return Err(no_key());
    }
    if !runtime.vault.personal {
        return Err(switched_off());
    }
    let PutBody { key } = body(bytes, EXAMPLE)?;
    let secret = check(&Zeroizing::new(key)).map_err(|fault| invalid("key_invalid", format!("The key {fault}.")))?;
    let now = unix_ms();
    let (key, replaced) = off_thread(services, move |vault| vault.put(&scope, &provider, secret, now)).await?;
    Answer::json(if replaced { 200 } else { 201 }, &KeyBody::from(key.as_ref()))
}

async fn delete(services: &Services, scope: UserScope, provider: Box<str>) -> Result<Answer, Refusal> {
    let name = provider.clone();
    if off_thread(services, move |vault| Ok(vault.delete(&scope, &provider)?)).await? {
        Answer::json(200, &DeletedBody { deleted: &name })
    } else {
        Err(no_key())
    }
}

/// The person's key for a provider, and the scope again.
async fn find(services: &Services, scope: UserScope, provider: Box<str>) -> Result<(UserScope, Arc<PersonalKey>), Refusal> {
    let found = off_thread(services, move |vault| {
        let key = vault.load(&scope)?.get(&provider).map(Arc::clone);
        Ok((scope, key))
    });
    let (scope, key) = found.await?;
    Ok((scope, key.ok_or_else(no_key)?))
}

/// The first upstream of a provider that this person may use.
fn upstream_of(runtime: &Runtime, scope: &UserScope, provider: &str) -> Option<Arc<Upstream>> {
    let asker = asker_of(runtime, Some(scope), scope.client());
    let mut open = runtime.catalog.upstreams().iter().filter(|upstream| upstream.is_open_to(&asker));
    open.find(|upstream| upstream.provider_name() == provider).map(Arc::clone)
}

/// Works on the disk without holding up other requests.
async fn off_thread<T, F>(services: &Services, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: FnOnce(&Vault) -> Result<T, VaultError> + Send + 'static,
{
    let vault = Arc::clone(&services.vault);
    match tokio::task::spawn_blocking(move || work(&vault)).await {
        Ok(done) => done.map_err(refuse),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

fn refuse(error: VaultError) -> Refusal {
    match error {
        VaultError::Full => {
            let message = "There is no room for another key. Delete one that you do not need, then send this again.".to_owned();
            Refusal { status: 409, code: "vault_full", message, detail: String::new() }
        }
        // Erased in this very moment: there is nobody whose key it would be.
        VaultError::Store(StoreError::NotEnrolled) => unavailable("erased meanwhile".to_owned()),
        VaultError::Store(error) => unavailable(error.to_string()),
    }
}

/// The same for a provider that is not there, one that is not for this person, and one that they have no key for.
fn no_key() -> Refusal {
    let message = "You have no key for a provider of this name. GET /memgate/v1/me/keys lists those that you have; a key can be stored for a \
                   known provider, such as `openai`, and for a model backend of this server by its name."
        .to_owned();
    Refusal { status: 404, code: "key_not_found", message, detail: String::new() }
}

fn no_vault() -> Refusal {
    let message = "You are not known well enough to store a key: whoever looks like you could spend it. Send valid evidence of who you are, \
                   such as a personal key (`Authorization: Bearer mgk_…`)."
        .to_owned();
    Refusal { status: 403, code: "no_vault_in_sandbox", message, detail: String::new() }
}

fn switched_off() -> Refusal {
    let message = "The operator of this server has switched personal keys off (`vault.personal`).".to_owned();
    Refusal { status: 403, code: "personal_keys_off", message, detail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_are_exact() {
        for (method, below, call) in [
            ("GET", None, Call::List),
            ("GET", Some("openai"), Call::Show("openai".into())),
            ("PUT", Some("openai"), Call::Put("openai".into())),
            ("DELETE", Some("%2e%2e"), Call::Delete("%2e%2e".into())),
            ("POST", Some("openai/test"), Call::Test("openai".into())),
        ] {
            assert_eq!(route(method, below), Ok(call));
            assert!(matches!(route("PATCH", below), Err(Miss::Method(_))), "{below:?}");
        }
        for below in ["", "/", "/test", "openai/", "openai/tests", "openai/test/", "a/b"] {
            assert_eq!(route("POST", Some(below)), Err(Miss::Path), "{below}");
        }
    }
}
