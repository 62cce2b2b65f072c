//! Calls of the admin API, and their answers in words.

use super::message::{Act, Answer, Call, Trouble, Whose};
use crate::admin::api::{AddFact, Page, PromoteSandbox, SandboxFilter};
use crate::client::{Client, ClientError};

/// Carries out a call.
pub(super) async fn perform(client: &Client, call: Call) -> Result<Answer, Trouble> {
    ask(client, call).await.map_err(|error| Trouble(explain(&error)))
}

async fn ask(client: &Client, call: Call) -> Result<Answer, ClientError> {
    Ok(match call {
        Call::WhoAmI => Answer::WhoAmI(client.who_am_i().await?),
        Call::Overview => Answer::Overview(Box::new(client.show_overview().await?)),
        Call::Decisions(filter) => Answer::Decisions(client.list_decisions(&filter).await?),
        Call::Explain(request) => Answer::Explanation(Box::new(client.explain_decision(&request).await?)),
        Call::Users(filter) => Answer::Users(client.list_users(&filter).await?),
        Call::User(user) => Answer::User(Box::new(client.show_user(&user).await?)),
        Call::Facts { whose: Whose::User(user), filter, reason } => {
            Answer::Facts(client.list_facts(&user, &reason, &filter).await?)
        }
        Call::Facts { whose: Whose::Sandbox(id), filter, reason } => {
            Answer::Facts(client.list_sandbox_facts(&id, &reason, &filter).await?)
        }
        Call::Sandboxes(cursor) => {
            let filter = SandboxFilter { cursor, ..SandboxFilter::default() };
            Answer::Sandboxes(client.list_sandboxes(&filter).await?)
        }
        Call::Sandbox(id) => Answer::Sandbox(Box::new(client.show_sandbox(&id).await?)),
        Call::Upstreams => {
            let items = client.list_upstreams().await?;
            Answer::Upstreams(Page { total: Some(items.len() as u64), items, next: None })
        }
        Call::Budgets => Answer::Budgets(client.list_budgets().await?),
        Call::BudgetUsers(filter) => Answer::BudgetUsers(client.list_budget_accounts(&filter).await?),
        Call::Audit(filter) => Answer::Audit(client.list_audit(&filter).await?),
        Call::Verify => Answer::Verification(client.verify_audit().await?),
        Call::Replay(query) => Answer::Replay(Box::new(client.replay_decisions(&query).await?)),
        Call::Act(act) => return carry_out(client, *act).await,
    })
}

async fn carry_out(client: &Client, act: Act) -> Result<Answer, ClientError> {
    Ok(match act {
        Act::AmendFact { user, fact, change, reason } => {
            let now = Box::new(client.amend_fact(&user, &reason, fact, &change).await?);
            Answer::Fact { before: Some(fact), now }
        }
        Act::AddFact { user, text, reason } => {
            let fact = AddFact { text, kind: None, pinned: false };
            Answer::Fact { before: None, now: Box::new(client.add_fact(&user, &reason, &fact).await?) }
        }
        Act::DeleteFact { user, fact, reason } => {
            client.delete_fact(&user, &reason, fact).await?;
            Answer::Gone(fact)
        }
        Act::Erase { user, reason } => {
            let erased = client.erase_user(&user, &reason).await?;
            let records: u64 = erased.records.values().sum();
            Answer::Done(format!("{user} was erased: {records} records. The receipt is {}.", erased.receipt))
        }
        Act::Merge { from, into, reason } => {
            let merge = client.merge_users(&into, &from, &reason).await?;
            Answer::Done(format!("{} facts of {from} moved to {into}. Press u to undo it.", merge.facts))
        }
        Act::UndoMerge { user, merge, reason } => {
            let undone = client.undo_merge(&user, merge, &reason).await?;
            Answer::Done(format!("{} has its facts again.", undone.from))
        }
        Act::LowerRatchet(user) => {
            let view = client.lower_ratchet(&user, None).await?;
            let told = if view.lowered { "was taken off" } else { "was off already" };
            Answer::Done(format!("The trust ratchet of {user} {told}."))
        }
        Act::Promote { id, user, facts, end, reason } => {
            let promotion = PromoteSandbox { user: user.to_string(), facts, end };
            let promoted = client.promote_sandbox(&id, &reason, &promotion).await?;
            let ended = if promoted.ended { " The sandbox was ended." } else { "" };
            Answer::Done(format!("{} facts are {user}'s now; {} were known.{ended}", promoted.written.len(), promoted.known))
        }
        Act::EndSandbox(id) => {
            client.end_sandbox(&id).await?;
            Answer::Done(format!("The sandbox {}… was ended.", id.get(..12).unwrap_or(&id)))
        }
        Act::ResetBudget(reset) => {
            client.reset_budget(&reset).await?;
            Answer::Done(format!("What {} had used was taken off the rule {}.", reset.user, reset.rule))
        }
    })
}

/// What went wrong and what to do.
pub(super) fn explain(error: &ClientError) -> String {
    match error {
        ClientError::Refused(problem) => format!("{} ({} {})", problem.detail, problem.status, problem.code),
        other => format!("{other}."),
    }
}
