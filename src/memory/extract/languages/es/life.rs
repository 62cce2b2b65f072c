//! Spanish: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "mi * favorito|favorita|preferido|preferida es ~", "favourite:*"),
    taste("favourite", "mis * favoritos|favoritas son ~", "favourite:*"),
    taste("prefers", "prefiero ~", ""),
    taste("likes", "me gusta|gustan|encanta|encantan|fascina|fascinan|apasiona [mucho] ~", ""),
    taste("likes", "a mí me gusta|gustan|encanta|encantan ~", ""),
    taste("likes", "amo|adoro ~", ""),
    taste("likes", "soy [un|una] [gran|muy] fan|fanático|fanática|aficionado|aficionada de|del|a|al ~", ""),
    taste("dislikes", "odio|detesto ~", ""),
    taste("dislikes", "no me gusta|gustan ~", ""),
    taste("dislikes", "no soporto|aguanto ~", ""),
    habit("habit", "{habit} ~", ""),
    habit("habit", "no tengo|uso|conduzco|juego ~", ""),
    profile(
        "attribute",
        "mi|mis coche|carro|teléfono|casa|piso|apartamento|boda|examen|vuelo|dentista|médico|ordenador|bicicleta|talla|presupuesto|sueldo|salario|jardín|hobby|afición es|son|está|tiene ~",
        "",
    ),
    trade("is_a", "soy [un|una] ~", "?trade"),
    trade("is_a", "yo soy [un|una] ~", "?trade"),
    order("style", "trátame|tutéame|háblame [siempre] de|en ~"),
    past("gone", "antes vivía|vivíamos en ~", "home"),
    past("gone", "vivía|vivíamos [antes] en ~", "home"),
    past("gone", "solía vivir en ~", "home"),
    past("gone", "antes trabajaba en|para ~", "employer"),
    past("gone", "trabajaba [antes] en|para ~", "employer"),
    past("gone", "dejé|renuncié [mi|a|el] [trabajo|empleo] en|de ~", "employer"),
    past("gone", "he dejado de ~", ""),
    past("gone", "dejé de ~", ""),
    past("gone", "rompimos", "marital_status"),
    past("gone", "nos separamos", "marital_status"),
];
