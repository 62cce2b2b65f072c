//! Who a person is to memgate.

use std::sync::Arc;

use serde::Serialize;

use super::super::exchange::Exchange;
use super::super::services::Services;
use super::shape::when;
use super::{Answer, off_thread};
use crate::enforce::{Refusal, UserScope};
use crate::ids::TenantId;
use crate::memory::curate::Census;

/// How a request was identified, and what was decided on it.
#[derive(Debug, Serialize)]
pub struct IdentityBody {
    user: String,
    tenant: String,
    /// What the tenant follows from: `client` (its fixed one), `evidence`, `default`, or `sandbox`.
    tenant_from: &'static str,
    groups: Vec<GroupBody>,
    sandbox: bool,
    client: String,
    assurance: &'static str,
    mode: &'static str,
    decision: &'static str,
    reason: &'static str,
    /// The source of the evidence; none where nobody was named.
    source: Option<&'static str>,
    /// A stricter mode would refuse.
    advised: bool,
    /// Why the shadow mode would have refused.
    shadow: Option<&'static str>,
    /// Identity headers that came and were no evidence.
    ignored_headers: u32,
}

/// A group that the person is in, and what says so: `evidence` or `configuration`.
#[derive(Debug, Serialize)]
struct GroupBody {
    name: String,
    from: &'static str,
}

impl IdentityBody {
    pub fn of(exchange: &Exchange, scope: &UserScope, ignored_headers: u32) -> Self {
        let record = &exchange.record;
        let trust = &exchange.runtime.trust;
        let memberships = trust.memberships_of(scope).into_iter();
        let groups = memberships.map(|one| GroupBody { name: one.group.as_str().to_owned(), from: one.source.as_str() });
        Self {
            user: scope.user().name().to_owned(),
            tenant: scope.user().tenant().as_str().to_owned(),
            tenant_from: match trust.fixed_tenant(scope.client()) {
                _ if scope.is_sandbox() => "sandbox",
                Some(_) => "client",
                None if *scope.user().tenant() == TenantId::default() => "default",
                None => "evidence",
            },
            groups: groups.collect(),
            sandbox: scope.is_sandbox(),
            client: scope.client().as_str().to_owned(),
            assurance: scope.assurance().as_str(),
            mode: record.mode,
            decision: record.decision,
            reason: record.reason,
            source: record.source,
            advised: exchange.advised,
            shadow: record.shadow,
            ignored_headers,
        }
    }
}

#[derive(Debug, Serialize)]
struct AboutBody {
    #[serde(flatten)]
    identity: IdentityBody,
    memory: MemoryBody,
}

#[derive(Debug, Serialize)]
struct MemoryBody {
    recall: RecallBody,
    learning: bool,
    facts: FactsBody,
    /// Turns that wait to be learned from.
    waiting_turns: u64,
    last_erasure: Option<ErasureBody>,
}

/// How much a request may carry.
#[derive(Debug, Serialize)]
struct RecallBody {
    depth: usize,
    budget: usize,
}

#[derive(Debug, Serialize)]
struct FactsBody {
    active: u64,
    held: u64,
    forgotten: u64,
    history: u64,
}

#[derive(Debug, Serialize)]
struct ErasureBody {
    receipt: String,
    erased_at: String,
}

pub async fn about(services: &Services, exchange: &Exchange, scope: UserScope, ignored_headers: u32) -> Result<Answer, Refusal> {
    let identity = IdentityBody::of(exchange, &scope, ignored_headers);
    let settings = &exchange.runtime.memory;
    let recall = RecallBody { depth: settings.depth.of(&scope), budget: settings.budget.of(&scope) };
    let learning = settings.learn.of(&scope);
    let last_erasure = services.store.last_erasure(&scope);
    let memory = Arc::clone(&services.memory);
    let counted = off_thread(move || Ok((memory.census(&scope)?, memory.waiting_lessons(&scope)?))).await?;
    let (Census { active, held, forgotten, history }, waiting_turns) = counted;
    let memory = MemoryBody {
        recall,
        learning,
        facts: FactsBody { active, held, forgotten, history },
        waiting_turns,
        last_erasure: last_erasure.map(|last| ErasureBody { receipt: last.receipt.to_string(), erased_at: when(last.at) }),
    };
    Answer::json(200, &AboutBody { identity, memory })
}
