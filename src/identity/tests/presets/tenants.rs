//! Whose tenant a plain header means.

use super::*;

#[test]
fn tenants_come_from_their_header_or_the_compound_id_and_must_not_differ() {
    let muxi = json!(["muxi"]);
    let staff = json!([{"header": {"name": "X-Muxi-User-Id", "tenant_header": "X-Muxi-Tenant-Id"}}]);
    let user = |identity: &Value, pairs: &[(&str, &str)]| ask(identity, true, STRANGER, pairs).finding;
    let pairs = |name: &'static str, tenant: &'static str| [("x-muxi-user-id", name), ("x-muxi-tenant-id", tenant)];
    for identity in [&muxi, &staff] {
        assert_eq!(user(identity, &pairs("ann", "acme")), valid("acme:ann", Assurance::Vouched, "header"));
        for bad in ["", "Acme", "a b", "~sandbox", "{{TENANT}}", "a:b"] {
            let found = ask(identity, true, STRANGER, &[("x-muxi-user-id", "ann"), ("x-muxi-tenant-id", bad)]);
            assert_eq!(code_of(&found), code::IDENTITY_MALFORMED, "{bad}");
        }
        // One that is hidden is not as good as none.
        let hidden = [("x-muxi-user-id", "ann"), ("x-muxi-tenant-id", "acme"), ("connection", "x-muxi-tenant-id")];
        assert_eq!(code_of(&ask(identity, true, STRANGER, &hidden)), code::IDENTITY_MALFORMED);
    }
    assert_eq!(user(&muxi, &pairs("acme:ann", "acme")), valid("acme:ann", Assurance::Vouched, "header"));
    assert_eq!(code_of(&ask(&muxi, true, STRANGER, &pairs("other:ann", "acme"))), code::IDENTITY_CONFLICT);
    // Not compound: the colon is part of the name.
    let Finding::Valid(evidence) = user(&staff, &pairs("other:ann", "acme")) else { panic!() };
    assert_eq!((evidence.user.tenant().as_str(), evidence.user.name()), ("acme", "other:ann"));
    assert_eq!(code_of(&ask(&staff, true, STRANGER, &[("x-muxi-user-id", "ann")])), code::IDENTITY_MALFORMED, "no tenant");
}

/// What is claimed keeps the sandboxes of people apart: those of one name in two tenants must not share one.
#[test]
fn a_name_without_its_tenant_claims_nobody() {
    let claimed = |found: Resolution| match found.finding {
        Finding::Invalid(invalid) => invalid.claimed,
        other => panic!("{other:?}"),
    };
    let pairs = |tenant| [("x-muxi-user-id", "ann"), ("x-muxi-tenant-id", tenant)];
    let staff = json!([{"header": {"name": "X-Muxi-User-Id", "tenant_header": "X-Muxi-Tenant-Id"}}]);
    for tenant in ["Acme", "Globex"] {
        assert_eq!(claimed(ask(&json!(["muxi"]), true, STRANGER, &pairs(tenant))), None, "{tenant}");
    }
    assert_eq!(claimed(ask(&staff, true, STRANGER, &[("x-muxi-user-id", "ann")])), None);
    let bare = claimed(ask(&json!(["librechat"]), true, STRANGER, &[("x-librechat-user-id", "a\tb")]));
    assert_eq!(bare.as_deref(), Some("a\tb"));
    // Where a signature is demanded, the plain header does not count; but whom it means is told with the tenant.
    let signed = json!(["memgate_signature", "muxi"]);
    for keyed in [true, false] {
        for tenant in ["acme", "globex"] {
            let found = ask(&signed, keyed, STRANGER, &pairs(tenant));
            assert_eq!(code_of(&found), code::SIGNATURE_MISSING);
            assert_eq!(claimed(found), Some(format!("{tenant}:ann")), "{keyed}");
        }
        // By the key the word is read, and is wrong in itself.
        assert_eq!(claimed(ask(&signed, keyed, STRANGER, &pairs("Acme"))), None, "{keyed}");
    }
}

#[test]
fn muxis_default_user_is_nobody_in_whichever_tenant() {
    let muxi = json!(["muxi"]);
    for (pairs, tenant) in [
        (vec![("x-muxi-user-id", "0")], "default"),
        (vec![("x-muxi-user-id", "0"), ("x-muxi-tenant-id", "acme")], "acme"),
        (vec![("x-muxi-user-id", "acme:0")], "acme"),
    ] {
        let found = ask(&muxi, true, STRANGER, &pairs);
        assert!(is_none(&found), "{pairs:?}");
        assert_eq!(found.tenant.as_ref().map(TenantId::as_str), Some(tenant), "{pairs:?}");
        assert_eq!(ask(&muxi, false, STRANGER, &pairs).tenant, None, "a stranger's word: {pairs:?}");
    }
    assert_eq!(ask(&muxi, true, STRANGER, &[("content-type", "x")]).tenant, None);
}
