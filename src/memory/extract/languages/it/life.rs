//! Italian: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "il|la mio|mia * preferito|preferita è ~", "favourite:*"),
    taste("favourite", "i|le miei|mie * preferiti|preferite sono ~", "favourite:*"),
    taste("prefers", "preferisco ~", ""),
    taste("prefers", "io preferisco ~", ""),
    taste("likes", "mi piace|piacciono [molto|tanto] ~", ""),
    taste("likes", "a me piace|piacciono ~", ""),
    taste("likes", "amo|adoro ~", ""),
    taste("likes", "sono [un|una] [grande|grandissimo] fan|appassionato|appassionata|tifoso|tifosa di|del|della|dell ~", ""),
    taste("dislikes", "odio|detesto ~", ""),
    taste("dislikes", "non mi piace|piacciono ~", ""),
    taste("dislikes", "non sopporto ~", ""),
    habit("habit", "{habit} ~", ""),
    habit("habit", "faccio &yoga|sport|nuoto|giardinaggio|volontariato|arrampicata|ciclismo|pilates|danza ~", ""),
    habit("habit", "non ho|uso|guido|possiedo &una|un|la|il|auto|macchina|patente|figli ~", ""),
    profile(
        "attribute",
        "il|la|i|le mio|mia|miei|mie macchina|auto|telefono|casa|appartamento|matrimonio|esame|volo|dentista|medico|computer|bicicletta|bici|taglia|numero|budget|stipendio|giardino|hobby è|sono|ha ~",
        "",
    ),
    trade("is_a", "sono [un|una|uno] ~", "?trade"),
    trade("is_a", "io sono [un|una|uno] ~", "?trade"),
    order("style", "dammi del ~"),
    order("style", "parlami [sempre] in ~"),
    past("gone", "vivevo|abitavo|vivevamo [prima|una] [volta] a|in|ad ~", "home"),
    past("gone", "prima vivevo|abitavo a|in|ad ~", "home"),
    past("gone", "una volta vivevo|abitavo a|in|ad ~", "home"),
    past("gone", "lavoravo [prima] per|alla|da|in|presso ~", "employer"),
    past("gone", "prima lavoravo per|alla|da|in|presso ~", "employer"),
    past("gone", "ho lasciato il [mio] lavoro [a|da|in|alla] ~", "employer"),
    past("gone", "ho smesso di ~", ""),
    past("gone", "ci siamo lasciati|separati", "marital_status"),
];
