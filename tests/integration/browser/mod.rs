//! The dashboard in a real browser: every page and act, signed in and out, light and dark, by keyboard, judged for accessibility.
//! Screenshots are kept in `target/tmp/browser`.

mod acts;
mod driver;
mod pages;
mod stage;
