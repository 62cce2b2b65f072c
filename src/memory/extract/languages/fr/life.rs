//! French: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "mon|ma * préféré|préférée|favori|favorite est|c|s [appelle] ~", "favourite:*"),
    taste("favourite", "mes * préférés|préférées sont ~", "favourite:*"),
    taste("prefers", "{je} préfère ~", ""),
    taste("likes", "{je} aime|adore|kiffe [bien|beaucoup] ~", ""),
    taste("likes", "{je} suis [un|une] [grand|grande] fan|passionné|passionnée de|du|d|par ~", ""),
    taste("likes", "{je} suis passionné|passionnée de|du|d|par ~", ""),
    taste("likes", "{je} raffole de|du ~", ""),
    taste("dislikes", "{je} déteste|hais ~", ""),
    taste("dislikes", "{je} n|ne aime|supporte pas|plus ~", ""),
    taste("dislikes", "{je} aime pas ~", ""),
    taste("dislikes", "{je} ai horreur|peur de|du|des|d ~", ""),
    habit("habit", "{je} [ne] {habit} ~", ""),
    habit("habit", "{je} fais du|de|des ~", ""),
    profile(
        "attribute",
        "mon|ma|mes voiture|appartement|maison|vélo|mariage|examen|vol|dentiste|médecin|téléphone|ordinateur|pointure|budget|salaire|jardin|groupe|hobby|passe-temps est|sont|a|se ~",
        "",
    ),
    trade("is_a", "{je} suis ~", "?trade"),
    order("style", "tutoie|vouvoie|tutoyez moi [toujours]"),
    order("style", "parle moi [toujours] en ~"),
    past("gone", "{je} habitais|vivais [avant|autrefois] [à|en|au] ~", "home"),
    past("gone", "{je} travaillais|bossais [avant] chez|pour|à ~", "employer"),
    past("gone", "{je} ai quitté|démissionné [mon|de|chez] [poste|travail|job|emploi] [chez|à|de] ~", "employer"),
    past("gone", "{je} ai arrêté|cessé de|d ~", ""),
    past("gone", "on|nous [s|nous] [est|sommes] séparés", "marital_status"),
    past("gone", "on a rompu", "marital_status"),
    past("gone", "nous avons rompu", "marital_status"),
];
