//! Requests recorded from Open WebUI and SillyTavern, replayed through the binary in every mode.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY};
use crate::harness::request::Request;
use crate::harness::sign::{jwt, now};
use crate::harness::upstream::Recorded;
use crate::harness::world::World;

const MODES: [&str; 4] = ["strict", "required", "quarantine", "legacy"];

/// One recorded request.
#[derive(Debug, Deserialize)]
struct Capture {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Value,
    #[serde(skip)]
    file: String,
}

fn captures() -> Vec<Capture> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let capture: Capture = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Capture { file: path.file_name().unwrap().to_string_lossy().into_owned(), ..capture }
    };
    paths.iter().map(read).collect()
}

impl Capture {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count()
    }

    /// The recorded bytes; JSON is written anew, since the recording kept its value only.
    fn body(&self) -> Vec<u8> {
        match &self.body {
            Value::Null => Vec::new(),
            Value::String(text) => STANDARD.decode(text).unwrap_or_else(|_| text.clone().into_bytes()),
            Value::Object(object) if object.contains_key("base64") => {
                STANDARD.decode(object["base64"].as_str().unwrap()).unwrap()
            }
            value => value.to_string().into_bytes(),
        }
    }

    /// The request as it was sent, but framed anew, and with a fresh token of the same person where there was one.
    fn request(&self) -> Request {
        let mut request = Request::new(&self.method, &self.path);
        request.body = self.body();
        let framing = ["host", "content-length", "transfer-encoding", "connection", "expect"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !framing.contains(&name.to_lowercase().as_str())) {
            let fresh = name.eq_ignore_ascii_case("x-openwebui-user-jwt").then(|| renewed(value));
            let latin: Vec<u8> =
                value.chars().flat_map(|c| u8::try_from(c).map_or_else(|_| c.to_string().into_bytes(), |b| vec![b])).collect();
            request = request.header(name, fresh.map_or(latin, String::into_bytes));
        }
        request
    }
}

/// The same claims, issued now.
fn renewed(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let mut claims: Value =
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["iat"] = now().into();
    claims["exp"] = (now() + 300).into();
    jwt(JWT_SECRET.1, &claims)
}

/// What a recorded request proves, read off its headers here, not by the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    Verified,
    Vouched,
    Asserted,
    ClientAlone,
    Nothing,
    Invalid,
}

/// `signed`: the client is configured for Open WebUI's token.
fn worth(capture: &Capture, signed: bool) -> Worth {
    let odd = |name: &str| !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if capture.count("authorization") > 1 || capture.headers.iter().any(|(name, _)| odd(name)) {
        return Worth::Invalid;
    }
    let by_client = capture.header("authorization").is_some_and(|value| value == format!("Bearer {}", OPEN_WEBUI_KEY.1));
    let named = capture.header("x-openwebui-user-id").is_some();
    match (by_client, signed) {
        (true, true) if capture.header("x-openwebui-user-jwt").is_some() => Worth::Verified,
        (true, true) if named => Worth::Invalid,
        (true, _) if !named => Worth::ClientAlone,
        (true, _) => Worth::Vouched,
        (false, _) if named => Worth::Asserted,
        (false, _) => Worth::Nothing,
    }
}

fn decision(worth: Worth, mode: &str, listing: bool) -> &'static str {
    match (worth, mode) {
        (Worth::ClientAlone, _) | (Worth::Nothing, "quarantine" | "legacy") if listing => "bypass",
        (Worth::Invalid, "legacy") => "bypass",
        (Worth::Verified, _) | (_, "legacy") | (Worth::Vouched, "required" | "quarantine") | (Worth::Asserted, "required") => {
            "admit"
        }
        (_, "quarantine") => "sandbox",
        _ => "refuse",
    }
}

/// Whatever has a version segment, behind any prefix; and a few paths without one.
fn is_forwarded(path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    path.contains("/v1/") || ["/chat/completions", "/models", "/embeddings", "/completions"].contains(&path)
}

fn is_listing(capture: &Capture) -> bool {
    capture.method == "GET" && capture.path.split('?').next().unwrap().ends_with("/models") && is_forwarded(&capture.path)
}

/// Everything outside the texts that memory may extend is as it was sent.
fn assert_kept(what: &str, sent: &Value, seen: &Value) {
    let outline = |value: &Value| -> (Value, Vec<Value>) {
        let mut value = value.clone();
        let messages = value.as_object_mut().and_then(|object| object.remove("messages"));
        (value, messages.and_then(|m| m.as_array().cloned()).unwrap_or_default())
    };
    let ((rest_sent, mut sent), (rest_seen, mut seen)) = (outline(sent), outline(seen));
    assert_eq!(rest_sent, rest_seen, "{what}");
    // A system message may have come in front to hold what is known of the person.
    if seen.len() == sent.len() + 1 && seen[0]["role"] == "system" {
        seen.remove(0);
    }
    assert_eq!(sent.len(), seen.len(), "{what}: messages were lost");
    for (sent, seen) in sent.iter_mut().zip(&mut seen) {
        let (before, after) = (sent["content"].take(), seen["content"].take());
        assert_eq!(sent, seen, "{what}");
        match (before.as_str(), after.as_str()) {
            (Some(before), Some(after)) => {
                assert!(after.ends_with(before) || after.starts_with(before), "{what}: {before:?} became {after:?}");
            }
            _ if before.is_array() => {
                let parts = |v: &Value| v.as_array().cloned().unwrap_or_default();
                for part in parts(&before).iter().filter(|part| part["type"] != "text") {
                    assert!(parts(&after).contains(part), "{what}: {part} was lost");
                }
            }
            _ => assert_eq!(before, after, "{what}"),
        }
    }
}

fn assert_clean(what: &str, seen: &Recorded) {
    for (name, value) in &seen.headers {
        let folded = name.to_lowercase();
        let identity = ["x-openwebui-", "x-memgate-", "cookie", "x-api-key", "x-st-user"];
        assert!(!identity.iter().any(|prefix| folded.starts_with(prefix)), "{what}: {name} went out");
        assert!(folded != "authorization" || value == "Bearer sk-upstream-own-key", "{what}: the caller's key went out");
    }
}

async fn replay(mode: &str, signed: bool) {
    let world = World::start(|file| {
        file["trust"]["mode"] = mode.into();
        file["context"] = json!({"window": 131_072});
        if signed {
            file["clients"][0]["identity"] = json!([{"open_webui": {"secret": {"env": JWT_SECRET.0}}}]);
        }
    })
    .await;
    let captures = captures();
    assert!(captures.len() > 50, "the recorded requests are missing");
    let mut decisions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut known: HashSet<&str> = HashSet::new();
    for (n, capture) in captures.iter().enumerate() {
        let request = capture.request();
        let answer = world.send(&request).await;
        let record = world.requests_on_record(n + 1).await.pop().unwrap();
        let what = format!("{}, {mode}, signed {signed}: {record}", capture.file);
        let user = capture.header("x-openwebui-user-id").unwrap_or_default();
        let expected = match decision(worth(capture, signed), mode, is_listing(capture)) {
            // Whoever was admitted once is known.
            "sandbox" if worth(capture, signed) == Worth::Asserted && known.contains(user) => "admit",
            decision => decision,
        };
        if expected == "admit" {
            known.insert(user);
        }
        assert_eq!(record["decision"], expected, "{what}");
        *decisions.entry(expected).or_default() += 1;
        let seen = world.upstream.take();
        match (expected, is_forwarded(&capture.path)) {
            ("refuse", _) => assert_eq!((answer.status, seen.len()), (401, 0), "{what}"),
            (_, false) => assert_eq!((answer.status, seen.len()), (404, 0), "{what}"),
            (_, true) => {
                assert_eq!((answer.status, seen.len()), (200, 1), "{what}: {}", answer.text());
                assert_clean(&what, &seen[0]);
                match serde_json::from_slice::<Value>(&request.body) {
                    Ok(sent) => assert_kept(&what, &sent, &seen[0].json()),
                    Err(_) => assert_eq!(request.body, seen[0].body, "{what}"),
                }
            }
        }
    }
    println!("{mode}, signed {signed}: {decisions:?}");
    let log = world.gate.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn recorded_requests_are_decided_rightly() {
    for mode in MODES {
        replay(mode, false).await;
    }
}

#[tokio::test]
async fn recorded_requests_are_decided_rightly_where_tokens_are_demanded() {
    for mode in MODES {
        replay(mode, true).await;
    }
}

#[tokio::test]
async fn tasks_and_temporary_chats_get_no_memory_and_teach_nothing() {
    let world = World::start(|_| {}).await;
    let user = "00000000-0000-4000-8000-000000000001";
    world.teach(&Request::chat(&["Remember that the name of my cat is Quagga."]).vouched(user)).await;
    let lessons = world.lessons().await;
    let mut asked = 0;
    for capture in captures().iter().filter(|c| c.header("x-openwebui-user-id") == Some(user) && is_forwarded(&c.path)) {
        let text = String::from_utf8(capture.body()).unwrap_or_default();
        let task = text.contains("### Task:") && !text.contains("Respond to the user query");
        let temporary =
            capture.header("x-openwebui-chat-id").is_some_and(|id| id.starts_with("local:") || id.starts_with("temporary:"));
        if worth(capture, false) != Worth::Vouched || !capture.path.ends_with("/chat/completions") || !(task || temporary) {
            continue;
        }
        world.upstream.take();
        world.send(&capture.request()).await.assert_ok();
        assert_eq!(world.upstream.last().json(), capture.body, "{}", capture.file);
        asked += 1;
    }
    assert!(asked > 5, "only {asked} tasks");
    // The queue keeps order: this lesson is the next one after whatever the tasks might have taught.
    world.teach(&Request::chat(&["Remember that my bicycle is called Pegasus."]).vouched(user)).await;
    assert_eq!(world.lessons().await, lessons + 1);
}
