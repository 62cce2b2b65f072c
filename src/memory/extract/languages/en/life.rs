//! English: tastes, habits, belongings, orders and what is over.

use super::super::super::pattern::{Rule, habit, past, profile, taste, trade};

pub(super) const RULES: &[Rule] = &[
    // Tastes.
    taste("favourite", "my favourite * is|are|'s ~", "favourite:*"),
    taste("favourite", "my all-time favourite * is|are|'s ~", "favourite:*"),
    taste("prefers", "i|we [would] prefer|favor|favour ~", ""),
    taste(
        "likes",
        "i|we like|love|enjoy|adore to bake|cook|read|play|watch|travel|hike|swim|run|paint|draw|dance|sing|garden|fish|ski|write|ride|cycle ~",
        "",
    ),
    taste("likes", "i|we like|love|enjoy|adore ~", ""),
    taste("likes", "i am [a] [big|huge|massive|lifelong] fan of ~", ""),
    taste("likes", "i am fond of ~", ""),
    taste("likes", "i am obsessed with ~", ""),
    taste("likes", "i am [really] into ~", ""),
    taste("likes", "i am addicted to ~", ""),
    taste("likes", "i am passionate about ~", ""),
    taste("dislikes", "i|we hate|dislike|loathe|detest|despise ~", ""),
    taste("dislikes", "i|we do not like|enjoy|love|care [for] ~", ""),
    taste("dislikes", "i can not stand|bear ~", ""),
    taste("dislikes", "[i] [am] not into|fond [of] ~", ""),
    taste("dislikes", "not into ~", ""),
    taste("dislikes", "i am not [a] [big|huge|much] [of] [a] fan of ~", ""),
    taste("dislikes", "i am not into|fond [of] ~", ""),
    taste("dislikes", "i am afraid|scared|terrified of ~", ""),
    // Habits and belongings.
    habit("habit", "i [only|mostly|do] [not] {habit} ~", ""),
    profile("habit", "i|we do not have [any|a] {family}|allergies|allergy|car|licence|license|pets|siblings|tattoos", ""),
    habit("habit", "i|we do not own|drive|use|watch|play|wear ~", ""),
    habit("trade", "i|we run|own|founded a|an|my|our ~", ""),
    habit("habit", "we keep|own|rent|grow|raise|speak ~", ""),
    profile("attribute", "my {mine} is|are|'s|has|have|expires|starts|ends|begins ~", ""),
    profile("attribute", "our {mine} is|are|'s|has|have ~", ""),
    profile("attribute", "my shoe|ring|dress|shirt|clothing|blood size|type|group is|'s ~", ""),
    profile("attribute", "my * size|exam|defence|defense|appointment|wedding|anniversary|surgery|expiry is|'s ~", ""),
    // What the person is.
    trade("is_a", "i am a|an ~", "?job"),
    past("gone", "i|we [have] [just] left|quit my|the job at|with ~", "employer"),
    past("gone", "i [have] [just] left|quit ^", "employer"),
    past("gone", "i [have] [just] quit|lost my job", "job"),
    past("gone", "i [have] [just] stopped|quit|gave [up] &-ing ~", ""),
    past("gone", "i|we [have] [just] moved away|out from|of ~", "home"),
    past("gone", "i|we [have] left ^", "home"),
    past("gone", "we|i broke up ~", "marital_status"),
    past("not_name", "my name is|'s not ~", "name"),
    past("gone", "we broke|split up", "marital_status"),
];
