//! Habits, circles, traits, belongings: what people are beside trade and family.

use super::*;

#[test]
fn lasting_facts_are_learned_however_they_are_put() {
    for turn in [
        "We've lived on a barge since our wedding",
        "I reside in Leeds",
        "I grew up an only child",
        "I'm on the parish council",
        "I sing in a choir",
        "I'm the treasurer of our allotment society",
        "my sister and I run a bakery",
        "our three boys go to a forest school",
        "I'm their youngest son",
        "I can't stand being called Ricky",
        "I row every Saturday",
        "I climb on weekends",
        "I go running every morning",
        "I'm training to be a paramedic",
        "I'm six foot two",
        "I weigh 80 kilos",
        "I'm not religious",
        "I have green eyes",
        "I'm half Ghanaian",
        "I don't own a car",
        "I have no siblings",
        "my laptop runs Fedora",
        "I'm on Linux",
        "I've switched from Vim to Helix",
        "No gluten for me, thanks",
        "I've been eating kosher for years",
        "I'm on insulin",
        "mates call me Dez",
        "it's Priya by the way",
        "I'm nearly 40",
        "I used to be a baker, now I'm a courier",
        "Ich bin Orgelbauer",
        "Ich heiße nicht Tim, sondern Tom",
        "mein Bruder und ich teilen ein Auto",
        "je suis ébéniste",
        "je joue du violon le mardi",
        "soy ceramista",
        "sono una restauratrice",
        "sou marceneira",
        "ik ben glasblazer",
        "я переводчица",
        "я бабушка троих внуков",
    ] {
        assert_eq!(learned(turn).len(), 1, "{turn:?}: {:?}", learned(turn));
    }
}

#[test]
fn talk_that_looks_like_them_is_not_learned() {
    for turn in [
        "I don't have a clue",
        "I don't have any idea why",
        "I have no idea",
        "I have no further questions",
        "I've been trying to fix this for two hours",
        "I've switched to it",
        "it makes me sick",
        "Same here",
        "Nothing here",
        "I rode the bus last week",
        "I play tennis tomorrow",
        "do not use tables here",
        "no tables in this one please",
        "don't use bullet points in this answer",
        "I'm on it",
        "I'm in",
        "Ich bin sicher",
        "ich bin immer müde",
        "je suis triste",
        "je suis bien",
        "soy mejor",
        "sono triste",
        "ik ben zeker",
        "я уверен",
        "Dear Sir, I am a resident of 5 Elm Road and I object to the plan. Yours, P. Moss\n\nHow do I reply?",
    ] {
        assert_eq!(learned(turn), [""; 0], "{turn:?}");
    }
}

#[test]
fn everything_told_is_forgotten_unless_it_is_about_something() {
    assert_eq!(retracted("Forget everything I've told you"), [("everything".to_owned(), true)]);
    assert_eq!(retracted("Forget everything I told you about my sister"), [("\"sister\"".to_owned(), true)]);
}
