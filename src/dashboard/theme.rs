//! Light, dark, or as the system has it: a cookie, set without a script.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::PageRoute;
use super::shell::Asked;
use crate::admin::Access;

const COOKIE: &str = "memgate_theme";
const YEAR_SECONDS: u32 = 31_536_000;

/// The theme of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// What the browser chose before.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
        let chosen = cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == COOKIE).then_some(value)
        });
        Self::ALL.into_iter().find(|theme| chosen == Some(theme.as_str())).unwrap_or_default()
    }
}

pub(super) fn pages() -> Vec<PageRoute> {
    vec![PageRoute::get("/theme", Access::Public, switch)]
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Switch {
    to: Theme,
    /// The page to go back to.
    back: String,
}

/// It changes nothing but a look, so a plain link may do it.
async fn switch(Asked(Switch { to, back }): Asked<Switch>) -> Response {
    let (value, age) = if to == Theme::Auto { ("", 0) } else { (to.as_str(), YEAR_SECONDS) };
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={age}; SameSite=Lax; HttpOnly");
    ([(header::SET_COOKIE, cookie)], Redirect::to(own_path(&back))).into_response()
}

/// A path of this site, or the first page: no link leads elsewhere by way of memgate.
pub(super) fn own_path(path: &str) -> &str {
    let own =
        path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_cookie_says_the_theme_and_nothing_else_does() {
        for (cookie, theme) in [
            ("memgate_theme=dark", Theme::Dark),
            ("a=b; memgate_theme=light", Theme::Light),
            ("memgate_theme=\"><script>", Theme::Auto),
            ("not_memgate_theme=dark", Theme::Auto),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
            assert_eq!(Theme::of(&headers), theme, "{cookie}");
        }
    }

    #[test]
    fn no_link_leads_to_another_site() {
        assert_eq!(own_path("/users?search=a"), "/users?search=a");
        for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
