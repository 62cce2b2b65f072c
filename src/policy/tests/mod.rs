//! The decision table and the settings, as the documentation states them.

mod replay;
mod settings;
mod table;
mod tenants;

use crate::identity::{Assurance, Evidence, Finding, Invalid, Resolution};
use crate::ids::{ClientName, UserId};

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn resolution(finding: Finding) -> Resolution {
    Resolution {
        client: ClientName::unknown(),
        client_authenticated: false,
        finding,
        user_named: true,
        session: None,
        session_guessable: false,
        task: None,
        stray_credential: None,
        ignored_headers: 0,
        dropped_groups: 0,
        tenant: None,
    }
}

fn evidence(assurance: Assurance) -> Finding {
    Finding::Valid(Evidence { user: user("alice"), assurance, source: "header", groups: Vec::new() })
}

fn none() -> Finding {
    Finding::None { looked_for: vec!["the header x-staff-id".to_owned(), "a smoke signal".to_owned()] }
}

fn invalid(code: &'static str) -> Finding {
    Finding::Invalid(Invalid { code, message: "how to mend it".to_owned(), claimed: Some("default:alice".to_owned()) })
}
