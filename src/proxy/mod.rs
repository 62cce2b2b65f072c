//! pingora's callbacks and the state of one exchange.

mod addresses;
mod arrive;
pub mod cors;
mod exchange;
mod finish;
mod follow;
mod gateway;
mod history;
mod listing;
mod me;
mod prepare;
mod receive;
mod replay;
mod respond;
mod services;
mod session;
pub mod settings;
mod stored;
pub mod tls;
mod upstream;

pub use addresses::Addresses;
pub use exchange::unix_ms;
pub use gateway::Gateway;
pub use listing::list_fetcher;
pub use services::{Runtime, Services};
