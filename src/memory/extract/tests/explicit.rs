use super::*;

#[test]
fn explicit_statements_are_learned() {
    for (turn, facts) in [
        ("My name is Alice.", &["My name is Alice [name]"][..]),
        ("hi, i'm vegan, what can I cook?", &["I'm vegan [diet]"]),
        ("Hello! My name’s Zoë and I live in Köln.", &["My name’s Zoë [name]", "I live in Köln [home]"]),
        ("Remember that my wife's name is Ana.", &["My wife's name is Ana [wife.name]"]),
        ("please remember that the garage code is 4711", &["The garage code is 4711"]),
        ("Can you remember that I'm allergic to nuts?", &["I'm allergic to nuts"]),
        ("Remember: dentist is on Elm Street", &["Dentist is on Elm Street"]),
        ("I work at Siemens as an engineer, any tips for my CV?", &["I work at Siemens as an engineer [employer]"]),
        ("I currently live in Berlin", &["I currently live in Berlin [home]"]),
        ("i prefer short answers", &["I prefer short answers"]),
        ("Call me Al", &["Call me Al [nickname]"]),
        ("My favourite colour is green!", &["My favourite colour is green [favourite:colour]"]),
        ("my favorite color is green", &["My favorite color is green [favourite:colour]"]),
        ("I hate olives and I love capers.", &["I hate olives", "I love capers"]),
        ("I don't eat pork.", &["I don't eat pork"]),
        ("I'm 34 years old", &["I'm 34 years old [age]"]),
        ("I'm 34 and new to this", &["I'm 34 and new to this [age]"]),
        ("Since I'm a nurse, night shifts are common. How do I sleep?", &["I'm a nurse [job]"]),
        ("We have two dogs.", &["We have two dogs"]),
        ("My dog's name is Rex.", &["My dog's name is Rex"]),
        ("I moved to Lyon last month", &["I moved to Lyon last month [home]"]),
        ("Two years ago we moved from Rome to Oslo.", &["Two years ago we moved from Rome to Oslo [home]"]),
        ("Thanks, by the way, I speak Dutch.", &["I speak Dutch"]),
        ("Please call me Sam from now on.", &["Call me Sam from now on [nickname]"]),
        ("I have 2 kids", &["I have 2 kids"]),
        ("my mum is called Rita", &["My mum is called Rita [mother.name]"]),
        ("my wife Ana and I are off to Crete", &["My wife Ana [wife.name]"]),
        ("I'm Tamsin", &["I'm Tamsin [name]"]),
        ("As a vegan, what can I eat in Rome?", &["As a vegan [diet]"]),
        ("I play the trombone, any tips against dry lips?", &["I play the trombone"]),
        ("Since I moved to Lyon last year, which gyms are good?", &["I moved to Lyon last year [home]"]),
    ] {
        assert_eq!(learned(turn), facts, "{turn:?}");
    }
}

#[test]
fn standing_orders_are_learned() {
    for (turn, order) in [
        ("Always answer in German.", "Always answer in German"),
        ("From now on, keep answers under 100 words.", "From now on, keep answers under 100 words"),
        ("When I ask for code, please use Rust.", "When I ask for code, please use Rust"),
        ("Whenever I ask for recipes, give me vegetarian ones", "Whenever I ask for recipes, give me vegetarian ones"),
        ("Don't ever call me \"sir\".", "Don't ever call me \"sir"),
        ("I want you to always cite your sources", "I want you to always cite your sources"),
        ("Please keep your answers short", "Keep your answers short"),
        ("Antworte mir ab jetzt nur noch auf Deutsch", "Antworte mir ab jetzt nur noch auf Deutsch"),
        ("Réponds toujours en français", "Réponds toujours en français"),
        ("Responde siempre en español", "Responde siempre en español"),
        ("D'ora in poi rispondi in italiano", "D'ora in poi rispondi in italiano"),
        ("A partir de agora responde em português", "A partir de agora responde em português"),
        ("Antwoord altijd in het Nederlands", "Antwoord altijd in het Nederlands"),
        ("Всегда отвечай по-русски", "Всегда отвечай по-русски"),
    ] {
        let found = facts(turn);
        assert_eq!(found.len(), 1, "{turn:?}");
        assert_eq!((found[0].text.as_str(), found[0].kind, found[0].held_for), (order, Kind::Instruction, None), "{turn:?}");
    }
}

#[test]
fn one_off_requests_are_no_standing_orders() {
    for turn in [
        "Answer in German.",
        "write it in French for my colleague",
        "answer in one sentence this time: what is TLS?",
        "Never gonna give you up",
        "Always remember to breathe",
        "Keep moving forward slowly",
        "Never saw this coming.",
        "You should always wear a helmet when cycling, agree?",
        "Always add two eggs, said the recipe.",
        "When I run it, it prints nothing",
    ] {
        assert_eq!(learned(turn), [""; 0], "{turn:?}");
    }
}

#[test]
fn kinds_follow_the_statement() {
    let kind = |turn: &str| facts(turn)[0].kind;
    assert_eq!(kind("I live in Rome"), Kind::Profile);
    assert_eq!(kind("I like tea"), Kind::Preference);
    assert_eq!(kind("Never use emojis"), Kind::Instruction);
    assert_eq!(kind("Remember that Bob lives in Rome"), Kind::Note);
    assert_eq!(kind("I went to the dentist with my son yesterday"), Kind::Event);
}
