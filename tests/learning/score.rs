//! Judges what was learned from the labelled turns.

use std::collections::BTreeMap;
use std::fmt;

use memgate::memory::extract::{Candidate, Retraction, Statement, Target};
use memgate::store::Tier;

use crate::corpus::{Sample, Withdrawal};
use crate::fold::contains_words;
use crate::path::{Extract, learn_turn};

/// The least that a set has to reach.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    pub precision: f64,
    pub recall: f64,
}

/// For turns that the rules were made with in view.
pub const KNOWN: Bar = Bar { precision: 0.97, recall: 0.90 };
/// For turns that the rules never saw: as few false memories, though more wordings may pass unnoticed.
pub const UNSEEN: Bar = Bar { precision: 0.97, recall: 0.85 };

/// Counts over some turns.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub turns: usize,
    pub right: usize,
    pub wrong: usize,
    pub labels: usize,
    pub found: usize,
    /// Labels found, but under another slot or kind than labelled.
    pub misfiled: usize,
    pub withdrawals: usize,
    pub withdrawn: usize,
    /// Retractions of what nobody withdrew.
    pub overdone: usize,
}

impl Tally {
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    pub fn recall(&self) -> f64 {
        share(self.found, self.labels)
    }

    fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.right += other.right;
        self.wrong += other.wrong;
        self.labels += other.labels;
        self.found += other.found;
        self.misfiled += other.misfiled;
        self.withdrawals += other.withdrawals;
        self.withdrawn += other.withdrawn;
        self.overdone += other.overdone;
    }
}

/// How a corpus was learned.
#[derive(Debug, Default)]
pub struct Report {
    pub all: Tally,
    pub by_lang: BTreeMap<String, Tally>,
    /// What went wrong, each with the turn's id.
    pub faults: Vec<String>,
}

impl Report {
    pub fn of<'a>(turns: impl IntoIterator<Item = &'a Sample>, extract: Extract<'_>) -> Self {
        let mut report = Self::default();
        for turn in turns {
            let tally = judge(turn, &learn_turn(&turn.turn, extract), &mut report.faults);
            report.all.add(&tally);
            report.by_lang.entry(turn.lang.clone()).or_default().add(&tally);
        }
        report
    }

    /// Whether the bar is met.
    ///
    /// # Errors
    /// The figures that are below.
    pub fn verdict(&self, bar: Bar) -> Result<(), String> {
        let (precision, recall) = (self.all.precision(), self.all.recall());
        if precision >= bar.precision && recall >= bar.recall {
            return Ok(());
        }
        Err(format!("precision {precision:.3} (at least {}), recall {recall:.3} (at least {})", bar.precision, bar.recall))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "lang  turns  precision           recall              retracted  overdone  misfiled")?;
        for (lang, t) in self.by_lang.iter().map(|(lang, t)| (lang.as_str(), t)).chain([("all", &self.all)]) {
            let precision = format!("{:.3} ({}/{})", t.precision(), t.right, t.right + t.wrong);
            let recall = format!("{:.3} ({}/{})", t.recall(), t.found, t.labels);
            let retracted = format!("{}/{}", t.withdrawn, t.withdrawals);
            writeln!(
                f,
                "{lang:<4}  {:>5}  {precision:<18}  {recall:<18}  {retracted:<9}  {:<8}  {}",
                t.turns, t.overdone, t.misfiled
            )?;
        }
        Ok(())
    }
}

fn judge(turn: &Sample, learned: &[Statement], faults: &mut Vec<String>) -> Tally {
    let mut tally = Tally { turns: 1, labels: turn.explicit.len(), withdrawals: turn.retracts.len(), ..Tally::default() };
    let profile: Vec<&Candidate> = learned.iter().filter_map(profile_fact).collect();
    let forbidden = |fact: &Candidate| turn.never.iter().any(|word| contains_words(&fact.text, word));
    for fact in &profile {
        if forbidden(fact) {
            tally.wrong += 1;
        } else if turn.explicit.iter().any(|label| contains_words(&fact.text, &label.says)) {
            tally.right += 1;
            continue;
        } else if turn.may.iter().any(|word| contains_words(&fact.text, word)) {
            continue;
        } else {
            tally.wrong += 1;
        }
        faults.push(format!("{}: learned {:?} by {} from {:?}", turn.id, fact.text, fact.origin, turn.turn));
    }
    for label in &turn.explicit {
        let mut saying = profile.iter().filter(|fact| contains_words(&fact.text, &label.says) && !forbidden(fact)).peekable();
        if saying.peek().is_none() {
            faults.push(format!("{}: missed {:?} in {:?}", turn.id, label.says, turn.turn));
            continue;
        }
        tally.found += 1;
        let filed = |fact: &&Candidate| {
            label.slot.as_ref().is_none_or(|slot| fact.slot.as_ref() == Some(slot))
                && label.kind.as_ref().is_none_or(|kind| format!("{:?}", fact.kind).eq_ignore_ascii_case(kind))
        };
        tally.misfiled += usize::from(!saying.any(filed));
    }
    let retractions: Vec<&Retraction> = learned.iter().filter_map(retraction).collect();
    for label in &turn.retracts {
        if retractions.iter().any(|retraction| withdraws(retraction, label)) {
            tally.withdrawn += 1;
        } else {
            faults.push(format!("{}: kept {:?} in {:?}", turn.id, label.about, turn.turn));
        }
    }
    let unasked = |retraction: &&&Retraction| !turn.retracts.iter().any(|label| withdraws(retraction, label));
    // Where readers may differ on what holds, they may on what ended.
    if turn.may.is_empty() {
        for retraction in retractions.iter().filter(unasked) {
            tally.overdone += 1;
            faults.push(format!("{}: retracted {:?} in {:?}", turn.id, retraction.target, turn.turn));
        }
    }
    tally
}

/// A fact that goes to the profile without a review.
fn profile_fact(statement: &Statement) -> Option<&Candidate> {
    match statement {
        Statement::Fact(fact) if fact.tier == Tier::Explicit && fact.held_for.is_none() => Some(fact),
        _ => None,
    }
}

fn retraction(statement: &Statement) -> Option<&Retraction> {
    match statement {
        Statement::Retraction(retraction) => Some(retraction),
        Statement::Fact(_) => None,
    }
}

fn withdraws(retraction: &Retraction, label: &Withdrawal) -> bool {
    if retraction.forget != label.forget {
        return false;
    }
    match &retraction.target {
        Target::Everything => label.about.is_empty(),
        Target::Slot { value: None, .. } => !label.about.is_empty(),
        Target::Slot { value: Some(said), .. } | Target::Saying(said) => {
            !label.about.is_empty() && contains_words(said, &label.about)
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}
