//! What the gate of the admin API counts.

use prometheus::IntCounter;

use super::{Builder, PerLabel};

label!(
    /// What an attempt to be let in came to.
    SignInResult {
        SignedIn = "signed_in",
        /// Name and password were none.
        Refused = "refused",
        /// There were too many attempts; the password was not looked at.
        PutOff = "put_off",
        /// A token that is none.
        BadToken = "bad_token",
    }
);

/// Metrics of the admin API's gate.
pub struct GateMetrics {
    attempts: PerLabel<IntCounter>,
}

impl GateMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let attempts = b.counters("admin_sign_ins_total", "Attempts to be let in to the admin API by result.", &["result"])?;
        Ok(Self { attempts: PerLabel::of(&attempts, SignInResult::ALL)? })
    }

    /// Counts an attempt. Requests with a good token are none.
    pub fn count(&self, result: SignInResult) {
        self.attempts.0[result as usize].inc();
    }
}

impl std::fmt::Debug for GateMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GateMetrics").finish_non_exhaustive()
    }
}
