//! `memgate tui`: the operator's interface in a terminal, over the admin API.
//!
//! One way round: what happens is a `message`; `update` makes the next `model` of it and says what to call; `draw` shows the
//! model; `run` waits, and `perform`s the calls. Only `run` and `terminal` touch the world.

mod dialog;
mod draw;
mod input;
mod listing;
mod look;
mod message;
mod model;
mod perform;
mod run;
mod screens;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod update;

pub use run::{TuiError, run};
