//! What memgate remembers of a person: recall, injection and learning.

pub mod analysis;
pub mod calendar;
pub mod extract;
pub mod index;
pub mod rank;
pub mod render;
