//! Dutch: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "hier deze dit"),
    (Class::EVERY, "elke iedere"),
    (Class::OWN, "mijn onze m'n"),
    (Class::TONGUE, "engels nederlands frans duits spaans italiaans portugees russisch japans chinees latijn arabisch"),
    (
        Class::FILLER,
        "hallo hoi hey hé dag dus en maar ook trouwens eigenlijk ja nee oh omdat want bedankt dank nou ok oké okee sorry of alsjeblieft aub dat overigens goed wow zeg goedemorgen goedemiddag goedenavond",
    ),
    (
        Class::ADVERB,
        "ook nu nog momenteel eigenlijk meestal vooral erg heel echt zeer al gewoon maar zelf altijd vaak helaas oorspronkelijk tegenwoordig graag liever inmiddels alleen absoluut strikt wel even",
    ),
    (Class::JOINT, "en maar want omdat of dus hoewel"),
    (
        Class::OPENER,
        "ook al noem wat hoe welke welk waar wanneer wie waarom kun kan kunt zou wil heb jij je hij zij ze het dat geef laat schrijf leg help raad want omdat als maar is zijn heeft mag of toch niet die bedankt hoewel ben",
    ),
    (Class::SUBJECT, "ik wij we mijn ons onze jij je hij zij ze wat hoe waar kun wil nu als het dat"),
    (Class::REASON, "omdat aangezien hoewel"),
    (Class::SELF, "ik wij we mijn ons onze"),
    (
        Class::REQUEST,
        "wat hoe welke welk waar wanneer wie waarom kun kan kunt zou wil heb geef laat schrijf leg help raad mag is zijn moet maak vertel zoek noem vertaal heeft klopt ben bestaat hoeveel",
    ),
    (Class::UNSURE, "zou zouden misschien mits tenzij stel wellicht eventueel naar-verluidt wou wenste woonde-ik lol haha"),
    (Class::OBJECT, "mij me"),
    (Class::REPORT, "zegt zei schreef schrijft beweert vertelde volgens vroeg meent vertelt"),
    (Class::TODAY, "vandaag morgen gisteren vanavond"),
    (Class::NO_NAME, "niet een de het in te erg zo moeilijk wat als en of ook mijn ik hier moe nederlander belg duitser"),
    (
        Class::TALK,
        "het dit dat deze die je jou jouw hem haar ze hoe als niet antwoord versie idee voorstel eerste tweede alles niets mij",
    ),
    (Class::NO_PLACE, "een angst hoop deze dit dat vrede armoede mijn onze niet"),
    (
        Class::NO_TRADE,
        "beetje paar idioot beginner fan mens robot dappere ridder tovenaar draak piraat koning vampier groot goede slechte hier meer weer zeker later eerder liever klaar daar waar alleen beter ouder jonger groter kleiner er uur over onder niet geen bezig",
    ),
    (
        Class::ADDRESS,
        "antwoord schrijf spreek gebruik geef noem leg houd hou vermijd laat zeg toon praat wees vat vertaal begin eindig stel tutoyeer formuleer voeg vraag herinner verbeter corrigeer maak",
    ),
    (Class::ALWAYS, "altijd nooit steeds voortaan"),
    (Class::TOWARDS, "vraag schrijf stuur zeg plak wil"),
    (
        Class::LEAD,
        "in op sinds voor na tijdens vorig vorige afgelopen dit deze momenteel nu van met als om tegenwoordig elke elk vroeger gisteren vandaag op-dit volgende volgend soms oorspronkelijk",
    ),
    (Class::END, "sinds omdat en maar met als voor bij tot want woon werk ben heet heb"),
    (Class::WORK, "vertaal herschrijf corrigeer verbeter vat schrijf formuleer analyseer controleer maak beoordeel ontcijfer"),
    (
        Class::TEXT,
        "roman haiku hoofdstuk gedicht verhaal tekst brief mail email e-mail verhaal gedicht lied zin zinnen alinea bericht dialoog toespraak script volgende dit artikel opstel sollicitatiebrief dagboek scène",
    ),
    (
        Class::DATED,
        "gisteren morgen vandaag vorig vorige afgelopen geleden januari februari maart april mei juni juli augustus september oktober november december maandag dinsdag woensdag donderdag vrijdag zaterdag zondag week maand jaar volgende volgend",
    ),
    (Class::PAST, "was had ging kwam maakte werd kreeg zag kocht leerde begon verloor won waren hadden gingen verhuisde"),
    (Class::YOU, "je jij jou jouw u uw jullie"),
    (Class::ARTICLE, "de het een"),
    (Class::NOT, "niet nooit"),
    (Class::TAG, "toch hè of klopt nietwaar"),
    (
        Class::TRADE,
        "leraar lerares docent docente arts dokter verpleegkundige verpleger ingenieur ontwikkelaar programmeur advocaat kok bakker timmerman elektricien monteur metselaar schilder student studente journalist \
         kunstenaar muzikant fotograaf architect ontwerper wetenschapper natuurkundige scheikundige bioloog psycholoog therapeut politieagent brandweerman soldaat verkoper verkoopster boekhouder adviseur manager kapper \
         kapster tuinman boer boerin chauffeur piloot ober serveerster vertaler schrijver apotheker tandarts dierenarts vroedvrouw professor gepensioneerd rechter secretaresse logopedist machinist fysiotherapeut \
         huisarts onderwijzer stratenmaker slager loodgieter zzp'er bibliothecaris ambtenaar",
    ),
    (Class::OTHERS, "hij zij ze het haar zijn iemand men er"),
    (Class::PRAISE, "geweldig top beste super held goed fantastisch schat lief"),
    (Class::NO_WISH, "om te hoe wanneer wat waar die dat's"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "hier is, hier zijn, dit is"),
    (
        Role::Filler,
        "voor je informatie, ter info, even voor de duidelijkheid, zodat je het weet, voor de goede orde, even ter info, goede morgen, goede avond, dank je, dank je wel, ter info, voor de duidelijkheid, zoals gezegd, over mij, dat klopt niet, dat is fout",
    ),
    (Role::Condition, "ik wou, ik wens, als, indien, mits, tenzij, stel, stel dat, bijvoorbeeld, of ik, in het geval"),
    (Role::Temporal, "toen, terwijl, totdat, zodra, nadat, voordat, wanneer"),
    (
        Role::Fiction,
        "laten we doen alsof, doe alsof, we doen alsof, stel je voor, voor dit spel, in mijn boek, in mijn roman, hoe zeg je, hoe zou je, hoe vertaal je, laten we spelen, laten we een rollenspel, ik wil dat je speelt, mijn personage, stel je voor, stel dat, doe alsof, laten we doen alsof, laten we een rollenspel, rollenspel, laten we spelen, speel, in dit verhaal, in het verhaal, in dit spel, in dit scenario, vertaal, er was eens, hoe zeg je, hoe zeg ik, hoofdstuk, \
         in mijn droom, we spelen, de zin, voorbeeld, lief dagboek, begin met, veronderstel",
    ),
    (Role::Cast, "jij bent, je bent, je bent nu, en jij bent, jij speelt"),
    (Role::Joke, "grapje, maar een grapje, ik maak een grapje, geintje"),
    (Role::Known, "je weet, zoals je weet"),
    (
        Role::Wish,
        "onthoud dat, onthoud alsjeblieft dat, onthoud aub dat, onthoud, vergeet niet dat, sla op dat, bewaar dat, noteer dat, onthoud even dat",
    ),
    (
        Role::PersonalWish,
        "houd er rekening mee dat, hou er rekening mee dat, weet dat, denk eraan dat, hou in gedachten dat, denk eraan dat, houd er rekening mee dat, hou er rekening mee dat, vergeet niet, let op dat, weet dat",
    ),
    (Role::Polite, "alsjeblieft, aub, kun je, kan je, wil je, zou je, kunt u, en"),
    (Role::FromNow, "vanaf nu, voortaan, van nu af aan, in het vervolg, in de toekomst, vanaf vandaag"),
    (Role::Asked, "ik wil dat je, ik zou graag willen dat je, je moet, je zou moeten"),
    (Role::Never, "in geen geval, onder geen beding"),
    (Role::Whenever, "telkens als, elke keer als, iedere keer als, altijd als, wanneer ik, als ik, elke keer dat"),
    (Role::ForgetThat, "vergeet dat, vergeet alsjeblieft dat, vergeet maar dat, vergeet aub dat"),
    (
        Role::ForgetAbout,
        "vergeet wat ik over, vergeet wat ik zei over, vergeet alles over, vergeet wat ik je vertelde over, vergeet wat ik zei over, vergeet wat ik je vertelde over, vergeet wat ik heb gezegd over, vergeet alles over, vergeet mijn, verwijder mijn, wis mijn, vergeet wat ik vertelde over",
    ),
    (
        Role::ForgetAll,
        "vergeet alles over mij, vergeet alles wat je over mij weet, vergeet alles wat je van mij weet, vergeet mij, wis alles over mij, wis alles wat je over mij weet, verwijder alles over mij, verwijder al mijn gegevens, wis al mijn gegevens, vergeet alles wat je over me weet, vergeet wat je over mij weet",
    ),
    (
        Role::Noise,
        "ik denk, ik geloof, ik vind, ik hoop, ik zoek, ik wil, ik zou, ik moet, ik vraag me af, ik begrijp, ik snap, ik weet, ik zie, ik probeer, ik heb een vraag, ik ben niet zeker, ik ben in de war, ik ben moe, mijn vraag, mijn probleem, mijn code, mijn tekst, ik kan je, ik kan het, ik kan dit, ik kan dat, ik kan de, ik kan niet vinden, ik kan niet zien, ik kan niet meer, ik bedoel, ik bedoelde, ik wens, ik wou, ik zei, \
         ik ben benieuwd, ik ben blij, ik heb nodig, ik krijg een fout, ik ga akkoord, we moeten, we kunnen, we willen, ik wacht, ik ben jouw, ik ben klaar",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[
    (
        "ik",
        "woon, werk, ben, heb, hou van, houd van, haat, eet, drink, spreek, studeer, speel, leer, kom uit, word, lust, rijd, rook, kook, lees, verzamel, lijd, kan niet tegen, heet, draag",
    ),
    (
        "ik ben",
        "allergisch voor, getrouwd met, getrouwd en, geboren in, geboren op, vegetariër, veganist, gepensioneerd, linkshandig",
    ),
];
