//! `memgate decisions`, `explain`, `whatif` and `shadow`.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::args::{ControlArgs, PageArgs};
use super::output::{self, Failure};
use super::{print_page, with_client};
use crate::admin::api::{DecisionFilter, DecisionRow, Explanation, ReplayQuery, ReplayReport, ShadowReport};
use crate::client::{Client, Event};

/// Which decisions are shown. Conditions join with "and".
#[derive(Debug, Args)]
pub(super) struct DecisionArgs {
    /// Go on with those that come, one a line, until interrupted.
    #[arg(long, conflicts_with_all = ["all", "cursor", "until"])]
    follow: bool,
    #[arg(long)]
    user: Option<String>,
    #[arg(long)]
    client: Option<String>,
    #[arg(long)]
    mode: Option<Mode>,
    #[arg(long, value_parser = ["admit", "sandbox", "bypass", "refuse"])]
    decision: Option<String>,
    /// Such as `identity_missing`.
    #[arg(long)]
    reason: Option<String>,
    #[arg(long)]
    route: Option<String>,
    /// Part of the request's id, path, model or peer.
    #[arg(long)]
    search: Option<String>,
    /// The oldest, as a time (2026-01-31T12:00:00Z).
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// The youngest.
    #[arg(long)]
    until: Option<jiff::Timestamp>,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    control: ControlArgs,
}

/// A trust mode, as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Mode {
    Strict,
    Required,
    Quarantine,
    Legacy,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Required => "required",
            Self::Quarantine => "quarantine",
            Self::Legacy => "legacy",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct WhatIfArgs {
    mode: Mode,
    /// For the requests of one client alone.
    #[arg(long)]
    client: Option<String>,
    #[command(flatten)]
    control: ControlArgs,
}

const HEADING: [&str; 8] = ["TIME", "REQUEST", "CLIENT", "USER", "DECISION", "REASON", "STATUS", "PATH"];

pub(super) fn list(args: DecisionArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let DecisionArgs { follow, user, client, mode, decision, reason, route, search, since, until, page, control } = args;
    let mode = mode.map(|mode| mode.as_str().to_owned());
    let [since, until] = [since, until].map(|time| time.map(jiff::Timestamp::as_millisecond));
    let (cursor, limit) = (page.cursor.clone(), page.size());
    let filter = DecisionFilter { user, client, mode, decision, reason, route, search, since, until, cursor, limit };
    if follow {
        return self::follow(&control, &filter, out);
    }
    let ask = async |client: &Client, filter: &DecisionFilter| client.list_decisions(filter).await;
    print_page(&control, &page, filter, ask, HEADING, row, out)
}

fn row(row: &DecisionRow) -> [String; 8] {
    let status = match (&row.error, row.status) {
        (Some(error), status) => format!("{} {error}", output::or_dash(status)),
        (None, status) => output::or_dash(status),
    };
    let user = output::or_dash(row.user.as_ref());
    let (decision, reason) = (format!("{} ({})", row.decision, row.mode), row.reason.clone());
    [output::time(row.time), row.request.clone(), row.client.clone(), user, decision, reason, status, row.path.clone()]
}

/// Shows what comes, for as long as memgate tells and somebody reads.
fn follow(control: &ControlArgs, filter: &DecisionFilter, out: &mut dyn Write) -> Result<(), Failure> {
    let mut written = Ok(());
    with_client(control, async |client| {
        let mut events = client.events().await?;
        while let Some(event) = events.next().await? {
            let Event::Decision(row) = event else { continue };
            if fits(filter, &row) {
                written = print_line(&row, control.json, out);
            }
            if written.is_err() {
                break;
            }
        }
        Ok(())
    })?;
    written
}

fn print_line(decision: &DecisionRow, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        output::print_json_line(decision, out)?;
    } else {
        let cells = row(decision);
        writeln!(out, "{}", crate::telemetry::inert(&cells.join("  ")))?;
    }
    Ok(out.flush()?)
}

/// Whether a decision is one of those that were asked for, as the API would say.
fn fits(filter: &DecisionFilter, row: &DecisionRow) -> bool {
    let DecisionFilter { user, client, mode, decision, reason, route, search, since, .. } = filter;
    let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let mentions = |part: &str| {
        let part = part.to_lowercase();
        let texts = [Some(&row.request), Some(&row.path), row.model.as_ref(), Some(&row.peer)];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&part))
    };
    // Users are listed with their tenant, and may be asked for without the default one.
    let of_user = |wanted: &str| row.user.as_deref().is_some_and(|user| user == wanted || user == format!("default:{wanted}"));
    user.as_deref().is_none_or(of_user)
        && is(client, &row.client)
        && is(mode, &row.mode)
        && is(decision, &row.decision)
        && is(reason, &row.reason)
        && is(route, &row.route)
        && search.as_deref().is_none_or(mentions)
        && since.is_none_or(|since| row.time >= since)
}

pub(super) fn explain(request: &str, control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let explanation = with_client(control, async |client| client.explain_decision(request).await)?;
    if control.json {
        return output::print_json(&explanation, out);
    }
    let Explanation { row, steps, modes, remedy } = explanation;
    let fields = [
        ("request", row.request),
        ("time", output::time(row.time)),
        ("client", row.client),
        ("peer", row.peer),
        ("user", output::or_dash(row.user)),
        ("evidence", output::or_dash(row.source)),
        ("assurance", output::or_dash(row.assurance)),
        ("decision", format!("{} ({}, {})", row.decision, row.mode, row.reason)),
        ("asked", format!("{} {}", row.method, row.path)),
        ("model", output::or_dash(row.model)),
        ("upstream", output::or_dash(row.upstream)),
        ("answer", format!("{} {}", output::or_dash(row.status), row.outcome)),
        ("remedy", output::or_dash(remedy)),
    ];
    output::print_fields(&fields, out)?;
    let steps: Vec<[String; 3]> = steps.into_iter().map(|step| [step.name, step.result, step.why]).collect();
    writeln!(out)?;
    output::print_table(["STEP", "RESULT", "WHY"], &steps, out)?;
    let modes: Vec<[String; 3]> = modes.into_iter().map(|mode| [mode.mode, mode.decision, mode.reason]).collect();
    writeln!(out)?;
    Ok(output::print_table(["MODE", "DECISION", "REASON"], &modes, out)?)
}

pub(super) fn replay(args: &WhatIfArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let query = ReplayQuery { mode: args.mode.as_str().to_owned(), client: args.client.clone() };
    let report = with_client(&args.control, async |client| client.replay_decisions(&query).await)?;
    if args.control.json {
        return output::print_json(&report, out);
    }
    let ReplayReport { mode, considered, since, unchanged, changes } = report;
    let since = output::time_or_dash(since);
    writeln!(out, "Of {considered} request(s) since {since}, `{mode}` would decide on {unchanged} as it was decided.")?;
    if changes.is_empty() {
        return Ok(());
    }
    let rows: Vec<[String; 7]> = changes
        .into_iter()
        .map(|change| {
            let decision = format!("{} → {}", change.from, change.to);
            let (requests, users) = (change.requests.to_string(), change.users.to_string());
            [change.client, decision, change.reason, requests, users, output::time(change.last_at), change.needs]
        })
        .collect();
    writeln!(out)?;
    Ok(output::print_table(["CLIENT", "DECISION", "REASON", "REQUESTS", "USERS", "LAST", "NEEDS"], &rows, out)?)
}

pub(super) fn shadow(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let report = with_client(control, async |client| client.report_shadow().await)?;
    if control.json {
        return output::print_json(&report, out);
    }
    let ShadowReport { mode, groups } = report;
    let Some(mode) = mode else {
        return Ok(writeln!(out, "There is no shadow mode: set `trust.shadow`, or ask with `memgate whatif`.")?);
    };
    if groups.is_empty() {
        return Ok(writeln!(out, "`{mode}` would have refused nobody.")?);
    }
    writeln!(out, "`{mode}` would have refused:")?;
    let rows: Vec<[String; 7]> = groups
        .into_iter()
        .map(|group| {
            let (first, last) = (output::time(group.first_at), output::time(group.last_at));
            [group.client, output::or_dash(group.user), group.reason, group.requests.to_string(), first, last, group.needs]
        })
        .collect();
    Ok(output::print_table(["CLIENT", "USER", "REASON", "REQUESTS", "FIRST", "LAST", "NEEDS"], &rows, out)?)
}

#[cfg(test)]
mod tests;
