//! A scope is not duplicated: it travels as a ticket.

use memgate::enforce::UserScope;

fn duplicate(scope: &UserScope) -> UserScope {
    scope.clone()
}

fn main() {
    let _ = duplicate;
}
