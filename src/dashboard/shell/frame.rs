//! The frame around a page's body, and whom it is made for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, Render, html};

use super::parts::{Tone, hidden_field, notice, table, words};
use super::text::{inert, prose};
use crate::admin::api::FaultView;
use crate::admin::{BrowserSession, CSRF_FIELD, Principal, Problem, Role, Via};
use crate::dashboard::assets::{ICON, SCRIPT, STYLE};
use crate::dashboard::page::{Group, NavEntry, navigation};
use crate::dashboard::theme::Theme;
use crate::proxy::unix_ms;

/// For whom a page is made, and when. An extractor that never refuses.
#[derive(Debug, Clone)]
pub(in crate::dashboard) struct Frame {
    by: Option<Principal>,
    session: Option<BrowserSession>,
    theme: Theme,
    /// Path and query.
    target: Box<str>,
    now: i64,
}

/// A page's title and body.
#[derive(Debug)]
pub(in crate::dashboard) struct Sheet {
    title: String,
    lead: Option<Markup>,
    actions: Option<Markup>,
    status: StatusCode,
    body: Markup,
}

impl Sheet {
    /// The title may hold a stranger's words: it is made inert.
    pub(in crate::dashboard) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), lead: None, actions: None, status: StatusCode::OK, body }
    }

    /// A sentence below the heading.
    pub(in crate::dashboard) fn lead(self, lead: Markup) -> Self {
        Self { lead: Some(lead), ..self }
    }

    /// Links and buttons beside the heading.
    pub(in crate::dashboard) fn actions(self, actions: Markup) -> Self {
        Self { actions: Some(actions), ..self }
    }

    pub(in crate::dashboard) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl<S: Sync> FromRequestParts<S> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // Asked for in this way, since whoever shows a form needs the session to stay.
        let session = BrowserSession::from_request_parts(parts, state).await.ok();
        Ok(Self { session, ..Self::of(parts) })
    }
}

impl Frame {
    /// The frame for what a request asks.
    pub(in crate::dashboard) fn of(parts: &Parts) -> Self {
        let by = parts.extensions.get::<Principal>().cloned();
        let session = parts.extensions.get::<BrowserSession>().cloned();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).into();
        Self { by, session, theme: Theme::of(&parts.headers), target, now: unix_ms() }
    }

    /// One for tests of views.
    #[cfg(test)]
    pub(in crate::dashboard) fn sample(target: &str) -> Self {
        Self { by: Some(Principal::local()), session: None, theme: Theme::Auto, target: target.into(), now: 1_700_000_000_000 }
    }

    /// Milliseconds since the Unix epoch.
    pub(in crate::dashboard) fn now(&self) -> i64 {
        self.now
    }

    /// Whoever is signed in.
    pub(in crate::dashboard) fn by(&self) -> Option<&Principal> {
        self.by.as_ref()
    }

    /// Whether this is an operator, who may act.
    pub(in crate::dashboard) fn may_act(&self) -> bool {
        self.by.as_ref().is_some_and(|by| by.role() == Role::Operator)
    }

    /// What the form before said was done: `?done=…`, a word of the page that reads it.
    pub(in crate::dashboard) fn done(&self) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix("done="))
    }

    /// Whether the address has a word of the page, such as `?refused`.
    pub(in crate::dashboard) fn says(&self, word: &str) -> bool {
        self.target.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair == word))
    }

    /// Path and query of this page.
    pub(in crate::dashboard) fn target(&self) -> &str {
        &self.target
    }

    fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// A form that changes something: it carries the session's token. `content` are fields and buttons.
    pub(in crate::dashboard) fn form(&self, action: &str, content: impl Render) -> Markup {
        html! { form.act method="post" action=(action) { (self.token()) (content) } }
    }

    /// A form that is one button, such as in a row of a table. `fields` are hidden ones.
    pub(in crate::dashboard) fn button(&self, action: &str, label: &str, fields: impl Render) -> Markup {
        html! { form.one method="post" action=(action) { (self.token()) (fields) button type="submit" { (label) } } }
    }

    pub(in crate::dashboard) fn token(&self) -> Markup {
        html! { @if let Some(session) = &self.session { (hidden_field(CSRF_FIELD, session.csrf())) } }
    }

    /// The whole page.
    pub(in crate::dashboard) fn show(&self, sheet: Sheet) -> Response {
        let status = sheet.status;
        let page = self.render(sheet).into_string();
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
    }

    pub(in crate::dashboard) fn render(&self, sheet: Sheet) -> Markup {
        let Sheet { title, lead, actions, body, .. } = sheet;
        html! {
            (DOCTYPE)
            html lang="en" data-theme=(self.theme.as_str()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (inert(&title).plain()) " · memgate" }
                    link rel="stylesheet" href=(STYLE.path);
                    link rel="icon" type="image/svg+xml" href=(ICON.path);
                    script src=(SCRIPT.path) defer {}
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.top())
                    div.columns {
                        (self.menu())
                        main #main tabindex="-1" {
                            div.heading {
                                div { h1 { (inert(&title)) } @if let Some(lead) = lead { p.lead { (lead) } } }
                                @if let Some(actions) = actions { div.actions { (actions) } }
                            }
                            (body)
                        }
                    }
                    footer.foot { "memgate " (env!("CARGO_PKG_VERSION")) " · all times are UTC" }
                }
            }
        }
    }

    fn top(&self) -> Markup {
        html! {
            header.top {
                a.brand href="/" { img src=(ICON.path) alt="" width="22" height="22"; "memgate" }
                button.menu type="button" popovertarget="menu" { "Menu" }
                span.space {}
                form method="get" action="/theme" {
                    (hidden_field("back", &self.target))
                    div.themes role="group" aria-label="Theme" {
                        @for theme in Theme::ALL {
                            button type="submit" name="to" value=(theme.as_str()) aria-pressed=(theme == self.theme) { (theme.title()) }
                        }
                    }
                }
                @match &self.by {
                    Some(by) if by.via() == Via::Open => a.open href="/sign-in" { "No sign-in configured" },
                    Some(by) => {
                        span.who { (inert(by.name())) " " span.role { (by.role().as_str()) } }
                        @if by.via() == Via::Browser { (self.button("/sign-out", "Sign out", html! {})) }
                    }
                    None => a.sign-in href="/sign-in" aria-current=[self.current("/sign-in")] { "Sign in" },
                }
            }
        }
    }

    fn menu(&self) -> Markup {
        let seen = |entry: &&NavEntry| self.by.as_ref().is_some_and(|by| by.role().may(entry.access));
        html! {
            nav.main #menu popover aria-label="Main" {
                @for group in Group::ALL {
                    @let entries: Vec<_> = navigation().iter().filter(|entry| entry.group == group).filter(seen).collect();
                    @if !entries.is_empty() {
                        h2 #{ "group-" (group.title()) } { (group.title()) }
                        ul aria-labelledby={ "group-" (group.title()) } {
                            @for entry in entries { li { a href=(entry.path) aria-current=[self.current(entry.path)] { (entry.title) } } }
                        }
                    }
                }
                @if self.by.is_none() { ul { li { a href="/" { "Health" } } li { a href="/sign-in" { "Sign in" } } } }
            }
        }
    }

    /// What `aria-current` is of a link: this very page, or one below it.
    fn current(&self, path: &str) -> Option<&'static str> {
        let rest = self.path().strip_prefix(path)?;
        match rest {
            "" => Some("page"),
            _ if path != "/" && rest.starts_with('/') => Some("true"),
            _ => None,
        }
    }
}

/// A problem as a page.
pub(in crate::dashboard) fn show_problem(frame: &Frame, problem: &Problem) -> Response {
    let body = html! {
        (notice(Tone::Bad, html! { p { (prose(&problem.detail)) } }))
        (show_faults(&problem.faults))
        p.muted { "Code: " code { (inert(&problem.code)) } }
        p { a href="/" { "To the overview" } }
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = if problem.title.is_empty() { "This did not work" } else { &problem.title };
    frame.show(Sheet::new(title, body).status(status))
}

/// Faults of a configuration, each with what to do about it.
pub(in crate::dashboard) fn show_faults(faults: &[FaultView]) -> Markup {
    html! {
        @if !faults.is_empty() {
            (table("Faults of the configuration", &[words("Setting"), words("Fault"), words("Remedy")], faults.iter().map(|fault| html! {
                tr { th scope="row" { code { (inert(&fault.path)) } } td.prose { (prose(&fault.reason)) } td.prose { (prose(&fault.remedy)) } }
            })))
        }
    }
}
