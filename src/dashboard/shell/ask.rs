//! What a page's address asks for.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

use crate::admin::Problem;

/// The query of a page. Fields of a form that were left empty count as not sent, and so does `done`, which is the shell's.
#[derive(Debug)]
pub(in crate::dashboard) struct Asked<T>(pub(in crate::dashboard) T);

/// The pairs of a query that say something.
fn filled(query: &str) -> String {
    let says = |pair: &&str| pair.split_once('=').is_some_and(|(name, value)| !value.is_empty() && name != "done");
    query.split('&').filter(says).collect::<Vec<_>>().join("&")
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let unreadable =
            || Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "The address asks for what this page does not know.");
        let query = filled(parts.uri.query().unwrap_or_default());
        let uri: Uri = format!("/?{query}").parse().map_err(|_| unreadable())?;
        let Query(asked) = Query::try_from_uri(&uri).map_err(|_| unreadable())?;
        Ok(Self(asked))
    }
}

/// A time as a form sends it, in UTC, as milliseconds since the Unix epoch.
pub(in crate::dashboard) fn utc(text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text: &str| {
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
    };
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "Write times as 2026-01-31T12:00, in UTC.");
    text.map(|text| read(text).ok_or_else(wrong)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_count_as_not_sent() {
        assert_eq!(filled("user=&client=a&done=erased&=&x"), "client=a");
        assert_eq!(filled(""), "");
    }

    #[test]
    fn times_of_forms_are_utc() {
        assert_eq!(utc(Some("2023-11-14T22:13")).unwrap(), Some(1_699_999_980_000));
        assert_eq!(utc(Some("2023-11-14T22:13:20")).unwrap(), Some(1_700_000_000_000));
        assert_eq!(utc(None).unwrap(), None);
        utc(Some("yesterday")).unwrap_err();
    }
}
