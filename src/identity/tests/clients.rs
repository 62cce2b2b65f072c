//! Clients, credentials and plain headers.

use super::*;

const UI: (&str, &str) = ("Authorization", "Bearer ui-key-0123456789abcdef");

#[test]
fn a_client_is_known_by_its_key_wherever_a_key_may_stand() {
    for (name, value) in [
        ("authorization", "Bearer ui-key-0123456789abcdef"),
        ("authorization", "bearer   ui-key-0123456789abcdef"),
        ("x-api-key", UI_KEY),
        ("api-key", UI_KEY),
    ] {
        let found = ask(STRANGER, &[(name, value)]);
        assert_eq!((found.client.as_str(), found.client_authenticated), ("ui", true), "{name}: {value}");
        assert!(is_none(&found) && !found.user_named);
    }
}

#[test]
fn a_credential_that_is_not_ours_passes() {
    for value in ["Bearer sk-something", "Bearer ", "Bearer", "Basic dTpw", "", "Bearer ui-key-0123456789abcdeX", UI_KEY] {
        let found = ask(STRANGER, &[("authorization", value)]);
        assert_eq!((found.client.as_str(), found.client_authenticated), ("unknown", false), "{value:?}");
        assert!(is_none(&found), "{value:?}");
    }
    assert!(ask(STRANGER, &[("authorization", "Bearer sk-a")]).stray_credential.is_some());
    assert_eq!(ask(STRANGER, &[("authorization", "Bearer ")]).stray_credential, None);
}

#[test]
fn a_user_key_is_verified_for_every_client_and_an_unknown_one_is_refused() {
    let bearer = format!("Bearer {ALICE_KEY}");
    for peer in [STRANGER, TRUSTED, LAN] {
        let found = ask(peer, &[("authorization", &bearer)]);
        assert_eq!(found.finding, valid("alice", Assurance::Verified, "user_key"), "{peer}");
    }
    let both = ask(STRANGER, &[("authorization", bearer.as_str()), ("x-api-key", UI_KEY)]);
    assert_eq!((both.client.as_str(), both.client_authenticated), ("ui", true));
    assert_eq!(both.finding, valid("alice", Assurance::Verified, "user_key"));
    for wrong in ["Bearer mgk_", "Bearer mgk_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"] {
        assert_eq!(code_of(&ask(TRUSTED, &[("authorization", wrong)])), code::USER_KEY_UNKNOWN);
    }
}

#[test]
fn keys_of_two_clients_conflict() {
    let found = ask(STRANGER, &[UI, ("x-api-key", "signing-ui-key-01234567")]);
    assert_eq!(code_of(&found), code::CLIENT_CONFLICT);
    assert!(!found.client_authenticated);
}

#[test]
fn a_keyed_client_is_not_known_by_its_headers() {
    let found = ask(STRANGER, &[("x-openwebui-user-id", "alice")]);
    assert_eq!(found.client.as_str(), "unknown");
    assert!(is_none(&found));
    assert_eq!(found.ignored_headers, 1);
}

#[test]
fn a_plain_header_is_worth_what_its_bearer_is_worth() {
    let id = ("X-OpenWebUI-User-Id", "alice");
    // By key: vouched, from anywhere.
    assert_eq!(ask(STRANGER, &[UI, id]).finding, valid("alice", Assurance::Vouched, "header"));
    assert_eq!(ask(STRANGER, &[UI, id]).ignored_headers, 0);
    // From a trusted peer: asserted.
    assert_eq!(ask(TRUSTED, &[id]).finding, valid("alice", Assurance::Asserted, "header"));
    assert_eq!(ask("::ffff:127.0.0.1", &[id]).finding, valid("alice", Assurance::Asserted, "header"));
    // Else nothing, and counted.
    for name in ["x-memgate-user", "x-openwebui-user-id", "x-st-user"] {
        let found = ask(STRANGER, &[(name, "alice")]);
        assert!(is_none(&found) && found.user_named, "{name}");
        assert_eq!(found.ignored_headers, 1, "{name}");
    }
    // A client's address recognises it, and vouches for nothing.
    let found = ask(LAN, &[("x-st-user", "alice")]);
    assert_eq!((found.client.as_str(), found.client_authenticated, found.ignored_headers), ("lan", false, 1));
    assert!(is_none(&found));
}

#[test]
fn a_header_that_the_client_does_not_list_is_ignored() {
    let found = ask(STRANGER, &[UI, ("x-st-user", "bob"), ("x-openwebui-user-id", "alice")]);
    assert_eq!(found.finding, valid("alice", Assurance::Vouched, "header"));
    assert_eq!(found.ignored_headers, 1);
    assert!(is_none(&ask(STRANGER, &[UI, ("x-st-user", "bob")])));
}

#[test]
fn an_empty_trust_list_trusts_nobody() {
    let resolver = resolver(IdentitySettings { trusted_peers: vec![], ..settings() });
    for peer in [TRUSTED, "::1", STRANGER] {
        let map = headers(&[("x-openwebui-user-id", "alice")]);
        assert!(is_none(&resolver.resolve(&arrival(peer, &map, NOW), None, &keys())), "{peer}");
    }
}

#[test]
fn an_open_client_is_known_by_its_source_and_by_no_more() {
    let found = ask(TRUSTED, &[("x-staff-id", "alice")]);
    assert_eq!(found.client.as_str(), "staff");
    assert_eq!(found.finding, valid("alice", Assurance::Asserted, "header"));
    let found = ask(STRANGER, &[("x-staff-id", "alice")]);
    assert_eq!((found.client.as_str(), found.ignored_headers), ("staff", 1));
    assert!(is_none(&found));
}

#[test]
fn malformed_ids_are_refused_where_they_would_count_and_ignored_elsewhere() {
    for bad in ["", "{{USER_ID}}", "a\u{200b}b", "a\u{202e}b", &"x".repeat(257)] {
        let found = ask(STRANGER, &[("authorization", UI.1), ("x-openwebui-user-id", bad)]);
        assert_eq!(code_of(&found), code::IDENTITY_MALFORMED, "{bad:?}");
        assert!(is_none(&ask(STRANGER, &[("x-openwebui-user-id", bad)])), "{bad:?}");
    }
    let padded = ask(STRANGER, &[("authorization", UI.1), ("x-openwebui-user-id", " alice")]);
    assert_eq!(code_of(&padded), code::IDENTITY_MALFORMED);
}

#[test]
fn latin_1_and_utf8_values_are_read() {
    for value in ["Müller".as_bytes(), b"M\xfcller"] {
        let found = ask(STRANGER, &[("authorization", UI.1.as_bytes()), ("x-openwebui-user-id", value)]);
        assert_eq!(found.finding, valid("Müller", Assurance::Vouched, "header"));
    }
}

#[test]
fn only_memgates_own_header_names_a_tenant() {
    let foreign = ask(STRANGER, &[UI, ("x-openwebui-user-id", "acme:bob")]);
    let Finding::Valid(evidence) = foreign.finding else { panic!() };
    assert_eq!((evidence.user.tenant().as_str(), evidence.user.name()), ("default", "acme:bob"));
    assert_eq!(ask(TRUSTED, &[("x-memgate-user", "acme:bob")]).finding, valid("acme:bob", Assurance::Asserted, "header"));
}

#[test]
fn sources_that_disagree_are_refused_and_named() {
    let bearer = format!("Bearer {ALICE_KEY}");
    let found = ask(TRUSTED, &[("authorization", bearer.as_str()), ("x-openwebui-user-id", "bob")]);
    let Finding::Invalid(invalid) = &found.finding else { panic!() };
    assert_eq!(invalid.code, code::IDENTITY_CONFLICT);
    assert!(invalid.message.contains("personal key") && invalid.message.contains("x-openwebui-user-id"), "{}", invalid.message);
    assert!(!invalid.message.contains("alice") && !invalid.message.contains("bob"));
    // From a stranger that header says nothing; memgate's own must agree even so.
    let evidence = valid("alice", Assurance::Verified, "user_key");
    assert_eq!(ask(STRANGER, &[("authorization", bearer.as_str()), ("x-openwebui-user-id", "bob")]).finding, evidence);
    assert_eq!(ask(STRANGER, &[("authorization", bearer.as_str()), ("x-memgate-user", "default:alice")]).finding, evidence);
    let found = ask(STRANGER, &[("authorization", bearer.as_str()), ("x-memgate-user", "bob")]);
    assert_eq!(code_of(&found), code::IDENTITY_CONFLICT);
    // Agreement keeps the best evidence.
    assert_eq!(ask(TRUSTED, &[("authorization", bearer.as_str()), ("x-st-user", "alice")]).finding, evidence);
}

#[test]
fn unhygienic_requests_are_invalid_for_their_client() {
    let doubled = ask(STRANGER, &[UI, ("x-openwebui-user-id", "alice"), ("X-OpenWebUI-User-Id", "alice")]);
    assert_eq!((doubled.client.as_str(), code_of(&doubled)), ("ui", code::DUPLICATE_HEADER));
    let doubled = ask(STRANGER, &[UI, UI]);
    assert_eq!((doubled.client.as_str(), code_of(&doubled)), ("unknown", code::DUPLICATE_HEADER));
    let own = ask(TRUSTED, &[("x-staff-id", "alice"), ("x-staff-id", "bob")]);
    assert_eq!(code_of(&own), code::DUPLICATE_HEADER);
    for alias in ["x_memgate_user", "x.memgate.user", "X_OPENWEBUI_USER_ID", "some_other_header"] {
        assert_eq!(code_of(&ask(TRUSTED, &[(alias, "alice")])), code::HEADER_NAME, "{alias}");
    }
}

#[test]
fn headers_listed_in_connection_or_trailer_are_no_evidence() {
    for list in ["connection", "trailer"] {
        let found = ask(STRANGER, &[UI, ("x-openwebui-user-id", "alice"), (list, "close, X-OpenWebUI-User-Id")]);
        assert!(is_none(&found) && found.user_named, "{list}");
        assert_eq!(found.ignored_headers, 1, "{list}");
        let found = ask(STRANGER, &[UI, (list, "authorization")]);
        assert_eq!((found.client.as_str(), found.client_authenticated), ("unknown", false), "{list}");
    }
}

#[test]
fn what_none_looked_for_is_named() {
    let found = ask(STRANGER, &[] as &[(&str, &str)]);
    let Finding::None { looked_for } = found.finding else { panic!() };
    for word in ["mgk_", "X-Memgate-Signature", "x-openwebui-user-id", "x-st-user", "x-memgate-user"] {
        assert!(looked_for.iter().any(|text| text.contains(word)), "{word} not in {looked_for:?}");
    }
}

#[test]
fn configured_headers_are_inbound_only_under_every_alias() {
    let resolver = resolver(settings());
    for name in ["x-staff-id", "X_Staff.Id", "X-Memgate-User", "x_openwebui_user_jwt", "Cookie"] {
        assert!(resolver.is_inbound_only(name), "{name}");
    }
    assert!(!resolver.is_inbound_only("x-staff") && !resolver.is_inbound_only("accept"));
}
