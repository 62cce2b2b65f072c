use super::*;

fn decision() -> DecisionRow {
    let row = serde_json::json!({
        "time": 1_700_000_000_000_i64, "request": "0190-abcd", "client": "open-webui", "peer": "10.0.0.7", "user": "default:ann",
        "mode": "strict", "decision": "admit", "reason": "verified", "route": "chat", "method": "POST",
        "path": "/v1/chat/completions", "model": "Llama3", "status": 200, "outcome": "complete", "facts_used": 1,
        "messages_cut": 0, "duration_ms": 1.5,
    });
    serde_json::from_value(row).unwrap()
}

#[test]
fn what_is_followed_fits_every_condition() {
    for (filter, expected) in [
        (serde_json::json!({}), true),
        (serde_json::json!({"user": "ann"}), true),
        (serde_json::json!({"user": "default:ann", "client": "open-webui", "mode": "strict", "reason": "verified"}), true),
        (serde_json::json!({"user": "acme:ann"}), false),
        (serde_json::json!({"user": "an"}), false),
        (serde_json::json!({"client": "other"}), false),
        (serde_json::json!({"client": "open-webui", "decision": "refuse"}), false),
        (serde_json::json!({"route": "embeddings"}), false),
        (serde_json::json!({"search": "llama"}), true),
        (serde_json::json!({"search": "ABCD"}), true),
        (serde_json::json!({"search": "ann"}), false),
        (serde_json::json!({"since": 1_700_000_000_000_i64}), true),
        (serde_json::json!({"since": 1_700_000_000_001_i64}), false),
    ] {
        let parsed: DecisionFilter = serde_json::from_value(filter.clone()).unwrap();
        assert_eq!(fits(&parsed, &decision()), expected, "{filter}");
    }
}

#[test]
fn a_hostile_decision_stays_on_its_line() {
    let hostile = "\u{1b}[2J\u{202e}\n<script>\u{9b}".to_owned();
    let row = DecisionRow { path: hostile.clone(), model: Some(hostile.clone()), client: hostile, ..decision() };
    for json in [false, true] {
        let mut out = Vec::new();
        print_line(&row, json, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert_eq!(crate::telemetry::inert(line), line);
    }
}
