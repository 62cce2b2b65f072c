//! Dates that a question names: "on 16 June 2023", "im Mai", "la semana pasada", "two weeks ago".
//!
//! Each becomes a span of days. What was said within it is likelier meant.

mod words;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span as Period, Timestamp, ToSpan};

use super::analysis::{Guess, Language};
use words::{Unit, Word};

/// Days since the Unix epoch, in UTC.
pub type Day = i32;

/// A day of a time in milliseconds since the Unix epoch.
#[must_use]
pub fn day_of(at: i64) -> Option<Day> {
    Day::try_from(at.div_euclid(86_400_000)).ok()
}

/// Days from the first to the last, both counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Day,
    pub to: Day,
}

/// Some speak of an event a few days before or after it.
const SLACK: Day = 3;
const NEARLY: f32 = 0.5;

impl Span {
    /// How well a day fits: 1 within, less close by, else 0.
    #[must_use]
    pub fn fit(self, day: Day) -> f32 {
        match day {
            _ if self.holds(day) => 1.0,
            _ if day >= self.from.saturating_sub(SLACK) && day <= self.to.saturating_add(SLACK) => NEARLY,
            _ => 0.0,
        }
    }

    #[must_use]
    pub fn holds(self, day: Day) -> bool {
        (self.from..=self.to).contains(&day)
    }

    fn of(from: Date, to: Date) -> Option<Self> {
        Some(Self { from: number(from)?, to: number(to)? })
    }

    fn around(middle: Date, days: i32) -> Option<Self> {
        let middle = number(middle)?;
        Some(Self { from: middle - days, to: middle + days })
    }
}

fn number(date: Date) -> Option<Day> {
    day_of(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// The spans that a question names. `words` are its words, folded; `now` is when it is asked, in milliseconds since the Unix epoch.
#[must_use]
pub fn find(words: impl IntoIterator<Item = String>, guess: Guess, now: i64) -> Vec<Span> {
    let words: Vec<String> = words.into_iter().collect();
    let Some(today) = Timestamp::from_millisecond(now).ok().map(|now| now.to_zoned(TimeZone::UTC).date()) else {
        return Vec::new();
    };
    let mut reader =
        Reader { words: words.iter().map(|word| Word::of(word)).collect(), raw: &words, guess, today, spans: Vec::new() };
    if reader.words.iter().any(|word| *word != Word::default()) {
        reader.read();
    }
    reader.spans
}

struct Reader<'a> {
    words: Vec<Word>,
    raw: &'a [String],
    guess: Guess,
    today: Date,
    spans: Vec<Span>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while at < self.words.len() {
            let (span, used) = self.read_at(at).map_or((None, 1), |(span, used)| (Some(span), used));
            self.spans.extend(span);
            at += used.max(1);
        }
    }

    /// The expression that starts at a word, and how many words it takes.
    fn read_at(&self, at: usize) -> Option<(Span, usize)> {
        self.iso(at).or_else(|| self.month(at)).or_else(|| self.ago(at)).or_else(|| self.last(at)).or_else(|| self.single(at))
    }

    fn word(&self, at: usize) -> Word {
        self.words.get(at).copied().unwrap_or_default()
    }

    /// The word at a place, words such as "of" and "de" passed over, and its place.
    fn next(&self, at: usize) -> (Word, usize) {
        let at = (at..self.words.len()).find(|at| !self.word(*at).link).unwrap_or(self.words.len());
        (self.word(at), at)
    }

    /// `2023-05-08`
    fn iso(&self, at: usize) -> Option<(Span, usize)> {
        let year = self.word(at).year?;
        let month = i8::try_from(self.word(at + 1).number?).ok()?;
        let day = i8::try_from(self.word(at + 2).number?).ok()?;
        let date = Date::new(year, month, day).ok()?;
        Some((Span::of(date, date)?, 3))
    }

    /// `8 May 2023`, `8 de mayo de 2023`, `May 8, 2023`, `May 2023`, `last May`, `in May`.
    fn month(&self, at: usize) -> Option<(Span, usize)> {
        let first = self.word(at);
        let (day, month, mut end) = if let Some(day) = first.day() {
            let (word, place) = self.next(at + 1);
            (Some(day), word.month?, place + 1)
        } else {
            let month = first.month?;
            let day = self.word(at + 1).day();
            (day, month, at + 1 + usize::from(day.is_some()))
        };
        let (word, place) = self.next(end);
        if word.year.is_some() {
            end = place + 1;
        }
        let sure = day.is_some() || word.year.is_some() || !first.ambiguous || self.is_introduced(at);
        let year = word.year.or_else(|| self.latest_year(month, day)).filter(|_| sure)?;
        let from = Date::new(year, month, day.unwrap_or(1)).ok()?;
        let to = if day.is_some() { from } else { from.last_of_month() };
        Some((Span::of(from, to)?, end - at))
    }

    /// A preposition of time or a "last" stands before.
    fn is_introduced(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.word(before).last || self.word(before).opens)
    }

    /// The year in which a month was last begun.
    fn latest_year(&self, month: i8, day: Option<i8>) -> Option<i16> {
        let year = self.today.year();
        let begun = Date::new(year, month, day.unwrap_or(1)).ok()? <= self.today;
        Some(if begun { year } else { year - 1 })
    }

    /// `two weeks ago`, `vor zwei Wochen`, `hace dos semanas`.
    fn ago(&self, at: usize) -> Option<(Span, usize)> {
        let count = i64::from(self.word(at).number?);
        let (unit, place) = self.next(at + 1);
        let unit = unit.unit?;
        let told = [at.checked_sub(1), at.checked_sub(2), Some(place + 1), Some(place + 2)];
        if !told.into_iter().flatten().any(|place| self.word(place).ago) {
            return None;
        }
        let back: Period = match unit {
            Unit::Day => count.days(),
            Unit::Week => count.weeks(),
            Unit::Month => count.months(),
            Unit::Year => count.years(),
            Unit::Season(_) => return None,
        };
        let middle = self.today.checked_sub(back).ok()?;
        let around = match unit {
            Unit::Day | Unit::Season(_) => 0,
            Unit::Week => 3,
            Unit::Month => 15,
            Unit::Year => 180,
        };
        Some((Span::around(middle, around)?, place + 1 - at))
    }

    /// `last week`, `letztes Jahr`, `la semana pasada`.
    fn last(&self, at: usize) -> Option<(Span, usize)> {
        let (one, other) = (self.word(at), self.word(at + 1));
        let unit = if one.last { other.unit } else { one.unit.filter(|_| other.last) };
        Some((self.last_unit(unit?)?, 2))
    }

    fn last_unit(&self, unit: Unit) -> Option<Span> {
        let today = self.today;
        match unit {
            Unit::Day => None,
            Unit::Week => {
                let since_monday = i64::from(today.weekday().since(Weekday::Monday));
                let monday = today.checked_sub((since_monday + 7).days()).ok()?;
                Span::of(monday, monday.checked_add(6.days()).ok()?)
            }
            Unit::Month => {
                let month = today.first_of_month().yesterday().ok()?;
                Span::of(month.first_of_month(), month)
            }
            Unit::Year => year(today.year() - 1),
            Unit::Season(month) => season(month, self.latest_year(month, None)?),
        }
    }

    /// A word that is an expression by itself: a year, a season with its year, `yesterday`.
    fn single(&self, at: usize) -> Option<(Span, usize)> {
        let word = self.word(at);
        if let Some(named) = word.year {
            return Some((year(named)?, 1));
        }
        if let Some(Unit::Season(month)) = word.unit {
            let (next, place) = self.next(at + 1);
            return Some((season(month, next.year?)?, place + 1 - at));
        }
        let french_yesterday = self.raw.get(at).is_some_and(|raw| raw == "hier");
        if french_yesterday && !(self.guess.evident && self.guess.language == Language::French) {
            return None;
        }
        let date = self.today.checked_sub(i64::from(word.days_ago?).days()).ok()?;
        Some((Span::of(date, date)?, 1))
    }
}

fn year(year: i16) -> Option<Span> {
    Span::of(Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?)
}

/// Three months from the first of `month`.
fn season(month: i8, year: i16) -> Option<Span> {
    let from = Date::new(year, month, 1).ok()?;
    Span::of(from, from.checked_add(2.months()).ok()?.last_of_month())
}

#[cfg(test)]
mod tests;
