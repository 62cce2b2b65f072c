//! Clients and issuers with a fixed tenant, for every kind of evidence: whose user a name is, and that no other tenant's gets in.

use super::*;
use crate::identity::{Plan, SourceFile};
use crate::setting::Faults;
use serde_json::{Value, json};

const ACME: (&str, &str) = ("x-api-key", "acme-client-key-01234567");
const GLOBEX: (&str, &str) = ("x-api-key", "globex-client-key-01234567");
const OPEN: (&str, &str) = ("x-api-key", "open-client-key-01234567");
const ACME_USER_KEY: &str = "mgk_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const IDP_SECRET: &[u8] = b"0123456789abcdef0123456789abcdef-idp";

/// Everything that a client could take as evidence.
fn sources(dir: &tempfile::TempDir) -> Vec<Source> {
    let secret = dir.path().join("secret");
    std::fs::write(&secret, IDP_SECRET).unwrap();
    let files: Vec<SourceFile> = serde_json::from_value(json!([
        {"header": "X-Staff-Id"},
        {"header": {"name": "X-Staff-Pair", "tenant_header": "X-Staff-Org"}},
        {"header": {"name": "X-Compound", "compound": true}},
        "muxi",
    ]))
    .unwrap();
    let (mut plan, mut faults) = (Plan::default(), Faults::default());
    for file in files {
        file.resolve("identity", &mut plan, &mut faults);
    }
    assert_eq!(faults.into_vec(), []);
    plan.sources
}

/// A token of an issuer that `settings` describe beside its secret.
fn issuer(dir: &tempfile::TempDir, settings: &Value) -> Source {
    let secret = dir.path().join("secret");
    std::fs::write(&secret, IDP_SECRET).unwrap();
    let mut jwt = json!({"secret": {"file": secret}});
    jwt.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let file: SourceFile = serde_json::from_value(json!({"jwt": jwt})).unwrap();
    let (mut plan, mut faults) = (Plan::default(), Faults::default());
    file.resolve("identity", &mut plan, &mut faults);
    assert_eq!(faults.into_vec(), []);
    plan.sources.remove(0)
}

fn token(claims: &Value) -> String {
    let mut all = json!({"sub": "ann", "iat": NOW, "exp": NOW + 300});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    format!("Bearer {}", open_webui::token(&json!({"alg": "HS256", "typ": "JWT"}), &all, IDP_SECRET))
}

fn of_tenant(name: &str, key: &str, tenant: Option<&str>, sources: Vec<Source>) -> Client {
    let tenant = tenant.map(|name| TenantId::parse(name).unwrap());
    Client { tenant, ..client(name, Some(key), None, sources) }
}

/// Two clients with a tenant, and one without, that all read the same sources.
fn world(sources: &[Source]) -> Resolver {
    let one = |name, key: (&str, &'static str), tenant| of_tenant(name, key.1, tenant, sources.to_vec());
    let clients = vec![one("acme", ACME, Some("acme")), one("globex", GLOBEX, Some("globex")), one("open", OPEN, None)];
    resolver(IdentitySettings { clients, ..settings() })
}

fn all_keys() -> Keys {
    let mut keys = keys();
    keys.0.insert(hash_key(ACME_USER_KEY.as_bytes()), KeyOwner { id: KeyId::fresh(), user: user("acme:ann") });
    keys
}

/// Who is found: `tenant:name`, or the code of what is wrong.
fn found(resolver: &Resolver, client: (&str, &str), pairs: &[(&str, String)]) -> String {
    let mut all: Vec<(String, String)> = vec![(client.0.to_owned(), client.1.to_owned())];
    all.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let resolution = resolver.resolve(&arrival(STRANGER, &headers(&all), NOW), Some(BODY), &all_keys());
    match resolution.finding {
        Finding::Valid(evidence) => evidence.user.to_string(),
        Finding::Invalid(invalid) => {
            if invalid.code == code::TENANT_MISMATCH {
                let claimed = invalid.claimed.unwrap();
                assert!(!invalid.message.contains("acme") && !invalid.message.contains("globex"), "{}", invalid.message);
                assert!(user(&claimed).tenant() != resolution.tenant.as_ref().unwrap_or(&TenantId::default()), "{claimed}");
            }
            invalid.code.to_owned()
        }
        Finding::None { .. } => "none".to_owned(),
    }
}

const MISMATCH: &str = code::TENANT_MISMATCH;

/// The same evidence, by each client: whom it names by way of `acme`, `globex` and the client that has no tenant.
#[test]
fn equal_names_of_two_tenants_never_meet_whatever_the_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let resolver = world(&sources(&dir));
    let signed = |user: &str| sign(&k1(), user, "POST", TARGET, BODY, NOW, &format!("nonce-0123456789-{user}").replace(':', "-"));
    let one = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    let two = |a: (&'static str, &str), b: (&'static str, &str)| vec![(a.0, a.1.to_owned()), (b.0, b.1.to_owned())];
    let bearer = |key: &str| one("authorization", &format!("Bearer {key}"));
    let bare = ["acme:ann", "globex:ann", "default:ann"];
    let of_acme = ["acme:ann", MISMATCH, "acme:ann"];
    for (what, pairs, expected) in [
        ("a plain header", one("x-staff-id", "ann"), bare),
        (
            "a plain header's colon is a part of the name",
            one("x-staff-id", "acme:ann"),
            ["acme:acme:ann", "globex:acme:ann", "default:acme:ann"],
        ),
        ("a tenant header", two(("x-staff-pair", "ann"), ("x-staff-org", "acme")), of_acme),
        ("a bare compound header", one("x-compound", "ann"), bare),
        ("a compound header", one("x-compound", "acme:ann"), of_acme),
        ("a compound header of the default tenant", one("x-compound", "default:ann"), [MISMATCH, MISMATCH, "default:ann"]),
        ("MUXI's bare id", one("x-muxi-user-id", "ann"), bare),
        ("MUXI's compound id", one("x-muxi-user-id", "acme:ann"), of_acme),
        ("MUXI's tenant header", two(("x-muxi-user-id", "ann"), ("x-muxi-tenant-id", "acme")), of_acme),
        ("MUXI's nobody", one("x-muxi-user-id", "0"), ["none"; 3]),
        ("MUXI's nobody of a tenant", one("x-muxi-user-id", "acme:0"), ["none", MISMATCH, "none"]),
        ("a personal key", bearer(ACME_USER_KEY), of_acme),
        ("a personal key of the default tenant", bearer(ALICE_KEY), [MISMATCH, MISMATCH, "default:alice"]),
        ("memgate's signature over a bare name", signed("ann"), bare),
        ("memgate's signature over a tenant's", signed("acme:ann"), of_acme),
    ] {
        for (client, expected) in [ACME, GLOBEX, OPEN].into_iter().zip(expected) {
            // Each by a resolver of its own: a signature is good once.
            let resolver = if what.contains("signature") { world(&sources(&dir)) } else { resolver.clone() };
            assert_eq!(found(&resolver, client, &pairs), expected, "{what}, by {}", client.1);
        }
    }
}

#[test]
fn tokens_name_a_tenant_by_claim_by_issuer_or_by_client() {
    let dir = tempfile::tempdir().unwrap();
    let bare = ["acme:ann", "globex:ann", "default:ann"];
    let of_acme = ["acme:ann", MISMATCH, "acme:ann"];
    let other = [MISMATCH; 3];
    let malformed = [code::JWT_INVALID; 3];
    for (what, settings, claims, expected) in [
        ("no word on tenants", json!({}), json!({"org": "acme"}), bare),
        ("a claim", json!({"tenant": "org"}), json!({"org": "acme"}), of_acme),
        ("a claim that is missing", json!({"tenant": "org"}), json!({}), malformed),
        ("a fixed tenant", json!({"fixed_tenant": "acme"}), json!({}), of_acme),
        (
            "a fixed tenant, and a claim that agrees",
            json!({"fixed_tenant": "acme", "tenant": "org"}),
            json!({"org": "acme"}),
            of_acme,
        ),
        (
            "a fixed tenant, and a claim of another",
            json!({"fixed_tenant": "acme", "tenant": "org"}),
            json!({"org": "globex"}),
            other,
        ),
    ] {
        let resolver = world(&[issuer(&dir, &settings)]);
        for (client, expected) in [ACME, GLOBEX, OPEN].into_iter().zip(expected) {
            let pairs = [("authorization", token(&claims))];
            if what.ends_with("of another") {
                let map = headers(&[(client.0, client.1.to_owned()), ("authorization", pairs[0].1.clone())]);
                let found = resolver.resolve(&arrival(STRANGER, &map, NOW), None, &all_keys());
                assert_eq!(code_of(&found), MISMATCH, "{what}");
                continue;
            }
            assert_eq!(found(&resolver, client, &pairs), expected, "{what}, by {}", client.1);
        }
    }
}

#[test]
fn open_webuis_token_and_memgates_own_header_are_of_the_clients_tenant() {
    let resolver = world(&[owui(JWT_SECRET)]);
    let claims = json!({"sub": "ann", "iss": "open-webui", "iat": NOW, "exp": NOW + 300});
    let token = open_webui::token(&json!({"alg": "HS256", "typ": "JWT"}), &claims, JWT_SECRET.as_bytes());
    for (client, expected) in [(ACME, "acme:ann"), (GLOBEX, "globex:ann"), (OPEN, "default:ann")] {
        assert_eq!(found(&resolver, client, &[("x-openwebui-user-jwt", token.clone())]), expected);
        // memgate's own header must not say otherwise, with or without a tenant.
        let beside = |user: &str| vec![("x-openwebui-user-jwt", token.clone()), ("x-memgate-user", user.to_owned())];
        assert_eq!(found(&resolver, client, &beside("ann")), expected);
        assert_eq!(found(&resolver, client, &beside(expected)), expected);
        assert_eq!(found(&resolver, client, &beside("other:ann")), code::IDENTITY_CONFLICT);
    }
}

#[test]
fn a_request_without_a_user_is_of_its_clients_tenant() {
    let dir = tempfile::tempdir().unwrap();
    let resolver = world(&sources(&dir));
    for (client, tenant) in [(ACME, Some("acme")), (GLOBEX, Some("globex")), (OPEN, None)] {
        for pairs in [vec![client], vec![client, ("x-staff-id", "{{USER}}")]] {
            let found = resolver.resolve(&arrival(STRANGER, &headers(&pairs), NOW), None, &all_keys());
            assert_eq!(found.tenant.as_ref().map(TenantId::as_str), tenant, "{pairs:?}");
        }
    }
}

#[test]
fn muxis_key_header_is_its_clients_alone() {
    let (mut plan, mut faults) = (Plan::default(), Faults::default());
    SourceFile::Muxi.resolve("identity", &mut plan, &mut faults);
    let muxi = Client { key_headers: plan.key_headers, ..client("muxi", Some("muxi-key-0123456789"), None, plan.sources) };
    let other = client("other", Some("other-key-0123456789"), None, vec![plain("x-staff-id")]);
    let resolver = resolver(IdentitySettings { clients: vec![other, muxi], ..settings() });
    let ask = |pairs: &[(&str, &str)]| resolver.resolve(&arrival(STRANGER, &headers(pairs), NOW), None, &keys());
    let by_key = ask(&[("x-muxi-client-key", "muxi-key-0123456789"), ("x-muxi-user-id", "ann")]);
    assert_eq!((by_key.client.as_str(), by_key.client_authenticated), ("muxi", true));
    assert_eq!(by_key.finding, valid("ann", Assurance::Vouched, "header"));
    // In any case of letters, and beside the same key elsewhere.
    let both = ask(&[("X-Muxi-Client-Key", "muxi-key-0123456789"), ("authorization", "Bearer muxi-key-0123456789")]);
    assert!(both.client_authenticated);
    for (pairs, what) in [
        (
            vec![("x-muxi-client-key", "other-key-0123456789"), ("x-staff-id", "ann")],
            "another client's key does not belong there",
        ),
        (vec![("x-muxi-client-key", "muxi-key-0123456780"), ("x-muxi-user-id", "ann")], "a wrong key"),
        (vec![("x-muxi-client-key", ""), ("x-muxi-user-id", "ann")], "no key"),
        (vec![("x-muxi-client-key", ALICE_KEY)], "a personal key does not belong there"),
    ] {
        let found = ask(&pairs);
        assert!(!found.client_authenticated && is_none(&found), "{what}: {:?}", found.finding);
    }
    let two = ask(&[("x-muxi-client-key", "muxi-key-0123456789"), ("authorization", "Bearer other-key-0123456789")]);
    assert_eq!(code_of(&two), code::CLIENT_CONFLICT);
    let twice = ask(&[("x-muxi-client-key", "muxi-key-0123456789"), ("X-Muxi-Client-Key", "muxi-key-0123456789")]);
    assert_eq!(code_of(&twice), code::DUPLICATE_HEADER);
    assert!(resolver.is_inbound_only("x-muxi-client-key") && resolver.is_inbound_only("X_MUXI_CLIENT_KEY"));
}
