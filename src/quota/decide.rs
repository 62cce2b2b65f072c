//! The decisions, pure.

use serde::Serialize;

/// How much is left of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    Open,
    /// Beyond the part of the limit from which on a warning goes out.
    Soft,
    /// Nothing is left, or held by requests that run.
    Hard,
}

impl Zone {
    /// The word for headers and audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }

    /// The zone of an account. `soft` in thousandths of the limit.
    pub(super) fn of(taken: u64, limit: u64, soft: Option<u64>) -> Self {
        let warned = soft.is_some_and(|soft| u128::from(taken) * 1000 >= u128::from(limit) * u128::from(soft));
        if taken >= limit {
            Self::Hard
        } else if warned {
            Self::Soft
        } else {
            Self::Open
        }
    }
}

/// What a request may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Tokens of the request, as counted.
    pub input: u64,
    /// Most tokens of each of its answers, where the request says so.
    pub output: Option<u64>,
    /// Fewer tokens than this are no answer.
    pub least_output: u64,
    /// How many answers are asked for. Without any only the input counts.
    pub answers: u64,
}

/// What is to be reserved of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Without this much the request is not worth sending: its input, and the least of an answer.
    pub least: u64,
    /// All that it may come to.
    pub most: u64,
}

/// How much is reserved; none: the request is refused.
///
/// All that the request may come to, if that fits. Else all that is left, if the input fits: one answer may still be given, and until
/// it has ended nobody else gets anything. So what is used and reserved is never more than the limit, and a budget is used up before
/// anybody is turned away. What is free passes.
pub(super) fn reserve(limit: u64, used: u64, reserved: u64, need: Need) -> Option<u64> {
    let left = limit.saturating_sub(used).saturating_sub(reserved);
    if need.most <= left {
        Some(need.most)
    } else if need.least <= left {
        Some(left)
    } else {
        None
    }
}

/// Whether the end of requests that run may make room, so that waiting for it is worth while.
pub(super) fn is_held(limit: u64, used: u64, need: Need) -> bool {
    need.least <= limit.saturating_sub(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations() {
        let need = |least, most| Need { least, most };
        for (limit, used, reserved, need, taken, held) in [
            // All of it fits.
            (100, 0, 0, need(10, 60), Some(60), true),
            (100, 40, 0, need(10, 60), Some(60), true),
            // What is left.
            (100, 41, 0, need(10, 60), Some(59), true),
            (100, 90, 0, need(10, 60), Some(10), true),
            // The input does not fit.
            (100, 91, 0, need(10, 60), None, false),
            // Others hold it.
            (100, 0, 91, need(10, 60), None, true),
            (100, 41, 50, need(10, 60), None, true),
            (100, 0, 100, need(1, 1), None, true),
            // Used up, and over.
            (100, 100, 0, need(1, 1), None, false),
            (100, 150, 20, need(1, 1), None, false),
            // A lowered limit.
            (0, 0, 0, need(1, 1), None, false),
            // What costs nothing passes.
            (100, 150, 0, need(0, 0), Some(0), true),
            (u64::MAX, 0, 0, need(u64::MAX, u64::MAX), Some(u64::MAX), true),
        ] {
            let what = format!("{limit} {used} {reserved} {need:?}");
            assert_eq!(reserve(limit, used, reserved, need), taken, "{what}");
            assert_eq!(is_held(limit, used, need), held, "{what}");
        }
    }

    #[test]
    fn zones() {
        for (taken, limit, soft, zone) in [
            (0, 100, Some(800), Zone::Open),
            (79, 100, Some(800), Zone::Open),
            (80, 100, Some(800), Zone::Soft),
            (99, 100, None, Zone::Open),
            (100, 100, None, Zone::Hard),
            (120, 100, Some(800), Zone::Hard),
            (0, 0, Some(800), Zone::Hard),
            (u64::MAX - 1, u64::MAX, Some(999), Zone::Soft),
        ] {
            assert_eq!(Zone::of(taken, limit, soft), zone, "{taken} of {limit}");
        }
    }
}
