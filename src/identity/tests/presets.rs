//! What each preset makes of its product's headers, and how their values are read.

mod tenants;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::setting::{Fault, Faults};

const PRESET_KEY: &str = "preset-key-0123456789";
const KEYED: (&str, &str) = ("authorization", "Bearer preset-key-0123456789");

/// What the configuration's `identity` list comes to.
fn plan(identity: &Value) -> (Plan, Vec<Fault>) {
    let files: Vec<SourceFile> = serde_json::from_value(identity.clone()).unwrap();
    let (mut plan, mut faults) = (Plan::default(), Faults::default());
    for (n, file) in files.iter().enumerate() {
        file.resolve(&format!("identity[{n}]"), &mut plan, &mut faults);
    }
    (plan, faults.into_vec())
}

/// A resolver with one client of these sources, known by its key or, without one, by its headers.
fn with_client(identity: &Value, key: Option<&str>) -> Resolver {
    let (plan, faults) = plan(identity);
    assert_eq!(faults, []);
    let client = Client { cues: plan.cues, ..client("preset", key, None, plan.sources) };
    resolver(IdentitySettings { clients: vec![client], ..settings() })
}

/// A request as the preset's client sends it: with its key, or without one from a peer.
fn ask<V: AsRef<[u8]>>(identity: &Value, keyed: bool, peer: &str, pairs: &[(&str, V)]) -> Resolution {
    let mut map = headers(pairs);
    if keyed {
        map.insert(KEYED.0, HeaderValue::from_static(KEYED.1));
    }
    with_client(identity, keyed.then_some(PRESET_KEY)).resolve(&arrival(peer, &map, NOW), Some(b""), &keys())
}

#[track_caller]
fn assert_worth<V: AsRef<[u8]>>(identity: &Value, pairs: &[(&str, V)], name: &str, keyed: Assurance) {
    let found = ask(identity, true, STRANGER, pairs);
    assert_eq!(found.finding, valid(name, keyed, "header"), "{identity}, by key");
    assert_eq!((found.client.as_str(), found.ignored_headers, found.user_named), ("preset", 0, true), "{identity}");
    let found = ask(identity, false, TRUSTED, pairs);
    assert_eq!(found.finding, valid(name, Assurance::Asserted, "header"), "{identity}, from a trusted peer");
    assert_eq!(found.client.as_str(), "preset", "known by its headers: {identity}");
    let found = ask(identity, false, STRANGER, pairs);
    assert!(is_none(&found), "{identity}, from a stranger: {:?}", found.finding);
    assert!(found.ignored_headers > 0, "{identity}");
}

#[test]
fn each_preset_reads_its_products_headers_and_believes_them_as_far_as_they_go() {
    use Assurance::{Asserted, Vouched};
    for (identity, header, value, name, keyed) in [
        (json!(["open_webui"]), "x-openwebui-user-id", "ann", "ann", Vouched),
        (json!([{"open_webui": {"header": "X-Who"}}]), "x-who", "ann", "ann", Vouched),
        (json!(["sillytavern"]), "x-st-user", "ann", "ann", Asserted),
        (json!(["librechat"]), "x-librechat-user-id", "65f0c0ffee", "65f0c0ffee", Vouched),
        (json!(["litellm"]), "x-litellm-end-user-id", "ann", "ann", Asserted),
        (json!(["litellm"]), "x-litellm-customer-id", "ann", "ann", Asserted),
        (json!(["muxi"]), "x-muxi-user-id", "ann", "ann", Vouched),
        (json!(["muxi"]), "x-muxi-user-id", "acme:ann", "acme:ann", Vouched),
        (json!(["forward_auth"]), "remote-user", "ann", "ann", Vouched),
        (json!(["forward_auth"]), "x-authentik-username", "ann", "ann", Vouched),
        (json!(["forward_auth"]), "x-auth-request-user", "ann", "ann", Vouched),
        (json!(["forward_auth"]), "x-forwarded-user", "ann", "ann", Vouched),
        (json!(["forward_auth"]), "x-forwarded-email", "ann@example.com", "ann@example.com", Vouched),
        (json!([{"forward_auth": {"proxy": "authelia"}}]), "remote-user", "ann", "ann", Vouched),
        (json!([{"forward_auth": {"proxy": "authentik"}}]), "x-authentik-username", "ann", "ann", Vouched),
        (
            json!([{"forward_auth": {"proxy": "oauth2_proxy"}}]),
            "x-auth-request-email",
            "ann@example.com",
            "ann@example.com",
            Vouched,
        ),
        (json!([{"header": "X-Staff"}]), "x-staff", "ann", "ann", Vouched),
        (json!([{"header": {"name": "X-Staff"}}]), "x-staff", "ann", "ann", Vouched),
        (json!([{"header": {"name": "X-Staff", "at_most": "asserted"}}]), "x-staff", "ann", "ann", Asserted),
        (json!([{"header": {"name": "X-Staff", "compound": true}}]), "x-staff", "acme:ann", "acme:ann", Vouched),
    ] {
        assert_worth(&identity, &[(header, value)], name, keyed);
        // Of every value, an unresolved placeholder is invalid, not absent; so is nothing at all, and whatever hides.
        for bad in ["{{USER_ID}}", "a{{b", "{{LIBRECHAT_USER_ID}}", "", "a\u{200b}"] {
            assert_eq!(code_of(&ask(&identity, true, STRANGER, &[(header, bad)])), code::IDENTITY_MALFORMED, "{header}: {bad:?}");
            assert_eq!(code_of(&ask(&identity, false, TRUSTED, &[(header, bad)])), code::IDENTITY_MALFORMED, "{header}: {bad:?}");
        }
        // A personal key is accepted beside it, if it names the same person.
        let bearer = format!("Bearer {ALICE_KEY}");
        let pairs = [("x-api-key", PRESET_KEY), ("authorization", &bearer), (header, value)];
        let found = with_client(&identity, Some(PRESET_KEY)).resolve(&arrival(STRANGER, &headers(&pairs), NOW), None, &keys());
        // But an address is not even asked for.
        if !header.ends_with("email") {
            assert_eq!(code_of(&found), code::IDENTITY_CONFLICT, "{identity}");
        }
        let pairs = [("x-api-key", PRESET_KEY), ("authorization", &bearer)];
        let found = with_client(&identity, Some(PRESET_KEY)).resolve(&arrival(STRANGER, &headers(&pairs), NOW), None, &keys());
        assert_eq!(found.finding, valid("alice", Assurance::Verified, "user_key"), "{identity}");
    }
}

#[test]
fn every_configured_header_is_inbound_only_and_may_be_there_once_in_no_disguise() {
    let identity = json!([
        "open_webui", "sillytavern", "librechat", "litellm", "muxi", "ai_optimizer", "forward_auth",
        {"http_signature": {"user": "X-Signed-Who"}},
        {"header": {"name": "X-Staff-Name", "tenant_header": "X-Staff-Org"}},
    ]);
    let (mut plan, _) = plan(&identity);
    let mut faults = Faults::default();
    let products = plan.cues.sessions.clone();
    plan.set_cues(Some("X-My-Chat"), Some("X-My-Task"), "clients[0]", &mut faults);
    plan.cues.sessions.extend(products);
    let client = Client { cues: plan.cues, ..client("preset", Some(PRESET_KEY), None, plan.sources) };
    let resolver = resolver(IdentitySettings { clients: vec![client], ..settings() });
    for name in [
        "x-openwebui-user-id",
        "x-openwebui-chat-id",
        "x-openwebui-task",
        "x-st-user",
        "x-librechat-user-id",
        "x-librechat-conversation-id",
        "x-litellm-end-user-id",
        "x-litellm-customer-id",
        "x-muxi-user-id",
        "x-muxi-tenant-id",
        "client",
        "remote-user",
        "x-authentik-username",
        "x-auth-request-user",
        "x-auth-request-email",
        "x-forwarded-user",
        "x-forwarded-email",
        "x-signed-who",
        "x-staff-name",
        "x-staff-org",
        "x-my-chat",
        "x-my-task",
    ] {
        let ask = |pairs: &[(&str, &str)]| {
            let map = headers(&[&[KEYED], pairs].concat());
            resolver.resolve(&arrival(STRANGER, &map, NOW), None, &keys())
        };
        assert!(resolver.is_inbound_only(name) && resolver.is_inbound_only(&name.to_uppercase()), "{name}");
        assert_eq!(code_of(&ask(&[(name, "a"), (&name.to_uppercase(), "a")])), code::DUPLICATE_HEADER, "{name}");
        for separator in ["_", ".", "~"] {
            let alias = name.replace('-', separator);
            assert!(resolver.is_inbound_only(&alias), "{alias}");
            if alias != name {
                assert_eq!(code_of(&ask(&[(&alias, "a")])), code::HEADER_NAME, "{alias}");
            }
        }
    }
}

#[test]
fn a_products_header_names_the_session_of_its_own_client_alone() {
    let session = |identity: &Value, header: &str| {
        ask(identity, true, STRANGER, &[(header, "c1")]).session.map(|session| session.as_str().to_owned())
    };
    for (identity, header) in [
        (json!(["open_webui"]), "x-openwebui-chat-id"),
        (json!(["librechat"]), "x-librechat-conversation-id"),
        (json!(["ai_optimizer"]), "client"),
        (json!(["user_key"]), "x-openwebui-chat-id"),
    ] {
        for other in ["x-memgate-session", "x-openwebui-chat-id", "x-librechat-conversation-id", "client"] {
            let expected = (other == header || other == "x-memgate-session").then(|| "c1".to_owned());
            assert_eq!(session(&identity, other), expected, "{identity} {other}");
        }
    }
    // A session is no user, and an open client is known by it.
    let found = ask(&json!(["ai_optimizer"]), false, TRUSTED, &[("client", "ann")]);
    assert_eq!((found.client.as_str(), found.user_named), ("preset", false));
    assert!(is_none(&found));
    assert_eq!(session(&json!(["librechat"]), "X-LibreChat-Conversation-Id"), Some("c1".to_owned()));
    for empty in ["", "{{LIBRECHAT_BODY_CONVERSATIONID}}"] {
        assert_eq!(ask(&json!(["librechat"]), true, STRANGER, &[("x-librechat-conversation-id", empty)]).session, None);
    }
}

#[test]
fn open_webuis_task_is_read_from_its_header() {
    let task = |identity: &Value, value: &str| ask(identity, true, STRANGER, &[("X-OpenWebUI-Task", value)]).task;
    let open_webui = json!(["open_webui"]);
    assert_eq!(task(&open_webui, "title_generation").as_deref(), Some("title_generation"));
    assert_eq!(task(&open_webui, "").as_deref(), Some(""));
    assert_eq!(task(&open_webui, "{{TASK}}"), None);
    assert_eq!(task(&json!(["librechat"]), "title_generation"), None);
}

#[test]
fn headers_that_disagree_are_refused_and_an_address_counts_only_without_a_name() {
    let identity = json!(["forward_auth"]);
    let found = ask(&identity, true, STRANGER, &[("remote-user", "ann"), ("x-forwarded-user", "bob")]);
    assert_eq!(code_of(&found), code::IDENTITY_CONFLICT);
    let all =
        [("remote-user", "ann"), ("x-forwarded-user", "ann"), ("x-auth-request-user", "ann"), ("x-authentik-username", "ann")];
    assert_eq!(ask(&identity, true, STRANGER, &all).finding, valid("ann", Assurance::Vouched, "header"));
    let named = [("x-forwarded-user", "ann"), ("x-forwarded-email", "ann@example.com")];
    assert_eq!(ask(&identity, true, STRANGER, &named).finding, valid("ann", Assurance::Vouched, "header"));
    let mailed = [("x-forwarded-email", "ann@example.com"), ("x-auth-request-email", "bob@example.com")];
    assert_eq!(code_of(&ask(&identity, true, STRANGER, &mailed)), code::IDENTITY_CONFLICT);
    let bearer = format!("Bearer {ALICE_KEY}");
    let pairs = [("x-api-key", PRESET_KEY), ("authorization", bearer.as_str()), ("x-forwarded-email", "alice@example.com")];
    let found = with_client(&identity, Some(PRESET_KEY)).resolve(&arrival(STRANGER, &headers(&pairs), NOW), None, &keys());
    assert_eq!(found.finding, valid("alice", Assurance::Verified, "user_key"), "a key is better than an address");
    // Of a named proxy, the headers that it does not set are nobody's.
    let authelia = json!([{"forward_auth": {"proxy": "authelia"}}]);
    let found = ask(&authelia, true, STRANGER, &[("x-forwarded-user", "bob")]);
    assert!(is_none(&found));
    assert_eq!(found.ignored_headers, 1);
    let two = [("x-litellm-end-user-id", "ann"), ("x-litellm-customer-id", "bob")];
    assert_eq!(code_of(&ask(&json!(["litellm"]), true, STRANGER, &two)), code::IDENTITY_CONFLICT);
}

#[test]
fn values_are_decoded_as_their_product_writes_them() {
    let read = |decode: &str, value: &[u8]| {
        let identity = json!([{"header": {"name": "x-who", "decode": decode}}]);
        match ask(&identity, true, STRANGER, &[("x-who", value)]).finding {
            Finding::Valid(evidence) => Ok(evidence.user.name().to_owned()),
            Finding::Invalid(invalid) => Err(invalid.code),
            Finding::None { .. } => panic!(),
        }
    };
    let malformed = || Err(code::IDENTITY_MALFORMED);
    for (decode, value, expected) in [
        ("plain", "Marić".as_bytes(), Ok("Marić".to_owned())),
        ("plain", b"M\xfcller", Ok("Müller".to_owned())),
        ("plain", b"a%20b", Ok("a%20b".to_owned())),
        ("percent", b"Ana%20Mari%C4%87", Ok("Ana Marić".to_owned())),
        ("percent", b"Bob 100%25 %3Cb%3E", Ok("Bob 100% <b>".to_owned())),
        // Once, not twice.
        ("percent", b"%2541", Ok("%41".to_owned())),
        ("percent", b"100%", malformed()),
        ("percent", b"%f", malformed()),
        ("percent", b"%zz", malformed()),
        ("percent", b"%FF", malformed()),
        ("percent", b"%7B%7BUSER%7D%7D", malformed()),
        ("percent", b"a%0Ab", malformed()),
        ("librechat", b"b64:TWFyacSH", Ok("Marić".to_owned())),
        ("librechat", b"M\xfcller", Ok("Müller".to_owned())),
        // Raw bytes are Latin-1 always: as UTF-8 these would be `Müller`, who is somebody else.
        ("librechat", b"M\xc3\xbcller", Ok("MÃ¼ller".to_owned())),
        ("librechat", b"b64:TWFyacS", malformed()),
        ("librechat", b"b64:_w==", malformed()),
        ("librechat", b"b64:/w==", malformed()),
        ("librechat", b"b64:e3tVU0VSfX0=", malformed()),
        ("librechat", b"b64:", malformed()),
        ("latin1", b"M\xc3\xbcller", Ok("MÃ¼ller".to_owned())),
    ] {
        assert_eq!(read(decode, value), expected, "{decode} {:?}", String::from_utf8_lossy(value));
    }
}

#[test]
fn a_request_as_librechat_sends_it() {
    // As its server writes them, by `headers` of a custom endpoint; the name beside the id is of no account.
    let pairs: [(&str, &[u8]); 7] = [
        ("content-type", b"application/json"),
        ("accept", b"application/json"),
        ("user-agent", b"OpenAI/JS 5.8.2"),
        ("x-librechat-user-id", b"665d1f0c9b1e8a0012345678"),
        ("x-librechat-user-name", b"Jos\xe9 \xd6zil"),
        ("x-librechat-conversation-id", b"5f0c6f0e-8f3e-4c7c-9c55-3f9a5b1d2c3d"),
        ("x-stainless-lang", b"js"),
    ];
    let found = ask(&json!(["librechat"]), true, STRANGER, &pairs);
    assert_eq!(found.finding, valid("665d1f0c9b1e8a0012345678", Assurance::Vouched, "header"));
    assert_eq!(found.session.as_ref().map(SessionId::as_str), Some("5f0c6f0e-8f3e-4c7c-9c55-3f9a5b1d2c3d"));
    // A version that does not know the placeholder sends it as it stands.
    let literal = [("x-librechat-user-id", "{{LIBRECHAT_USER_ID}}")];
    assert_eq!(code_of(&ask(&json!(["librechat"]), true, STRANGER, &literal)), code::IDENTITY_MALFORMED);
}

#[test]
fn words_and_mappings_mean_the_same() {
    let read = |source: Value| serde_json::from_value::<SourceFile>(source);
    for word in ["open_webui", "http_signature", "forward_auth"] {
        assert_eq!(read(json!(word)).unwrap(), read(json!({word: {}})).unwrap());
    }
    assert_eq!(read(json!({"header": "X-A"})).unwrap(), read(json!({"header": {"name": "X-A"}})).unwrap());
    let secret = json!({"env": "SECRET"});
    assert_eq!(
        read(json!({"open_webui_jwt": {"secret": secret}})).unwrap(),
        read(json!({"open_webui": {"secret": secret}})).unwrap()
    );
    for wrong in [
        json!("header"),
        json!("open_webui_jwt"),
        // What was to be signed does not become a plain header by leaving the secret out.
        json!({"open_webui_jwt": {}}),
        json!({"open_webui_jwt": {"header": "x-a"}}),
        json!({"open_webui": {"secret": null}}),
        json!({"open_webui": {}, "user_key": null}),
        json!({"user_key": {}}),
        json!({"header": 7}),
        json!({"header": {"decode": "plain"}}),
        json!({"header": {"name": "x-a", "decode": "rot13"}}),
        json!({"forward_auth": {"proxy": "nginx"}}),
        json!({"http_signature": {"alg": "none"}}),
        json!({"sillytavern": {"header": "x"}}),
        json!("cookie"),
        json!(7),
        json!(null),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
    let wrong =
        json!([{}, {"header": {"name": "a b", "tenant_header": "host"}}, {"http_signature": {"user": "signature", "tag": ""}}]);
    let (read, faults) = plan(&wrong);
    assert!(read.sources.is_empty());
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    let expected = [
        "identity[0]",
        "identity[1].header.tenant_header",
        "identity[1].header",
        "identity[2].http_signature.user",
        "identity[2].http_signature.tag",
    ];
    assert_eq!(paths, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever the bytes, decoding ends in a user or a refusal.
    #[test]
    fn decoding_never_panics(value in prop::collection::vec(any::<u8>(), 0..64), prefix in prop::sample::select(vec!["", "b64:", "%"])) {
        let bytes = [prefix.as_bytes(), &value].concat();
        for decode in [Decode::Plain, Decode::Percent, Decode::Latin1, Decode::Librechat] {
            let _ = decode.read(&bytes);
        }
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let identity = json!(["librechat", "muxi", {"header": {"name": "x-who", "decode": "percent", "tenant_header": "x-muxi-tenant-id"}}]);
            let names = ["x-librechat-user-id", "x-muxi-user-id", "x-muxi-tenant-id", "x-who", "x-librechat-conversation-id"];
            let pairs: Vec<_> = names.iter().map(|name| (*name, value.as_bytes())).collect();
            let found = ask(&identity, true, STRANGER, &pairs);
            prop_assert!(!is_none(&found) || bytes == b"0");
        }
    }

    /// Two people whom the product tells apart are not one person here.
    #[test]
    fn libre_chats_encodings_do_not_meet(one in "\\PC{1,8}", other in "\\PC{1,8}") {
        let write = |name: &str| -> Vec<u8> {
            use base64::Engine;
            let latin: Option<Vec<u8>> = name.chars().map(|c| u8::try_from(c).ok()).collect();
            latin.unwrap_or_else(|| format!("b64:{}", base64::engine::general_purpose::STANDARD.encode(name)).into_bytes())
        };
        prop_assume!(one != other);
        let [one_read, other_read] = [&one, &other].map(|name| Decode::Librechat.read(&write(name)).map(std::borrow::Cow::into_owned));
        prop_assert_eq!(one_read, Some(one));
        prop_assert_eq!(other_read, Some(other));
    }
}
