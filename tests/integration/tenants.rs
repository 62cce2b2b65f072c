//! Two tenants with a client each and equal names, crossed in every way, in all four modes; and the groups of a request.

use serde_json::{Value, json};

use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY, SIGNING_KEY};
use crate::harness::request::Request;
use crate::harness::sign::{jwt, now};
use crate::harness::world::World;
use crate::me::{ask, say};

const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";
const MODES: [&str; 4] = ["strict", "required", "quarantine", "legacy"];

/// The key of each tenant's client, as the tests' environment has it.
const ACME: &str = OPEN_WEBUI_KEY.1;
const GLOBEX: &str = SIGNING_KEY.1;

/// Both clients read a compound header, tokens and personal keys; each is fixed to its tenant.
fn two_tenants(mode: &str) -> impl FnOnce(&mut Value) {
    let mode = mode.to_owned();
    move |file| {
        let identity = json!([{"header": {"name": "X-Who", "compound": true}}, "user_key"]);
        file["trust"]["mode"] = mode.into();
        file["clients"] = json!([
            {"name": "acme", "tenant": "acme", "key": {"env": OPEN_WEBUI_KEY.0}, "identity": identity, "vouch": "verified"},
            {"name": "globex", "tenant": "globex", "key": {"env": SIGNING_KEY.0}, "identity": identity, "vouch": "verified"},
        ]);
        file["tenants"] = json!([{"name": "acme", "upstreams": ["fake"]}, {"name": "globex"}]);
    }
}

/// A chat by a client. The key stands where a personal one may stand beside it.
fn chat(client: &str, text: &str) -> Request {
    Request::chat(&[text]).header("x-api-key", client)
}

fn user_key(world: &World, user: &str) -> String {
    let made = world.gate.run(&["user", "key", "add", user]);
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    let key = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).find(|part| part.starts_with("mgk_"));
    key.unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&made.stderr))).to_owned()
}

#[tokio::test]
async fn equal_names_of_two_tenants_never_meet_in_any_mode() {
    for mode in MODES {
        let world = World::start(two_tenants(mode)).await;
        world.teach(&chat(ACME, SECRET).header("X-Who", "ann")).await;
        for (what, request, knows) in [
            ("the same person", chat(ACME, QUESTION).header("X-Who", "ann"), true),
            ("the same person by the whole id", chat(ACME, QUESTION).header("X-Who", "acme:ann"), true),
            ("the other tenant's person", chat(GLOBEX, QUESTION).header("X-Who", "ann"), false),
        ] {
            assert_eq!(world.forwarded(&request).await.mentions("quagga"), knows, "{what}, {mode}");
        }
        let key = user_key(&world, "acme:ann");
        let by_key = |client: &str| chat(client, QUESTION).bearer(&key);
        assert!(world.forwarded(&by_key(ACME)).await.mentions("quagga"), "{mode}");
        for crossed in [chat(GLOBEX, QUESTION).header("X-Who", "acme:ann"), by_key(GLOBEX)] {
            let answer = world.send(&crossed).await;
            match mode {
                "strict" | "required" => answer.assert_refused(401, "tenant_mismatch"),
                _ => {
                    answer.assert_ok();
                    assert!(!world.upstream.last().mentions("quagga"), "{mode}");
                }
            }
        }
        let records = world.requests_on_record(7).await;
        let by_reason = records.iter().filter(|record| record["reason"] == "tenant_mismatch");
        let users: Vec<_> = by_reason.map(|record| record["user"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(users.len(), 2, "{mode}");
        // In quarantine a sandbox each; else nobody's memory.
        assert!(users.iter().all(|user| user.starts_with("~sandbox:") == (mode == "quarantine")), "{mode}: {users:?}");
    }
}

/// What a tenant's own client taught, another's client neither reads nor changes, with the id of the fact in hand.
#[tokio::test]
async fn a_fact_of_the_other_tenants_namesake_answers_as_one_that_never_was() {
    let world = World::start(two_tenants("required")).await;
    let by = |client: &str, request: Request| request.header("x-api-key", client).header("X-Who", "ann");
    let added = world.send(&by(ACME, say("POST", "/memories", &json!({"text": "I keep a quagga"})))).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let fact = format!("/memories/{}", added.json()["id"].as_str().unwrap());
    let never = "/memories/018f0000000070008000000000000000";
    for (method, body) in [("GET", None), ("PATCH", Some(json!({"pinned": true}))), ("DELETE", None)] {
        let request = |path: &str| body.as_ref().map_or_else(|| ask(method, path), |body| say(method, path, body));
        let (theirs, none) = (world.send(&by(GLOBEX, request(&fact))).await, world.send(&by(GLOBEX, request(never))).await);
        theirs.assert_refused(404, "memory_not_found");
        assert_eq!(theirs.json()["error"]["message"], none.json()["error"]["message"]);
    }
    let listed = world.send(&by(GLOBEX, ask("GET", "/memories"))).await;
    assert_eq!(listed.json()["memories"], json!([]));
    world.send(&by(ACME, ask("GET", &fact))).await.assert_ok();
}

#[tokio::test]
async fn a_claim_makes_no_tenant_and_a_tenants_mode_counts() {
    let tokens = |file: &mut Value| {
        let jwt = json!({"secret": {"env": JWT_SECRET.0}, "tenant": "org", "groups_claim": "groups"});
        file["trust"]["mode"] = "legacy".into();
        file["clients"][0]["identity"] = json!([{"jwt": jwt}]);
        file["tenants"] = json!([{"name": "acme"}, {"name": "careful", "mode": "required"}]);
    };
    let world = World::start(tokens).await;
    let token = |org: &str, change: Value| {
        let mut claims = json!({"sub": "ann", "org": org, "iat": now(), "exp": now() + 300, "groups": ["staff", "lab"]});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        format!("Bearer {}", jwt(JWT_SECRET.1, &claims))
    };
    let about = async |org: &str| {
        world.send(&ask("GET", "").header("x-api-key", OPEN_WEBUI_KEY.1).header("Authorization", token(org, json!({})))).await
    };
    let acme = about("acme").await.json();
    assert_eq!((&acme["user"], &acme["tenant"], &acme["tenant_from"]), (&json!("ann"), &json!("acme"), &json!("evidence")));
    assert_eq!((acme["mode"].as_str(), about("careful").await.json()["mode"].as_str()), (Some("legacy"), Some("required")));
    let made_up = about("made-up").await;
    made_up.assert_refused(403, "no_memory_scope");
    assert!(made_up.text().contains("tenant_unknown"), "{}", made_up.text());
    let expected = json!([{"name": "staff", "from": "evidence"}, {"name": "lab", "from": "evidence"}]);
    assert_eq!(acme["groups"], expected);
}

#[tokio::test]
async fn groups_reach_the_person_from_header_and_configuration_and_the_header_goes_no_further() {
    let world = World::start(|file| {
        file["clients"][0]["groups_header"] = "X-OpenWebUI-User-Groups".into();
        file["trust"]["mode"] = "quarantine".into();
        file["groups"] = json!([
            {"name": "owners", "users": ["ann"], "evidence": false},
            {"name": "web", "clients": ["open-webui"]},
        ]);
    })
    .await;
    let listed = |request: Request| request.header("X-OpenWebUI-User-Groups", r#"["staff", "owners", "a b"]"#);
    let groups = async |request: Request| {
        let answer = world.send(&request).await;
        answer.assert_ok();
        let groups = answer.json()["groups"].as_array().unwrap().clone();
        let one = |group: &Value| format!("{}/{}", group["name"].as_str().unwrap(), group["from"].as_str().unwrap());
        groups.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let config = "web/configuration";
    assert_eq!(
        groups(listed(ask("GET", "").vouched("ann"))).await,
        format!("staff/evidence a b/evidence owners/configuration {config}")
    );
    // Whoever claims a group that the configuration keeps for itself is not in it.
    assert_eq!(groups(listed(ask("GET", "").vouched("bob"))).await, format!("staff/evidence a b/evidence {config}"));
    assert_eq!(groups(ask("GET", "").vouched("bob")).await, config);
    // The word of a peer is not that of a client that has a key; and a sandbox is in no group.
    let asserted = listed(ask("GET", "").header("X-Memgate-User", "carol"));
    assert_eq!(groups(asserted).await, "");
    // The dry run says the same.
    let explained = listed(say("POST", "/explain", &json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})));
    let explained = world.send(&explained.vouched("bob")).await.json();
    assert_eq!(explained["identity"]["groups"].as_array().unwrap().len(), 3, "{explained}");
    let seen = world.forwarded(&listed(Request::chat(&["hi"]).vouched("ann"))).await;
    assert!(seen.headers.iter().all(|(name, _)| !name.to_lowercase().starts_with("x-openwebui-")), "{:?}", seen.headers);
    let twice = listed(listed(Request::chat(&["hi"]).vouched("ann")));
    let refused = world.send(&twice).await;
    refused.assert_ok();
    let record = world.requests_on_record(7).await.pop().unwrap();
    assert_eq!(record["reason"], "duplicate_header");
    let unread = Request::chat(&["hi"]).vouched("ann").header("X-OpenWebUI-User-Groups", "staff,{{USER_GROUPS}}");
    world.send(&unread).await.assert_ok();
    assert_eq!(world.metric("memgate_dropped_groups_total", &[]).await, 1);
}

#[tokio::test]
async fn muxis_key_is_taken_from_its_own_header_and_its_nobody_is_a_tenants_own() {
    let world = World::start(|file| {
        file["trust"]["mode"] = "legacy".into();
        file["trust"]["trusted_peers"] = json!([]);
        file["clients"][0]["identity"] = json!(["muxi"]);
    })
    .await;
    let by = |request: Request| request.header("X-Muxi-Client-Key", OPEN_WEBUI_KEY.1);
    let who = async |pairs: &[(&str, &str)]| {
        let answer = world.send(&by(ask("GET", "")).headers(pairs.iter().copied())).await;
        answer.assert_ok();
        let about = answer.json();
        let text = |field: &str| about[field].as_str().unwrap().to_owned();
        format!("{}:{} {} by {}", text("tenant"), text("user"), text("reason"), text("client"))
    };
    assert_eq!(who(&[("X-Muxi-User-Id", "ann")]).await, "default:ann vouched by open-webui");
    assert_eq!(who(&[("X-Muxi-User-Id", "acme:ann")]).await, "acme:ann vouched by open-webui");
    assert_eq!(who(&[("X-Muxi-User-Id", "ann"), ("X-Muxi-Tenant-Id", "acme")]).await, "acme:ann vouched by open-webui");
    for (pairs, tenant) in [
        (vec![], "default"),
        (vec![("X-Muxi-User-Id", "0")], "default"),
        (vec![("X-Muxi-User-Id", "0"), ("X-Muxi-Tenant-Id", "acme")], "acme"),
    ] {
        assert_eq!(who(&pairs).await, format!("{tenant}:0 default_user by open-webui"));
    }
    let seen = world.forwarded(&by(Request::chat(&["hi"])).header("X-Muxi-User-Id", "ann")).await;
    assert!(seen.headers.iter().all(|(name, value)| {
        !name.to_lowercase().starts_with("x-muxi-") && !format!("{value:?}").contains(OPEN_WEBUI_KEY.1)
    }));
}
