//! The proof of an audit record is spent on one scope.

use memgate::enforce::operator::{AuditedAct, scope_for};

fn twice(proof: AuditedAct) {
    let _ = scope_for(proof);
    let _ = scope_for(proof);
}

fn main() {
    let _ = twice;
}
