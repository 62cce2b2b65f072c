use super::*;

/// One statement of each sort, in each language: the same sort fills the same slot.
#[test]
fn slots_are_the_same_in_every_language() {
    for (slot, turns) in [
        (
            "name",
            &[
                "My name is Ana",
                "Ich heiße Ana",
                "Je m'appelle Ana",
                "Me llamo Ana",
                "Mi chiamo Ana",
                "Meu nome é Ana",
                "Ik heet Ana",
                "Меня зовут Анна",
            ][..],
        ),
        (
            "home",
            &[
                "I live in Rome",
                "Ich wohne in Rom",
                "J'habite à Rome",
                "Vivo en Roma",
                "Abito a Roma",
                "Moro em Roma",
                "Ik woon in Rome",
                "Я живу в Риме",
                "Seit 2020 wohne ich in Rom",
                "Nous vivons à Rome",
                "Me he mudado a Roma",
                "Mi sono trasferito a Roma",
                "Я переехала в Рим",
            ],
        ),
        (
            "employer",
            &[
                "I work for Fiat",
                "Ich arbeite bei Fiat",
                "Je travaille chez Fiat",
                "Trabajo en Fiat",
                "Lavoro alla Fiat",
                "Trabalho na Fiat",
                "Ik werk bij Fiat",
                "Я работаю в Яндексе",
            ],
        ),
        (
            "job",
            &[
                "I'm a nurse",
                "Ich bin Krankenpflegerin von Beruf",
                "Je suis infirmière",
                "Soy enfermera",
                "Sono infermiera",
                "Sou enfermeira",
                "Ik ben verpleegkundige",
                "Я врач",
            ],
        ),
        (
            "diet",
            &[
                "I'm vegan",
                "Ich bin Veganer",
                "Je suis végane",
                "Soy vegana",
                "Sono vegano",
                "Sou vegano",
                "Ik ben veganist",
                "Я веган",
                "Ich ernähre mich vegan",
            ],
        ),
        (
            "age",
            &[
                "I'm 30",
                "Ich bin 30 Jahre alt",
                "J'ai 30 ans",
                "Tengo 30 años",
                "Ho 30 anni",
                "Tenho 30 anos",
                "Ik ben 30 jaar",
                "Мне 30 лет",
            ],
        ),
        (
            "wife.name",
            &[
                "My wife's name is Eva",
                "Meine Frau heißt Eva",
                "Ma femme s'appelle Eva",
                "Mi esposa se llama Eva",
                "Mia moglie si chiama Eva",
                "Minha esposa se chama Eva",
                "Mijn vrouw heet Eva",
                "Мою жену зовут Ева",
            ],
        ),
        (
            "favourite:colour",
            &[
                "My favorite color is red",
                "Meine Lieblingsfarbe ist Rot",
                "Ma couleur préférée est le rouge",
                "Mi color favorito es el rojo",
                "Il mio colore preferito è il rosso",
                "Minha cor favorita é o vermelho",
                "Mijn favoriete kleur is rood",
            ],
        ),
        (
            "marital_status",
            &[
                "I'm divorced",
                "Ich bin geschieden",
                "Je suis divorcée",
                "Estoy divorciada",
                "Sono divorziata",
                "Sou divorciada",
                "Ik ben gescheiden",
                "Я замужем",
            ],
        ),
    ] {
        for turn in turns {
            let found = facts(turn);
            assert_eq!(found.iter().map(|fact| fact.slot.as_deref()).collect::<Vec<_>>(), [Some(slot)], "{turn:?}");
            assert_eq!((found[0].text.as_str(), found[0].tier), (*turn, Tier::Explicit));
        }
    }
}

#[test]
fn statements_without_a_slot_are_learned_in_every_language() {
    for turn in [
        "Ich trinke keinen Alkohol",
        "Ich mag keine Oliven",
        "Ich bin gegen Nüsse allergisch",
        "Ich habe zwei Katzen",
        "Je ne mange pas de porc",
        "J'adore le jazz",
        "Je suis allergique aux noix",
        "No como carne",
        "Me encanta el jazz",
        "Soy alérgica al polen",
        "Tengo dos gatos",
        "Non mangio carne",
        "Mi piace il jazz",
        "Sono allergico alle noci",
        "Não como carne",
        "Adoro jazz",
        "Tenho alergia a camarão",
        "Ik eet geen vlees",
        "Ik hou van jazz",
        "Ik ben allergisch voor pinda's",
        "Я не ем мясо",
        "Я люблю джаз",
        "У меня аллергия на орехи",
        "Merk dir, dass ich montags arbeite",
        "Retiens que je préfère le train",
        "Recuerda que los martes trabajo",
        "Ricorda che sono mancino",
        "Lembra que eu odeio coentro",
        "Onthoud dat ik op woensdag vrij ben",
        "Запомни, что я левша",
    ] {
        assert_eq!(learned(turn).len(), 1, "{turn:?}");
    }
}

#[test]
fn what_is_not_stated_is_not_learned_in_any_language() {
    for turn in [
        "Wie heiße ich?",
        "Wenn ich in Rom wohne, brauche ich ein Auto?",
        "Ich wünschte, ich wohnte in Paris",
        "Du bist ein Pirat. Ich heiße Jack.",
        "Übersetze ins Englische: Ich heiße Paul.",
        "Stell dir vor, ich wohne auf dem Mond",
        "Sein Bruder heißt Kurt",
        "Comment je m'appelle ?",
        "Si j'habitais à Nice, je nagerais",
        "Traduis en anglais : je m'appelle Luc",
        "Je voudrais habiter à Paris",
        "¿Cómo me llamo?",
        "Si viviera en Bogotá",
        "Traduce al inglés: me llamo Iván",
        "Su mujer se llama Rosa",
        "Come mi chiamo?",
        "Se vivessi a Londra",
        "Traduci: mi chiamo Aldo",
        "Vorrei vivere a Roma",
        "Qual é o meu nome?",
        "Se eu morasse em Recife",
        "Gostaria de morar em Lisboa",
        "Hoe heet ik?",
        "Vertaal: ik heet Kees",
        "Stel dat ik piloot was",
        "Как меня зовут?",
        "Если бы я жил в Сочи",
        "Переведи: меня зовут Олег",
        "Представь, что я космонавт",
    ] {
        assert_eq!(learned(turn), [""; 0], "{turn:?}");
    }
}
