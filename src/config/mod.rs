//! `proxy.yaml`: read, resolved, and every fault of it reported at once.

mod document;
mod explain;
mod path;
mod read;
