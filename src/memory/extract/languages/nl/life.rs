//! Dutch: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "mijn @lievelings- is|zijn ~", "favourite:@"),
    taste("favourite", "mijn favoriete * is|zijn ~", "favourite:*"),
    taste("prefers", "ik geef de voorkeur aan ~", ""),
    taste("prefers", "ik verkies|prefereer ~", ""),
    taste("prefers", "ik heb [het] liever|liefst ~", ""),
    taste("likes", "ik|wij|we hou|houd|houden [heel|erg|veel|ontzettend] [veel] van ~", ""),
    taste("likes", "ik van * hou|houd", ""),
    taste("likes", "ik ben [gek|dol|verzot] op ~", ""),
    taste("likes", "ik ben [een] [grote] fan van ~", ""),
    taste("likes", "ik vind * leuk|lekker|geweldig|heerlijk|fantastisch", ""),
    taste("dislikes", "ik haat|verafschuw ~", ""),
    taste("dislikes", "ik * haat", ""),
    taste("dislikes", "ik hou|houd niet van ~", ""),
    taste("dislikes", "ik heb een hekel aan ~", ""),
    taste("dislikes", "ik vind * niet|vies|stom|vreselijk [leuk|lekker]", ""),
    habit("habit", "ik {habit} ~", ""),
    profile(
        "attribute",
        "mijn auto|telefoon|huis|appartement|fiets|bruiloft|examen|vlucht|tandarts|schoenmaat|bloedgroep|hobby|hobby's|tuin|budget|salaris|laptop|computer is|zijn|heeft ~",
        "",
    ),
    trade("is_a", "ik ben [een] ~", "?trade"),
    order("style", "spreek|praat [altijd] met me|mij ~"),
    order("style", "tutoyeer me|mij ~"),
    past("gone", "ik|wij|we woonde|woonden|leefde [vroeger] in ~", "home"),
    past("gone", "vroeger woonde|woonden|leefde ik|wij|we in ~", "home"),
    past("gone", "ik heb vroeger in * gewoond", "home"),
    past("gone", "ik werkte [vroeger] bij|voor ~", "employer"),
    past("gone", "vroeger werkte ik bij|voor ~", "employer"),
    past("gone", "ik heb mijn baan bij * opgezegd", "employer"),
    past("gone", "ik ben gestopt met ~", ""),
    past("gone", "ik ben weg bij ~", "employer"),
    past("gone", "we|wij zijn uit elkaar", "marital_status"),
];
