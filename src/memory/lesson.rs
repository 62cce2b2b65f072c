//! A turn on its way to the learner.

use serde::{Deserialize, Serialize};

use crate::store::PrefixHash;

/// A person's turn that may teach something. Who the person is travels beside it, in the ticket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// The request that brought the turn, as in the audit log.
    pub request_id: String,
    /// The text of the person's own last turn.
    pub text: String,
    /// The turn's name from recall; without one the text itself stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<PrefixHash>,
    /// When it was said, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// Version of the stored form.
const VERSION: u8 = 1;

impl Lesson {
    /// The journal's payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        // Strings and numbers always serialise; an empty payload would be skipped by the learner as unreadable.
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        bytes
    }

    /// Reads a payload; nothing for one of another version or that is damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [VERSION, json @ ..] => serde_json::from_slice(json).ok(),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Lesson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lesson").field("request_id", &self.request_id).field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_read_back_and_damaged_ones_are_not() {
        let lesson = Lesson { request_id: "r1".into(), text: "I like \"tea\"\n".into(), turn: Some([3; 16]), at: 42 };
        let bytes = lesson.encode();
        assert_eq!(Lesson::decode(&bytes), Some(lesson.clone()));
        assert_eq!(Lesson::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Lesson::decode(&[9]), None);
        assert!(!format!("{lesson:?}").contains("tea"));
    }
}
