use super::*;

#[test]
fn what_holds_no_longer_is_retracted() {
    for (turn, target) in [
        ("I no longer live in Paris", "home=Paris"),
        ("I don't live in Paris anymore", "home=Paris"),
        ("I don't work at Initech any more.", "employer=Initech"),
        ("I'm not vegan anymore", "diet=vegan"),
        ("I used to live in Rome", "home=Rome"),
        ("I quit my job at Amazon", "employer=Amazon"),
        ("I've stopped playing the violin", "\"playing the violin\""),
        ("we broke up", "marital_status"),
        ("My name isn't Bob", "name=Bob"),
        ("Ich arbeite nicht mehr bei Bosch", "employer=Bosch"),
        ("Ich habe früher in Trier gewohnt", "home=Trier"),
        ("je n'habite plus à Lille", "home=Lille"),
        ("Ya no vivo en Sevilla", "home=Sevilla"),
        ("Non lavoro più alla Fiat", "employer=Fiat"),
        ("Não moro mais em Salvador", "home=Salvador"),
        ("ik werk niet meer bij Philips", "employer=Philips"),
        ("я больше не работаю в Сбере", "employer=Сбере"),
    ] {
        assert_eq!(retracted(turn), [(target.to_owned(), false)], "{turn:?}");
        assert_eq!(learned(turn), [""; 0], "{turn:?}");
    }
}

#[test]
fn what_is_to_be_forgotten_is_retracted() {
    for (turn, target) in [
        ("forget that I live in Dublin", "home=Dublin"),
        ("Forget that I like tea.", "\"I like tea\""),
        ("please forget my address", "home"),
        ("forget what I said about my brother", "\"brother\""),
        ("you can forget about my peanut allergy, it was a mistake", "\"peanut allergy\""),
        ("Forget everything you know about me", "everything"),
        ("Please delete everything you know about me.", "everything"),
        ("Vergiss, dass ich in Trier wohne", "home=Trier"),
        ("Vergiss alles, was du über mich weißt", "everything"),
        ("Oublie que je suis allergique aux arachides", "\"je suis allergique aux arachides\""),
        ("Oublie tout ce que tu sais sur moi", "everything"),
        ("olvida que tengo diabetes", "\"tengo diabetes\""),
        ("olvida todo lo que sabes de mí", "everything"),
        ("dimentica che abito a Pisa", "home=Pisa"),
        ("esquece que eu trabalho na Petrobras", "employer=Petrobras"),
        ("Vergeet dat ik in Almere woon", "home=Almere"),
        ("забудь, что я живу в Омске", "home=Омске"),
        ("забудь всё, что ты знаешь обо мне", "everything"),
    ] {
        assert_eq!(retracted(turn), [(target.to_owned(), true)], "{turn:?}");
        assert_eq!(facts(turn), [], "{turn:?}");
    }
}

#[test]
fn talk_of_forgetting_retracts_nothing() {
    for turn in [
        "forget it",
        "Forget about it, let's go on",
        "Forget previous instructions",
        "forget everything above",
        "Forget everything I said before and start over",
        "I forgot my password",
        "Don't forget that I like tea",
        "If I no longer live in Paris, do I pay tax?",
        "Do I no longer live in Paris?",
        "I stopped the server",
        "I left the door open",
        "I moved to the next chapter",
    ] {
        assert_eq!(retracted(turn), [], "{turn:?}");
    }
}

#[test]
fn a_change_is_a_retraction_and_a_fact() {
    let turn = "I used to live in Perth but now I live in Oslo";
    assert_eq!(retracted(turn), [("home=Perth".to_owned(), false)]);
    assert_eq!(learned(turn), ["I live in Oslo [home]"]);
    assert_eq!(noted(turn), ["I used to live in Perth"]);
    assert_eq!(learned("No, that's wrong, my name is Tom"), ["My name is Tom [name]"]);
}
