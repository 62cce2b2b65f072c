//! Metrics of budgets.

use prometheus::{CounterVec, IntCounter, IntCounterVec, IntGauge, Opts};

use super::Builder;
use super::reading::{each, label};

label!(
    /// Which tokens were charged.
    TokenSort { Input = "input", Cached = "cached_input", Output = "output" }
);

/// Metrics of budgets. Labels are the names of rules and upstreams, as configured.
#[derive(Clone)]
pub struct BudgetMetrics {
    refusals: IntCounterVec,
    tokens: IntCounterVec,
    money: CounterVec,
    unwritten: IntCounter,
    subjects: IntGauge,
}

impl BudgetMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let money = Opts::new("charged_money_total", "Money charged, in units of the prices, by upstream.").namespace("memgate");
        Ok(Self {
            refusals: b.counters(
                "budget_refusals_total",
                "Requests refused by a budget, by rule and kind.",
                &["rule", "kind"],
            )?,
            tokens: b.counters(
                "charged_tokens_total",
                "Tokens charged to budgets, by upstream and sort.",
                &["upstream", "sort"],
            )?,
            money: b.add(CounterVec::new(money, &["upstream"])?)?,
            unwritten: b.counter("budget_unwritten_total", "Requests whose cost could not be written down.")?,
            subjects: b.gauge("budget_subjects", "Accounts that budgets keep, one for each rule and whom it counts apart.")?,
        })
    }

    /// Counts a request that a rule turned away.
    pub fn count_refusal(&self, rule: &str, kind: &str) {
        self.refusals.with_label_values(&[rule, kind]).inc();
    }

    /// Counts what a request used of an upstream; money in millionths of a unit.
    pub fn count_charge(&self, upstream: &str, (input, cached, output): (u64, u64, u64), money: u64) {
        for (sort, tokens) in
            [(TokenSort::Input, input.saturating_sub(cached)), (TokenSort::Cached, cached), (TokenSort::Output, output)]
        {
            self.tokens.with_label_values(&[upstream, sort.as_str()]).inc_by(tokens);
        }
        #[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
        self.money.with_label_values(&[upstream]).inc_by(money as f64 / 1e6);
    }

    /// Tokens charged since the start: of requests, and of answers.
    pub(super) fn tokens(&self) -> (u64, u64) {
        let (mut input, mut output) = (0, 0);
        each(&self.tokens, |metric, count| {
            *(if label(metric, "sort") == TokenSort::Output.as_str() { &mut output } else { &mut input }) += count;
        });
        (input, output)
    }

    /// Counts requests whose cost a restart will forget.
    pub fn count_unwritten(&self, requests: u64) {
        self.unwritten.inc_by(requests);
    }

    pub fn set_subjects(&self, subjects: usize) {
        self.subjects.set(i64::try_from(subjects).unwrap_or(i64::MAX));
    }
}

impl std::fmt::Debug for BudgetMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BudgetMetrics").finish_non_exhaustive()
    }
}
