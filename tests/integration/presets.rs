//! Clients by their presets, over real sockets: HTTP message signatures, chats and tasks by their headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::client::send;
use crate::harness::gate::{OPEN_WEBUI_KEY, SIGNING_KEY};
use crate::harness::h2c;
use crate::harness::request::Request;
use crate::harness::sign::{hmac, now, random_hex};
use crate::harness::world::World;
use crate::me::say;

const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

fn sign_message(request: Request, user: &str) -> Request {
    sign_for("memgate.test", request, user)
}

/// Signs after RFC 9421, written from the RFC.
fn sign_for(authority: &str, request: Request, user: &str) -> Request {
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&request.body)));
    let (path, query) =
        request.target.split_once('?').map_or((request.target.as_str(), None), |(path, query)| (path, Some(query)));
    let mut covered = vec![
        ("@method", request.method.clone()),
        ("@authority", authority.to_owned()),
        ("@path", path.to_owned()),
        ("x-memgate-user", user.to_owned()),
        ("content-digest", digest.clone()),
    ];
    covered.extend(query.map(|query| ("@query", format!("?{query}"))));
    let names: Vec<_> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let nonce = random_hex();
    let input = format!("({});created={};nonce=\"{nonce}\";keyid=\"k1\"", names.join(" "), now());
    let lines = covered.iter().map(|(name, value)| format!("\"{name}\": {value}"));
    let base = lines.chain([format!("\"@signature-params\": {input}")]).collect::<Vec<_>>().join("\n");
    let mac = hmac(SIGNING_KEY.1.as_bytes(), base.as_bytes());
    request
        .header("X-Memgate-User", user)
        .header("Content-Digest", digest)
        .header("Signature-Input", format!("sig1={input}"))
        .header("Signature", format!("sig1=:{}:", STANDARD.encode(mac)))
}

/// The client of the test configuration, with these sources.
fn with_identity(identity: Value) -> impl FnOnce(&mut Value) {
    move |file| {
        file["clients"][0]["identity"] = identity;
        file["trust"]["trusted_peers"] = json!([]);
        file["limits"] = json!({"h2c": true});
    }
}

#[tokio::test]
async fn a_message_signature_opens_its_users_memory_once_and_goes_no_further() {
    let world = World::start(with_identity(json!(["http_signature"]))).await;
    let by_client = |text: &str| Request::chat(&[text]).bearer(OPEN_WEBUI_KEY.1);
    world.teach(&sign_message(by_client(SECRET), "ann")).await;
    let asked = sign_message(by_client(QUESTION), "ann");
    let seen = world.forwarded(&asked).await;
    assert!(seen.mentions("quagga"));
    for (name, _) in &seen.headers {
        let name = name.to_lowercase();
        assert!(!["signature", "signature-input", "content-digest", "x-memgate-user"].contains(&name.as_str()), "{name}");
    }
    world.send(&asked).await.assert_refused(401, "signature_replayed");
    let mut changed = sign_message(by_client(QUESTION), "ann");
    let at = changed.body.len() - 10;
    changed.body[at] ^= 1;
    world.send(&changed).await.assert_refused(401, "signature_invalid");
    let mut elsewhere = sign_message(by_client(QUESTION), "ann");
    elsewhere.target.push_str("?a=1");
    world.send(&elsewhere).await.assert_refused(401, "signature_incomplete");
    world.send(&by_client(QUESTION).header("X-Memgate-User", "ann")).await.assert_refused(401, "signature_missing");
    // Somebody else's signature opens somebody else's memory.
    assert!(!world.forwarded(&sign_message(by_client(QUESTION), "bob")).await.mentions("quagga"));
    // Of a caller that no client claims, too; and over HTTP/2, where the authority is in the target.
    assert!(world.forwarded(&sign_message(Request::chat(&[QUESTION]), "ann")).await.mentions("quagga"));
    let address = world.gate.address();
    let answer = h2c::send(address, &sign_for(&address.to_string(), by_client(QUESTION), "ann")).await.unwrap();
    answer.assert_ok();
    assert!(world.upstream.last().mentions("quagga"));
    let elsewhere = h2c::send(address, &sign_for("memgate.test", by_client(QUESTION), "ann")).await.unwrap();
    elsewhere.assert_refused(401, "signature_invalid");
    let record = world.requests_on_record(10).await.swap_remove(0);
    assert_eq!((record["source"].as_str(), record["assurance"].as_str()), (Some("http_signature"), Some("verified")));
}

#[tokio::test]
async fn a_task_header_tells_a_task_from_a_turn() {
    let world = World::start(with_identity(json!(["open_webui"]))).await;
    world.teach(&Request::chat(&[SECRET]).vouched("ann")).await;
    let purpose = async |text: &str, task: Option<&str>| {
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
        let mut request = say("POST", "/explain", &chat).vouched("ann");
        if let Some(task) = task {
            request = request.header("X-OpenWebUI-Task", task);
        }
        let answer = world.send(&request).await;
        answer.assert_ok();
        answer.json()["request"]["purpose"].as_str().unwrap().to_owned()
    };
    let title = "### Task:\nGenerate a concise title.\n<chat_history>\nUSER: hi\n</chat_history>";
    assert_eq!(purpose(QUESTION, Some("title_generation")).await, "task");
    assert_eq!(purpose(title, Some("")).await, "turn", "the client says that it is no task");
    for unresolved in [None, Some("{{TASK}}")] {
        assert_eq!(purpose(QUESTION, unresolved).await, "turn");
        assert_eq!(purpose(title, unresolved).await, "task", "the text decides");
    }
    let task = Request::chat(&[QUESTION]).vouched("ann").header("X-OpenWebUI-Task", "title_generation");
    let seen = world.forwarded(&task).await;
    assert!(!seen.mentions("quagga") && !seen.mentions("title_generation"));
    assert!(world.forwarded(&Request::chat(&[QUESTION]).vouched("ann")).await.mentions("quagga"));
    let twice = task.header("x-openwebui-task", "");
    send(world.gate.address(), &twice).await.assert_refused(401, "duplicate_header");
}

#[tokio::test]
async fn a_chat_is_named_by_the_clients_own_product() {
    let world = World::start(with_identity(json!(["librechat"]))).await;
    let session = async |name: &str, value: &str| {
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        let request =
            say("POST", "/explain", &chat).bearer(OPEN_WEBUI_KEY.1).header("X-LibreChat-User-Id", "665d1f0c").header(name, value);
        let answer = world.send(&request).await;
        answer.assert_ok();
        answer.json()["request"]["session"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(session("X-LibreChat-Conversation-Id", "c-1").await.as_deref(), Some("c-1"));
    assert_eq!(session("X-LibreChat-Conversation-Id", "").await, None);
    assert_eq!(session("X-Memgate-Session", "s-1").await.as_deref(), Some("s-1"));
    assert_eq!(session("X-OpenWebUI-Chat-Id", "temporary:c-1").await, None, "another product's header");
}

/// Header values that are no UTF-8 come through the server as they were sent.
#[tokio::test]
async fn names_arrive_in_the_encodings_of_their_product() {
    let world =
        World::start(with_identity(json!([{"header": {"name": "X-LibreChat-User-Username", "decode": "librechat"}}]))).await;
    let names: [(&[u8], &str); 3] = [(b"Jos\xe9", "José"), (b"b64:TWFyacSH", "Marić"), (b"M\xc3\xbcller", "MÃ¼ller")];
    for (n, (sent, name)) in names.into_iter().enumerate() {
        let request = Request::chat(&["hi"]).bearer(OPEN_WEBUI_KEY.1).header("X-LibreChat-User-Username", sent);
        world.send(&request).await.assert_ok();
        let record = world.requests_on_record(n + 1).await.pop().unwrap();
        assert_eq!(record["user"], format!("default:{name}"));
    }
    for unresolved in ["{{LIBRECHAT_USER_USERNAME}}", "b64:!!"] {
        let request = Request::chat(&["hi"]).bearer(OPEN_WEBUI_KEY.1).header("X-LibreChat-User-Username", unresolved);
        world.send(&request).await.assert_refused(401, "identity_malformed");
    }
}
