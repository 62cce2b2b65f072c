//! `memgate budget …`

use std::io::Write;

use clap::Subcommand;

use super::args::{ConfirmArgs, ControlArgs, PageArgs};
use super::output::{self, Failure};
use super::{print_page, with_client};
use crate::admin::api::{BudgetAccount, BudgetFilter, BudgetRow, BudgetStanding, ResetBudget};
use crate::client::Client;
use crate::ids::UserId;

#[derive(Debug, Subcommand)]
pub(super) enum BudgetCommand {
    /// List the rules.
    List {
        #[command(flatten)]
        control: ControlArgs,
    },
    /// List who uses how much.
    Users {
        #[arg(long)]
        user: Option<UserId>,
        /// The rule, by its name.
        #[arg(long)]
        rule: Option<String>,
        /// Those that are at least in this zone.
        #[arg(long, value_parser = ["soft", "hard"])]
        zone: Option<String>,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Take what a user has used off one rule. It cannot be undone. On record.
    Reset {
        /// The rule, by its name: see `memgate budget list`.
        rule: String,
        user: UserId,
        #[command(flatten)]
        confirm: ConfirmArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: BudgetCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        BudgetCommand::List { control } => {
            let rules = with_client(&control, async |client| client.list_budgets().await)?;
            if control.json {
                return output::print_json(&rules, out);
            }
            let rows: Vec<[String; 4]> = rules.iter().map(rule_row).collect();
            Ok(output::print_table(["RULE", "SCOPE", "LIMITS", "ACCOUNTS"], &rows, out)?)
        }
        BudgetCommand::Users { user, rule, zone, page, control } => {
            let user = user.map(|user| user.to_string());
            let filter = BudgetFilter { user, rule, zone, cursor: page.cursor.clone(), limit: page.size() };
            let ask = async |client: &Client, filter: &BudgetFilter| client.list_budget_accounts(filter).await;
            let row = |account: &BudgetAccount| {
                let limits: Vec<_> = account.limits.iter().map(standing).collect();
                [account.user.clone(), account.rule.clone(), output::join(&limits)]
            };
            print_page(&control, &page, filter, ask, ["USER", "RULE", "USED"], row, out)
        }
        BudgetCommand::Reset { rule, user, confirm, control } => {
            confirm.require(&format!("taking what {user} has used off {rule}"), &user.to_string())?;
            let reset = ResetBudget { rule, user: user.to_string() };
            with_client(&control, async |client| client.reset_budget(&reset).await)?;
            Ok(writeln!(out, "{user} has used nothing of {} now.", crate::telemetry::inert(&reset.rule))?)
        }
    }
}

fn rule_row(rule: &BudgetRow) -> [String; 4] {
    let limits: Vec<_> = rule.limits.iter().map(|limit| format!("{} {}", amount(&limit.kind, limit.limit), limit.kind)).collect();
    [rule.name.clone(), rule.scope.clone(), output::join(&limits), rule.accounts.to_string()]
}

fn standing(limit: &BudgetStanding) -> String {
    let BudgetStanding { kind, zone, used, reserved, limit, resets_at } = limit;
    let of = format!("{} of {} {kind} ({zone})", amount(kind, used.saturating_add(*reserved)), amount(kind, *limit));
    resets_at.map_or_else(|| of.clone(), |at| format!("{of} until {}", output::time(at)))
}

/// Money is counted in millionths.
fn amount(kind: &str, amount: u64) -> String {
    if kind == "money" { format!("{}.{:06}", amount / 1_000_000, amount % 1_000_000) } else { amount.to_string() }
}
