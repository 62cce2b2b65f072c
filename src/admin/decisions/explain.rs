//! One decision in steps: what was found, under which terms, what followed, and what would change it. Never a mere claim of a user.

use std::fmt::Write;

use super::super::api::{Explanation, ModeOutcome, Step};
use super::row;
use crate::identity::{Finding, Resolution};
use crate::policy::{Case, PathClass, TrustMode, Vouch, needs};
use crate::proxy::Decided;
use crate::telemetry::AuditRecord;

/// `sources`: what the client is configured to say of its users, in words.
pub(super) fn explain(decided: &Decided, sources: &[String]) -> Explanation {
    let Decided { record, case, .. } = decided;
    let mut steps = Vec::new();
    match case {
        Some(case) => {
            steps.extend([client(case), evidence(case, record), terms(case, record)]);
            steps.extend(ratchet(case, record));
        }
        None => steps.push(step(
            "evidence",
            "not read",
            "The request was answered or turned away before anybody asked who it is from.",
        )),
    }
    steps.push(decision(record));
    steps.extend(shadow(record));
    steps.extend(budget(record));
    steps.extend(memory(record));
    steps.extend(upstream(record));
    steps.push(ending(record));
    let modes = case.iter().flat_map(|case| TrustMode::ALL.map(|mode| outcome_under(case, mode)));
    Explanation { row: row(record), steps, modes: modes.collect(), remedy: remedy(record, sources) }
}

fn step(name: &str, result: impl Into<String>, why: impl Into<String>) -> Step {
    Step { name: name.to_owned(), result: result.into(), why: why.into() }
}

fn client(case: &Case) -> Step {
    let Resolution { client, client_authenticated, .. } = case.resolution();
    let why = match (client.as_str(), client_authenticated) {
        ("unknown", _) => {
            "No configured client was recognised: by no key or certificate, by no address, and by no trace of its product."
        }
        (_, true) => "It proved itself by its key or its certificate, so what it says of its users is vouched for.",
        (_, false) => "It was recognised by its address or by what it sends, which proves nothing: anybody could look so.",
    };
    step("client", client.as_str(), why)
}

fn evidence(case: &Case, record: &AuditRecord) -> Step {
    let Resolution { finding, ignored_headers, .. } = case.resolution();
    let mut found = match finding {
        Finding::Valid(evidence) => {
            let why = format!("The source `{}` names a user, and is worth `{}`.", evidence.source, evidence.assurance.as_str());
            let shown = if record.user.is_some() { "" } else { " Whom it names is not shown: their scope was not granted." };
            step("evidence", evidence.assurance.as_str(), why + shown)
        }
        Finding::None { looked_for } => {
            step("evidence", "none", format!("Nobody was named. Looked for: {}.", looked_for.join("; ")))
        }
        Finding::Invalid(invalid) => step(
            "evidence",
            "invalid",
            format!("Something was wrong with it: `{}`. Whom it claims to be from is not shown.", invalid.code),
        ),
    };
    if *ignored_headers > 0 {
        // Writing into a text cannot fail.
        let _ = write!(
            found.why,
            " {ignored_headers} identity headers were ignored: they count only where the client's `identity` lists them, with the client's own \
             key or from `trust.trusted_peers`."
        );
    }
    found
}

fn terms(case: &Case, record: &AuditRecord) -> Step {
    let grounds = case.grounds();
    let mut why = "The mode of the client and of the tenant, of which the stricter counts.".to_owned();
    if grounds.vouch == Vouch::Verified {
        why.push_str(" What this client vouches for counts as verified (`vouch: verified`).");
    }
    if !grounds.tenant_listed {
        why.push_str(" Its tenant is not among those that are listed.");
    }
    match case.class() {
        PathClass::Conversation => {}
        PathClass::Listing => why.push_str(" A list of models, which a client may ask for on its own behalf."),
        PathClass::Other => why.push_str(" No conversation."),
    }
    step("terms", record.mode, why)
}

fn ratchet(case: &Case, record: &AuditRecord) -> Option<Step> {
    let level = case.grounds().standing.ratchet?;
    if matches!(case.resolution().finding, Finding::Invalid(_)) {
        return None;
    }
    let held = record.reason == "trust_ratchet";
    let why = if held {
        "The user proved their identity better before, so weaker evidence no longer opens their memory. An operator can lower the ratchet, on record."
    } else {
        "The evidence is as good as what was proved before."
    };
    // Nobody is named here whose scope was not granted; that somebody of the name was verified once tells the operator why.
    (held || record.user.is_some()).then(|| step("ratchet", level.as_str(), why))
}

fn decision(record: &AuditRecord) -> Step {
    let why = match (record.decision, record.error) {
        ("admit", _) => "The request reaches the memory of its user, and of nobody else.".to_owned(),
        ("sandbox", _) => {
            "The request is served from an isolated, expiring scope; without anything that tells unknown people apart, from none."
                .to_owned()
        }
        ("bypass", _) => "The request goes on without memory.".to_owned(),
        ("answer", _) => "memgate answers by itself; nobody is identified.".to_owned(),
        (_, Some(error)) => format!("The request goes no further: `{error}`."),
        _ => "The request goes no further.".to_owned(),
    };
    step("decision", format!("{}: {}", record.decision, record.reason), why)
}

fn shadow(record: &AuditRecord) -> Option<Step> {
    let reason = record.shadow?;
    Some(step("shadow", format!("refuse: {reason}"), "The shadow mode would have refused what was served."))
}

fn budget(record: &AuditRecord) -> Option<Step> {
    let note = record.budget.as_ref()?;
    let why = if note.zone == "hard" { "It turned the request away." } else { "Little is left; the answer said so." };
    Some(step("budget", format!("{}: {} {}", note.rule, note.kind, note.zone), why))
}

fn memory(record: &AuditRecord) -> Option<Step> {
    let purpose = record.purpose?;
    let used = record.facts_used.len();
    let why = match (record.memory, used) {
        (Some("off"), _) => "The client or the upstream takes no part in memory (`memory: off`).".to_owned(),
        (_, 0) if record.user.is_none() => "Without a scope there is no memory.".to_owned(),
        (_, 0) => "No fact was written into the request.".to_owned(),
        (access, _) => {
            let only = if access == Some("read") { " Nothing is learned from it (`memory: read`)." } else { "" };
            format!("Facts of this user were written into the request.{only}")
        }
    };
    let cut = if record.messages_cut > 0 {
        format!("; {} messages were cut to fit the window", record.messages_cut)
    } else {
        String::new()
    };
    Some(step("memory", format!("{purpose}, {used} facts{cut}"), why))
}

fn upstream(record: &AuditRecord) -> Option<Step> {
    let name = record.upstream.as_ref()?.as_str();
    let mut why = match record.key {
        Some("personal") => "Shown the user's own key.",
        Some("shared") => "Shown the operator's key.",
        Some("environment") => "Shown a key from memgate's environment.",
        _ => "Shown no key.",
    }
    .to_owned();
    if record.attempts > 1 {
        let _ = write!(why, " It was tried at {} upstreams; this one was the last.", record.attempts);
    }
    Some(step("upstream", name, why))
}

fn ending(record: &AuditRecord) -> Step {
    let status = record.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let why = match (super::outcome(record.outcome), record.error) {
        ("complete", _) => "The answer ended as the upstream ended it.".to_owned(),
        ("client_left", _) => "The client went away first.".to_owned(),
        ("upstream_failed", _) => "The upstream failed.".to_owned(),
        (_, Some(error)) => format!("memgate turned it away: `{error}`."),
        _ => "memgate answered by itself.".to_owned(),
    };
    step("answer", status, why)
}

fn outcome_under(case: &Case, mode: TrustMode) -> ModeOutcome {
    let decision = case.decide_under(mode);
    let (decision, reason) = (decision.as_str().to_owned(), decision.reason().to_owned());
    ModeOutcome { mode: mode.as_str().to_owned(), decision, reason }
}

/// What the caller or the operator can do about a request that was not served as asked.
fn remedy(record: &AuditRecord, sources: &[String]) -> Option<String> {
    if let Some(text) =
        needs(record.error.unwrap_or(record.reason), sources).filter(|_| record.decision != "admit" || record.error.is_some())
    {
        return Some(format!("It would need: {text}"));
    }
    let text = match record.error? {
        code if code.starts_with("budget_") => {
            "The budget is used up: wait until it is free again, raise its limit, or reset it for this user."
        }
        "upstream_busy" => {
            "All places at the upstream were taken: raise its `concurrency`, or add another upstream for the model."
        }
        "model_not_found" => {
            "No upstream serves a model of this name to whoever asked: see `upstreams[].models` and their groups."
        }
        "shared_state" => {
            "The path reaches what the backend keeps for everybody: `shared_state: allow` opens it, to all users of that upstream."
        }
        "shutting_down" => "memgate was shutting down: ask again.",
        "context_overflow" | "context_length_exceeded" => {
            "The conversation is longer than the model's window, even when cut: shorten the last turn."
        }
        "body_too_large" => "The body is larger than `limits.body`.",
        "memory_not_found"
        | "key_not_found"
        | "session_not_found"
        | "response_not_found"
        | "previous_response_not_found"
        | "conversation_not_found"
        | "item_not_found"
        | "container_not_found" => {
            "What was asked for is not this user's, or never was. Where it should be, look at whom the request was identified as."
        }
        "unknown_path" => "There is nothing at the path: mind the base URL, such as http://HOST:8080/v1.",
        _ => "See the message that the caller got; docs/METRICS.md lists the codes.",
    };
    Some(text.to_owned())
}
