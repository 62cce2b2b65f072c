//! What of a conversation is sent: counting, trimming, assembly. Pure but for two caches (counts and calibrations).
//!
//! [`tokens`] estimates, [`trim`] decides what goes, [`assembly`] turns that and the memory blocks into edits.

pub mod assembly;
mod calibration;
mod class_model;
mod memo;
mod settings;
pub mod tokens;
pub mod trim;

pub use assembly::assemble;
pub use settings::{ContextFile, ContextSettings};
pub use tokens::{Load, TokenCounter, estimate_tokens};
pub use trim::{Overflow, Trim, plan};
