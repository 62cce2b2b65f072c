//! Settings of the person and of sessions: `/memgate/v1/me/settings`. Every call without `session` is about the person's own layer.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::exchange::Exchange;
use super::super::parameters::standing;
use super::super::services::{Runtime, Services};
use super::call::Miss;
use super::input::{Parameters as Query, body};
use super::sessions::in_sessions;
use super::{Answer, failed, invalid};
use crate::enforce::{Refusal, UserScope};
use crate::ids::SessionId;
use crate::parameters::{BookError, Effective, Given, Layer, Own, Parameters, Patch, PatchError, Protected, effective};

const METHODS: &str = "GET, PATCH, DELETE";
const EXAMPLE: &str = r#"{"temperature": 0.3, "preamble": null}"#;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Show,
    Amend,
    Clear,
}

impl Call {
    /// Whether the request's body is read.
    pub fn takes_body(&self) -> bool {
        *self == Self::Amend
    }
}

#[derive(Debug, Serialize)]
struct SettingsBody<'a> {
    /// What holds before any request says more.
    settings: &'a Effective,
    /// What was set in this very layer.
    own: &'a Parameters,
    layer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

/// A layer that is nobody's own.
#[derive(Debug, Serialize)]
struct SharedBody {
    layer: &'static str,
    settings: Parameters,
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    match (below, method) {
        (None, "GET") => Ok(Call::Show),
        (None, "PATCH") => Ok(Call::Amend),
        (None, "DELETE") => Ok(Call::Clear),
        (None, _) => Err(Miss::Method(METHODS)),
        (Some(_), _) => Err(Miss::Path),
    }
}

/// Does what is asked for.
pub(super) async fn serve(
    services: &Services,
    exchange: &mut Exchange,
    mut scope: UserScope,
    call: Call,
    query: &Query,
    bytes: &Bytes,
) -> Result<Answer, Refusal> {
    query.allow(&["session", "layer"])?;
    let runtime = Arc::clone(&exchange.runtime);
    let session = query.get("session").map(|key| SessionId::parse(key).map_err(|_| no_session_key())).transpose()?;
    if let Some(name) = query.get("layer") {
        let layer = Protected::find(name).ok_or_else(no_layer)?;
        return match call {
            Call::Show if session.is_none() => {
                Answer::json(200, &SharedBody { layer: layer.as_str(), settings: shared(&runtime, layer) })
            }
            Call::Show => Err(invalid("parameter_invalid", "Ask for a `layer` or for a `session`, not for both.")),
            Call::Amend | Call::Clear => Err(protected()),
        };
    }
    let reserved = session.as_ref().is_some_and(|session| Protected::find(session.as_str()).is_some());
    if reserved && call != Call::Show {
        return Err(protected());
    }
    let layer = if session.is_some() { Layer::Session } else { Layer::User };
    let patch = match call {
        Call::Amend => {
            let changes: Map<String, Value> = body(bytes, EXAMPLE)?;
            Some(Patch::read(changes, layer, &runtime.settings).map_err(|fault| refuse_patch(&fault))?)
        }
        Call::Show | Call::Clear => None,
    };
    if let Some(session) = session.clone().filter(|_| call == Call::Amend) {
        // What is set of a session lasts as long as the session, so that it has an end.
        let sessions = Arc::clone(&services.sessions);
        let now = exchange.record.time;
        scope = in_sessions(move || sessions.create(&scope, Some(session), None, now).map(|_| scope)).await?;
    }
    let book = Arc::clone(&services.settings);
    let done = tokio::task::spawn_blocking(move || {
        let done = match (&call, patch) {
            (Call::Amend, Some(patch)) => book.change(&scope, session.as_ref(), &patch),
            (Call::Clear, _) => book.clear(&scope, session.as_ref()),
            _ => book.read(&scope, session.as_ref()).map_err(BookError::from),
        };
        (scope, session, done)
    });
    let (scope, session, done) = done.await.map_err(|error| failed(&error.to_string()))?;
    show(&runtime, &scope, session.as_ref(), &done.map_err(refuse)?)
}

fn show(runtime: &Runtime, scope: &UserScope, session: Option<&SessionId>, own: &Own) -> Result<Answer, Refusal> {
    let settings = &standing(runtime, scope, own, session);
    let (layer, set) = if session.is_some() { (Layer::Session, &own.session) } else { (Layer::User, &own.user) };
    Answer::json(200, &SettingsBody { settings, own: set, layer: layer.as_str(), session: session.map(SessionId::as_str) })
}

/// What a shared layer comes to, what lies beneath it counted in.
fn shared(runtime: &Runtime, layer: Protected) -> Parameters {
    let factory = Parameters::factory();
    let given = [(Layer::Factory, &factory), (Layer::Configured, &runtime.settings.configured)];
    let given = given.into_iter().filter(|(of, _)| layer != Protected::Factory || *of == Layer::Factory);
    let given: Vec<Given<'_>> = given.map(|(layer, parameters)| Given { layer, parameters }).collect();
    effective(&given, None, Layer::Configured, &runtime.settings).flatten()
}

fn refuse_patch(fault: &PatchError) -> Refusal {
    Refusal { status: fault.status(), code: fault.code(), message: fault.to_string(), detail: String::new() }
}

fn refuse(error: BookError) -> Refusal {
    match error {
        BookError::Store(error) => failed(&error.to_string()),
        full => Refusal { status: 409, code: "settings_full", message: full.to_string(), detail: String::new() },
    }
}

fn protected() -> Refusal {
    let message = "`FACTORY`, `CONFIGURED` and `server` name settings that everybody shares; they can be read, not changed. Leave \
                   `layer` out to change your own, or name a session otherwise.";
    Refusal { status: 403, code: "settings_protected", message: message.to_owned(), detail: String::new() }
}

fn no_layer() -> Refusal {
    invalid("parameter_invalid", "`layer` is one of: FACTORY, CONFIGURED, server. Leave it out for your own settings.")
}

fn no_session_key() -> Refusal {
    let message = "`session` is 1 to 255 printable ASCII characters without `/`, `\\` and white space.";
    invalid("parameter_invalid", message)
}
