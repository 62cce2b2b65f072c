//! Which key an upstream is shown for whom. Resolved anew for each upstream that a request goes to: a key goes to no provider but its own.

use std::sync::Arc;

use serde::Serialize;

use super::exchange::{Exchange, Forwarding};
use super::services::{Runtime, Services};
use crate::catalog::{Asker, Upstream};
use crate::enforce::{Refusal, UserScope};
use crate::provider::ApiKey;
use crate::setting::Secret;
use crate::telemetry::{AuditRecord, RouteLabel};
use crate::vault::{KeySource, Lender, Person, PersonalKey, Step, Switches, Terms, Verdict, embedding_key, resolve};

/// Whose key it is to be, and what that person may use.
pub type Who<'a> = (Option<&'a UserScope>, &'a Asker);

/// Says on each answer where the key came from.
pub const KEY_SOURCE: &str = "x-memgate-key-source";

/// The key that an upstream is shown.
#[derive(Debug)]
pub struct KeyChoice {
    /// None where there is none to show.
    pub key: Option<ApiKey>,
    pub source: KeySource,
    /// The person's own, where it is that: its use is noted once it is shown.
    personal: Option<Arc<PersonalKey>>,
}

/// What a request needs its upstream for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Any,
    /// An upstream without a key is lent that of another of its provider.
    Embeddings,
}

/// The key for one upstream and one person. Reads the disk only for a person who was away for long, while others go on with what else
/// the thread has to do.
///
/// # Errors
/// When a key is needed that there is not (`personal_key_required`, `key_not_allowed`), and when the person's own keys cannot be read
/// (`vault_unavailable`): nothing is tried in their place, since the chat would go on another's account.
pub fn key_for(services: &Services, runtime: &Runtime, who: Who<'_>, upstream: &Upstream) -> Result<KeyChoice, Refusal> {
    choose(services, runtime, who, upstream, Need::Any)
}

/// Chooses the key for the upstream that a request goes to, and notes where it came from.
///
/// # Errors
/// As [`key_for`].
pub fn present(services: &Services, exchange: &mut Exchange, who: Who<'_>, forwarding: &mut Forwarding) -> Result<(), Refusal> {
    let (runtime, upstream) = (&exchange.runtime, &forwarding.upstream);
    let need = if exchange.route == RouteLabel::Embeddings { Need::Embeddings } else { Need::Any };
    let choice = choose(services, runtime, who, upstream, need)?;
    // One that may take over is shown its own key, or does not take over.
    forwarding.route.give_keys(|upstream| choose(services, runtime, who, upstream, need).ok());
    choice.show(services, &mut exchange.record, forwarding);
    Ok(())
}

impl KeyChoice {
    /// Has the upstream that the request goes to now shown this key, and notes where it came from. It was chosen for this upstream.
    pub fn show(self, services: &Services, record: &mut AuditRecord, forwarding: &mut Forwarding) {
        if let Some(key) = &self.personal {
            key.note_use(record.time);
        }
        let source = self.source.as_str();
        services.metrics.keys.count_served(&forwarding.upstream.name, source);
        record.key = Some(source);
        forwarding.key = self.key;
    }
}

/// Lets a person whose scope was lost go on as nobody, if they have no keys of their own.
///
/// # Errors
/// When they have some, or that cannot be told.
pub fn check_lost(services: &Services, runtime: &Runtime, scope: &UserScope) -> Result<(), Refusal> {
    if !runtime.vault.personal || scope.is_sandbox() {
        return Ok(());
    }
    match tokio::task::block_in_place(|| services.vault.load(scope)) {
        Ok(keys) if keys.iter().next().is_none() => Ok(()),
        Ok(_) => Err(unavailable("the owner of the keys could not be taken in".to_owned())),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

/// How the key for an upstream is told in a dry run.
#[derive(Debug, Serialize)]
pub struct KeyBody {
    provider: String,
    /// `personal`, `shared`, `environment`, `none`; null where the request would be refused.
    source: Option<&'static str>,
    reason: &'static str,
    steps: StepsBody,
}

impl KeyBody {
    /// Where the key would come from.
    pub fn source(&self) -> Option<&'static str> {
        self.source
    }
}

/// What became of each source.
#[derive(Debug, Serialize)]
struct StepsBody {
    personal: &'static str,
    shared: &'static str,
    environment: &'static str,
}

/// Whose key a chat would go with, and why, by the function that decides for real. Notes nothing.
///
/// # Errors
/// When the person's own keys cannot be read.
pub fn explain(services: &Services, runtime: &Runtime, who: Who<'_>, upstream: &Upstream) -> Result<KeyBody, Refusal> {
    let (verdict, _) = judge(services, runtime, who, upstream, Need::Any)?;
    let [personal, shared, environment] = [verdict.personal, verdict.shared, verdict.environment].map(Step::as_str);
    Ok(KeyBody {
        provider: upstream.provider_name().to_owned(),
        source: verdict.source.map(KeySource::as_str),
        reason: verdict.reason(),
        steps: StepsBody { personal, shared, environment },
    })
}

/// The keys that there are, of which a verdict chooses.
struct Candidates<'a> {
    personal: Option<Arc<PersonalKey>>,
    shared: Option<&'a ApiKey>,
    environment: Option<&'a Secret>,
}

fn choose(services: &Services, runtime: &Runtime, who: Who<'_>, upstream: &Upstream, need: Need) -> Result<KeyChoice, Refusal> {
    let (verdict, candidates) = judge(services, runtime, who, upstream, need)?;
    let Candidates { personal, shared, environment } = candidates;
    let shown = |secret: &Secret| ApiKey::new(secret.clone(), upstream.auth);
    let source = verdict.source.ok_or_else(|| refuse(verdict, upstream.provider_name()))?;
    let (key, personal) = match source {
        KeySource::Personal => (personal.as_ref().and_then(|key| shown(&key.secret)), personal),
        KeySource::Shared => (upstream.key.clone().or_else(|| shown(&shared?.secret)), None),
        KeySource::Environment => (environment.and_then(shown), None),
        KeySource::None => return Ok(KeyChoice { key: None, source, personal: None }),
    };
    // Every key was checked when it came; without one the request would go as nobody's.
    let key = Some(key.ok_or_else(|| unavailable("a key cannot stand in a header".to_owned()))?);
    Ok(KeyChoice { key, source, personal })
}

fn judge<'a>(
    services: &Services,
    runtime: &'a Runtime,
    who: Who<'_>,
    upstream: &'a Upstream,
    need: Need,
) -> Result<(Verdict, Candidates<'a>), Refusal> {
    let provider = upstream.provider_name();
    let settings = &runtime.vault;
    let (scope, asker) = who;
    let groups = asker.groups.as_slice();
    let own = match scope {
        Some(scope) if settings.personal && !scope.is_sandbox() => own_key(services, scope, provider)?,
        _ => None,
    };
    let environment = settings.environment.as_ref().and_then(|keys| keys.get(provider));
    let shared = upstream.key.as_ref().or_else(|| lent(runtime, upstream, asker).filter(|_| need == Need::Embeddings));
    let terms = Terms {
        require_personal: upstream.require_personal_key,
        shared_groups: &upstream.shared_key_groups,
        has_shared: shared.is_some(),
        has_environment: environment.is_some(),
        switches: Switches { personal: settings.personal, shared: settings.shared, environment: settings.environment.is_some() },
    };
    let person = match scope {
        None => Person::Nobody,
        Some(scope) if scope.is_sandbox() => Person::Sandbox,
        Some(_) => Person::Known { groups, has_key: own.is_some() },
    };
    Ok((resolve(&terms, person), Candidates { personal: own, shared, environment }))
}

/// The key of another upstream of this provider, of those whose keys this person may use.
fn lent<'a>(runtime: &'a Runtime, upstream: &Upstream, asker: &Asker) -> Option<&'a ApiKey> {
    let may_use = |other: &&Arc<Upstream>| {
        let allowed = &other.shared_key_groups;
        let shared = allowed.is_empty() || asker.groups.iter().any(|group| allowed.contains(group));
        shared && !other.require_personal_key && other.is_open_to(asker)
    };
    let lenders = runtime.catalog.upstreams().iter().filter(may_use).map(|other| Lender {
        provider: other.provider_name(),
        embeds: other.embeds(),
        key: other.key.as_ref(),
    });
    embedding_key(upstream.provider_name(), lenders, None)
}

fn own_key(services: &Services, scope: &UserScope, provider: &str) -> Result<Option<Arc<PersonalKey>>, Refusal> {
    let keys = match services.vault.peek(scope) {
        Some(keys) => keys,
        None => tokio::task::block_in_place(|| services.vault.load(scope)).map_err(|error| {
            tracing::error!(%error, "a person's keys could not be read; the request is refused");
            unavailable(error.to_string())
        })?,
    };
    Ok(keys.get(provider).map(Arc::clone))
}

fn refuse(verdict: Verdict, provider: &str) -> Refusal {
    let (status, message) = match verdict.personal {
        Step::NoPerson => (
            401,
            format!(
                "The model backend of `{provider}` is for people with a key of their own. Send evidence of who you are, such as a personal \
                 key (`Authorization: Bearer mgk_…`), and store your key with PUT /memgate/v1/me/keys/{provider}."
            ),
        ),
        Step::Sandbox => (
            403,
            format!(
                "The model backend of `{provider}` is for people with a key of their own, and you are not known well enough to have one. Send \
                 valid evidence of who you are, then store your key with PUT /memgate/v1/me/keys/{provider}."
            ),
        ),
        Step::SwitchedOff => (
            403,
            format!("You may not use the key that this server has for `{provider}`. Ask its operator, or choose another model."),
        ),
        _ => (
            403,
            format!(
                "This model needs a key of your own for `{provider}`. Store it once: PUT /memgate/v1/me/keys/{provider} with \
                 {{\"key\": \"…\"}}, then send this again."
            ),
        ),
    };
    Refusal { status, code: verdict.reason(), message, detail: String::new() }
}

/// The person's keys cannot be read, and so nothing is sent.
pub fn unavailable(detail: String) -> Refusal {
    let message =
        "Your stored keys cannot be read just now, and no other key is used in their place. Try again; if it stays so, store \
                   them anew or tell the operator of this server."
            .to_owned();
    Refusal { status: 503, code: "vault_unavailable", message, detail }
}
