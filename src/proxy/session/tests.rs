//! Each way in which a session is told, and which goes before which.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::identity::{Finding, Resolution};
use crate::ids::ClientName;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect::<Vec<_>>().into_iter().fold(HeaderMap::new(), |mut map, (name, value)| {
        map.append(name, value);
        map
    })
}

/// What identity makes of a session header; `always` for clients of AI Optimizer's kind.
fn resolution(session: Option<&str>, always: bool) -> Resolution {
    Resolution {
        client: ClientName::unknown(),
        client_authenticated: false,
        finding: Finding::None { looked_for: Vec::new() },
        user_named: false,
        session: session.map(|text| SessionId::parse(text).unwrap()),
        session_guessable: always,
        task: None,
        stray_credential: None,
        ignored_headers: 0,
        tenant: None,
        dropped_groups: 0,
    }
}

fn cue(pairs: &[(&str, &str)], session: Option<&str>, always: bool) -> Cue {
    Cue::read(&headers(pairs), &resolution(session, always))
}

fn text(text: &str) -> NamedSession {
    NamedSession::Text(text.to_owned())
}

#[test]
fn what_names_a_session() {
    let own = cue(&[(SESSION, "h")], Some("h"), false);
    let product = cue(&[("x-openwebui-chat-id", "c")], Some("c"), false);
    let nothing = cue(&[], None, false);
    let malformed_product = cue(&[("x-openwebui-chat-id", "a b")], None, false);
    let placeholder = cue(&[(SESSION, "{{CHAT_ID}}")], None, false);
    let other_client = cue(&[(CLIENT, "a b")], None, false);
    for (what, cue, body, wanted) in [
        ("memgate's header before the body", &own, Some(text("b")), Some(("h", By::Header))),
        ("the client's header before the body", &product, Some(text("b")), Some(("c", By::ClientHeader))),
        ("the body", &nothing, Some(text("b")), Some(("b", By::Body))),
        ("nothing", &nothing, None, None),
        ("a product's malformed header is none", &malformed_product, None, None),
        ("a placeholder is none", &placeholder, Some(text("b")), Some(("b", By::Body))),
        ("`client` is no business of memgate's with other clients", &other_client, None, None),
    ] {
        let place = named(cue, body).unwrap().map(|place| (place.id, place.by));
        assert_eq!(place, wanted.map(|(id, by)| (SessionId::parse(id).unwrap(), by)), "{what}");
    }
    for (what, cue, body) in [
        ("memgate's header", cue(&[(SESSION, "a b")], None, false), None),
        ("memgate's header twice", cue(&[(SESSION, "a"), (SESSION, "b")], None, false), None),
        ("memgate's header before a sound body", cue(&[(SESSION, "a/b")], None, false), Some(text("b"))),
        ("AI Optimizer's header", cue(&[(CLIENT, "a/b")], None, true), None),
        ("the body", nothing.clone(), Some(text("a/b"))),
        ("the body, empty", nothing.clone(), Some(text(""))),
        ("the body, no text", nothing.clone(), Some(NamedSession::Other)),
    ] {
        let refusal = named(&cue, body).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (400, "session_invalid"), "{what}");
        assert!(!refusal.message.contains("a/b"), "{what}");
    }
}

#[test]
fn what_implies_a_session() {
    let id = |text: &'static str| move || Some(SessionId::parse(text).unwrap());
    let (usual, always) = (cue(&[], None, false), cue(&[], None, true));
    for (what, cue, purpose, answer, wanted) in [
        ("an answer before", &usual, Purpose::Turn, Some("r"), Some(("r", By::Answer))),
        ("an answer before, even for AI Optimizer", &always, Purpose::Turn, Some("r"), Some(("r", By::Answer))),
        ("AI Optimizer's one session", &always, Purpose::Turn, None, Some((DEFAULT, By::Default))),
        ("what was said first", &usual, Purpose::Turn, None, Some(("d", By::FirstTurn))),
        ("what was said first, in a tool loop", &usual, Purpose::Continuation, None, Some(("d", By::FirstTurn))),
        ("a title that a UI asks for", &usual, Purpose::Task, None, None),
    ] {
        let answer = || answer.map(|text| SessionId::parse(text).unwrap());
        let place = implied(cue, purpose, answer, id("d")).map(|place| (place.id, place.by));
        assert_eq!(place, wanted.map(|(id, by)| (SessionId::parse(id).unwrap(), by)), "{what}");
    }
}

#[test]
fn the_session_of_a_history_stands_in_the_headers() {
    let of = |pairs: &[(&str, &str)], session| of_headers(&cue(pairs, session, false), &headers(pairs));
    for (pairs, session, wanted) in [
        (&[][..], None, DEFAULT),
        (&[(CLIENT, "c1")], None, "c1"),
        (&[(CLIENT, "server")], None, "server"),
        (&[(SESSION, "s1"), (CLIENT, "c1")], Some("s1"), "s1"),
    ] {
        assert_eq!(of(pairs, session).unwrap().as_str(), wanted, "{pairs:?}");
    }
    for pairs in [&[(CLIENT, "a b")][..], &[(CLIENT, "..")], &[(CLIENT, "a"), (CLIENT, "b")], &[(SESSION, "a b"), (CLIENT, "c")]]
    {
        assert_eq!(of(pairs, None).unwrap_err().code, "session_invalid", "{pairs:?}");
    }
}
