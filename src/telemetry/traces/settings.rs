//! `traces` of the configuration file.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Faults, SecretRef};

/// Traces by OTLP, the protocol of `OpenTelemetry`. Without it there are none, and a caller's trace context passes through as it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracesFile {
    /// Where a collector takes them by HTTP, such as `http://127.0.0.1:4318/v1/traces`.
    pub otlp: Option<String>,
    /// Headers that the collector asks for, each with a secret value.
    pub headers: BTreeMap<String, SecretRef>,
    /// The share of requests that are traced where the caller has not decided, from 0 to 1. Default 0.1.
    pub sample: Option<f64>,
    /// `service.name` of all spans. Default `memgate`.
    pub service: Option<String>,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TracesSettings {
    pub endpoint: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// From 0 to 1.
    pub sample: f64,
    pub service: String,
}

impl TracesFile {
    /// None where no collector is named. Every fault is reported beneath `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<TracesSettings> {
        let sample = self.sample.unwrap_or(0.1);
        if !(0.0..=1.0).contains(&sample) {
            faults.add(format!("{path}.sample"), "is not between 0 and 1", "write a share, such as 0.1 for one request in ten");
        }
        let mut headers = Vec::new();
        for (name, secret) in &self.headers {
            let at = format!("{path}.headers.{name}");
            let Some(value) = secret.resolve(&at, faults) else { continue };
            match (HeaderName::try_from(name), HeaderValue::from_bytes(value.expose().trim_ascii())) {
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.push((name, value));
                }
                (Err(_), _) => faults.add(at, "is no name of a header", "write one such as authorization"),
                (_, Err(_)) => faults.add(at, "holds what no header can", "write visible characters alone"),
            }
        }
        let Some(endpoint) = self.otlp.clone() else {
            if !self.headers.is_empty() || self.sample.is_some() || self.service.is_some() {
                let remedy = "name the collector, such as http://127.0.0.1:4318/v1/traces, or leave `traces` out";
                faults.add(format!("{path}.otlp"), "is missing, and the rest is of no use without it", remedy);
            }
            return None;
        };
        let is_url = reqwest::Url::parse(&endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_url {
            let remedy = "write the whole address, such as http://127.0.0.1:4318/v1/traces";
            faults.add(format!("{path}.otlp"), "is no HTTP address", remedy);
        }
        Some(TracesSettings { endpoint, headers, sample, service: self.service.clone().unwrap_or_else(|| "memgate".to_owned()) })
    }
}
