//! Budgets: the rules, who uses how much: `/budgets`.

use axum::response::Response;
use maud::{Markup, html};

use super::links::with_query;
use super::notice::{see, told};
use super::parts::{Desk, answer, decide, mendable, moment, person};
use crate::admin::api::{BudgetAccount, BudgetFilter, BudgetLimit, BudgetRow, BudgetStanding, Page, ResetBudget};
use crate::admin::{Problem, SafeForm};
use crate::dashboard::shell::{
    Asked, Frame, Sheet, Tone, badge, choice_field, count, empty, filter_form, hidden_field, inert, inert_whole, number, paging,
    table, text_field, words,
};
use crate::ids::UserId;

const ZONES: [(&str, &str); 3] = [("", "all"), ("soft", "soft or hard"), ("hard", "hard: nothing left")];

pub(super) async fn list(Desk { control, by, frame }: Desk, Asked(filter): Asked<BudgetFilter>) -> Result<Response, Problem> {
    let rules = control.list_budgets(&by).await?;
    let accounts = control.list_budget_accounts(&by, filter.clone()).await?;
    let body = html! { (told(&frame)) (view(&frame, &filter, &rules, &accounts)) };
    Ok(frame.show(Sheet::new("Budgets", body)))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub rule: String,
    pub user: String,
}

pub(super) async fn ask_reset(frame: Frame, Asked(account): Asked<Account>) -> Response {
    answer(&frame, "Reset a budget", reset_form(&frame, &account), None)
}

pub(super) async fn reset(Desk { control, by, frame }: Desk, SafeForm(account): SafeForm<Account>) -> Result<Response, Problem> {
    let Account { rule, user } = account.clone();
    match control.reset_budget(&by, ResetBudget { rule, user }).await {
        Ok(()) => Ok(see("/budgets", &[("user", Some(&account.user))], "budget_reset", 0)),
        Err(problem) => Ok(answer(&frame, "Reset a budget", reset_form(&frame, &account), Some(&mendable(problem)?))),
    }
}

pub(super) fn view(frame: &Frame, filter: &BudgetFilter, rules: &[BudgetRow], page: &Page<BudgetAccount>) -> Markup {
    let BudgetFilter { user, rule, zone, cursor, .. } = filter;
    let (user, rule, zone) = (user.as_deref(), rule.as_deref(), zone.as_deref());
    let names: Vec<_> = rules.iter().map(|rule| inert_whole(&rule.name).plain()).collect();
    let names = names.iter().map(|name| (name.as_str(), name.as_str()));
    let columns = [words("Rule"), words("Applies to"), words("Limits"), number("Accounts in use")];
    html! {
        section aria-labelledby="rules" {
            h2 #rules { "Rules" }
            @if rules.is_empty() {
                (empty(html! { "No rule is configured, so nothing is limited. Rules are written in proxy.yaml, under " code { "budgets" } "." }))
            } @else { (table("Rules", &columns, rules.iter().map(rule_row))) }
        }
        section aria-labelledby="accounts" {
            h2 #accounts { "Who uses how much" }
            (filter_form("/budgets", html! {
                (text_field("user", "User (tenant:name)", user))
                (choice_field("rule", "Rule", [("", "all")].into_iter().chain(names), rule))
                (choice_field("zone", "Zone", ZONES, zone))
            }))
            (accounts(frame, &page.items))
            (paging("/budgets", &[("user", user), ("rule", rule), ("zone", zone)], cursor.as_deref(), page.next.as_deref()))
        }
    }
}

fn rule_row(rule: &BudgetRow) -> Markup {
    html! {
        tr {
            th scope="row" { (inert(&rule.name)) }
            td { (inert(&rule.scope)) }
            td { @for BudgetLimit { kind, limit } in &rule.limits { div { (inert(kind)) ": " (amount(kind, *limit)) } } }
            td.n { (count(rule.accounts)) }
        }
    }
}

/// Money is kept in millionths.
fn amount(kind: &str, value: u64) -> String {
    if kind == "money" { format!("{}.{:02}", count(value / 1_000_000), value % 1_000_000 / 10_000) } else { count(value) }
}

/// How users stand.
pub(super) fn accounts(frame: &Frame, accounts: &[BudgetAccount]) -> Markup {
    let reset =
        |account: &BudgetAccount| with_query("/budgets/reset", &[("rule", Some(&account.rule)), ("user", Some(&account.user))]);
    let rows = accounts.iter().map(|account| {
        html! {
            tr {
                th scope="row" { (whose(&account.user)) }
                td { (inert(&account.rule)) }
                td.bars { @for standing in &account.limits { (bar(standing)) } }
                @if frame.may_act() { td { a href=(reset(account)) { "Reset" } } }
            }
        }
    });
    let columns = [words("User"), words("Rule"), words("Used"), words("Act")];
    let columns = if frame.may_act() { &columns[..] } else { &columns[..3] };
    html! { @if accounts.is_empty() { (empty("None.")) } @else { (table("Who uses how much", columns, rows)) } }
}

/// An account may be of something else than a user.
fn whose(name: &str) -> Markup {
    UserId::try_from(name.to_owned()).map_or_else(|_| html! { (inert(name)) }, |user| person(&user))
}

/// What is used, in words and as a bar. The zone is told by its words and its sign, not by its colour alone.
fn bar(standing: &BudgetStanding) -> Markup {
    let BudgetStanding { kind, zone, used, reserved, limit, resets_at } = standing;
    let share = |part: u64| u64::try_from((u128::from(part) * 1000 / u128::from((*limit).max(1))).min(1000)).unwrap_or(1000);
    let (class, tone) = match zone.as_str() {
        "open" => ("good", Tone::Good),
        "soft" => ("warn", Tone::Warn),
        _ => ("bad", Tone::Bad),
    };
    html! {
        div.standing {
            div {
                (inert(kind)) ": " strong { (amount(kind, *used)) } " of " (amount(kind, *limit)) " " (badge(tone, inert(zone)))
                @if *reserved > 0 { " " span.muted { (amount(kind, *reserved)) " held by running requests" } }
                @if let Some(at) = resets_at { " " span.muted { "anew " (moment(*at)) } }
            }
            svg.bar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect.track width="1000" height="10" {}
                rect.part.held width=(share(used.saturating_add(*reserved))) height="10" {}
                rect class={ "part " (class) } width=(share(*used)) height="10" {}
            }
        }
    }
}

/// Asks before a budget is reset.
pub(super) fn reset_form(frame: &Frame, account: &Account) -> Markup {
    let Account { rule, user } = account;
    if rule.is_empty() || user.is_empty() {
        return empty(html! { "Choose whose budget is reset on the " a href="/budgets" { "page of budgets" } "." });
    }
    html! {
        p { "What " strong { (inert(user)) } " has used under the rule " strong { (inert(rule)) }
            " is taken off: they have the whole budget anew. This cannot be undone." }
        (frame.form("/budgets/reset", html! {
            (hidden_field("rule", &inert_whole(rule).plain())) (hidden_field("user", &inert_whole(user).plain())) (decide("Reset", "/budgets"))
        }))
    }
}
