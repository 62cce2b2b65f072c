//! Tenants and groups: as they are written, and what they do to decisions.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::ids::{GroupName, TenantId};
use crate::policy::{
    Decision, Directory, GroupFile, MembershipSource, PathClass, Standing, TenantFile, TrustMode, TrustSettings, check_upstreams,
    resolve,
};
use crate::setting::{Fault, Faults};

struct Nobody;

impl Directory for Nobody {
    fn standing(&self, _: &UserId) -> Standing {
        Standing::default()
    }
}

fn load(file: &Value) -> (TrustSettings, Vec<Fault>) {
    fn part<T: serde::de::DeserializeOwned + Default>(file: &Value, name: &str) -> T {
        file.get(name).map_or_else(T::default, |part| serde_json::from_value(part.clone()).unwrap())
    }
    let mut faults = Faults::default();
    let tenants: Vec<TenantFile> = part(file, "tenants");
    let groups: Vec<GroupFile> = part(file, "groups");
    let settings = resolve(&part(file, "trust"), &part::<Vec<_>>(file, "clients"), &tenants, &groups, &mut faults);
    check_upstreams(&tenants, |name| name == "ollama", &mut faults);
    (settings, faults.into_vec())
}

fn sound(file: &Value) -> TrustSettings {
    let (settings, faults) = load(file);
    assert_eq!(faults, [], "{file}");
    settings
}

fn paths(file: &Value) -> Vec<String> {
    let (_, faults) = load(file);
    assert!(faults.iter().all(|fault| fault.reason.len() > 5 && fault.remedy.len() > 5));
    faults.into_iter().map(|fault| fault.path).collect()
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn of(who: &str, assurance: Assurance) -> Resolution {
    resolution(Finding::Valid(Evidence { user: user(who), assurance, source: "jwt", groups: Vec::new() }))
}

/// What becomes of a chat: the decision, the reason, and who is admitted.
fn told(settings: &TrustSettings, found: &Resolution) -> String {
    let verdict = settings.judge(found, PathClass::Conversation, &Nobody);
    let who = match &verdict.decision {
        Decision::Admit { user, .. } => format!(" {user}"),
        Decision::Sandbox { claimed, .. } => format!(" {}", claimed.as_deref().unwrap_or("-")),
        Decision::Bypass { .. } | Decision::Refuse { .. } => String::new(),
    };
    format!("{} {}{who}", verdict.decision.as_str(), verdict.decision.reason())
}

#[test]
fn the_stricter_of_the_clients_and_the_tenants_mode_counts() {
    const MODES: [TrustMode; 4] = [TrustMode::Strict, TrustMode::Required, TrustMode::Quarantine, TrustMode::Legacy];
    for (by_client, client_mode) in MODES.into_iter().enumerate() {
        for (by_tenant, tenant_mode) in MODES.into_iter().enumerate() {
            let settings = sound(&json!({
                "trust": {"mode": client_mode.as_str()},
                "tenants": [{"name": "acme", "mode": tenant_mode.as_str()}, {"name": "globex"}],
            }));
            let mode = |who: &str| settings.terms(&of(who, Assurance::Verified)).mode;
            assert_eq!(mode("acme:ann"), MODES[by_client.min(by_tenant)], "{client_mode:?} {tenant_mode:?}");
            assert_eq!((mode("globex:ann"), mode("ann")), (client_mode, client_mode));
        }
    }
}

#[test]
fn the_shadow_mode_is_not_laxer_than_a_tenants() {
    let settings = sound(&json!({
        "trust": {"mode": "legacy", "shadow": "quarantine"}, "tenants": [{"name": "acme", "mode": "required"}],
    }));
    let shadow = |who: &str| {
        let shadow = settings.judge(&of(who, Assurance::Asserted), PathClass::Conversation, &Nobody).shadow.unwrap();
        (shadow.mode, shadow.decision)
    };
    assert_eq!(shadow("acme:ann"), (TrustMode::Required, "admit"));
    assert_eq!(shadow("ann"), (TrustMode::Quarantine, "sandbox"));
}

#[test]
fn a_tenant_that_is_not_listed_is_invalid_evidence_once_one_is() {
    let listed = |mode: &str, unlisted: &str| {
        let trust = json!({"mode": mode, "unlisted_tenants": unlisted});
        sound(&json!({"trust": trust, "tenants": [{"name": "acme"}]}))
    };
    let verified = |who| of(who, Assurance::Verified);
    for (mode, refused) in [
        ("strict", "refuse tenant_unknown"),
        ("required", "refuse tenant_unknown"),
        ("quarantine", "sandbox tenant_unknown globex:ann"),
        ("legacy", "bypass tenant_unknown"),
    ] {
        assert_eq!(told(&listed(mode, "refuse"), &verified("globex:ann")), refused);
        for (who, settings) in [
            ("acme:ann", listed(mode, "refuse")),
            ("ann", listed(mode, "refuse")),
            ("globex:ann", listed(mode, "allow")),
            ("globex:ann", sound(&json!({"trust": {"mode": mode}}))),
        ] {
            assert_eq!(told(&settings, &verified(who)), format!("admit verified {}", user(who)), "{mode}");
        }
    }
}

#[test]
fn nobody_is_the_default_user_of_the_tenant_that_the_request_is_of() {
    let settings = sound(&json!({
        "trust": {"mode": "legacy", "default_user": "guest"},
        "tenants": [{"name": "acme"}, {"name": "strict", "mode": "strict"}],
        "clients": [
            {"name": "of-acme", "tenant": "acme", "peers": ["10.0.0.1"]},
            {"name": "muxi", "identity": ["muxi"], "peers": ["10.0.0.2"]},
            {"name": "muxi-of-acme", "identity": ["muxi"], "tenant": "acme", "peers": ["10.0.0.3"]},
            {"name": "optimizer", "identity": ["ai_optimizer"], "peers": ["10.0.0.4"]},
            {"name": "own", "default_user": "kiosk", "tenant": "acme", "peers": ["10.0.0.5"]},
            {"name": "elsewhere", "default_user": "acme:kiosk", "peers": ["10.0.0.6"]},
        ],
    }));
    for (client, named, expected) in [
        ("unknown", None, "admit default_user default:guest"),
        ("of-acme", None, "admit default_user acme:guest"),
        ("muxi", None, "admit default_user default:0"),
        ("muxi", Some("acme"), "admit default_user acme:0"),
        ("muxi", Some("globex"), "bypass tenant_unknown"),
        ("muxi", Some("strict"), "refuse identity_missing"),
        ("muxi-of-acme", None, "admit default_user acme:0"),
        ("optimizer", None, "admit default_user default:0"),
        ("own", None, "admit default_user acme:kiosk"),
        ("elsewhere", None, "admit default_user acme:kiosk"),
    ] {
        let client = ClientName::parse(client).unwrap();
        // As identity fills it in.
        let fixed = settings.fixed_tenant(&client).cloned();
        let found = Resolution { tenant: fixed.or_else(|| named.map(tenant)), client, ..resolution(none()) };
        assert_eq!(told(&settings, &found), expected, "{} {named:?}", found.client);
    }
}

#[test]
fn tenants_have_every_fault_told() {
    let file = json!({
        "tenants": [
            {"name": "acme", "upstreams": ["ollama", "nowhere"]}, {"name": "acme"}, {"name": "Acme"},
            {"name": "short", "retention": "10m"}, {"name": "empty", "upstreams": []},
        ],
        "clients": [
            {"name": "a", "tenant": "globex", "peers": ["10.0.0.1"]}, {"name": "b", "tenant": "B", "peers": ["10.0.0.2"]},
            {"name": "g", "tenant": "acme"}, {"name": "c", "tenant": "acme", "peers": ["10.0.0.3"], "default_user": "short:x"},
            {"name": "d", "default_user": "globex:x"}, {"name": "e", "default_user": " "}, {"name": "f", "groups_header": "X_Groups"},
        ],
        "trust": {"default_user": "nowhere:x"},
    });
    let mut found = paths(&file);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "clients[0].tenant",
            "clients[1].tenant",
            "clients[2].tenant",
            "clients[3].default_user",
            "clients[4].default_user",
            "clients[5].default_user",
            "clients[6].groups_header",
            "clients[6].groups_header",
            "tenants[0].upstreams[1]",
            "tenants[1].name",
            "tenants[2].name",
            "tenants[3].retention",
            "tenants[4].upstreams",
            "trust.default_user",
        ]
    );
    for wrong in [json!({"name": "a", "modus": "strict"}), json!({"mode": "strict"}), json!({"name": "a", "retention": 90})] {
        assert!(serde_json::from_value::<TenantFile>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn retention_is_a_tenants() {
    let settings = sound(&json!({"tenants": [{"name": "acme", "retention": "90d"}, {"name": "globex"}]}));
    assert_eq!(settings.tenants.retention(), [(tenant("acme"), Duration::from_hours(90 * 24))].into());
    assert_eq!(settings.tenant(&tenant("globex")).unwrap().retention, None);
    assert_eq!(settings.tenant(&tenant("initech")), None);
}

#[test]
fn two_issuers_do_not_name_people_of_one_tenant_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
    let issuer = |name: Option<&str>, change: Value| {
        let mut jwt = json!({"secret": {"file": secret}});
        if let Some(name) = name {
            jwt["issuer"] = name.into();
        }
        jwt.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"jwt": jwt})
    };
    let one = |change: Value| issuer(Some("https://a.example"), change);
    let other = |change: Value| issuer(Some("https://b.example"), change);
    let faults = |first: Value, second: Value, tenant: Option<&str>| {
        let mut clients = json!([{"name": "a", "identity": [first]}, {"name": "b", "identity": [second]}]);
        if let Some(tenant) = tenant {
            clients[1]["tenant"] = tenant.into();
            clients[1]["peers"] = json!(["10.0.0.1"]);
        }
        paths(&json!({"clients": clients}))
    };
    let plain = || json!({});
    assert_eq!(faults(one(plain()), other(plain()), None), ["clients[1].identity"]);
    let name = || json!({"user": "preferred_username"});
    assert_eq!(faults(one(name()), other(name()), None), ["clients[1].identity"]);
    for (first, second, tenant) in [
        (one(plain()), one(plain()), None),
        (one(plain()), other(json!({"fixed_tenant": "b"})), None),
        (one(plain()), other(json!({"fixed_tenant": "default"})), None),
        (one(plain()), other(json!({"tenant": "org"})), None),
        (one(plain()), other(plain()), Some("b")),
        // Another claim, another sort of name.
        (one(plain()), other(name()), None),
        // An address is one person's, whoever has checked it.
        (one(json!({"user": "email"})), other(json!({"user": "email"})), None),
        (one(plain()), issuer(None, plain()), None),
    ] {
        assert_eq!(faults(first.clone(), second.clone(), tenant), [""; 0], "{first} {second}");
    }
    // In one client, too; and an issuer is of its client's tenant.
    let both = json!({"clients": [{"name": "a", "identity": [one(plain()), other(plain())]}]});
    assert_eq!(paths(&both), ["clients[0].identity"]);
    assert_eq!(faults(one(plain()), other(json!({"fixed_tenant": "c"})), Some("b")), ["clients[1].identity"]);
    for wrong in [json!({"fixed_tenant": "A"}), json!({"groups_claim": ""})] {
        let path = wrong.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(faults(one(plain()), other(wrong), None), [format!("clients[1].identity[0].jwt.{path}")]);
    }
    let unlisted =
        json!({"clients": [{"name": "a", "identity": [one(json!({"fixed_tenant": "b"}))]}], "tenants": [{"name": "c"}]});
    assert_eq!(paths(&unlisted), ["clients[0].identity"]);
}

#[test]
fn groups_are_joined_from_evidence_and_configuration() {
    let settings = sound(&json!({
        "clients": [{"name": "lab-ui", "peers": ["10.0.0.1"]}],
        "groups": [
            {"name": "staff", "users": ["ann", "acme:bob"]},
            {"name": "acme-people", "tenants": ["acme"]},
            {"name": "lab", "clients": ["lab-ui"]},
            {"name": "admins", "users": ["ann"], "evidence": false},
        ],
    }));
    let told = |who: &str, client: &str, evidence: &[&str]| {
        let evidence: Vec<_> = evidence.iter().map(|name| GroupName::parse(name).unwrap()).collect();
        let found = settings.groups.of(&user(who), &ClientName::parse(client).unwrap(), &evidence);
        let mark = |source| if source == MembershipSource::Evidence { "?" } else { "" };
        found.iter().map(|one| format!("{}{}", one.group.as_str(), mark(one.source))).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(told("ann", "ui", &[]), "staff admins");
    // Equal names of two tenants are two people.
    assert_eq!(told("acme:ann", "ui", &[]), "acme-people");
    assert_eq!(told("bob", "ui", &[]), "");
    assert_eq!(told("acme:bob", "lab-ui", &[]), "staff acme-people lab");
    // A union; each once; and a group that only the configuration fills is nobody's to claim.
    assert_eq!(told("ann", "ui", &["staff", "ops"]), "ops? staff admins");
    assert_eq!(told("carol", "ui", &["staff", "admins", "ops"]), "staff? ops?");
}

#[test]
fn groups_have_every_fault_told() {
    let file = json!({
        "clients": [{"name": "open"}, {"name": "known", "peers": ["10.0.0.1"]}],
        "groups": [
            {"name": "a", "users": ["ann", " "], "tenants": ["Acme"], "clients": ["known", "open", "nobody"]},
            {"name": "a"}, {"name": ""}, {"name": "{{X}}"},
        ],
    });
    let expected = [
        "groups[0].users[1]",
        "groups[0].tenants[0]",
        "groups[0].clients[1]",
        "groups[0].clients[2]",
        "groups[1].name",
        "groups[2].name",
        "groups[3].name",
    ];
    assert_eq!(paths(&file), expected);
    assert!(serde_json::from_value::<GroupFile>(json!({"name": "a", "members": []})).is_err());
}
