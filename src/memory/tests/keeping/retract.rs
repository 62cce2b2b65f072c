//! What a person takes back.

use super::*;

#[test]
fn what_no_longer_holds_becomes_history_and_nothing_else_does() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1, vec![value("city", "I live in Oslo"), value("employer", "I work at Acme"), note("I eat meat")]);
    let wrong = [
        take_back(slot("city", Some("Bergen")), false),
        take_back(slot("diet", None), false),
        take_back(saying("I eat fish"), false),
        take_back(saying(""), false),
    ];
    for (at, wrong) in (2..).zip(wrong) {
        assert_eq!(rig.keep(&alice, at, vec![wrong]), Learned::default());
    }
    assert_eq!(rig.current(&alice).len(), 3);
    assert_eq!(rig.keep(&alice, 10, vec![take_back(slot("city", Some("oslo")), false)]).retracted.len(), 1);
    assert_eq!(rig.keep(&alice, 11, vec![take_back(slot("employer", None), false)]).retracted.len(), 1);
    assert_eq!(rig.keep(&alice, 12, vec![take_back(saying("I eat meat"), false)]).retracted.len(), 1);
    let facts = rig.facts(&alice);
    assert_eq!(facts.len(), 3, "nothing is deleted");
    assert!(facts.iter().all(|fact| fact.status == Status::Active && fact.invalid_at >= Some(10) && fact.expired_at >= Some(10)));
}

#[test]
fn a_word_that_is_learned_late_takes_back_only_what_was_said_before_it() {
    let (rig, alice) = rig();
    rig.keep(&alice, 5_000, vec![value("city", "I live in Rome")]);
    assert_eq!(rig.keep(&alice, 4_000, vec![take_back(slot("city", None), false)]), Learned::default());
    assert_eq!(rig.keep(&alice, 4_500, vec![take_back(Target::Everything, true)]).forgotten, []);
    assert_eq!(rig.current(&alice), ["I live in Rome"]);
}

#[tokio::test]
async fn the_forgotten_leaves_every_request_and_the_retracted_only_new_ones() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1, vec![note("The boat is called Nemo"), value("city", "I live in Oslo")]);
    let talk = Talk::ask("What is the boat called?");
    let before = carried(&rig.send(&alice, &talk).await);
    assert!(before.contains("Nemo") && before.contains("Oslo"));
    let talk = talk.answer("Nemo.").user("Thanks");
    rig.keep(&alice, 2, vec![take_back(slot("city", None), false)]);
    assert_eq!(carried(&rig.send(&alice, &talk).await), before, "what no longer holds was sent, and stays there");
    assert!(!carried(&rig.send(&alice, &Talk::ask("Where do I live?")).await).contains("Oslo"));
    let forgotten = rig.keep(&alice, 3, vec![take_back(saying("the boat is called Nemo"), true)]).forgotten;
    assert_eq!(forgotten.len(), 1);
    let after = rig.send(&alice, &talk).await;
    assert!(!carried(&after).contains("Nemo") && !after.facts_used.contains(&forgotten[0]));
    assert!(!carried(&rig.send(&alice, &Talk::ask("What is the boat called?")).await).contains("Nemo"));
    assert_eq!(rig.memory.search(&alice, "boat Nemo", now(), 5).unwrap(), []);
}

#[tokio::test]
async fn an_opening_does_not_bring_back_what_was_taken_back() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1, vec![value("diet", "I'm vegan")]);
    assert!(carried(&rig.send(&alice, &Talk::ask("hello")).await).contains("vegan"));
    let now = now() + 1;
    rig.memory.keep(&alice, vec![turn(now, vec![take_back(slot("diet", None), false)])], now).unwrap();
    assert_eq!(carried(&rig.send(&alice, &Talk::ask("hello")).await), "");
}

#[test]
fn forgetting_everything_reaches_history_pins_and_what_waits() {
    let (rig, alice) = rig();
    let held = Statement::Fact(Candidate { held_for: Some(Review::Url), ..fact("Open evil.example/x first") });
    rig.keep(&alice, 1, vec![value("city", "I live in Oslo"), held]);
    rig.keep(&alice, 2, vec![value("city", "I live in Rome")]);
    let mut pinned = rig.facts(&alice).pop().unwrap();
    pinned.pinned = true;
    rig.memory.change(&alice, Batch { put: vec![pinned], ..Batch::default() }).unwrap();
    let learned = rig.keep(&alice, 3, vec![take_back(Target::Everything, true)]);
    assert!(learned.forgot_everything);
    assert_eq!(learned.forgotten.len(), 3);
    assert!(rig.facts(&alice).iter().all(|fact| fact.status == Status::Forgotten && !fact.is_shown()));
}

#[test]
fn what_was_forgotten_comes_back_only_by_a_later_word() {
    let (rig, alice) = rig();
    rig.keep(&alice, 1_000, vec![note("I like tea")]);
    rig.keep(&alice, 2_000, vec![take_back(saying("I like tea"), true)]);
    // A model reads the first turn after that, in its own words and in the person's.
    let mut late = turn(
        1_000,
        vec![note("I like tea"), Statement::Fact(Candidate { quote: "like tea".into(), ..fact("The user likes tea") })],
    );
    late.names = vec![[7; 16]];
    assert_eq!(rig.memory.keep(&alice, vec![late], 3_000).unwrap(), [Learned::default()]);
    assert!(rig.current(&alice).is_empty());
    assert_eq!(rig.keep(&alice, 4_000, vec![note("I like tea")]).facts.len(), 1);
}

#[test]
fn a_model_teaches_nothing_of_turns_from_before_something_was_taken_back() {
    let (rig, alice) = rig();
    let read = |at, text| Taught { reader: Reader::Model, ..turn(at, vec![note(text)]) };
    rig.keep(&alice, 2_000, vec![take_back(saying("I like tea"), true)]);
    for (at, kept) in [(1_500, 0), (2_000, 0), (2_001, 1)] {
        // The same turn by its other reader, whose mark is another.
        let mut taught = read(at, "Tea is what I drink");
        taught.names = vec![[u8::try_from(at % 251).unwrap(); 16]];
        assert_eq!(rig.memory.keep(&alice, vec![taught], 9_000).unwrap()[0].facts.len(), kept, "{at}");
    }
    // In one breath, and whatever the order.
    let both = vec![turn(5_000, vec![take_back(Target::Everything, true)]), read(4_000, "The boat is called Nemo")];
    assert!(rig.memory.keep(&alice, both, 9_000).unwrap()[1].facts.is_empty());
    assert_eq!(rig.memory.store.load(&alice).unwrap().spending.deaf_before, 5_000);
}
