//! What reads user data takes a scope: the user's id will not do.

use memgate::enforce::UserScope;
use memgate::ids::UserId;

fn load(_: &UserScope) {}

fn snoop(user: &UserId) {
    load(user);
}

fn main() {
    let _ = snoop;
}
