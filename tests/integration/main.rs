//! Suites that run the real binary between a raw client and a recording upstream, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod access;
mod anthropic;
mod bodies;
mod captures;
mod catalog;
mod catalog_lists;
mod certificates;
mod combined;
mod completions;
mod cors;
mod dialects;
mod duplicates;
mod durability;
mod edges;
mod harness;
mod headers;
mod isolation;
mod jwt;
mod listing;
mod me;
mod me_erase;
mod me_explain;
mod me_identity;
mod me_import;
mod me_isolation;
mod models;
mod ollama;
mod prefixes;
mod presets;
mod records;
mod refusals;
mod reload;
mod responses;
mod scale;
mod stored;
mod stored_paths;
mod streams;
mod tls;
