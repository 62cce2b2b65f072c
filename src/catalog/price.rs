//! What a model costs. Prices are read as decimals and kept as whole millionths: sums of them are exact.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::quota::Price;
use crate::setting::Faults;

/// Decimal places of a price.
const PLACES: usize = 6;

/// What a million tokens cost, in units of money of the operator's choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// A million tokens of the request.
    pub input: Amount,
    /// A million tokens of the answer. 0 where there are none, as for embeddings.
    pub output: Amount,
    /// A million tokens of the request that the backend had in its cache. Default: as `input`.
    #[serde(default)]
    pub cached_input: Option<Amount>,
}

impl PriceFile {
    pub(super) fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Price> {
        let mut read = |key: &str, amount: &Amount| amount.resolve(&format!("{path}.{key}"), faults);
        let (input, output) = (read("input", &self.input), read("output", &self.output));
        let cached = self.cached_input.as_ref().map(|amount| read("cached_input", amount));
        let input = input?;
        Some(Price { input, output: output?, cached_input: cached.unwrap_or(Some(input))? })
    }
}

/// A decimal as it is written: a number, or a text in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(String);

impl Amount {
    /// In millionths.
    fn resolve(&self, path: &str, faults: &mut Faults) -> Option<u64> {
        let found = millionths(&self.0);
        if let Err(reason) = found {
            faults.add(path, reason, "write what a million tokens cost, such as 2.5 or 0.15, with six decimal places at most");
        }
        found.ok()
    }
}

/// Reads a decimal without ever making a binary fraction of it.
fn millionths(text: &str) -> Result<u64, &'static str> {
    if text.starts_with('-') {
        return Err("is less than zero");
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err("is no price");
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > PLACES {
        return Err("has more than six decimal places");
    }
    format!("{whole}{fraction:0<PLACES$}").parse().map_err(|_| "is too large")
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Amount, E> {
                Ok(Amount(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Amount, E> {
                Ok(Amount(value.to_string()))
            }

            /// The shortest decimal that reads as this number is the one that was written, up to 15 digits of it.
            fn visit_f64<E: Error>(self, value: f64) -> Result<Amount, E> {
                Ok(Amount(value.to_string()))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Amount, E> {
                Ok(Amount(value.to_owned()))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A price: 2.5 or 0.15, with six decimal places at most",
            "type": ["number", "string"],
            "minimum": 0,
            "pattern": r"^[0-9]+(\.[0-9]{1,6})?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (written, expected) in [
            (json!(0), Ok(0)),
            (json!(3), Ok(3_000_000)),
            (json!(0.1), Ok(100_000)),
            (json!(0.15), Ok(150_000)),
            (json!(2.5), Ok(2_500_000)),
            (json!(0.000_001), Ok(1)),
            (json!(123_456.789_012), Ok(123_456_789_012)),
            (json!("0.30"), Ok(300_000)),
            (json!("1.2300000000"), Ok(1_230_000)),
            (json!("18446744073709.551615"), Ok(u64::MAX)),
            (json!("18446744073709.551616"), Err("is too large")),
            (json!(1e300), Err("is too large")),
            (json!(0.000_000_1), Err("has more than six decimal places")),
            (json!(-1), Err("is less than zero")),
            (json!(-0.5), Err("is less than zero")),
            (json!("1,5"), Err("is no price")),
            (json!("+1"), Err("is no price")),
            (json!("1."), Err("is no price")),
            (json!(".5"), Err("is no price")),
            (json!("1e3"), Err("is no price")),
            (json!(""), Err("is no price")),
        ] {
            let Amount(text) = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(millionths(&text), expected, "{written}");
        }
        for wrong in [json!(true), Value::Null, json!([1])] {
            assert!(serde_json::from_value::<Amount>(wrong).is_err());
        }
    }

    #[test]
    fn what_is_cached_costs_as_much_unless_it_is_said() {
        let read = |value: Value| {
            let mut faults = Faults::default();
            let price = serde_json::from_value::<PriceFile>(value).unwrap().resolve("price", &mut faults);
            (price, faults.into_vec().into_iter().map(|fault| fault.path).collect::<Vec<_>>())
        };
        let (price, faults) = read(json!({"input": 2, "output": 8}));
        assert_eq!((price, faults), (Some(Price { input: 2_000_000, output: 8_000_000, cached_input: 2_000_000 }), vec![]));
        let (price, _) = read(json!({"input": 2, "output": 8, "cached_input": "0.5"}));
        assert_eq!(price.unwrap().cached_input, 500_000);
        assert_eq!(serde_json::to_value(price).unwrap(), json!({"input": 2.0, "output": 8.0, "cached_input": 0.5}));
        let (price, faults) = read(json!({"input": -2, "output": -8, "cached_input": "x"}));
        assert_eq!((price, faults), (None, vec!["price.input".into(), "price.output".into(), "price.cached_input".into()]));
    }
}
