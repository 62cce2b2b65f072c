//! How a client as a whole proves itself, and how its key is made or replaced: `/keys/clients`.
//!
//! Clients are configured in proxy.yaml, which is the one source of truth: this page makes a random key and says what to write
//! where. It changes nothing, and keeps nothing.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::keys::secret;
use super::parts::{Desk, missing};
use crate::admin::api::ClientRow;
use crate::admin::{Problem, SafeForm};
use crate::dashboard::shell::{Frame, Sheet, Tone, choice_field, empty, inert, inert_whole, notice, table, words};

/// Bytes of a key: as hard to guess as a key of AES-256.
const KEY_BYTES: usize = 32;

pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let clients = control.list_clients(&by).await?;
    Ok(frame.show(Sheet::new("Keys of clients", view(&frame, &clients))))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Written {
    client: String,
}

pub(super) async fn make(desk: Desk, SafeForm(Written { client }): SafeForm<Written>) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let clients = control.list_clients(&by).await?;
    let known = clients.iter().find(|row| row.name == client && row.name != UNKNOWN);
    if known.is_none() && !client.is_empty() {
        return Err(missing("client"));
    }
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The system gives no random numbers."))?;
    let page = made(known.map(|row| row.name.as_str()), &hex::encode(bytes));
    Ok(frame.show(Sheet::new("A key for a client", page)))
}

/// What requests are counted under that no client sent.
const UNKNOWN: &str = "unknown";

pub(super) fn view(frame: &Frame, clients: &[ClientRow]) -> Markup {
    let configured: Vec<_> = clients.iter().filter(|client| client.name != UNKNOWN).collect();
    let rows = configured.iter().map(|client| {
        html! {
            tr {
                th scope="row" { (inert(&client.name)) }
                td { @if client.known_by.is_empty() { "its identity sources" } @else { (inert(&client.known_by.join(", "))) } }
                td { (inert(&client.vouch)) }
            }
        }
    });
    let names: Vec<_> = configured.iter().map(|client| inert_whole(&client.name).plain()).collect();
    let names = names.iter().map(|name| (name.as_str(), name.as_str()));
    html! {
        p { "A client is a chat interface that calls memgate for several people. With a key of its own it is recognised, and what it says of its users counts as "
            em { "vouched" } ". Clients and their keys are written in proxy.yaml, not here: the file is the source of truth, and a key in it is best the name of "
            "an environment variable or of a file." }
        @if configured.is_empty() { (empty("No client is configured.")) }
        @else { (table("Configured clients", &[words("Client"), words("Known by"), words("Its word counts as")], rows)) }
        section aria-labelledby="rotation" {
            h2 #rotation { "To replace a key without a gap" }
            ol {
                li { "Write the new key under " code { "keys" } ", beside the old one, and reload. Both are taken." }
                li { "Type the new key into the client." }
                li { "Take the old key out, and reload." }
            }
        }
        @if frame.may_act() {
            section aria-labelledby="make" {
                h2 #make { "Make a random key" }
                (frame.form("/keys/clients", html! {
                    (choice_field("client", "For the client", names.chain([("", "a new client")]), None))
                    div.buttons { button.primary type="submit" { "Make a key" } }
                }))
            }
        }
    }
}

/// The name of an environment variable for a client's key.
fn variable(client: &str) -> String {
    let upper: String = client.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    // No variable begins with a digit.
    if upper.starts_with(|c: char| c.is_ascii_digit()) { format!("CLIENT_{upper}_KEY") } else { format!("{upper}_KEY") }
}

/// Shows a key, this once, and what to write where. `client` is a configured name; without one it is for a new client.
pub(super) fn made(client: Option<&str>, key: &str) -> Markup {
    let name = client.unwrap_or("my-client");
    let variable = format!("{}{}", variable(name), if client.is_some() { "_NEW" } else { "" });
    let yaml = if client.is_some() {
        format!("clients:\n  - name: {name}                # as it is, and beside the old key:\n    keys: [{{env: {variable}}}]")
    } else {
        format!(
            "clients:\n  - name: {name}\n    key: {{env: {variable}}}\n    identity: [{{header: X-User-Id}}]   # where this client names its users"
        )
    };
    html! {
        (notice(Tone::Good, "The key was made. It is shown this once: memgate keeps it nowhere, and nothing was changed."))
        (secret("The key", key))
        h2 { "In the environment of memgate" }
        pre.text tabindex="0" { (inert_whole(&format!("{variable}={key}"))) }
        h2 { "In proxy.yaml" }
        pre.text tabindex="0" { (inert_whole(&yaml)) }
        p { "A variable that is new to the environment is seen after memgate was started anew; a key in a file (" code { "{file: PATH}" }
            ") is taken up by a reload. Then type the key into the client as its API key." }
        p { a href="/keys/clients" { "To the keys of clients" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_as_shells_take_them() {
        assert_eq!(variable("open-webui"), "OPEN_WEBUI_KEY");
        assert_eq!(variable("7b.team"), "CLIENT_7B_TEAM_KEY");
    }
}
