//! The end of a memory, and the receipt for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::erasure::Keepers;
use super::super::exchange::{Exchange, unix_ms};
use super::super::services::Services;
use super::input::body;
use super::shape::when;
use super::{Answer, invalid, off_thread};
use crate::enforce::{Refusal, UserScope};
use crate::store::Erasure;

/// The word without which nothing is erased, so that no stray request can.
const CONFIRMATION: &str = "erase";
const EXAMPLE: &str = r#"{"confirm": "erase"}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    confirm: String,
}

#[derive(Debug, Serialize)]
struct ReceiptBody {
    /// Also the request's id, under which the audit log has the erasure.
    receipt: String,
    erased_at: String,
    erased: ErasedBody,
    kept: KeptBody,
    /// What copies of the file are worth.
    backups: &'static str,
}

#[derive(Debug, Serialize)]
struct ErasedBody {
    /// Records by sort.
    records: BTreeMap<String, u64>,
    /// Turns that waited to be learned from, and cannot be read any more.
    waiting_turns: u64,
    /// Bytes on the disk.
    bytes: u64,
    data_key: bool,
}

#[derive(Debug, Serialize)]
struct KeptBody {
    standing: &'static str,
    personal_keys: &'static str,
    audit_log: &'static str,
}

pub async fn erase(services: &Services, exchange: &Exchange, scope: UserScope, bytes: &[u8]) -> Result<Answer, Refusal> {
    let EraseBody { confirm } = body(bytes, EXAMPLE)?;
    if confirm != CONFIRMATION {
        let message = format!("Erasing cannot be undone, so it must be confirmed: send {EXAMPLE}.");
        return Err(invalid("confirmation_missing", message));
    }
    let erasure = Erasure { receipt: exchange.record.request, at: unix_ms() };
    let keepers = Keepers::of(services);
    let user = scope.user().clone();
    let (erased, waiting_turns) = off_thread(move || keepers.erase(&scope, erasure)).await?;
    services.forget_seen(&user);
    let receipt = ReceiptBody {
        receipt: erasure.receipt.to_string(),
        erased_at: when(erasure.at),
        erased: ErasedBody { records: erased.records, waiting_turns, bytes: erased.bytes, data_key: true },
        kept: KeptBody {
            standing: "how well you once proved who you are, under a hashed name, so that weaker evidence does not open a memory of yours",
            personal_keys: "your personal keys still name you; the operator revokes them",
            audit_log: "ids and counts of requests, never what was said",
        },
        backups: "copies of the file cannot be read without the data key, which is gone",
    };
    Answer::json(200, &receipt)
}
