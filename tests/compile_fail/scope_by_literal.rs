//! A scope has private fields.

use memgate::enforce::UserScope;
use memgate::identity::Assurance;
use memgate::ids::{ClientName, UserId};

fn forge(user: UserId) -> UserScope {
    UserScope { user, assurance: Assurance::Verified, client: ClientName::unknown(), sandboxed: false, groups: Vec::new() }
}

fn main() {
    let _ = forge;
}
