//! pingora's callbacks and the state of one exchange.

mod activity;
mod addresses;
mod arrive;
mod asker;
mod balance;
mod charge;
pub mod cors;
mod erasure;
mod exchange;
mod finish;
mod follow;
mod gateway;
mod history;
mod key;
mod listing;
mod me;
mod parameters;
mod prepare;
mod receive;
mod recent;
mod replay;
mod respond;
mod services;
mod session;
pub mod settings;
mod shadow;
mod stored;
#[cfg(any(test, feature = "test-doors"))]
mod testing;
pub mod tls;
mod upstream;

pub use activity::{Activity, ClientUse, Seen};
pub use addresses::Addresses;
pub use balance::{Balance, UpstreamStanding, run_checks};
pub use charge::tidy as tidy_budgets;
pub use erasure::Keepers;
pub use exchange::unix_ms;
pub use gateway::Gateway;
pub use history::METHODS as HISTORY_METHODS;
pub use listing::{ListCache, list_fetcher};
pub use me::input::unfit as unfit_text;
pub use me::routes::{BASE as ME, ROUTES as ME_ROUTES};
pub use recent::{Decided, Listener, Recent, USUAL_CAPACITY};
pub use services::{Runtime, Services};
pub use shadow::{Group as ShadowGroup, ShadowBook};
#[cfg(any(test, feature = "test-doors"))]
pub use testing::test_services;
