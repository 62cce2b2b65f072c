//! Every order in which layers can meet, with what counts and the reason why the rest does not, as the dry run shows it.

mod book;
mod steering;

use serde_json::{Value as Json, json};

use super::*;
use crate::setting::Faults;

/// Layers that can say something, beside memgate's own.
const LAYERS: [Layer; 6] = [Layer::Configured, Layer::Tenant, Layer::Client, Layer::User, Layer::Session, Layer::Request];

fn parameters(json: &Json) -> Parameters {
    serde_json::from_value(json.clone()).unwrap()
}

fn rules(json: &Json) -> Rules {
    let mut faults = Faults::default();
    let rules =
        serde_json::from_value::<SettingsFile>(json.clone()).unwrap().resolve("settings", |name| name != "nobody", &mut faults);
    assert!(faults.is_empty(), "{:?}", faults.into_vec());
    rules
}

/// What counts of what the layers say. `task` is whether the request is one.
fn decide(said: &[(Layer, Json)], rules: &Rules, task: bool) -> Effective {
    let layers: Vec<(Layer, Parameters)> = said.iter().map(|(layer, json)| (*layer, parameters(json))).collect();
    let factory = Parameters::factory();
    let mut given = vec![Given { layer: Layer::Factory, parameters: &factory }];
    let mut request = Request { task, ..Request::default() };
    for (layer, parameters) in &layers {
        if *layer == Layer::Request {
            request.parameters = parameters.clone();
        } else {
            given.push(Given { layer: *layer, parameters });
        }
    }
    effective(&given, Some(&request), Layer::Request, rules)
}

/// One field of it, as the dry run shows it.
fn shown(effective: &Effective, field: Field) -> Json {
    serde_json::to_value(effective).unwrap()[field.as_str()].clone()
}

/// Each set of layers, with a value of its own for each.
fn subsets() -> impl Iterator<Item = Vec<(Layer, f64)>> {
    (0_u32..1 << LAYERS.len()).map(|set| {
        let members = LAYERS.into_iter().zip(1_u8..).filter(|(layer, _)| set & 1 << (*layer as u32 - 1) != 0);
        members.map(|(layer, n)| (layer, f64::from(n) / 8.0)).collect()
    })
}

#[test]
fn of_every_set_of_layers_the_last_that_may_counts() {
    let locks = std::iter::once(None).chain(LAYERS.into_iter().map(Some));
    for (lock, layers) in locks.flat_map(|lock| subsets().map(move |layers| (lock, layers))) {
        let rules = match lock {
            Some(lock) => rules(&json!({"locked": {"temperature": lock}})),
            None => Rules::default(),
        };
        let said: Vec<_> = layers.iter().map(|(layer, value)| (*layer, json!({"temperature": value}))).collect();
        let decided = decide(&said, &rules, false);
        let may = |layer: &Layer| lock.is_none_or(|lock| *layer <= lock);
        let winner = layers.iter().rfind(|(layer, _)| may(layer));
        let lost: Vec<Json> = layers
            .iter()
            .filter(|one| Some(*one) != winner)
            .map(|(layer, value)| {
                let why = if may(layer) { "overridden" } else { "locked" };
                json!({"layer": layer, "value": value, "why": why})
            })
            .collect();
        let mut expected = json!({
            "value": winner.map(|(_, value)| value),
            "layer": winner.map(|(layer, _)| layer),
            "locked": lock.is_some_and(|lock| lock < Layer::Request),
        });
        if !lost.is_empty() {
            expected["lost"] = json!(lost);
        }
        assert_eq!(shown(&decided, Field::Temperature), expected, "{lock:?} {layers:?}");
    }
}

#[test]
fn every_field_resolves_alike() {
    let values = [
        (Field::Model, json!("a"), json!("b")),
        (Field::Temperature, json!(0.5), json!(1.5)),
        (Field::TopP, json!(0.5), json!(0.25)),
        (Field::MaxTokens, json!(10), json!(20)),
        (Field::FrequencyPenalty, json!(0.5), json!(-1.5)),
        (Field::PresencePenalty, json!(0.5), json!(-1.5)),
        (Field::Preamble, json!("a"), json!("b")),
        (Field::Tools, json!(["a"]), json!(["b"])),
        (Field::Memory, json!("read"), json!("off")),
        (Field::Depth, json!(10), json!(5)),
        (Field::Trimming, json!({"window": 9000}), json!({"window": 800})),
    ];
    assert_eq!(values.clone().map(|(field, ..)| field), Field::ALL);
    for (field, early, late) in values {
        let one = |layer, value: &Json| (layer, json!({field.as_str(): value}));
        for pair in LAYERS.windows(2).filter(|pair| pair[1] != Layer::Request) {
            let decided = decide(&[one(pair[0], &early), one(pair[1], &late)], &Rules::default(), false);
            let shown = shown(&decided, field);
            assert_eq!((&shown["value"], &shown["layer"]), (&late, &json!(pair[1])), "{field:?}");
            let joined = field.joins() && pair[1] == Layer::User;
            assert_eq!(shown["with"], if joined { json!({"layer": pair[0], "value": early}) } else { Json::Null }, "{field:?}");
        }
        let locked = rules(&json!({"locked": [field], "configured": {field.as_str(): early}}));
        let said = [one(Layer::Configured, &early), one(Layer::User, &late), one(Layer::Session, &late)];
        let shown = shown(&decide(&said, &locked, false), field);
        assert_eq!((&shown["value"], &shown["locked"], &shown["with"]), (&early, &json!(true), &Json::Null), "{field:?}");
        let whys: Vec<_> = shown["lost"].as_array().unwrap().iter().filter(|lost| lost["why"] == "locked").collect();
        assert_eq!(whys.len(), 2, "{field:?}: {shown}");
    }
}

use Layer::{Client as CLIENT, Configured as CONFIGURED, Request as REQUEST, Session as SESSION, Tenant as TENANT, User as USER};

#[test]
fn what_people_say_of_memory_only_narrows() {
    let lost = |layer: Layer, value: Json, why: &str| json!({"layer": layer, "value": value, "why": why});
    let factory = || lost(Layer::Factory, json!("read_write"), "overridden");
    for (said, value, layer, losers) in [
        (vec![], "read_write", Layer::Factory, vec![]),
        (
            vec![(CONFIGURED, "off"), (TENANT, "read_write")],
            "read_write",
            TENANT,
            vec![factory(), lost(CONFIGURED, json!("off"), "overridden")],
        ),
        (vec![(CLIENT, "read"), (USER, "read_write")], "read", CLIENT, vec![factory(), lost(USER, json!("read_write"), "wider")]),
        (vec![(USER, "off"), (SESSION, "read")], "read", SESSION, vec![factory(), lost(USER, json!("off"), "overridden")]),
        (
            vec![(CONFIGURED, "read"), (USER, "off"), (SESSION, "read_write")],
            "off",
            USER,
            vec![factory(), lost(CONFIGURED, json!("read"), "overridden"), lost(SESSION, json!("read_write"), "wider")],
        ),
    ] {
        let said: Vec<_> = said.into_iter().map(|(layer, access)| (layer, json!({"memory": access}))).collect();
        let mut expected = json!({"value": value, "layer": layer, "locked": false});
        if !losers.is_empty() {
            expected["lost"] = json!(losers);
        }
        assert_eq!(shown(&decide(&said, &Rules::default(), false), Field::Memory), expected, "{said:?}");
    }
    for (field, narrow, wide) in [("depth", json!(3), json!(9)), ("trimming", json!({"window": 300}), json!({"window": 900}))] {
        let both = |first: &Json, second: &Json| {
            let decided =
                decide(&[(CONFIGURED, json!({field: first})), (USER, json!({field: second}))], &Rules::default(), false);
            shown(&decided, Field::find(field).unwrap())
        };
        assert_eq!(
            both(&narrow, &wide),
            json!({"value": narrow, "layer": "configured", "locked": false, "lost": [lost(USER, wide.clone(), "wider")]})
        );
        assert_eq!(both(&wide, &narrow)["value"], narrow);
    }
}

#[test]
fn what_lies_outside_of_the_bounds_does_not_count() {
    let bounded = rules(&json!({"bounds": {"max_tokens": 100, "temperature": [0.25, 1.0], "presence_penalty": [0.0, 0.0]}}));
    let out = |layer: Layer, value: Json| json!([{"layer": layer, "value": value, "why": "out_of_bounds"}]);
    for (said, field, value, layer, lost) in [
        (json!({}), Field::MaxTokens, json!(100), json!("configured"), Json::Null),
        (json!({"request": {"max_tokens": 50}}), Field::MaxTokens, json!(50), json!("request"), Json::Null),
        (json!({"request": {"max_tokens": 500}}), Field::MaxTokens, json!(100), json!("configured"), out(REQUEST, json!(500))),
        (
            json!({"user": {"max_tokens": 60}, "request": {"max_tokens": 500}}),
            Field::MaxTokens,
            json!(60),
            json!("user"),
            out(REQUEST, json!(500)),
        ),
        (json!({}), Field::Temperature, Json::Null, Json::Null, Json::Null),
        (json!({"request": {"temperature": 2.0}}), Field::Temperature, json!(1.0), json!("configured"), out(REQUEST, json!(2.0))),
        (json!({"user": {"temperature": 0.0}}), Field::Temperature, json!(0.25), json!("configured"), out(USER, json!(0.0))),
        (
            json!({"user": {"temperature": 0.5}, "session": {"temperature": 2.0}}),
            Field::Temperature,
            json!(0.5),
            json!("user"),
            out(SESSION, json!(2.0)),
        ),
        (
            json!({"request": {"presence_penalty": 1.0}}),
            Field::PresencePenalty,
            json!(0.0),
            json!("configured"),
            out(REQUEST, json!(1.0)),
        ),
    ] {
        let said: Vec<_> = LAYERS.iter().filter_map(|layer| Some((*layer, said.get(layer.as_str())?.clone()))).collect();
        let shown = shown(&decide(&said, &bounded, false), field);
        assert_eq!((&shown["value"], &shown["layer"], &shown["lost"]), (&value, &layer, &lost), "{said:?}");
    }
    // A value that cannot be read may be anything to somebody else.
    let unread = |field: Field, rules: &Rules| {
        let request = Request { unreadable: vec![field], ..Request::default() };
        shown(&effective(&[], Some(&request), REQUEST, rules), field)
    };
    assert_eq!(unread(Field::MaxTokens, &bounded)["value"], json!(100));
    assert_eq!(
        unread(Field::Temperature, &bounded),
        json!({"value": null, "layer": null, "locked": false, "lost": out(REQUEST, Json::Null)})
    );
    assert_eq!(unread(Field::TopP, &bounded), json!({"value": null, "layer": "request", "locked": false}));
}

#[test]
fn tasks_get_what_is_locked_and_nothing_that_is_meant_for_answers() {
    let reserved = rules(&json!({"locked": ["temperature"], "configured": {"temperature": 0.0}}));
    let all = json!({"temperature": 0.5, "top_p": 0.5, "preamble": "Rhyme.", "tools": ["a"], "model": "m", "depth": 1});
    let said = [
        (CONFIGURED, json!({"temperature": 0.0, "preamble": "Be kind.", "model": "t"})),
        (USER, all),
        (REQUEST, json!({"top_p": 1.0})),
    ];
    let decided = decide(&said, &reserved, true);
    for (field, value, layer, whys) in [
        (Field::Temperature, json!(0.0), json!("configured"), vec!["locked"]),
        (Field::TopP, json!(1.0), json!("request"), vec!["task"]),
        (Field::Preamble, Json::Null, Json::Null, vec!["task", "task"]),
        (Field::Model, json!("m"), json!("user"), vec!["overridden"]),
        (Field::Tools, json!(["a"]), json!("user"), vec![]),
        (Field::Depth, json!(1), json!("user"), vec![]),
    ] {
        let shown = shown(&decided, field);
        let lost: Vec<_> = shown["lost"].as_array().into_iter().flatten().map(|lost| lost["why"].as_str().unwrap()).collect();
        assert_eq!((&shown["value"], &shown["layer"], lost), (&value, &layer, whys), "{field:?}");
    }
    // A lock that lets requests say otherwise reserves nothing for tasks.
    let open = rules(&json!({"locked": {"preamble": "request"}}));
    assert_eq!(decide(&said, &open, true).preamble(), None);
    let locked = rules(&json!({"locked": ["preamble"]}));
    assert_eq!(decide(&said, &locked, true).preamble().as_deref(), Some("Be kind."));
}

#[test]
fn instructions_are_joined_and_tools_must_be_allowed_by_both() {
    let said = [
        (CONFIGURED, json!({"preamble": "T", "tools": ["x"]})),
        (CLIENT, json!({"preamble": "Be kind.", "tools": ["search_*", "mail"]})),
        (USER, json!({"preamble": "Rhyme.", "tools": ["*_web", "mail", "delete"]})),
    ];
    let decided = decide(&said, &Rules::default(), false);
    assert_eq!(decided.preamble().as_deref(), Some("Be kind.\n\nRhyme."));
    let allowed = decided.tools().unwrap();
    for (tool, left) in [("search_web", true), ("mail", true), ("search_mail", false), ("delete", false), ("x", false)] {
        assert_eq!(allowed.allows(tool), left, "{tool}");
    }
    let lost = json!([{"layer": "configured", "value": "T", "why": "overridden"}]);
    assert_eq!(shown(&decided, Field::Preamble)["lost"], lost);
    let session = decide(&[said.to_vec(), vec![(SESSION, json!({"preamble": "Shout."}))]].concat(), &Rules::default(), false);
    assert_eq!(session.preamble().as_deref(), Some("Be kind.\n\nShout."));
    assert!(decide(&[], &Rules::default(), false).tools().is_none());
    assert!(!decide(&[(USER, json!({"tools": []}))], &Rules::default(), false).tools().unwrap().allows("any"));
}

#[test]
fn faults_of_the_configuration_are_all_told() {
    let faults = |json: Json| -> Vec<String> {
        let mut faults = Faults::default();
        serde_json::from_value::<SettingsFile>(json).unwrap().resolve("settings", |name| name != "nobody", &mut faults);
        faults.into_vec().into_iter().map(|fault| fault.path).collect()
    };
    assert_eq!(faults(json!({})), [""; 0]);
    for (settings, paths) in [
        (
            json!({"configured": {"temperature": 3.0, "preamble": " "}}),
            vec!["settings.configured.temperature", "settings.configured.preamble"],
        ),
        (json!({"tenants": {"ACME": {"depth": 101}}}), vec!["settings.tenants.ACME.depth", "settings.tenants.ACME"]),
        (json!({"clients": {"a b": {}, "nobody": {}}}), vec!["settings.clients.a b", "settings.clients.nobody"]),
        (json!({"locked": ["model"]}), vec!["settings.locked"]),
        (json!({"locked": {"model": "request"}}), vec![]),
        (json!({"locked": ["max_tokens"], "bounds": {"max_tokens": 5}}), vec![]),
        (json!({"bounds": {"max_tokens": 0, "top_p": [1.0, 0.5]}}), vec!["settings.bounds.max_tokens", "settings.bounds.top_p"]),
        (json!({"bounds": {"max_tokens": 5}, "clients": {"c": {"max_tokens": 6}}}), vec!["settings.clients.c.max_tokens"]),
        (
            json!({"configured": {"trimming": {"window": 9}, "tools": [""]}}),
            vec!["settings.configured.tools", "settings.configured.trimming"],
        ),
    ] {
        assert_eq!(faults(settings.clone()), paths, "{settings}");
    }
    for wrong in [
        json!({"locked": ["modle"]}),
        json!({"locked": "model"}),
        json!({"configured": {"temprature": 1}}),
        json!({"locked": {"model": "everyone"}}),
    ] {
        assert!(serde_json::from_value::<SettingsFile>(wrong.clone()).is_err(), "{wrong}");
    }
}
