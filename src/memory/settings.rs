//! The configuration's `memory` fragment.

use std::collections::HashMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds::{BudgetFile, Ttl, TtlFile};
use super::embed::{EmbeddingSettings, EmbeddingsFile};
use super::tutor::TutorSettings;
use crate::enforce::UserScope;
use crate::identity::Assurance;
use crate::ids::TenantId;
use crate::setting::{Faults, Size, Span};
use crate::store::Kind;

/// What is remembered of a person, and how much of it a request may carry.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryFile {
    /// How many facts a request may carry, by how well the person proved who they are. 0 turns recall off.
    pub depth: DepthFile,
    /// How many tokens the facts of a request may take: one number, or one by how well the person proved who they are. Default: 512.
    pub budget: Option<BudgetFile>,
    /// How long a request waits for its facts before it goes on without them. Default: 50ms.
    pub recall_deadline: Option<Span>,
    /// Whether new facts are learned, by how well the person proved who they are. Default: always.
    pub learn: LearnFile,
    /// An endpoint that finds facts by their meaning. Default: none.
    pub embeddings: Option<EmbeddingsFile>,
    /// How many facts are kept of one person; beyond that the least useful unpinned ones go. Default: 10000.
    pub max_facts: Option<u32>,
    /// How many facts are learned of one person within a day; beyond that a turn is answered but teaches nothing new. Default: 500.
    pub max_facts_per_day: Option<u32>,
    /// How much the facts of one person may take, roughly; beyond that the least useful unpinned ones go. Default: 32MiB.
    pub max_size: Option<Size>,
    /// How long facts are kept after they were learned, by kind. Default: until they are forgotten.
    pub ttl: TtlFile,
    /// How much of the users' memory is kept in RAM.
    pub cache: CacheFile,
}

/// Facts per request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DepthFile {
    /// Default: 12.
    pub verified: Option<u32>,
    /// Default: 8.
    pub vouched: Option<u32>,
    /// Default: 4.
    pub asserted: Option<u32>,
    /// Default: 2.
    pub sandbox: Option<u32>,
}

/// Where memgate learns.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearnFile {
    /// Default: true.
    pub verified: Option<bool>,
    /// Default: true.
    pub vouched: Option<bool>,
    /// Default: true.
    pub asserted: Option<bool>,
    /// Default: true. What a sandbox learns stays in that sandbox.
    pub sandbox: Option<bool>,
    /// The name of an upstream whose `model` learns beside the rules. Default: none, the rules learn alone.
    pub upstream: Option<String>,
    /// The model that learns, as that upstream knows it.
    pub model: Option<String>,
    /// How long one call of the model may take. Default: 60s.
    pub timeout: Option<Span>,
    /// Turns of one conversation in one call. Default: 8.
    pub batch: Option<u32>,
    /// How long a turn waits for others of its conversation. Default: 30s.
    pub wait: Option<Span>,
    /// Tokens that the model may cost for one person and day (UTC), question and answer. Default: 50000.
    pub daily_tokens: Option<u32>,
    /// Kinds of statements that are never sent to the model: a turn in which the rules find one stays here.
    pub never_send: Vec<Kind>,
}

/// Bounds of the users' memory in RAM; whoever was away longest goes first.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheFile {
    /// Default: 1000 users.
    pub users: Option<u32>,
    /// Default: 64MiB.
    pub size: Option<Size>,
}

/// One value for each level of assurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByAssurance<T> {
    pub verified: T,
    pub vouched: T,
    pub asserted: T,
    pub sandbox: T,
}

impl<T: Copy> ByAssurance<T> {
    /// The value for a scope. A user that nobody named, outside of a sandbox, counts as asserted.
    #[must_use]
    pub fn of(&self, scope: &UserScope) -> T {
        match scope.assurance() {
            _ if scope.is_sandbox() => self.sandbox,
            Assurance::Verified => self.verified,
            Assurance::Vouched => self.vouched,
            Assurance::Asserted | Assurance::Anonymous => self.asserted,
        }
    }
}

/// Resolved settings of the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemorySettings {
    /// Facts per request.
    pub depth: ByAssurance<usize>,
    /// Tokens per request.
    pub budget: ByAssurance<usize>,
    pub recall_deadline: Duration,
    pub learn: ByAssurance<bool>,
    /// The endpoint of vectors; none before [`MemoryFile::connect`].
    pub embeddings: Option<EmbeddingSettings>,
    /// The model that learns beside the rules; none before [`MemoryFile::connect`].
    pub tutor: Option<TutorSettings>,
    pub max_facts: usize,
    /// Facts learned of one person within 24 hours.
    pub max_facts_per_day: usize,
    /// Bytes that the facts of one person may take.
    pub max_size: usize,
    pub ttl: Ttl,
    /// The longest life of a fact, by the tenant of its person. It caps `ttl`.
    pub retention: HashMap<TenantId, Duration>,
    pub cached_users: usize,
    pub cached_bytes: usize,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            depth: ByAssurance { verified: 12, vouched: 8, asserted: 4, sandbox: 2 },
            budget: ByAssurance { verified: 512, vouched: 512, asserted: 512, sandbox: 512 },
            recall_deadline: Duration::from_millis(50),
            learn: ByAssurance { verified: true, vouched: true, asserted: true, sandbox: true },
            embeddings: None,
            tutor: None,
            max_facts: 10_000,
            max_facts_per_day: 500,
            max_size: 32 << 20,
            ttl: Ttl::default(),
            retention: HashMap::new(),
            cached_users: 1_000,
            cached_bytes: 64 << 20,
        }
    }
}

/// More facts than this would fill any prompt.
const MAX_DEPTH: usize = 100;
/// Less would hold a handful of facts.
const MIN_SIZE: usize = 64 << 10;

impl MemoryFile {
    /// Fills in the defaults. What cannot be meant is a fault beneath `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> MemorySettings {
        let default = MemorySettings::default();
        let mut depth = |name: &str, value: Option<u32>, default: usize| {
            let value = value.map_or(default, to_usize);
            if value > MAX_DEPTH {
                faults.add(
                    format!("{path}.depth.{name}"),
                    format!("{value} facts are too many"),
                    format!("choose at most {MAX_DEPTH}"),
                );
            }
            value
        };
        let depth = ByAssurance {
            verified: depth("verified", self.depth.verified, default.depth.verified),
            vouched: depth("vouched", self.depth.vouched, default.depth.vouched),
            asserted: depth("asserted", self.depth.asserted, default.depth.asserted),
            sandbox: depth("sandbox", self.depth.sandbox, default.depth.sandbox),
        };
        let budget = self
            .budget
            .as_ref()
            .map_or(default.budget, |budget| budget.resolve(default.budget, &format!("{path}.budget"), faults));
        let recall_deadline = self.recall_deadline.map_or(default.recall_deadline, |span| span.0);
        if recall_deadline.is_zero() || recall_deadline > Duration::from_secs(10) {
            let remedy = "choose between 1ms and 10s; 50ms is ample";
            faults.add(format!("{path}.recall_deadline"), "a chat must wait a little, but not long", remedy);
        }
        let max_facts = self.max_facts.map_or(default.max_facts, to_usize);
        if max_facts == 0 {
            let remedy = "choose at least 1, or set `learn` to false for every level";
            faults.add(format!("{path}.max_facts"), "no fact could be kept", remedy);
        }
        let max_facts_per_day = self.max_facts_per_day.map_or(default.max_facts_per_day, to_usize);
        if max_facts_per_day == 0 {
            let remedy = "choose at least 1, or set `learn` to false for every level";
            faults.add(format!("{path}.max_facts_per_day"), "no fact could be learned", remedy);
        }
        let bytes = |size: Size| usize::try_from(size.0).unwrap_or(usize::MAX);
        let max_size = self.max_size.map_or(default.max_size, bytes);
        if max_size < MIN_SIZE {
            faults.add(format!("{path}.max_size"), "is below 64KiB", "allow at least 64KiB, or leave it out");
        }
        let ttl = self.ttl.resolve(&format!("{path}.ttl"), faults);
        let learn = ByAssurance {
            verified: self.learn.verified.unwrap_or(true),
            vouched: self.learn.vouched.unwrap_or(true),
            asserted: self.learn.asserted.unwrap_or(true),
            sandbox: self.learn.sandbox.unwrap_or(true),
        };
        let cached_users = self.cache.users.map_or(default.cached_users, to_usize).max(1);
        let cached_bytes = self.cache.size.map_or(default.cached_bytes, bytes);
        MemorySettings {
            depth,
            budget,
            recall_deadline,
            learn,
            embeddings: None,
            tutor: None,
            max_facts,
            max_facts_per_day,
            max_size,
            ttl,
            retention: HashMap::new(),
            cached_users,
            cached_bytes,
        }
    }
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enforce::{test_sandbox, test_scope};
    use crate::store::Kind;

    fn resolve(text: &str) -> (MemorySettings, Vec<String>) {
        let mut faults = Faults::default();
        let settings = serde_yaml::from_str::<MemoryFile>(text).unwrap().resolve("memory", &mut faults);
        (settings, faults.into_vec().into_iter().map(|f| f.path).collect())
    }

    #[test]
    fn nothing_written_is_the_default() {
        assert_eq!(resolve("{}"), (MemorySettings::default(), vec![]));
    }

    #[test]
    fn what_is_written_counts() {
        let (settings, faults) =
            resolve("{depth: {verified: 3}, budget: 200, recall_deadline: 20ms, learn: {sandbox: false}, cache: {size: 1MiB}}");
        assert_eq!(faults, [""; 0]);
        assert_eq!((settings.depth.verified, settings.depth.vouched, settings.budget.sandbox), (3, 8, 200));
        assert_eq!(
            (settings.recall_deadline, settings.learn.sandbox, settings.cached_bytes),
            (Duration::from_millis(20), false, 1 << 20)
        );
    }

    #[test]
    fn every_fault_is_reported() {
        let (_, faults) = resolve(
            "{depth: {sandbox: 1000}, budget: 3, recall_deadline: 1h, max_facts: 0, max_facts_per_day: 0, max_size: 1KiB, ttl: {note: 1s}}",
        );
        let paths = ["depth.sandbox", "budget", "recall_deadline", "max_facts", "max_facts_per_day", "max_size", "ttl.note"];
        assert_eq!(faults, paths.map(|path| format!("memory.{path}")));
        assert!(serde_yaml::from_str::<MemoryFile>("{deepness: 3}").is_err());
    }

    #[test]
    fn budgets_differ_by_assurance_and_lives_by_kind() {
        let (settings, faults) = resolve("{budget: {sandbox: 128, vouched: 5}, ttl: {note: 180d, event: 1h}}");
        assert_eq!(faults, ["memory.budget.vouched"]);
        assert_eq!((settings.budget.sandbox, settings.budget.verified), (128, 512));
        let ends = |kind| settings.ttl.ends(kind, 1_000);
        assert_eq!((ends(Kind::Event), ends(Kind::Profile)), (Some(3_601_000), None));
        let wrong = serde_yaml::from_str::<MemoryFile>("budget: {sandboxed: 3}").unwrap_err().to_string();
        assert!(wrong.contains("write a number of tokens"), "{wrong}");
    }

    #[test]
    fn the_scope_chooses_the_level() {
        let depth = MemorySettings::default().depth;
        assert_eq!(depth.of(&test_scope("alice", Assurance::Verified)), 12);
        assert_eq!(depth.of(&test_scope("alice", Assurance::Anonymous)), 4);
        assert_eq!(depth.of(&test_sandbox("x")), 2);
    }
}
