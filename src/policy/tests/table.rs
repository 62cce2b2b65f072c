//! Every cell of the decision table, written out. `!` marks advice; a refusal shows its status.

use std::borrow::Cow;

use super::*;
use crate::identity::code;
use crate::policy::{Decision, Directory, PathClass, REASONS, Standing, Terms, TrustMode, TrustSettings, Vouch, decide, subject};

const MODES: [TrustMode; 4] = [TrustMode::Strict, TrustMode::Required, TrustMode::Quarantine, TrustMode::Legacy];

/// One row: evidence, ratchet, known, vouch; then what each of [`MODES`] comes to.
type Row = (&'static str, Option<Assurance>, bool, Vouch, [&'static str; 4]);

use Assurance::{Anonymous, Asserted, Verified, Vouched};

const WEAK: &str = "401 evidence_too_weak";
const RATCHET: [&str; 4] =
    ["401 trust_ratchet", "401 trust_ratchet", "sandbox default:alice trust_ratchet", "bypass! trust_ratchet"];
const OK: [&str; 4] = ["admit verified verified"; 4];
const PROMOTED: [&str; 4] = ["admit verified vouched_as_verified"; 4];
const VOUCH: [&str; 4] = [WEAK, "admit vouched vouched", "admit vouched vouched", "admit vouched vouched"];
const ASSERT: [&str; 4] = [WEAK, "admit asserted asserted", "sandbox default:alice asserted_unknown", "admit! asserted asserted"];
const ASSERT_KNOWN: [&str; 4] = [WEAK, "admit asserted asserted", "admit asserted asserted_known", "admit! asserted asserted"];

#[rustfmt::skip]
const EVIDENCE: &[Row] = &[
    ("verified", None,            false, Vouch::Vouched,  OK),
    ("verified", None,            true,  Vouch::Vouched,  OK),
    ("verified", Some(Anonymous), true,  Vouch::Vouched,  OK),
    ("verified", Some(Asserted),  true,  Vouch::Vouched,  OK),
    ("verified", Some(Vouched),   true,  Vouch::Vouched,  OK),
    ("verified", Some(Verified),  true,  Vouch::Vouched,  OK),
    ("verified", None,            false, Vouch::Verified, OK),
    ("verified", Some(Verified),  true,  Vouch::Verified, OK),
    ("vouched",  None,            false, Vouch::Vouched,  VOUCH),
    ("vouched",  None,            true,  Vouch::Vouched,  VOUCH),
    ("vouched",  Some(Anonymous), true,  Vouch::Vouched,  VOUCH),
    ("vouched",  Some(Asserted),  true,  Vouch::Vouched,  VOUCH),
    ("vouched",  Some(Vouched),   true,  Vouch::Vouched,  VOUCH),
    ("vouched",  Some(Verified),  true,  Vouch::Vouched,  RATCHET),
    ("vouched",  Some(Verified),  false, Vouch::Vouched,  RATCHET),
    ("vouched",  None,            false, Vouch::Verified, PROMOTED),
    ("vouched",  Some(Asserted),  true,  Vouch::Verified, PROMOTED),
    ("vouched",  Some(Vouched),   true,  Vouch::Verified, PROMOTED),
    ("vouched",  Some(Verified),  true,  Vouch::Verified, PROMOTED),
    ("asserted", None,            false, Vouch::Vouched,  ASSERT),
    ("asserted", None,            true,  Vouch::Vouched,  ASSERT_KNOWN),
    ("asserted", Some(Anonymous), false, Vouch::Vouched,  ASSERT),
    ("asserted", Some(Anonymous), true,  Vouch::Vouched,  ASSERT_KNOWN),
    ("asserted", Some(Asserted),  true,  Vouch::Vouched,  ASSERT_KNOWN),
    ("asserted", Some(Vouched),   true,  Vouch::Vouched,  RATCHET),
    ("asserted", Some(Verified),  true,  Vouch::Vouched,  RATCHET),
    // `vouch: verified` promotes what was vouched for, not what was merely asserted.
    ("asserted", None,            false, Vouch::Verified, ASSERT),
    ("asserted", None,            true,  Vouch::Verified, ASSERT_KNOWN),
    ("asserted", Some(Verified),  true,  Vouch::Verified, RATCHET),
];

fn told(decision: &Decision) -> String {
    let mark = |advice: &bool| if *advice { "!" } else { "" };
    match decision {
        Decision::Admit { user, assurance, reason, advice } => {
            let expected = if *reason == "default_user" { "guest" } else { "alice" };
            assert_eq!(user.name(), expected);
            format!("admit{} {} {reason}", mark(advice), assurance.as_str())
        }
        Decision::Sandbox { claimed, reason } => format!("sandbox {} {reason}", claimed.as_deref().unwrap_or("-")),
        Decision::Bypass { reason, advice } => format!("bypass{} {reason}", mark(advice)),
        Decision::Refuse { status, reason, message } => {
            assert!(message.len() > 10, "a refusal says how to mend it");
            format!("{status} {reason}")
        }
    }
}

fn check(finding: &Resolution, vouch: Vouch, standing: Standing, class: PathClass, expected: [&str; 4], what: &str) {
    let guest = user("guest");
    for (mode, expected) in MODES.into_iter().zip(expected) {
        let decision =
            decide(&Terms { mode, vouch, default_user: Cow::Borrowed(&guest), tenant_listed: true }, finding, standing, class);
        assert_eq!(told(&decision), expected, "{what}, {mode:?}, {class:?}, {standing:?}");
        assert!(REASONS.contains(&decision.reason()), "{}", decision.reason());
    }
}

#[test]
fn valid_evidence_by_mode_ratchet_standing_and_vouch() {
    for (kind, ratchet, known, vouch, expected) in EVIDENCE {
        let assurance = [Anonymous, Asserted, Vouched, Verified].into_iter().find(|a| a.as_str() == *kind).unwrap();
        let standing = Standing { known: *known, ratchet: *ratchet };
        for class in [PathClass::Conversation, PathClass::Listing, PathClass::Other] {
            for client_authenticated in [false, true] {
                let found = Resolution { client_authenticated, ..resolution(evidence(assurance)) };
                check(&found, *vouch, standing, class, *expected, kind);
            }
        }
    }
}

#[test]
fn no_evidence_by_mode_and_path() {
    let refused = "401 identity_missing";
    let table = ["401 identity_missing", refused, "sandbox - identity_missing", "admit! anonymous default_user"];
    let nobody = Standing::default();
    for client_authenticated in [false, true] {
        let found = Resolution { client_authenticated, ..resolution(none()) };
        for class in [PathClass::Conversation, PathClass::Other] {
            check(&found, Vouch::Vouched, nobody, class, table, "none");
            check(&found, Vouch::Verified, nobody, class, table, "none");
        }
    }
    let stranger = resolution(none());
    let open = [refused, refused, "bypass! open_listing", "bypass! open_listing"];
    check(&stranger, Vouch::Vouched, nobody, PathClass::Listing, open, "a stranger lists models");
    let client = Resolution { client_authenticated: true, ..resolution(none()) };
    check(&client, Vouch::Vouched, nobody, PathClass::Listing, ["bypass client_itself"; 4], "a client lists models");
    // A default user who was verified once is no longer everybody's.
    let ratcheted = Standing { known: true, ratchet: Some(Verified) };
    let closed = [refused, refused, "sandbox - identity_missing", "bypass! trust_ratchet"];
    check(&stranger, Vouch::Vouched, ratcheted, PathClass::Conversation, closed, "none, ratcheted");
    let unproved = Standing { known: true, ratchet: Some(Anonymous) };
    check(&stranger, Vouch::Vouched, unproved, PathClass::Conversation, table, "none, ratchet at the bottom");
}

#[test]
fn invalid_evidence_by_mode_whatever_is_wrong() {
    for code in code::ALL {
        let refused = format!("401 {code}");
        let (sandbox, bypass) = (format!("sandbox default:alice {code}"), format!("bypass! {code}"));
        let table = [refused.as_str(), &refused, &sandbox, &bypass];
        for class in [PathClass::Conversation, PathClass::Listing, PathClass::Other] {
            for client_authenticated in [false, true] {
                let found = Resolution { client_authenticated, ..resolution(invalid(code)) };
                for standing in [Standing::default(), Standing { known: true, ratchet: Some(Verified) }] {
                    check(&found, Vouch::Verified, standing, class, table, code);
                }
            }
        }
    }
}

#[test]
fn a_signing_client_may_list_models_for_itself_and_do_no_more() {
    let itself = Resolution { client_authenticated: true, user_named: false, ..resolution(invalid(code::SIGNATURE_MISSING)) };
    let alone = ["bypass client_itself"; 4];
    check(&itself, Vouch::Vouched, Standing::default(), PathClass::Listing, alone, "client key alone");
    let missing = "401 signature_missing";
    let refused = [missing, missing, "sandbox default:alice signature_missing", "bypass! signature_missing"];
    for class in [PathClass::Conversation, PathClass::Other] {
        check(&itself, Vouch::Vouched, Standing::default(), class, refused, "client key alone");
    }
    // Without its key, or with anything else wrong, it is not the client asking for itself.
    let keyless = Resolution { client_authenticated: false, ..itself.clone() };
    check(&keyless, Vouch::Vouched, Standing::default(), PathClass::Listing, refused, "no key");
    let named = Resolution { user_named: true, ..itself };
    check(&named, Vouch::Vouched, Standing::default(), PathClass::Listing, refused, "downgraded");
}

#[test]
fn a_refusal_names_what_was_looked_for_and_what_was_ignored() {
    let guest = user("guest");
    let terms =
        Terms { mode: TrustMode::Required, vouch: Vouch::Vouched, default_user: Cow::Borrowed(&guest), tenant_listed: true };
    let message = |found: &Resolution| match decide(&terms, found, Standing::default(), PathClass::Conversation) {
        Decision::Refuse { message, .. } => message,
        other => panic!("{other:?}"),
    };
    let plain = message(&resolution(none()));
    assert!(plain.contains("the header x-staff-id; a smoke signal") && plain.contains("memgate keys add"), "{plain}");
    let ignored = message(&Resolution { ignored_headers: 1, ..resolution(none()) });
    assert!(ignored.contains("trust.trusted_peers"), "{ignored}");
    assert_eq!(message(&resolution(invalid(code::JWT_EXPIRED))), "how to mend it");
}

#[test]
fn the_subject_is_whoever_the_decision_may_open() {
    let guest = user("guest");
    let terms = |mode| Terms { mode, vouch: Vouch::Vouched, default_user: Cow::Borrowed(&guest), tenant_listed: true };
    let alice = resolution(evidence(Asserted));
    assert_eq!(subject(&terms(TrustMode::Strict), &alice, PathClass::Conversation), Some(&user("alice")));
    let nobody = resolution(none());
    assert_eq!(subject(&terms(TrustMode::Legacy), &nobody, PathClass::Conversation), Some(&guest));
    assert_eq!(subject(&terms(TrustMode::Legacy), &nobody, PathClass::Listing), None);
    assert_eq!(subject(&terms(TrustMode::Quarantine), &nobody, PathClass::Conversation), None);
    let forged = resolution(invalid(code::JWT_INVALID));
    assert_eq!(subject(&terms(TrustMode::Legacy), &forged, PathClass::Conversation), None);
}

#[test]
fn reasons_are_listed_once_and_fully() {
    let mut sorted = REASONS.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), REASONS.len());
    assert!(code::ALL.iter().all(|code| REASONS.contains(code)));
    assert!(REASONS.iter().all(|reason| reason.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
}

struct AllVerified;

impl Directory for AllVerified {
    fn standing(&self, _: &UserId) -> Standing {
        Standing { known: true, ratchet: Some(Verified) }
    }
}

struct Nobody;

impl Directory for Nobody {
    fn standing(&self, _: &UserId) -> Standing {
        Standing::default()
    }
}

fn trust(mode: TrustMode, shadow: Option<TrustMode>) -> TrustSettings {
    let file = crate::policy::TrustFile { mode, shadow, ..Default::default() };
    crate::policy::resolve(&file, &[], &[], &[], &mut crate::setting::Faults::default())
}

#[test]
fn judging_asks_the_directory() {
    let found = resolution(evidence(Asserted));
    let mode = trust(TrustMode::Required, None);
    let verdict = mode.judge(&found, PathClass::Conversation, &AllVerified);
    assert_eq!((verdict.decision.reason(), verdict.shadow), ("trust_ratchet", None));
    assert_eq!(mode.judge(&found, PathClass::Conversation, &Nobody).decision.reason(), "asserted");
}

#[test]
fn the_shadow_tells_and_changes_nothing() {
    let found = resolution(evidence(Asserted));
    let judge = |mode, shadow| trust(mode, Some(shadow)).judge(&found, PathClass::Conversation, &Nobody);
    let verdict = judge(TrustMode::Required, TrustMode::Strict);
    assert_eq!((verdict.decision.as_str(), verdict.mode), ("admit", TrustMode::Required));
    let shadow = verdict.shadow.unwrap();
    assert_eq!((shadow.mode, shadow.decision, shadow.reason), (TrustMode::Strict, "refuse", "evidence_too_weak"));
    assert!(shadow.differs && shadow.newly_refused);
    let shadow = judge(TrustMode::Legacy, TrustMode::Quarantine).shadow.unwrap();
    assert_eq!((shadow.decision, shadow.differs, shadow.newly_refused), ("sandbox", true, false));
    // A shadow that is laxer than the mode would tell nothing: the stricter of both is used.
    let shadow = judge(TrustMode::Strict, TrustMode::Legacy).shadow.unwrap();
    assert_eq!((shadow.mode, shadow.differs, shadow.newly_refused), (TrustMode::Strict, false, false));
}
