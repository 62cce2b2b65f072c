//! Judging a request under the terms of its client, and a second time under the shadow mode.

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
}

impl TrustSettings {
    /// Decides on a request under the terms of its client and its tenant.
    pub fn judge(&self, resolution: &Resolution, class: PathClass, directory: &dyn Directory) -> Verdict {
        let terms = self.terms(resolution);
        let decision = decided(&terms, resolution, class, directory);
        let shadow = self.shadow.map(|shadow| {
            let mode = if shadow.is_laxer_than(terms.mode) { terms.mode } else { shadow };
            let second = decided(&Terms { mode, ..terms.clone() }, resolution, class, directory);
            ShadowOutcome::between(mode, &decision, &second)
        });
        Verdict { mode: terms.mode, decision, shadow }
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

fn decided(terms: &Terms<'_>, resolution: &Resolution, class: PathClass, directory: &dyn Directory) -> Decision {
    let standing = subject(terms, resolution, class).map_or_else(Standing::default, |user| directory.standing(user));
    decide(terms, resolution, standing, class)
}
