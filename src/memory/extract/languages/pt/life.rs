//! Portuguese: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, order, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    taste("favourite", "meu|minha * favorito|favorita|preferido|preferida é ~", "favourite:*"),
    taste("favourite", "o|a meu|minha * favorito|favorita|preferido|preferida é ~", "favourite:*"),
    taste("prefers", "prefiro ~", ""),
    taste("likes", "adoro|amo ~", ""),
    taste("likes", "gosto [muito] de|do|da|dos|das ~", ""),
    taste("likes", "sou [um|uma] [grande] fã|apaixonado|apaixonada de|do|da|por ~", ""),
    taste("dislikes", "odeio|detesto ~", ""),
    taste("dislikes", "não gosto de|do|da|dos|das ~", ""),
    taste("dislikes", "não suporto ~", ""),
    habit("habit", "{habit} ~", ""),
    habit("habit", "não tenho|uso|dirijo|conduzo ~", ""),
    profile(
        "attribute",
        "meu|minha|meus|minhas carro|celular|telemóvel|casa|apartamento|casamento|exame|prova|voo|dentista|médico|computador|bicicleta|tamanho|orçamento|salário|jardim|hobby|clube|time|equipa é|são|está|tem ~",
        "",
    ),
    profile(
        "attribute",
        "o|a|os|as meu|minha|meus|minhas carro|celular|telemóvel|casa|apartamento|casamento|exame|prova|voo|dentista|médico|computador|bicicleta|tamanho|orçamento|salário|jardim|hobby|clube|time|equipa é|são|está|tem ~",
        "",
    ),
    trade("is_a", "sou [um|uma] ~", "?trade"),
    order("style", "trata|trate me|por [sempre] por ~"),
    order("style", "fala|fale comigo [sempre] em ~"),
    past("gone", "morava|vivia|morávamos [antes] em|no|na ~", "home"),
    past("gone", "antes morava|vivia em|no|na ~", "home"),
    past("gone", "eu morava|vivia em|no|na ~", "home"),
    past("gone", "trabalhava [antes] em|no|na|para ~", "employer"),
    past("gone", "antes trabalhava em|no|na|para ~", "employer"),
    past("gone", "larguei|deixei [o] [meu] emprego|trabalho na|no|em ~", "employer"),
    past("gone", "saí da|do ^", "employer"),
    past("gone", "parei|deixei de ~", ""),
    past("gone", "nos separamos|separámos", "marital_status"),
    past("gone", "terminamos", "marital_status"),
];
