//! Dutch.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static DUTCH: Table = Table {
    common: "ik mijn mij me wij we ons onze de het een is ben was heb had hebben niet geen en maar of in op te voor met van dat die je jij jouw jou wat hoe kan kun kunt wil \
             graag heet woon werk leef hou houd haat eet drink omdat als nooit altijd onthoud vergeet hallo hoi ook al nog sinds bij naar zijn haar hij zij ze er alleen nu \
             voortaan antwoord noem vertaal geef stel zou allergisch aan uit ongeveer vanaf u naam noem houd wonen spreek z'n m'n",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[("k", "ik")],
    elided: ELIDED,
    groups: &[
        (
            "thing",
            "auto rijbewijs fiets motor tuin balkon huisdieren kinderen kat hond oven printer piano gitaar boot caravan camper laptop iphone mac tv vaatwasser airfryer allergieën",
        ),
        (
            "speech",
            "nederlands engels spaans frans duits italiaans russisch japans chinees portugees zweeds noors deens fins turks arabisch grieks pools koreaans gitaar piano drummen zwemmen",
        ),
        ("diet", "vegan veganist vegetariër vegetarisch pescotariër glutenvrij halal koosjer veganistisch keto flexitariër"),
        ("marital", "getrouwd gescheiden verloofd single vrijgezel weduwe weduwnaar"),
        ("kin", "vrouw man partner vriendin vriend moeder mama vader papa baas verloofde echtgenoot echtgenote"),
        (
            "family",
            "jongens meisjes tweeling hamster cavia papegaai kippen schildpad stiefzoon stiefdochter schoonmoeder konijnen kind kinderen zoon zoons zonen dochter dochters broer broers zus zussen zusje broertje hond honden kat katten poes tweeling opa oma neef nicht oom tante paard konijn \
             vrouw man partner vriendin vriend moeder mama vader papa ouders familie gezin baas huisgenoot buurman buurvrouw kleinkind kleinkinderen baby",
        ),
        ("number", "een één twee drie vier vijf zes 1 2 3 4 5 6 geen meerdere"),
        (
            "habit",
            "speel verzamel drink eet lees kook bak fiets ren schilder brei tuinier zing geef gebruik bezit huur rijd rijdt rij spreek kijk programmeer",
        ),
    ],
    slots: &[
        ("wife", "vrouw echtgenote"),
        ("husband", "man echtgenoot"),
        ("partner", "partner"),
        ("girlfriend", "vriendin"),
        ("boyfriend", "vriend"),
        ("fiance", "verloofde"),
        ("mother", "moeder mama"),
        ("father", "vader papa"),
        ("boss", "baas"),
        ("name", "naam"),
        ("nickname", "bijnaam"),
        ("home", "adres woonplaats"),
        ("job", "beroep baan"),
        ("employer", "werkgever"),
        ("birthday", "verjaardag geboortedatum"),
        ("age", "leeftijd"),
        ("diet", "dieet"),
        ("nationality", "nationaliteit"),
        ("religion", "religie geloof"),
        ("timezone", "tijdzone"),
        ("height", "lengte"),
        ("weight", "gewicht"),
        ("colour", "kleur lievelingskleur"),
        ("food", "eten gerecht lievelingseten lievelingsgerecht"),
        ("film", "film"),
        ("book", "boek"),
        ("band", "band"),
        ("animal", "dier lievelingsdier"),
        ("song", "liedje nummer"),
        ("team", "club"),
    ],
    gone: &[("niet meer", ""), ("geen", "meer"), ("niet langer", "")],
    noise: &[
        "ik heb [nog] [een|wat] [kleine|korte] vraag|vragen|probleem|foutmelding|idee",
        "ik wil|zou|moet|zoek|zal|mag|hoef ~",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "negeer,negeren,instructie,systeemprompt,systeembericht,jailbreak,de assistent,de gebruiker,gebruikers,het model,de bot,veiligheidsregels,gehoorzaam,api sleutel,onthul,omzeil,iemand vraagt,onbeperkt",
        ),
        (
            Review::Tool,
            "de tool,het gereedschap,functieaanroep,voer het commando,voer de opdracht,roep de functie,upload,stuur een mail,stuur een e mail,opdrachtregel",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
