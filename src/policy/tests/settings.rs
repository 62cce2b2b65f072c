//! `trust` and `clients` as they are written, and every fault of them at once.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::identity::Source;
use crate::policy::{ClientFile, ClientPolicy, History, MemoryAccess, TrustFile, TrustMode, TrustSettings, Vouch, resolve};
use crate::setting::{Fault, Faults};

/// Secrets as files, so that no test touches the environment.
struct Secrets(tempfile::TempDir);

impl Secrets {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, secret: &str) -> Value {
        let path = self.0.path().join(name);
        writeln!(std::fs::File::create(&path).unwrap(), "{secret}").unwrap();
        json!({"file": path})
    }
}

fn load(trust: Value, clients: Value) -> (TrustSettings, Vec<Fault>) {
    let trust: TrustFile = serde_json::from_value(trust).unwrap();
    let clients: Vec<ClientFile> = serde_json::from_value(clients).unwrap();
    let mut faults = Faults::default();
    let settings = resolve(&trust, &clients, &[], &[], &mut faults);
    (settings, faults.into_vec())
}

#[test]
fn nothing_written_means_required_and_nobody_trusted() {
    let (settings, faults) = load(json!({}), json!([]));
    assert_eq!(faults, []);
    assert_eq!((settings.mode, settings.shadow), (TrustMode::Required, None));
    assert!(settings.identity.trusted_peers.is_empty() && settings.identity.signing_keys.is_empty());
    assert_eq!(settings.identity.skew, Duration::from_mins(1));
    assert_eq!(settings.sandbox_expiry, Duration::from_hours(168));
    assert_eq!(settings.default_user, user("default"));
    let nobody = resolution(none());
    let terms = settings.terms(&nobody);
    assert_eq!((terms.mode, terms.vouch), (TrustMode::Required, Vouch::Vouched));
}

#[test]
fn the_documented_shape_is_read() {
    let secrets = Secrets::new();
    let trust = json!({
        "mode": "required", "shadow": "strict", "trusted_peers": ["127.0.0.1/32", "::1"], "clock_skew": "90s",
        "signing_keys": [{"id": "k1", "secret": secrets.put("k1", "0123456789abcdef0123456789abcdef")}],
        "replay_capacity": 5000, "default_user": "acme:guest", "sandbox": {"expiry": "1d"},
    });
    let clients = json!([
        {"name": "open-webui", "key": secrets.put("a", "key-a-0123456789abcdef"), "keys": [secrets.put("b", "key-b-0123456789abcdef")],
         "identity": [{"open_webui": {"secret": secrets.put("jwt", "jwt-secret-0123456789abcdef")}}, "memgate_signature"], "mode": "strict"},
        {"name": "sillytavern", "identity": ["user_key", {"header": "x-st-user"}]},
        {"name": "old", "peers": ["10.0.0.0/8"], "mode": "legacy"},
        {"name": "team", "key": secrets.put("c", "key-c-0123456789abcdef"), "identity": [{"header": "X-Staff-Id"}], "vouch": "verified"},
    ]);
    let (settings, faults) = load(trust, clients);
    assert_eq!(faults, []);
    let identity = &settings.identity;
    assert_eq!(identity.clients.iter().map(|client| client.key_hashes.len()).collect::<Vec<_>>(), [2, 0, 0, 1]);
    assert!(identity.clients[0].demands_signature() && !identity.clients[1].demands_signature());
    assert!(matches!(identity.clients[0].sources[..], [Source::OpenWebuiJwt(_), Source::MemgateSignature]));
    assert!(matches!(&identity.clients[1].sources[..], [Source::UserKey, Source::Header(source)] if source.name == "x-st-user"));
    assert!(matches!(identity.clients[2].sources[..], [Source::UserKey]), "nothing written means per-user keys only");
    assert_eq!(identity.trusted_peers.len(), 2);
    assert_eq!((&*identity.signing_keys[0].id, identity.replay_capacity), ("k1", 5000));
    let policy = |name: &str| settings.clients[&ClientName::parse(name).unwrap()].clone();
    let (vouch, memory, default_user) = (Vouch::Vouched, MemoryAccess::ReadWrite, user("acme:guest"));
    let (mode, history) = (TrustMode::Strict, History::Off);
    assert_eq!(policy("open-webui"), ClientPolicy { mode, vouch, memory, tenant: None, default_user, history });
    assert_eq!(policy("sillytavern").mode, TrustMode::Required);
    assert_eq!(policy("old").mode, TrustMode::Legacy);
    assert_eq!(policy("team").vouch, Vouch::Verified);
    assert_eq!(settings.default_user, user("acme:guest"));
}

#[test]
fn every_fault_is_reported_at_once_with_its_path() {
    let secrets = Secrets::new();
    let long = secrets.put("long", "key-a-0123456789abcdef");
    let short = secrets.put("short", "fifteen-bytes-!");
    let trust = json!({
        "mode": "required", "trusted_peers": ["127.0.0.1/32", "localhost"], "clock_skew": "1h", "replay_capacity": 0,
        "signing_keys": [{"id": "k1", "secret": long}, {"id": "k1", "secret": short}, {"id": "k 2", "secret": long}],
        "default_user": " ",
    });
    let clients = json!([
        {"name": "one", "key": long, "keys": [{"file": "/nonexistent/secret"}], "peers": ["10.0.0.0/33"]},
        {"name": "one", "key": long},
        {"name": "Two", "key": short},
        {"name": "unknown", "key": secrets.put("mgk", "mgk_0123456789abcdef")},
        {"name": "lax", "mode": "legacy"},
        {"name": "odd", "identity": [{"header": "x_user"}, {"header": "authorization"}, {"header": "x-memgate-nonce"}, {"header": ""},
         {"open_webui": {"secret": short, "header": "Connection"}}]},
        {"name": "boast", "vouch": "verified"},
    ]);
    let (_, faults) = load(trust, clients);
    let mut paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "clients[0].keys[0]",
            "clients[0].peers[0]",
            "clients[1].key",
            "clients[1].name",
            "clients[2].key",
            "clients[2].name",
            "clients[3].key",
            "clients[3].name",
            "clients[4].mode",
            "clients[5].identity[0].header",
            "clients[5].identity[1].header",
            "clients[5].identity[2].header",
            "clients[5].identity[3].header",
            "clients[5].identity[4].open_webui.header",
            "clients[5].identity[4].open_webui.secret",
            "clients[6].vouch",
            "trust.clock_skew",
            "trust.default_user",
            "trust.replay_capacity",
            "trust.signing_keys[1].id",
            "trust.signing_keys[1].secret",
            "trust.signing_keys[2].id",
            "trust.trusted_peers[1]",
        ]
    );
    for Fault { path, reason, remedy } in &faults {
        assert!(reason.len() > 5 && remedy.len() > 5, "{path}");
        assert!(!reason.contains("0123456789abcdef") && !reason.contains("fifteen"), "{path} shows a secret");
    }
}

#[test]
fn a_mode_is_laxer_only_in_the_documented_order() {
    let order = [TrustMode::Strict, TrustMode::Required, TrustMode::Quarantine, TrustMode::Legacy];
    for (default_at, default) in order.into_iter().enumerate() {
        for (own_at, own) in order.into_iter().enumerate() {
            let (_, faults) = load(json!({"mode": default.as_str()}), json!([{"name": "open", "mode": own.as_str()}]));
            assert_eq!(faults.iter().any(|fault| fault.path == "clients[0].mode"), own_at > default_at, "{default:?} {own:?}");
        }
    }
}

#[test]
fn signatures_without_a_signing_key_are_a_fault() {
    for source in [json!("memgate_signature"), json!("http_signature"), json!({"http_signature": {"tag": "memgate"}})] {
        let (_, faults) = load(json!({}), json!([{"name": "cli", "identity": [source]}]));
        assert_eq!(faults[0].path, "clients[0].identity");
    }
}

#[test]
fn clients_name_their_chats_and_tasks() {
    let (settings, faults) = load(
        json!({}),
        json!([
            {"name": "a", "identity": ["open_webui"]},
            {"name": "b", "identity": ["open_webui"], "session_header": "X-My-Chat", "task_header": "X-My-Task"},
            {"name": "c", "identity": ["librechat"], "task_header": "X-My-Task"},
            {"name": "d"},
        ]),
    );
    assert_eq!(faults, []);
    let cues = |n: usize| {
        let cues = &settings.identity.clients[n].cues;
        let text = |name: &http::HeaderName| name.as_str().to_owned();
        (cues.sessions.iter().map(text).collect::<Vec<_>>(), cues.task.as_ref().map(text))
    };
    let of = |session: &str, task: Option<&str>| (vec![session.to_owned()], task.map(ToOwned::to_owned));
    assert_eq!(cues(0), of("x-openwebui-chat-id", Some("x-openwebui-task")));
    assert_eq!(cues(1), of("x-my-chat", Some("x-my-task")));
    assert_eq!(cues(2), of("x-librechat-conversation-id", Some("x-my-task")));
    assert_eq!(cues(3), (vec![], None));
    let (_, faults) = load(json!({}), json!([{"name": "a", "session_header": "X_Chat", "task_header": "x-memgate-task"}]));
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["clients[0].session_header", "clients[0].task_header"]);
}

#[test]
fn only_a_source_that_can_vouch_gives_vouching_an_effect() {
    let secrets = Secrets::new();
    let key = secrets.put("k", "key-a-0123456789abcdef");
    for (identity, vouches) in [
        (json!(["open_webui"]), true),
        (json!(["forward_auth"]), true),
        (json!(["sillytavern"]), false),
        (json!(["litellm"]), false),
        (json!(["ai_optimizer"]), false),
        (json!([{"header": {"name": "x-who", "at_most": "asserted"}}]), false),
        (json!([{"open_webui": {"secret": secrets.put("j", "jwt-secret-0123456789abcdef")}}]), false),
    ] {
        let (_, faults) = load(json!({}), json!([{"name": "a", "key": key, "identity": identity, "vouch": "verified"}]));
        assert_eq!(faults.is_empty(), vouches, "{identity}");
    }
}

#[test]
fn unknown_settings_are_refused() {
    for (trust, client) in [
        (json!({"modus": "strict"}), json!({"name": "a"})),
        (json!({"mode": "lenient"}), json!({"name": "a"})),
        (json!({"sandbox": {"expires": "7d"}}), json!({"name": "a"})),
        (json!({"signing_keys": [{"id": "k", "secret": "plain text"}]}), json!({"name": "a"})),
        (json!({}), json!({"name": "a", "tenants": "b"})),
        (json!({}), json!({"name": "a", "identity": ["cookie"]})),
        (json!({}), json!({"name": "a", "identity": [{"open_webui": {"secret": {"env": "X"}, "alg": "none"}}]})),
        (json!({}), json!({"name": "a", "key": {"env": "X", "file": "Y"}})),
        (json!({}), json!({})),
    ] {
        let bad = serde_json::from_value::<TrustFile>(trust.clone()).is_err()
            || serde_json::from_value::<ClientFile>(client.clone()).is_err();
        assert!(bad, "{trust} {client}");
    }
}

#[test]
fn the_schema_describes_what_is_read() {
    let trust = schemars::schema_for!(TrustFile).to_value();
    assert_eq!(trust["additionalProperties"], json!(false));
    assert_eq!(trust["properties"]["clock_skew"]["default"], json!("60s"));
    let client = schemars::schema_for!(ClientFile).to_value();
    assert_eq!(client["required"], json!(["name"]));
    assert!(client["properties"]["vouch"]["description"].is_string());
}
