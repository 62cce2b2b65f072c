//! Groups that come with evidence: from tokens, and from headers of clients that authenticated themselves.

use super::*;
use crate::identity::{Plan, SourceFile};
use crate::setting::Faults;
use serde_json::{Value, json};

const KEY: &str = "groups-client-key-0123";
const SECRET: &str = "0123456789abcdef0123456789abcdef-idp";

/// A client with these sources, and a header for groups if one is named.
fn with(identity: &Value, groups_header: Option<&str>, keyed: bool) -> Resolver {
    let files: Vec<SourceFile> = serde_json::from_value(identity.clone()).unwrap();
    let (mut plan, mut faults) = (Plan::default(), Faults::default());
    for file in files {
        file.resolve("identity", &mut plan, &mut faults);
    }
    plan.set_groups(groups_header, "clients[0]", &mut faults);
    assert_eq!(faults.into_vec(), []);
    let client = Client { groups: plan.groups, ..client("groups", keyed.then_some(KEY), None, plan.sources) };
    resolver(IdentitySettings { clients: vec![client], ..settings() })
}

fn resolve(resolver: &Resolver, peer: &str, pairs: &[(&str, &str)]) -> Resolution {
    resolver.resolve(&arrival(peer, &headers(pairs), NOW), None, &keys())
}

fn groups(resolution: &Resolution) -> Vec<&str> {
    match &resolution.finding {
        Finding::Valid(evidence) => evidence.groups.iter().map(GroupName::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_header_counts_from_a_client_that_sent_its_key_and_names_the_user() {
    let identity = json!(["open_webui", "sillytavern"]);
    let resolver = with(&identity, Some("X-OpenWebUI-User-Groups"), true);
    let listed = ("X-OpenWebUI-User-Groups", r#"["staff", "chat users"]"#);
    let key = ("x-api-key", KEY);
    let named = ("X-OpenWebUI-User-Id", "ann");
    assert_eq!(groups(&resolve(&resolver, STRANGER, &[key, named, listed])), ["staff", "chat users"]);
    let commas = ("X-OpenWebUI-User-Groups", "staff, ops,{{X}}");
    let found = resolve(&resolver, STRANGER, &[key, named, commas]);
    assert_eq!((groups(&found), found.dropped_groups), (vec!["staff", "ops"], 1));
    // Beside a personal key, nobody says whose groups these are; of a header that the person writes, the person says so.
    let bearer = format!("Bearer {ALICE_KEY}");
    let personal = ("authorization", bearer.as_str());
    assert_eq!(groups(&resolve(&resolver, STRANGER, &[key, personal, listed])), [""; 0]);
    assert_eq!(groups(&resolve(&resolver, STRANGER, &[key, ("x-st-user", "ann"), listed])), [""; 0]);
    // With both, the client's own word on the same user brings them.
    let both = resolve(&resolver, STRANGER, &[key, personal, ("X-OpenWebUI-User-Id", "alice"), listed]);
    assert_eq!(groups(&both), ["staff", "chat users"]);
    let Finding::Valid(evidence) = &both.finding else { panic!() };
    assert_eq!(evidence.source, "user_key");
    // Two that disagree bring nothing.
    assert_eq!(code_of(&resolve(&resolver, STRANGER, &[key, personal, named, listed])), code::IDENTITY_CONFLICT);
    // A trusted peer's word on the user is taken, and on the groups it is not.
    let open = with(&identity, Some("X-OpenWebUI-User-Groups"), false);
    let asserted = resolve(&open, TRUSTED, &[named, listed]);
    assert_eq!(groups(&asserted), [""; 0]);
    // Nor is a hidden header's.
    let hidden = [key, named, listed, ("connection", "x-openwebui-user-groups")];
    assert_eq!(groups(&resolve(&resolver, STRANGER, &hidden)), [""; 0]);
    // Without the setting no header lists groups.
    assert_eq!(groups(&resolve(&with(&identity, None, true), STRANGER, &[key, named, listed])), [""; 0]);
}

#[test]
fn a_header_for_groups_is_inbound_only_and_stands_once() {
    for (identity, set, name) in [
        (json!(["open_webui"]), Some("X-Our-Teams"), "x-our-teams"),
        (json!(["forward_auth"]), None, "remote-groups"),
        (json!(["forward_auth"]), None, "x-authentik-groups"),
        (json!(["forward_auth"]), None, "x-auth-request-groups"),
        (json!(["forward_auth"]), None, "x-forwarded-groups"),
    ] {
        let resolver = with(&identity, set, true);
        assert!(resolver.is_inbound_only(name) && resolver.is_inbound_only(&name.to_uppercase().replace('-', "_")), "{name}");
        let twice = resolve(&resolver, STRANGER, &[("x-api-key", KEY), (name, "a"), (&name.to_uppercase(), "a")]);
        assert_eq!(code_of(&twice), code::DUPLICATE_HEADER, "{name}");
        let alias = name.replacen('-', "_", 1);
        assert_eq!(code_of(&resolve(&resolver, STRANGER, &[(&alias, "a")])), code::HEADER_NAME, "{name}");
    }
}

#[test]
fn forward_auth_proxies_list_groups_each_in_its_own_way() {
    for (proxy, user, header, value) in [
        ("authelia", "remote-user", "remote-groups", "staff,ops"),
        ("authentik", "x-authentik-username", "x-authentik-groups", "staff|ops"),
        ("oauth2_proxy", "x-auth-request-user", "x-auth-request-groups", "staff,ops"),
        ("oauth2_proxy", "x-forwarded-user", "x-forwarded-groups", "staff,ops"),
        ("any", "remote-user", "x-authentik-groups", "staff|ops"),
    ] {
        let resolver = with(&json!([{"forward_auth": {"proxy": proxy}}]), None, true);
        let found = resolve(&resolver, STRANGER, &[("x-api-key", KEY), (user, "ann"), (header, value)]);
        assert_eq!(groups(&found), ["staff", "ops"], "{proxy}");
        if proxy != "any" {
            let foreign = if header == "remote-groups" { "x-authentik-groups" } else { "remote-groups" };
            let found = resolve(&resolver, STRANGER, &[("x-api-key", KEY), (user, "ann"), (foreign, "admins")]);
            assert_eq!(groups(&found), [""; 0], "{proxy}: another proxy's header");
        }
    }
}

#[test]
fn tokens_list_groups_by_a_claim() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let present = |settings: Value, claims: Value| {
        let mut jwt = json!({"secret": {"file": secret}});
        jwt.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let resolver = with(&json!([{"jwt": jwt}]), None, false);
        let mut all = json!({"sub": "ann", "iat": NOW, "exp": NOW + 300});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let token = open_webui::token(&json!({"alg": "HS256", "typ": "JWT"}), &all, SECRET.as_bytes());
        let found = resolve(&resolver, STRANGER, &[("authorization", &format!("Bearer {token}"))]);
        (groups(&found).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>().join(" "), found.dropped_groups)
    };
    let of = |text: &str, dropped| (text.to_owned(), dropped);
    let by_name = || json!({"groups_claim": "groups"});
    assert_eq!(present(by_name(), json!({"groups": ["/staff", "ops", 7]})), of("/staff ops", 1));
    assert_eq!(present(by_name(), json!({"groups": "staff ops,lab"})), of("staff ops lab", 0));
    assert_eq!(present(by_name(), json!({})), of("", 0));
    assert_eq!(present(by_name(), json!({"groups": null})), of("", 0));
    assert_eq!(present(by_name(), json!({"groups": {"a": 1}})), of("", 1));
    assert_eq!(present(json!({}), json!({"groups": ["staff"]})), of("", 0), "nobody asked");
    let nested = json!({"groups_claim": "realm_access.roles"});
    assert_eq!(present(nested, json!({"realm_access": {"roles": ["admin"]}})), of("admin", 0));
}
