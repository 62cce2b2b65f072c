//! The OpenAPI 3.1 document: the admin API as its table has it, and the API of a person's own. Nothing in it is written twice.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::control::endpoints;
use super::endpoint::Endpoint;
use super::gate::CSRF_HEADER;
use super::principal::{Access, REASON_HEADER, Reason, Role};
use super::problem::Problem;
use crate::proxy::{HISTORY_METHODS, ME, ME_ROUTES};

/// AI Optimizer's path of a session's history, on the listener for chat clients.
const HISTORY: &str = "/v1/chat/history";
const PROBLEM: &str = "application/problem+json";
const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Auditor];

/// The document, as it is committed and as `memgate schema --openapi` prints it.
///
/// # Errors
/// Never, unless a description cannot be written as JSON.
pub fn openapi() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&document(&endpoints())).map(|text| text + "\n")
}

fn document(endpoints: &[Endpoint]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for endpoint in endpoints {
        let operation = describe(endpoint, &mut generator);
        add(&mut paths, endpoint.path, endpoint.method.as_str(), operation);
    }
    let history = HISTORY_METHODS.split(", ").map(|method| (method, HISTORY.to_owned()));
    for (method, path) in ME_ROUTES.iter().map(|(method, path)| (*method, format!("{ME}{path}"))).chain(history) {
        add(&mut paths, &path, method, describe_own(method, &path));
    }
    generator.subschema_for::<Problem>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert("DataPlaneError".to_owned(), data_plane_error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "memgate",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The admin API, and the API of a person's own.",
            "description": "Operations with `x-memgate-roles` are on the admin listener (`admin.listen`) and on the control socket; \
                            those below `/memgate/v1/me` and `/v1/chat/history` are on the listener for chat clients. Times are \
                            milliseconds since the Unix epoch, unless they say otherwise. Lists are read page by page: `cursor` is \
                            what the page before named as `next`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:9465", "description": "The admin listener, as it is without configuration."}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {"Reason": reason()},
            "responses": {"Problem": answer_of("What went wrong (RFC 9457).", PROBLEM, &reference("Problem"))},
            "securitySchemes": security_schemes(),
        },
    })
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let methods = paths.entry(path).or_insert_with(|| json!({}));
    methods[method.to_ascii_lowercase()] = operation;
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn answer_of(description: &str, content: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {content: {"schema": schema}}})
}

/// One operation of the admin API.
fn describe(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let Endpoint { method, path, access, summary, reason, query, body, status, answer, content, .. } = endpoint;
    let mut parameters = path_parameters(path);
    if *reason {
        parameters.push(json!({"$ref": "#/components/parameters/Reason"}));
    }
    if let Some(query) = query {
        parameters.extend(query_parameters(&query(&mut inline()).to_value()));
    }
    let phrase = status.canonical_reason().unwrap_or_default();
    let good = match answer {
        Some(answer) => answer_of(phrase, content, &answer(generator).to_value()),
        None => json!({"description": phrase}),
    };
    let mut operation = json!({
        "operationId": name_of(method.as_str(), path),
        "summary": summary,
        "tags": [path.trim_start_matches("/v1").trim_start_matches('/').split('/').next().unwrap_or_default()],
        "parameters": parameters,
        "responses": {status.as_str(): good, "default": {"$ref": "#/components/responses/Problem"}},
        "security": security(*access, method.is_safe()),
        "x-memgate-roles": roles(*access),
    });
    if let Some(body) = body {
        let schema = body(generator).to_value();
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

/// One operation of a person's own: bodies and answers are in docs/API.md.
fn describe_own(method: &str, path: &str) -> Value {
    json!({
        "operationId": name_of(method, path),
        "summary": own_summary(method, path.strip_prefix(ME).unwrap_or(path)).unwrap_or_default(),
        "tags": ["me"],
        "parameters": path_parameters(path),
        "servers": [{"url": "http://127.0.0.1:8080", "description": "The listener for chat clients, as it is without configuration."}],
        "responses": {
            "2XX": {"description": "What docs/API.md says."},
            "default": answer_of("What went wrong, in the shape of the chat dialect.", "application/json", &reference("DataPlaneError")),
        },
        "security": [{"userKey": []}, {"client": []}],
    })
}

/// What each route of a person's own does. None: it has not been said.
fn own_summary(method: &str, path: &str) -> Option<&'static str> {
    Some(match (method, path) {
        ("GET", "") => "Who you are here, by which evidence, and how much is known.",
        ("GET", "/memories") => "List what is remembered of you.",
        ("POST", "/memories") => "Add a memory.",
        ("GET", "/memories/{id}") => "Show one memory.",
        ("PATCH", "/memories/{id}") => "Correct, pin or retire a memory.",
        ("DELETE", "/memories/{id}") => "Delete a memory for good.",
        ("GET", "/memories/export") => "Everything that is remembered of you, one a line.",
        ("POST", "/memories/import") => "Take memories over from elsewhere.",
        ("POST", "/erase") => "Erase everything that is kept of you.",
        ("POST", "/explain") => "What memgate would do with a chat, without asking a model.",
        ("GET", "/budget") => "What you may use and have used.",
        ("GET", "/keys") => "List your own keys of upstreams, by hints.",
        ("GET", "/keys/{provider}") => "Show one of your keys, by its hint.",
        ("PUT", "/keys/{provider}") => "Keep a key of your own for a provider.",
        ("DELETE", "/keys/{provider}") => "Delete one of your keys.",
        ("POST", "/keys/{provider}/test") => "Try one of your keys with its provider.",
        ("GET", "/settings") => "Your settings, and where each comes from.",
        ("PATCH", "/settings") => "Change your settings.",
        ("DELETE", "/settings") => "Drop your settings.",
        ("GET", "/sessions") => "List your sessions.",
        ("POST", "/sessions") => "Make a session.",
        ("GET", "/sessions/export") => "Your sessions with their histories, one a line.",
        ("GET", "/sessions/{id}") => "Show a session with its history.",
        ("PATCH", "/sessions/{id}") => "Name a session.",
        ("DELETE", "/sessions/{id}") => "Delete a session.",
        ("DELETE", "/sessions/{id}/history") => "Clear a session's history.",
        ("GET", "/visits") => "Operators who looked at or changed what is remembered of you, and why.",
        ("GET", HISTORY) => "The history of the session that the header `client` names.",
        ("PATCH", HISTORY) => "Clear that history.",
        _ => return None,
    })
}

fn roles(access: Access) -> Vec<&'static str> {
    match access {
        Access::Public => Vec::new(),
        access => ROLES.into_iter().filter(|role| role.may(access)).map(Role::as_str).collect(),
    }
}

fn security(access: Access, safe: bool) -> Value {
    match (access, safe) {
        (Access::Public, _) => json!([]),
        (_, true) => json!([{"token": []}, {"session": []}]),
        (_, false) => json!([{"token": []}, {"session": [], "csrf": []}]),
    }
}

fn security_schemes() -> Value {
    json!({
        "token": {"type": "http", "scheme": "bearer", "description": "The token of a credential in `admin.credentials`."},
        "session": {
            "type": "apiKey", "in": "cookie", "name": "memgate_admin",
            "description": "A browser's session, from `POST /sign-in`; `__Host-memgate_admin` with TLS in front.",
        },
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": "The token of that session."},
        "userKey": {"type": "http", "scheme": "bearer", "description": "A key that stands for a person: `memgate keys add`."},
        "client": {
            "type": "http", "scheme": "bearer",
            "description": "A chat client's key, with what the client is configured to say of its user.",
        },
    })
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect()
}

fn query_parameters(query: &Value) -> Vec<Value> {
    let required: Vec<&str> = query["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = query["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| json!({"name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema});
    properties.map(parameter).collect()
}

/// For what becomes parameters: they refer to nothing.
fn inline() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator()
}

fn reason() -> Value {
    json!({
        "name": REASON_HEADER, "in": "header", "required": true,
        "description": "Why, in the operator's own words: it is put on record, and the person can read it. UTF-8, percent-encoded \
                        where it is not plain ASCII.",
        "schema": {"type": "string", "minLength": 1, "maxLength": Reason::LONGEST},
    })
}

fn data_plane_error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string", "description": "What to do."},
                "type": {"type": "string"},
                "code": {"type": "string", "description": "A stable word for programs."},
                "param": {"type": ["string", "null"]},
            },
        }},
    })
}

/// Such as `get_users_user_facts`.
fn name_of(method: &str, path: &str) -> String {
    let parts = path.split(['/', '-']).filter(|part| !part.is_empty() && *part != "v1" && *part != "memgate");
    let words = parts.map(|part| part.trim_matches(['{', '}']));
    std::iter::once(method.to_ascii_lowercase().as_str()).chain(words).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_committed_document_is_the_one_of_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let document = openapi().unwrap();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == document, "run the tests with UPDATE_SCHEMA=1 and commit openapi.json");
    }

    #[test]
    fn the_document_is_openapi_that_others_read() {
        let text = openapi().unwrap();
        let spec: oas3::Spec = oas3::from_json(&text).unwrap();
        assert!(spec.validate_version().is_ok());
        let operations: Vec<_> = spec.operations().collect();
        let own = ME_ROUTES.len() + HISTORY_METHODS.split(", ").count();
        assert_eq!(operations.len(), endpoints().len() + own);
        let names: HashSet<_> = operations.iter().map(|(_, _, operation)| operation.operation_id.clone()).collect();
        assert_eq!(names.len(), operations.len(), "an operation's name is its own");
        let silent = operations.iter().filter(|(_, _, operation)| operation.summary.as_deref().is_none_or(str::is_empty));
        assert_eq!(silent.map(|(path, ..)| path).collect::<Vec<_>>(), [""; 0], "each says what it does");
    }

    #[test]
    fn references_lead_somewhere() {
        fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|value| walk(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let document = document(&endpoints());
        let mut found = Vec::new();
        walk(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}
