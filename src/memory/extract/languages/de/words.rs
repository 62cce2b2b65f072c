//! German: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "hier diesmal dieser diesem diese dieses nächsten"),
    (Class::EVERY, "jeden jede jedes jeder"),
    (Class::OWN, "mein meine unser unsere"),
    (
        Class::TONGUE,
        "deutsch englisch französisch spanisch italienisch portugiesisch niederländisch russisch japanisch chinesisch lateinisch polnisch türkisch arabisch",
    ),
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
        "auch was wie welche welcher welches wo wann wer warum wieso kannst könntest würdest hast du er sie es das bitte gib zeig schreib erklär hilf empfiehl denn weil da wenn \
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
        "bisschen wenig paar idiot anfänger neuling fan mensch roboter tapferer mutiger ritter zauberer drache pirat vampir könig schlechter guter großer kind dummkopf sicher hier immer leider wieder lieber eher schwer sauer aber unter über außer hinter weiter später vorher nachher mehr sehr einer keiner besser schlechter größer kleiner älter jünger allein drin bin darin hin dabei gespannt kein keine fertig richtig wer der die dein deine euer ihr ihre sein",
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
        "roman haiku strophe anfang romans kapitel text brief mail email e-mail geschichte gedicht lied satz sätze absatz aufsatz nachricht dialog rede drehbuch folgendes folgende folgenden dies das diesen artikel beitrag bewerbung tagebuch szene monolog kommentar",
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

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "hier ist, hier sind, das ist der anfang, feedback zu, was hältst du von"),
    (
        Role::Filler,
        "nur dass du es weißt, damit du bescheid weißt, fürs protokoll, zum hintergrund, kurze info, guten morgen, guten tag, guten abend, nebenbei, nur zur info, zur info, wie gesagt, vielen dank, grüß dich, grüß gott, das ist falsch, das stimmt nicht, nur damit du es weißt, zu mir, kurz zu mir, zur info",
    ),
    (Role::Condition, "ich wünschte, ich wünsche mir, wenn, falls, sofern, angenommen, im falle, zum beispiel, ob, es sei denn"),
    (Role::Temporal, "als ich, während, bis, sobald, nachdem, bevor"),
    (
        Role::Fiction,
        "stell dir mal vor, wir tun so, ich bin jetzt, du spielst, in meiner geschichte, für dieses spiel, in meinem spiel, in meinem buch, was heißt auf, wie heißt auf, wie sagt man auf, lass uns ein spiel spielen, lass uns eine szene spielen, ich möchte dass du spielst, übersetz mir, übersetze mir, hier ist der anfang, stell dir vor, stellen wir uns vor, stellt euch vor, angenommen, nehmen wir an, tu so, tun wir so, spiel, spiele, spielen wir, lass uns spielen, lass uns ein rollenspiel, rollenspiel, im rollenspiel, in dieser geschichte, in der geschichte, in diesem spiel, \
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
        "denk bitte daran dass, bitte merken, damit du es weißt, du musst wissen dass, bedenke dass, behalt im kopf dass, behalte bitte, denk daran dass, denk dran dass, denke daran dass, beachte dass, bitte beachte dass, vergiss nicht, du solltest wissen dass, wisse dass",
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
        "ich mag sein, ich habe gerade, ich glaube, ich denke, ich meine, ich finde, ich hoffe, ich brauche, ich suche, ich möchte, ich will, ich würde, ich hätte, ich frage mich, ich verstehe, ich weiß, ich sehe, ich versuche, ich bin mir, ich habe eine frage, ich hab eine frage, \
         ich bin nicht sicher, ich bin verwirrt, ich bin müde, meine frage, mein problem, mein code, mein text, ich muss, ich soll, ich kann nicht, ich danke, ich werde versuchen, ich werde mir, ich werde das, ich werde es, ich werde dir, ich werde dich, ich werde noch, ich werde den, ich werde die, ich werde mich, ich bekomme einen fehler, ich bekomme die, ich stimme, ich wollte, ich wünschte, ich sagte, ich meinte, wir müssen, wir können, wir wollen, wir sollten, \
         ich bin froh, ich bin gespannt, ich bin ganz, ich komme nicht weiter, ich nehme, ich bin bereit, ich bin dein, ich bin da, mir gefällt",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[
    (
        "ich",
        "wohne, lebe, arbeite, bin, heiße, heisse, habe, hab, mag, liebe, hasse, esse, trinke, spreche, studiere, spiele, sammle, lerne, komme aus, werde, ernähre mich, vertrage, leide, fahre, rauche, koche, unterrichte, besitze, kann kein, kann keine, trage",
    ),
    (
        "ich bin",
        "allergisch gegen, verheiratet mit, verheiratet und, geboren in, geboren am, geboren und, vegetarier, vegetarierin, veganer, veganerin, rentner, rentnerin, selbstständig, linkshänder",
    ),
];
