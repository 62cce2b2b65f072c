//! People, facts and accounts, made up around one text.

use crate::admin::api::{
    BudgetAccount, BudgetLimit, BudgetRow, BudgetStanding, ClientRow, FactCounts, FactSource, FactView, MadeUserKey, MergeView,
    Page, SandboxRow, Seen, SessionRow, ShownKey, TenantView, UpstreamKeyHint, UserDetail, UserKeyView, UserRow, VisitView,
};
use crate::identity::Assurance;
use crate::ids::{ClientName, FactId, KeyId, RequestId, SessionId, TenantId, UserId};

const AT: i64 = 1_700_000_000_000;

/// As hostile as a name can be: what is invisible is refused before it becomes one.
pub fn person() -> UserId {
    UserId::parse("acme:\"><script>alert(1)</script>' onmouseover='x").unwrap()
}

/// What fits into an address: the gate takes no head of more than 32 KiB.
pub fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

pub fn page<T>(item: T, cursor: &str) -> Page<T> {
    Page { items: vec![item], next: Some(short(cursor)), total: Some(1) }
}

pub fn seen(text: &str) -> Seen {
    let client = ClientName::parse("open-webui").unwrap();
    Seen { at: AT, client, source: Some(text.to_owned()), assurance: Some(text.to_owned()), requests: 1_234 }
}

pub fn tenant() -> TenantView {
    TenantView { tenant: TenantId::default(), users: 3, bytes: 4096, keys: 2 }
}

pub fn key(text: &str) -> UserKeyView {
    UserKeyView {
        id: KeyId::fresh(),
        user: person(),
        label: text.to_owned(),
        hint: text.to_owned(),
        created_at: AT,
        revoked_at: None,
    }
}

pub fn made(text: &str) -> MadeUserKey {
    MadeUserKey { id: KeyId::fresh(), user: person(), key: ShownKey(text.to_owned()) }
}

pub fn merged(text: &str) -> MergeView {
    let from = UserId::parse("other").unwrap();
    MergeView {
        id: RequestId::fresh(),
        from,
        into: person(),
        at: AT,
        operator: text.to_owned(),
        facts: 3,
        left: 1,
        undone_at: None,
        kept: 1,
    }
}

pub fn visit(text: &str) -> VisitView {
    VisitView { at: AT, operator: text.to_owned(), act: text.to_owned(), reason: text.to_owned() }
}

pub fn session() -> SessionRow {
    let session = SessionId::try_from("chat-1".to_owned()).unwrap();
    SessionRow { user: person(), session, used_at: AT, requests: 2, running: 1 }
}

pub fn detail(text: &str) -> UserDetail {
    let row = UserRow { user: person(), created_at: AT, ratchet: Some(Assurance::Verified), keys: 1, seen: Some(seen(text)) };
    UserDetail {
        row,
        facts: FactCounts { active: 1, held: 2, forgotten: 3, history: 4 },
        bytes: 5_000_000,
        keys_made: vec![key(text), UserKeyView { revoked_at: Some(AT), ..key("") }],
        upstream_keys: vec![UpstreamKeyHint { provider: text.to_owned(), hint: text.to_owned(), created_at: AT }],
        erased_at: Some(AT),
        merges: vec![merged(text), MergeView { undone_at: Some(AT), ..merged(text) }],
        waiting_turns: 1,
    }
}

pub fn fact(text: &str, status: &str) -> FactView {
    let own = || text.to_owned();
    FactView {
        id: FactId::fresh(),
        text: own(),
        kind: own(),
        tier: "passing".to_owned(),
        slot: Some(own()),
        status: status.to_owned(),
        held_for: Some(own()),
        current: true,
        pinned: true,
        created_at: AT,
        valid_at: AT + 1,
        invalid_at: Some(AT),
        expires_at: Some(i64::MAX),
        superseded_by: Some(FactId::fresh()),
        source: FactSource {
            origin: "rule:remember".to_owned(),
            quote: own(),
            client: "open-webui".to_owned(),
            session: Some(own()),
            assurance: "vouched".to_owned(),
        },
    }
}

pub fn sandbox(text: &str) -> SandboxRow {
    SandboxRow { id: text.to_owned(), created_at: AT, expires_at: AT + 1, seen: Some(seen(text)), bytes: 4096 }
}

pub fn rule(text: &str) -> BudgetRow {
    let limits =
        vec![BudgetLimit { kind: text.to_owned(), limit: 100 }, BudgetLimit { kind: "money".to_owned(), limit: 2_500_000 }];
    BudgetRow { name: text.to_owned(), scope: text.to_owned(), limits, accounts: 1 }
}

pub fn account(text: &str) -> BudgetAccount {
    let (kind, zone) = (text.to_owned(), text.to_owned());
    let standing = BudgetStanding { kind, zone, used: 50, reserved: 10, limit: 0, resets_at: Some(AT) };
    BudgetAccount { user: text.to_owned(), rule: text.to_owned(), limits: vec![standing] }
}

pub fn client(text: &str) -> ClientRow {
    let own = || text.to_owned();
    ClientRow {
        name: own(),
        mode: own(),
        known_by: vec![own()],
        sources: vec![own()],
        vouch: own(),
        tenant: Some(own()),
        memory: own(),
        requests: 1,
        refused: 1,
        active_users: 1,
        seen_at: None,
    }
}
