//! Groups of people as evidence names them: a list in a token, or in a header of a client that authenticated itself.
//!
//! Groups only ever add to what a person may use. So what cannot be read as a group is left out and counted, and the evidence stays
//! valid.

use http::HeaderName;
use serde_json::Value;

use super::header::{self, View};
use crate::ids::GroupName;

/// Groups of one request at most.
pub(super) const MAX_GROUPS: usize = 128;

/// Groups, each once, in the order in which they were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Groups {
    pub names: Vec<GroupName>,
    /// Entries that are no group's name, or were too many.
    pub dropped: u32,
}

impl Groups {
    fn take<'a>(entries: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut groups = Self::default();
        for entry in entries {
            groups.add(entry.and_then(|text| GroupName::parse(text).ok()));
        }
        groups
    }

    fn add(&mut self, name: Option<GroupName>) {
        match name {
            Some(name) if self.names.contains(&name) => {}
            Some(name) if self.names.len() < MAX_GROUPS => self.names.push(name),
            _ => self.dropped = self.dropped.saturating_add(1),
        }
    }

    /// Adds those of another statement about the same user.
    pub(super) fn join(&mut self, other: Self) {
        self.dropped = self.dropped.saturating_add(other.dropped);
        for name in other.names {
            self.add(Some(name));
        }
    }

    /// Those of a token's claim: a list of texts, or one text with commas or white space between.
    pub(super) fn of_claim(claim: &Value) -> Self {
        match claim {
            Value::Array(entries) => Self::take(entries.iter().map(Value::as_str)),
            Value::String(text) => Self::of_text(text, |c| c == ',' || c.is_whitespace()),
            _ => Self { dropped: 1, ..Self::default() },
        }
    }

    fn of_text(text: &str, divides: impl Fn(char) -> bool) -> Self {
        Self::take(text.split(divides).map(str::trim).filter(|entry| !entry.is_empty()).map(Some))
    }
}

/// A header that lists the user's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupHeader {
    pub name: HeaderName,
    /// What stands between two groups where the value is no JSON array.
    pub divider: char,
}

impl GroupHeader {
    /// A header with commas between the groups.
    #[must_use]
    pub fn new(name: HeaderName) -> Self {
        Self { name, divider: ',' }
    }

    /// The groups that it names; none where it is not there, repeated or hidden.
    pub(super) fn read(&self, view: &View<'_>) -> Groups {
        let Some(value) = view.get(self.name.as_str()) else { return Groups::default() };
        let text = header::text(value);
        let text = text.trim();
        if text.starts_with('[') {
            return serde_json::from_str::<Value>(text)
                .map_or(Groups { dropped: 1, ..Groups::default() }, |list| Groups::of_claim(&list));
        }
        Groups::of_text(text, |c| c == self.divider)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    fn shown(groups: &Groups) -> (Vec<&str>, u32) {
        (groups.names.iter().map(GroupName::as_str).collect(), groups.dropped)
    }

    #[test]
    fn claims_are_lists_or_texts() {
        for (claim, names, dropped) in [
            (json!(["staff", "chat users", "staff"]), vec!["staff", "chat users"], 0),
            (json!(["/staff", 7, "", " x", null, "{{GROUP}}", "a\u{200b}", "ops"]), vec!["/staff", "ops"], 6),
            (json!("staff,ops  lab"), vec!["staff", "ops", "lab"], 0),
            (json!(""), vec![], 0),
            (json!([]), vec![], 0),
            (json!({"staff": true}), vec![], 1),
            (json!(7), vec![], 1),
            (json!(["x".repeat(257)]), vec![], 1),
        ] {
            assert_eq!(shown(&Groups::of_claim(&claim)), (names, dropped), "{claim}");
        }
    }

    #[test]
    fn headers_are_json_or_divided() {
        let read = |value: &[u8], divider| {
            let map: HeaderMap =
                [(HeaderName::from_static("x-groups"), HeaderValue::from_bytes(value).unwrap())].into_iter().collect();
            GroupHeader { name: HeaderName::from_static("x-groups"), divider }.read(&View::new(&map))
        };
        for (value, divider, names, dropped) in [
            (&b"staff, chat users ,,ops"[..], ',', vec!["staff", "chat users", "ops"], 0),
            (br#" ["staff", "a,b"] "#, ',', vec!["staff", "a,b"], 0),
            (br#"["staff""#, ',', vec![], 1),
            (b"[staff]", ',', vec![], 1),
            (b"staff|a,b", '|', vec!["staff", "a,b"], 0),
            (b"{{USER_GROUPS}}", ',', vec![], 1),
            (b"M\xfcller", ',', vec!["Müller"], 0),
            (b"", ',', vec![], 0),
        ] {
            assert_eq!(shown(&read(value, divider)), (names, dropped), "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(
            shown(&GroupHeader::new(HeaderName::from_static("x-groups")).read(&View::new(&HeaderMap::new()))),
            (vec![], 0)
        );
    }

    #[test]
    fn there_are_not_more_than_the_bound() {
        let many: Vec<String> = (0..300).map(|n| format!("g{n}")).collect();
        let mut groups = Groups::of_claim(&json!(many));
        assert_eq!((groups.names.len(), groups.dropped), (MAX_GROUPS, 300 - 128));
        groups.join(Groups::of_claim(&json!(["g0", "more"])));
        assert_eq!((groups.names.len(), groups.dropped), (MAX_GROUPS, 300 - 127));
    }
}
