use super::node::Place;
use super::*;
use crate::catalog::{Asker, UpstreamFile, resolve_upstreams};
use crate::dialect::Api;
use crate::enforce::test_scope;
use crate::identity::Assurance;
use crate::setting::Faults;
use crate::telemetry::Metrics;

fn catalog(upstreams: serde_json::Value) -> Catalog {
    let files: Vec<UpstreamFile> = serde_json::from_value(upstreams).unwrap();
    let mut faults = Faults::default();
    let catalog = Catalog::new(resolve_upstreams(&files, "upstreams", &mut faults));
    assert!(faults.is_empty(), "{faults:?}");
    catalog
}

fn balance() -> Balance {
    Balance::new(Metrics::new().unwrap().balance)
}

fn names(choices: &[Choice]) -> Vec<&str> {
    choices.iter().map(|choice| choice.upstream.name.as_str()).collect()
}

#[test]
fn a_catch_all_is_no_peer_of_one_that_lists_the_model() {
    let catalog = catalog(serde_json::json!([
        {"name": "local", "url": "http://a", "models": ["llama*", "phi"]},
        {"name": "second", "url": "http://b", "models": ["llama3"]},
        {"name": "cloud", "url": "http://c"},
        {"name": "fallback", "url": "http://d", "priority": 1},
    ]));
    for (model, expected) in [
        (Some("llama3"), vec!["second", "fallback"]),
        (Some("llama2"), vec!["local", "fallback"]),
        (Some("phi"), vec!["local", "fallback"]),
        (Some("gpt"), vec!["cloud", "fallback"]),
        (None, vec!["local"]),
    ] {
        let choices = catalog.choose(Api::OpenAi, model, &Asker::default()).unwrap();
        assert_eq!(names(&choices), expected, "{model:?}");
    }
}

#[test]
fn who_takes_over_sees_no_more() {
    let catalog = catalog(serde_json::json!([
        {"name": "open", "url": "http://a"},
        {"name": "reading", "url": "http://b", "memory": "read"},
        {"name": "discreet", "url": "http://c", "never_send": ["event", "note"]},
        {"name": "silent", "url": "http://d", "never_send": ["note"], "memory": "off"},
    ]));
    let choices: Vec<Choice> = catalog.upstreams().iter().map(|upstream| Choice::of(Arc::clone(upstream))).collect();
    let followers = |first: usize| -> Vec<&str> {
        let others = (0..choices.len()).filter(|other| *other != first && may_take_over(&choices[first], &choices[*other]));
        others.map(|other| choices[other].upstream.name.as_str()).collect()
    };
    assert_eq!(followers(0), Vec::<&str>::new());
    assert_eq!(followers(1), ["open"]);
    assert_eq!(followers(2), ["open"]);
    assert_eq!(followers(3), ["open", "reading"]);
}

#[test]
fn a_reload_keeps_what_is_still_there() {
    let balance = balance();
    let before = catalog(serde_json::json!([
        {"name": "a", "url": "http://a", "concurrency": {"limit": 1}},
        {"name": "b", "url": "http://b"},
        {"name": "c", "url": "http://c"},
    ]));
    balance.adopt(&before);
    let now = Instant::now();
    let places: Vec<Place> = before.upstreams().iter().map(|upstream| balance.node(upstream).take(now).unwrap()).collect();
    assert!(balance.node(&before.upstreams()[0]).take(now).is_none());
    let after = catalog(serde_json::json!([
        {"name": "a", "url": "http://a", "concurrency": {"limit": 2}},
        {"name": "b", "url": "http://elsewhere"},
    ]));
    balance.adopt(&after);
    assert_eq!(balance.nodes.read().len(), 2);
    assert_eq!(balance.node(&after.upstreams()[0]).look(now).1, 1, "the place is still held");
    assert_eq!(balance.node(&after.upstreams()[1]).look(now).1, 0, "at another address it is another");
    assert!(balance.node(&after.upstreams()[0]).take(now).is_some(), "the raised limit holds");
    drop(places);
    assert_eq!(balance.node(&after.upstreams()[0]).look(now).1, 0);
}

#[test]
fn a_conversation_stays_and_two_persons_do_not_share_one() {
    let (balance, other) = (balance(), balance());
    let upstreams: Vec<_> =
        (0..8).map(|n| serde_json::json!({"name": format!("u{n}"), "url": "http://x", "weight": 1})).collect();
    let choices = catalog(upstreams.into()).choose(Api::OpenAi, Some("m"), &Asker::default()).unwrap();
    let (ana, bert) = (test_scope("ana", Assurance::Verified), test_scope("bert", Assurance::Verified));
    let session = |n: u32| SessionId::parse(&format!("chat-{n}")).unwrap();
    let first = |balance: &Balance, scope: &UserScope, n: u32| balance.explain(&choices, scope, Some(&session(n)))[0];
    let mut seen = [0_u32; 3];
    for n in 0..64 {
        let (at, reason) = first(&balance, &ana, n);
        assert_eq!(reason, Reason::Affinity);
        assert_eq!(first(&balance, &ana, n).0, at);
        seen[0] += u32::from(first(&balance, &bert, n).0 == at);
        seen[1] += u32::from(first(&other, &ana, n).0 == at);
        seen[2] += u32::from(first(&balance, &ana, n + 1).0 == at);
    }
    // By chance one in eight is the same.
    assert!(seen.iter().all(|same| *same < 40), "{seen:?}");
    assert_eq!(balance.explain(&choices, &ana, None)[0].1, Reason::Load);
}
