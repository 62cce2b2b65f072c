//! Balancing between the upstreams of one model: order, health, places, and going on to another before the first byte.
//!
//! ```text
//! order    which one first: a pure function of how they stand
//! breaker  when one is passed over; the time is passed in
//! queue    who waits for a place, fair between persons
//! node     one upstream: places, queue, breaker behind one lock
//! route    a request's way over its candidates
//! judge    what an answer or an error says of an upstream, and whether another one is asked
//! check    health checks in the background
//! ```

mod breaker;
mod check;
mod judge;
mod node;
mod order;
mod queue;
mod retry_after;
mod route;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::RwLock;

use crate::catalog::{Catalog, Choice, Origin, Upstream};
use crate::enforce::UserScope;
use crate::ids::SessionId;
use crate::telemetry::BalanceMetrics;

pub use check::run_checks;
pub use judge::{judge_answer, judge_connecting, judge_error, judge_resolving};
pub use order::Reason;
pub use route::{CLIENT_LEFT, Route, board, change_over, left};

use node::Node;
use order::{Standing, rank};

/// How the upstreams are used, as far as the process can tell. It outlives the configuration: an upstream that is still there after a
/// reload keeps its places and its health.
#[derive(Debug)]
pub struct Balance {
    /// By name and address; few.
    nodes: RwLock<Vec<(String, Origin, Arc<Node>)>>,
    /// Keyed at random by the process: nobody outside can tell who goes where, or make two persons go together.
    draws: RandomState,
    metrics: BalanceMetrics,
}

impl Balance {
    #[must_use]
    pub fn new(metrics: BalanceMetrics) -> Self {
        Self { nodes: RwLock::default(), draws: RandomState::new(), metrics }
    }

    /// Takes up what is configured now, and forgets what no longer is.
    pub fn adopt(&self, catalog: &Catalog) {
        let configured = catalog.upstreams();
        let mut nodes = self.nodes.write();
        nodes.retain(|(name, origin, _)| {
            let stays = configured.iter().any(|upstream| upstream.name == *name && upstream.origin == *origin);
            if !configured.iter().any(|upstream| upstream.name == *name) {
                self.metrics.forget(name);
            }
            stays
        });
        drop(nodes);
        for upstream in configured {
            let node = self.node(upstream);
            node.configure(upstream.concurrency);
            if upstream.health.check.is_none() {
                node.note_check(None, &upstream.health);
            }
        }
    }

    fn node(&self, upstream: &Upstream) -> Arc<Node> {
        let known = |nodes: &[(String, Origin, Arc<Node>)]| {
            nodes
                .iter()
                .find(|(name, origin, _)| *name == upstream.name && *origin == upstream.origin)
                .map(|(_, _, node)| Arc::clone(node))
        };
        if let Some(node) = known(&self.nodes.read()) {
            return node;
        }
        let mut nodes = self.nodes.write();
        known(&nodes).unwrap_or_else(|| {
            let node = Arc::new(Node::new(&upstream.name, upstream.concurrency, self.metrics.clone()));
            nodes.push((upstream.name.clone(), upstream.origin.clone(), Arc::clone(&node)));
            node
        })
    }

    /// Whose request it is, for the turns in a queue: a hash that means nothing outside this process.
    fn number<T: std::hash::Hash>(&self, whose: T) -> u64 {
        self.draws.hash_one(whose)
    }

    /// The seed of a conversation's draws; none where nothing tells whose it is.
    fn conversation(&self, scope: Option<&UserScope>, session: Option<&SessionId>) -> Option<u64> {
        Some(self.number((scope?.user(), session?)))
    }

    /// The order in which a request goes over `choices`, with the reason for each one's place. `conversation` is the seed of its draws.
    fn rank(&self, choices: &[Choice], conversation: Option<u64>, request: u64, now: Instant) -> Vec<(usize, Reason)> {
        let standing = |choice: &Choice| {
            let upstream = &choice.upstream;
            let (condition, in_flight) = self.node(upstream).look(now);
            let draw = self.number((conversation.unwrap_or(request), &upstream.name));
            Standing { priority: upstream.priority, weight: upstream.weight, in_flight, condition, draw }
        };
        let standings: Vec<Standing> = choices.iter().map(standing).collect();
        rank(&standings, conversation.is_some())
    }

    /// How an upstream stands now.
    pub fn standing(&self, upstream: &Upstream) -> UpstreamStanding {
        let (condition, running, waiting) = self.node(upstream).stand(Instant::now());
        UpstreamStanding { condition: condition.as_str(), well: condition.is_well(), running, waiting }
    }

    /// The order as a request of this person's conversation would find it now, for the dry run.
    pub fn explain(&self, choices: &[Choice], scope: &UserScope, session: Option<&SessionId>) -> Vec<(usize, Reason)> {
        let conversation = self.conversation(Some(scope), session);
        self.rank(choices, conversation, self.number(scope.user()), Instant::now())
    }
}

/// How an upstream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamStanding {
    /// As metrics and logs call it.
    pub condition: &'static str,
    pub well: bool,
    pub running: u64,
    pub waiting: u64,
}

/// Whether `other` may take over a request that was prepared for `first`: it must get to see no more of the person than that was
/// allowed to, and have a window that holds it.
fn may_take_over(first: &Choice, other: &Choice) -> bool {
    let holds = match (first.window(), other.window()) {
        (Some(first), Some(other)) => other >= first,
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let (first, other) = (&first.upstream, &other.upstream);
    holds && other.memory >= first.memory && other.never_send.iter().all(|kind| first.never_send.contains(kind))
}

#[cfg(test)]
mod tests;
