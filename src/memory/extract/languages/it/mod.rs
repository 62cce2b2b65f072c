//! Italian. The subject is mostly left out: verb forms tell the first person.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static ITALIAN: Table = Table {
    common: "io mi mio mia miei mie noi nostro nostra il lo la i gli le l un una uno di del della dei sono ho non e ma o in a al per con che chi tu ti te tuo tua come cosa puoi può potresti \
             chiamo vivo abito lavoro piace piacciono amo odio mangio bevo perché quando se mai sempre ricorda ricordati dimentica ciao anche già da essere lui lei suo sua molto rispondi rispondimi è alla alle \
             preferisco allergico allergica parlo ora adesso anni c dammi chiamami traduci d'ora poi più del faccio dell all nel nella questo questa d sto vorrei facciamo",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[],
    elided: ELIDED,
    groups: &[
        (
            "thing",
            "macchina auto patente bici bicicletta moto giardino balcone forno stampante pianoforte chitarra barca camper computer mac iphone lavastoviglie animali figli fratelli cane gatto orto televisione allergie",
        ),
        (
            "diet",
            "vegano vegana vegetariano vegetariana pescetariano pescetariana celiaco celiaca flexitariano flexitariana kosher halal",
        ),
        (
            "marital",
            "sposato sposata divorziato divorziata fidanzato fidanzata single celibe nubile vedovo vedova separato separata sposati",
        ),
        ("kin", "moglie marito compagna compagno fidanzata fidanzato ragazza ragazzo madre mamma padre papà capo partner"),
        (
            "family",
            "cagnolina cagnolino cagna gattina gattino cucciolo bambino bambina bambini bambine ragazzi gemelli gemelle criceto coniglio conigli pappagallo galline tartaruga suocera suocero cognato cognata nipote nipoti figlio figlia figli figlie fratello fratelli sorella sorelle cane cani cagnolino gatto gatta gatti gemelli gemelle nipote nipoti zio zia cugino cugina nonno nonna cavallo coniglio bambino bambina bambini \
             moglie marito compagna compagno fidanzata fidanzato ragazza ragazzo madre mamma padre papà genitori famiglia capo coinquilino coinquilina",
        ),
        ("number", "un una uno due tre quattro cinque sei 1 2 3 4 5 6 alcuni"),
        (
            "habit",
            "gioco suono colleziono bevo mangio leggo cucino fumo corro nuoto dipingo canto insegno uso guido parlo guardo ascolto pratico prendo programmo giro possiedo",
        ),
    ],
    slots: &[
        ("wife", "moglie"),
        ("husband", "marito"),
        ("partner", "compagna compagno partner"),
        ("girlfriend", "ragazza"),
        ("boyfriend", "ragazzo"),
        ("fiance", "fidanzata fidanzato"),
        ("mother", "madre mamma"),
        ("father", "padre papà"),
        ("boss", "capo"),
        ("name", "nome"),
        ("nickname", "soprannome"),
        ("home", "indirizzo casa"),
        ("job", "lavoro professione mestiere"),
        ("employer", "azienda datore"),
        ("birthday", "compleanno"),
        ("age", "età"),
        ("diet", "dieta"),
        ("nationality", "nazionalità"),
        ("religion", "religione"),
        ("height", "altezza"),
        ("weight", "peso"),
        ("timezone", "fuso"),
        ("colour", "colore"),
        ("food", "cibo piatto"),
        ("film", "film"),
        ("book", "libro"),
        ("author", "autore autrice scrittore scrittrice"),
        ("band", "gruppo band"),
        ("song", "canzone"),
        ("animal", "animale"),
        ("team", "squadra"),
        ("drink", "bevanda"),
        ("season", "stagione"),
        ("sport", "sport"),
    ],
    gone: &[("non", "più")],
    noise: &[
        "ho una|un|un'altra|qualche [piccola] domanda|domande|dubbio|problema|errore|idea|richiesta",
        "voglio|vorrei|cerco|volevo|posso|devo ~",
        "ho bisogno|voglia ~",
        "mi piace|piacciono [molto] questa|questo|la|il tua|tuo|versione|risposta|idea",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "ignora,ignorare,istruzion,messaggio di sistema,prompt di sistema,jailbreak,l assistente,all assistente,l utente,gli utenti,all utente,il modello,il bot,regole di sicurezza,obbedisci,chiave api,rivela,qualcuno chiede,\
             senza restrizioni",
        ),
        (
            Review::Tool,
            "lo strumento,uno strumento,chiamata di funzione,esegui,eseguire,la funzione,scarica,carica il,invia una mail,invia un e mail,manda una mail,riga di comando",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
