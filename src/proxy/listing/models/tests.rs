use serde_json::{Value, json};

use super::*;
use crate::catalog::{UpstreamFile, resolve_upstreams};
use crate::ids::GroupName;
use crate::setting::Faults;

fn upstream(mut file: Value) -> Upstream {
    file["name"] = "one".into();
    file["url"] = "http://127.0.0.1:1/v1".into();
    let files: Vec<UpstreamFile> = serde_json::from_value(json!([file])).unwrap();
    resolve_upstreams(&files, "upstreams", &mut Faults::default()).remove(0)
}

fn listed(api: Api, names: &[&str]) -> Vec<Listed> {
    let models: Vec<Value> = names.iter().map(|name| json!({"id": name, "name": name})).collect();
    read(api, json!({"data": models, "models": models}).to_string().as_bytes()).unwrap()
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

#[test]
fn lists_of_each_family_are_read() {
    let ollama = br#"{"models":[{"name":"a:latest","model":"a:latest","size":7,"x":[1]},{"size":1},3,{"name":"b:8b"}]}"#;
    let models = read(Api::Ollama, ollama).unwrap();
    assert_eq!(models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["a:latest", "b:8b"]);
    assert_eq!(models[0].raw.get(), r#"{"name":"a:latest","model":"a:latest","size":7,"x":[1]}"#, "as its backend said it");
    assert!(read(Api::Ollama, br#"{"models":null}"#).unwrap().is_empty());

    let open_ai =
        br#"{"object":"list","data":[{"id":"gpt-5","created":1750000000},{"no":"id"},{"id":""},{"id":"m"}],"has_more":false}"#;
    for api in [Api::OpenAi, Api::Anthropic] {
        let models = read(api, open_ai).unwrap();
        assert_eq!(models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["gpt-5", "m"]);
    }
    for bad in [&b""[..], b"[", b"{}", br#"{"data":7}"#] {
        assert!(read(Api::OpenAi, bad).is_none());
    }
}

#[test]
fn a_person_is_shown_what_that_person_may_use() {
    let upstream = upstream(json!({"models": [
        {"name": "big", "upstream_name": "vendor/big", "aliases": ["best", "top"]},
        {"name": "secret", "groups": ["staff"], "aliases": ["s"]},
        {"name": "off", "hidden": true},
        "llama*",
    ]}));
    let listed = listed(Api::OpenAi, &["vendor/big", "secret", "off", "llama3", "other", "big"]);
    let (nobody, staff) = (Asker::default(), Asker { groups: vec![GroupName::parse("staff").unwrap()], upstreams: None });
    let shown = entries(&upstream, Api::OpenAi, &listed, &nobody, false);
    assert_eq!(names(&shown), ["big", "top", "best", "llama3"]);
    assert_eq!(shown[1].raw.as_ref().unwrap().get(), listed[0].raw.get());
    let shown = entries(&upstream, Api::OpenAi, &listed, &staff, false);
    assert_eq!(names(&shown), ["big", "top", "best", "secret", "s", "llama3"]);
    // Where the backend cannot be asked, what is declared by name is there all the same.
    let shown = entries(&upstream, Api::OpenAi, &[], &nobody, false);
    assert_eq!(names(&shown), ["big", "top", "best"]);
    assert!(shown[0].raw.is_none());
}

#[test]
fn ollamas_models_have_their_tag_and_are_loaded_or_not() {
    let upstream = upstream(json!({"dialects": ["ollama"], "models": ["llama3", {"name": "q", "upstream_name": "qwen"}, "x*"]}));
    let tags = listed(Api::Ollama, &["llama3:latest", "qwen:latest", "x:1b"]);
    assert_eq!(names(&entries(&upstream, Api::Ollama, &tags, &Asker::default(), false)), ["llama3:latest", "q", "x:1b"]);
    let loaded = listed(Api::Ollama, &["qwen:latest", "other"]);
    assert_eq!(names(&entries(&upstream, Api::Ollama, &loaded, &Asker::default(), true)), ["q"]);
}

#[test]
fn a_name_is_listed_once_as_who_serves_it_says() {
    let (wide, narrow) = (upstream(json!({"models": ["*"]})), upstream(json!({"models": ["both"]})));
    let of = |upstream: &Upstream, names: &[&str]| {
        entries(upstream, Api::OpenAi, &listed(Api::OpenAi, names), &Asker::default(), false)
    };
    let merged = merge(vec![of(&wide, &["both", "a"]), of(&narrow, &["both", "b"]), of(&wide, &["a", "c"])]);
    assert_eq!(names(&merged), ["both", "a", "c"]);
    assert!(merged[0].is_declared() && !merged[1].is_declared());
}
