//! There is no default scope.

use memgate::enforce::UserScope;

fn main() {
    let _ = UserScope::default();
}
