//! Changes of members against the same changes made on parsed values, in every dialect.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value, json};

use super::{CHAT, edited};
use crate::dialect::Dialect;
use crate::dialect::edit::Edits;
use crate::dialect::knobs::Knob;
use crate::dialect::samples::{extra, render};
use crate::dialect::tools::Allowed;

/// The names as the dialects' references have them.
fn names(dialect: Dialect, knob: Knob) -> Vec<&'static str> {
    let ollama = matches!(dialect, Dialect::OllamaChat | Dialect::OllamaGenerate);
    match knob {
        _ if dialect == Dialect::CountTokens => vec![],
        Knob::Temperature => vec!["temperature"],
        Knob::TopP => vec!["top_p"],
        Knob::MaxTokens if ollama => vec!["num_predict"],
        Knob::MaxTokens if dialect == CHAT => vec!["max_tokens", "max_completion_tokens"],
        Knob::MaxTokens if dialect == Dialect::Responses => vec!["max_output_tokens"],
        Knob::MaxTokens => vec!["max_tokens"],
        _ if matches!(dialect, Dialect::Responses | Dialect::Messages) => vec![],
        Knob::FrequencyPenalty => vec!["frequency_penalty"],
        Knob::PresencePenalty => vec!["presence_penalty"],
    }
}

/// The changes as anyone would make them on values.
fn edit_value(dialect: Dialect, mut body: Value, edits: &Edits) -> Value {
    if let Some(model) = &edits.model {
        body["model"] = json!(model);
    }
    let ollama = matches!(dialect, Dialect::OllamaChat | Dialect::OllamaGenerate);
    for (knob, number) in &edits.fields {
        let names = names(dialect, *knob);
        let thinks = dialect == Dialect::Messages && body["thinking"]["type"] == "enabled";
        if names.is_empty() || thinks && matches!(knob, Knob::Temperature | Knob::TopP) {
            continue;
        }
        if ollama && body["options"].is_null() && number.is_some() {
            body["options"] = json!({});
        }
        let holder = if ollama { body.get_mut("options") } else { Some(&mut body) };
        let Some(holder) = holder.and_then(Value::as_object_mut) else { continue };
        let Some(number) = number else {
            for name in names {
                holder.remove(name);
            }
            continue;
        };
        let cool = dialect == Dialect::Messages && *knob == Knob::Temperature && number.as_f64().unwrap() > 1.0;
        let number = if cool { json!(1) } else { json!(number) };
        let said: Vec<_> = names.iter().filter(|name| holder.get(**name).is_some_and(|value| !value.is_null())).collect();
        let null = names.iter().find(|name| holder.contains_key(**name));
        let targets = if said.is_empty() { vec![null.unwrap_or(&names[0])] } else { said };
        for name in targets {
            holder.insert((*name).to_owned(), number.clone());
        }
    }
    body
}

/// Fractions that every parser reads as the same number.
fn eighths() -> impl Strategy<Value = f64> {
    (0_u8..17).prop_map(|n| f64::from(n) / 8.0)
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![(-40_i64..400).prop_map(Value::from), eighths().prop_map(Value::from), Just(json!(null)), Just(json!("0.5"))]
}

fn knobs(dialect: Dialect) -> impl Strategy<Value = Map<String, Value>> {
    let names: Vec<&str> = Knob::ALL.into_iter().flat_map(|knob| names(dialect, knob)).chain(["_other"]).collect();
    prop::collection::btree_map(prop::sample::select(names), number(), 0..5)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn body(dialect: Dialect) -> impl Strategy<Value = Value> {
    let model = prop::option::of(prop_oneof![any::<String>().prop_map(Value::from), Just(json!(null))]);
    let thinking = prop::option::of(prop::sample::select(vec!["enabled", "disabled"]));
    let options = prop_oneof![Just(None), Just(Some(json!(null))), Just(Some(json!({})))];
    (any::<String>(), model, knobs(dialect), thinking, options, extra()).prop_map(
        move |(text, model, knobs, thinking, options, mut body)| {
            match dialect {
                Dialect::Completions | Dialect::OllamaGenerate => body.insert("prompt".into(), json!(text)),
                Dialect::Responses => body.insert("input".into(), json!(text)),
                _ => body.insert("messages".into(), json!([{"role": "user", "content": text}])),
            };
            model.map(|model| body.insert("model".into(), model));
            if dialect == Dialect::Messages {
                thinking.map(|kind| body.insert("thinking".into(), json!({"type": kind})));
            }
            if matches!(dialect, Dialect::OllamaChat | Dialect::OllamaGenerate) {
                let options = if knobs.is_empty() { options } else { Some(Value::Object(knobs)) };
                options.map(|options| body.insert("options".into(), options));
            } else {
                body.extend(knobs);
            }
            Value::Object(body)
        },
    )
}

fn any_dialect() -> impl Strategy<Value = (Dialect, Value)> {
    prop::sample::select(Dialect::ALL.to_vec()).prop_flat_map(|dialect| (Just(dialect), body(dialect)))
}

fn edits() -> impl Strategy<Value = Edits> {
    let number =
        prop::option::of(prop_oneof![eighths().prop_map(|n| Number::from_f64(n).unwrap()), (1_u64..999).prop_map(Number::from)]);
    let fields = prop::collection::btree_map(prop::sample::select(Knob::ALL.to_vec()), number, 0..5);
    (prop::option::of(any::<String>()), fields).prop_map(|(model, fields)| Edits { model, fields, ..Edits::default() })
}

type Members = HashMap<String, Box<RawValue>>;

proptest! {
    #[test]
    fn changes_do_what_they_say_and_nothing_else((dialect, value) in any_dialect(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(dialect, &text, &edits);
        let expected = edit_value(dialect, value.clone(), &edits);
        prop_assert_eq!(&serde_json::from_str::<Value>(&out).unwrap(), &expected, "{:?}: {} to {}", dialect, text, out);
        // Done twice is done once.
        prop_assert_eq!(edited(dialect, &out, &edits), out.clone());
        let (before, after): (Members, Members) = (serde_json::from_str(&text).unwrap(), serde_json::from_str(&out).unwrap());
        for (key, raw) in before {
            if expected.get(&key) == value.get(&key) {
                prop_assert_eq!(raw.get(), after[&key].get(), "{}", key);
            }
        }
    }

    #[test]
    fn tools_are_dropped_as_on_values(
        names in prop::collection::vec("[ab]{1,2}", 0..6), allowed in prop::collection::vec("[ab*]{1,2}", 0..3),
        style in prop::collection::vec(any::<u8>(), 1..40), rest in extra(), choice in any::<bool>(),
    ) {
        let mut body = rest.clone();
        body.insert("messages".into(), json!([]));
        let tools = |names: &[String]| names.iter().map(|name| json!({"type": "function", "function": {"name": name, "strict": true}})).collect::<Value>();
        body.insert("tools".into(), tools(&names));
        if choice {
            body.insert("tool_choice".into(), json!("auto"));
        }
        let edits = Edits { tools: Some(Allowed { lists: vec![allowed.clone()] }), ..Edits::default() };
        let left: Vec<String> = names.iter().filter(|name| edits.tools.as_ref().unwrap().allows(name)).cloned().collect();
        let mut expected = body.clone();
        expected.insert("tools".into(), tools(&left));
        if left.is_empty() && !names.is_empty() {
            expected.remove("tools");
            expected.remove("tool_choice");
        }
        let text = render(&Value::Object(body), &mut style.into_iter().cycle());
        let out = edited(CHAT, &text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), Value::Object(expected), "{}", out);
        prop_assert_eq!(edited(CHAT, &out, &edits), out);
    }
}
