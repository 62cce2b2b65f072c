//! Which session a request belongs to, and its seat there while it runs.
//!
//! Who names a session names one of the person's own: equal keys of two people never meet. What nobody names is told by the
//! conversation itself, so that it stays the same while the client sends that conversation again.

use std::borrow::Cow;

use http::HeaderMap;

use super::exchange::Exchange;
use super::history;
use super::prepare::Draft;
use super::services::{Runtime, Services};
use crate::dialect::conversation::{Conversation, Form, Turn};
use crate::dialect::session::NamedSession;
use crate::dialect::stored::ReferenceKind;
use crate::dialect::task::{Clue, Purpose};
use crate::enforce::{Refusal, Ticket, UserScope};
use crate::identity::{Resolution, header};
use crate::ids::SessionId;
use crate::sessions::{Lease, MOST_ANSWERED, QueuedTurn, is_reserved};

/// Names the session in answers, and in requests.
pub const SESSION: &str = header::SESSION;
/// AI Optimizer's header for the session. It is memgate's business where the client is one of that kind.
pub const CLIENT: &str = "client";
/// The session of a person whose client knows sessions and names none.
const DEFAULT: &str = "default";

/// What a request's headers say of its session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cue {
    pub id: Option<SessionId>,
    /// By memgate's own header.
    own: bool,
    /// The header that should have named one.
    fault: Option<&'static str>,
    /// The client is of a kind whose requests all belong to some session.
    always: bool,
}

/// By what a session was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `X-Memgate-Session`.
    Header,
    /// The client's own header.
    ClientHeader,
    /// `session_id` of the body.
    Body,
    /// What the backend keeps, and the request goes on with.
    Answer,
    /// The client is of a kind that has one session unless it names another.
    Default,
    /// What the person said first.
    FirstTurn,
}

impl By {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::ClientHeader => "client_header",
            Self::Body => "body",
            Self::Answer => "previous_answer",
            Self::Default => "default",
            Self::FirstTurn => "first_turn",
        }
    }
}

/// A session, and by what it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: SessionId,
    pub by: By,
}

impl Cue {
    /// What the headers say. A product's header that is malformed counts as none; memgate's own, and AI Optimizer's, is a fault.
    pub fn read(headers: &HeaderMap, resolution: &Resolution) -> Self {
        let own = headers.contains_key(SESSION);
        let named = if own { Some(SESSION) } else { Some(CLIENT).filter(|_| resolution.session_guessable) };
        let fault = named.filter(|name| resolution.session.is_none() && headers.get_all(*name).iter().any(is_meant));
        Self { id: resolution.session.clone(), own, fault, always: resolution.session_guessable && !own }
    }
}

/// A placeholder that the client left unresolved means nothing.
fn is_meant(value: &http::HeaderValue) -> bool {
    !value.as_bytes().windows(2).any(|two| two == b"{{")
}

/// The session that the request names.
///
/// # Errors
/// When it names what is no session.
pub fn named(cue: &Cue, body: Option<NamedSession>) -> Result<Option<Place>, Refusal> {
    if let Some(name) = cue.fault {
        return Err(malformed(&format!("The header {name}")));
    }
    if let Some(id) = cue.id.clone() {
        return Ok(Some(Place { id, by: if cue.own { By::Header } else { By::ClientHeader } }));
    }
    match body {
        None => Ok(None),
        Some(NamedSession::Text(text)) => match SessionId::parse(&text) {
            Ok(id) => Ok(Some(Place { id, by: By::Body })),
            Err(_) => Err(malformed("`session_id`")),
        },
        Some(NamedSession::Other) => Err(malformed("`session_id`")),
    }
}

/// The session that is meant where none is named. `answer` and `first_turn` tell what there is.
pub fn implied(
    cue: &Cue,
    purpose: Purpose,
    answer: impl FnOnce() -> Option<SessionId>,
    first_turn: impl FnOnce() -> Option<SessionId>,
) -> Option<Place> {
    let place = |by| move |id| Place { id, by };
    if let Some(place) = answer().map(place(By::Answer)) {
        return Some(place);
    }
    if cue.always {
        return SessionId::parse(DEFAULT).ok().map(place(By::Default));
    }
    // What a UI asks on its own behalf opens no conversation.
    let opens = matches!(purpose, Purpose::Turn | Purpose::Continuation);
    opens.then(first_turn).flatten().map(place(By::FirstTurn))
}

/// The header's session for requests that name one there or by AI Optimizer's header, else the person's own one.
///
/// # Errors
/// When a header names what is no session.
pub fn of_headers(cue: &Cue, headers: &HeaderMap) -> Result<SessionId, Refusal> {
    if let Some(place) = named(cue, None)? {
        return Ok(place.id);
    }
    let mut values = headers.get_all(CLIENT).iter();
    let id = match (values.next(), values.next()) {
        (None, _) => SessionId::parse(DEFAULT).ok(),
        (Some(value), None) => value.to_str().ok().and_then(|text| SessionId::parse(text).ok()),
        (Some(_), Some(_)) => None,
    };
    id.ok_or_else(|| malformed(&format!("The header {CLIENT}")))
}

fn malformed(what: &str) -> Refusal {
    let message = format!(
        "{what} names no session: it is 1 to 255 printable ASCII characters without blanks, `/` and `\\`, said once, and neither `.` \
         nor `..`."
    );
    Refusal { status: 400, code: "session_invalid", message, detail: String::new() }
}

/// The session of a conversation of this person: as named, or as implied.
pub fn place_of(services: &Services, scope: &UserScope, cue: &Cue, draft: &Draft) -> Option<Place> {
    let named = draft.session.clone().zip(draft.session_by).map(|(id, by)| Place { id, by });
    named.or_else(|| {
        let answer = || continued(services, scope, &draft.conversation);
        implied(cue, draft.purpose, answer, || derived(services, scope, &draft.conversation))
    })
}

/// The session of what the backend keeps and the request goes on with.
fn continued(services: &Services, scope: &UserScope, conversation: &Conversation) -> Option<SessionId> {
    let of = |kind| conversation.stored().references().iter().filter(move |reference| reference.kind == kind);
    let known = of(ReferenceKind::Response).find_map(|answer| services.sessions.of_answer(scope, &answer.id));
    known.or_else(|| {
        let kept = of(ReferenceKind::Conversation).chain(of(ReferenceKind::Response)).next()?;
        digest(services, scope, &[b"kept", kept.id.as_bytes()])
    })
}

/// A session out of what the person said first.
fn derived(services: &Services, scope: &UserScope, conversation: &Conversation) -> Option<SessionId> {
    if conversation.form() != Form::Turns {
        return None;
    }
    let first = conversation.turns().iter().position(Turn::opens)?;
    // Clients wrap the same words in other ways from one request to the next.
    let said = match conversation.text(first) {
        text if text.is_empty() => conversation.steady(first),
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    digest(services, scope, &[b"first turn", scope.client().as_str().as_bytes(), &said])
}

/// A key that tells nothing of what it was made of.
fn digest(services: &Services, scope: &UserScope, parts: &[&[u8]]) -> Option<SessionId> {
    let hash = services.sessions.hash(scope, parts)?;
    SessionId::parse(&format!("d-{}", hex::encode(hash))).ok()
}

/// Whether a conversation is kept for its person: the client says so, somebody said something, and it is not to be forgotten.
pub fn is_kept(runtime: &Runtime, scope: &UserScope, place: &Place, draft: &Draft) -> bool {
    let said = match draft.purpose {
        Purpose::Turn => true,
        // A tool loop, or a prompt that goes on; a UI's own prompt is not the person's.
        Purpose::Continuation => matches!(draft.clue, Clue::LastTurn | Clue::Form),
        Purpose::Task | Purpose::Temporary => false,
    };
    said && !draft.conversation.dialect().only_counts() && !is_reserved(&place.id) && runtime.trust.keeps_history(scope.client())
}

/// A request's seat in its session, until its answer has ended.
#[derive(Debug)]
pub struct Seat {
    pub place: Place,
    /// Stands for person and session on the way to the history.
    pub ticket: Ticket,
    /// What the person said, where it is kept.
    pub pending: Option<Box<QueuedTurn>>,
    /// None where there was no room in RAM.
    _lease: Option<Lease>,
}

impl Seat {
    /// Takes a seat. None for a request that has no effects, and where no session can be told.
    pub fn take(services: &Services, exchange: &Exchange, scope: &UserScope, draft: &Draft) -> Option<Self> {
        if draft.conversation.dialect().only_counts() {
            return None;
        }
        let place = place_of(services, scope, &exchange.session, draft)?;
        let (now, request) = (exchange.record.time, exchange.record.request);
        let kept = is_kept(&exchange.runtime, scope, &place, draft);
        Some(Self {
            pending: if kept { history::begin(services, scope, request, draft, now) } else { None },
            ticket: services.sessions.ticket(scope, &place.id),
            _lease: services.sessions.begin(scope, &place.id, now),
            place,
        })
    }

    /// How much of the answer's text is to be kept, in bytes.
    pub fn hears(&self) -> usize {
        if self.pending.is_some() { MOST_ANSWERED } else { 0 }
    }
}

#[cfg(test)]
mod tests;
