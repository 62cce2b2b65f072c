//! Addresses of the pages about people. The only place that writes them.

use std::fmt::Write as _;

use crate::dashboard::shell::encode;
use crate::ids::{TenantId, UserId};

/// `/users/{user}` and what is below it, such as `/memory`.
pub(super) fn of_user(user: &UserId, below: &str) -> String {
    format!("/users/{}{below}", encode(&user.to_string()))
}

/// `/sandboxes/{id}` and what is below it.
pub(super) fn of_sandbox(id: &str, below: &str) -> String {
    format!("/sandboxes/{}{below}", encode(id))
}

/// Where a person or a sandbox is shown.
pub(super) fn of_anyone(user: &UserId, below: &str) -> String {
    if user.tenant() == &TenantId::sandbox() { of_sandbox(user.name(), below) } else { of_user(user, below) }
}

/// A path with those parameters that are there.
pub(super) fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut out = path.to_owned();
    let mut joint = '?';
    for (name, value) in parameters.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{joint}{name}={}", encode(value));
        joint = '&';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_segment() {
        let user = UserId::parse("acme:../a/b?c=d#e%2F\"<ü>").unwrap();
        assert_eq!(of_user(&user, "/memory"), "/users/acme%3A..%2Fa%2Fb%3Fc%3Dd%23e%252F%22%3C%C3%BC%3E/memory");
    }

    #[test]
    fn a_sandbox_is_not_shown_among_users() {
        let sandbox = UserId::try_from(format!("~sandbox:{}", "ab".repeat(32))).unwrap();
        assert_eq!(of_anyone(&sandbox, ""), format!("/sandboxes/{}", "ab".repeat(32)));
    }

    #[test]
    fn parameters_that_are_not_there_are_left_out() {
        let asked = [("search", None), ("tenant", Some("a&b")), ("cursor", Some("c"))];
        assert_eq!(with_query("/users", &asked), "/users?tenant=a%26b&cursor=c");
        assert_eq!(with_query("/users", &asked[..1]), "/users");
    }
}
