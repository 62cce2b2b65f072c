//! pingora's callbacks and the state of one exchange.
mod replay;
pub mod settings;
