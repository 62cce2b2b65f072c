//! Every route of the API, one line each. What is not listed is not served: the suites that show whose data a route reaches go through this
//! list, and none can be left out of them.

use super::{Call, budget, keys, sessions, settings, visits};

/// Where the API begins.
pub const BASE: &str = "/memgate/v1/me";

/// Method, and path below [`BASE`].
pub type Route = (&'static str, &'static str);

/// All there are.
pub const ROUTES: &[Route] = &[
    ("GET", ""),
    ("GET", "/memories"),
    ("POST", "/memories"),
    ("GET", "/memories/{id}"),
    ("PATCH", "/memories/{id}"),
    ("DELETE", "/memories/{id}"),
    ("GET", "/memories/export"),
    ("POST", "/memories/import"),
    ("POST", "/erase"),
    ("POST", "/explain"),
    ("GET", "/budget"),
    ("GET", "/visits"),
    ("GET", "/keys"),
    ("GET", "/keys/{provider}"),
    ("PUT", "/keys/{provider}"),
    ("DELETE", "/keys/{provider}"),
    ("POST", "/keys/{provider}/test"),
    ("GET", "/settings"),
    ("PATCH", "/settings"),
    ("DELETE", "/settings"),
    ("GET", "/sessions"),
    ("POST", "/sessions"),
    ("GET", "/sessions/export"),
    ("GET", "/sessions/{id}"),
    ("PATCH", "/sessions/{id}"),
    ("DELETE", "/sessions/{id}"),
    ("DELETE", "/sessions/{id}/history"),
];

impl Call {
    /// The route by which it is reached.
    #[must_use]
    pub fn route(&self) -> Route {
        match self {
            Self::About => ("GET", ""),
            Self::List => ("GET", "/memories"),
            Self::Add => ("POST", "/memories"),
            Self::Show(_) => ("GET", "/memories/{id}"),
            Self::Amend(_) => ("PATCH", "/memories/{id}"),
            Self::Delete(_) => ("DELETE", "/memories/{id}"),
            Self::Export => ("GET", "/memories/export"),
            Self::Import => ("POST", "/memories/import"),
            Self::Erase => ("POST", "/erase"),
            Self::Explain => ("POST", "/explain"),
            Self::Budget(budget::Call::Show) => ("GET", "/budget"),
            Self::Visits(visits::Call::List) => ("GET", "/visits"),
            Self::Keys(keys::Call::List) => ("GET", "/keys"),
            Self::Keys(keys::Call::Show(_)) => ("GET", "/keys/{provider}"),
            Self::Keys(keys::Call::Put(_)) => ("PUT", "/keys/{provider}"),
            Self::Keys(keys::Call::Delete(_)) => ("DELETE", "/keys/{provider}"),
            Self::Keys(keys::Call::Test(_)) => ("POST", "/keys/{provider}/test"),
            Self::Settings(settings::Call::Show) => ("GET", "/settings"),
            Self::Settings(settings::Call::Amend) => ("PATCH", "/settings"),
            Self::Settings(settings::Call::Clear) => ("DELETE", "/settings"),
            Self::Sessions(sessions::Call::List) => ("GET", "/sessions"),
            Self::Sessions(sessions::Call::Create) => ("POST", "/sessions"),
            Self::Sessions(sessions::Call::Export) => ("GET", "/sessions/export"),
            Self::Sessions(sessions::Call::Show(_)) => ("GET", "/sessions/{id}"),
            Self::Sessions(sessions::Call::Rename(_)) => ("PATCH", "/sessions/{id}"),
            Self::Sessions(sessions::Call::Delete(_)) => ("DELETE", "/sessions/{id}"),
            Self::Sessions(sessions::Call::Clear(_)) => ("DELETE", "/sessions/{id}/history"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::route;
    use super::*;

    #[test]
    fn every_route_leads_to_a_call_that_knows_it() {
        let id = crate::ids::FactId::fresh().to_string();
        for listed @ (method, path) in ROUTES {
            let path = format!("{BASE}{path}").replace("{id}", &id).replace("{provider}", "openai");
            let call = route(method, &path).unwrap_or_else(|miss| panic!("{method} {path}: {miss:?}"));
            assert_eq!(call.route(), *listed);
        }
    }
}
