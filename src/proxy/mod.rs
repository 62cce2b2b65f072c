//! pingora's callbacks and the state of one exchange.

mod arrive;
mod exchange;
mod finish;
mod follow;
mod gateway;
mod prepare;
mod receive;
mod replay;
mod respond;
pub mod settings;
mod upstream;

pub use exchange::unix_ms;
pub use gateway::{Gateway, Runtime, Services};
pub use upstream::Addresses;
