//! The table of pages: each with what it asks of the caller. The router, the navigation and the tests that leave no page out
//! all come from it.

use std::fmt;
use std::sync::LazyLock;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::shell::{Frame, encode, show_problem};
use crate::admin::{Access, Control, Problem, guard};

/// Largest problem that is shown: a configuration may have many faults.
const LARGEST_PROBLEM: usize = 1 << 20;

/// Where the navigation has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Traffic,
    People,
    Installation,
    Record,
}

impl Group {
    pub(super) const ALL: [Self; 4] = [Self::Traffic, Self::People, Self::Installation, Self::Record];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Traffic => "Traffic",
            Self::People => "People",
            Self::Installation => "Installation",
            Self::Record => "Record",
        }
    }
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy)]
pub(super) struct NavEntry {
    pub(super) path: &'static str,
    /// Who finds it there.
    pub(super) access: Access,
    pub(super) group: Group,
    pub(super) title: &'static str,
}

/// A page, or the target of a form.
pub struct PageRoute {
    pub method: Method,
    /// With `{names}` in place of what varies.
    pub path: &'static str,
    pub access: Access,
    nav: Option<NavEntry>,
    router: MethodRouter<Control>,
}

impl fmt::Debug for PageRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, access, .. } = self;
        f.debug_struct("PageRoute").field("method", method).field("path", path).field("access", access).finish_non_exhaustive()
    }
}

impl PageRoute {
    /// A page that is read.
    pub(super) fn get<H, T>(path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Control>,
        T: 'static,
    {
        Self { method: Method::GET, path, access, nav: None, router: on(MethodFilter::GET, handler) }
    }

    /// What a form is sent to. The handler takes a `SafeForm`.
    pub(super) fn post<H, T>(path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Control>,
        T: 'static,
    {
        Self { method: Method::POST, path, access, nav: None, router: on(MethodFilter::POST, handler) }
    }

    /// Puts the page into the navigation, for those who may see it.
    pub(super) fn in_nav(self, group: Group, title: &'static str) -> Self {
        Self { nav: Some(NavEntry { path: self.path, access: self.access, group, title }), ..self }
    }

    /// The navigation names it to fewer than may open it.
    pub(super) fn named_to(self, access: Access) -> Self {
        Self { nav: self.nav.map(|entry| NavEntry { access, ..entry }), ..self }
    }
}

/// The navigation as the table of pages has it.
pub(super) fn navigation() -> &'static [NavEntry] {
    static ENTRIES: LazyLock<Vec<NavEntry>> = LazyLock::new(|| super::pages().into_iter().filter_map(|page| page.nav).collect());
    &ENTRIES
}

/// A router of all of them. Problems of handlers, extractors and the guard become pages here, in one place.
pub(super) fn collect(pages: Vec<PageRoute>, control: Control) -> Router {
    let route = |router: Router<Control>, page: PageRoute| router.route(page.path, guard(page.access, page.router));
    pages.into_iter().fold(Router::new(), route).layer(middleware::from_fn(show_problems)).with_state(control)
}

/// What is a problem for programs becomes a page for people; whoever is not signed in is sent to do so.
async fn show_problems(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let frame = Frame::of(&parts);
    let asked =
        (parts.method == Method::GET).then(|| parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned());
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.headers().get(header::CONTENT_TYPE).is_none_or(|sort| sort != "application/problem+json") {
        return response;
    }
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        let next = asked.map(|target| format!("?next={}", encode(&target))).unwrap_or_default();
        return Redirect::to(&format!("/sign-in{next}")).into_response();
    }
    let read = to_bytes(response.into_body(), LARGEST_PROBLEM).await.unwrap_or_default();
    let fallback = || Problem::new(status, "internal", "The page cannot be shown.");
    show_problem(&frame, &serde_json::from_slice(&read).unwrap_or_else(|_| fallback()))
}
