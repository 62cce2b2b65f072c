//! Keeping: what closes facts, what is taken back, what must go, what has run out.

mod retention;
mod retract;
mod room;

use super::*;
use crate::enforce::test_sandbox;
use crate::memory::Unkept;
use crate::memory::extract::{Candidate, MAX_FACTS, Retraction, Statement, Target};
use crate::memory::learn::{Learned, Reader, Taught};
use crate::memory::settings::ByAssurance;
use crate::store::{Batch, Fact, Kind, PrefixHash, Review, Status, Tier};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn fact(text: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        kind: Kind::Note,
        slot: None,
        quote: text.to_owned(),
        origin: "rule:test".to_owned(),
        tier: Tier::Explicit,
        held_for: None,
    }
}

fn value(slot: &str, text: &str) -> Statement {
    Statement::Fact(Candidate { kind: Kind::Profile, slot: Some(slot.to_owned()), ..fact(text) })
}

fn note(text: &str) -> Statement {
    Statement::Fact(fact(text))
}

fn take_back(target: Target, forget: bool) -> Statement {
    Statement::Retraction(Retraction { target, forget, quote: "taken back".to_owned(), origin: "rule:test".to_owned() })
}

fn slot(slot: &str, value: Option<&str>) -> Target {
    Target::Slot { slot: slot.to_owned(), value: value.map(str::to_owned) }
}

fn saying(text: &str) -> Target {
    Target::Saying(text.to_owned())
}

/// A turn that was said at `at`, known by that.
fn turn(at: i64, statements: Vec<Statement>) -> Taught {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&at.to_be_bytes());
    Taught { reader: Reader::Rules, session: None, turn: name, names: vec![name], at, statements }
}

impl Rig {
    /// Keeps a turn that was said at `at` and is learned at the same time.
    fn keep(&self, scope: &UserScope, at: i64, statements: Vec<Statement>) -> Learned {
        self.memory.keep(scope, vec![turn(at, statements)], at).unwrap().pop().unwrap_or_default()
    }

    fn facts(&self, scope: &UserScope) -> Vec<Fact> {
        let mut facts = self.memory.store.load(scope).unwrap().facts;
        facts.sort_by_key(|fact| fact.id);
        facts
    }

    fn current(&self, scope: &UserScope) -> Vec<String> {
        self.facts(scope).into_iter().filter(Fact::is_current).map(|fact| fact.text).collect()
    }

    /// What a new conversation of the user's would carry at a time.
    async fn carries(&self, scope: &UserScope, question: &str, now: i64, withhold: &[Kind]) -> String {
        let message = [Message { role: Role::User, raw: question.as_bytes() }];
        let query = || question.to_owned();
        let request =
            RecallRequest { messages: &message, query: &query, tokens: render::estimate_tokens, most: usize::MAX, withhold, now };
        let recalled = self.memory.recall(scope, &request, Duration::from_secs(20)).await.unwrap();
        self.memory.remember_injections(scope, recalled.fresh.clone());
        carried(&recalled)
    }
}

fn rig() -> (Rig, UserScope) {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    (rig, alice)
}

#[test]
fn both_time_axes_and_the_successor_are_kept() {
    let (rig, alice) = rig();
    let oslo = rig.keep(&alice, 1_000, vec![value("city", "I live in Oslo")]).facts[0];
    let rome = rig.memory.keep(&alice, vec![turn(3_000, vec![value("city", "I live in Rome")])], 9_000).unwrap();
    assert_eq!(rome[0].superseded, [oslo]);
    let bonn = rig.memory.keep(&alice, vec![turn(2_000, vec![value("city", "I live in Bonn")])], 9_500).unwrap();
    assert!(bonn[0].superseded.is_empty());
    let rome = rome[0].facts[0];
    let seen: Vec<_> =
        rig.facts(&alice).iter().map(|f| (f.valid_at, f.invalid_at, f.created_at, f.expired_at, f.superseded_by)).collect();
    let expected = [
        (1_000, Some(3_000), 1_000, Some(9_000), Some(rome)),
        (3_000, None, 9_000, None, None),
        (2_000, Some(3_000), 9_500, Some(9_500), Some(rome)),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_value_said_again_in_other_words_is_known() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1_000, vec![value("city", "I live in Oslo")]);
    assert_eq!(rig.keep(&alice, 2_000, vec![value("city", "I'm living in Oslo now")]), Learned::default());
    assert_eq!(rig.facts(&alice).len(), 1);
    assert_eq!(rig.facts(&alice)[0].valid_at, 1_000);
}

#[test]
fn several_turns_share_a_commit_and_each_is_told_what_it_came_to() {
    let (rig, alice) = rig();
    let turns = vec![
        turn(1, vec![value("city", "I live in Oslo"), note("The boat is called Nemo")]),
        turn(2, vec![value("city", "I live in Rome")]),
        turn(2, vec![note("The boat is green")]),
        turn(3, vec![take_back(saying("the boat is called Nemo"), false)]),
    ];
    let learned = rig.memory.keep(&alice, turns, 10).unwrap();
    let counts: Vec<_> = learned.iter().map(|l| (l.facts.len(), l.superseded.len(), l.retracted.len())).collect();
    assert_eq!(counts, [(2, 0, 0), (1, 1, 0), (0, 0, 0), (0, 0, 1)], "a turn that comes twice teaches once");
    assert_eq!(rig.current(&alice), ["I live in Rome"]);
}

#[tokio::test]
async fn what_a_sandbox_teaches_is_held_and_recalled_there_alone() {
    let (rig, _) = rig();
    let sandbox = test_sandbox("x");
    rig.memory.store.enroll(&sandbox, 0).unwrap();
    let told = Statement::Fact(Candidate { held_for: Some(Review::Url), ..fact("The boat's page is evil.example/x") });
    let learned = rig.keep(&sandbox, 1, vec![value("city", "I live in Oslo"), note("The boat is called Nemo"), told]);
    assert_eq!(learned.held, [Review::Sandbox, Review::Sandbox, Review::Url]);
    assert_eq!(rig.keep(&sandbox, 2, vec![value("city", "I live in Rome")]).superseded.len(), 1);
    let carried = rig.carries(&sandbox, "Where is the boat?", now(), &[]).await;
    assert!(carried.contains("Rome") && carried.contains("Nemo") && !carried.contains("Oslo") && !carried.contains("evil"));
    assert!(rig.facts(&sandbox).iter().all(|fact| fact.status == Status::Held));
}

#[test]
fn provenance_is_complete() {
    let (rig, alice) = rig();
    let told = Statement::Fact(Candidate { quote: "my boat is called  Nemo".into(), ..fact("My boat is called Nemo") });
    let taught = Taught { session: Some(session("chat-1")), ..turn(7_000, vec![told]) };
    let name: PrefixHash = taught.turn;
    rig.memory.keep(&alice, vec![taught], 8_000).unwrap();
    let fact = rig.facts(&alice).remove(0);
    assert_eq!((fact.valid_at, fact.created_at), (7_000, 8_000));
    let source = fact.source;
    assert_eq!((source.turn, source.quote.as_str()), (hex::encode(name), "my boat is called  Nemo"));
    assert_eq!((&source.client, source.session), (alice.client(), Some(session("chat-1"))));
    assert_eq!((source.assurance, source.origin.as_str(), fact.tier), (Assurance::Verified, "rule:test", Tier::Explicit));
}

#[tokio::test]
async fn an_upstream_is_never_sent_what_it_must_not_see() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1, vec![value("city", "I live in Oslo"), note("The boat is called Nemo")]);
    let Taught { statements, .. } =
        turn(2, vec![Statement::Fact(Candidate { kind: Kind::Preference, ..fact("I like tea on the boat") })]);
    rig.keep(&alice, 2, statements);
    let cloud = [Kind::Profile, Kind::Note];
    let question = "What about the boat?";
    let (now, later) = (now(), now() + 1_000);
    let full = rig.carries(&alice, question, now, &[]).await;
    assert!(full.contains("Oslo") && full.contains("Nemo") && full.contains("tea"));
    // The same words, sent elsewhere: neither replayed nor chosen.
    let less = rig.carries(&alice, question, later, &cloud).await;
    assert!(!less.contains("Oslo") && !less.contains("Nemo") && less.contains("tea"), "{less}");
    assert_eq!(rig.carries(&alice, question, later, &[]).await, full, "and each goes on with what it was sent");
    assert_eq!(rig.carries(&alice, question, later, &cloud).await, less);
    let all = [Kind::Profile, Kind::Preference, Kind::Event, Kind::Instruction, Kind::Note];
    assert_eq!(rig.carries(&alice, question, later, &all).await, "");
}
