//! What happens, and what is asked for in return.

use ratatui::crossterm::event::KeyEvent;

use super::listing::Ticket;
use crate::admin::api::{
    AmendFact, AuditFilter, AuditLine, AuditVerification, BudgetAccount, BudgetFilter, BudgetRow, DecisionFilter, DecisionRow,
    Explanation, FactFilter, FactView, Overview, Page, ReplayQuery, ReplayReport, ResetBudget, SandboxDetail, SandboxRow,
    UpstreamRow, UserDetail, UserFilter, UserRow, WhoAmI,
};
use crate::ids::{FactId, RequestId, UserId};

/// What happened.
pub(super) enum Message {
    Key(KeyEvent),
    Pasted(String),
    /// Columns and rows.
    Resized(u16, u16),
    /// The time, each second: milliseconds since the Unix epoch.
    Tick(i64),
    Answered(Ticket, Answer),
    Failed(Ticket, Trouble),
    /// From the stream of events.
    Decided(Box<DecisionRow>),
    Overview(Box<Overview>),
    /// The stream of events stands.
    Connected,
    Lost {
        why: String,
        /// Seconds until the next attempt.
        again_in: u64,
    },
    /// The system asks for the end.
    Ended,
}

/// Why a call failed, and what to do.
#[derive(Debug)]
pub(super) struct Trouble(pub String);

/// What update asks for.
pub(super) enum Command {
    Call(Ticket, Box<Call>),
    Quit,
}

/// Whose memory is read.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Whose {
    User(UserId),
    /// By its digest.
    Sandbox(String),
}

/// A call of the admin API. `reason` says why a person's memory is looked at or changed.
pub(super) enum Call {
    WhoAmI,
    Overview,
    Decisions(DecisionFilter),
    Explain(String),
    Users(UserFilter),
    User(UserId),
    Facts { whose: Whose, filter: FactFilter, reason: String },
    Sandboxes(Option<String>),
    Sandbox(String),
    Upstreams,
    Budgets,
    BudgetUsers(BudgetFilter),
    Audit(AuditFilter),
    Verify,
    Replay(ReplayQuery),
    Act(Box<Act>),
}

/// A call that changes something.
pub(super) enum Act {
    AmendFact { user: UserId, fact: FactId, change: AmendFact, reason: String },
    AddFact { user: UserId, text: String, reason: String },
    DeleteFact { user: UserId, fact: FactId, reason: String },
    Erase { user: UserId, reason: String },
    Merge { from: UserId, into: UserId, reason: String },
    UndoMerge { user: UserId, merge: RequestId, reason: String },
    LowerRatchet(UserId),
    Promote { id: String, user: UserId, facts: Vec<FactId>, end: bool, reason: String },
    EndSandbox(String),
    ResetBudget(ResetBudget),
}

/// What a call came to.
pub(super) enum Answer {
    WhoAmI(WhoAmI),
    Overview(Box<Overview>),
    Decisions(Page<DecisionRow>),
    Explanation(Box<Explanation>),
    Users(Page<UserRow>),
    User(Box<UserDetail>),
    Facts(Page<FactView>),
    /// A fact as it is now. An edit may give it another id than it had before.
    Fact {
        before: Option<FactId>,
        now: Box<FactView>,
    },
    /// A fact that is no more.
    Gone(FactId),
    Sandboxes(Page<SandboxRow>),
    Sandbox(Box<SandboxDetail>),
    Upstreams(Page<UpstreamRow>),
    Budgets(Vec<BudgetRow>),
    BudgetUsers(Page<BudgetAccount>),
    Audit(Page<AuditLine>),
    Verification(AuditVerification),
    Replay(Box<ReplayReport>),
    /// An act was carried out: what to tell.
    Done(String),
}
