//! What is decided again is what is decided: over every mode, finding, standing and path.

use super::*;
use crate::identity::code;
use crate::ids::{RequestId, SessionId};
use crate::policy::replay::{Past, replay};
use crate::policy::{
    Case, ClientFile, Decision, Directory, PathClass, REASONS, Standing, TrustFile, TrustMode, TrustSettings, needs,
};
use crate::setting::Faults;

/// Gives everybody one standing.
struct All(Standing);

impl Directory for All {
    fn standing(&self, _: &UserId) -> Standing {
        self.0
    }
}

fn trust(mode: TrustMode, vouch: &str) -> TrustSettings {
    let file = TrustFile { mode, ..TrustFile::default() };
    let client = serde_json::json!({"name": "ui", "vouch": vouch, "identity": [{"header": "x-id"}]});
    let clients = [serde_json::from_value::<ClientFile>(client).unwrap()];
    crate::policy::resolve(&file, &clients, &[], &[], &mut Faults::default())
}

/// Every finding that differs to a decision, from a client and from none.
fn findings() -> Vec<Resolution> {
    let worths = [Assurance::Asserted, Assurance::Vouched, Assurance::Verified].map(evidence);
    let faults = code::ALL.iter().map(|code| invalid(code));
    let findings = worths.into_iter().chain([none()]).chain(faults);
    let forms = findings.flat_map(|finding| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(client_authenticated, user_named)| Resolution {
            client_authenticated,
            user_named,
            ..resolution(finding.clone())
        })
    });
    let ui = ClientName::parse("ui").unwrap();
    forms.flat_map(|known| [Resolution { client: ui.clone(), ..known.clone() }, known]).collect()
}

fn standings() -> Vec<Standing> {
    let levels = [None, Some(Assurance::Asserted), Some(Assurance::Vouched), Some(Assurance::Verified)];
    levels.into_iter().flat_map(|ratchet| [false, true].map(|known| Standing { known, ratchet })).collect()
}

fn told(decision: &Decision) -> (&'static str, &'static str, Option<&UserId>) {
    let user = if let Decision::Admit { user, .. } = decision { Some(user) } else { None };
    (decision.as_str(), decision.reason(), user)
}

#[test]
fn another_mode_is_decided_as_if_it_had_been_configured() {
    let mut looked_at = 0;
    for vouch in ["vouched", "verified"] {
        let settings = TrustMode::ALL.map(|mode| trust(mode, vouch));
        for resolution in findings() {
            for standing in standings() {
                for class in [PathClass::Conversation, PathClass::Listing, PathClass::Other] {
                    for was in &settings {
                        let verdict = was.judge(&resolution, class, &All(standing));
                        let case = Case::new(resolution.clone(), class, verdict.grounds);
                        for (mode, is) in TrustMode::ALL.into_iter().zip(&settings) {
                            let real = is.judge(&resolution, class, &All(standing)).decision;
                            let again = case.decide_under(mode);
                            assert_eq!(
                                told(&again),
                                told(&real),
                                "{:?} -> {mode:?}, {class:?}, {standing:?}, {resolution:?}",
                                was.mode
                            );
                            looked_at += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(looked_at > 10_000, "{looked_at}");
}

#[test]
fn a_tenant_that_asks_for_more_gets_it_in_every_mode() {
    let file = TrustFile { mode: TrustMode::Legacy, ..TrustFile::default() };
    let tenants = [serde_json::from_str("{\"name\": \"default\", \"mode\": \"required\"}").unwrap()];
    let settings = crate::policy::resolve(&file, &[], &tenants, &[], &mut Faults::default());
    let found = resolution(none());
    let verdict = settings.judge(&found, PathClass::Conversation, &All(Standing::default()));
    assert_eq!(verdict.decision.as_str(), "refuse");
    let case = Case::new(found, PathClass::Conversation, verdict.grounds);
    assert!(TrustMode::ALL.iter().all(|mode| case.decide_under(*mode).as_str() == "refuse"));
}

#[test]
fn a_case_keeps_no_claim_and_no_session() {
    let verdict = trust(TrustMode::Legacy, "vouched").judge(&resolution(none()), PathClass::Other, &All(Standing::default()));
    let found = Resolution {
        session: Some(SessionId::parse("canary").unwrap()),
        task: Some("canary".to_owned()),
        finding: Finding::Invalid(Invalid {
            code: code::JWT_INVALID,
            message: "canary".to_owned(),
            claimed: Some("canary".to_owned()),
        }),
        ..resolution(none())
    };
    let case = Case::new(found, PathClass::Other, verdict.grounds);
    assert!(!format!("{case:?}").contains("canary"));
}

#[test]
fn changes_are_grouped_and_counted() {
    let settings = trust(TrustMode::Required, "vouched");
    let case = |finding, client: &str| {
        let found = Resolution { client: ClientName::parse(client).unwrap(), ..resolution(finding) };
        let verdict = settings.judge(&found, PathClass::Conversation, &All(Standing::default()));
        let decided = verdict.decision.as_str();
        (Case::new(found, PathClass::Conversation, verdict.grounds), decided)
    };
    let cases = [
        case(evidence(Assurance::Vouched), "ui"),
        case(evidence(Assurance::Vouched), "ui"),
        case(evidence(Assurance::Asserted), "unknown"),
        case(evidence(Assurance::Verified), "ui"),
        case(none(), "ui"),
    ];
    let past =
        || cases.iter().zip(10_i64..).map(|((case, decided), time)| Past { case, request: RequestId::fresh(), time, decided });
    let found = replay(TrustMode::Strict, past());
    assert_eq!((found.considered, found.unchanged, found.since), (5, 2, Some(10)));
    let groups: Vec<_> = found
        .changes
        .iter()
        .map(|group| (group.client.as_str(), group.from, group.to, group.reason, group.requests, group.users))
        .collect();
    let expected =
        [("ui", "admit", "refuse", "evidence_too_weak", 2, 1), ("unknown", "admit", "refuse", "evidence_too_weak", 1, 1)];
    assert_eq!(groups, expected);
    assert_eq!((found.changes[0].first_at, found.changes[0].last_at, found.changes[0].examples.len()), (10, 11, 2));
    assert_eq!(replay(TrustMode::Required, past()).changes, []);
    assert_eq!(replay(TrustMode::Legacy, past()).changes[0].to, "admit", "nobody is the default user");
}

#[test]
fn whatever_refuses_says_what_is_needed() {
    let served = ["verified", "vouched", "vouched_as_verified", "client_itself"];
    for reason in REASONS {
        assert_eq!(needs(reason, &[]).is_none(), served.contains(reason), "{reason}");
    }
    let sends = |source: &str| needs("evidence_too_weak", &[format!("the header {source}")]).unwrap();
    assert!(sends("x-openwebui-user-id").contains("FORWARD_USER_INFO_HEADER_JWT_SECRET"));
    assert!(sends("x-librechat-user-id").contains("vouch: verified"));
    assert!(sends("x-id").contains("memgate keys add"));
    assert!(sends("x-memgate-user, the header x-openwebui-user-id").contains("memgate keys add"), "it may be any client");
    assert_eq!(needs("no_such_reason", &[]), None);
}
