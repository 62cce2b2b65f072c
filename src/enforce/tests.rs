//! Scopes, sandboxes, tickets and the operator's way in.

use std::collections::HashSet;
use std::net::IpAddr;

use proptest::prelude::*;

use super::operator::{AuditedAct, OperatorAct, scope_for};
use super::*;
use crate::identity::{Evidence, Finding, KeyHash, Resolution};
use crate::ids::{SessionId, TenantId};
use crate::policy::Decision;

fn resolution(client: &str) -> Resolution {
    Resolution {
        client: ClientName::parse(client).unwrap(),
        client_authenticated: false,
        finding: Finding::None { looked_for: vec![] },
        user_named: false,
        session: None,
        session_guessable: false,
        task: None,
        stray_credential: None,
        ignored_headers: 2,
        dropped_groups: 0,
        tenant: None,
    }
}

fn peer(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn sandbox(resolution: &Resolution, from: &str, claimed: Option<&str>) -> UserScope {
    let decision = Decision::Sandbox { claimed: claimed.map(str::to_owned), reason: "asserted_unknown" };
    match admit(decision, resolution, peer(from)) {
        Ok(Grant::Scoped { scope, reason: "asserted_unknown", advice: false }) => scope,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_admitted_user_gets_that_users_scope() {
    let user = UserId::parse("acme:alice").unwrap();
    let decision = Decision::Admit { user: user.clone(), assurance: Assurance::Asserted, reason: "asserted", advice: true };
    let Ok(Grant::Scoped { scope, reason, advice }) = admit(decision, &resolution("ui"), peer("::1")) else { panic!() };
    assert_eq!((scope.user(), scope.assurance(), scope.is_sandbox()), (&user, Assurance::Asserted, false));
    assert_eq!((scope.client().as_str(), reason, advice), ("ui", "asserted", true));
    assert!(!format!("{scope:?}").contains("alice"));
}

#[test]
fn a_bypass_has_no_scope_and_a_refusal_names_no_user() {
    let bypass = Decision::Bypass { reason: "client_itself", advice: false };
    assert_eq!(admit(bypass, &resolution("ui"), peer("::1")), Ok(Grant::Unscoped { reason: "client_itself", advice: false }));
    let refuse = Decision::Refuse { status: 401, reason: "identity_missing", message: "send a key".to_owned() };
    let Err(refusal) = admit(refuse, &resolution("ui"), peer("203.0.113.9")) else { panic!() };
    assert_eq!((refusal.status, refusal.code, refusal.message.as_str()), (401, "identity_missing", "send a key"));
    assert_eq!(refusal.detail, "client ui without a key, peer 203.0.113.9, found no evidence, ignored identity headers 2");
}

#[test]
fn two_unknown_people_never_share_a_sandbox() {
    let plain = resolution("ui");
    let chat = |id| Resolution { session: Some(SessionId::parse(id).unwrap()), ..resolution("ui") };
    let keyed = |byte| Resolution { stray_credential: Some(KeyHash([byte; 32])), ..chat("c1") };
    let scopes = [
        sandbox(&plain, "10.0.0.1", Some("alice")),
        sandbox(&plain, "10.0.0.1", Some("bob")),
        sandbox(&plain, "10.0.0.2", Some("alice")),
        sandbox(&plain, "::1", Some("alice")),
        sandbox(&resolution("u"), "10.0.0.1", Some("alice")),
        sandbox(&resolution("unknown"), "10.0.0.1", Some("alice")),
        sandbox(&keyed(1), "10.0.0.1", None),
        sandbox(&keyed(2), "10.0.0.1", None),
        sandbox(&chat("c1"), "10.0.0.1", None),
        sandbox(&chat("c2"), "10.0.0.1", None),
    ];
    assert_eq!(scopes.iter().map(UserScope::user).collect::<HashSet<_>>().len(), scopes.len());
    for scope in &scopes {
        assert!(scope.is_sandbox());
        assert_eq!((scope.user().tenant(), scope.assurance()), (&TenantId::sandbox(), Assurance::Anonymous));
        assert_eq!(scope.user().name().len(), 64);
    }
}

#[test]
fn where_nothing_tells_people_apart_there_is_no_sandbox() {
    let authenticated = Resolution { client_authenticated: true, ..resolution("open-webui") };
    // A key may be a whole UI's, and a session that anybody may name is anybody's.
    let keyed = Resolution { stray_credential: Some(KeyHash([1; 32])), ..resolution("ui") };
    let named = Resolution { session: Some(SessionId::parse("default").unwrap()), session_guessable: true, ..resolution("ui") };
    for resolution in [resolution("unknown"), authenticated, keyed, named] {
        for claimed in [None, Some(""), Some(" "), Some("{{LIBRECHAT_USER_ID}}")] {
            let decision = Decision::Sandbox { claimed: claimed.map(str::to_owned), reason: "identity_missing" };
            let granted = admit(decision, &resolution, peer("10.0.0.1"));
            assert_eq!(granted, Ok(Grant::Unscoped { reason: "identity_missing", advice: false }), "{claimed:?}");
        }
    }
}

#[test]
fn a_sandbox_is_found_again() {
    let claimed = |scope: UserScope| scope.user().name().to_owned();
    let first = claimed(sandbox(&resolution("ui"), "10.0.0.1", Some("alice")));
    // A new chat, another key or the same address in another form is the same claim of the same peer.
    let later = Resolution {
        session: Some(SessionId::parse("c2").unwrap()),
        stray_credential: Some(KeyHash([1; 32])),
        ..resolution("ui")
    };
    assert_eq!(claimed(sandbox(&later, "::ffff:10.0.0.1", Some("alice"))), first);
    // Pinned: the name must be the same after a restart and an upgrade.
    assert_eq!(first, "8e7a1c1dd5d0fdb90e6e7144cd62a296f86ebd1f7fd63a47995e01dbbb179d83");
}

#[test]
fn a_ticket_brings_back_the_scope_and_the_session() {
    let key = TicketKey::new(&[7; 32]);
    let session = SessionId::parse("chat-1").unwrap();
    for assurance in [Assurance::Anonymous, Assurance::Asserted, Assurance::Vouched, Assurance::Verified] {
        let scope = test_scope("acme:Alice Ω: b", assurance);
        assert_eq!(key.redeem(&key.issue(&scope, None)), Ok((test_scope("acme:Alice Ω: b", assurance), None)));
        let ticket = Ticket::from_bytes(key.issue(&scope, Some(&session)).as_bytes());
        assert_eq!(key.redeem(&ticket), Ok((scope, Some(session.clone()))));
    }
    let sandboxed = sandbox(&resolution("ui"), "10.0.0.1", Some("alice"));
    let (scope, _) = key.redeem(&key.issue(&sandboxed, None)).unwrap();
    assert_eq!(scope, sandboxed);
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_ticket_is_refused() {
    let key = TicketKey::new(&[7; 32]);
    let ticket = key.issue(&test_scope("alice", Assurance::Verified), SessionId::parse("c").ok().as_ref());
    for index in 0..ticket.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = ticket.as_bytes().to_vec();
            bytes[index] ^= 1 << bit;
            assert_eq!(key.redeem(&Ticket::from_bytes(&bytes)), Err(TicketError::Forged), "byte {index} bit {bit}");
        }
        assert_eq!(key.redeem(&Ticket::from_bytes(&ticket.as_bytes()[..index])), Err(TicketError::Forged));
    }
    assert_eq!(TicketKey::new(&[8; 32]).redeem(&ticket), Err(TicketError::Forged));
    assert!(!format!("{key:?}").contains('7'));
}

proptest! {
    #[test]
    fn no_bytes_are_a_ticket_by_chance(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(TicketKey::new(&[7; 32]).redeem(&Ticket::from_bytes(&bytes)), Err(TicketError::Forged));
    }

    #[test]
    fn tickets_round_trip(name in "[^\\p{C}\\p{Z}{}:]{1,60}", session in "[!-.0-\\[\\]-~]{3,40}") {
        let (key, session) = (TicketKey::new(&[7; 32]), SessionId::parse(&session).unwrap());
        let scope = test_scope(&name, Assurance::Vouched);
        prop_assert_eq!(key.redeem(&key.issue(&scope, Some(&session))), Ok((scope, Some(session))));
    }
}

#[test]
fn an_operator_gets_in_behind_the_audit_record_alone() {
    let alice = UserId::parse("alice").unwrap();
    let act = OperatorAct { user: &alice, operator: "root", act: "facts.read", reason: "asked by alice" };
    let refused = AuditedAct::record(&act, |_| Err("disk full"));
    assert_eq!(refused.err(), Some("disk full"));
    let mut written = Vec::new();
    let proof = AuditedAct::record(&act, |act| {
        written.push(format!("{} {} {}", act.operator, act.act, act.user));
        Ok::<_, ()>(())
    });
    assert_eq!(written, ["root facts.read default:alice"]);
    let scope = scope_for(proof.unwrap());
    assert_eq!((scope.user(), scope.assurance(), scope.client().as_str()), (&alice, Assurance::Anonymous, "operator"));
    let sandboxed = sandbox(&resolution("ui"), "10.0.0.1", Some("bob"));
    let act = OperatorAct { user: sandboxed.user(), ..act };
    assert!(scope_for(AuditedAct::record(&act, |_| Ok::<_, ()>(())).unwrap()).is_sandbox());
}

#[test]
fn a_scope_is_in_the_groups_of_its_evidence_and_of_the_configuration_and_a_sandbox_in_none() {
    let files = serde_json::json!([{"name": "lab", "users": ["acme:alice"]}, {"name": "ui-people", "clients": ["ui"]}]);
    let clients = serde_json::json!([{"name": "ui", "peers": ["10.0.0.1"]}]);
    let settings = crate::policy::resolve(
        &crate::policy::TrustFile::default(),
        &serde_json::from_value::<Vec<_>>(clients).unwrap(),
        &[],
        &serde_json::from_value::<Vec<_>>(files).unwrap(),
        &mut crate::setting::Faults::default(),
    );
    let names =
        |scope: &UserScope| settings.groups_of(scope).iter().map(|group| group.as_str().to_owned()).collect::<Vec<_>>().join(" ");
    let user = UserId::parse("acme:alice").unwrap();
    let groups = vec![GroupName::parse("staff").unwrap()];
    let evidence = Evidence { user: user.clone(), assurance: Assurance::Verified, source: "jwt", groups };
    let resolution = Resolution { finding: Finding::Valid(evidence), ..resolution("ui") };
    let admitted = |user| {
        let decision = Decision::Admit { user, assurance: Assurance::Verified, reason: "verified", advice: false };
        let Ok(Grant::Scoped { scope, .. }) = admit(decision, &resolution, peer("::1")) else { panic!() };
        scope
    };
    assert_eq!(names(&admitted(user)), "staff lab ui-people");
    // Groups go with the user whom the evidence is about.
    assert_eq!(names(&admitted(UserId::parse("alice").unwrap())), "ui-people");
    assert_eq!(names(&sandbox(&resolution, "10.0.0.1", Some("acme:alice"))), "");
}

#[test]
fn a_sandbox_is_held_to_its_clients_tenant() {
    let clients = serde_json::json!([{"name": "ui", "peers": ["10.0.0.1"], "tenant": "acme"}]);
    let tenants = serde_json::json!([{"name": "acme", "upstreams": ["ours"]}, {"name": "globex"}]);
    let settings = crate::policy::resolve(
        &crate::policy::TrustFile::default(),
        &serde_json::from_value::<Vec<_>>(clients).unwrap(),
        &serde_json::from_value::<Vec<_>>(tenants).unwrap(),
        &[],
        &mut crate::setting::Faults::default(),
    );
    let name = |scope: &UserScope| settings.tenant_of(scope).map(|tenant| tenant.name.as_str().to_owned());
    assert_eq!(name(&sandbox(&resolution("ui"), "10.0.0.1", Some("alice"))).as_deref(), Some("acme"));
    assert_eq!(name(&sandbox(&resolution("other"), "10.0.0.1", Some("acme:alice"))), None);
    assert_eq!(name(&test_scope("globex:alice", Assurance::Verified)).as_deref(), Some("globex"));
    assert_eq!(name(&test_scope("alice", Assurance::Verified)), None);
}

#[test]
fn equal_names_of_two_tenants_have_two_sandboxes() {
    let names = ["alice", "acme:alice", "globex:alice"];
    let scopes = names.map(|claimed| {
        let claimed = UserId::parse(claimed).unwrap().to_string();
        sandbox(&resolution("ui"), "10.0.0.1", Some(&claimed)).user().clone()
    });
    assert_eq!(scopes.iter().collect::<HashSet<_>>().len(), names.len());
}
