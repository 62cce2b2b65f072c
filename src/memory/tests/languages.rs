//! Finding in each language, over a real store: a question in other words' forms finds its fact among all the others.

use super::*;
use crate::ids::ClientName;
use crate::store::{Batch, Fact, Kind, Provenance, Status, Tier};

/// Of each language: facts, each with a question that bends its words otherwise. Typed with and without marks.
const PAIRS: [(&str, &[(&str, &str)]); 10] = [
    (
        "English",
        &[
            ("I bought two bicycles for my children", "Which bicycle did I buy for my child?"),
            ("My brother teaches swimming in Bristol", "Who taught swimmers?"),
            ("I keep the spare keys under the flowerpots", "Where did I keep a spare key?"),
            ("We were married in a lighthouse", "In which lighthouses do people marry?"),
            ("I'm allergic to peanuts", "Do I have a peanut allergy?"),
        ],
    ),
    (
        "German",
        &[
            ("Ich spiele jeden Dienstag Geige im Orchester", "In welchem Orchester spielst du Geigen?"),
            ("Meine Tochter besucht eine Schule in Köln", "Welche Schulen besuchen die Töchter?"),
            ("Ich habe zwei schwarze Katzen", "Wie heißt die schwarze Katze?"),
            ("Wir haben letztes Jahr ein altes Haus gekauft", "Welche Häuser kaufte ich?"),
            ("Ich vertrage keine Erdbeeren", "Was ist mit der Erdbeere?"),
        ],
    ),
    (
        "French",
        &[
            ("J'ai acheté une maison près de la rivière", "Quelles maisons as-tu achetées ?"),
            ("Ma fille étudie la médecine à Lille", "Qui a étudié la médecine ?"),
            ("Je travaille dans une boulangerie", "Où est-ce que je travaillais ?"),
            ("Mon frère collectionne les timbres anciens", "Qui a une collection de timbre ?"),
            ("Je suis végétarien depuis dix ans", "Est-ce que nous sommes végétariens ?"),
        ],
    ),
    (
        "Spanish",
        &[
            ("Mi hijo estudia arquitectura en Valencia", "¿Dónde estudió mi hijo?"),
            ("Trabajo en un hospital pequeño", "¿En qué hospitales he trabajado?"),
            ("Tengo tres perros negros", "¿Cómo se llama el perro negro?"),
            ("Me gustan las canciones antiguas", "¿Qué canción me gusta?"),
            ("Nadé ayer en el lago", "¿En qué lagos suelo nadar?"),
        ],
    ),
    (
        "Italian",
        &[
            ("Lavoro in una libreria vicino alla stazione", "Dove lavoravo? In quale libreria?"),
            ("Mia nonna cucinava i ravioli la domenica", "Chi sa cucinare il raviolo?"),
            ("Ho due gatti bianchi", "Come si chiama il gatto bianco?"),
            ("Studiamo il giapponese da tre anni", "Da quando studio il giapponese?"),
            ("Abbiamo viaggiato in Sardegna con la barca", "Con quali barche viaggio?"),
        ],
    ),
    (
        "Portuguese",
        &[
            ("Trabalho numa escola perto da praia", "Em que escolas trabalhei?"),
            ("Minha irmã canta fado aos sábados", "Quem cantava fado?"),
            ("Comprei um carro elétrico", "Quais carros elétricos eu comprava?"),
            ("Gosto de nadar no rio", "Em que rios nadei?"),
            ("Tenho duas gatas pretas", "Como se chama a gata preta?"),
        ],
    ),
    (
        "Dutch",
        &[
            ("Ik werk in een kleine boekwinkel", "In welke boekwinkels werkte ik?"),
            ("Mijn dochter speelt piano", "Wie kan goed piano spelen?"),
            ("Wij hebben twee witte konijnen", "Hoe heet het witte konijn?"),
            ("Ik fiets elke ochtend langs de molens", "Langs welke molen fietsten we?"),
            ("Mijn broer bakt taarten", "Wie heeft er taart gebakken?"),
        ],
    ),
    (
        "Russian",
        &[
            ("Я работаю в маленькой библиотеке", "В каких библиотеках я работал?"),
            ("Моя дочь играет на скрипке", "Кто играл на скрипках?"),
            ("У нас две чёрные кошки", "Как зовут черную кошку?"),
            ("Мы купили дом около озера", "Какие дома мы покупали у озёр?"),
            ("Мой брат собирает старые монеты", "Что за старую монету он собирал?"),
        ],
    ),
    ("Greek", &[("Δουλεύω σε ένα μικρό βιβλιοπωλείο", "Σε ποια βιβλιοπωλεία;"), ("Έχω δύο γάτες", "Πώς λένε τη γάτα;")]),
    (
        "Japanese, Chinese and Korean",
        &[
            ("私は京都の図書館で働いています", "京都のどの図書館？"),
            ("我在上海的一家医院工作", "哪家医院？"),
            ("저는 부산에서 바이올린을 배워요", "바이올린은 어디에서?"),
        ],
    ),
];

fn fact(text: &str) -> Fact {
    Fact {
        id: crate::ids::FactId::fresh(),
        text: text.to_owned(),
        kind: Kind::Note,
        slot: None,
        tier: Tier::Passing,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: 1_000,
        valid_at: 1_000,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: text.to_owned(),
            quote: text.to_owned(),
            speaker: None,
            client: ClientName::unknown(),
            session: None,
            assurance: Assurance::Verified,
            origin: "rule:test".to_owned(),
        },
        analysis: Vec::new(),
    }
}

fn rig(texts: impl Iterator<Item = &'static str>) -> (Rig, UserScope) {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    rig.memory.change(&alice, Batch { put: texts.map(fact).collect(), ..Batch::default() }).unwrap();
    (rig, alice)
}

/// The pairs of a language whose fact is not the first of those that its question finds.
fn missed(rig: &Rig, alice: &UserScope, pairs: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    let first = |question: &str| rig.memory.search(alice, question, now(), 1).unwrap().first().map(|(fact, _)| fact.text.clone());
    pairs.iter().filter(|(fact, question)| first(question).as_deref() != Some(fact)).map(|(_, question)| *question).collect()
}

#[test]
fn each_language_finds_its_own_inflections() {
    for (language, pairs) in PAIRS {
        let (rig, alice) = rig(pairs.iter().map(|(fact, _)| *fact));
        assert_eq!(missed(&rig, &alice, pairs), [""; 0], "{language}");
    }
}

#[test]
fn a_memory_of_many_languages_finds_as_well() {
    let (rig, alice) = rig(PAIRS.iter().flat_map(|(_, pairs)| pairs.iter()).map(|(fact, _)| *fact));
    for (language, pairs) in PAIRS {
        assert_eq!(missed(&rig, &alice, pairs), [""; 0], "{language}");
    }
}

#[test]
fn a_question_in_another_language_finds_names() {
    let (rig, alice) = rig(["Mit Andreas war ich in Tübingen", "Mi hermana vive en Cáceres", "I like tea"].into_iter());
    for (question, found) in [
        ("Where have I been with Andreas?", "Mit Andreas war ich in Tübingen"),
        ("Tubingen", "Mit Andreas war ich in Tübingen"),
        ("Who lives in Caceres?", "Mi hermana vive en Cáceres"),
    ] {
        assert_eq!(rig.memory.search(&alice, question, now(), 1).unwrap()[0].0.text, found, "{question}");
    }
}
