//! French.

mod life;
mod person;
mod words;

use super::super::grammar::Table;
use crate::store::Review;
use words::{ELIDED, PHRASES, WORDS};

pub(super) static FRENCH: Table = Table {
    common: "je j me m moi mon ma mes nous notre nos on le la les l un une des du de d est suis es ai avons avez a ne n pas plus et mais ou dans en au aux pour avec que qui \
             tu te toi ton ta tes quoi comment peux peut pourrais appelle habite travaille vis aime adore déteste mange bois parce quand si jamais toujours souviens retiens oublie \
             bonjour salut aussi déjà depuis chez être elle il son sa ses très réponds tutoie traduis désormais allergique ce cette ces c qu vous votre par sur préfère s stp",
    words: WORDS,
    phrases: PHRASES,
    expansions: &[("chui", "je suis"), ("jsuis", "je suis"), ("jhabite", "je habite"), ("jai", "je ai"), ("jaime", "je aime")],
    elided: ELIDED,
    groups: &[
        ("je", "je j"),
        (
            "thing",
            "voiture permis vélo moto jardin balcon four imprimante piano guitare bateau caravane ordinateur mac iphone lave-vaisselle airfryer animal animaux enfant enfants télé potager carte allergie",
        ),
        (
            "diet",
            "vegan végane végan végétarien végétarienne végétalien végétalienne pescétarien pescétarienne flexitarien flexitarienne vegane casher halal cœliaque coeliaque",
        ),
        (
            "marital",
            "pacsés séparés marié mariée divorcé divorcée fiancé fiancée célibataire veuf veuve pacsé pacsée séparé séparée mariés divorcés fiancés",
        ),
        (
            "kin",
            "femme épouse mari époux compagne compagnon copine copain mère maman père papa patron patronne chef fiancé fiancée conjoint conjointe",
        ),
        (
            "family",
            "garçon garçons jumeaux triplés hamster perroquet poules tortue chiot chaton beau-fils belle-fille belle-mère beau-père lapins chevaux cochon enfant enfants fils fille filles garçon garçons frère frères sœur sœurs soeur soeurs chien chiens chienne chat chats chatte jumeaux jumelles neveu nièce oncle tante cousin cousine \
             cheval lapin femme épouse mari époux compagne compagnon copine copain mère maman père papa parents famille patron patronne colocataire coloc voisin voisine bébé grand-mère grand-père petit-fils petite-fille",
        ),
        ("poss", "mon ma mes notre nos"),
        ("number", "un une deux trois quatre cinq six 1 2 3 4 5 6 des plusieurs"),
        (
            "habit",
            "joue collectionne bois mange lis cuisine fume cours nage peins chante jardine enseigne utilise possède loue conduis parle pratique regarde écoute prends code",
        ),
    ],
    slots: &[
        ("wife", "femme épouse"),
        ("husband", "mari époux"),
        ("partner", "compagne compagnon conjoint conjointe"),
        ("girlfriend", "copine"),
        ("boyfriend", "copain"),
        ("fiance", "fiancé fiancée"),
        ("mother", "mère maman"),
        ("father", "père papa"),
        ("boss", "patron patronne chef"),
        ("name", "nom prénom"),
        ("nickname", "surnom"),
        ("home", "adresse domicile"),
        ("job", "métier profession travail"),
        ("employer", "employeur"),
        ("birthday", "anniversaire"),
        ("age", "âge"),
        ("diet", "régime"),
        ("nationality", "nationalité"),
        ("religion", "religion"),
        ("height", "taille"),
        ("weight", "poids"),
        ("timezone", "fuseau"),
        ("colour", "couleur"),
        ("food", "plat nourriture"),
        ("film", "film"),
        ("book", "livre"),
        ("author", "auteur autrice"),
        ("band", "groupe"),
        ("song", "chanson"),
        ("animal", "animal"),
        ("team", "équipe"),
        ("drink", "boisson"),
        ("season", "saison"),
    ],
    gone: &[("ne", "plus"), ("n", "plus"), ("plus du tout", "")],
    noise: &[
        "{je} ai [une|un|encore] [petite|autre] question|questions|problème|erreur|idée|doute|demande",
        "{je} voudrais|veux|aimerais|dois|peux|cherche|souhaite|souhaiterais|voulais|vais ~",
        "{je} ai besoin|envie ~",
        "{je} aime|adore [beaucoup|bien] ta|ton|votre|cette|ce|la|le|ça réponse|version|idée|proposition",
    ],
    orders_freely: false,
    held: &[
        (
            Review::Instruction,
            "ignore,ignorer,instruction,consignes,oublie tes,prompt système,message système,jailbreak,l assistant,l utilisateur,les utilisateurs,aux utilisateurs,le modèle,le bot,règles de sécurité,obéis,obéir,\
             clé api,révèle,contourne,quelqu un demande,sans restriction",
        ),
        (
            Review::Tool,
            "l outil,un outil,appel de fonction,exécute,lance la commande,la fonction,télécharge,envoie un mail,envoie un e mail,envoie un courriel,ligne de commande",
        ),
    ],
    rules: &[person::RULES, life::RULES],
};
