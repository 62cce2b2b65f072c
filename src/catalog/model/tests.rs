use serde_json::{Value, json};

use super::*;
use crate::ids::GroupName;

fn load(models: &Value, window: Option<u64>) -> (Vec<Arc<Model>>, Vec<String>) {
    let files: Vec<ModelFile> = serde_json::from_value(models.clone()).unwrap();
    let mut faults = Faults::default();
    let models = resolve_models(&files, window, "models", &mut faults);
    (models, faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect())
}

fn models(models: &Value) -> Vec<Arc<Model>> {
    let (models, faults) = load(models, None);
    assert_eq!(faults, [""; 0]);
    models
}

#[test]
fn model_patterns() {
    for (pattern, model, expected) in [
        ("*", "anything", true),
        ("gpt-*", "gpt-5", true),
        ("gpt-*", "xgpt-5", false),
        ("*-mini", "o4-mini", true),
        ("*-mini", "o4-mini-high", false),
        ("a*b*c", "a-b-b-c", true),
        ("exact", "exact", true),
        ("exact", "exact2", false),
        ("é*", "éa", true),
        ("a**c", "abc", true),
        ("ab*ba", "aba", false),
        ("a*b*a*b", "aba", false),
        // The name is the caller's: it must not buy work that grows with its square.
        ("*a*b*c*d", &"abc".repeat(1 << 18), false),
    ] {
        assert_eq!(matches_pattern(pattern, model), expected, "{pattern} {model}");
    }
}

#[test]
fn the_documented_shape_is_read() {
    let (models, faults) = load(
        &json!([
            "llama*",
            {"name": "big", "upstream_name": "vendor/big-2", "aliases": ["best"], "window": 128_000, "max_output": 8192,
             "price": {"input": 2.5, "output": 10, "cached_input": 0.25}, "capabilities": ["chat", "tools"], "groups": ["staff"]},
        ]),
        Some(32_768),
    );
    assert_eq!(faults, [""; 0]);
    assert_eq!((models[0].window, models[1].window, models[1].max_output), (Some(32_768), Some(128_000), Some(8192)));
    assert_eq!(models[1].price, Some(Price { input: 2_500_000, output: 10_000_000, cached_input: 250_000 }));
    assert_eq!(models[1].capabilities, [Capability::Chat, Capability::Tools]);
    let staff = Asker { groups: vec![GroupName::parse("staff").unwrap()], upstreams: None };
    assert!(models[0].is_open_to(&Asker::default()) && models[1].is_open_to(&staff) && !models[1].is_open_to(&Asker::default()));
    for wrong in
        [json!([{"name": "m", "capabilities": ["telepathy"]}]), json!([{"name": "m", "contxt": 1}]), json!([7]), json!([{}])]
    {
        assert!(serde_json::from_value::<Vec<ModelFile>>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn every_fault_of_a_model_is_reported() {
    let (_, faults) = load(
        &json!([
            "", "m", {"name": "m"}, " padded",
            {"name": "a", "aliases": ["x", "m", "y*", "x"], "window": 0, "max_output": 0, "price": {"input": -1, "output": 0}},
            {"name": "b", "aliases": ["x", "b"], "window": 100, "max_output": 100, "groups": [""]},
            {"name": "p*", "aliases": ["z"], "upstream_name": "q"},
            {"name": "c", "upstream_name": ""},
            {"name": "d", "max_output": 4096},
        ]),
        Some(4096),
    );
    assert_eq!(
        faults,
        [
            "models[0]: is empty",
            "models[2].name: `m` is a name already, at models[1]",
            "models[3]: starts or ends with white space, or holds a control character",
            "models[4].window: is 0 tokens",
            "models[4].max_output: is 0 tokens",
            "models[4].price.input: is less than zero",
            "models[5].max_output: leaves nothing of the window for the request",
            "models[5].groups[0]: the group's name is empty",
            "models[6].upstream_name: stands with a pattern, which means many models",
            "models[6].aliases: stands with a pattern, which means many models",
            "models[7].upstream_name: is empty",
            "models[8].max_output: leaves nothing of the window for the request",
            "models[4].aliases[1]: `m` is a name already, at models[1]",
            "models[4].aliases[2]: is a pattern",
            "models[4].aliases[3]: `x` is a name already, at models[4].aliases[0]",
            "models[5].aliases[0]: `x` is a name already, at models[4].aliases[0]",
            "models[5].aliases[1]: `b` is a name already, at models[5].name",
        ]
    );
    assert_eq!(load(&json!([]), None).1, ["models: lists no model"]);
}

#[test]
fn a_name_comes_before_an_alias_before_the_narrowest_pattern() {
    let models = models(&json!(["*", "gpt-*", {"name": "gpt-5", "aliases": ["best", "gpt-best"]}, "*-mini", "gpt-4*"]));
    for (asked, expected, fit) in [
        ("gpt-5", "gpt-5", Fit::Name),
        ("best", "gpt-5", Fit::Alias),
        ("gpt-best", "gpt-5", Fit::Alias),
        ("gpt-6", "gpt-*", Fit::Pattern(4)),
        ("gpt-4o", "gpt-4*", Fit::Pattern(5)),
        ("gpt-4-mini", "*-mini", Fit::Pattern(5)),
        ("", "*", Fit::Pattern(0)),
    ] {
        let (model, found) = find(&models, asked).unwrap();
        assert_eq!((model.name.as_str(), found), (expected, fit), "{asked}");
    }
    assert!(find(&models[1..], "llama").is_none());
}

#[test]
fn no_other_spelling_opens_what_is_closed() {
    let models = models(&json!([
        "*",
        {"name": "llama3", "groups": ["staff"]},
        {"name": "fast", "upstream_name": "Vendor/Secret", "aliases": ["quick"], "groups": ["staff"]},
        {"name": "shared-a", "upstream_name": "shared", "groups": ["staff"]},
        {"name": "shared-b", "upstream_name": "shared"},
        {"name": "GPT-*", "groups": ["staff"]},
    ]));
    let nobody = Asker::default();
    for asked in [
        "llama3:latest",
        "LLaMA3",
        "library/llama3",
        "registry.ollama.ai/library/llama3:latest",
        "https://registry.ollama.ai/library/Llama3",
        "models/llama3",
        " llama3",
        "vendor/secret",
        "Vendor/Secret",
        "FAST",
        "Quick",
        "gpt-5",
        "models/gpt-5",
    ] {
        assert!(!is_free(&models, asked, &nobody), "{asked}");
        let staff = Asker { groups: vec![GroupName::parse("staff").unwrap()], upstreams: None };
        assert!(is_free(&models, asked, &staff), "{asked}");
    }
    for asked in ["llama3:8b", "llama", "shared", "SHARED", "vendor/open", "", "quick2"] {
        assert!(is_free(&models, asked, &nobody), "{asked}");
    }
}
