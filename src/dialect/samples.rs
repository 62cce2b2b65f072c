//! Bodies for property tests, written as other programs might write them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Writes a value with white space and escapes as other writers choose them.
pub fn render(value: &Value, style: &mut impl Iterator<Item = u8>) -> String {
    let space =
        |style: &mut dyn Iterator<Item = u8>| ["", "", "", " ", "\n", "\t\r\n "][usize::from(style.next().unwrap_or(0)) % 6];
    let inner = match value {
        Value::String(text) => {
            let mut out = String::from("\"");
            for character in text.chars() {
                let escape =
                    style.next().unwrap_or(0).is_multiple_of(5) || (character as u32) < 0x20 || "\"\\".contains(character);
                if escape {
                    out.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")));
                } else {
                    out.push(character);
                }
            }
            out + "\""
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| render(item, style)).collect();
            format!("[{}{}]", space(style), items.join(","))
        }
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(k, v)| render(&json!(k), style) + ":" + &render(v, style)).collect();
            format!("{{{}{}}}", space(style), members.join(","))
        }
        other => other.to_string(),
    };
    format!("{}{inner}{}", space(style), space(style))
}

/// Members that memgate does not own.
pub fn extra() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([{"a": []}]))
    ];
    // `_` keeps the keys apart from those that memgate owns.
    prop::collection::btree_map("_[a-z\u{e9}\"]{0,3}", value, 0..3).prop_map(|map| map.into_iter().collect())
}
