//! `memgate status`, `overview`, `clients` and `upstreams`.

use std::io::Write;

use super::args::ControlArgs;
use super::output::{self, Failure};
use super::with_client;
use crate::admin::api::{ClientRow, DecisionCount, Overview, UpstreamRow};

pub(super) fn status(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let status = with_client(control, async |client| client.status().await)?;
    if control.json {
        return output::print_json(&status, out);
    }
    let fields = [
        ("version", status.version),
        ("started", output::time(status.started_at)),
        ("open streams", status.open_streams.to_string()),
        ("learning queue", format!("{} bytes", status.learning_queue_bytes)),
    ];
    Ok(output::print_fields(&fields, out)?)
}

pub(super) fn overview(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let overview = with_client(control, async |client| client.show_overview().await)?;
    if control.json {
        return output::print_json(&overview, out);
    }
    output::print_fields(&numbers(&overview), out)?;
    let Overview { decisions, activity, upstreams, .. } = overview;
    if !decisions.is_empty() {
        writeln!(out)?;
        let row = |count: DecisionCount| [count.mode, count.decision, count.reason, count.requests.to_string()];
        let rows: Vec<[String; 4]> = decisions.into_iter().map(row).collect();
        output::print_table(["MODE", "DECISION", "REASON", "REQUESTS"], &rows, out)?;
    }
    if !activity.is_empty() {
        let rows: Vec<[String; 3]> =
            activity.into_iter().map(|client| [client.client, client.active.to_string(), client.idle.to_string()]).collect();
        writeln!(out)?;
        output::print_table(["CLIENT", "ACTIVE USERS", "IDLE USERS"], &rows, out)?;
    }
    if !upstreams.is_empty() {
        writeln!(out)?;
        print_upstreams(&upstreams, out)?;
    }
    Ok(())
}

fn numbers(overview: &Overview) -> Vec<(&'static str, String)> {
    let rate = |series: &[f64]| series.last().map_or_else(|| "-".to_owned(), |rate| format!("{rate:.2} a second"));
    let seconds = |series: &[Option<f64>]| output::or_dash(series.last().copied().flatten().map(|time| format!("{time:.3} s")));
    let series = &overview.series;
    let recalls: Vec<_> = overview.recalls.iter().map(|count| format!("{} {}", count.count, count.name)).collect();
    vec![
        ("version", overview.version.clone()),
        ("started", output::time(overview.started_at)),
        ("mode", overview.mode.clone()),
        ("shadow mode", output::or_dash(overview.shadow.as_ref())),
        ("requests", rate(&series.requests_per_second)),
        ("refusals", rate(&series.refusals_per_second)),
        ("duration (p95)", seconds(&series.duration_p95)),
        ("first token (p95)", seconds(&series.first_token_p95)),
        ("open streams", overview.open_streams.to_string()),
        ("queued", overview.queued.to_string()),
        ("users", overview.users.to_string()),
        ("sandboxes", overview.sandboxes.to_string()),
        ("cross-scope denials", overview.cross_scope_denials.to_string()),
        ("trims", format!("{} ({} messages cut, {} tokens saved)", overview.trims, overview.messages_cut, overview.tokens_saved)),
        ("tokens", format!("{} in, {} out", overview.tokens_in, overview.tokens_out)),
        ("recalls", output::join(&recalls)),
        ("learning queue", format!("{} bytes", overview.learning_queue_bytes)),
        ("audit lines lost", overview.audit_dropped.to_string()),
    ]
}

pub(super) fn clients(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let clients = with_client(control, async |client| client.list_clients().await)?;
    if control.json {
        return output::print_json(&clients, out);
    }
    let rows: Vec<[String; 8]> = clients.iter().map(client_row).collect();
    let heading = ["CLIENT", "MODE", "KNOWN BY", "SOURCES", "REQUESTS", "REFUSED", "ACTIVE USERS", "SEEN"];
    Ok(output::print_table(heading, &rows, out)?)
}

fn client_row(client: &ClientRow) -> [String; 8] {
    let (known, sources) = (output::join(&client.known_by), output::join(&client.sources));
    let [requests, refused, active] = [client.requests, client.refused, client.active_users].map(|count| count.to_string());
    [client.name.clone(), client.mode.clone(), known, sources, requests, refused, active, output::time_or_dash(client.seen_at)]
}

pub(super) fn upstreams(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let upstreams = with_client(control, async |client| client.list_upstreams().await)?;
    if control.json { output::print_json(&upstreams, out) } else { print_upstreams(&upstreams, out) }
}

fn print_upstreams(upstreams: &[UpstreamRow], out: &mut dyn Write) -> Result<(), Failure> {
    let row = |upstream: &UpstreamRow| {
        let running = match upstream.concurrency {
            Some(most) => format!("{} of {most}", upstream.running),
            None => upstream.running.to_string(),
        };
        let counts = [upstream.waiting, upstream.requests, upstream.errors].map(|count| count.to_string());
        let [waiting, requests, errors] = counts;
        let (name, address, condition) = (upstream.name.clone(), upstream.address.clone(), upstream.condition.clone());
        [name, condition, running, waiting, requests, errors, output::join(&upstream.models), address]
    };
    let rows: Vec<[String; 8]> = upstreams.iter().map(row).collect();
    let heading = ["UPSTREAM", "CONDITION", "RUNNING", "WAITING", "REQUESTS", "ERRORS", "MODELS", "ADDRESS"];
    Ok(output::print_table(heading, &rows, out)?)
}
