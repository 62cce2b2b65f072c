use super::*;

#[test]
fn what_is_told_in_passing_is_noted() {
    for (turn, note, kind) in [
        (
            "I went to a support group yesterday and it was so powerful.",
            "I went to a support group yesterday and it was so powerful",
            Kind::Event,
        ),
        ("My sister works at a bakery in Kent", "", Kind::Note),
        (
            "We adopted a greyhound in April, she's scared of stairs",
            "We adopted a greyhound in April, she's scared of stairs",
            Kind::Event,
        ),
        ("The support group has made me feel accepted.", "The support group has made me feel accepted", Kind::Note),
        ("I'm planning a trip to Japan in May 2027, which cities?", "I'm planning a trip to Japan in May 2027", Kind::Event),
        ("Ich bin gestern mit meiner Oma schwimmen gegangen", "Ich bin gestern mit meiner Oma schwimmen gegangen", Kind::Event),
        ("J'ai visité le musée Rodin avec mes parents", "J'ai visité le musée Rodin avec mes parents", Kind::Note),
        ("Ayer fui al dentista con mi hermana", "Ayer fui al dentista con mi hermana", Kind::Event),
        ("Вчера я ходила в театр с подругой", "Вчера я ходила в театр с подругой", Kind::Event),
    ] {
        if note.is_empty() {
            assert_eq!(noted(turn), [""; 0], "{turn:?}");
            continue;
        }
        let found = facts(turn);
        assert_eq!(found.len(), 1, "{turn:?}");
        assert_eq!(
            (found[0].text.as_str(), found[0].kind, found[0].tier, found[0].slot.as_ref()),
            (note, kind, Tier::Passing, None),
            "{turn:?}"
        );
    }
}

#[test]
fn noise_is_not_noted() {
    for turn in [
        "I think that this is wrong",
        "I want you to write a poem about trees",
        "I need help with my homework",
        "I have a question about borrow checking",
        "I have a list of numbers to sort",
        "I don't understand your answer",
        "I told you already",
        "thanks, I appreciate your help a lot",
        "I love this so much, thank you",
        "I'm looking for a good hotel",
        "I'm trying to understand monads better",
        "I'd like to see another example",
        "I'm not sure that works for me",
        "My question is about the second point",
        "My code throws an exception here",
        "I get them now",
        "Could you help me find my keys?",
        "There's a guy at my gym who is allergic to sweat",
        "I wish I lived by the sea",
        "Ich verstehe deine Antwort nicht",
        "Ich brauche Hilfe mit meinem Code",
        "Je ne comprends pas ta réponse",
        "No entiendo tu respuesta",
        "Non capisco la tua risposta",
        "Não entendo a tua resposta",
        "Ik begrijp je antwoord niet",
        "Я не понимаю твой ответ",
    ] {
        assert_eq!(facts(turn), [], "{turn:?}");
    }
}
