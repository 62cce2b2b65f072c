//! No bytes become a scope by themselves.

use memgate::enforce::UserScope;

fn main() {
    let _: Result<UserScope, _> = serde_json::from_str("{}");
}
