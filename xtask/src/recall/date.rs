//! Dates as data sets write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

/// Tried in order, behind ISO 8601. What stands behind the date is not looked at where the format ends with one.
const WITH_TIME: [&str; 7] = [
    "%I:%M %p on %d %B, %Y",
    "%d %B, %Y, %I:%M %p",
    "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d (%a) %H:%M",
    "%Y/%m/%d %H:%M",
    "%B %d, %Y %H:%M",
];
const DAY_ONLY: [&str; 10] =
    ["%d %B, %Y", "%d %B %Y", "%B %d, %Y", "%B-%d-%Y", "%d %b %Y", "%b %d, %Y", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d"];

/// Unix seconds beyond this would be the year 5138: then they are milliseconds.
const MOST_SECONDS: f64 = 1e11;

/// A point in time, in milliseconds since the Unix epoch; nothing for a date that is not understood. Times without a zone are UTC.
pub(super) fn read(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_f64().map(unix),
        Value::String(text) => read_text(text.trim()),
        _ => None,
    }
}

fn read_text(text: &str) -> Option<i64> {
    let number = text.parse().ok().filter(|n: &f64| n.is_finite()).map(unix);
    number
        .or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond))
        .or_else(|| text.parse::<Zoned>().ok().map(|at| at.timestamp().as_millisecond()))
        .or_else(|| text.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| WITH_TIME.iter().find_map(|format| DateTime::strptime(format, text).ok()).and_then(in_utc))
        .or_else(|| DAY_ONLY.iter().find_map(|format| Date::strptime(format, text).ok()).and_then(|day| in_utc(day.into())))
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of any calendar date are exact")]
fn unix(number: f64) -> i64 {
    (if number.abs() < MOST_SECONDS { number * 1000.0 } else { number }) as i64
}

fn in_utc(at: DateTime) -> Option<i64> {
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_read_however_they_are_written() {
        for written in [
            json!("2023-05-08T13:56:00Z"),
            json!("2023-05-08T15:56:00+02:00"),
            json!("2023-05-08 13:56:00"),
            json!("1:56 pm on 8 May, 2023"),
            json!("08.05.2023, 13:56:00"),
            json!("2023/05/08 (Mon) 13:56"),
            json!(1_683_554_160),
            json!(1_683_554_160_000_i64),
            json!("1683554160"),
        ] {
            assert_eq!(read(&written), Some(1_683_554_160_000), "{written}");
        }
        for written in ["2023-05-08", "8 May, 2023", "May 8, 2023", "May-08-2023", "2023/05/08"] {
            assert_eq!(read(&json!(written)), Some(1_683_504_000_000), "{written}");
        }
        for written in [json!(""), json!("some day"), json!(null), json!([1])] {
            assert_eq!(read(&written), None, "{written}");
        }
    }
}
