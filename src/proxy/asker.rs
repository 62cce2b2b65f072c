//! Who asks the catalog: what the evidence says of a person, and what the operator configured.

use super::services::Runtime;
use crate::catalog::Asker;
use crate::enforce::UserScope;

/// Who asks, under this scope. Without one it is nobody in particular, who may use what is open to all.
#[must_use]
pub fn asker_of(runtime: &Runtime, scope: Option<&UserScope>) -> Asker {
    let Some(scope) = scope else { return Asker::default() };
    let tenant = runtime.trust.tenant(scope.user().tenant());
    Asker { groups: runtime.trust.groups_of(scope), upstreams: tenant.and_then(|tenant| tenant.upstreams.clone()) }
}
