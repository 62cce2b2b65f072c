//! Settings of requests, in layers: memgate's own, the operator's template, tenant, client, the person, the session, the request. Each
//! later one counts where the operator allows it.
//!
//! [`effective()`] decides, purely; the proxy and the dry run ask it alike. [`Book`] keeps what people set, each in their own file. A
//! person's layer holds what that person has set and nothing else: it is no copy of the template, so a change of the template reaches
//! everybody who has not chosen otherwise, and nobody can change it for others.

mod book;
mod effective;
mod field;
mod file;
mod patch;
mod steer;
#[cfg(test)]
mod tests;
mod values;

pub use book::{Book, BookError, Miss, Own};
pub use effective::{Along, Chosen, Effective, Given, Lost, Request, effective};
pub use field::{Field, Layer, Protected, Why};
pub use file::{Bounds, BoundsFile, LockFile, Rules, SettingsFile};
pub use patch::{Patch, PatchError};
pub use values::{Parameters, Trimming, Value};
