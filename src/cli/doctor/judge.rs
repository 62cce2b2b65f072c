//! What answers mean. Pure: what was asked and answered comes in, a judgement goes out.

use serde_json::Value;

use super::report::Judged;
use crate::policy::TrustMode;

/// What became of somebody who asked who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Turned away; the code and what memgate says can be done.
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    Sandbox,
    /// A chat would be forwarded without memory.
    Bypassed,
    /// The user's memory is open.
    Served {
        user: String,
        assurance: String,
    },
    /// Neither: memgate is broken, or what answers is no memgate.
    Broken(String),
}

impl Standing {
    /// Reads the answer to `GET /memgate/v1/me`.
    pub(super) fn read(status: u16, body: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match status {
            200 if body["sandbox"] == Value::Bool(true) => Self::Sandbox,
            200 if body["user"].is_string() => {
                let user = format!("{}:{}", text(&body["tenant"]), text(&body["user"]));
                Self::Served { user, assurance: text(&body["assurance"]) }
            }
            403 if body["error"]["code"] == "no_memory_scope" => Self::Bypassed,
            401 | 403 => {
                let (code, message) = (text(&body["error"]["code"]), text(&body["error"]["message"]));
                Self::Refused { status, code, message }
            }
            _ => Self::Broken(format!("answered {status} {}", text(&body["error"]["code"]))),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Refused { status, code, .. } => format!("refused ({status} {code})"),
            Self::Sandbox => "served from a sandbox".to_owned(),
            Self::Bypassed => "forwarded without memory".to_owned(),
            Self::Served { user, assurance } => format!("served as {user} ({assurance})"),
            Self::Broken(what) => what.clone(),
        }
    }
}

/// Whether somebody whose proof is good is who they say.
pub(super) fn judge_proof(standing: &Standing, user: &str, mode: TrustMode) -> Judged {
    let found = format!("a proof of {user} is {}", standing.describe());
    match standing {
        Standing::Served { user: served, .. } if served == user => Judged::ok(format!("{found}.")),
        Standing::Served { .. } => Judged::failed(
            format!("{found}: another person."),
            "stop memgate, and look at the client's `identity` and at what is in front of memgate",
        ),
        Standing::Sandbox if mode == TrustMode::Quarantine => Judged::warning(
            format!("{found}, each person's own: what this client says of its people is not believed."),
            "give the client a key and let it send it, or a signed source",
        ),
        Standing::Refused { message, .. } => Judged::failed(
            format!("{found}. memgate says: {message}"),
            "see that memgate was started with the secrets that are configured",
        ),
        Standing::Sandbox | Standing::Bypassed => Judged::failed(
            format!("{found}."),
            "see that memgate was started with the secrets that are configured, and what its log says",
        ),
        Standing::Broken(_) => Judged::failed(format!("{found}."), "see memgate's log"),
    }
}

/// A request that proves nothing, or tries to deceive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    /// What was tried, such as `a forged signature`.
    pub what: &'a str,
    /// Whom it claims to be; none where it names nobody.
    pub claim: Option<&'a str>,
    /// Plain headers from here are believed: `trust.trusted_peers` has this machine.
    pub trusted: bool,
    /// It lies, and doesn't only leave something out.
    pub forged: bool,
}

/// Whether an attempt came to what the trust mode says. Whoever is turned away harder than that is no fault.
pub(super) fn judge_attempt(attempt: Attempt<'_>, standing: &Standing, mode: TrustMode) -> Judged {
    let Attempt { what, claim, trusted, forged } = attempt;
    let found = format!("{what} is {}", standing.describe());
    let as_the_mode_says = format!("{found}, as `{}` says.", mode.as_str());
    let breach = "stop memgate: whoever sends this reaches somebody's memory. See `memgate explain` of the request";
    match standing {
        Standing::Refused { .. } => Judged::ok(as_the_mode_says),
        Standing::Sandbox if mode == TrustMode::Quarantine => Judged::ok(as_the_mode_says),
        // In quarantine, too: whoever is named by nothing has no sandbox, since two would share it.
        Standing::Bypassed if matches!(mode, TrustMode::Legacy | TrustMode::Quarantine) => Judged::ok(as_the_mode_says),
        Standing::Served { user, assurance } if claim == Some(user.as_str()) => {
            if trusted && assurance == "asserted" && mode != TrustMode::Strict {
                let remedy = "write `trusted_peers: []` once every client has a proof";
                return Judged::warning(
                    format!("{found}: from this machine plain headers are believed (trust.trusted_peers)."),
                    remedy,
                );
            }
            Judged::failed(format!("{found}."), breach)
        }
        Standing::Served { user, .. } if mode == TrustMode::Legacy && !forged => Judged::failed(
            format!("{found}: in `legacy` whoever names nobody shares the memory of {user}."),
            "set `trust.mode: required`, or `quarantine` while clients are being set up",
        ),
        Standing::Served { .. } => Judged::failed(format!("{found}."), breach),
        Standing::Sandbox | Standing::Bypassed => Judged::failed(
            format!("{found}, which is not what `{}` says.", mode.as_str()),
            "see `memgate explain` of the request",
        ),
        Standing::Broken(_) => Judged::failed(format!("{found}."), "see memgate's log"),
    }
}

/// Where two people's words were looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub place: &'a str,
    pub text: &'a str,
    pub own: &'a str,
    pub other: &'a str,
    /// Whether one's own word has to be there.
    pub expected: bool,
}

/// Whether a person sees what they said, and nothing of the other.
pub(super) fn judge_sight(sight: Sight<'_>) -> Judged {
    let Sight { place, text, own, other, expected } = sight;
    if text.contains(other) {
        let remedy = "stop memgate, and report this with `memgate explain` of the request: memories are not kept apart";
        return Judged::failed(format!("one person's canary is in another's {place}."), remedy);
    }
    if expected && !text.contains(own) {
        let remedy = "see `memory.depth`, `memory.learn`, `memory.recall_deadline`, and `never_send` of the upstream";
        return Judged::failed(format!("a person's own canary is not in their {place}."), remedy);
    }
    let own = if expected { "the own canary is there, and " } else { "" };
    Judged::ok(format!("{place}: {own}nothing of the other person."))
}

#[cfg(test)]
mod tests;
