//! Plots, drawn on the server as inline SVG: lines over time with axes, units and gaps where nothing was asked, and bars.
//! Each line has a name in the legend and a stroke of its own, each chart a description and its numbers as a table.

use std::fmt::Write;

use maud::{Markup, html};

use super::shell::{clock, number, table, words};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Steps of the vertical axis.
const STEPS: u8 = 4;
/// Rows of a chart's table at most.
const ROWS: usize = 30;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Seconds,
    /// Of things.
    Count,
    /// Between 0 and 1.
    Share,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "per second",
            Self::Seconds => "seconds",
            Self::Count => "count",
            Self::Share => "percent",
        }
    }

    /// A value in words.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Seconds if value == 0.0 => "0 s".to_owned(),
            Self::Seconds if value < 1.0 => format!("{} ms", short(value * 1000.0)),
            Self::Seconds => format!("{} s", short(value)),
            Self::Count => short(value),
            Self::Share => format!("{} %", short(value * 100.0)),
        }
    }

    /// The least that the axis reaches up to, so that a quiet hour does not look wild.
    fn floor(self) -> f64 {
        match self {
            Self::PerSecond | Self::Share => 1.0,
            Self::Seconds => 0.01,
            Self::Count => 4.0,
        }
    }
}

/// Three digits or so.
fn short(value: f64) -> String {
    for (least, power, sign) in [(1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")] {
        if value.abs() >= least {
            return format!("{}{sign}", short(value / power));
        }
    }
    let digits = match value.abs() {
        v if v >= 100.0 || v.fract() == 0.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// One line of a chart; none where nothing was asked.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) points: Vec<Option<f64>>,
}

/// One or two lines over time.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    /// Unique on its page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    /// Milliseconds since the Unix epoch, rising.
    pub(super) at: &'a [i64],
    pub(super) lines: Vec<Line>,
}

impl Chart<'_> {
    /// The chart, or a word where there is nothing to draw.
    pub(super) fn draw(&self) -> Markup {
        let (Some(&from), Some(&to)) = (self.at.first(), self.at.last()) else { return self.show_nothing() };
        if to <= from || !self.values().any(|_| true) {
            return self.show_nothing();
        }
        let frame = Scale { from, to, top: round_up(self.values().fold(self.unit.floor(), f64::max)) };
        html! {
            figure.plot {
                figcaption { span { (self.title) " " span.muted { "(" (self.unit.name()) ")" } } (self.legend()) }
                svg viewBox=(format_args!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby={ (self.id) "-title " (self.id) "-desc" } {
                    title id={ (self.id) "-title" } { (self.title) }
                    desc id={ (self.id) "-desc" } { (self.describe()) }
                    (self.axes(&frame))
                    @for (place, line) in self.lines.iter().enumerate() { (self.trace(&frame, place, line)) }
                }
                (self.numbers())
            }
        }
    }

    fn show_nothing(&self) -> Markup {
        html! {
            figure.plot {
                figcaption { (self.title) }
                p.empty { "Nothing was measured in the last hour." }
            }
        }
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.lines.iter().flat_map(|line| line.points.iter().flatten().copied()).filter(|value| value.is_finite())
    }

    fn legend(&self) -> Markup {
        html! {
            span.legend {
                @for (place, line) in self.lines.iter().enumerate() {
                    span { svg viewBox="0 0 24 8" aria-hidden="true" { path class={ "series s" (place) } d="M1 4H23" {} } (line.name) }
                }
            }
        }
    }

    /// What a reader who does not see it would ask.
    fn describe(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let known = || {
                line.points
                    .iter()
                    .zip(self.at)
                    .filter_map(|(value, at)| value.filter(|value| value.is_finite()).map(|value| (value, *at)))
            };
            let highest = known().max_by(|a, b| a.0.total_cmp(&b.0));
            if let (Some((last, _)), Some((highest, at))) = (known().next_back(), highest) {
                let (last, highest, at) = (self.unit.show(last), self.unit.show(highest), time_of_day(at));
                let _ = write!(text, "{}: latest {last}, highest {highest} at {at}. ", line.name);
            }
        }
        text.trim_end().to_owned()
    }

    fn axes(&self, scale: &Scale) -> Markup {
        html! {
            @for step in 0..=STEPS {
                @let value = scale.top * f64::from(step) / f64::from(STEPS);
                @let y = scale.y(value);
                line class=(if step == 0 { "axis" } else { "grid" }) x1=(LEFT) x2=(WIDTH - RIGHT) y1=(tenth(y)) y2=(tenth(y)) {}
                text x=(LEFT - 6.0) y=(tenth(y + 4.0)) text-anchor="end" { (self.unit.show(value)) }
            }
            @let times: Vec<_> = scale.times().collect();
            @if times.is_empty() { text x=(WIDTH - RIGHT) y=(HEIGHT - 6.0) text-anchor="end" { (time_of_day(scale.to)) } }
            @for at in times {
                @let x = tenth(scale.x(at));
                line.axis x1=(x) x2=(x) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM + 4.0) {}
                text x=(x) y=(HEIGHT - 6.0) text-anchor="middle" { (time_of_day(at)) }
            }
        }
    }

    /// A line, broken where nothing was asked; a point that stands alone is a dot.
    fn trace(&self, scale: &Scale, place: usize, line: &Line) -> Markup {
        let place = place.min(1);
        let known = |at: usize| line.points.get(at).copied().flatten().filter(|value| value.is_finite());
        let (mut path, mut dots) = (String::new(), Vec::new());
        for (index, &at) in self.at.iter().enumerate() {
            let Some(value) = known(index) else { continue };
            let (x, y) = (tenth(scale.x(at)), tenth(scale.y(value)));
            let (before, after) = (index > 0 && known(index - 1).is_some(), known(index + 1).is_some());
            if !before && !after {
                dots.push((x, y));
            }
            let _ = write!(path, "{}{x} {y}", if before { 'L' } else { 'M' });
        }
        html! {
            path class={ "series s" (place) } d=(path) {}
            @for (x, y) in dots { circle class={ "dot s" (place) } cx=(x) cy=(y) r="2.5" {} }
        }
    }

    /// The same as numbers, thinned out.
    fn numbers(&self) -> Markup {
        let each = self.at.len().div_ceil(ROWS).max(1);
        let columns: Vec<_> = [words("From (UTC)")].into_iter().chain(self.lines.iter().map(|line| number(line.name))).collect();
        let highest = |line: &Line, from: usize| {
            let part = line.points.iter().skip(from).take(each).flatten().copied().filter(|value| value.is_finite());
            part.max_by(f64::total_cmp).map_or("–".to_owned(), |value| self.unit.show(value))
        };
        let rows = self.at.iter().enumerate().step_by(each).map(|(from, at)| {
            html! { tr { td { (clock(*at)) } @for line in &self.lines { td.n { (highest(line, from)) } } } }
        });
        html! {
            details id={ (self.id) "-numbers" } {
                summary { "Numbers" @if each > 1 { ", the highest of every " (each) " points" } }
                (table(&format!("{} as numbers", self.title), &columns, rows))
            }
        }
    }
}

/// From measures to places in the drawing.
struct Scale {
    from: i64,
    to: i64,
    top: f64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "an hour in milliseconds")]
    fn x(&self, at: i64) -> f64 {
        LEFT + (at - self.from) as f64 / (self.to - self.from) as f64 * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value.clamp(0.0, self.top) / self.top * (HEIGHT - TOP - BOTTOM)
    }

    /// Round times, few enough to stand side by side.
    fn times(&self) -> impl Iterator<Item = i64> {
        const MINUTE: i64 = 60_000;
        let steps = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 360 * MINUTE];
        let step = steps.into_iter().find(|step| (self.to - self.from) / step <= 5).unwrap_or(1440 * MINUTE);
        let first = self.from.div_euclid(step) * step + step;
        // Labels at the very edges would be cut off.
        let margin = (self.to - self.from) / 40;
        let (from, to) = (self.from + margin, self.to - margin);
        (0..8).map(move |n| first + n * step).filter(move |at| (from..=to).contains(at))
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= value * 0.999_999).unwrap_or(value)
}

/// Tenths of a unit are finer than any screen.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn time_of_day(ms: i64) -> String {
    let minutes = ms.div_euclid(60_000).rem_euclid(1440);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A bar of a row, beside the number that it underlines: `part` of `whole`.
#[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
pub(super) fn bar(part: u64, whole: u64, class: &'static str) -> Markup {
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    html! {
        svg.bar viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="10" {}
            rect class={ "part " (class) } width=(tenth(share.min(100.0))) height="10" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(at: &[i64], points: Vec<Option<f64>>) -> Chart<'_> {
        Chart { id: "c", title: "Requests", unit: Unit::PerSecond, at, lines: vec![Line { name: "all", points }] }
    }

    #[test]
    fn a_line_breaks_where_nothing_was_asked() {
        let at = [0, 600_000, 1_200_000, 1_800_000, 2_400_000];
        let drawn = chart(&at, vec![Some(1.0), Some(2.0), None, Some(1.0), None]).draw().into_string();
        let path = drawn.split("d=\"M60").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(path.matches('L').count(), 1, "{path}");
        assert_eq!(path.matches('M').count(), 1, "{path}");
        assert_eq!(drawn.matches("<circle").count(), 1, "the point that stands alone");
        for shape in ["path", "line", "circle"] {
            let (opened, closed) = (drawn.matches(&format!("<{shape} ")).count(), drawn.matches(&format!("</{shape}>")).count());
            assert_eq!(opened, closed, "in SVG, {shape} closes nothing by itself");
        }
    }

    #[test]
    fn it_says_in_words_what_it_shows() {
        let at = [43_200_000, 43_260_000];
        let drawn = chart(&at, vec![Some(3.5), Some(0.25)]).draw().into_string();
        assert!(drawn.contains("all: latest 0.25/s, highest 3.5/s at 12:00."), "{drawn}");
        assert!(drawn.contains("aria-labelledby=\"c-title c-desc\"") && drawn.contains("<td class=\"n\">3.5/s</td>"), "{drawn}");
    }

    #[test]
    fn nothing_measured_is_said_and_not_drawn() {
        for (at, points) in [(&[][..], vec![]), (&[0, 1][..], vec![None, None]), (&[5][..], vec![Some(1.0)])] {
            let drawn = chart(at, points).draw().into_string();
            assert!(!drawn.contains("<svg") && drawn.contains("Nothing was measured"), "{drawn}");
        }
    }

    #[test]
    fn what_is_no_number_breaks_no_drawing() {
        let at = [0, 60_000, 120_000];
        let drawn = chart(&at, vec![Some(f64::NAN), Some(f64::INFINITY), Some(1e12)]).draw().into_string();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }

    #[test]
    fn values_are_shown_with_their_unit() {
        let shown = [Unit::Seconds.show(0.0421), Unit::Seconds.show(12.34), Unit::Share.show(0.5), Unit::Count.show(1200.0)];
        assert_eq!([Unit::Count.show(25_000.0), Unit::PerSecond.show(3.2e6)], ["25k", "3.2M/s"]);
        assert_eq!(shown, ["42.1 ms", "12.3 s", "50 %", "1200"]);
        assert_eq!((round_up(0.03), round_up(7.0), round_up(100.0)), (0.04, 8.0, 100.0));
    }
}
