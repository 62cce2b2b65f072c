//! The settings of a request: the layers that concern it, and what they make of it.

use super::prepare::Draft;
use super::services::{Runtime, Services};
use crate::dialect::task::Purpose;
use crate::enforce::UserScope;
use crate::ids::{ClientName, SessionId};
use crate::parameters::{Effective, Given, Layer, Own, Parameters, Request, effective};
use crate::policy::MemoryAccess;

/// The settings of a request, decided.
#[derive(Debug)]
pub struct Settled {
    pub effective: Effective,
    /// The person's own settings could not be read. They might keep memory out of this request, so it stays out.
    pub missed: bool,
}

impl Settled {
    /// What memory may do in the request.
    pub fn memory(&self) -> MemoryAccess {
        if self.missed { MemoryAccess::Off } else { self.effective.memory() }
    }
}

/// Decides the settings of a conversation. Of nobody in particular where there is no scope: then the operator's layers count alone.
///
/// A disk that fails or takes too long is counted, and costs the person's own layers, never the request, nor what the operator says.
pub async fn settle(
    services: &Services,
    runtime: &Runtime,
    (scope, session): (Option<&UserScope>, Option<&SessionId>),
    client: &ClientName,
    draft: &Draft,
) -> Settled {
    let mut own = Own::default();
    let mut missed = false;
    if let Some(scope) = scope {
        let deadline = runtime.memory.recall_deadline;
        if let Ok(read) = services.settings.fetch(scope, session, deadline).await {
            own = read;
        } else {
            missed = true;
            services.metrics.count_settings_missed();
        }
    }
    let request = Request::of(&draft.conversation, draft.purpose == Purpose::Task);
    let factory = Parameters::factory();
    let given = layers(runtime, scope, client, &factory, &own);
    Settled { effective: effective(&given, Some(&request), Layer::Request, &runtime.settings), missed }
}

/// The settings of a person as they are before any request, or those of one of their sessions.
pub fn standing(runtime: &Runtime, scope: &UserScope, own: &Own, session: Option<&SessionId>) -> Effective {
    let asker = if session.is_some() { Layer::Session } else { Layer::User };
    let factory = Parameters::factory();
    let mut given = layers(runtime, Some(scope), scope.client(), &factory, own);
    given.retain(|given| given.layer <= asker);
    effective(&given, None, asker, &runtime.settings)
}

fn layers<'a>(
    runtime: &'a Runtime,
    scope: Option<&UserScope>,
    client: &ClientName,
    factory: &'a Parameters,
    own: &'a Own,
) -> Vec<Given<'a>> {
    let rules = &runtime.settings;
    // Who is nobody proven is held to what their client is fixed to.
    let tenant = match scope.filter(|scope| !scope.is_sandbox()) {
        Some(scope) => Some(scope.user().tenant()),
        None => runtime.trust.fixed_tenant(client),
    };
    let tenant = tenant.and_then(|tenant| rules.tenants.get(tenant));
    [
        (Layer::Factory, Some(factory)),
        (Layer::Configured, Some(&rules.configured)),
        (Layer::Tenant, tenant),
        (Layer::Client, rules.clients.get(client)),
        (Layer::User, Some(&own.user)),
        (Layer::Session, Some(&own.session)),
    ]
    .into_iter()
    .filter_map(|(layer, parameters)| Some(Given { layer, parameters: parameters? }))
    .collect()
}
