//! The pages about people: who there is, what is remembered of them and who looked, what they may use, and what operators do
//! about it.

mod budgets;
mod client_keys;
mod erase;
mod keys;
mod links;
mod memory;
mod merge;
mod notice;
mod parts;
mod sandboxes;
mod sessions;
mod settings;
mod standing;
mod tenants;
mod user;
mod users;

#[cfg(test)]
mod tests;

use super::page::{Group, PageRoute};
use crate::admin::Access;

pub(super) fn pages() -> Vec<PageRoute> {
    let people = [users_pages(), memory_pages(), sandbox_pages(), key_pages()].into_iter().flatten();
    people.chain(installation_pages()).collect()
}

fn users_pages() -> Vec<PageRoute> {
    let (ratchet, key) = ("/users/{user}/ratchet", "/users/{user}/upstream-keys/{provider}/remove");
    let (erase, merge, undo) = ("/users/{user}/erase", "/users/{user}/merge", "/users/{user}/merges/{id}/undo");
    vec![
        PageRoute::get("/users", Access::View, users::list).in_nav(Group::People, "Users"),
        PageRoute::get("/users/{user}", Access::View, user::show),
        PageRoute::get("/users/{user}/visits", Access::View, user::show_visits),
        PageRoute::get(ratchet, Access::Act, standing::ask_ratchet),
        PageRoute::post(ratchet, Access::Act, standing::lower_ratchet),
        PageRoute::get(key, Access::Act, standing::ask_key_removal),
        PageRoute::post(key, Access::Act, standing::remove_key),
        PageRoute::get(erase, Access::Act, erase::ask),
        PageRoute::post(erase, Access::Act, erase::erase),
        PageRoute::get(merge, Access::Act, merge::ask),
        PageRoute::post(merge, Access::Act, merge::merge),
        PageRoute::get(undo, Access::Act, merge::ask_undo),
        PageRoute::post(undo, Access::Act, merge::undo),
    ]
}

fn memory_pages() -> Vec<PageRoute> {
    let (edit, delete) = ("/users/{user}/memory/{fact}/edit", "/users/{user}/memory/{fact}/delete");
    vec![
        PageRoute::get("/users/{user}/memory", Access::Act, memory::open),
        PageRoute::post("/users/{user}/visit", Access::Act, memory::visit),
        PageRoute::post("/users/{user}/memory/added", Access::Act, memory::add),
        PageRoute::post("/users/{user}/memory/selected", Access::Act, memory::change_selected),
        PageRoute::post("/users/{user}/memory/{fact}/change", Access::Act, memory::change),
        PageRoute::get(edit, Access::Act, memory::ask_edit),
        PageRoute::post(edit, Access::Act, memory::edit),
        PageRoute::get(delete, Access::Act, memory::ask_deletion),
        PageRoute::post(delete, Access::Act, memory::delete),
    ]
}

fn sandbox_pages() -> Vec<PageRoute> {
    let (facts, end) = ("/sandboxes/{id}/facts", "/sandboxes/{id}/end");
    vec![
        PageRoute::get("/sandboxes", Access::View, sandboxes::list).in_nav(Group::People, "Sandboxes"),
        PageRoute::get("/sandboxes/{id}", Access::View, sandboxes::show),
        PageRoute::post("/sandboxes/{id}/visit", Access::Act, sandboxes::visit),
        PageRoute::get(facts, Access::Act, sandboxes::open),
        PageRoute::post(facts, Access::Act, sandboxes::promote),
        PageRoute::get(end, Access::Act, sandboxes::ask_end),
        PageRoute::post(end, Access::Act, sandboxes::end),
    ]
}

fn key_pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/sessions", Access::View, sessions::list).in_nav(Group::People, "Sessions"),
        PageRoute::get("/keys", Access::View, keys::list).in_nav(Group::People, "Keys"),
        PageRoute::post("/keys", Access::Act, keys::make),
        PageRoute::get("/keys/clients", Access::View, client_keys::show),
        PageRoute::post("/keys/clients", Access::Act, client_keys::make),
        PageRoute::get("/keys/{id}/rotate", Access::Act, keys::ask_rotation),
        PageRoute::post("/keys/{id}/rotate", Access::Act, keys::rotate),
        PageRoute::get("/keys/{id}/revoke", Access::Act, keys::ask_revocation),
        PageRoute::post("/keys/{id}/revoke", Access::Act, keys::revoke),
        PageRoute::get("/tenants", Access::View, tenants::list).in_nav(Group::People, "Tenants"),
        PageRoute::get("/tenants/{tenant}/erase", Access::Act, tenants::ask_erasure),
        PageRoute::post("/tenants/{tenant}/erase", Access::Act, tenants::erase),
    ]
}

fn installation_pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/budgets", Access::View, budgets::list).in_nav(Group::Installation, "Budgets"),
        PageRoute::get("/budgets/reset", Access::Act, budgets::ask_reset),
        PageRoute::post("/budgets/reset", Access::Act, budgets::reset),
        PageRoute::get("/settings", Access::View, settings::show).in_nav(Group::Installation, "Settings"),
    ]
}
