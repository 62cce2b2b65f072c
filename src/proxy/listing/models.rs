//! Lists of models as backends write them, and one list of them all.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::catalog::Upstream;
use crate::dialect::Api;

/// Most models of one list.
const MOST: usize = 10_000;

/// A model in Ollama's form: what its backend says of it, or what can be said of one that only has a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Model {
    #[serde(skip)]
    api: Api,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Model {
    fn name(&self) -> &str {
        ["model", "name"].iter().find_map(|key| self.members.get(*key)?.as_str()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct OllamaList<'a> {
    #[serde(borrow)]
    models: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct OpenAiList<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct OpenAiModel {
    id: String,
    #[serde(default)]
    created: Value,
}

/// Reads a list of one family. `None` where it is none; single entries that cannot be read are left out.
pub(super) fn read(api: Api, document: &[u8]) -> Option<Vec<Model>> {
    let models: Vec<Model> = match api {
        Api::Ollama => {
            let list: OllamaList<'_> = serde_json::from_slice(document).ok()?;
            let members = list.models.unwrap_or_default().into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
            members.map(|members| Model { api, members }).filter(|model| !model.name().is_empty()).take(MOST).collect()
        }
        Api::OpenAi | Api::Anthropic => {
            let list: OpenAiList<'_> = serde_json::from_slice(document).ok()?;
            let models = list.data.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
            models.take(MOST).map(|model: OpenAiModel| named(api, &model)).collect()
        }
    };
    Some(models)
}

/// A model of which only the name is known. Clients cut the digest short and read the time, so both are there.
fn named(api: Api, model: &OpenAiModel) -> Model {
    let created = model.created.as_i64().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).unwrap_or_default();
    let mut members = Map::new();
    for (key, value) in [
        ("name", json!(model.id)),
        ("model", json!(model.id)),
        ("modified_at", json!(created.to_string())),
        ("size", json!(0)),
        ("digest", json!(hex::encode(Sha256::digest(&model.id)))),
        (
            "details",
            json!({"parent_model": "", "format": "", "family": "", "families": [], "parameter_size": "", "quantization_level": ""}),
        ),
    ] {
        members.insert(key.to_owned(), value);
    }
    Model { api, members }
}

/// What the upstreams serve here, each name once: it is the first upstream that would get its requests.
pub(super) fn merge(lists: Vec<(&Upstream, Vec<Model>)>) -> Vec<Model> {
    let mut names = HashSet::new();
    let served =
        lists.into_iter().flat_map(|(upstream, models)| models.into_iter().filter(|m| upstream.serves_as(m.api, m.name())));
    served.filter(|model| names.insert(model.name().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{UpstreamFile, resolve_upstreams};
    use crate::setting::Faults;

    fn upstreams(value: Value) -> Vec<Upstream> {
        let files: Vec<UpstreamFile> = serde_json::from_value(value).unwrap();
        resolve_upstreams(&files, "upstreams", &mut Faults::default())
    }

    fn names(models: &[Model]) -> Vec<&str> {
        models.iter().map(Model::name).collect()
    }

    #[test]
    fn lists_of_each_family_are_read() {
        let ollama = br#"{"models":[{"name":"a:latest","model":"a:latest","size":7,"x":[1]},{"size":1},3,{"name":"b:8b"}]}"#;
        let models = read(Api::Ollama, ollama).unwrap();
        assert_eq!(names(&models), ["a:latest", "b:8b"]);
        let told = json!({"name": "a:latest", "model": "a:latest", "size": 7, "x": [1]});
        assert_eq!(serde_json::to_value(&models[0]).unwrap(), told, "as its backend said it");
        assert_eq!(read(Api::Ollama, br#"{"models":null}"#).unwrap(), []);

        let open_ai =
            br#"{"object":"list","data":[{"id":"gpt-5","created":1750000000,"object":"model"},{"no":"id"},{"id":"m"}]}"#;
        let models = read(Api::OpenAi, open_ai).unwrap();
        assert_eq!(names(&models), ["gpt-5", "m"]);
        let told = serde_json::to_value(&models).unwrap();
        assert_eq!((&told[0]["name"], &told[0]["modified_at"]), (&json!("gpt-5"), &json!("2025-06-15T15:06:40Z")));
        assert_eq!(told[1]["modified_at"], "1970-01-01T00:00:00Z");
        assert!(told[1]["digest"].as_str().unwrap().len() == 64 && told[1]["details"]["families"] == json!([]));
        for bad in [&b""[..], b"[", b"{}", br#"{"data":7}"#] {
            assert_eq!(read(Api::OpenAi, bad), None);
        }
    }

    #[test]
    fn a_name_is_listed_once_and_only_where_it_is_served() {
        let upstreams = upstreams(json!([
            {"name": "one", "url": "http://one/v1", "dialects": ["ollama"], "models": ["llama3", "both*"]},
            {"name": "two", "url": "http://two/v1"},
        ]));
        let lists = vec![
            (
                &upstreams[0],
                read(Api::Ollama, br#"{"models":[{"name":"llama3:latest"},{"name":"both"},{"name":"hidden"}]}"#).unwrap(),
            ),
            (&upstreams[1], read(Api::OpenAi, br#"{"data":[{"id":"both"},{"id":"gpt-5"}]}"#).unwrap()),
        ];
        let merged = merge(lists);
        assert_eq!(names(&merged), ["llama3:latest", "both", "gpt-5"]);
        assert_eq!(merged[1].api, Api::Ollama, "the first upstream gets it");
    }
}
