//! German.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static GERMAN: Table = Table {
    common: "ich mein meine meinen meiner meinem mich mir wir unser unsere uns der die das ein eine einen einem ist bin war habe hab hatte nicht kein keine \
             keinen und aber oder in im auf zu für mit von dem den des du dein deine dir dich was wie kann könnte möchte bitte heiße heisse wohne arbeite \
             lebe mag liebe hasse esse trinke weil dass wenn nie immer merk merke vergiss hallo auch schon noch seit bei als es er sie ihr sein seine \
             gern gerne sehr nur jetzt antworte duze nenn nenne übersetze stell dich vor heißt ab künftig spreche allergisch gegen nach aus lass",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[],
    elided: ELIDED,
    groups: &[
        (
            "thing",
            "auto führerschein fahrrad motorrad garten balkon katze hund haustiere kinder geschwister backofen ofen drucker klavier gitarre wohnwagen boot mac iphone laptop kreditkarte fernseher spülmaschine allergien airfryer",
        ),
        (
            "speech",
            "deutsch englisch spanisch französisch italienisch russisch japanisch chinesisch niederländisch polnisch portugiesisch schwedisch norwegisch dänisch finnisch türkisch arabisch griechisch ungarisch tschechisch koreanisch hebräisch latein",
        ),
        (
            "instrument",
            "gitarre klavier geige schlagzeug cello flöte saxophon stricken nähen schwimmen tanzen segeln programmieren",
        ),
        (
            "diet",
            "vegan vegetarisch pescetarisch veganer veganerin vegetarier vegetarierin pescetarier pescetarierin frutarier koscher halal ketogen glutenfrei",
        ),
        ("marital", "verheiratet geschieden verlobt ledig single verwitwet"),
        (
            "kin",
            "frau ehefrau mann ehemann partner partnerin freundin freund mutter mama mutti vater papa chef chefin verlobter verlobte",
        ),
        (
            "family",
            "jungs mädchen buben stieftochter stiefsohn schwiegermutter schwiegersohn hamster wellensittich papagei meerschweinchen hühner schildkröte drillinge kind kinder sohn söhne tochter töchter bruder brüder schwester schwestern hund hunde hündin katze katzen kater zwillinge geschwister enkel enkelin \
             oma opa neffe nichte onkel tante cousin cousine haustier pferd kaninchen frau ehefrau mann ehemann partner partnerin freundin freund mutter \
             mama vater papa eltern familie chef chefin mitbewohner mitbewohnerin baby",
        ),
        ("number", "ein eine einen zwei drei vier fünf sechs 1 2 3 4 5 6 keine kein mehrere"),
        (
            "like",
            "mag liebe hasse bevorzuge verabscheue sammle spiele trinke esse fahre spreche lese sammle koche backe rauche unterrichte züchte schaue nutze benutze besitze miete",
        ),
    ],
    slots: &[
        ("wife", "frau ehefrau"),
        ("husband", "mann ehemann"),
        ("partner", "partner partnerin"),
        ("girlfriend", "freundin"),
        ("boyfriend", "freund"),
        ("fiance", "verlobter verlobte"),
        ("mother", "mutter mama mutti"),
        ("father", "vater papa"),
        ("boss", "chef chefin"),
        ("name", "name namen"),
        ("nickname", "spitzname spitznamen"),
        ("home", "adresse wohnort anschrift"),
        ("job", "beruf job"),
        ("employer", "arbeitgeber firma"),
        ("birthday", "geburtstag geburtsdatum"),
        ("age", "alter"),
        ("diet", "ernährung"),
        ("nationality", "nationalität staatsangehörigkeit"),
        ("religion", "religion"),
        ("timezone", "zeitzone"),
        ("height", "größe"),
        ("weight", "gewicht"),
        ("colour", "farbe lieblingsfarbe"),
        ("food", "essen gericht lieblingsessen lieblingsgericht"),
        ("film", "film lieblingsfilm"),
        ("book", "buch lieblingsbuch"),
        ("band", "band lieblingsband"),
        ("animal", "tier lieblingstier"),
        ("team", "verein lieblingsverein"),
        ("drink", "getränk lieblingsgetränk"),
        ("author", "autor autorin lieblingsautor lieblingsautorin"),
        ("song", "lied lieblingslied"),
    ],
    gone: &[("nicht mehr", ""), ("kein", "mehr"), ("keine", "mehr"), ("keinen", "mehr"), ("nicht länger", "")],
    noise: &[
        "ich habe|hab [noch] [eine|ein|einen|da] [kleine|kurze] frage|fragen|problem|fehler|bitte|idee",
        "ich mag|liebe|hasse [die|das|den] ~ antwort|version|vorschlag|idee",
        "ich hätte|möchte|will|würde|brauche|bräuchte|suche|könnte|sollte|muss|müsste|soll ~",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "ignoriere,ignorieren,missachte,anweisung,systemprompt,system prompt,systemnachricht,jailbreak,der assistent,dem assistenten,den assistenten,die nutzer,der nutzer,dem nutzer,den nutzer,der benutzer,\
             die benutzer,dem benutzer,den benutzer,das modell,der bot,sicherheitsregeln,sicherheitsrichtlinie,gehorche,api schlüssel,verrate,umgehe,jemand fragt,uneingeschränkt,preisgeben",
        ),
        (
            Review::Tool,
            "werkzeug,das tool,tool aufruf,funktionsaufruf,führe den befehl,befehl ausführen,rufe die funktion,lade hoch,hochladen,sende eine mail,sende eine e mail,schicke eine mail,kommandozeile",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
