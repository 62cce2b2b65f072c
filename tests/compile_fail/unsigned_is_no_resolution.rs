//! A signed request whose body was not checked is no resolution, so nothing can be decided on it.

use memgate::identity::{Pending, Resolution};

fn skip(pending: Pending) -> Resolution {
    pending.into()
}

fn main() {
    let _ = skip;
}
