//! Judging a request under the terms of its client, and a second time under the shadow mode.

use super::replay::Grounds;
use super::{Decision, Directory, PathClass, Standing, Terms, TrustMode, TrustSettings, decide, subject};
use crate::identity::Resolution;

/// What the shadow mode would have done. It changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowOutcome {
    /// The mode of the second decision: the stricter of the shadow mode and that of the client and the tenant.
    pub mode: TrustMode,
    /// As [`Decision::as_str`].
    pub decision: &'static str,
    pub reason: &'static str,
    /// The request would be served otherwise than it is.
    pub differs: bool,
    /// The request is served, and would be refused.
    pub newly_refused: bool,
}

/// A decision and what it was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub mode: TrustMode,
    pub decision: Decision,
    /// Set where a shadow mode is configured.
    pub shadow: Option<ShadowOutcome>,
    /// What any other mode would go by.
    pub grounds: Grounds,
}

impl TrustSettings {
    /// Decides on a request under the terms of its client and its tenant.
    pub fn judge(&self, resolution: &Resolution, class: PathClass, directory: &dyn Directory) -> Verdict {
        let terms = self.terms(resolution);
        // Looked up once, for whomever any mode would ask about: what is decided again rests on the same.
        let standing = widest_standing(&terms, resolution, directory);
        let decision = decide(&terms, resolution, standing, class);
        let shadow = self.shadow.map(|shadow| {
            let mode = if shadow.is_laxer_than(terms.mode) { terms.mode } else { shadow };
            let second = decide(&Terms { mode, ..terms.clone() }, resolution, standing, class);
            ShadowOutcome::between(mode, &decision, &second)
        });
        let floor = self.floor(resolution, &terms);
        let Terms { mode, vouch, default_user, tenant_listed } = terms;
        let grounds = Grounds { vouch, default_user: default_user.into_owned(), tenant_listed, floor, standing };
        Verdict { mode, decision, shadow, grounds }
    }
}

impl ShadowOutcome {
    fn between(mode: TrustMode, actual: &Decision, second: &Decision) -> Self {
        let refused = |decision: &Decision| matches!(decision, Decision::Refuse { .. });
        Self {
            mode,
            decision: second.as_str(),
            reason: second.reason(),
            differs: actual.as_str() != second.as_str(),
            newly_refused: refused(second) && !refused(actual),
        }
    }
}

/// The standing of whomever a decision may depend on: in legacy mode that is the default user, too.
fn widest_standing(terms: &Terms<'_>, resolution: &Resolution, directory: &dyn Directory) -> Standing {
    let widest = Terms { mode: TrustMode::Legacy, ..terms.clone() };
    let asked = subject(&widest, resolution, PathClass::Conversation);
    asked.map_or_else(Standing::default, |user| directory.standing(user))
}
