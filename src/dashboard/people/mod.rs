//! Pages about people.

use super::page::PageRoute;

pub(super) fn pages() -> Vec<PageRoute> {
    Vec::new()
}
