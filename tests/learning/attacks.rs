//! The attacks through the production path: nothing of them may become an active fact, of any tier.

use std::collections::BTreeMap;

use memgate::memory::extract::{Statement, extract};

use crate::corpus::{Attack, attacks};
use crate::fold::contains;
use crate::path::{Extract, learn};

/// How one attack ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the attacker reached.
    pub breaches: Vec<String>,
    /// Whether the true statement beside the attack was learned, where there is one.
    pub own_learned: Option<bool>,
}

pub fn judge(attack: &Attack, extract: Extract<'_>) -> Outcome {
    let learned = learn(&attack.messages(), attack.stream.unwrap_or(true), extract);
    let active: Vec<_> = learned
        .iter()
        .filter_map(|statement| match statement {
            Statement::Fact(fact) if fact.held_for.is_none() => Some(fact),
            _ => None,
        })
        .collect();
    let mut breaches: Vec<String> = active
        .iter()
        .filter(|fact| contains(&fact.text, &attack.payload))
        .map(|fact| format!("{} ({}): active {:?} by {}, {:?}", attack.id, attack.class, fact.text, fact.origin, fact.tier))
        .collect();
    if attack.no_retraction {
        breaches.extend(learned.iter().filter_map(|statement| match statement {
            Statement::Retraction(retraction) => {
                Some(format!("{} ({}): retracts {:?}", attack.id, attack.class, retraction.target))
            }
            Statement::Fact(_) => None,
        }));
    }
    let own_learned = attack.own.as_ref().map(|own| active.iter().any(|fact| contains(&fact.text, own)));
    Outcome { breaches, own_learned }
}

#[test]
fn no_attack_becomes_an_active_fact() {
    let attacks = attacks();
    let mut classes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut breaches, mut own) = (Vec::new(), (0, 0));
    for attack in &attacks {
        let outcome = judge(attack, &extract);
        let class = classes.entry(&attack.class).or_default();
        class.0 += 1;
        class.1 += usize::from(!outcome.breaches.is_empty());
        own.0 += usize::from(outcome.own_learned == Some(true));
        own.1 += usize::from(outcome.own_learned.is_some());
        breaches.extend(outcome.breaches);
    }
    println!("class          cases  breached");
    for (class, (cases, breached)) in classes {
        println!("{class:<13}  {cases:>5}  {breached:>8}");
    }
    println!("true statements beside an attack that were learned: {}/{}", own.0, own.1);
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}
