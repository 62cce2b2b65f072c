//! Dense vectors: how alike two texts are in meaning, where they share no word.

mod bytes;
mod embed;
mod mix;
mod rows;
mod signal;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod vector;
mod wordpiece;

pub use embed::embed;
pub(crate) use embed::{encode, read};
pub(crate) use mix::mix;
pub use rows::Rows;
pub use signal::Dense;
pub use vector::Vector;
