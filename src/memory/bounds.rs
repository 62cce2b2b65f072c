//! How long facts live and what they may cost, as the `memory` fragment writes it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::settings::ByAssurance;
use crate::setting::{Faults, Span};
use crate::store::Kind;

/// One number of tokens for everybody, or one for each level of assurance.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "is no budget; write a number of tokens, or a mapping such as {verified: 512, sandbox: 128}")]
pub enum BudgetFile {
    All(u32),
    Each(BudgetsFile),
}

/// Tokens by how well the person proved who they are. Default of each: 512.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetsFile {
    pub verified: Option<u32>,
    pub vouched: Option<u32>,
    pub asserted: Option<u32>,
    pub sandbox: Option<u32>,
}

/// Room for the frame around the facts and a fact or two.
const MIN_BUDGET: usize = 128;

impl BudgetFile {
    /// Fills in `default`. Budgets that hold no fact are faults beneath `path`.
    pub(super) fn resolve(&self, default: ByAssurance<usize>, path: &str, faults: &mut Faults) -> ByAssurance<usize> {
        let mut check = |path: &str, value: Option<u32>, default: usize| {
            let tokens = value.map_or(default, |n| usize::try_from(n).unwrap_or(usize::MAX));
            if tokens < MIN_BUDGET {
                let remedy = format!("choose at least {MIN_BUDGET}, or set the depth to 0 to turn recall off");
                faults.add(path, format!("{tokens} tokens hold no facts"), remedy);
            }
            tokens
        };
        match self {
            Self::All(tokens) => {
                let tokens = check(path, Some(*tokens), 0);
                ByAssurance { verified: tokens, vouched: tokens, asserted: tokens, sandbox: tokens }
            }
            Self::Each(each) => {
                let mut check = |name: &str, value, default| check(&format!("{path}.{name}"), value, default);
                ByAssurance {
                    verified: check("verified", each.verified, default.verified),
                    vouched: check("vouched", each.vouched, default.vouched),
                    asserted: check("asserted", each.asserted, default.asserted),
                    sandbox: check("sandbox", each.sandbox, default.sandbox),
                }
            }
        }
    }
}

/// How long facts are kept, by kind. Without a value: until they are forgotten. Pinned facts stay.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TtlFile {
    pub profile: Option<Span>,
    pub preference: Option<Span>,
    pub event: Option<Span>,
    pub instruction: Option<Span>,
    pub note: Option<Span>,
}

/// Time to live by kind of fact. None: no end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ttl {
    pub profile: Option<Duration>,
    pub preference: Option<Duration>,
    pub event: Option<Duration>,
    pub instruction: Option<Duration>,
    pub note: Option<Duration>,
}

impl Ttl {
    /// When a fact of a kind that is learned at `now` is to go, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn ends(&self, kind: Kind, now: i64) -> Option<i64> {
        let span = match kind {
            Kind::Profile => self.profile,
            Kind::Preference => self.preference,
            Kind::Event => self.event,
            Kind::Instruction => self.instruction,
            Kind::Note => self.note,
        };
        span.map(|span| now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl TtlFile {
    pub(super) fn resolve(&self, path: &str, faults: &mut Faults) -> Ttl {
        let mut span = |name: &str, value: Option<Span>| {
            let span = value.map(|span| span.0)?;
            if span < Duration::from_mins(1) {
                let remedy = "choose at least 1m, or leave it out to keep such facts";
                faults.add(format!("{path}.{name}"), "facts would be gone before they are of use", remedy);
            }
            Some(span)
        };
        Ttl {
            profile: span("profile", self.profile),
            preference: span("preference", self.preference),
            event: span("event", self.event),
            instruction: span("instruction", self.instruction),
            note: span("note", self.note),
        }
    }
}
