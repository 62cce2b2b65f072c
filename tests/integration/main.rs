//! Suites that run the real binary between a raw client and a recording upstream, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bodies;
mod harness;
mod refusals;
mod streams;
