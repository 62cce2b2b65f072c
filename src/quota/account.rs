//! What is counted of one subject, by one rule.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::window::{Stretch, Window};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Requests in a minute.
    Requests,
    /// Answers under way at a time.
    Streams,
    /// Sandboxes made in an hour.
    Sandboxes,
    /// Tokens of a day in UTC.
    Tokens,
    /// Money of a calendar month in UTC, in millionths of a unit.
    Money,
}

impl Kind {
    /// The word for headers, metrics and audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Streams => "streams",
            Self::Sandboxes => "sandboxes",
            Self::Tokens => "tokens",
            Self::Money => "money",
        }
    }

    /// The code of a refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Requests => "budget_requests",
            Self::Streams => "budget_streams",
            Self::Sandboxes => "budget_sandboxes",
            Self::Tokens => "budget_tokens",
            Self::Money => "budget_money",
        }
    }
}

/// What outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    Tokens,
    Money,
}

impl Lasting {
    pub const ALL: [Self; 2] = [Self::Tokens, Self::Money];

    /// In the ledger.
    pub fn number(self) -> u8 {
        match self {
            Self::Tokens => 1,
            Self::Money => 2,
        }
    }

    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub fn kind(self) -> Kind {
        match self {
            Self::Tokens => Kind::Tokens,
            Self::Money => Kind::Money,
        }
    }

    /// The number of the day, or of the month, since the Unix epoch.
    pub fn period(self, now: i64) -> u32 {
        let date = Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let number = match self {
            Self::Tokens => now.div_euclid(DAY),
            Self::Money => (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1,
        };
        u32::try_from(number).unwrap_or_default()
    }

    /// When a period ends, in milliseconds since the Unix epoch.
    pub fn ends(self, period: u32) -> i64 {
        let next = i64::from(period) + 1;
        match self {
            Self::Tokens => next * DAY,
            Self::Money => {
                let year = i16::try_from(1970 + next / 12).unwrap_or(i16::MAX);
                let month = i8::try_from(next % 12 + 1).unwrap_or(1);
                let start = jiff::civil::Date::new(year, month, 1).ok().and_then(|date| date.to_zoned(TimeZone::UTC).ok());
                start.map_or(i64::MAX, |start| start.timestamp().as_millisecond())
            }
        }
    }
}

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Of one period: what was used, and what requests that run may yet use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Purse {
    pub period: u32,
    pub used: u64,
    pub reserved: u64,
}

impl Purse {
    /// Begins a new period if it has come. A clock that went back begins none.
    pub fn roll(&mut self, period: u32) {
        if period > self.period {
            *self = Self { period, ..Self::default() };
        }
    }

    /// What was used before a restart.
    pub fn restore(&mut self, period: u32, used: u64) {
        *self = Self { period, used, reserved: 0 };
    }

    /// Gives back what was reserved in a period, and counts what was used of it. False where that period is over: then it counts no
    /// more.
    pub fn settle(&mut self, period: u32, reserved: u64, used: u64) -> bool {
        if self.period != period {
            return false;
        }
        self.reserved = self.reserved.saturating_sub(reserved);
        self.used = self.used.saturating_add(used);
        true
    }

    pub fn taken(&self) -> u64 {
        self.used.saturating_add(self.reserved)
    }
}

/// All counts of one subject by one rule.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub requests: Window,
    pub sandboxes: Window,
    pub streams: u64,
    tokens: Purse,
    money: Purse,
}

impl Account {
    pub fn purse(&mut self, kind: Lasting) -> &mut Purse {
        match kind {
            Lasting::Tokens => &mut self.tokens,
            Lasting::Money => &mut self.money,
        }
    }

    /// Whether it says no more than an account that never was.
    pub fn is_idle(&mut self, now: i64) -> bool {
        self.requests.used(Stretch::MINUTE, now) == 0
            && self.sandboxes.used(Stretch::HOUR, now) == 0
            && self.streams == 0
            && Lasting::ALL.into_iter().all(|kind| {
                let purse = self.purse(kind);
                purse.period < kind.period(now) || purse.taken() == 0
            })
    }

    /// Forgets what was used. What runs goes on being counted.
    pub fn forget(&mut self) {
        self.requests = Window::default();
        self.sandboxes = Window::default();
        self.tokens.used = 0;
        self.money.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn periods_begin_and_end_in_utc() {
        for (time, day_ends, month_ends) in [
            ("2025-06-15T12:00:00Z", "2025-06-16T00:00:00Z", "2025-07-01T00:00:00Z"),
            ("2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ] {
            let now = at(time);
            for (kind, end) in [(Lasting::Tokens, day_ends), (Lasting::Money, month_ends)] {
                assert_eq!(kind.ends(kind.period(now)), at(end), "{time}");
                assert_eq!(kind.period(at(end)), kind.period(now) + 1, "{time}");
                assert_eq!(kind.period(at(end) - 1), kind.period(now), "{time}");
            }
        }
    }

    #[test]
    fn what_began_in_another_period_counts_no_more() {
        let mut purse = Purse::default();
        purse.roll(5);
        purse.reserved = 10;
        purse.roll(6);
        assert!(!purse.settle(5, 10, 7));
        assert_eq!(purse, Purse { period: 6, used: 0, reserved: 0 });
        purse.roll(5);
        assert_eq!(purse.period, 6, "a clock that went back");
    }
}
