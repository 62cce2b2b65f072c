//! What holds in everybody's chats where nobody says otherwise, and what people may change: `/settings`.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::parts::Desk;
use crate::admin::Problem;
use crate::admin::api::SettingsView;
use crate::dashboard::shell::{Sheet, empty, inert, inert_whole, table, words};

pub(super) async fn show(Desk { control, by, frame }: Desk) -> Result<Response, Problem> {
    let settings = control.show_settings(&by).await?;
    let lead = html! {
        "A later layer goes before an earlier one, and people go before all of them, except where a setting is locked. Layers are written in proxy.yaml, under "
        code { "settings" } "."
    };
    Ok(frame.show(Sheet::new("Settings", view(&settings)).lead(lead)))
}

pub(super) fn view(settings: &SettingsView) -> Markup {
    let SettingsView { factory, configured, tenants, clients, locks } = settings;
    html! {
        (layer("factory", "Factory", factory))
        (layer("configured", "Configured for everybody", configured))
        (by_name("tenants", "Of tenants", tenants))
        (by_name("clients", "Of clients", clients))
        (layer("locks", "Locks: the last layer that may set each", locks))
    }
}

fn layer(id: &str, title: &str, value: &Value) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (values(title, value)) } }
}

/// Layers of several owners, under their names.
fn by_name(id: &str, title: &str, layers: &Value) -> Markup {
    let layers: Vec<_> = layers.as_object().into_iter().flatten().collect();
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            @if layers.is_empty() { (empty("None.")) }
            @for (name, layer) in layers { h3 { (inert(name)) } (values(&inert(name).plain(), layer)) }
        }
    }
}

fn values(caption: &str, value: &Value) -> Markup {
    let named = |name: &str, value: &Value| html! { tr { th scope="row" { code { (inert(name)) } } td { (shown(value)) } } };
    let rows: Vec<_> = match value {
        Value::Object(entries) => {
            entries.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| named(name, value)).collect()
        }
        Value::Array(entries) => entries.iter().map(|value| html! { tr { td { (shown(value)) } } }).collect(),
        Value::Null => Vec::new(),
        other => vec![html! { tr { td { (shown(other)) } } }],
    };
    let columns = [words("Setting"), words("Value")];
    let columns = if value.is_object() { &columns[..] } else { &columns[..1] };
    html! { @if rows.is_empty() { (empty("None.")) } @else { (table(caption, columns, rows)) } }
}

/// A text as it is, names with what they stand for, anything else as JSON.
fn shown(value: &Value) -> Markup {
    match value {
        Value::String(text) => html! { (inert_whole(text)) },
        Value::Object(entries) => html! {
            @for (name, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                div { span.muted { (inert(name)) ": " } (shown(value)) }
            }
        },
        other => html! { code { (inert_whole(&other.to_string())) } },
    }
}
