//! Pages of lists: how they are asked for and what comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most entries of a page, and how many come where nobody says.
pub const MOST: u32 = 200;
pub const USUAL: u32 = 50;

/// Some entries of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What `cursor` of the next page is; none after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Entries of the whole list, where counting them is cheap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, total: None }
    }
}

/// How many entries a page has, given what was asked for.
#[must_use]
pub fn page_size(limit: Option<u32>) -> usize {
    limit.unwrap_or(USUAL).clamp(1, MOST) as usize
}
