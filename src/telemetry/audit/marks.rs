//! What the log says of itself.

use serde::{Deserialize, Serialize};

use super::record::rfc3339;

/// Why the log was anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorCause {
    /// The first record of all.
    Begun,
    /// The first of a log that had records before there was a chain.
    TakenOver,
    Started,
    Stopped,
    /// Some records or minutes have passed.
    Periodic,
    /// The file moved aside.
    Rotated,
    /// The oldest files are about to be dropped.
    Retention,
}

impl AnchorCause {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::TakenOver => "taken_over",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Periodic => "periodic",
            Self::Rotated => "rotated",
            Self::Retention => "retention",
        }
    }
}

/// A point of the chain that is also kept outside the log: everything up to it is on the disk.
#[derive(Debug, Clone, Serialize)]
pub struct AnchorRecord {
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    pub cause: AnchorCause,
    /// With `retention`: files that are dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// With `retention`: the number of the first record that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// With `retention`: the MAC of the last record that is dropped, to which the first kept one is chained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// With `taken_over`: the SHA-256 of each file that was there, the oldest first, hashed once more together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
}

impl AnchorRecord {
    pub(super) fn new(cause: AnchorCause, time: i64) -> Self {
        Self { time, cause, files: None, first: None, before: None, former: None }
    }
}

/// What was wrong with the log when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveredCause {
    /// A line without an end, as a power cut or a kill leaves it. It was cut off.
    Torn,
    /// Records that the anchor knows are not there.
    Missing,
    /// Lines behind the last record that are none of the chain's. They stay.
    Foreign,
    /// Files that retention had dropped, or was about to. They were removed.
    Leftover,
    /// There was a chain and no anchor: what may be missing at its end is not known.
    AnchorMissing,
    /// The anchor was damaged or forged, likewise.
    AnchorBroken,
    /// Files that retention drops were changed, or records were taken out of them or from between them.
    Unsound,
}

/// The log as it was found differed from what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecoveredRecord {
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    pub cause: RecoveredCause,
    /// Bytes that were cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Lines or files that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The first and the last record that are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

impl RecoveredRecord {
    pub(super) fn new(cause: RecoveredCause, time: i64) -> Self {
        Self { time, cause, bytes: None, count: None, from: None, to: None }
    }
}

/// Records that were lost to a full queue or disk since this was last told.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DroppedRecord {
    #[serde(serialize_with = "rfc3339")]
    pub time: i64,
    pub records: u64,
}
