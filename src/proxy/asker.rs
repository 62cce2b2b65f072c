//! Who asks the catalog: what the evidence says of a person, and what the operator configured.

use super::services::Runtime;
use crate::catalog::Asker;
use crate::enforce::UserScope;

/// Who asks, under this scope. Without one it is nobody in particular, who may use what is open to all.
#[must_use]
pub fn asker_of(_runtime: &Runtime, scope: Option<&UserScope>) -> Asker {
    // Configured groups (`TrustSettings::groups_of`) and the tenant's upstreams (`TrustSettings::tenant`) join here.
    Asker { groups: scope.map(|scope| scope.groups().to_vec()).unwrap_or_default(), upstreams: None }
}
