//! memgate: an identity-enforcing reverse proxy with per-user memory.
//!
//! Floors, lowest first; a module imports only from floors below its own (`tests/architecture.rs` enforces it):
//! `ids setting dialect` · `telemetry inference provider` · `identity` · `policy` · `enforce` · `store` ·
//! `memory vault sessions parameters quota` · `catalog context` · `proxy demo` · `admin` · `dashboard` · `config` · `client` ·
//! `tui` · `cli` · `app`.

pub mod admin;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod client;
pub mod config;
pub mod context;
pub mod dashboard;
pub mod demo;
pub mod dialect;
pub mod enforce;
pub mod identity;
pub mod ids;
pub mod inference;
pub mod memory;
pub mod parameters;
pub mod policy;
pub mod provider;
pub mod proxy;
pub mod quota;
pub mod sessions;
pub mod setting;
pub mod store;
pub mod telemetry;
pub mod tui;
pub mod vault;
