//! Italian: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "qui questa questo stavolta"),
    (Class::EVERY, "ogni la di"),
    (Class::TONGUE, "inglese italiano francese tedesco spagnolo portoghese olandese russo giapponese cinese latino arabo"),
    (
        Class::FILLER,
        "ciao salve buongiorno buonasera ehi allora e ma anche sì no ok okay oh perché poiché siccome dunque quindi grazie beh bene insomma guarda scusa o comunque nota ah però inoltre allora che",
    ),
    (
        Class::ADVERB,
        "anche ora adesso attualmente ancora già sempre davvero molto tanto soprattutto principalmente generalmente di-solito solo soltanto strettamente assolutamente totalmente proprio recentemente ultimamente abbastanza spesso io purtroppo",
    ),
    (Class::JOINT, "e ma perché o quindi però ed anche"),
    (
        Class::OPENER,
        "anche chiamami che cosa come quale quali dove quando chi puoi può potresti lui lei loro questo quello dammi dimmi mostra scrivi spiega spiegami aiuta aiutami consiglia ma perché se quanto c'è c è hai mi \
                     e non o grazie rispondi qualche mi-serve ti si cosa vorrei cerco",
    ),
    (Class::SUBJECT, "che cosa come quale dove puoi lui lei ora quando se mi cerco vorrei voglio non tu"),
    (Class::REASON, "siccome poiché perché dato"),
    (
        Class::SELF,
        "soffro guadagno dirigo compio adoro gestisco imparo indosso porto evito io mio mia miei mie noi nostro nostra vivo abito lavoro ho sono mi chiamo amo odio preferisco mangio bevo parlo studio nato nata abbiamo viviamo abitiamo siamo faccio sto ci gioco suono colleziono leggo cucino \
                   guido nuoto dipingo insegno uso fumo corro adoro detesto canto giro vengo programmo possiedo andai feci comprai conobbi presi vidi",
    ),
    (
        Class::REQUEST,
        "che cosa come quale quali dove quando chi puoi può potresti dammi dimmi mostra scrivi spiega spiegami aiuta aiutami consiglia consigliami c'è fai crea genera traduci riassumi suggerisci suggeriscimi quanto quanta è esiste perché devo posso dovrei",
    ),
    (
        Class::UNSURE,
        "se forse potrei sarebbe sarei vorrei magari avrei vivessi fossi avessi presumibilmente lol haha ahah ahahah eventualmente",
    ),
    (Class::REPORT, "dice disse scrisse ha-detto detto afferma racconta secondo rispose scritto chiese sostiene"),
    (Class::TODAY, "oggi domani ieri stasera"),
    (
        Class::NO_NAME,
        "non un una il la lo molto così se in a come che mio io e o di del per tu difficile stanco stanca qui qua italiano italiana",
    ),
    (
        Class::TALK,
        "questo questa quello quella ciò tuo tua tuoi ti te che quando come cosa lo la risposta versione idea proposta primo prima seconda tutto niente molto tanto se",
    ),
    (Class::NO_PLACE, "paura pace un una questo questa mio generale contro accordo dubbio attesa disaccordo guerra ansia"),
    (
        Class::NO_TRADE,
        "poco idiota principiante fan umano robot cavaliere mago drago pirata vampiro re tuo il leggero leggera sincero sincera intero vero primo triste vista pista lista certo la lo i quello quella stato stata grato grata",
    ),
    (
        Class::ADDRESS,
        "rispondi rispondimi scrivi scrivimi parla parlami usa utilizza dai dammi chiama spiega spiegami evita sii includi mostra mostrami cita aggiungi inizia termina traduci riassumi correggi correggimi mantieni fai ricordami usare dare rispondere scrivere",
    ),
    (Class::ALWAYS, "sempre mai"),
    (Class::TOWARDS, "chiedo scrivo mando dico chieda"),
    (
        Class::LEAD,
        "in da dal dopo prima durante il la lo l questo questa attualmente ora adesso a ad al per ogni con come ultimamente ieri oggi domani nel nella di scorso originariamente dall due tre qui quando",
    ),
    (Class::END, "da perché e ma con come per durante quando se dove che fino dal"),
    (
        Class::WORK,
        "traduci tradurre correggi riscrivi riassumi scrivi redigi analizza migliora controlla decifra continua completa parafrasa valuta leggi",
    ),
    (
        Class::TEXT,
        "romanzo haiku inizio capitolo poesia racconto testo lettera mail email e-mail storia racconto poesia canzone frase frasi paragrafo messaggio dialogo discorso copione seguente seguenti questo articolo tema diario scena commento",
    ),
    (
        Class::DATED,
        "ieri oggi domani scorso scorsa gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre lunedì martedì mercoledì giovedì venerdì sabato domenica settimana mese anno prossimo prossima fa",
    ),
    (Class::PAST, "ero avevo andato andata fatto stato stata comprato visto preso perso vinto conosciuto iniziato"),
    (Class::YOU, "tu ti te tuo tua tuoi tue voi vi"),
    (Class::ARTICLE, "il lo la i gli le l un una uno"),
    (Class::NOT, "non mai"),
    (Class::TAG, "vero no giusto eh"),
    (
        Class::TRADE,
        "insegnante professore professoressa maestro maestra medico dottore dottoressa infermiere infermiera ingegnere sviluppatore sviluppatrice programmatore programmatrice avvocato avvocata cuoco cuoca panettiere falegname \
         elettricista meccanico idraulico muratore imbianchino pittore pittrice studente studentessa giornalista artista musicista fotografo fotografa architetto architetta designer grafico grafica scienziato scienziata \
         fisico chimico biologo biologa psicologo psicologa terapeuta poliziotto poliziotta pompiere soldato commesso commessa contabile ragioniere commercialista consulente manager parrucchiere parrucchiera barbiere giardiniere \
         agricoltore autista pilota cameriere cameriera traduttore traduttrice scrittore scrittrice farmacista dentista veterinario veterinaria ostetrica pensionato pensionata giudice segretaria impiegato impiegata bibliotecario \
         bibliotecaria fisioterapista freelance libero notaio chirurgo attore attrice cantante operaio operaia",
    ),
    (Class::OTHERS, "lui lei loro suo sua suoi sue qualcuno c"),
    (Class::PRAISE, "grande bravo brava migliore fantastico fantastica genio gentile tesoro mito"),
    (Class::NO_WISH, "quando come cosa dove di"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "ecco, questo è, questa è"),
    (
        Role::Filler,
        "giusto per informazione, per la cronaca, per tua informazione, così lo sai, ti dico che, tanto per sapere, a proposito, per la cronaca, grazie mille, in realtà, come sai, visto che, dato che, non è vero, è sbagliato, su di me, tra l altro, tieni presente, buona sera, per tua informazione",
    ),
    (Role::Condition, "vorrei che, se, a meno che, nel caso, supponiamo che, ammesso che, per esempio, ad esempio, magari"),
    (Role::Temporal, "quando, mentre, finché, appena, dopo che"),
    (
        Role::Fiction,
        "per questo gioco, nel mio libro, nel mio romanzo, come si dice, come diresti, facciamo finta, facciamo finta che, fai finta di, facciamo un gioco, giochiamo, facciamo che, immagina, immaginiamo, voglio che tu interpreti, il mio personaggio, immagina, immaginiamo, immaginati, supponi, supponiamo, fai finta, facciamo finta, giochiamo, gioco di ruolo, facciamo un gioco, facciamo un gioco di ruolo, in questa storia, nella storia, in questo gioco, in questo scenario, traduci, tradurre, c era una volta, \
         come si dice, come dico, capitolo, nel mio sogno, nel mio romanzo, la frase, esempio, caro diario, inizia con, diciamo che, fingi, interpreta",
    ),
    (Role::Cast, "tu sei, sei, adesso sei, ora sei, tu sarai"),
    (Role::Joke, "scherzo, sto scherzando, era uno scherzo, scherzavo"),
    (Role::Known, "sai che, come sai"),
    (
        Role::Wish,
        "ricorda che, ricordati che, ricorda, non dimenticare che, non dimenticarti che, tieni presente che, tieni a mente che, memorizza che, annota che, salva che, ricordati, tieni conto che",
    ),
    (
        Role::PersonalWish,
        "tieni presente che, tieni a mente che, sappi che, considera che, devi sapere che, non dimenticare, considera che, sappi che, prendi nota che",
    ),
    (Role::Polite, "per favore, per piacere, puoi, potresti, mi puoi, e"),
    (
        Role::FromNow,
        "d ora in poi, da ora in poi, d ora in avanti, da adesso in poi, in futuro, da oggi in poi, a partire da ora",
    ),
    (Role::Asked, "voglio che tu, vorrei che tu, devi, dovresti"),
    (Role::Never, "in nessun caso, per nessun motivo"),
    (Role::Whenever, "ogni volta che, tutte le volte che, quando ti, quando io"),
    (Role::ForgetThat, "dimentica che, dimenticati che, scorda che, scordati che, cancella il fatto che, dimentica il fatto che"),
    (
        Role::ForgetAbout,
        "dimentica quello che ti ho detto su, dimentica quello che ho detto su, dimentica ciò che ti ho detto su, dimentica quello che ti ho detto del, dimentica quello che ti ho detto della, dimentica tutto su, dimentica il mio, dimentica la mia, dimentica i miei, cancella il mio, cancella la mia, dimentica mio, dimentica mia",
    ),
    (
        Role::ForgetAll,
        "dimentica tutto quello che sai di me, dimentica tutto quello che sai su di me, dimentica tutto su di me, dimenticami, cancella tutto quello che sai di me, cancella tutto quello che sai su di me, cancella tutti i miei dati, cancella i miei dati, dimentica tutto ciò che sai di me, dimentica tutto ciò che sai su di me, dimentica tutto di me, elimina tutto quello che sai di me",
    ),
    (
        Role::Noise,
        "credo, penso, spero, voglio, vorrei, cerco, mi chiedo, capisco, non capisco, so, non so, vedo, sto cercando, sto provando, ho una domanda, ho un dubbio, ho bisogno, mi serve, mi servono, sono confuso, sono confusa, sono stanco, sono stanca, la mia domanda, il mio problema, il mio codice, il mio testo, volevo, mi piacerebbe, \
         sono sicuro, non sono sicuro, sono d accordo, ti ringrazio, posso, possiamo, dobbiamo, mi sembra, mi pare, intendevo, sono il tuo, sono la tua, sono pronto, mi puoi, mi potresti, mi aiuti, mi consigli, mi dai, mi spieghi, mi dici, ci sono, mi fa, devo",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[(
    "sono",
    "allergico a, allergica a, allergico al, allergica al, allergico alle, allergica alle, vegetariano, vegetariana, vegano, vegana, celiaco, celiaca, nato a, nata a, nato il, nata il, sposato con, sposata con, sposato e, sposata e, pensionato, pensionata",
)];
