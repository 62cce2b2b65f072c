//! The proof of an audit record comes from writing one.

use memgate::enforce::operator::AuditedAct;
use memgate::ids::UserId;

fn forge(user: UserId) -> AuditedAct {
    AuditedAct { user }
}

fn main() {
    let _ = forge;
}
