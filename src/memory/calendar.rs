//! Dates as terms, so that a question naming a month or a year finds what was said then.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::analysis::{Term, plain_term};

const MONTHS: [&str; 12] =
    ["januari", "februari", "march", "april", "may", "june", "juli", "august", "septemb", "octob", "novemb", "decemb"];

/// Terms of a day in UTC: day of the month, month, year. Empty outside the calendar's range. `at` is in milliseconds.
pub(crate) fn date_terms(at: i64) -> impl Iterator<Item = Term> {
    let date = Timestamp::from_millisecond(at).ok().map(|t| t.to_zoned(TimeZone::UTC).date());
    date.into_iter().flat_map(|date| {
        let month = usize::try_from(date.month() - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or_default();
        [plain_term(&date.day().to_string()), plain_term(month), plain_term(&date.year().to_string())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::analysis::{Analysis, Language};

    #[test]
    fn each_month_is_found_by_its_name() {
        let names = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        for (name, stem) in names.iter().zip(MONTHS) {
            assert_eq!(Analysis::of(name, Language::English).terms()[0].0, plain_term(stem), "{name}");
        }
    }

    #[test]
    fn a_day_has_three_terms() {
        let terms: Vec<_> = date_terms(1_683_554_160_000).collect();
        assert_eq!(terms, ["8", "may", "2023"].map(plain_term));
        assert_eq!(date_terms(i64::MAX).count(), 0);
    }
}
