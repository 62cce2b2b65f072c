//! What was taken back is not learned again from turns that wait for the model.

use super::*;
use crate::memory::extract::{Retraction, Statement, Target};
use crate::memory::learn::Taught;
use crate::store::Batch;

impl School {
    /// As the learner does once the rules have found it.
    fn take_back(&self, scope: &UserScope, turn: &Lesson, retraction: Retraction) {
        let (key, chat) = (self.memory.store.hash_key(scope).unwrap(), session("chat-2"));
        let taught = Taught::by_rules(&key, Some(&chat), turn, vec![Statement::Retraction(retraction)]);
        self.memory.keep(scope, vec![taught], turn.at).unwrap();
    }
}

#[tokio::test]
async fn what_was_taken_back_meanwhile_is_not_learned() {
    let mut school = School::found(echoes, |_| ()).await;
    let (alice, bob) = (school.enroll("alice"), school.enroll("bob"));
    for scope in [&alice, &bob] {
        school.hand_on(scope, "chat-1", &lesson("The toy of the aardvark is red", 1_000));
    }
    let back = lesson("Forget what I said about the toy", 2_000);
    let target = Target::Saying("the toy".to_owned());
    let forget = Retraction { target, forget: true, quote: back.text.clone(), origin: "rule:forget".to_owned() };
    school.take_back(&alice, &back, forget);
    school.hand_on(&alice, "chat-3", &lesson("The aardvark has a ball as well", 3_000));
    school.work();
    school.wait().await;
    let texts = |scope| school.facts(scope).into_iter().map(|fact| fact.text).collect::<Vec<_>>();
    assert_eq!(texts(&alice), ["The aardvark has a ball as well"]);
    assert_eq!(texts(&bob), ["The toy of the aardvark is red"], "whose words are his own");
    // Deleted by hand: turns that wait may say the same.
    let gone = school.facts(&bob)[0].id;
    school.memory.change(&bob, Batch { delete: vec![gone], ..Batch::default() }).unwrap();
    school.hand_on(&bob, "chat-1", &lesson("The toy is really red, of the aardvark", 1_500));
    school.wait().await;
    assert_eq!(texts(&bob), [""; 0]);
}

#[tokio::test]
async fn forgetting_everything_reaches_what_waits_for_a_model_that_is_off_and_lasts() {
    let school = School::found(echoes, |_| ()).await;
    let (alice, bob) = (school.enroll("alice"), school.enroll("bob"));
    for scope in [&alice, &bob] {
        school.hand_on(scope, "chat-1", &lesson("The toy of the aardvark is red", 1_000));
        school.hand_on(scope, "chat-3", &lesson("The aardvark has a ball as well", 2_000));
    }
    let with_model = (**school.memory.settings.load()).clone();
    school.memory.configure(MemorySettings { tutor: None, ..with_model.clone() });
    let turn = lesson("Forget everything about me", 2_000);
    let everything =
        Retraction { target: Target::Everything, forget: true, quote: turn.text.clone(), origin: "rule:forget".to_owned() };
    school.take_back(&alice, &turn, everything);
    school.memory.configure(with_model);
    let school = school.killed().await;
    school.hand_on(&alice, "chat-4", &lesson("The aardvark sleeps by day", 2_001));
    school.wait().await;
    let texts = |scope| school.facts(scope).into_iter().map(|fact| fact.text).collect::<Vec<_>>();
    assert_eq!(texts(&alice), ["The aardvark sleeps by day"]);
    assert_eq!(texts(&bob).len(), 2, "whose words are his own");
}
