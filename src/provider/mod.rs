//! Providers of models: where each is reached, what it speaks, and how it is shown a key. A pure table; nothing is called from here.

mod key;
mod table;

pub use key::{ApiKey, AuthStyle};
pub use table::{PROVIDERS, Provider, at, find};
