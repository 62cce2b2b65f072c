//! The made-up memgate at a glance.

use super::sample::{HOUR, MINUTE, NOW, upstreams};
use crate::admin::api::{ClientActivity, DecisionCount, Overview, Series};

pub(super) fn overview() -> Overview {
    let points = 60;
    let wave = |top: f64| (0..points).map(|n| top * f64::from(n % 20) / 20.0).collect::<Vec<f64>>();
    let some = |value: f64| vec![None, Some(value), None];
    let count = |decision: &str, reason: &str, requests| DecisionCount {
        mode: "required".to_owned(),
        decision: decision.to_owned(),
        reason: reason.to_owned(),
        requests,
    };
    Overview {
        version: "0.1.0".to_owned(),
        started_at: NOW - 30 * HOUR,
        now: NOW,
        mode: "required".to_owned(),
        shadow: Some("strict".to_owned()),
        series: Series {
            step_seconds: 60,
            at: (0..i64::from(points)).map(|n| NOW - (60 - n) * MINUTE).collect(),
            requests_per_second: wave(12.5),
            refusals_per_second: wave(0.5),
            duration_p50: some(1.2),
            duration_p95: some(12.25),
            first_token_p50: some(0.21),
            first_token_p95: some(0.9),
            open_streams: vec![3],
            queued: vec![0],
            recall_hits: some(0.83),
        },
        decisions: vec![
            count("admit", "verified", 123_456),
            count("refuse", "identity_signature_invalid", 12),
            count("refuse", "identity_missing", 345),
            count("sandbox", "identity_missing", 7),
        ],
        activity: vec![
            ClientActivity { client: "open-webui".to_owned(), active: 12, idle: 40 },
            ClientActivity { client: "sillytavern".to_owned(), active: 1, idle: 2 },
        ],
        cross_scope_denials: 2,
        trims: 30,
        messages_cut: 210,
        tokens_saved: 1_234_567,
        tokens_in: 98_765_432,
        tokens_out: 7_654_321,
        recalls: Vec::new(),
        open_streams: 3,
        queued: 1,
        learning_queue_bytes: 0,
        audit_dropped: 0,
        upstreams: upstreams(),
        users: 310,
        sandboxes: 2,
    }
}
