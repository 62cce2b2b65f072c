//! How everything goes, at a glance.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Sparkline;

use super::{Cx, Intent, Keys, Screen, View};
use crate::admin::api::{Overview, Series};
use crate::tui::listing::Ticket;
use crate::tui::look::Cell;
use crate::tui::message::{Answer, Call};
use crate::tui::table::{below, draw_heading, top};
use crate::tui::text;

#[derive(Default)]
pub(in crate::tui) struct OverviewScreen {
    overview: Option<Box<Overview>>,
    awaited: Option<Ticket>,
}

impl OverviewScreen {
    pub fn show(&mut self, overview: Box<Overview>) {
        self.overview = Some(overview);
    }
}

impl Screen for OverviewScreen {
    fn is_empty(&self) -> bool {
        self.overview.is_none() && self.awaited.is_none()
    }

    fn refresh(&mut self, cx: &mut Cx) {
        self.awaited = Some(cx.call(Call::Overview));
    }

    fn press(&mut self, _: KeyEvent, _: &mut Cx) {}

    fn submit(&mut self, _: Intent, _: String, _: &mut Cx) {}

    fn receive(&mut self, ticket: Ticket, answer: Answer) {
        if let Answer::Overview(overview) = answer
            && self.awaited == Some(ticket)
        {
            self.awaited = None;
            self.overview = Some(overview);
        }
    }

    fn give_up(&mut self, ticket: Ticket) {
        if self.awaited == Some(ticket) {
            self.awaited = None;
        }
    }

    fn keys(&self) -> Keys {
        &[("1 to 8, Tab", "the other screens")]
    }

    fn draw(&self, frame: &mut Frame, area: Rect, view: View) {
        let Some(overview) = &self.overview else {
            let told = if self.awaited.is_some() { "Loading…" } else { "Nothing has come yet. Press r to ask again." };
            frame.render_widget(Line::styled(format!("  {told}"), view.look.faint()), top(area, 1));
            return;
        };
        let shadow = overview.shadow.as_deref().map(|mode| format!(", shadow {mode}")).unwrap_or_default();
        let aside = format!("up {}, mode {}{shadow}", text::span(view.now.saturating_sub(overview.started_at)), overview.mode);
        let body = draw_heading(frame, area, view.look, &format!("memgate {}", overview.version), &aside);
        let [numbers, plots, lists] = Layout::vertical([
            Constraint::Length(6),
            Constraint::Length(if body.height >= 26 { 6 } else { 4 }),
            Constraint::Fill(1),
        ])
        .areas(body);
        draw_numbers(frame, numbers, view, overview);
        draw_plots(frame, plots, view, &overview.series);
        let [left, right] = Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)]).spacing(1).areas(lists);
        draw_decisions(frame, left, view, overview);
        draw_right(frame, right, view, overview);
    }
}

fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

fn seconds(values: &[Option<f64>]) -> String {
    let value = values.iter().rev().find_map(|value| *value);
    value.map_or_else(
        || "-".to_owned(),
        |value| if value < 10.0 { format!("{:.0} ms", value * 1000.0) } else { format!("{value:.1} s") },
    )
}

fn draw_numbers(frame: &mut Frame, area: Rect, view: View, overview: &Overview) {
    let series = &overview.series;
    let (active, idle) = overview.activity.iter().fold((0, 0), |(active, idle), c| (active + c.active, idle + c.idle));
    let hits = series.recall_hits.iter().rev().find_map(|hit| *hit);
    let quantiles = |p50: &[Option<f64>], p95: &[Option<f64>]| format!("{} / {}", seconds(p50), seconds(p95));
    let denials = overview.cross_scope_denials;
    let dropped = overview.audit_dropped;
    let warn = |wrong: bool, text: String| {
        if wrong { Cell { text: format!("! {text}"), style: view.look.bad() } } else { text.into() }
    };
    let fields: [(&str, Cell); 12] = [
        ("requests/s", format!("{:.2}", last(&series.requests_per_second)).into()),
        ("refusals/s", format!("{:.2}", last(&series.refusals_per_second)).into()),
        ("whole answer", format!("{} (p50 / p95)", quantiles(&series.duration_p50, &series.duration_p95)).into()),
        ("first token", quantiles(&series.first_token_p50, &series.first_token_p95).into()),
        ("people", format!("{active} active, {idle} idle, of {}", overview.users).into()),
        ("sandboxes", overview.sandboxes.to_string().into()),
        ("open streams", format!("{}, {} waiting", overview.open_streams, overview.queued).into()),
        ("tokens", format!("{} in, {} out", text::count(overview.tokens_in), text::count(overview.tokens_out)).into()),
        ("recall found", hits.map_or_else(|| "-".to_owned(), |hit| format!("{:.0} %", hit * 100.0)).into()),
        (
            "trimmed",
            format!("{} cut, {} tokens saved", text::count(overview.messages_cut), text::count(overview.tokens_saved)).into(),
        ),
        ("turned away", warn(false, format!("{denials} requests for what is another's"))),
        ("audit", if dropped > 0 { warn(true, format!("{dropped} records lost")) } else { warn(false, "complete".to_owned()) }),
    ];
    let half = usize::from(area.width / 2);
    for (row, pair) in fields.chunks(2).enumerate() {
        let mut spans = Vec::new();
        for (name, cell) in pair {
            spans.push(Span::styled(text::pad(name, 13, false), view.look.faint()));
            spans.push(Span::styled(text::pad(&cell.text, half.saturating_sub(14), false) + " ", cell.style));
        }
        frame.render_widget(Line::from(spans), top(area, row));
    }
}

fn draw_plots(frame: &mut Frame, area: Rect, view: View, series: &Series) {
    let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]).spacing(2).areas(area);
    draw_plot(frame, left, view, ("requests/s", &series.requests_per_second, view.look.good()));
    draw_plot(frame, right, view, ("refusals/s", &series.refusals_per_second, view.look.bad()));
}

/// The last hour, its newest points to the right.
fn draw_plot(frame: &mut Frame, area: Rect, view: View, (name, values, style): (&str, &[f64], Style)) {
    let most = values.iter().copied().fold(0.0, f64::max);
    let title = format!("{name}, last hour, at most {most:.2}");
    frame.render_widget(Line::styled(text::clip(&title, usize::from(area.width)), view.look.faint()), top(area, 0));
    let room = usize::from(area.width);
    // More points than columns: the highest of those that share one.
    let per_column = values.len().div_ceil(room.max(1)).max(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, a plot needs no more")]
    let bars: Vec<u64> =
        values.chunks(per_column).map(|part| (part.iter().copied().fold(0.0, f64::max) * 1000.0) as u64).collect();
    frame.render_widget(Sparkline::default().data(bars).style(style), below(area, 1));
}

fn draw_decisions(frame: &mut Frame, area: Rect, view: View, overview: &Overview) {
    frame.render_widget(Line::styled("Decisions since the start", view.look.strong()), top(area, 0));
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for count in &overview.decisions {
        *counts.entry((&count.decision, &count.reason)).or_default() += count.requests;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(name, requests), (other_name, other)| other.cmp(requests).then(name.cmp(other_name)));
    let width = usize::from(area.width);
    let room = usize::from(area.height.saturating_sub(1));
    for (row, ((decision, reason), requests)) in counts.into_iter().take(room).enumerate() {
        let cell = view.look.decision(decision);
        let line = Line::from(vec![
            Span::raw(text::pad(&text::count(requests), 6, true) + " "),
            Span::styled(text::pad(&cell.text, 10, false), cell.style),
            Span::raw(text::clip(reason, width.saturating_sub(17))),
        ]);
        frame.render_widget(line, top(area, row + 1));
    }
}

fn draw_right(frame: &mut Frame, area: Rect, view: View, overview: &Overview) {
    let width = usize::from(area.width);
    let mut lines = vec![Line::styled("Upstreams", view.look.strong())];
    for upstream in &overview.upstreams {
        let condition = view.look.condition(upstream.well, &upstream.condition);
        lines.push(Line::from(vec![
            Span::styled(text::pad(&condition.text, 11, false), condition.style),
            Span::raw(text::clip(
                &format!("{}: {} running, {} waiting", upstream.name, upstream.running, upstream.waiting),
                width.saturating_sub(11),
            )),
        ]));
    }
    lines.push(Line::styled("Clients", view.look.strong()));
    for client in &overview.activity {
        lines.push(Line::raw(text::clip(&format!("{}: {} active, {} idle", client.client, client.active, client.idle), width)));
    }
    for (row, line) in lines.into_iter().enumerate() {
        frame.render_widget(line, top(area, row));
    }
}
