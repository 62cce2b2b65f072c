use serde_json::{Value, json};

use super::*;
use crate::catalog::{UpstreamFile, resolve_upstreams};
use crate::ids::GroupName;
use crate::setting::Faults;

fn catalog(upstreams: Value) -> Catalog {
    let mut files: Value = upstreams;
    for file in files.as_array_mut().unwrap() {
        file["url"] = "http://127.0.0.1:1/v1".into();
    }
    let files: Vec<UpstreamFile> = serde_json::from_value(files).unwrap();
    let mut faults = Faults::default();
    let upstreams = resolve_upstreams(&files, "upstreams", &mut faults);
    assert_eq!(faults.into_vec(), []);
    Catalog::new(upstreams)
}

fn asker(groups: &[&str], upstreams: Option<&[&str]>) -> Asker {
    Asker {
        groups: groups.iter().map(|group| GroupName::parse(group).unwrap()).collect(),
        upstreams: upstreams.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
    }
}

/// The choices as `upstream reason rename`, or the code of the refusal.
fn chosen(catalog: &Catalog, api: Api, model: Option<&str>, asker: &Asker) -> Vec<String> {
    match catalog.choose(api, model, asker) {
        Ok(choices) => {
            let told = |choice: &Choice| {
                format!("{} {} {}", choice.upstream.name, choice.reason.as_str(), choice.rename.as_deref().unwrap_or("-"))
            };
            choices.iter().map(told).collect()
        }
        Err(refusal) => vec![refusal.code.to_owned()],
    }
}

fn shared() -> Catalog {
    catalog(json!([
        {"name": "local", "dialects": ["openai", "ollama"], "models": ["llama*", {"name": "qwen", "aliases": ["fast"]}]},
        {"name": "cloud", "models": [
            {"name": "gpt-5", "groups": ["staff"], "aliases": ["best"], "window": 400_000},
            {"name": "fast", "upstream_name": "gpt-5-nano"},
            {"name": "old", "hidden": true},
            "gpt-*",
        ]},
        {"name": "lab", "groups": ["lab"], "priority": 1, "models": ["gpt-5", "*"]},
        {"name": "spare", "priority": 2, "models": [{"name": "big", "aliases": ["gpt-5"]}, "llama*"]},
    ]))
}

#[test]
fn a_name_leads_to_the_upstreams_of_whoever_asks() {
    let catalog = shared();
    let (nobody, staff, lab) = (asker(&[], None), asker(&["staff"], None), asker(&["lab", "x"], None));
    let cloud_only = asker(&["staff", "lab"], Some(&["cloud"]));
    let none = asker(&["staff", "lab"], Some(&[]));
    for (model, asker, expected) in [
        // Names and aliases count alike; an alias, and a model with another name at its upstream, are renamed.
        ("qwen", &nobody, vec!["local by_name -"]),
        ("fast", &nobody, vec!["local by_alias qwen", "cloud by_name gpt-5-nano"]),
        // In order of priority; whom the model is not for is led past it.
        ("gpt-5", &nobody, vec!["spare by_alias big"]),
        ("gpt-5", &staff, vec!["cloud by_name -", "spare by_alias big"]),
        ("gpt-5", &lab, vec!["lab by_name -", "spare by_alias big"]),
        ("best", &staff, vec!["cloud by_alias gpt-5"]),
        ("best", &nobody, vec!["model_not_found"]),
        // Equal patterns are equal, and a narrower one comes first.
        ("llama3", &nobody, vec!["local by_pattern -", "spare by_pattern -"]),
        ("llama3", &lab, vec!["local by_pattern -", "spare by_pattern -"]),
        ("gpt-4", &nobody, vec!["cloud by_pattern -"]),
        ("gpt-5:latest", &nobody, vec!["model_not_found"]),
        ("GPT-5", &staff, vec!["model_not_found"]),
        // What is hidden is for nobody, by no pattern of the same upstream.
        ("old", &staff, vec!["model_not_found"]),
        ("old", &lab, vec!["lab by_pattern -"]),
        ("unheard-of", &nobody, vec!["model_not_found"]),
        ("unheard-of", &lab, vec!["lab by_pattern -"]),
        // A tenant's upstreams.
        ("gpt-5", &cloud_only, vec!["cloud by_name -"]),
        ("llama3", &cloud_only, vec!["model_not_found"]),
        ("gpt-5", &none, vec!["dialect_not_served"]),
    ] {
        assert_eq!(chosen(&catalog, Api::OpenAi, Some(model), asker), expected, "{model} {asker:?}");
    }
}

#[test]
fn a_wide_pattern_behind_all_others_is_what_is_left_when_they_fail() {
    for (priority, expected) in [
        (0, &["one by_name -", "two by_alias m2"][..]),
        (1, &["one by_name -", "two by_alias m2"]),
        (2, &["one by_name -", "two by_alias m2", "wide by_pattern -"]),
    ] {
        let catalog = catalog(json!([
            {"name": "wide", "priority": priority},
            {"name": "one", "models": ["m"]},
            {"name": "two", "priority": 1, "models": [{"name": "m2", "aliases": ["m"]}]},
        ]));
        assert_eq!(chosen(&catalog, Api::OpenAi, Some("m"), &Asker::default()), expected, "{priority}");
        assert_eq!(chosen(&catalog, Api::OpenAi, Some("n"), &Asker::default()), ["wide by_pattern -"]);
    }
}

#[test]
fn ollamas_clients_may_leave_the_tag_out() {
    let catalog = catalog(json!([{"name": "o", "dialects": ["ollama", "openai"], "models": [
        "a", "b:latest", {"name": "c", "upstream_name": "real", "aliases": ["d"]}, {"name": "e", "groups": ["staff"]}, "e*"]}]));
    let nobody = asker(&[], None);
    for (api, model, expected) in [
        (Api::Ollama, "a", "o by_name -"),
        (Api::Ollama, "a:latest", "o by_name -"),
        (Api::Ollama, "b", "o by_name -"),
        (Api::Ollama, "c:latest", "o by_name real"),
        (Api::Ollama, "d:latest", "o by_alias real"),
        (Api::Ollama, "a:8b", "model_not_found"),
        (Api::OpenAi, "a:latest", "model_not_found"),
        // The tag does not lead past a model's groups, in either dialect.
        (Api::Ollama, "e:latest", "model_not_found"),
        (Api::OpenAi, "e:latest", "model_not_found"),
        (Api::OpenAi, "E", "model_not_found"),
        (Api::OpenAi, "e2", "o by_pattern -"),
    ] {
        assert_eq!(chosen(&catalog, api, Some(model), &nobody), [expected], "{model}");
    }
}

#[test]
fn a_request_without_a_model_goes_where_nothing_is_closed() {
    let catalog = shared();
    assert_eq!(chosen(&catalog, Api::OpenAi, None, &asker(&[], None)), ["local any -"]);
    // A hidden model is closed to all.
    assert_eq!(chosen(&catalog, Api::OpenAi, None, &asker(&["staff"], Some(&["cloud"]))), ["model_required"]);
    assert_eq!(chosen(&catalog, Api::Ollama, None, &asker(&[], None)), ["local any -"]);
    assert_eq!(chosen(&catalog, Api::Anthropic, None, &asker(&[], None)), ["dialect_not_served"]);
}

#[test]
fn refusals_tell_nothing_of_what_is_closed() {
    let catalog = shared();
    let refusal = |model: &str| catalog.choose(Api::OpenAi, Some(model), &asker(&[], None)).unwrap_err();
    assert_eq!(refusal("best"), refusal("unheard-of"));
    assert_eq!(refusal("old"), refusal("unheard-of"));
    let anthropic = |asker: &Asker| catalog.speaking(Api::Anthropic, asker).unwrap_err().message;
    assert!(anthropic(&asker(&[], None)).contains("those here speak ollama, openai"));
    assert!(!anthropic(&asker(&[], Some(&["cloud"]))).contains("ollama"));
}

#[test]
fn what_was_considered_names_no_upstream_that_is_closed() {
    let catalog = shared();
    let told = |api, model, asker: &Asker| -> Vec<String> {
        let considered = catalog.consider(api, Some(model), asker);
        considered.iter().map(|one| format!("{} {}", one.upstream.name, one.reason.as_str())).collect()
    };
    assert_eq!(told(Api::OpenAi, "gpt-5", &asker(&[], None)), ["local not_served", "cloud not_served", "spare by_alias"]);
    assert_eq!(
        told(Api::OpenAi, "llama3", &asker(&["lab"], None)),
        ["local by_pattern", "cloud not_served", "lab outdone", "spare by_pattern"]
    );
    assert_eq!(told(Api::Ollama, "qwen", &asker(&[], None)), ["local by_name", "cloud other_dialect", "spare other_dialect"]);
}

#[test]
fn whether_the_body_is_read_depends_on_the_models() {
    for (models, depends) in [
        (json!(["*"]), false),
        (json!(["llama*"]), true),
        (json!(["*", "m"]), true),
        (json!([{"name": "*", "groups": ["a"]}]), true),
    ] {
        assert_eq!(catalog(json!([{"name": "a", "models": models}])).depends_on_model(), depends, "{models}");
    }
    assert!(!catalog(json!([{"name": "a"}])).depends_on_model());
    assert!(catalog(json!([{"name": "a"}, {"name": "b"}])).depends_on_model());
    assert!(!catalog(json!([{"name": "a", "window": 1000}])).depends_on_model());
}

#[test]
fn a_request_that_names_no_model_costs_what_the_dearest_does() {
    let catalog = catalog(json!([
        {"name": "cloud", "models": [
            {"name": "small", "price": {"input": 1, "output": 9}},
            {"name": "large", "price": {"input": 3, "output": 8, "cached_input": 2}},
            "free",
        ]},
        {"name": "local", "dialects": ["ollama"]},
    ]));
    let price = |api, model| {
        let choice = catalog.first(api, model, &Asker::default()).unwrap();
        choice.price().map(|price| [price.input, price.output, price.cached_input].map(|part| part / 1_000_000))
    };
    for (model, expected) in [(Some("small"), Some([1, 9, 1])), (Some("free"), None), (None, Some([3, 9, 2]))] {
        assert_eq!(price(Api::OpenAi, model), expected, "{model:?}");
    }
    assert_eq!(price(Api::Ollama, None), None);
}

#[test]
fn upstreams_of_anything_share_only_where_all_of_them_say_so_whatever_they_cost() {
    let upstream = |name: &str, more: Value| {
        let mut upstream = json!({"name": name});
        upstream.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        upstream
    };
    let (plain, shares) = (json!({}), json!({"weight": 1}));
    let priced = json!({"models": [{"name": "*", "price": {"input": 1, "output": 1}}]});
    let (later, later_shares) = (json!({"priority": 1}), json!({"priority": 1, "weight": 1}));
    for (which, expected) in [
        (vec![&plain, &plain], vec!["0"]),
        (vec![&shares, &plain, &shares], vec!["0", "2"]),
        (vec![&plain, &shares, &shares], vec!["0"]),
        (vec![&priced, &priced], vec!["0"]),
        (vec![&later, &plain, &later], vec!["1", "0"]),
        (vec![&later_shares, &plain, &later_shares], vec!["1", "0", "2"]),
    ] {
        let files: Vec<Value> = which.iter().enumerate().map(|(at, more)| upstream(&format!("{at}"), (*more).clone())).collect();
        let choices = catalog(files.into()).choose(Api::OpenAi, Some("m"), &Asker::default()).unwrap();
        let names: Vec<&str> = choices.iter().map(|choice| choice.upstream.name.as_str()).collect();
        assert_eq!(names, expected, "{which:?}");
    }
}
