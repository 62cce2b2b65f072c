//! The pages that operators see in a browser: rendered on the server, from the words of the admin API, without a build step.
//!
//! A page is a handler that calls a method of `Control` and shows a view. Views are pure functions from types of `admin::api` to markup.

mod assets;
mod audit;
mod configuration;
mod decisions;
mod health;
mod installation;
mod overview;
mod page;
mod people;
mod plot;
mod shell;
mod sign_in;
#[cfg(test)]
mod tests;
mod theme;
mod what_if;

use axum::Router;

pub use page::PageRoute;

use crate::admin::Control;

/// Every page and every form's target, in the order of the navigation.
#[must_use]
pub fn pages() -> Vec<PageRoute> {
    [
        overview::pages(),
        decisions::pages(),
        what_if::pages(),
        people::pages(),
        installation::pages(),
        configuration::pages(),
        health::pages(),
        audit::pages(),
        sign_in::pages(),
        theme::pages(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The pages with their style and script. What is in front of it puts a `Principal` into each request whose caller is known.
pub fn router(control: Control) -> Router {
    page::collect(pages(), control).merge(assets::router())
}
