//! HTTP message signatures in whole requests. The texts that are signed are written out here, not made by the code under test.

mod roles;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::*;

const KEY: (&str, &str) = ("authorization", "Bearer signer-key-0123456789");

/// A request that is yet to be signed: component identifiers with their values, parameters, headers.
#[derive(Clone)]
struct Draft {
    covered: Vec<(String, String)>,
    parameters: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    secret: Vec<u8>,
}

fn digest_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

fn parameters(created: i64, nonce: &str, key: &str) -> String {
    format!(";created={created};nonce=\"{nonce}\";keyid=\"{key}\"")
}

impl Draft {
    fn new(user: &str) -> Self {
        let covered = [
            ("\"@method\"", "POST"),
            ("\"@path\"", "/v1/chat/completions"),
            ("\"@query\"", "?x=1"),
            ("\"x-memgate-user\"", user),
            ("\"content-digest\"", &digest_of(BODY)),
        ];
        Self {
            covered: covered.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            parameters: parameters(NOW, NONCE, "k1"),
            headers: vec![("x-memgate-user", user.into()), ("content-digest", digest_of(BODY).into())],
            secret: k1().secret.expose().to_vec(),
        }
    }

    fn cover(mut self, identifier: &str, value: &str) -> Self {
        self.covered.retain(|(known, _)| known != identifier);
        self.covered.push((identifier.to_owned(), value.to_owned()));
        self
    }

    fn uncover(mut self, identifier: &str) -> Self {
        self.covered.retain(|(known, _)| known != identifier);
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn parameters(self, parameters: &str) -> Self {
        Self { parameters: parameters.to_owned(), ..self }
    }

    fn key(self, id: &str, secret: &[u8]) -> Self {
        Self { parameters: parameters(NOW, NONCE, id), secret: secret.to_vec(), ..self }
    }

    /// Values of `Signature-Input` and `Signature` under a label.
    fn signature(&self, label: &str) -> (String, String) {
        let names: Vec<_> = self.covered.iter().map(|(name, _)| name.as_str()).collect();
        let input = format!("({}){}", names.join(" "), self.parameters);
        let lines = self.covered.iter().map(|(name, value)| format!("{name}: {value}"));
        let base = lines.chain([format!("\"@signature-params\": {input}")]).collect::<Vec<_>>().join("\n");
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).unwrap().chain_update(base).finalize().into_bytes();
        (format!("{label}={input}"), format!("{label}=:{}:", STANDARD.encode(mac)))
    }

    fn sign(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (input, signature) = self.signature("sig1");
        let mut headers = self.headers.clone();
        headers.extend([("signature-input", input.into_bytes()), ("signature", signature.into_bytes())]);
        headers
    }
}

/// As [`super::settings`], with a client that must sign for its staff.
fn with_signer() -> IdentitySettings {
    let spec = HttpSignature { user: HeaderName::from_static("x-staff-id"), tag: Some("memgate".into()) };
    let signer = client("signer", Some("signer-key-0123456789"), None, vec![Source::HttpSignature(Box::new(spec))]);
    let mut settings = settings();
    settings.clients.push(signer);
    settings
}

fn ask_with(resolver: &Resolver, headers: &[(&str, Vec<u8>)], body: &[u8], now: i64) -> Resolution {
    resolver.resolve(&arrival(STRANGER, &super::headers(headers), now), Some(body), &keys())
}

fn ask(draft: &Draft) -> Resolution {
    ask_with(&resolver(with_signer()), &draft.sign(), BODY, NOW)
}

fn is_valid(resolution: &Resolution) -> bool {
    matches!(resolution.finding, Finding::Valid(_))
}

fn message_of(resolution: &Resolution) -> &str {
    match &resolution.finding {
        Finding::Invalid(invalid) => &invalid.message,
        other => panic!("expected something invalid, found {other:?}"),
    }
}

#[test]
fn a_good_signature_is_verified_evidence_once() {
    let guard = Arc::new(ReplayGuard::new(NOW - 3600));
    let resolver = Resolver::new(with_signer(), Arc::clone(&guard));
    let signed = Draft::new("acme:Marić").sign();
    let found = ask_with(&resolver, &signed, BODY, NOW);
    assert_eq!(found.finding, valid("acme:Marić", Assurance::Verified, "http_signature"));
    assert_eq!((found.ignored_headers, found.user_named), (0, true));
    assert_eq!(code_of(&ask_with(&resolver, &signed, BODY, NOW + 30)), code::SIGNATURE_REPLAYED);
    // The guard outlives a change of configuration.
    let reloaded = Resolver::new(with_signer(), guard);
    assert_eq!(code_of(&ask_with(&reloaded, &signed, BODY, NOW + 30)), code::SIGNATURE_REPLAYED);
}

#[test]
fn memgates_own_signer_makes_the_documented_headers() {
    for (target, body) in [("/v1/models", &b""[..]), (TARGET, BODY), ("/v1/chat/completions?", BODY)] {
        let pairs = sign_message(&k2(), "acme:ann", "POST", target, body, NOW, NONCE);
        let map = headers(&pairs);
        let request = Arrival { target, ..arrival(STRANGER, &map, NOW) };
        let found = resolver(with_signer()).resolve(&request, Some(body), &keys());
        assert_eq!(found.finding, valid("acme:ann", Assurance::Verified, "http_signature"), "{target}");
    }
    // The same text as written out above, so that both sides were not wrong together.
    let own = sign_message(&k1(), "ann", "POST", TARGET, BODY, NOW, NONCE);
    let parameters = format!(";created={NOW};nonce=\"{NONCE}\";alg=\"hmac-sha256\";keyid=\"k1\"");
    let (input, signature) = Draft::new("ann").parameters(&parameters).signature("memgate");
    assert_eq!((own[2].1.as_str(), own[3].1.as_str()), (input.as_str(), signature.as_str()));
}

#[test]
fn whatever_is_covered_cannot_change() {
    let resolver = resolver(with_signer());
    let draft = Draft::new("alice");
    let signed = draft.sign();
    let map = headers(&signed);
    let request = arrival(STRANGER, &map, NOW);
    for changed in [
        Arrival { method: "PUT", ..request },
        Arrival { method: "post", ..request },
        Arrival { target: "/v1/chat/completions?x=2", ..request },
        Arrival { target: "/v1/chat/completions?", ..request },
        Arrival { target: "/v1/completions?x=1", ..request },
        Arrival { target: "/v1/chat%2Fcompletions?x=1", ..request },
    ] {
        let found = resolver.resolve(&changed, Some(BODY), &keys());
        assert_eq!(code_of(&found), code::SIGNATURE_INVALID, "{} {}", changed.method, changed.target);
    }
    for body in [&b""[..], b"{}", &[BODY, b" "].concat()] {
        assert_eq!(code_of(&ask_with(&resolver, &signed, body, NOW)), code::SIGNATURE_INVALID);
    }
    for (name, value) in [("x-memgate-user", "bob"), ("x-memgate-user", "default:alice"), ("content-digest", &digest_of(b"{}"))] {
        let mut changed = signed.clone();
        changed.retain(|(known, _)| *known != name);
        changed.push((name, value.into()));
        let found = ask_with(&resolver, &changed, b"{}", NOW);
        assert_eq!(code_of(&found), code::SIGNATURE_INVALID, "{name}");
        let Finding::Invalid(invalid) = found.finding else { panic!() };
        assert!(invalid.claimed.is_some() && !invalid.message.contains("bob"));
    }
    // Nothing of this took the nonce.
    assert!(is_valid(&ask_with(&resolver, &signed, BODY, NOW)));
}

#[test]
fn what_is_not_covered_is_named() {
    for (draft, missing) in [
        (Draft::new("alice").uncover("\"@method\""), "\"@method\""),
        (Draft::new("alice").uncover("\"@path\""), "\"@path\""),
        (Draft::new("alice").uncover("\"@query\""), "\"@query\""),
        (Draft::new("alice").uncover("\"@query\"").cover("\"@query-param\";name=\"x\"", "1"), "\"@query\""),
        (Draft::new("alice").uncover("\"x-memgate-user\""), "\"x-memgate-user\""),
        (Draft::new("alice").uncover("\"x-memgate-user\"").cover("\"x-memgate-user\";key=\"alice\"", "?1"), "\"x-memgate-user\""),
        (Draft::new("alice").uncover("\"content-digest\""), "\"content-digest\""),
        (
            Draft::new("alice").uncover("\"content-digest\"").cover("\"content-digest\";key=\"sha-256\"", &digest_of(BODY)[8..]),
            "\"content-digest\"",
        ),
    ] {
        let found = ask(&draft);
        assert_eq!(code_of(&found), code::SIGNATURE_INCOMPLETE, "{missing}");
        assert!(message_of(&found).contains(missing), "{missing}: {}", message_of(&found));
    }
    let bare = Draft { covered: vec![], ..Draft::new("alice") };
    let found = ask(&bare);
    for word in ["@method", "@path", "@query", "x-memgate-user"] {
        assert!(message_of(&found).contains(word), "{word}: {}", message_of(&found));
    }
}

#[test]
fn a_request_without_a_body_needs_no_digest() {
    let draft = Draft::new("alice").uncover("\"content-digest\"").without("content-digest");
    assert!(is_valid(&ask_with(&resolver(with_signer()), &draft.sign(), b"", NOW)));
    assert_eq!(code_of(&ask_with(&resolver(with_signer()), &draft.sign(), b"x", NOW)), code::SIGNATURE_INCOMPLETE);
    // Without the body nothing is valid.
    let map = headers(&draft.sign());
    assert_eq!(
        code_of(&resolver(with_signer()).resolve(&arrival(STRANGER, &map, NOW), None, &keys())),
        code::SIGNATURE_INCOMPLETE
    );
    // One that is there but not covered says nothing.
    let uncovered = draft.header("content-digest", &digest_of(BODY));
    assert_eq!(code_of(&ask(&uncovered)), code::SIGNATURE_INCOMPLETE);
}

#[test]
fn both_digests_are_taken_and_all_must_fit() {
    let sha_512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(BODY)));
    let with = |value: &str| {
        let value = value.to_owned();
        Draft::new("alice").without("content-digest").header("content-digest", &value).cover("\"content-digest\"", &value)
    };
    assert!(is_valid(&ask(&with(&sha_512))));
    assert!(is_valid(&ask(&with(&format!("{sha_512}, {}, md5=:AA==:", digest_of(BODY))))));
    assert_eq!(code_of(&ask(&with(&format!("{sha_512}, {}", digest_of(b"x"))))), code::SIGNATURE_INVALID);
    assert_eq!(code_of(&ask(&with("md5=:AA==:"))), code::SIGNATURE_INCOMPLETE);
    // Two lines are one value.
    let lines = with(&sha_512).header("content-digest", &digest_of(BODY));
    assert!(is_valid(&ask(&lines.cover("\"content-digest\"", &format!("{sha_512}, {}", digest_of(BODY))))));
}

#[test]
fn a_signature_is_of_its_time() {
    let at = |parameters: String| ask(&Draft::new("alice").parameters(&parameters));
    let timed = |created: i64, more: &str| at(format!(";created={created};nonce=\"{NONCE}\";keyid=\"k1\"{more}"));
    for good in [timed(NOW - 60, ""), timed(NOW + 60, ""), timed(NOW - 30, &format!(";expires={}", NOW - 1))] {
        assert!(is_valid(&good), "{:?}", good.finding);
    }
    for old in [timed(NOW - 61, ""), timed(NOW + 61, ""), timed(i64::from(u32::MAX) * 100_000, ""), timed(-1, "")] {
        assert_eq!(code_of(&old), code::SIGNATURE_EXPIRED);
    }
    assert_eq!(code_of(&timed(NOW, &format!(";expires={}", NOW - 1))), code::SIGNATURE_INVALID, "before it was made");
    assert_eq!(code_of(&timed(NOW, ";expires=soon")), code::SIGNATURE_INVALID);
    // Within the skew of a clock that is behind.
    let late = Draft::new("alice").parameters(&format!(";created={NOW};expires={NOW};nonce=\"{NONCE}\";keyid=\"k1\""));
    let resolver = resolver(IdentitySettings { skew: Duration::from_secs(10), ..with_signer() });
    assert_eq!(code_of(&ask_with(&resolver, &late.sign(), BODY, NOW + 11)), code::SIGNATURE_EXPIRED);
    assert!(is_valid(&ask_with(&resolver, &late.sign(), BODY, NOW + 10)));
}

#[test]
fn parameters_are_demanded_and_checked() {
    let long = "n".repeat(129);
    for (parameters, code, word) in [
        (format!(";nonce=\"{NONCE}\";keyid=\"k1\""), code::SIGNATURE_INCOMPLETE, "created"),
        (format!(";created=\"{NOW}\";nonce=\"{NONCE}\";keyid=\"k1\""), code::SIGNATURE_INCOMPLETE, "created"),
        (format!(";created={NOW};keyid=\"k1\""), code::SIGNATURE_INCOMPLETE, "nonce"),
        (format!(";created={NOW};nonce=token-0123456789abc;keyid=\"k1\""), code::SIGNATURE_INCOMPLETE, "nonce"),
        (format!(";created={NOW};nonce=\"short\";keyid=\"k1\""), code::SIGNATURE_INVALID, "nonce"),
        (format!(";created={NOW};nonce=\"{long}\";keyid=\"k1\""), code::SIGNATURE_INVALID, "nonce"),
        (format!(";created={NOW};nonce=\"{NONCE}\";keyid=\"k1\";alg=\"ed25519\""), code::SIGNATURE_INVALID, "hmac-sha256"),
        (format!(";created={NOW};nonce=\"{NONCE}\";keyid=\"k1\";alg=hmac-sha256"), code::SIGNATURE_INVALID, "hmac-sha256"),
    ] {
        let found = ask(&Draft::new("alice").parameters(&parameters));
        assert_eq!(code_of(&found), code, "{parameters}");
        assert!(message_of(&found).contains(word), "{parameters}: {}", message_of(&found));
    }
    let named = format!(";keyid=\"k1\";alg=\"hmac-sha256\";nonce=\"{NONCE}\";created={NOW};tag=\"any\";x=1");
    assert!(is_valid(&ask(&Draft::new("alice").parameters(&named))), "in any order, with others beside");
}

#[test]
fn the_authority_is_that_of_the_request() {
    let resolver = resolver(with_signer());
    let ask = |draft: &Draft, authority: Option<&str>| {
        let map = headers(&draft.sign());
        let request = Arrival { authority, ..arrival(STRANGER, &map, NOW) };
        resolver.resolve(&request, Some(BODY), &keys())
    };
    let draft = |n: u8, authority: &str| {
        let parameters = parameters(NOW, &format!("{NONCE}{n}"), "k1");
        Draft::new("alice").header("host", "Chat.example:8080").parameters(&parameters).cover("\"@authority\"", authority)
    };
    assert!(is_valid(&ask(&draft(0, "chat.example:8080"), None)));
    assert!(is_valid(&ask(&draft(1, "h2.example"), Some("h2.example"))), "HTTP/2 has it in the target");
    assert_eq!(code_of(&ask(&draft(2, "other.example"), None)), code::SIGNATURE_INVALID);
    assert_eq!(code_of(&ask(&draft(3, "chat.example:8080"), Some("h2.example"))), code::SIGNATURE_INVALID);
    assert_eq!(code_of(&ask(&draft(4, "chat.example").without("host"), None)), code::SIGNATURE_INCOMPLETE);
}

#[test]
fn the_whole_target_may_be_covered_at_once_behind_tls_or_not() {
    for (n, (identifier, value)) in [
        ("\"@target-uri\"", "https://chat.example/v1/chat/completions?x=1"),
        ("\"@target-uri\"", "http://chat.example/v1/chat/completions?x=1"),
        ("\"@request-target\"", "/v1/chat/completions?x=1"),
    ]
    .into_iter()
    .enumerate()
    {
        let draft = Draft::new("alice").header("host", "chat.example").uncover("\"@path\"").uncover("\"@query\"");
        assert!(is_valid(&ask(&draft.cover(identifier, value))), "{n}");
    }
    let other =
        Draft::new("alice").header("host", "chat.example").cover("\"@target-uri\"", "ftp://chat.example/v1/chat/completions?x=1");
    assert_eq!(code_of(&ask(&other)), code::SIGNATURE_INVALID);
}
