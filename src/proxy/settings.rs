//! `listen` and `limits` of the configuration file.

use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Faults, Size, Span};

/// Bounds on what one request or connection may take.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsFile {
    /// Largest request body that memgate reads. Larger ones answer 413. Default 32MiB.
    pub body: Option<Size>,
    /// Largest request header in raw bytes. Larger ones answer 431. Default 64KiB.
    pub header: Option<Size>,
    /// How long a client may take to send its body. Default 30s.
    pub body_timeout: Option<Span>,
    /// How long an idle connection is kept. Default 75s.
    pub keepalive: Option<Span>,
    /// How long connecting to an upstream may take. Default 5s.
    pub connect_timeout: Option<Span>,
    /// How long running answers are waited for on shutdown. Default 30s.
    pub drain: Option<Span>,
    /// Accept HTTP/2 without TLS (prior knowledge). Off by default: its preface is waited for without a deadline, so it is
    /// for listeners that only a trusted front can reach.
    pub h2c: bool,
    /// Worker threads of the proxy. Default: one a processor.
    pub threads: Option<usize>,
}

/// Bounds on what one request or connection may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub body: usize,
    pub header: usize,
    pub body_timeout: Duration,
    pub keepalive: Duration,
    pub connect_timeout: Duration,
    pub drain: Duration,
    pub h2c: bool,
    pub threads: Option<usize>,
}

impl LimitsFile {
    /// Fills in the defaults. Zero durations and sizes are faults.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Limits {
        let mut span = |name: &str, value: Option<Span>, default: u64| match value {
            Some(Span(d)) if d.is_zero() => {
                faults.add(format!("{path}.{name}"), "is zero", "write a positive duration, such as 30s");
                Duration::from_secs(default)
            }
            Some(Span(d)) => d,
            None => Duration::from_secs(default),
        };
        let body_timeout = span("body_timeout", self.body_timeout, 30);
        let keepalive = span("keepalive", self.keepalive, 75);
        let connect_timeout = span("connect_timeout", self.connect_timeout, 5);
        let drain = span("drain", self.drain, 30);
        let mut size = |name: &str, value: Option<Size>, default: usize, least: usize| {
            let bytes = value.map_or(default, |Size(n)| usize::try_from(n).unwrap_or(usize::MAX));
            if bytes < least {
                faults.add(format!("{path}.{name}"), format!("is less than {least} bytes"), "raise it or leave it out");
            }
            bytes
        };
        Limits {
            body: size("body", self.body, 32 << 20, 1024),
            header: size("header", self.header, 64 << 10, 1024),
            body_timeout,
            keepalive,
            connect_timeout,
            drain,
            h2c: self.h2c,
            threads: self.threads.filter(|n| *n > 0),
        }
    }
}

/// Parses the address of a listener.
pub fn resolve_listen(text: &str, path: &str, faults: &mut Faults) -> Option<SocketAddr> {
    text.parse()
        .map_err(|_| {
            faults.add(path, format!("`{text}` is no address"), "write HOST:PORT with an IP address, such as 127.0.0.1:8080");
        })
        .ok()
}
