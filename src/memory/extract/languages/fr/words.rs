//! French: what words and phrases are.

use super::super::super::grammar::{Class, Role};

pub(super) const WORDS: &[(Class, &str)] = &[
    (Class::ONCE, "ici cette ce cet"),
    (Class::EVERY, "chaque tous le"),
    (Class::TONGUE, "anglais français allemand espagnol italien portugais néerlandais russe japonais chinois latin arabe"),
    (
        Class::FILLER,
        "bonjour salut coucou hello bonsoir donc et mais aussi oui non ouais oh car puisque comme alors bref merci ok bon ben enfin voilà stp svp au-fait désolé désolée parce que moi eh hé bah note sinon ou d'ailleurs super",
    ),
    (
        Class::ADVERB,
        "aussi actuellement maintenant encore déjà toujours surtout vraiment très beaucoup bien principalement généralement souvent plutôt seulement strictement habituellement absolument juste totalement récemment désormais énormément hélas malheureusement justement",
    ),
    (Class::JOINT, "et mais car donc ou puisque parce quoique"),
    (
        Class::OPENER,
        "même appelle que quoi comment quel quelle quels quelles où quand qui pourquoi peux peut pourrais tu il elle ils elles ce c ça donne montre écris explique aide recommande car mais si est as est-ce \
                     vous quelqu rappelle dis fais et ou merci y une idée combien as-tu peux-tu t",
    ),
    (
        Class::SUBJECT,
        "je j mon ma mes nous notre nos on tu il elle ce c que comment quel quelle où peux est-ce moi maintenant pourrais si",
    ),
    (Class::REASON, "puisque comme parce car"),
    (Class::SELF, "je j mon ma mes nous notre nos on"),
    (
        Class::REQUEST,
        "que quoi comment quel quelle quels quelles où quand qui pourquoi peux peut pourrais donne montre écris explique aide recommande est-ce fais dis traduis rédige crée génère propose trouve combien résume corrige peux-tu pourrais-tu as-tu connais conseille suggère qu'est-ce",
    ),
    (
        Class::UNSURE,
        "si voudrais aimerais pourrais pourrait serait serais aurais aurait peut-être éventuellement apparemment souhaite habitais-je lol mdr haha vivrais",
    ),
    (Class::OBJECT, "moi"),
    (Class::REPORT, "dit disait écrit prétend affirme raconte selon répond répondu demande dixit"),
    (Class::TODAY, "aujourd'hui demain hier aujourd"),
    (
        Class::NO_NAME,
        "pas un une le la les très trop si en à comment que ce mon ma je et ou difficile fatigué français française belge suisse",
    ),
    (
        Class::TALK,
        "ça ce cette ces cet cela ta ton tes votre vos te toi que quand comment quoi pas réponse version idée proposition première deuxième le's tout rien lui",
    ),
    (Class::NO_PLACE, "peur train cours colère accord une un ce cette mon ma pas moment point espoir attente bout paix"),
    (
        Class::NO_TRADE,
        "peu idiot débutant débutante fan humain robot chevalier sorcier dragon pirate vampire roi ton ta votre en pas sûr sûre perdu perdue triste premier première dernier dernière entier entière fier fière familier familière heureuse amoureuse curieuse nerveuse sérieuse bien rien meilleur meilleure combien régulier inférieur extérieur intérieur supérieur seul prêt prête curieux heureux content malheureuse majeur mineur mieux toujours ici là",
    ),
    (
        Class::ADDRESS,
        "réponds répondez réponde écris écrivez parle parlez utilise utilisez donne donnez appelle tutoie vouvoie explique expliquez évite évitez sois soyez garde fais faites montre cite ajoute commence termine traduis résume arrête pose rappelle formule n",
    ),
    (Class::ALWAYS, "toujours jamais systématiquement désormais dorénavant"),
    (Class::TOWARDS, "demande écris envoie pose dis veux colle"),
    (
        Class::LEAD,
        "en dans depuis avant après pendant il cet cette l dernier dernière actuellement maintenant à au aux pour chaque ce hier demain aujourd parfois avec le les d'habitude autrefois ces comme là",
    ),
    (Class::END, "depuis parce car et mais avec comme pour pendant quand si où qui avant"),
    (
        Class::WORK,
        "traduis traduisez traduire corrige reformule résume rédige écris analyse améliore vérifie décode continue complète relis révise réécris évalue",
    ),
    (
        Class::TEXT,
        "roman haïku début chapitre poésie strophe texte lettre mail email e-mail courriel histoire poème chanson paroles phrase phrases paragraphe message dialogue discours scénario suivant suivante ceci article dissertation journal scène cv commentaire",
    ),
    (
        Class::DATED,
        "hier demain aujourd dernier dernière janvier février mars avril mai juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche semaine mois année an prochain prochaine",
    ),
    (Class::PAST, "étais était avais avait allé allée fait vu pris eu été acheté commencé perdu rencontré déménagé"),
    (Class::YOU, "tu te t toi ton ta tes vous votre vos"),
    (Class::ARTICLE, "le la les l un une des du de d"),
    (Class::NOT, "pas jamais point"),
    (Class::TAG, "non hein n'est-ce n pas"),
    (
        Class::TRADE,
        "professeur professeure prof enseignant enseignante médecin infirmier infirmière ingénieur ingénieure développeur développeuse programmeur programmeuse avocat avocate cuisinier cuisinière boulanger boulangère \
         menuisier électricien électricienne mécanicien mécanicienne peintre étudiant étudiante journaliste artiste musicien musicienne photographe architecte designer graphiste chercheur chercheuse physicien physicienne \
         chimiste biologiste psychologue thérapeute policier policière pompier soldat militaire vendeur vendeuse comptable consultant consultante manager coiffeur coiffeuse jardinier jardinière agriculteur agricultrice \
         chauffeur pilote serveur serveuse traducteur traductrice écrivain écrivaine auteur autrice pharmacien pharmacienne dentiste vétérinaire sage-femme retraité retraitée juge secrétaire fonctionnaire instituteur \
         institutrice éducateur éducatrice plombier maçon kiné bibliothécaire libraire freelance notaire chirurgien chirurgienne",
    ),
    (Class::OTHERS, "il elle ils elles ce c ça son sa ses leur leurs y"),
    (Class::PRAISE, "génial géniale super top meilleur meilleure ange formidable merveilleux amour chou gentil gentille"),
    (Class::NO_WISH, "de quand comment ce d où quoi moment"),
];

pub(super) const PHRASES: &[(Role, &str)] = &[
    (Role::Presents, "voici, voilà, c est le début"),
    (
        Role::Filler,
        "pour que tu saches, juste pour info, à savoir, pour le contexte, petite info, au fait, pour info, pour information, en fait, à vrai dire, comme tu sais, merci beaucoup, parce que, de plus, à propos de moi, c est faux, c est pas ça, ce n est pas ça, vu que, étant donné que, heu, du coup, sache que, tu sais",
    ),
    (
        Role::Condition,
        "si seulement, j aimerais que, si, s il, au cas où, à condition que, à moins que, supposons que, admettons que, par exemple",
    ),
    (Role::Temporal, "quand, lorsque, pendant que, jusqu, dès que, tant que, lorsqu"),
    (
        Role::Fiction,
        "on va jouer, pour ce jeu, pour ce scénario, comment dit on, comment tu dis, comment dirais tu, comment se dit, fais comme si, on fait comme si, on dirait que, je veux que tu joues, voici le début, dans mon livre, mon personnage, imagine, imaginons, imaginez, suppose, supposons, fais semblant, faisons semblant, faisons comme si, jouons, on joue, joue le rôle, jeu de rôle, dans cette histoire, dans l histoire, dans ce jeu, dans ce scénario, traduis, traduisez, traduire, il était une fois, \
         comment dit-on, comment on dit, comment dire, chapitre, dans mon rêve, dans mon roman, la phrase, exemple, cher journal, commence par, mettons que, disons que, nous jouons, faisons un jeu",
    ),
    (Role::Cast, "tu es, tu es maintenant, vous êtes, tu seras, tu joues"),
    (Role::Joke, "je plaisante, je rigole, c est une blague, je déconne, c était une blague"),
    (Role::Known, "tu sais, comme tu sais"),
    (
        Role::Wish,
        "souviens toi que, souviens-toi que, souviens toi qu, retiens que, retiens qu, retiens, n oublie pas que, n oublie pas qu, rappelle toi que, rappelle toi qu, garde en mémoire que, garde en tête que, mémorise que, enregistre que, note bien que, retiens bien que, garde en mémoire",
    ),
    (
        Role::PersonalWish,
        "il faut savoir que, garde à l esprit que, note bien, prends en compte que, n oublie pas non plus, n oublie pas, note que, sache que, tiens compte du fait que, prends note que",
    ),
    (
        Role::Polite,
        "s il te plaît, s il te plait, s il vous plaît, stp, svp, peux tu, peux-tu, pourrais tu, pourrais-tu, tu peux, est-ce que tu peux, pouvez vous, et",
    ),
    (
        Role::FromNow,
        "à partir de maintenant, désormais, dorénavant, à l avenir, à partir d aujourd hui, dès maintenant, a partir de maintenant",
    ),
    (Role::Asked, "je veux que tu, je voudrais que tu, j aimerais que tu, tu dois, tu devrais, il faut que tu"),
    (Role::Never, "en aucun cas, sous aucun prétexte"),
    (Role::Whenever, "chaque fois que, à chaque fois que, quand je, lorsque je, quand j, toutes les fois que, si je"),
    (Role::ForgetThat, "oublie que, oublie qu, oublie le fait que, efface le fait que"),
    (
        Role::ForgetAbout,
        "oublie ce que je t ai dit sur, oublie ce que j ai dit sur, oublie ce que je t ai dit à propos de, oublie ce que j ai dit à propos de, oublie tout sur, oublie ma, oublie mon, oublie mes, efface mon, efface ma, efface mes, supprime mon, supprime ma",
    ),
    (
        Role::ForgetAll,
        "oublie tout ce que tu sais sur moi, oublie tout ce que tu sais de moi, oublie tout sur moi, oublie-moi, oublie moi, efface tout ce que tu sais sur moi, efface toutes mes données, supprime toutes mes données, efface tout sur moi, supprime tout ce que tu sais sur moi, oublie tout à mon sujet, oublie tout ce que je t ai dit sur moi",
    ),
    (
        Role::Noise,
        "je pense, je crois, je trouve, j espère, je voudrais, je veux, j aimerais, je dois, je peux, je cherche, je me demande, je comprends, je ne comprends, je sais, je ne sais, je vois, j essaie, j ai une question, j ai besoin, je suis perdu, je suis perdue, je suis fatigué, je suis fatiguée, ma question, mon problème, mon code, mon texte, \
         je veux dire, je voulais, je souhaite, j ai dit, je suis curieux, je suis content, je suis contente, je suis d accord, je te remercie, je vous remercie, on peut, on doit, nous devons, nous pouvons, je suis ton, je suis prêt, je ne pense, je ne crois, j ai compris, je suis sûr, je suis sûre, je ne suis pas sûr, je vais",
    ),
];

/// What is left out in chats, and before which words.
pub(super) const ELIDED: &[(&str, &str)] = &[
    ("je", "habite, bosse, travaille, vis à, vis en, vis avec, étudie, parle, déteste, préfère, adore, collectionne"),
    (
        "je suis",
        "allergique à, allergique au, allergique aux, né en, née en, né à, née à, né le, née le, marié avec, mariée avec, marié et, mariée et, végétarien, végétarienne, vegan, végane, retraité, retraitée, gaucher, gauchère, originaire de",
    ),
];
