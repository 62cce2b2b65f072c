//! What is remembered of one person, looked at and changed by an operator: each time with a reason, on record first.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::{AddFact, AmendFact, EraseUser, ErasedView, FactFilter, FactSource, FactView, Page, VisitView, page_size};
use super::control::{Control, block, parse, parse_user};
use super::endpoint::Endpoint;
use super::people::{Whom, bad_cursor, part, read};
use super::principal::{Access, Principal, Reason};
use super::problem::Problem;
use super::visits::{Deed, unknown_fact};
use crate::enforce::operator::count_for;
use crate::ids::{FactId, RequestId, UserId};
use crate::memory::Visit;
use crate::memory::curate::{Amendment, Changed, Cursor, Expiry, Filter, Hand, Shown, Statement, Wanted};
use crate::proxy::{Keepers, unfit_text, unix_ms};
use crate::store::{Erasure, Kind};

/// Longest question of a search, in bytes.
const LONGEST_SEARCH: usize = 2_000;
const KINDS: &str = "profile, preference, event, instruction, note";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let (all, one) = ("/v1/users/{user}/facts", "/v1/users/{user}/facts/{fact}");
    let (erasure, visits) = ("/v1/users/{user}/erasure", "/v1/users/{user}/visits");
    vec![
        Endpoint::new(Method::GET, all, Access::Act, "What is remembered of a person. On record; the person can see it.", list)
            .query::<FactFilter>()
            .with_reason()
            .answers::<Page<FactView>>(),
        Endpoint::new(Method::POST, all, Access::Act, "Write a fact for a person. One that says the same stays.", add)
            .body::<AddFact>()
            .with_reason()
            .status(StatusCode::CREATED)
            .answers::<FactView>(),
        Endpoint::new(Method::PATCH, one, Access::Act, "Approve, edit, pin or end a fact.", amend)
            .body::<AmendFact>()
            .with_reason()
            .answers::<FactView>(),
        Endpoint::new(Method::DELETE, one, Access::Act, "Delete a fact for good.", delete)
            .with_reason()
            .status(StatusCode::NO_CONTENT),
        Endpoint::new(Method::POST, erasure, Access::Act, "Erase all that is kept of a person. It cannot be undone.", erase)
            .body::<EraseUser>()
            .with_reason()
            .answers::<ErasedView>(),
        Endpoint::new(Method::GET, visits, Access::View, "When operators looked at or changed a person's memory.", list_visits)
            .query::<VisitFilter>()
            .answers::<Page<VisitView>>(),
    ]
}

/// `GET /v1/users/{user}/visits`, the latest first.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct VisitFilter {
    cursor: Option<String>,
}

type Parts = Result<Path<HashMap<String, String>>, PathRejection>;

fn fact_of(parts: Parts) -> Result<FactId, Problem> {
    part(parts, "fact")?.parse().map_err(|_| unknown_fact())
}

async fn list(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    filter: Result<Query<FactFilter>, QueryRejection>,
) -> Result<Json<Page<FactView>>, Problem> {
    control.list_facts(&by, user, &reason, read(filter)?).await.map(Json)
}

async fn add(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    body: Bytes,
) -> Result<(StatusCode, Json<FactView>), Problem> {
    control.add_fact(&by, user, &reason, parse(&body)?).await.map(|fact| (StatusCode::CREATED, Json(fact)))
}

async fn amend(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    parts: Parts,
    body: Bytes,
) -> Result<Json<FactView>, Problem> {
    control.amend_fact(&by, user, &reason, fact_of(parts)?, parse(&body)?).await.map(Json)
}

async fn delete(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    parts: Parts,
) -> Result<StatusCode, Problem> {
    control.delete_fact(&by, user, &reason, fact_of(parts)?).await.map(|()| StatusCode::NO_CONTENT)
}

async fn erase(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    reason: Reason,
    body: Bytes,
) -> Result<Json<ErasedView>, Problem> {
    control.erase_user(&by, user, &reason, parse(&body)?).await.map(Json)
}

async fn list_visits(
    State(control): State<Control>,
    by: Principal,
    Whom(user): Whom,
    filter: Result<Query<VisitFilter>, QueryRejection>,
) -> Result<Json<Page<VisitView>>, Problem> {
    control.list_visits(&by, user, read(filter)?.cursor).await.map(Json)
}

impl From<Shown> for FactView {
    fn from(Shown { fact, .. }: Shown) -> Self {
        let current = fact.is_current();
        let source = fact.source;
        Self {
            id: fact.id,
            text: fact.text,
            kind: fact.kind.as_str().to_owned(),
            tier: fact.tier.as_str().to_owned(),
            slot: fact.slot,
            status: fact.status.as_str().to_owned(),
            held_for: fact.held_for.map(|review| review.as_str().to_owned()),
            current,
            pinned: fact.pinned,
            created_at: fact.created_at,
            valid_at: fact.valid_at,
            invalid_at: fact.invalid_at,
            expires_at: fact.expires_at,
            superseded_by: fact.superseded_by,
            source: FactSource {
                origin: source.origin,
                quote: source.quote,
                client: source.client.as_str().to_owned(),
                session: source.session.map(Into::into),
                assurance: source.assurance.as_str().to_owned(),
            },
        }
    }
}

/// One of some words.
fn word<T: DeserializeOwned>(name: &str, text: &str, words: &str) -> Result<T, Problem> {
    let read = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    read.map_err(|_| Problem::invalid(format!("`{name}` is one of: {words}.")))
}

/// Words for a fact.
fn statement(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    match unfit_text(text) {
        None => Ok(text.to_owned()),
        Some(reason) => Err(Problem::invalid(format!("The text {reason}."))),
    }
}

impl Control {
    /// A page of facts, of a user or of a sandbox.
    pub async fn list_facts(
        &self,
        by: &Principal,
        user: UserId,
        reason: &Reason,
        filter: FactFilter,
    ) -> Result<Page<FactView>, Problem> {
        let FactFilter { search, status, kind, history, cursor, limit } = filter;
        let typed = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let query = typed(search).map(|search| search.trim().to_owned());
        if query.as_ref().is_some_and(|query| query.len() > LONGEST_SEARCH) {
            return Err(Problem::invalid(format!("`search` is at most {LONGEST_SEARCH} bytes long.")));
        }
        let status = typed(status).map(|text| word("status", &text, "active, held, forgotten")).transpose()?;
        let kind = typed(kind).map(|text| word("kind", &text, KINDS)).transpose()?;
        let filter = Filter { query, kind, status, tier: None, history };
        let cursor = cursor.map(|text| Cursor::decode(&text).ok_or_else(bad_cursor)).transpose()?;
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            let scope = control.visit(&by, &user, "facts.read", &reason)?;
            let page = control.services.memory.list(&scope, &filter, cursor.as_ref(), page_size(limit), unix_ms())?;
            let next = page.next.as_ref().map(Cursor::encode);
            Ok(Page { items: page.facts.into_iter().map(Into::into).collect(), next, total: None })
        })
        .await
    }

    /// One fact, for a page that asks what is to become of it. On record as a look.
    pub async fn show_fact(&self, by: &Principal, user: UserId, reason: &Reason, id: FactId) -> Result<FactView, Problem> {
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            let scope = control.visit(&by, &user, "facts.read", &reason)?;
            Ok(control.services.memory.fact(&scope, id)?.into())
        })
        .await
    }

    /// Writes a fact for the person.
    pub async fn add_fact(&self, by: &Principal, user: UserId, reason: &Reason, fact: AddFact) -> Result<FactView, Problem> {
        let AddFact { text, kind, pinned } = fact;
        let kind = kind.map_or(Ok(Kind::Note), |text| word("kind", &text, KINDS))?;
        let said = Statement { by: Hand::Operator, text: statement(&text)?, kind, slot: None, pinned, expires_at: None };
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.change(&by, &Deed::change("facts.add", &user, &reason), |scope, act| {
                let changed = control.services.memory.add(scope, &said, act.time)?;
                Ok(tell(act, changed))
            })
        })
        .await
    }

    /// Approves, edits, pins or ends a fact.
    pub async fn amend_fact(
        &self,
        by: &Principal,
        user: UserId,
        reason: &Reason,
        id: FactId,
        change: AmendFact,
    ) -> Result<FactView, Problem> {
        let AmendFact { text, kind, pinned, status } = change;
        let amendment = Amendment {
            by: Hand::Operator,
            text: text.as_deref().map(statement).transpose()?,
            kind: kind.map(|text| word("kind", &text, KINDS)).transpose()?,
            pinned,
            status: match status.as_deref() {
                None => None,
                Some("active") => Some(Wanted::Active),
                Some("forgotten") => Some(Wanted::Forgotten),
                Some(_) => return Err(Problem::invalid("`status` is one of: active, forgotten.")),
            },
            expires_at: Expiry::Keep,
        };
        if amendment == (Amendment { by: Hand::Operator, ..Amendment::default() }) {
            return Err(Problem::invalid("The body changes nothing: name `text`, `kind`, `pinned` or `status`."));
        }
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.change(&by, &Deed::change("facts.amend", &user, &reason), |scope, act| {
                let changed = control.services.memory.amend(scope, id, &amendment, act.time)?;
                Ok(tell(act, changed))
            })
        })
        .await
    }

    /// Deletes a fact.
    pub async fn delete_fact(&self, by: &Principal, user: UserId, reason: &Reason, id: FactId) -> Result<(), Problem> {
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || {
            control.change(&by, &Deed::change("facts.delete", &user, &reason), |scope, act| {
                act.facts_deleted = control.services.memory.delete(scope, id, false)?;
                Ok(())
            })
        })
        .await
    }

    /// Erases all that is kept of a person.
    pub async fn erase_user(
        &self,
        by: &Principal,
        user: UserId,
        reason: &Reason,
        confirm: EraseUser,
    ) -> Result<ErasedView, Problem> {
        if parse_user(&confirm.confirm).ok().as_ref() != Some(&user) {
            let detail = "Erasing cannot be undone: send the user's id once more as `confirm`.";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "confirmation_missing", detail));
        }
        let (control, by, reason) = (self.clone(), by.clone(), reason.clone());
        block(move || control.erase(&by, user, Some(&reason), "user.erase")).await
    }

    /// Erases a user or a sandbox. Blocks.
    pub(super) fn erase(
        &self,
        by: &Principal,
        user: UserId,
        reason: Option<&Reason>,
        act: &'static str,
    ) -> Result<ErasedView, Problem> {
        let receipt = RequestId::fresh();
        let deed = Deed { act, user: &user, other: None, reason, receipt: Some(receipt), noted: false };
        let (erased, at) = self.change(by, &deed, |scope, act| {
            let (erased, _) = Keepers::of(&self.services).erase(scope, Erasure { receipt, at: act.time })?;
            Ok((erased, act.time))
        })?;
        self.services.forget_seen(&user);
        Ok(ErasedView { user, receipt, erased_at: at, records: erased.records, bytes: erased.bytes })
    }

    /// When operators looked at or changed the memory, the latest first. Their reasons are for the person and for those who may read the
    /// audit log: they may say something of the person.
    pub async fn list_visits(&self, by: &Principal, user: UserId, cursor: Option<String>) -> Result<Page<VisitView>, Problem> {
        let behind = cursor.map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
        let (control, says_why) = (self.clone(), by.role().may(Access::Audit));
        block(move || {
            control.known(&user)?;
            let read = count_for(&user, |scope| control.services.memory.visits(scope, behind, page_size(None)));
            let (visits, more) = read?;
            let next = visits.last().filter(|_| more).map(|(order, _)| order.to_string());
            let shown = |visit: Visit| Visit { reason: if says_why { visit.reason } else { "".into() }, ..visit };
            Ok(Page { items: visits.into_iter().map(|(_, visit)| shown(visit).into()).collect(), next, total: None })
        })
        .await
    }
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        let Visit { at, operator, act, reason } = visit;
        Self { at, operator: operator.into(), act: act.into(), reason: reason.into() }
    }
}

/// Names in the audit record what was changed.
fn tell(act: &mut crate::telemetry::ActRecord, changed: Changed) -> FactView {
    act.facts_written = changed.written;
    act.facts_deleted = changed.deleted;
    if changed.known {
        act.outcome = crate::telemetry::audit::ActOutcome::Unchanged;
    }
    changed.shown.into()
}
