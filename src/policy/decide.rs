//! The decision table. Pure: the proxy, the shadow mode and a dry run all call the same function.

use std::borrow::Cow;

use super::{Decision, Standing, TrustMode, Vouch};
use crate::identity::{Assurance, Evidence, Finding, Invalid, Resolution, code};
use crate::ids::UserId;

/// Status of every refusal for want of identity.
const UNAUTHORIZED: u16 = 401;

const VERIFIED: &str = "verified";
const VOUCHED: &str = "vouched";
const VOUCHED_AS_VERIFIED: &str = "vouched_as_verified";
pub(super) const ASSERTED: &str = "asserted";
pub(super) const ASSERTED_KNOWN: &str = "asserted_known";
pub(super) const ASSERTED_UNKNOWN: &str = "asserted_unknown";
pub(super) const EVIDENCE_TOO_WEAK: &str = "evidence_too_weak";
pub(super) const TRUST_RATCHET: &str = "trust_ratchet";
pub(super) const IDENTITY_MISSING: &str = "identity_missing";
pub(super) const DEFAULT_USER: &str = "default_user";
const CLIENT_ITSELF: &str = "client_itself";
pub(super) const OPEN_LISTING: &str = "open_listing";
pub(super) const TENANT_UNKNOWN: &str = "tenant_unknown";

/// Every reason that a decision can give: those of the table, then what can be wrong with evidence.
pub const REASONS: &[&str] = &[
    VERIFIED,
    VOUCHED,
    VOUCHED_AS_VERIFIED,
    ASSERTED,
    ASSERTED_KNOWN,
    ASSERTED_UNKNOWN,
    EVIDENCE_TOO_WEAK,
    TRUST_RATCHET,
    IDENTITY_MISSING,
    DEFAULT_USER,
    CLIENT_ITSELF,
    OPEN_LISTING,
    TENANT_UNKNOWN,
    code::HEADER_NAME,
    code::DUPLICATE_HEADER,
    code::IDENTITY_MALFORMED,
    code::IDENTITY_CONFLICT,
    code::TENANT_MISMATCH,
    code::CLIENT_CONFLICT,
    code::USER_KEY_UNKNOWN,
    code::JWT_INVALID,
    code::JWT_EXPIRED,
    code::JWT_PREMATURE,
    code::JWT_KEY_UNKNOWN,
    code::JWT_KEYS_UNAVAILABLE,
    code::SIGNATURE_INVALID,
    code::SIGNATURE_EXPIRED,
    code::SIGNATURE_REPLAYED,
    code::SIGNATURE_KEY_UNKNOWN,
    code::SIGNATURE_INCOMPLETE,
    code::SIGNATURE_MISSING,
    code::REPLAY_GUARD_FULL,
];

/// What a path is to the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathClass {
    /// A conversation: memory takes part.
    Conversation,
    /// A list of models: a client may ask for it on its own behalf.
    Listing,
    /// Everything else, unknown paths too.
    Other,
}

/// Under which terms a request is decided: those of its client and its tenant, or the default ones.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    pub mode: TrustMode,
    pub vouch: Vouch,
    /// Who an unnamed person is in legacy mode.
    pub default_user: Cow<'a, UserId>,
    /// Whether people may be of the tenant that the request is of.
    pub tenant_listed: bool,
}

/// The user whose [`Standing`] the decision depends on, if any.
pub fn subject<'a>(terms: &'a Terms<'_>, resolution: &'a Resolution, class: PathClass) -> Option<&'a UserId> {
    match &resolution.finding {
        Finding::Valid(evidence) => Some(&evidence.user),
        Finding::None { .. } => (terms.mode == TrustMode::Legacy && class != PathClass::Listing).then_some(&*terms.default_user),
        Finding::Invalid(_) => None,
    }
}

/// The decision on a request. `standing` is that of [`subject`], or the default where there is none.
pub fn decide(terms: &Terms<'_>, resolution: &Resolution, standing: Standing, class: PathClass) -> Decision {
    let for_itself = class == PathClass::Listing && resolution.client_authenticated;
    match &resolution.finding {
        Finding::Valid(evidence) => on_evidence(terms, evidence, standing),
        Finding::None { .. } if for_itself => Decision::Bypass { reason: CLIENT_ITSELF, advice: false },
        Finding::None { looked_for } => on_none(terms, resolution, looked_for, standing, class),
        // Nobody was named at all: the client asks for itself, and no signature was taken away.
        Finding::Invalid(invalid) if for_itself && invalid.code == code::SIGNATURE_MISSING && !resolution.user_named => {
            Decision::Bypass { reason: CLIENT_ITSELF, advice: false }
        }
        Finding::Invalid(invalid) => on_invalid(terms.mode, invalid),
    }
}

fn on_evidence(terms: &Terms<'_>, evidence: &Evidence, standing: Standing) -> Decision {
    if !terms.tenant_listed {
        let message = "The request names a user of a tenant that this server does not know. See `tenants` in its configuration.";
        let claimed = Some(evidence.user.to_string());
        return on_invalid(terms.mode, &Invalid { code: TENANT_UNKNOWN, message: message.to_owned(), claimed });
    }
    let promoted = evidence.assurance == Assurance::Vouched && terms.vouch == Vouch::Verified;
    let assurance = if promoted { Assurance::Verified } else { evidence.assurance };
    if standing.ratchet.is_some_and(|ratchet| assurance < ratchet) {
        return on_ratchet(terms.mode, evidence);
    }
    let admit = |reason, advice| Decision::Admit { user: evidence.user.clone(), assurance, reason, advice };
    match (assurance, terms.mode) {
        (Assurance::Verified, _) => admit(if promoted { VOUCHED_AS_VERIFIED } else { VERIFIED }, false),
        (_, TrustMode::Strict) => refuse(EVIDENCE_TOO_WEAK, format!("This server takes proof of identity only. {PROOF}")),
        (Assurance::Vouched, _) => admit(VOUCHED, false),
        (_, TrustMode::Required) => admit(ASSERTED, false),
        (_, TrustMode::Quarantine) if standing.known => admit(ASSERTED_KNOWN, false),
        (_, TrustMode::Quarantine) => Decision::Sandbox { claimed: Some(evidence.user.to_string()), reason: ASSERTED_UNKNOWN },
        (_, TrustMode::Legacy) => admit(ASSERTED, true),
    }
}

fn on_ratchet(mode: TrustMode, evidence: &Evidence) -> Decision {
    match mode {
        TrustMode::Strict | TrustMode::Required => {
            let message = format!("This user has proved their identity before, so a weaker claim is not taken. {PROOF}");
            refuse(TRUST_RATCHET, message)
        }
        TrustMode::Quarantine => Decision::Sandbox { claimed: Some(evidence.user.to_string()), reason: TRUST_RATCHET },
        TrustMode::Legacy => Decision::Bypass { reason: TRUST_RATCHET, advice: true },
    }
}

fn on_none(terms: &Terms<'_>, resolution: &Resolution, looked_for: &[String], standing: Standing, class: PathClass) -> Decision {
    match terms.mode {
        TrustMode::Strict | TrustMode::Required => refuse(IDENTITY_MISSING, missing(resolution, looked_for)),
        _ if class == PathClass::Listing => Decision::Bypass { reason: OPEN_LISTING, advice: true },
        TrustMode::Quarantine => Decision::Sandbox { claimed: None, reason: IDENTITY_MISSING },
        TrustMode::Legacy if !terms.tenant_listed => Decision::Bypass { reason: TENANT_UNKNOWN, advice: true },
        // The default user may have been verified once: then it is no longer everybody's.
        TrustMode::Legacy if standing.ratchet > Some(Assurance::Anonymous) => {
            Decision::Bypass { reason: TRUST_RATCHET, advice: true }
        }
        TrustMode::Legacy => {
            let user = terms.default_user.clone().into_owned();
            Decision::Admit { user, assurance: Assurance::Anonymous, reason: DEFAULT_USER, advice: true }
        }
    }
}

fn on_invalid(mode: TrustMode, invalid: &Invalid) -> Decision {
    match mode {
        TrustMode::Strict | TrustMode::Required => refuse(invalid.code, invalid.message.clone()),
        TrustMode::Quarantine => Decision::Sandbox { claimed: invalid.claimed.clone(), reason: invalid.code },
        TrustMode::Legacy => Decision::Bypass { reason: invalid.code, advice: true },
    }
}

/// How to prove an identity.
const PROOF: &str = "Use a personal key as API key (`Authorization: Bearer mgk_…`, from `memgate keys add`), sign the request \
                     (`memgate sign`), or let Open WebUI send its signed X-OpenWebUI-User-Jwt.";

fn missing(resolution: &Resolution, looked_for: &[String]) -> String {
    let mut message = format!("The request names no user. Looked for: {}.", looked_for.join("; "));
    if resolution.ignored_headers > 0 {
        message.push_str(
            " Identity headers came, but were ignored: they count only if the client's configuration lists them, with the \
             client's own key as API key or from an address in trust.trusted_peers.",
        );
    } else {
        message.push_str(" Simplest is a personal key as API key, from `memgate keys add`.");
    }
    message
}

fn refuse(reason: &'static str, message: String) -> Decision {
    Decision::Refuse { status: UNAUTHORIZED, reason, message }
}
