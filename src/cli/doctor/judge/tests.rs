use serde_json::json;

use super::super::report::Outcome::{Failed, Ok, Warning};
use super::*;
use TrustMode::{Legacy, Quarantine, Required, Strict};

fn served(user: &str, assurance: &str) -> Standing {
    Standing::Served { user: user.to_owned(), assurance: assurance.to_owned() }
}

fn refused() -> Standing {
    Standing::Refused { status: 401, code: "identity_missing".to_owned(), message: "Send one.".to_owned() }
}

#[test]
fn answers_are_read() {
    let me = json!({"user": "ann", "tenant": "acme", "sandbox": false, "assurance": "verified"});
    assert_eq!(Standing::read(200, &me), served("acme:ann", "verified"));
    assert_eq!(Standing::read(200, &json!({"user": "x", "tenant": "~sandbox", "sandbox": true})), Standing::Sandbox);
    let error = |code: &str| json!({"error": {"code": code, "message": "Send one."}});
    assert_eq!(Standing::read(401, &error("identity_missing")), refused());
    assert_eq!(Standing::read(403, &error("no_memory_scope")), Standing::Bypassed);
    for (status, body) in [(502, error("x")), (200, json!({})), (200, Value::Null), (404, error("unknown_path"))] {
        assert!(matches!(Standing::read(status, &body), Standing::Broken(_)), "{status} {body}");
    }
}

#[test]
fn a_good_proof_opens_the_own_memory_and_no_other() {
    for (standing, mode, expected) in [
        (served("default:a", "verified"), Strict, Ok),
        (served("default:a", "vouched"), Legacy, Ok),
        (served("default:b", "verified"), Strict, Failed),
        (Standing::Sandbox, Quarantine, Warning),
        (Standing::Sandbox, Required, Failed),
        (Standing::Bypassed, Legacy, Failed),
        (refused(), Strict, Failed),
        (Standing::Broken("answered 502".to_owned()), Required, Failed),
    ] {
        assert_eq!(judge_proof(&standing, "default:a", mode).outcome, expected, "{standing:?} {mode:?}");
    }
}

#[test]
fn an_attempt_comes_to_what_the_mode_says() {
    let claim = Some("default:a");
    let lie = Attempt { what: "a forged signature", claim, trusted: false, forged: true };
    let nobody = Attempt { what: "an unsigned request", claim: None, trusted: false, forged: false };
    let believed = Attempt { trusted: true, ..lie };
    for (attempt, standing, mode, expected) in [
        (lie, refused(), Strict, Ok),
        (lie, refused(), Legacy, Ok),
        (lie, Standing::Sandbox, Quarantine, Ok),
        (lie, Standing::Sandbox, Required, Failed),
        (lie, Standing::Bypassed, Legacy, Ok),
        (lie, Standing::Bypassed, Quarantine, Ok),
        (lie, Standing::Bypassed, Required, Failed),
        (lie, served("default:a", "verified"), Required, Failed),
        (lie, served("default:a", "asserted"), Required, Failed),
        (lie, served("default:default", "anonymous"), Legacy, Failed),
        (believed, served("default:a", "asserted"), Required, Warning),
        (believed, served("default:a", "asserted"), Strict, Failed),
        (believed, served("default:a", "vouched"), Required, Failed),
        (nobody, refused(), Required, Ok),
        (nobody, Standing::Sandbox, Quarantine, Ok),
        (nobody, served("default:default", "anonymous"), Legacy, Failed),
        (nobody, served("default:default", "anonymous"), Required, Failed),
        (nobody, Standing::Broken("answered 500".to_owned()), Strict, Failed),
    ] {
        let judged = judge_attempt(attempt, &standing, mode);
        assert_eq!(judged.outcome, expected, "{attempt:?} {standing:?} {mode:?}: {judged:?}");
        assert_eq!(judged.remedy.is_some(), expected != Ok);
    }
    let open = judge_attempt(nobody, &served("default:default", "anonymous"), Legacy);
    assert!(open.found.contains("shares the memory of default:default") && open.remedy.unwrap().contains("trust.mode"));
}

#[test]
fn a_person_sees_their_own_words_and_no_others() {
    let sight = |text, expected| Sight { place: "memories", text, own: "quagga", other: "okapi", expected };
    for (text, expected, outcome) in [
        ("my canary word is quagga", true, Ok),
        ("nothing", true, Failed),
        ("nothing", false, Ok),
        ("quagga and okapi", true, Failed),
        ("okapi", false, Failed),
    ] {
        assert_eq!(judge_sight(sight(text, expected)).outcome, outcome, "{text}");
    }
}
