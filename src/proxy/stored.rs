//! What upstreams keep is reached by its owner alone.
//!
//! All users of an upstream share the account behind its key: what one left there, another could list, fetch or go on with. So memgate
//! remembers whose answers an upstream keeps, and forwards no path that reaches further, unless the operator allows it
//! (`shared_state`). An id of somebody else and one that never was get the same refusal, and the upstream is not asked.

use std::sync::Arc;

use bytes::Bytes;

use super::services::Services;
use crate::catalog::{Asker, Catalog, Choice, SharedState, Upstream, check_further};
use crate::dialect::conversation::Conversation;
use crate::dialect::stored::{Kept, ReferenceKind};
use crate::dialect::{Api, Dialect, Naming, Reach, model_in_path, names_more, with_model_in_path};
use crate::enforce::{Grant, Refusal, UserScope};
use crate::memory::Holder;

/// Notes what an answer leaves at its upstream.
#[derive(Debug)]
pub struct Keeper {
    holder: Holder,
    /// The request asks that the answer be stored.
    keeps: bool,
}

impl Keeper {
    /// Notes it: whoever sent the request may name it from now on.
    pub fn note(&self, services: &Services, upstream: &Upstream, kept: &[Kept], now: i64) {
        let ids = kept.iter().filter(|kept| self.keeps || kept.by_id).map(|kept| kept.id.as_str());
        services.memory.hold(&self.holder, &upstream.name, ids, now);
    }
}

/// The scope that a request was granted, if any.
pub fn scope_of(grant: &Grant) -> Option<&UserScope> {
    match grant {
        Grant::Scoped { scope, .. } => Some(scope),
        Grant::Unscoped { .. } => None,
    }
}

/// Who notes the answer to a conversation.
pub fn keeper(services: &Services, scope: Option<&UserScope>, conversation: &Conversation) -> Option<Keeper> {
    let holder = scope.filter(|_| conversation.dialect() == Dialect::Responses).and_then(|scope| services.memory.holder(scope));
    holder.map(|holder| Keeper { holder, keeps: conversation.stored().keeps() })
}

/// Those of `choices` that a conversation may go to: all, unless it names what upstreams keep. Then it goes to the one that keeps it
/// for its user, else to the first that is open to all, and nowhere else.
///
/// # Errors
/// When it names what is not its user's.
pub fn locate(
    services: &Services,
    scope: Option<&UserScope>,
    conversation: &Conversation,
    mut choices: Vec<Choice>,
    now: i64,
) -> Result<Vec<Choice>, Refusal> {
    let references = conversation.stored().references();
    if references.is_empty() {
        return Ok(choices);
    }
    let ids: Vec<&str> = references.iter().map(|reference| reference.id.as_str()).collect();
    let open = choices.iter().position(|choice| choice.upstream.shared_state == SharedState::Allow);
    // With a single one that is open to all there is nothing to look up.
    if choices.len() > 1 || open.is_none() {
        for (at, choice) in choices.iter().enumerate() {
            if holds(services, scope, &choice.upstream, &ids, now)? {
                return Ok(vec![choices.swap_remove(at)]);
            }
        }
    }
    if let Some(at) = open {
        return Ok(vec![choices.swap_remove(at)]);
    }
    // Which of several it was is told by their kinds alone.
    let has = |kind| references.iter().any(|reference| reference.kind == kind);
    Err(if has(ReferenceKind::Response) {
        no_response("previous_response_not_found")
    } else if has(ReferenceKind::Conversation) {
        no_conversation()
    } else if has(ReferenceKind::Item) {
        no_item()
    } else {
        no_container()
    })
}

/// The upstream that keeps a response for this user.
///
/// # Errors
/// When there is none.
pub fn find_keeper(
    services: &Services,
    catalog: &Catalog,
    (scope, asker): (Option<&UserScope>, &Asker),
    id: &str,
    now: i64,
) -> Result<Arc<Upstream>, Refusal> {
    let speaking = || catalog.upstreams().iter().filter(|upstream| upstream.speaks(Api::OpenAi) && upstream.is_open_to(asker));
    for upstream in speaking() {
        if holds(services, scope, upstream, &[id], now)? {
            return Ok(Arc::clone(upstream));
        }
    }
    let open = speaking().find(|upstream| upstream.shared_state == SharedState::Allow);
    open.map(Arc::clone).ok_or_else(|| no_response("response_not_found"))
}

/// A request that is no conversation.
#[derive(Debug)]
pub struct Call<'a> {
    pub api: Api,
    pub reach: Reach<'a>,
    pub path: &'a str,
    pub body: Option<&'a Bytes>,
    /// Where its body names a model.
    naming: Option<Naming>,
}

impl<'a> Call<'a> {
    /// Reads the body, once.
    pub fn new(api: Api, reach: Reach<'a>, path: &'a str, body: Option<&'a Bytes>) -> Self {
        // Ollama takes both there.
        let keys: &[&str] = if path == "/api/show" { &["model", "name"] } else { &["model"] };
        Self { api, reach, path, body, naming: body.and_then(|body| Naming::of(body, keys)) }
    }

    /// The model that it names, in its path or its body.
    pub fn model(&self) -> Option<&str> {
        let in_body = || self.naming.as_ref().map(|naming| naming.model.as_str());
        model_in_path(self.path).map(|at| &self.path[at]).or_else(in_body)
    }

    /// Its path and its body with another name of the model.
    #[must_use]
    pub fn with_model(&self, name: &str) -> (String, Option<Bytes>) {
        let path = with_model_in_path(self.path, name).unwrap_or_else(|| self.path.to_owned());
        let rewrite = |body: &Bytes| self.naming.as_ref().map_or_else(|| body.clone(), |naming| naming.rewrite(body, name));
        (path, self.body.map(rewrite))
    }
}

/// The upstreams for a request that is no conversation; only what leaves nothing behind has several.
///
/// # Errors
/// When it reaches what is not its user's, or no upstream serves its model.
pub fn choose(
    services: &Services,
    catalog: &Catalog,
    (scope, asker): (Option<&UserScope>, &Asker),
    call: &Call<'_>,
    now: i64,
) -> Result<Vec<Choice>, Refusal> {
    let choose = |model: Option<&str>| {
        let choices = catalog.choose(call.api, model, asker)?;
        check_further(&choices, || call.body.is_some_and(|body| names_more(body)))?;
        Ok::<_, Refusal>(choices)
    };
    match call.reach {
        Reach::Own => choose(call.model()),
        Reach::Response(id) => Ok(vec![Choice::of(find_keeper(services, catalog, (scope, asker), id, now)?)]),
        Reach::Named => {
            let conversation = Dialect::Responses.parse(call.body.cloned().unwrap_or_default()).map_err(|fault| Refusal {
                status: 400,
                code: fault.code(),
                message: fault.to_string(),
                detail: String::new(),
            })?;
            let mut choices = locate(services, scope, &conversation, choose(conversation.model())?, now)?;
            choices.truncate(1);
            Ok(choices)
        }
        Reach::Shared => {
            let mut choices = choose(call.model())?;
            let open = choices.iter().position(|choice| choice.upstream.shared_state == SharedState::Allow);
            match (open, choices.first()) {
                (Some(at), _) => Ok(vec![choices.swap_remove(at)]),
                (None, Some(first)) => Err(shared(&first.upstream.name)),
                (None, None) => Ok(choices),
            }
        }
    }
}

/// Refuses early what no upstream would get, so that its body need not be read.
///
/// # Errors
/// When no upstream may be reached that far.
pub fn check_reach(catalog: &Catalog, api: Api, reach: Reach<'_>, asker: &Asker) -> Result<(), Refusal> {
    let open = |upstream: &&Arc<Upstream>| upstream.speaks(api) && upstream.is_open_to(asker);
    let mut speaking = catalog.upstreams().iter().filter(open).peekable();
    match speaking.peek() {
        Some(first) if reach == Reach::Shared => {
            let refusal = shared(&first.name);
            if speaking.any(|upstream| upstream.shared_state == SharedState::Allow) { Ok(()) } else { Err(refusal) }
        }
        _ => Ok(()),
    }
}

/// Whether an upstream keeps all of these for the user. Without a scope there is no user that anything could be kept for.
fn holds(services: &Services, scope: Option<&UserScope>, upstream: &Upstream, ids: &[&str], now: i64) -> Result<bool, Refusal> {
    let Some(scope) = scope else { return Ok(false) };
    let held = tokio::task::block_in_place(|| services.memory.holds(scope, &upstream.name, ids, now));
    held.map_err(|error| Refusal {
        status: 503,
        code: "memory_unavailable",
        message:
            "Whose answers these are cannot be looked up just now. Try again; if it stays so, tell the operator of this server."
                .to_owned(),
        detail: error.to_string(),
    })
}

fn no_response(code: &'static str) -> Refusal {
    not_found(code, "No response of yours has this id. It may have expired: send the conversation itself in `input` instead.")
}

fn no_conversation() -> Refusal {
    not_found(
        "conversation_not_found",
        "No conversation of yours has this id. Send the conversation itself in `input`, or go on by `previous_response_id`.",
    )
}

fn no_item() -> Refusal {
    not_found(
        "item_not_found",
        "An item of `input` stands for one that the model backend keeps, and no answer to you has one with its id. Send the item itself.",
    )
}

fn no_container() -> Refusal {
    not_found(
        "container_not_found",
        "No answer to you worked in a container with this id. Let the tool make one: `{\"type\": \"auto\"}`.",
    )
}

fn shared(upstream: &str) -> Refusal {
    let message = format!(
        "This path reaches what the model backend keeps for everybody who uses it through this server, and nothing tells whose it is. \
         The operator can open it to all users of the upstream `{upstream}` with `shared_state: allow`."
    );
    Refusal { status: 404, code: "shared_state", message, detail: String::new() }
}

fn not_found(code: &'static str, message: &str) -> Refusal {
    Refusal { status: 404, code, message: message.to_owned(), detail: String::new() }
}
