//! What must not pass: proofs that are forged, stale or sent again, and requests that prove nothing.

use super::judge::{Attempt, judge_attempt};
use super::person::{Flaw, Person, Proof};
use super::plan::Imitation;
use super::report::Findings;
use super::wire::{Wire, random_word};
use crate::policy::TrustMode;

/// Tries what a stranger without any secret can send.
pub(super) async fn examine_strangers(wire: &Wire, mode: TrustMode, trusted: bool, claim: &Person, findings: &mut Findings) {
    let nobody = Attempt { what: "a request that names nobody", claim: None, trusted, forged: false };
    findings.note("strangers", judge_attempt(nobody, &wire.try_with(&[]).await, mode));
    let user = claim.user.to_string();
    let plain = Attempt { what: "a plain header with a name", claim: Some(&user), trusted, forged: false };
    let standing = wire.try_with(&[("x-memgate-user", claim.user.name())]).await;
    findings.note("strangers", judge_attempt(plain, &standing, mode));
}

/// Tries what somebody without the client's secrets could send in its place. `usual` is the mode of whoever is no client's.
pub(super) async fn examine_client(
    it: &Imitation,
    person: &Person,
    (wire, usual, trusted): (&Wire, TrustMode, bool),
    findings: &mut Findings,
) {
    let part = it.client.as_str();
    let user = person.user.to_string();
    let proof = it.proof.describe();
    let plain = matches!(it.proof, Proof::Header { .. });
    let attempts = [
        (it.key.is_some(), Flaw::Missing, "the client's key without a name".to_owned(), it.mode),
        // Other proofs are good by themselves, whoever brings them.
        (it.key.is_some() && plain, Flaw::WrongClient, "a plain header with a wrong client key".to_owned(), usual),
        (!plain, Flaw::Forged, format!("{proof} that was forged"), it.mode),
        (it.proof.is_signed(), Flaw::Stale, format!("{proof} of yesterday"), it.mode),
    ];
    for (_, flaw, what, mode) in attempts.into_iter().filter(|(applies, ..)| *applies) {
        let claim = (flaw != Flaw::Missing).then_some(user.as_str());
        let forged = matches!(flaw, Flaw::Forged | Flaw::Stale);
        let attempt = Attempt { what: &what, claim, trusted: trusted && plain, forged };
        let standing = wire.try_as(person, flaw, &random_word()).await;
        findings.note(part, judge_attempt(attempt, &standing, mode));
    }
    if it.proof.is_single_use() {
        let nonce = random_word();
        // The first time it passes.
        let _ = wire.try_as(person, Flaw::None, &nonce).await;
        let attempt = Attempt { what: "a signed request that is sent again", claim: Some(&user), trusted: false, forged: true };
        findings.note(part, judge_attempt(attempt, &wire.try_as(person, Flaw::None, &nonce).await, it.mode));
    }
}
