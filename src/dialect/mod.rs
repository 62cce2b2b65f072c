//! Wire formats: which dialect a request speaks, what its body says, how its answers and errors look. No I/O.
//!
//! [`conversation`] is the one internal view (turns, parts, tool groups). A dialect is one file that parses its body into that
//! view and says where edits go; everything above works on the view.

pub mod answer;
pub mod chat;
pub mod conversation;
pub mod edit;
pub mod errors;
mod json;
mod keys;
mod route;
pub mod stream;
pub mod task;
pub mod words;

pub use json::model_of;
pub use route::{Route, RouteKind, route};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `OpenAI` chat completions and its neighbours under the same base path.
    OpenAi,
}
