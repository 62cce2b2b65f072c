//! German.

use super::super::grammar::{Class, Role, Table};
use super::super::pattern::{Rule, habit, named, order, past, place, profile, taste, trade};
use crate::store::Review;

pub(super) static GERMAN: Table = Table {
    common: "ich mein meine meinen meiner meinem mich mir wir unser unsere uns der die das ein eine einen einem ist bin war habe hab hatte nicht kein keine \
             keinen und aber oder in im auf zu für mit von dem den des du dein deine dir dich was wie kann könnte möchte bitte heiße heisse wohne arbeite \
             lebe mag liebe hasse esse trinke weil dass wenn nie immer merk merke vergiss hallo auch schon noch seit bei als es er sie ihr sein seine \
             gern gerne sehr nur jetzt antworte duze nenn nenne übersetze stell dich vor heißt ab künftig spreche allergisch gegen nach aus lass",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[],
    groups: &[
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
            "kind kinder sohn söhne tochter töchter bruder brüder schwester schwestern hund hunde hündin katze katzen kater zwillinge geschwister enkel enkelin \
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
    rules: RULES,
};

const WORDS: &[(Class, &str)] = &[
    (
        Class::FILLER,
        "hallo hi hey moin servus grüezi tach also und aber auch übrigens eigentlich ja nein nö oh weil da denn danke naja nun ok okay sorry oder doch achja genau \
         stimmt gut bitte dass nämlich halt wow aha sowie ähm hm btw guten tag",
    ),
    (
        Class::ADVERB,
        "auch nur eigentlich derzeit jetzt noch aktuell gerade momentan meistens überwiegend sehr wirklich total absolut gern gerne lieber selbst schon seit-langem \
                     grundsätzlich strikt streng besonders hauptsächlich inzwischen mittlerweile ursprünglich beruflich leider am liebsten vor allem immer oft ja mal halt übrigens richtig",
    ),
    (Class::JOINT, "und aber denn weil da oder sowie doch sondern"),
    (
        Class::OPENER,
        "was wie welche welcher welches wo wann wer warum wieso kannst könntest würdest hast du er sie es das bitte gib zeig schreib erklär hilf empfiehl denn weil da wenn \
                     aber falls dass antworte nenn nenne womit wofür woher wohin merk vergiss ist sind hast gibt soll sollte kann darf oder nicht der dem den ob und übersetze",
    ),
    (
        Class::SUBJECT,
        "ich wir mein meine meinen meinem unser unsere du er sie es was wie wo kannst bitte hast jetzt wenn das dass",
    ),
    (Class::REASON, "weil da obwohl"),
    (Class::SELF, "bin hab ich wir mein meine meinen meinem meiner unser unsere"),
    (
        Class::REQUEST,
        "womit wofür woher wohin was wie welche welcher welches welchen wo wann wer warum wieso kannst könntest würdest hast bist gib zeig schreib erklär erkläre hilf empfiehl empfehle darf kann soll sollte mach \
                      erstelle nenne sag übersetze gibt ist sind muss könnten können warst wirst stimmt lohnt",
    ),
    (
        Class::UNSURE,
        "wenn falls würde könnte vielleicht wäre hätte möglicherweise angeblich eventuell ob würden wären hätten sei wünschte bräuchte lol haha",
    ),
    (Class::OBJECT, "mich mir"),
    (Class::REPORT, "sagt sagte meinte meint schrieb schreibt behauptet behauptete erzählte erzählt laut fragte"),
    (Class::TODAY, "heute morgen gestern"),
    (
        Class::NO_NAME,
        "nicht ein eine der die das in zu sehr so schwer schwierig was egal wenn und oder auch mein ich es hier müde deutscher deutsche österreicher schweizer",
    ),
    (
        Class::TALK,
        "es das dies diese dieser dieses dich dir dein deine deiner deinen sie ihn ihm wie wenn dass nicht antwort version vorschlag idee die's was alles nichts mir",
    ),
    (
        Class::NO_PLACE,
        "einer einem angst der's hoffnung diesem dieser diese frieden armut scheidung einen eine ein meinem meiner unserem nicht zukunft",
    ),
    (
        Class::NO_TRADE,
        "bisschen wenig paar idiot anfänger neuling fan mensch roboter tapferer mutiger ritter zauberer drache pirat vampir könig schlechter guter großer kind dummkopf",
    ),
    (
        Class::ADDRESS,
        "antworte antworten schreib schreibe sprich nutze verwende benutze gib nenn nenne erkläre erklär duze duz sieze siez halte fasse vermeide lass sag sage zeig zeige formatiere formuliere \
                      rede verzichte bleib bleibe zitiere rechne übersetze korrigiere verbessere sei stell beginne beende füge frag frage mach erinnere",
    ),
    (Class::ALWAYS, "immer nie niemals stets künftig zukünftig grundsätzlich"),
    (Class::NO_ORDER, ""),
    (Class::TOWARDS, "frage schreibe bitte schicke sende sage brauche will poste"),
    (
        Class::LEAD,
        "in im am seit vor nach während letzten letztes letzte letzter diesen dieses derzeit momentan aktuell jetzt von mit als zur zum beruflich heute gestern für bei früher damals montags \
                   dienstags mittwochs donnerstags freitags samstags sonntags abends morgens jeden jedes nächsten nächste manchmal inzwischen mittlerweile leider zurzeit meist zuhause übrigens ursprünglich",
    ),
    (Class::END, "seit weil und aber da mit als für bei bis obwohl wenn wohne lebe arbeite bin heiße habe mag"),
    (
        Class::WORK,
        "übersetze übersetz korrigiere verbessere fasse schreib schreibe formuliere überarbeite erstelle verfasse analysiere prüfe entschlüssle bewerte setze kürze vervollständige lies",
    ),
    (
        Class::TEXT,
        "text brief mail email e-mail geschichte gedicht lied satz sätze absatz aufsatz nachricht dialog rede drehbuch folgendes folgende folgenden dies das diesen artikel beitrag bewerbung tagebuch szene monolog kommentar",
    ),
    (
        Class::DATED,
        "gestern morgen heute letzte letzten letztes letzter vor januar februar märz april mai juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag samstag sonntag woche monat jahr nächste nächsten",
    ),
    (
        Class::PAST,
        "war hatte ging kam machte wurde bekam fuhr sah traf kaufte lernte zog begann verlor gewann waren hatten gingen",
    ),
    (Class::YOU, "du dich dir dein deine deinen deiner euch ihnen"),
    (Class::ARTICLE, "der die das den dem einen einem einer eine ein"),
    (Class::NOT, "nicht nie"),
    (Class::TAG, "oder richtig stimmt's stimmt nicht gell ne"),
    (
        Class::TRADE,
        "lehrer lehrerin arzt ärztin krankenpfleger krankenschwester pfleger pflegerin altenpfleger altenpflegerin ingenieur ingenieurin entwickler entwicklerin programmierer programmiererin softwareentwickler \
         softwareentwicklerin anwalt anwältin rechtsanwalt rechtsanwältin koch köchin bäcker bäckerin tischler tischlerin schreiner elektriker elektrikerin mechaniker mechanikerin maurer maler student studentin \
         schüler schülerin journalist journalistin künstler künstlerin musiker musikerin fotograf fotografin architekt architektin designer designerin wissenschaftler wissenschaftlerin physiker chemiker biologe \
         psychologe psychologin therapeut therapeutin polizist polizistin feuerwehrmann soldat verkäufer verkäuferin kaufmann kauffrau buchhalter buchhalterin steuerberater steuerberaterin berater beraterin manager \
         managerin friseur friseurin gärtner gärtnerin landwirt landwirtin fahrer fahrerin pilot pilotin kellner kellnerin übersetzer übersetzerin autor autorin schriftsteller apotheker apothekerin zahnarzt zahnärztin \
         tierarzt tierärztin hebamme erzieher erzieherin sozialarbeiter sozialarbeiterin informatiker informatikerin professor professorin rentner rentnerin hausfrau hausmann beamter beamtin richter richterin \
         sekretärin assistent assistentin azubi selbstständig freiberufler grundschullehrer grundschullehrerin physiotherapeut optiker bibliothekar bibliothekarin metzger imker",
    ),
    (Class::OTHERS, "er sie es ihr sein seine ihre jemand man"),
    (Class::PRAISE, "super toll beste bester klasse hilfe schatz genial wunderbar echt großartig"),
    (Class::NO_WISH, "zu wie wenn was wo wann mich das"),
];

const PHRASES: &[(Role, &str)] = &[
    (
        Role::Filler,
        "guten morgen, guten tag, guten abend, nebenbei, nur zur info, zur info, wie gesagt, vielen dank, grüß dich, grüß gott, das ist falsch, das stimmt nicht, nur damit du es weißt, zu mir, kurz zu mir, zur info",
    ),
    (Role::Condition, "ich wünschte, ich wünsche mir, wenn, falls, sofern, angenommen, im falle, zum beispiel, ob, es sei denn"),
    (Role::Temporal, "als ich, während, bis, sobald, nachdem, bevor"),
    (
        Role::Fiction,
        "stell dir vor, stellen wir uns vor, stellt euch vor, angenommen, nehmen wir an, tu so, tun wir so, spiel, spiele, spielen wir, lass uns spielen, lass uns ein rollenspiel, rollenspiel, im rollenspiel, in dieser geschichte, in der geschichte, in diesem spiel, \
         in diesem szenario, übersetze, übersetz, es war einmal, wie sagt man, wie sage ich, kapitel, im traum, in meinem traum, in meinem roman, lass uns so tun, wir spielen, der satz, beispiel, liebes tagebuch, beginne mit, was wäre wenn",
    ),
    (Role::Cast, "du bist, du bist jetzt, und du bist, sie sind jetzt, du spielst"),
    (Role::Joke, "nur spaß, kleiner scherz, war nur ein witz, ironie, scherz beiseite, nur ein scherz"),
    (Role::Known, "du weißt, wie du weißt"),
    (
        Role::Wish,
        "merk dir dass, merke dir dass, merk dir bitte dass, merke dir bitte dass, merk dir, merke dir, merk dir bitte, merke dir bitte, vergiss nicht dass, vergiss bitte nicht dass, speichere dass, speicher dass, behalte dass, behalte im kopf dass, notiere dass, notier dir dass",
    ),
    (
        Role::PersonalWish,
        "denk daran dass, denk dran dass, denke daran dass, beachte dass, bitte beachte dass, vergiss nicht, du solltest wissen dass, wisse dass",
    ),
    (Role::Polite, "bitte, kannst du, könntest du, würdest du, kannst du bitte, könntest du bitte, und, mal"),
    (Role::FromNow, "ab jetzt, ab sofort, von nun an, künftig, in zukunft, zukünftig, von jetzt an, ab heute, fortan"),
    (
        Role::Asked,
        "ich möchte dass du, ich will dass du, du sollst, du solltest, ich hätte gern dass du, ich wünsche mir dass du",
    ),
    (Role::Never, "auf keinen fall, unter keinen umständen"),
    (Role::Whenever, "immer wenn, jedes mal wenn, wann immer, wenn ich, jedesmal wenn"),
    (Role::ForgetThat, "vergiss dass, vergiss bitte dass, bitte vergiss dass, lösche dass, vergiss die tatsache dass"),
    (
        Role::ForgetAbout,
        "vergiss was ich über, vergiss was ich dir über, vergiss alles über, vergiss meine, vergiss meinen, vergiss mein, vergiss bitte meine, vergiss bitte meinen, vergiss bitte mein, lösche meine, lösche meinen, vergiss was du über",
    ),
    (
        Role::ForgetAll,
        "vergiss alles über mich, vergiss alles was du über mich weißt, vergiss alles was du von mir weißt, vergiss mich, lösche alles über mich, lösche alles was du über mich weißt, vergiss bitte alles über mich, \
                       lösche alle meine daten, lösche meine daten, lösche alle erinnerungen an mich, vergiss bitte alles was du über mich weißt, vergiss was du über mich weißt, lösche alle meine erinnerungen",
    ),
    (
        Role::Noise,
        "ich glaube, ich denke, ich meine, ich finde, ich hoffe, ich brauche, ich suche, ich möchte, ich will, ich würde, ich hätte, ich frage mich, ich verstehe, ich weiß, ich sehe, ich versuche, ich bin mir, ich habe eine frage, ich hab eine frage, \
         ich bin nicht sicher, ich bin verwirrt, ich bin müde, meine frage, mein problem, mein code, mein text, ich muss, ich soll, ich kann nicht, ich danke, ich werde, ich bekomme einen fehler, ich bekomme die, ich stimme, ich wollte, ich wünschte, ich sagte, ich meinte, wir müssen, wir können, wir wollen, wir sollten, \
         ich bin froh, ich bin gespannt, ich bin ganz, ich komme nicht weiter, ich nehme, ich bin bereit, ich bin dein, ich bin da, mir gefällt",
    ),
];

const RULES: &[Rule] = &[
    named("name", "mein [voller|richtiger|ganzer] name ist ~", "name"),
    named("name", "ich heiße|heisse ~", "name"),
    named("name", "ich * heiße|heisse $", "name"),
    named("name", "mein vorname|nachname|familienname ist|lautet ~", ""),
    named("call_me", "nenn|nenne mich [bitte] [einfach] ~", "nickname"),
    named("call_me", "du kannst|darfst mich [aber] [auch] [gerne] [einfach] * nennen", "nickname"),
    named("call_me", "alle nennen mich ~", "nickname"),
    named("call_me", "mein spitzname ist ~", "nickname"),
    place("home", "ich|wir wohne|wohnen|lebe|leben in|im|bei|nahe ~", "home"),
    place("home", "ich|wir wohne|wohnen|lebe|leben seit * in|im|bei ~", "home"),
    place("home", "wohne|lebe|wohnen|leben ich|wir in|im|bei ~", "home"),
    place("home", "wohne|lebe in ~", "home"),
    place("home", "ich|wir in|bei * wohne|lebe|wohnen|leben", "home"),
    place(
        "home",
        "ich|wir bin|sind [letztes|letzten|letzte|vor|gerade] [jahr|monat|woche|kurzem|kurz] von * nach * gezogen|umgezogen",
        "home",
    ),
    place(
        "home",
        "ich|wir bin|sind [letztes|letzten|letzte|vor|gerade] [jahr|monat|woche|kurzem|kurz] nach * gezogen|umgezogen",
        "home",
    ),
    profile("home", "ich|wir wohne|wohnen|lebe|leben|miete|mieten ~", ""),
    place("origin", "ich komme [ursprünglich] aus ~", "origin"),
    place("origin", "ich bin [ursprünglich] aus ~", "origin"),
    profile("birthplace", "ich bin in * geboren|aufgewachsen", ""),
    profile("birthday", "ich bin am * geboren", "birthday"),
    profile("birthday", "ich wurde am|in|im ~", ""),
    profile("birthday", "mein geburtstag ist ~", "birthday"),
    profile("birthday", "ich habe|hab am * geburtstag", "birthday"),
    profile("job", "ich arbeite als ~", "job"),
    profile("job", "ich arbeite seit * als ~", "job"),
    profile("job", "ich als * arbeite", "job"),
    profile("job", "mein beruf|job ist ~", "job"),
    profile("job", "ich bin * von beruf", "job"),
    profile("job", "von beruf bin ich ~", "job"),
    place("employer", "ich arbeite [seit] bei|für ~", "employer"),
    place("employer", "ich arbeite seit * bei|für ~", "employer"),
    place("employer", "ich bei|für * arbeite", "employer"),
    place("employer", "ich bin bei * angestellt|beschäftigt", "employer"),
    profile("employer", "mein arbeitgeber ist ~", "employer"),
    taste("work", "ich arbeite ~", ""),
    profile("work", "ich bin selbstständig|selbständig|arbeitslos|freiberuflich|pensioniert|rentner|rentnerin|hausfrau", ""),
    profile("study", "ich studiere ~", ""),
    profile(
        "study",
        "ich lerne [gerade] &deutsch|englisch|spanisch|französisch|italienisch|russisch|japanisch|chinesisch|niederländisch|polnisch|portugiesisch|gitarre|klavier ~",
        "",
    ),
    profile("diet", "ich|wir bin|sind [ein|eine|strikter|strikte] {diet}", "diet"),
    profile("diet", "bin {diet}", "diet"),
    profile("diet", "ich|wir lebe|leben|esse|essen {diet}", "diet"),
    profile("diet", "ich ernähre mich {diet}", "diet"),
    profile("diet", "wir ernähren uns {diet}", "diet"),
    profile("diet", "ich {diet} bin", "diet"),
    profile("diet", "ich mich {diet} ernähre", "diet"),
    profile("diet", "als {diet}", "diet"),
    profile("diet", "ich|wir esse|essen|trinke|trinken|rauche|rauchen|vertrage kein|keine|keinen|nur|nie|nicht ~", ""),
    profile("diet", "ich|wir esse|essen|trinke|trinken|rauche|rauchen|vertrage kein|keine|keinen|nur|nie|nicht", ""),
    profile("health", "ich bin [stark|schwer] allergisch gegen|auf ~", ""),
    profile("health", "bin [stark] allergisch ~", ""),
    profile("health", "bin gegen * allergisch", ""),
    profile("health", "ich bin gegen|auf * allergisch", ""),
    profile("health", "ich gegen|auf * allergisch bin", ""),
    profile(
        "health",
        "ich habe|hab [eine|ne|ein] &-allergie|-intoleranz|-unverträglichkeit|diabetes|asthma|zöliakie|adhs|migräne|rheuma|epilepsie|neurodermitis|heuschnupfen|bluthochdruck|depressionen",
        "",
    ),
    profile("health", "ich habe|hab [eine|ne] allergie gegen ~", ""),
    profile(
        "health",
        "ich bin laktoseintolerant|diabetiker|diabetikerin|schwanger|linkshänder|linkshänderin|farbenblind|asthmatiker|schwerhörig|taub|blind|autist|autistin",
        "",
    ),
    profile("age", "ich bin # [jahre|jahr]", "age"),
    profile("age", "bin # [jahre|jahr]", "age"),
    profile("age", "ich [bin] [gerade] # [jahre] [alt] geworden|bin", "age"),
    profile("age", "ich bin [gerade] # geworden", "age"),
    profile("speaks", "ich spreche ~", ""),
    profile("language", "meine muttersprache ist ~", "language"),
    profile("marital_status", "ich|wir bin|sind [glücklich|seit|frisch] {marital}", "marital_status"),
    profile("attribute", "mein|meine @nationalität|staatsangehörigkeit|religion|größe|gewicht|zeitzone|alter ist|beträgt ~", "@"),
    named("family", "mein|meine @{kin} heißt|heisst ~", "@.name"),
    named("family", "der name meiner|meines @{kin} ist ~", "@.name"),
    named("family", "mein|meine|unser|unsere {family} heißt|heisst|heißen ~", ""),
    named("family", "mein|meine @{kin} ^", "@.name"),
    profile("family", "mein|meine|unser|unsere {family} ^", ""),
    profile("family", "mein|meine|unser|unsere {family} ist|sind|hat|haben|arbeitet|wohnt|lebt|kommt ~", ""),
    profile(
        "family",
        "ich|wir habe|hab|haben {number} [kleine|ältere|jüngere|erwachsene|alte|kleinen|älteren|jüngeren] {family}",
        "",
    ),
    profile("family", "ich bin [eine|ein|alleinerziehende|alleinerziehender] mutter|vater|oma|opa von ~", ""),
    taste("favourite", "mein|meine @lieblings- ist|sind|heißt|war ~", "favourite:@"),
    taste("prefers", "ich bevorzuge|präferiere ~", ""),
    taste("prefers", "ich ziehe * vor", ""),
    taste("likes", "ich|wir mag|liebe|mögen|lieben|genieße ~", ""),
    taste("likes", "ich * mag|liebe|bevorzuge|hasse", ""),
    taste("likes", "ich bin [ein] [großer|riesiger|große] fan von|vom|der ~", ""),
    taste("likes", "ich * gern|gerne", ""),
    taste("likes", "ich interessiere mich [sehr] für ~", ""),
    taste("likes", "ich stehe [total] auf ~", ""),
    taste("dislikes", "ich|wir hasse|verabscheue|hassen ~", ""),
    taste("dislikes", "ich kann * nicht leiden|ausstehen|ab", ""),
    taste("dislikes", "ich mag|liebe kein|keine|keinen|nicht ~", ""),
    habit("habit", "ich {like} ~", ""),
    profile(
        "attribute",
        "mein|meine auto|handy|wohnung|haus|fahrrad|hochzeit|prüfung|flug|zug|arzt|zahnarzt|laptop|computer|schuhgröße|kleidergröße|blutgruppe|hobby|hobbys|garten|budget|gehalt|passwort-hinweis ist|sind|hat|liegt|läuft ~",
        "",
    ),
    trade("is_a", "bin ~", "?trade"),
    trade("is_a", "ich bin ~", "?trade"),
    order("style", "duze|duz|sieze|siez mich [bitte] [immer]"),
    order("style", "sprich|rede [bitte] mit mir [immer] ~"),
    past("gone", "ich|wir habe|haben|hab früher in|bei * gewohnt|gelebt", "home"),
    past("gone", "ich|wir wohnte|lebte|wohnten|lebten [früher] in ~", "home"),
    past("gone", "früher wohnte|lebte ich in ~", "home"),
    past("gone", "früher habe|hab ich in * gewohnt|gelebt", "home"),
    past("gone", "früher arbeitete ich bei ~", "employer"),
    past("gone", "früher habe|hab ich bei * gearbeitet", "employer"),
    past("gone", "ich habe|hab früher bei * gearbeitet", "employer"),
    past("gone", "ich habe|hab [meinen|den] job bei * gekündigt", "employer"),
    past("gone", "ich habe|hab bei * gekündigt", "employer"),
    past("gone", "ich bin [aus] * ausgezogen|weggezogen", "home"),
    past("gone", "ich habe|hab aufgehört zu ~", ""),
    past("gone", "wir haben uns getrennt", "marital_status"),
    past("gone", "ich habe|hab mich [von] * getrennt", "marital_status"),
];
