//! How requests are spread over the upstreams of one model: settings of health and of concurrency.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Faults, Span};

/// When an upstream is taken for ill, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthFile {
    /// Failures in a row (no connection, no answer, 5xx) after which the upstream is passed over. 0: never. Default 3.
    pub failures: Option<u32>,
    /// For how long at first; twice as long each further time in a row. Default 10s.
    pub eject: Option<Span>,
    /// For how long at most, also where an upstream's `Retry-After` asks for more. Default 5m.
    pub max_eject: Option<Span>,
    /// Path from the root of the server, such as `/health`, that is fetched now and then; anything but 2xx is a failure. Off by default.
    pub path: Option<String>,
    /// Time between two such fetches. Default 10s.
    pub interval: Option<Span>,
    /// How long one may take. Default 2s.
    pub timeout: Option<Span>,
}

/// When an upstream is taken for ill, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row that eject; none where nothing does.
    pub failures: Option<u32>,
    pub eject: Duration,
    pub max_eject: Duration,
    pub check: Option<HealthCheck>,
}

/// What is fetched to see whether an upstream is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// From the root of the server, with its leading slash.
    pub path: String,
    pub interval: Duration,
    pub timeout: Duration,
}

impl HealthFile {
    /// Fills in the defaults.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Health {
        let mut span = |name: &str, value: Option<Span>, default: u64, (least, most): (Duration, Duration)| {
            let span = value.map_or(Duration::from_secs(default), |Span(span)| span);
            if span < least || span > most {
                let (least, most) = (humantime::format_duration(least), humantime::format_duration(most));
                faults.add(format!("{path}.{name}"), "is out of bounds", format!("write a duration from {least} to {most}"));
            }
            span
        };
        let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
        let instant = Duration::from_millis(10);
        let eject = span("eject", self.eject, 10, (instant, day));
        let longest = eject.as_secs().max(300);
        let max_eject = span("max_eject", self.max_eject, longest, (eject.clamp(instant, day), day));
        let interval = span("interval", self.interval, 10, (second, day));
        let timeout = span("timeout", self.timeout, 2, (instant, LONGEST_CHECK));
        let check = self.path.clone().map(|path| HealthCheck { path, interval, timeout });
        if check
            .as_ref()
            .is_some_and(|check| check.path.parse::<http::uri::PathAndQuery>().is_err() || !check.path.starts_with('/'))
        {
            faults.add(format!("{path}.path"), "is no path from the server's root", "write one such as /health");
        }
        if check.is_none() && (self.interval.is_some() || self.timeout.is_some()) {
            faults.add(format!("{path}.path"), "is missing, so that nothing is fetched", "name what to fetch, such as /health");
        }
        Health { failures: Some(self.failures.unwrap_or(3)).filter(|failures| *failures > 0), eject, max_eject, check }
    }
}

/// The longest that one health check may take.
pub const LONGEST_CHECK: Duration = Duration::from_mins(1);

const LONGEST_QUEUE: u32 = 10_000;

/// How many requests an upstream gets at once.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyFile {
    /// Requests under way at most, from connecting to the end of the answer.
    pub limit: u32,
    /// Requests that may wait for a place beyond that. Default 64.
    #[serde(default)]
    pub queue: Option<u32>,
    /// How long one of them waits at most. Default 30s.
    #[serde(default)]
    pub wait: Option<Span>,
}

/// How many requests an upstream gets at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    pub limit: u32,
    pub queue: u32,
    pub wait: Duration,
}

impl ConcurrencyFile {
    /// Fills in the defaults.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Concurrency {
        let (queue, wait) = (self.queue.unwrap_or(64), self.wait.map_or(Duration::from_secs(30), |Span(wait)| wait));
        if self.limit == 0 {
            faults.add(format!("{path}.limit"), "is zero", "allow at least one request, or remove the upstream");
        }
        if queue > LONGEST_QUEUE {
            faults.add(format!("{path}.queue"), "is too long", format!("let at most {LONGEST_QUEUE} wait"));
        }
        if wait.is_zero() || wait > Duration::from_hours(1) {
            faults.add(
                format!("{path}.wait"),
                "is out of bounds",
                "write a duration of up to 1h, or `queue: 0` to let none wait",
            );
        }
        Concurrency { limit: self.limit, queue, wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(file: serde_json::Value) -> (Health, Vec<String>) {
        let mut faults = Faults::default();
        let health = serde_json::from_value::<HealthFile>(file).unwrap().resolve("h", &mut faults);
        (health, faults.into_vec().into_iter().map(|fault| fault.path).collect())
    }

    #[test]
    fn health_has_defaults_and_bounds() {
        let (health_, faults) = health(serde_json::json!({}));
        assert_eq!((health_.failures, health_.eject.as_secs(), health_.max_eject.as_secs()), (Some(3), 10, 300));
        assert!(health_.check.is_none() && faults.is_empty());
        assert_eq!(health(serde_json::json!({"failures": 0})).0.failures, None);
        for (file, fault) in [
            (serde_json::json!({"eject": "0s"}), "h.eject"),
            (serde_json::json!({"eject": "10m", "max_eject": "5m"}), "h.max_eject"),
            (serde_json::json!({"path": "health"}), "h.path"),
            (serde_json::json!({"interval": "5s"}), "h.path"),
            (serde_json::json!({"path": "/", "interval": "10ms"}), "h.interval"),
            (serde_json::json!({"path": "/", "timeout": "2m"}), "h.timeout"),
        ] {
            assert_eq!(health(file.clone()).1, [fault], "{file}");
        }
        assert!(health(serde_json::json!({"eject": "1h"})).1.is_empty());
    }

    #[test]
    fn concurrency_has_bounds() {
        for (file, fault) in [
            (serde_json::json!({"limit": 4}), None),
            (serde_json::json!({"limit": 0}), Some("c.limit")),
            (serde_json::json!({"limit": 1, "queue": 20_000}), Some("c.queue")),
            (serde_json::json!({"limit": 1, "wait": "0s"}), Some("c.wait")),
        ] {
            let mut faults = Faults::default();
            serde_json::from_value::<ConcurrencyFile>(file.clone()).unwrap().resolve("c", &mut faults);
            let paths: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.path).collect();
            assert_eq!(paths, fault.into_iter().collect::<Vec<_>>(), "{file}");
        }
    }
}
