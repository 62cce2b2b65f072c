use std::sync::Arc;

use serde_json::value::RawValue;

use super::*;
use crate::catalog::{UpstreamFile, resolve_upstreams};
use crate::setting::Faults;

fn entry(name: &str, api: Api, raw: Option<Value>, model: &Value) -> Entry {
    let files = json!([{"name": "u", "builtin": "demo", "models": [model]}]);
    let files: Vec<UpstreamFile> = serde_json::from_value(files).unwrap();
    let upstream = resolve_upstreams(&files, "upstreams", &mut Faults::default()).remove(0);
    let raw = raw.map(|raw| RawValue::from_string(raw.to_string()).unwrap());
    Entry { name: name.to_owned(), api, raw, model: Arc::clone(&upstream.models[0]) }
}

fn told(form: Api, entry: &Entry) -> Value {
    Value::Object(member(form, entry))
}

#[test]
fn what_a_backend_says_passes_beside_what_the_operator_says() {
    let raw = json!({"id": "vendor/m", "object": "model", "created": 7, "owned_by": "v", "meta": {"n_ctx": 4096}, "memgate": {"price": 0}});
    let described = json!({"name": "m", "window": 8192, "max_output": 512, "capabilities": ["chat", "vision"],
        "price": {"input": 0.15, "output": 0.6}});
    assert_eq!(
        told(Api::OpenAi, &entry("m", Api::OpenAi, Some(raw.clone()), &described)),
        json!({"id": "m", "object": "model", "created": 7, "owned_by": "v", "meta": {"n_ctx": 4096}, "memgate": {
            "window": 8192, "max_output": 512, "capabilities": ["chat", "vision"],
            "price": {"input": 0.15, "output": 0.6, "cached_input": 0.15}}})
    );
    let plain = told(Api::OpenAi, &entry("m", Api::OpenAi, Some(raw), &json!("m")));
    assert!(plain.get("memgate").is_none(), "only the operator's word stands there: {plain}");
}

#[test]
fn a_model_that_only_has_a_name_has_what_clients_read() {
    let nothing = |api| entry("m", api, None, &json!("m"));
    assert_eq!(
        told(Api::OpenAi, &nothing(Api::OpenAi)),
        json!({"id": "m", "object": "model", "created": 0, "owned_by": "memgate"})
    );
    assert_eq!(
        told(Api::Anthropic, &nothing(Api::Anthropic)),
        json!({"id": "m", "type": "model", "display_name": "m", "created_at": "1970-01-01T00:00:00Z"})
    );
    let of_open_ai = entry("m", Api::OpenAi, Some(json!({"id": "m", "created": 1_750_000_000})), &json!("m"));
    for (entry, modified) in [(&nothing(Api::Ollama), "1970-01-01T00:00:00Z"), (&of_open_ai, "2025-06-15T15:06:40Z")] {
        let told = told(Api::Ollama, entry);
        assert_eq!((&told["name"], &told["model"], &told["modified_at"]), (&json!("m"), &json!("m"), &json!(modified)));
        assert!(told["digest"].as_str().unwrap().len() == 64 && told["details"]["families"] == json!([]));
    }
    let own = json!({"name": "m:latest", "model": "m:latest", "size": 7, "x": [1]});
    assert_eq!(told(Api::Ollama, &entry("m:latest", Api::Ollama, Some(own.clone()), &json!("m"))), own, "as its backend said it");
}

#[test]
fn anthropics_list_has_pages() {
    let entries: Vec<Entry> = ["a", "b", "c", "d"].iter().map(|name| entry(name, Api::Anthropic, None, &json!(*name))).collect();
    let page = |query: &str| {
        let page = Page::read(&Parameters::read(Some(query)).unwrap()).map_err(|refusal| refusal.code)?;
        anthropic(&entries, &page).map_err(|refusal| refusal.code)
    };
    for (query, ids, more) in [
        ("", "abcd", false),
        ("limit=4", "abcd", false),
        ("limit=3", "abc", true),
        ("limit=2&after_id=b", "cd", false),
        ("limit=1&after_id=b", "c", true),
        ("after_id=d", "", false),
        ("limit=2&before_id=d", "bc", true),
        ("limit=9&before_id=c", "ab", false),
        ("before_id=a", "", false),
        ("beta=true", "abcd", false),
    ] {
        let list = page(query).unwrap();
        let found: String = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert_eq!((found.as_str(), list["has_more"].as_bool()), (ids, Some(more)), "{query}");
        let ends =
            (ids.get(..1).map(Value::from), ids.get(ids.len().saturating_sub(1)..).filter(|id| !id.is_empty()).map(Value::from));
        assert_eq!((&list["first_id"], &list["last_id"]), (&ends.0.unwrap_or_default(), &ends.1.unwrap_or_default()), "{query}");
    }
    for wrong in ["limit=x", "limit=1001", "after_id=a&before_id=b", "after_id=nope", "before_id=nope"] {
        assert_eq!(page(wrong), Err("parameter_invalid"), "{wrong}");
    }
}
