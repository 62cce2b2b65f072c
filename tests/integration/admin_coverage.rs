//! Every operation of the OpenAPI document: without a credential, with each role that is none of its own, and with each that is.

use std::collections::BTreeSet;

use memgate::proxy::{HISTORY_METHODS, ME, ME_ROUTES};
use serde_json::Value;

use crate::harness::admin::{CREDENTIALS, ask_head, guarded, token_of};
use crate::harness::request::Request;

/// What needs no credential, and why. Nothing else may be without roles.
const PUBLIC: [(&str, &str); 3] = [
    ("/v1/health", "whoever watches the installation; it names no user"),
    ("/healthz", "probes have no credential"),
    ("/readyz", "probes have no credential"),
];

/// An operation of the admin API.
#[derive(Debug)]
struct Operation {
    method: String,
    path: String,
    roles: Vec<String>,
}

impl Operation {
    /// The request, for ids that nobody has. It says why, and brings a body that names nothing.
    fn request(&self) -> Request {
        let target = [
            ("{user}", "nowhere:nobody"),
            ("{tenant}", "nowhere"),
            ("{provider}", "nobody"),
            ("{fact}", NEVER),
            ("{id}", NEVER),
            ("{request}", NEVER),
        ];
        let target = target.iter().fold(self.path.clone(), |path, (name, value)| path.replace(name, value));
        assert!(!target.contains('{'), "{target}: say here what stands for it");
        let request = Request::new(&self.method, &target).header("x-memgate-reason", "to see what is told");
        if self.method == "GET" { request } else { Request { body: b"{}".to_vec(), ..request } }
    }

    fn is_read_by_id(&self) -> bool {
        self.method == "GET" && self.path.contains('{')
    }
}

const NEVER: &str = "018f0000000070008000000000000000";

/// The operations of the document: of the admin API, and of a person's own by method and path.
fn operations() -> (Vec<Operation>, BTreeSet<(String, String)>) {
    let document: Value = serde_json::from_str(&memgate::admin::openapi().unwrap()).unwrap();
    let (mut admin, mut own) = (Vec::new(), BTreeSet::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            match operation["x-memgate-roles"].as_array() {
                None => drop(own.insert((method, path.clone()))),
                Some(roles) => {
                    let roles = roles.iter().map(|role| role.as_str().unwrap().to_owned()).collect();
                    admin.push(Operation { method, path: path.clone(), roles });
                }
            }
        }
    }
    (admin, own)
}

#[test]
fn the_data_plane_of_the_document_is_what_is_walked_for_wrong_users() {
    // `isolation_routes` goes through this very table, with another's ids, invented ones, and as nobody.
    let walked = ME_ROUTES.iter().map(|(method, path)| ((*method).to_owned(), format!("{ME}{path}")));
    let history = HISTORY_METHODS.split(", ").map(|method| (method.to_owned(), "/v1/chat/history".to_owned()));
    assert_eq!(operations().1, walked.chain(history).collect());
}

#[tokio::test]
async fn every_operation_asks_who_it_is_and_what_they_may() {
    let world = guarded(|_| {}).await;
    let (operations, _) = operations();
    assert!(operations.len() > 10);
    let public: BTreeSet<&str> = operations.iter().filter(|one| one.roles.is_empty()).map(|one| one.path.as_str()).collect();
    assert_eq!(public, PUBLIC.iter().map(|(path, _)| *path).collect(), "say in PUBLIC why an operation needs no credential");
    for operation in &operations {
        let request = operation.request();
        let unsigned = ask_head(&world, &request).await.status;
        let expected = if operation.roles.is_empty() { 200 } else { 401 };
        assert_eq!(unsigned, expected, "without a credential: {operation:?}");
        let others = CREDENTIALS.iter().filter(|(_, role, ..)| !operation.roles.iter().any(|of| of == role));
        for (_, role, _, token) in others.filter(|_| !operation.roles.is_empty()) {
            assert_eq!(ask_head(&world, &request.clone().bearer(token)).await.status, 403, "{role}: {operation:?}");
        }
        for role in &operation.roles {
            let answer = ask_head(&world, &request.clone().bearer(token_of(role))).await;
            assert!(![0, 401, 403, 405].contains(&answer.status), "{role}: {operation:?}: {}", answer.status);
            if operation.is_read_by_id() {
                assert_eq!(answer.status, 404, "{role}, what never was: {operation:?}");
            }
        }
    }
}
