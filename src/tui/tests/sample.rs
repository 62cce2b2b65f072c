//! What the made-up memgate answers. Some of it was written by somebody with bad intentions.

use serde_json::json;

use super::glance::overview;
use crate::admin::api::{
    AuditFault, AuditLine, AuditVerification, BudgetAccount, BudgetLimit, BudgetRow, BudgetStanding, DecisionRow, Explanation,
    FactCounts, FactSource, FactView, MergeView, ModeOutcome, Page, ReplayChange, ReplayReport, SandboxDetail, SandboxRow, Seen,
    Step, UpstreamKeyHint, UpstreamRow, UserDetail, UserRow, WhoAmI,
};
use crate::identity::Assurance;
use crate::ids::{ClientName, FactId, RequestId, UserId};
use crate::tui::message::{Act, Answer, Call, Whose};

pub(super) const NOW: i64 = 1_790_000_000_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// Clears the screen, turns the direction, rings, hides, and begins a line of its own.
pub(super) const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}<script>\u{202e}evil\u{202c} a\u{200b}b\nnext line\r\u{9b}31m漢字🎉";

pub(super) fn fact_id(number: u8) -> FactId {
    FactId::from_bytes([number; 16])
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

/// A call in words.
pub(super) fn describe(call: &Call) -> String {
    let whose = |whose: &Whose| match whose {
        Whose::User(user) => user.to_string(),
        Whose::Sandbox(id) => format!("sandbox {}", &id[..4]),
    };
    match call {
        Call::WhoAmI => "whoami".to_owned(),
        Call::Overview => "overview".to_owned(),
        Call::Decisions(filter) => format!("decisions {}", said(filter)),
        Call::Explain(request) => format!("explain {request}"),
        Call::Users(filter) => format!("users {}", said(filter)),
        Call::User(user) => format!("user {user}"),
        Call::Facts { whose: of, filter, reason } => format!("facts of {} because {reason} {}", whose(of), said(filter)),
        Call::Sandboxes(cursor) => format!("sandboxes {cursor:?}"),
        Call::Sandbox(id) => format!("sandbox {}", &id[..4]),
        Call::Upstreams => "upstreams".to_owned(),
        Call::Budgets => "budgets".to_owned(),
        Call::BudgetUsers(filter) => format!("budget users {}", said(filter)),
        Call::Audit(filter) => format!("audit {}", said(filter)),
        Call::Verify => "verify".to_owned(),
        Call::Replay(query) => format!("replay {}", query.mode),
        Call::Act(act) => describe_act(act),
    }
}

fn describe_act(act: &Act) -> String {
    match act {
        Act::AmendFact { user, fact, change, reason } => {
            format!("amend {} of {user} because {reason}: {}", fact.as_bytes()[0], said(change))
        }
        Act::AddFact { user, text, reason } => format!("add to {user} because {reason}: {text}"),
        Act::DeleteFact { user, fact, reason } => format!("delete {} of {user} because {reason}", fact.as_bytes()[0]),
        Act::Erase { user, reason } => format!("erase {user} because {reason}"),
        Act::Merge { from, into, reason } => format!("merge {from} into {into} because {reason}"),
        Act::UndoMerge { user, merge, reason } => format!("undo {} of {user} because {reason}", merge.as_bytes()[0]),
        Act::LowerRatchet(user) => format!("lower {user}"),
        Act::Promote { id, user, facts, end, reason } => {
            let facts: Vec<u8> = facts.iter().map(|fact| fact.as_bytes()[0]).collect();
            format!("promote {facts:?} of {} to {user} because {reason}, end {end}", &id[..4])
        }
        Act::EndSandbox(id) => format!("end {}", &id[..4]),
        Act::ResetBudget(reset) => format!("reset {} of {}", reset.rule, reset.user),
    }
}

/// What a filter or a change says, without what it leaves open.
fn said(filter: &impl serde::Serialize) -> String {
    let mut value = serde_json::to_value(filter).unwrap();
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null() && *value != json!(false));
    value.to_string()
}

/// What is answered to a call.
pub(super) fn answer(call: &Call) -> Answer {
    match call {
        Call::WhoAmI => {
            let who: WhoAmI = serde_json::from_value(json!({"name": "local", "role": "operator", "via": "socket"})).unwrap();
            Answer::WhoAmI(who)
        }
        Call::Overview => Answer::Overview(Box::new(overview())),
        Call::Decisions(_) => Answer::Decisions(page((0..40).map(decision).collect())),
        Call::Explain(_) => Answer::Explanation(Box::new(explanation())),
        Call::Users(filter) => {
            let first = filter.cursor.is_none();
            let rows = if first { users() } else { vec![user_row("default:zoe", None)] };
            Answer::Users(Page { items: rows, next: first.then(|| "more".to_owned()), total: Some(5) })
        }
        Call::User(user) => Answer::User(Box::new(user_detail(user))),
        Call::Facts { .. } => Answer::Facts(page((1..=4).map(fact).collect())),
        Call::Sandboxes(_) => Answer::Sandboxes(page(vec![sandbox('a'), sandbox('b')])),
        Call::Sandbox(_) => {
            let facts = FactCounts { active: 4, held: 0, forgotten: 0, history: 1 };
            Answer::Sandbox(Box::new(SandboxDetail { row: sandbox('a'), facts, waiting_turns: 2 }))
        }
        Call::Upstreams => Answer::Upstreams(page(upstreams())),
        Call::Budgets => Answer::Budgets(vec![BudgetRow {
            name: "daily".to_owned(),
            scope: "each user, of every client".to_owned(),
            limits: vec![limit("tokens", 200_000), limit("money", 2_500_000)],
            accounts: 2,
        }]),
        Call::BudgetUsers(_) => Answer::BudgetUsers(page(vec![account("default:alice", "hard"), account("default:bob", "open")])),
        Call::Audit(_) => Answer::Audit(page(audit())),
        Call::Verify => Answer::Verification(AuditVerification {
            intact: false,
            records: 1234,
            files: 2,
            first: Some(1),
            last: Some(1235),
            faults: vec![AuditFault {
                file: "audit.jsonl".to_owned(),
                line: 17,
                what: "record 17 is missing: somebody removed it, or the file was cut".to_owned(),
            }],
            took_ms: 12,
        }),
        Call::Replay(query) => Answer::Replay(Box::new(replay(&query.mode))),
        Call::Act(act) => answer_act(act),
    }
}

fn answer_act(act: &Act) -> Answer {
    match act {
        Act::AmendFact { fact: id, change, .. } => {
            let mut now = fact(id.as_bytes()[0]);
            now.text = change.text.clone().unwrap_or(now.text);
            now.status = change.status.clone().unwrap_or(now.status);
            now.pinned = change.pinned.unwrap_or(now.pinned);
            Answer::Fact { before: Some(*id), now: Box::new(now) }
        }
        Act::AddFact { text, .. } => Answer::Fact { before: None, now: Box::new(FactView { text: text.clone(), ..fact(9) }) },
        Act::DeleteFact { fact, .. } => Answer::Gone(*fact),
        act => Answer::Done(format!("It was done: {}.", describe_act(act))),
    }
}

fn page<T>(items: Vec<T>) -> Page<T> {
    Page { total: Some(items.len() as u64), items, next: None }
}

pub(super) fn decision(number: u16) -> DecisionRow {
    let (decision, reason, status) = [
        ("admit", "verified", 200),
        ("refuse", "identity_signature_invalid", 401),
        ("sandbox", "identity_missing", 200),
        ("bypass", "identity_missing", 200),
    ][usize::from(number % 4)];
    DecisionRow {
        time: NOW - i64::from(number) * 7_000,
        request: format!("0190a1b2c3d4000000000000{number:08x}"),
        client: "open-webui".to_owned(),
        peer: "10.0.0.7".to_owned(),
        user: (decision == "admit").then(|| "default:alice".to_owned()),
        source: Some("open_webui_jwt".to_owned()),
        assurance: Some("verified".to_owned()),
        mode: "required".to_owned(),
        decision: decision.to_owned(),
        reason: reason.to_owned(),
        error: (decision == "refuse").then(|| reason.to_owned()),
        shadow: None,
        route: "chat".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/chat/completions".to_owned(),
        model: Some(if number == 0 { HOSTILE.to_owned() } else { "llama3.2:3b".to_owned() }),
        upstream: Some("ollama".to_owned()),
        status: Some(status),
        outcome: "complete".to_owned(),
        facts_used: 3,
        messages_cut: 0,
        tokens_in: Some(812),
        tokens_out: Some(120),
        duration_ms: 1234.5,
        first_token_ms: Some(210.0),
    }
}

fn explanation() -> Explanation {
    let step =
        |name: &str, result: &str, why: &str| Step { name: name.to_owned(), result: result.to_owned(), why: why.to_owned() };
    let mode = |mode: &str, decision: &str, reason: &str| ModeOutcome {
        mode: mode.to_owned(),
        decision: decision.to_owned(),
        reason: reason.to_owned(),
    };
    Explanation {
        row: decision(1),
        steps: vec![
            step("client", "open-webui", "The key of the request is the one that is configured for it."),
            step(
                "evidence",
                "invalid",
                "The signature does not fit the body: it was changed after it was signed, or the secret differs.",
            ),
            step("decision", "refuse", HOSTILE),
        ],
        modes: vec![
            mode("strict", "refuse", "identity_signature_invalid"),
            mode("quarantine", "sandbox", "identity_signature_invalid"),
            mode("legacy", "bypass", "identity_signature_invalid"),
        ],
        remedy: Some("Have Open WebUI sign with the secret that `trust.signing_keys` names.".to_owned()),
    }
}

fn seen(minutes: i64) -> Seen {
    Seen {
        at: NOW - minutes * MINUTE,
        client: ClientName::parse("open-webui").unwrap(),
        source: Some("open_webui_jwt".to_owned()),
        assurance: Some("verified".to_owned()),
        requests: 12_345,
    }
}

fn user_row(name: &str, last: Option<i64>) -> UserRow {
    UserRow { user: user(name), created_at: NOW - 100 * HOUR, ratchet: Some(Assurance::Verified), keys: 1, seen: last.map(seen) }
}

fn users() -> Vec<UserRow> {
    vec![
        user_row("default:alice", Some(3)),
        user_row("default:<script>alert(1)</script>", None),
        user_row("default:مستخدم", Some(90)),
        user_row("family:漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", Some(3000)),
    ]
}

fn user_detail(id: &UserId) -> UserDetail {
    let merge = |number: u8, undone_at: Option<i64>| -> MergeView {
        let at = NOW - i64::from(number) * HOUR;
        let merge = json!({"id": RequestId::from_bytes([number; 16]), "from": "default:alice2", "into": id, "at": at, "operator": "local",
                           "facts": 7, "undone_at": undone_at});
        serde_json::from_value(merge).unwrap()
    };
    UserDetail {
        row: UserRow { user: id.clone(), ..user_row("default:alice", Some(3)) },
        facts: FactCounts { active: 41, held: 2, forgotten: 1, history: 9 },
        bytes: 1_234_567,
        keys_made: Vec::new(),
        upstream_keys: vec![UpstreamKeyHint {
            provider: "openai".to_owned(),
            hint: "k9Zz".to_owned(),
            created_at: NOW - 9 * HOUR,
        }],
        erased_at: None,
        merges: vec![merge(1, Some(NOW)), merge(2, None), merge(3, None)],
        waiting_turns: 1,
    }
}

fn fact(number: u8) -> FactView {
    let text = match number {
        1 => "Lives in Łódź with a cat called Mruczek",
        2 => HOSTILE,
        3 => "Is allergic to peanuts, and has told so in three conversations, each time with more and more words than needed",
        _ => "Works as a nurse",
    };
    FactView {
        id: fact_id(number),
        text: text.to_owned(),
        kind: "personal".to_owned(),
        tier: "core".to_owned(),
        slot: None,
        status: if number == 3 { "held" } else { "active" }.to_owned(),
        held_for: (number == 3).then(|| "said by a page that was pasted".to_owned()),
        current: number != 3,
        pinned: number == 1,
        created_at: NOW - 5 * HOUR,
        valid_at: NOW - 5 * HOUR,
        invalid_at: None,
        expires_at: None,
        superseded_by: None,
        source: FactSource {
            origin: "rule:remember".to_owned(),
            quote: format!("remember that: {HOSTILE}"),
            client: "open-webui".to_owned(),
            session: Some("chat-1".to_owned()),
            assurance: "verified".to_owned(),
        },
    }
}

fn sandbox(digit: char) -> SandboxRow {
    SandboxRow {
        id: digit.to_string().repeat(64),
        created_at: NOW - 2 * HOUR,
        expires_at: NOW + 70 * HOUR,
        seen: (digit == 'a').then(|| seen(5)),
        bytes: 40_960,
    }
}

pub(super) fn upstreams() -> Vec<UpstreamRow> {
    let row = |name: &str, condition: &str, well| UpstreamRow {
        name: name.to_owned(),
        address: "http://127.0.0.1:11434/".to_owned(),
        dialects: vec!["openai".to_owned(), "ollama".to_owned()],
        condition: condition.to_owned(),
        well,
        priority: 0,
        running: 3,
        waiting: 0,
        concurrency: Some(8),
        models: Vec::new(),
        requests: 123_456,
        errors: 12,
    };
    vec![row("ollama", "well", true), row("spare", "ejected", false)]
}

fn limit(kind: &str, limit: u64) -> BudgetLimit {
    BudgetLimit { kind: kind.to_owned(), limit }
}

fn account(user: &str, zone: &str) -> BudgetAccount {
    let standing = |kind: &str, zone: &str, used, limit| BudgetStanding {
        kind: kind.to_owned(),
        zone: zone.to_owned(),
        used,
        reserved: 0,
        limit,
        resets_at: Some(NOW + 5 * HOUR),
    };
    let limits = vec![standing("tokens", zone, 199_000, 200_000), standing("money", "open", 120_000, 2_500_000)];
    BudgetAccount { user: user.to_owned(), rule: "daily".to_owned(), limits }
}

fn audit() -> Vec<AuditLine> {
    let line = |seq, record| AuditLine { seq, record };
    vec![
        line(
            1235,
            json!({"type": "operator", "time": "2026-09-21T13:33:20.123Z", "act": "facts.read", "operator": "local", "user": "default:alice",
                   "reason": HOSTILE, "outcome": "done"}),
        ),
        line(
            1234,
            json!({"type": "request", "time": "2026-09-21T13:33:19.002Z", "request": "0190a1b2", "client": "open-webui", "user": "default:bob",
                   "decision": "admit", "reason": "verified", "budget": {"rule": "daily", "kind": "tokens", "zone": "soft"}}),
        ),
    ]
}

fn replay(mode: &str) -> ReplayReport {
    ReplayReport {
        mode: mode.to_owned(),
        considered: 5000,
        since: Some(NOW - 26 * HOUR),
        unchanged: 4790,
        changes: vec![ReplayChange {
            client: "sillytavern".to_owned(),
            from: "admit".to_owned(),
            to: "refuse".to_owned(),
            reason: "assurance_too_low".to_owned(),
            requests: 210,
            users: 3,
            first_at: NOW - 26 * HOUR,
            last_at: NOW - HOUR,
            needs: "A per-user key for each person, or signed headers.".to_owned(),
            examples: vec!["0190a1b2".to_owned(), "0190a1b3".to_owned()],
        }],
    }
}
