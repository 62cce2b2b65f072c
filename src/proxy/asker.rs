//! Who asks the catalog: what the evidence says of a person, and what the operator configured.

use super::services::Runtime;
use crate::catalog::Asker;
use crate::enforce::UserScope;
use crate::ids::ClientName;

/// Who asks, under this scope. Without one it is nobody in particular, who may use what is open to all, within the tenant that the client
/// is fixed to.
#[must_use]
pub fn asker_of(runtime: &Runtime, scope: Option<&UserScope>, client: &ClientName) -> Asker {
    let trust = &runtime.trust;
    let tenant = match scope {
        Some(scope) => trust.tenant_of(scope),
        None => trust.fixed_tenant(client).and_then(|name| trust.tenant(name)),
    };
    let groups = scope.map(|scope| trust.groups_of(scope)).unwrap_or_default();
    Asker { groups, upstreams: tenant.and_then(|tenant| tenant.upstreams.clone()) }
}
