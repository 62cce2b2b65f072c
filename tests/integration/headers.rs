//! The matrix of aliases: whatever way an identity header is written, it opens nobody else's memory and goes no further.

use serde_json::{Value, json};

use crate::harness::client::send;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::h2c;
use crate::harness::raw_h2;
use crate::harness::request::{Framing, Request};
use crate::harness::upstream::Recorded;
use crate::harness::world::World;

const VICTIM: &str = "victoria-8c1f";
const ATTACKER: &str = "mallory-77ab";
const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

/// Every header that names a user, to memgate or to somebody else.
const IDENTITY_HEADERS: [&str; 24] = [
    "X-Memgate-User",
    "X-OpenWebUI-User-Id",
    "X-OpenWebUI-User-Name",
    "X-OpenWebUI-User-Email",
    "X-OpenWebUI-User-Jwt",
    "X-St-User",
    "X-LiteLLM-End-User-Id",
    "X-LiteLLM-Customer-Id",
    "X-Muxi-User-Id",
    "X-Muxi-Tenant-Id",
    "Remote-User",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-authentik-username",
    "Cf-Access-Jwt-Assertion",
    "X-Memgate-Signature",
    "X-LibreChat-User-Id",
    "X-LibreChat-Conversation-Id",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-OpenWebUI-Task",
    "Signature-Input",
    "Signature",
    "Content-Digest",
];

/// One way to write a header so that some server may take it for another one.
type Disguise = (&'static str, fn(&str, Request) -> Request);

const DISGUISES: [Disguise; 19] = [
    ("plain", |name, r| r.header(name, VICTIM)),
    ("upper case", |name, r| r.header(&name.to_uppercase(), VICTIM)),
    ("lower case", |name, r| r.header(&name.to_lowercase(), VICTIM)),
    ("underscores", |name, r| r.header(&name.replace('-', "_"), VICTIM)),
    ("dots", |name, r| r.header(&name.replace('-', "."), VICTIM)),
    ("one underscore", |name, r| r.header(&name.replacen('-', "_", 1), VICTIM)),
    ("twice", |name, r| r.header(name, VICTIM).header(name, VICTIM)),
    ("twice, in two cases", |name, r| r.header(name, ATTACKER).header(&name.to_uppercase(), VICTIM)),
    ("twice, once with underscores", |name, r| r.header(name, ATTACKER).header(&name.replace('-', "_"), VICTIM)),
    ("a space before the colon", |name, r| r.header(&format!("{name} "), VICTIM)),
    ("a space before the name", |name, r| r.header(&format!(" {name}"), VICTIM)),
    ("a tab before the colon", |name, r| r.header(&format!("{name}\t"), VICTIM)),
    ("folded into the line before", |name, r| r.header("X-Harmless", format!("a\r\n {name}: {VICTIM}"))),
    ("a folded value", |name, r| r.header(name, format!("\r\n {VICTIM}"))),
    ("after a bare line feed", |name, r| r.header("X-Harmless", format!("a\n{name}: {VICTIM}"))),
    ("after a bare carriage return", |name, r| r.header("X-Harmless", format!("a\r{name}: {VICTIM}"))),
    ("listed in Connection", |name, r| r.header("Connection", format!("close, {name}")).header(name, VICTIM)),
    ("several values in one", |name, r| r.header(name, format!("{ATTACKER}, {VICTIM}"))),
    ("in a trailer", |name, r| trailing(name, r)),
];

fn trailing(name: &str, request: Request) -> Request {
    let mut request = request.header("Trailer", name).framed(Framing::Chunked);
    request.trailers = vec![(name.to_owned(), VICTIM.to_owned())];
    request
}

/// How the attacker comes in, before the disguised header is added.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Signed,
    Vouched,
    ClientAlone,
    Nobody,
}

fn question(entry: Entry) -> Request {
    let request = Request::chat(&[QUESTION]);
    match entry {
        Entry::Signed => request.signed(ATTACKER),
        Entry::Vouched => request.vouched(ATTACKER),
        Entry::ClientAlone => request.bearer(OPEN_WEBUI_KEY.1),
        Entry::Nobody => request,
    }
}

/// No evidence is asserted here: without trusted peers a plain header alone is nothing.
fn settings(mode: &'static str) -> impl FnOnce(&mut Value) {
    move |file| {
        file["trust"]["mode"] = mode.into();
        file["trust"]["trusted_peers"] = json!([]);
        file["limits"] = json!({"h2c": true});
    }
}

/// The victim has a secret, and reaches it: else the matrix would prove nothing.
async fn world_with_a_secret(mode: &'static str) -> World {
    let world = World::start(settings(mode)).await;
    let by_victim = |text: &str| {
        let request = Request::chat(&[text]);
        if mode == "strict" { request.signed(VICTIM) } else { request.vouched(VICTIM) }
    };
    world.teach(&by_victim(SECRET)).await;
    assert!(world.forwarded(&by_victim(QUESTION)).await.mentions("quagga"));
    world.upstream.take();
    world
}

/// Header names as the loosest of servers reads them.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[track_caller]
fn assert_nothing_leaked(what: &str, name: &str, seen: &[Recorded]) {
    for request in seen {
        assert!(!request.mentions("quagga"), "{what}: the secret went out: {}", request.text());
        for word in [VICTIM, ATTACKER, OPEN_WEBUI_KEY.1] {
            assert!(!request.mentions(word), "{what}: {word} went out: {:?}", request.headers);
        }
        let names = request.headers.iter().map(|(name, _)| folded(name));
        for sent in names {
            assert_ne!(sent, folded(name), "{what}: {name} went out");
        }
    }
}

async fn the_matrix_holds(mode: &'static str, entries: &[Entry]) {
    let world = world_with_a_secret(mode).await;
    for &entry in entries {
        for name in IDENTITY_HEADERS {
            for (disguise, apply) in DISGUISES {
                let request = apply(name, question(entry));
                let what = format!("{mode}, {entry:?}, {name}, {disguise}");
                let answer = send(world.gate.address(), &request).await;
                assert!(answer.status < 500, "{what}: {}", answer.text());
                assert_nothing_leaked(&what, name, &world.upstream.take());
                // Only headers that HTTP/2 can carry at all; the library refuses to send the others.
                if let Some(answer) = h2c::send(world.gate.address(), &request).await {
                    assert!(answer.status < 500, "{what}, HTTP/2: {}", answer.text());
                }
                assert_nothing_leaked(&format!("{what}, HTTP/2"), name, &world.upstream.take());
            }
        }
    }
    let secret_reached = |entry: &Value| entry["type"] == "request" && entry["user"] == format!("default:{VICTIM}");
    // The victim's own two requests.
    assert_eq!(world.audit().iter().filter(|entry| secret_reached(entry)).count(), 2, "somebody passed for the victim");
}

#[tokio::test]
async fn no_disguise_opens_anything_under_strict() {
    the_matrix_holds("strict", &[Entry::Signed, Entry::Nobody]).await;
}

#[tokio::test]
async fn no_disguise_opens_anything_under_required() {
    the_matrix_holds("required", &[Entry::Signed, Entry::Vouched]).await;
}

#[tokio::test]
async fn no_disguise_opens_anything_under_quarantine() {
    the_matrix_holds("quarantine", &[Entry::Vouched, Entry::Nobody]).await;
}

#[tokio::test]
async fn no_disguise_opens_anything_under_legacy() {
    the_matrix_holds("legacy", &[Entry::Vouched, Entry::Nobody]).await;
}

/// What the client's own source header may not look like, where the client would otherwise be believed.
#[tokio::test]
async fn a_source_header_counts_only_in_its_plain_form() {
    let world = world_with_a_secret("required").await;
    let honest = ["plain", "upper case", "lower case"];
    for (disguise, apply) in DISGUISES {
        let request = apply("X-OpenWebUI-User-Id", question(Entry::ClientAlone));
        let answer = send(world.gate.address(), &request).await;
        let seen = world.upstream.take();
        let opened = seen.iter().any(|request| request.mentions("quagga"));
        assert_eq!(opened, honest.contains(&disguise), "{disguise}: {}", answer.text());
    }
}

/// The server layer takes a bare line feed for a line's end; a front that passes one inside a value would let its caller write headers.
#[tokio::test]
async fn a_bare_line_feed_ends_the_connection() {
    let world = World::start(settings("legacy")).await;
    let bare = [
        question(Entry::Vouched).header("X-Harmless", "a\nX-Other: b"),
        question(Entry::Nobody).header("X-Harmless", "a\n\nGET /v1/models HTTP/1.1\r\nHost: a\r\nX: y"),
        Request { target: "/v1/models HTTP/1.1\nX-Other: b\r\nX-Rest:".to_owned(), ..Request::new("GET", "/") },
    ];
    for request in bare {
        let answer = send(world.gate.address(), &request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bare_line_feed"), "{}", answer.text());
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(world.upstream.take().len(), 0);
    world.send(&question(Entry::Vouched)).await.assert_ok();
}

#[tokio::test]
async fn refusals_of_odd_headers_name_the_fault() {
    let world = World::start(settings("required")).await;
    let cases: [(&str, Request); 5] = [
        ("header_name", question(Entry::Vouched).header("X_Memgate_User", VICTIM)),
        ("header_name", question(Entry::Vouched).header("X.Anything", "x")),
        ("duplicate_header", question(Entry::Vouched).header("x-openwebui-user-id", ATTACKER)),
        ("duplicate_header", question(Entry::Vouched).header("authorization", "Bearer other")),
        ("identity_conflict", question(Entry::Signed).bearer(OPEN_WEBUI_KEY.1).header("X-OpenWebUI-User-Id", VICTIM)),
    ];
    for (code, request) in cases {
        send(world.gate.address(), &request).await.assert_refused(401, code);
    }
    assert_eq!(world.upstream.take().len(), 0);
}

#[tokio::test]
async fn http2_pseudo_headers_and_odd_names_open_nothing() {
    let world = world_with_a_secret("legacy").await;
    let base: [(&[u8], &[u8]); 4] =
        [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/v1/models"), (b":authority", b"memgate.test")];
    let answered = raw_h2::send(world.gate.address(), &base).await;
    assert_eq!(answered, raw_h2::Reaction::Answered, "the request without an odd field must pass");
    let victim = VICTIM.as_bytes();
    for (name, value) in [
        (&b":x-memgate-user"[..], victim),
        (b":authority", b"other.test"),
        (b":path", b"/v1/embeddings"),
        (b"X-Memgate-User", victim),
        (b"x-memgate-user\0", victim),
        (b"x-memgate-user:", victim),
        (b"x memgate user", victim),
        (b"", victim),
        (b"connection", b"x-memgate-user"),
        (b"transfer-encoding", b"chunked"),
        (b"x-harmless", b"a\r\nx-memgate-user: victoria-8c1f"),
    ] {
        let fields: Vec<(&[u8], &[u8])> = base.iter().copied().chain([(name, value)]).collect();
        let reaction = raw_h2::send(world.gate.address(), &fields).await;
        let what = format!("{}: {reaction:?}", String::from_utf8_lossy(name));
        assert_nothing_leaked(&what, "x-memgate-user", &world.upstream.take());
    }
    // It still serves.
    world.send(&Request::new("GET", "/v1/models")).await.assert_ok();
}

#[tokio::test]
async fn the_caller_never_sets_the_upstreams_key() {
    let world = World::start(settings("legacy")).await;
    for request in
        [question(Entry::Vouched), question(Entry::Nobody).bearer("sk-callers-own").header("X-Api-Key", "sk-callers-own")]
    {
        let seen = world.forwarded(&request).await;
        let keys: Vec<&str> =
            seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|h| h.1.as_str()).collect();
        assert_eq!(keys, ["Bearer sk-upstream-own-key"]);
        assert!(!seen.mentions("sk-callers-own") && !seen.mentions(OPEN_WEBUI_KEY.1));
    }
}
