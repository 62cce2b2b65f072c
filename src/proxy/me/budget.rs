//! How a person stands with the budgets that count them: `/memgate/v1/me/budget`.

use serde::Serialize;

use super::super::charge;
use super::super::exchange::Exchange;
use super::super::services::Services;
use super::Answer;
use super::call::{Miss, only};
use super::input::Parameters;
use super::shape::when;
use crate::enforce::{Refusal, UserScope};
use crate::quota::{Demand, Kind, LimitStatus, Price, RuleStatus, Zone};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Show,
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    match below {
        None => only(method, "GET", Call::Show),
        Some(_) => Err(Miss::Path),
    }
}

#[derive(Debug, Serialize)]
struct BudgetBody {
    rules: Vec<RuleBody>,
}

/// A rule that counts the person.
#[derive(Debug, Serialize)]
pub(super) struct RuleBody {
    rule: Box<str>,
    /// Others are counted together with the person, and the numbers are not told.
    shared: bool,
    limits: Vec<LimitBody>,
}

#[derive(Debug, Serialize)]
struct LimitBody {
    kind: Kind,
    zone: Zone,
    #[serde(flatten)]
    numbers: Option<NumbersBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_at: Option<String>,
}

/// Counts; of money decimal amounts.
#[derive(Debug, Serialize)]
struct NumbersBody {
    limit: serde_json::Value,
    used: serde_json::Value,
    reserved: serde_json::Value,
}

impl RuleBody {
    fn of(status: RuleStatus) -> Self {
        let RuleStatus { rule, told, limits } = status;
        Self { rule, shared: !told, limits: limits.iter().map(|limit| LimitBody::of(limit, told)).collect() }
    }
}

impl LimitBody {
    fn of(limit: &LimitStatus, told: bool) -> Self {
        let kind = limit.kind;
        let numbers = told.then(|| NumbersBody {
            limit: number(kind, limit.limit),
            used: number(kind, limit.used),
            reserved: number(kind, limit.reserved),
        });
        // When others asked is theirs to know; when a day ends is no secret.
        let resets_at = limit.resets_at.filter(|_| told || matches!(kind, Kind::Tokens | Kind::Money)).map(when);
        Self { kind, zone: limit.zone, numbers, resets_at }
    }
}

fn number(kind: Kind, amount: u64) -> serde_json::Value {
    #[expect(clippy::cast_precision_loss, reason = "sums of money that are shown")]
    if kind == Kind::Money { (amount as f64 / 1e6).into() } else { amount.into() }
}

/// Does what is asked for.
pub(super) fn serve(
    services: &Services,
    exchange: &Exchange,
    scope: &UserScope,
    call: &Call,
    query: &Parameters,
) -> Result<Answer, Refusal> {
    query.allow(&[])?;
    match call {
        Call::Show => Answer::json(200, &BudgetBody { rules: rules(services, exchange, scope) }),
    }
}

fn rules(services: &Services, exchange: &Exchange, scope: &UserScope) -> Vec<RuleBody> {
    let asker = charge::asker_of(scope, exchange.record.peer);
    let found = services.quota.status(&exchange.runtime.budgets, &asker, exchange.record.time);
    found.into_iter().map(RuleBody::of).collect()
}

/// The part of a dry run that is about budgets.
#[derive(Debug, Serialize)]
pub(super) struct Forecast {
    /// What the request may come to, as counted: tokens, the most of the answer none where the request sets none.
    input_tokens: u64,
    output_tokens: Option<u64>,
    allowed: bool,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What would be kept free for the request.
    reserve: Vec<ReserveBody>,
    /// All rules that count the person.
    rules: Vec<RuleBody>,
}

#[derive(Debug, Serialize)]
struct ReserveBody {
    rule: Box<str>,
    kind: Kind,
    amount: Option<serde_json::Value>,
}

/// What would be reserved, by the decision that is made for real.
pub(super) fn forecast(
    services: &Services,
    exchange: &Exchange,
    scope: &UserScope,
    demand: Demand,
    price: Option<Price>,
) -> Forecast {
    let asker = charge::asker_of(scope, exchange.record.peer);
    let now = exchange.record.time;
    let planned = services.quota.preview(&exchange.runtime.budgets, &asker, demand, price, now);
    let (reserve, refusal) = match planned {
        Ok(previews) => (previews, None),
        Err(denied) => (Vec::new(), Some(charge::explain(&denied, now).0)),
    };
    let reserve = reserve.into_iter().map(|hold| ReserveBody {
        rule: hold.rule,
        kind: hold.kind,
        // The rest of what others left tells what they used.
        amount: hold.told.then(|| number(hold.kind, hold.amount)),
    });
    Forecast {
        input_tokens: demand.input,
        output_tokens: demand.output,
        allowed: refusal.is_none(),
        code: refusal.as_ref().map(|refusal| refusal.code),
        message: refusal.map(|refusal| refusal.message),
        reserve: reserve.collect(),
        rules: rules(services, exchange, scope),
    }
}
