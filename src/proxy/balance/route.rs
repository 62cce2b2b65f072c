//! A request's way over the upstreams that may serve it.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use super::node::{Node, Place, Queued};
use super::{Balance, Reason, may_take_over};
use crate::catalog::{Choice, Upstream};
use crate::dialect::{with_model, with_model_in_path};
use crate::enforce::{Refusal, UserScope};
use crate::ids::SessionId;
use crate::proxy::charge;
use crate::proxy::exchange::{Exchange, Forwarding, Phase};
use crate::proxy::key::KeyChoice;
use crate::proxy::services::Services;
use crate::telemetry::Clipped;

/// The code of what becomes of a request whose client left while it waited. No answer has it: nobody is there to read one.
pub const CLIENT_LEFT: &str = "client_left";
/// The code for a request that got no place in time.
const BUSY: &str = "upstream_busy";

/// Upstreams that one request is sent to at most.
const MOST_UPSTREAMS: usize = 3;

/// A request's way over the upstreams that may serve it.
#[derive(Debug, Default)]
pub struct Route {
    /// At the upstream that has the request now.
    place: Option<Place>,
    /// Those that may take over.
    spare: Vec<Candidate>,
    /// The one that does, once it is decided.
    next: Option<Next>,
    /// Whose turn it is in a queue.
    person: u64,
    /// The seed of the conversation's draws, or of the request's own.
    seeds: (Option<u64>, u64),
    /// The model as the request named it, and the name by which it stands in the body now.
    model: Option<String>,
    renamed: Option<String>,
    /// Path below the root of its API, as the request has it.
    below: String,
    /// Further connections to the same upstream that were tried, as kept ones turned out to be dead.
    pub again: u32,
    /// Upstreams that the request was sent to.
    pub attempts: u32,
    /// What the caller is told, where there is no place left for it.
    pub refusal: Option<Refusal>,
}

#[derive(Debug)]
struct Candidate {
    choice: Choice,
    /// What this upstream, and no other, is shown.
    key: Option<KeyChoice>,
}

#[derive(Debug)]
enum Next {
    /// The spare one at this index, where a place was free.
    Taken(usize, Place),
    /// Whichever has a place first.
    Wait,
}

impl Route {
    /// The place that is held now.
    pub fn place(&mut self) -> Option<&mut Place> {
        self.place.as_mut()
    }

    /// Whether some upstream has the request.
    pub fn is_aboard(&self) -> bool {
        self.place.is_some()
    }

    /// The answer has ended, or nobody waits for it: the next one may have the place.
    pub fn leave(&mut self) {
        self.place = None;
        self.next = None;
    }

    /// What the spare upstreams are shown, each its own key. One without a key that it needs is none.
    pub fn give_keys(&mut self, key_of: impl Fn(&Upstream) -> Option<KeyChoice>) {
        for candidate in &mut self.spare {
            candidate.key = key_of(&candidate.choice.upstream);
        }
        self.spare.retain(|candidate| candidate.key.is_some());
    }

    /// The path below the root of its API, as the request has it.
    pub fn set_path(&mut self, below: &str) {
        below.clone_into(&mut self.below);
    }

    /// Finds one to go on to; with `patient`, also one to wait for. False where there is none.
    pub fn find_next(&mut self, balance: &Balance, patient: bool) -> bool {
        let now = Instant::now();
        let choices: Vec<Choice> = self.spare.iter().map(|candidate| candidate.choice.clone()).collect();
        let ranked = balance.rank(&choices, self.seeds.0, self.seeds.1, now);
        let nodes: Vec<(usize, Arc<Node>)> = ranked.iter().map(|&(at, _)| (at, balance.node(&choices[at].upstream))).collect();
        let taken = nodes.iter().find_map(|(at, node)| Some(Next::Taken(*at, node.take(now)?)));
        let admitted = || patient && nodes.iter().any(|(_, node)| node.admits(self.person));
        self.next = taken.or_else(|| admitted().then_some(Next::Wait));
        if self.next.is_none() {
            return false;
        }
        // Nobody holds a place while waiting for another.
        self.place = None;
        true
    }
}

/// Chooses among `choices`, waits for a place where it must, and says who may take over. `watched`: the body was read, so that a
/// leaving client can be seen.
///
/// # Errors
/// `upstream_busy` where there is no place in time; [`CLIENT_LEFT`] where nobody waits any more.
pub async fn board(
    services: &Services,
    (session, watched): (&mut Session, bool),
    exchange: &mut Exchange,
    (scope, conversation): (Option<&UserScope>, Option<&SessionId>),
    (mut choices, model): (Vec<Choice>, Option<&str>),
    forwarding: &mut Forwarding,
) -> Result<Choice, Refusal> {
    let balance = &services.balance;
    let person = match scope {
        Some(scope) => balance.number(scope.user()),
        None => balance.number((&exchange.record.client, exchange.record.peer)),
    };
    let seeds = (balance.conversation(scope, conversation), balance.number(exchange.record.request.to_string()));
    let order = in_order(balance, &choices, seeds);
    let (at, place) = sit(balance, (session, watched), exchange, (&choices, &order), person).await?;
    let spare = order.iter().map(|(other, _)| *other).filter(|other| *other != at);
    let spare = spare.filter(|other| may_take_over(&choices[at], &choices[*other])).take(MOST_UPSTREAMS - 1);
    let spare = spare.map(|other| Candidate { choice: choices[other].clone(), key: None }).collect();
    let choice = choices.swap_remove(at);
    forwarding.upstream = Arc::clone(&choice.upstream);
    forwarding.route = Route {
        place: Some(place),
        spare,
        person,
        seeds,
        model: model.map(str::to_owned),
        renamed: choice.rename.clone(),
        attempts: 1,
        ..Route::default()
    };
    Ok(choice)
}

/// Goes on to the upstream that was found to take over. The body is the one that was prepared, under this upstream's name of the model.
///
/// # Errors
/// When no place comes free in time, or nobody waits any more.
pub async fn change_over(services: &Services, session: &mut Session, exchange: &mut Exchange) -> Result<(), Box<Error>> {
    let Some(forwarding) = exchange.forwarding() else { return Ok(()) };
    let (at, place) = match forwarding.route.next.take() {
        None => return Ok(()),
        Some(Next::Taken(at, place)) => (at, place),
        Some(Next::Wait) => {
            let (person, (conversation, request)) = (forwarding.route.person, forwarding.route.seeds);
            let choices: Vec<Choice> = forwarding.route.spare.iter().map(|candidate| candidate.choice.clone()).collect();
            let order = in_order(&services.balance, &choices, (conversation, request));
            let watched = forwarding.replayed.is_some() || session.as_mut().is_body_empty();
            match sit(&services.balance, (session, watched), exchange, (&choices, &order), person).await {
                Ok(found) => found,
                Err(refusal) => return Err(give_up(services, exchange, refusal)),
            }
        }
    };
    let Phase::Forwarding(forwarding) = &mut exchange.phase else { return Ok(()) };
    let route = &mut forwarding.route;
    let Candidate { choice, key } = route.spare.remove(at);
    let Choice { upstream, rename, .. } = choice.clone();
    let name = if rename == route.renamed { None } else { rename.as_ref().or(route.model.as_ref()) };
    let body = name.filter(|_| forwarding.replayed.is_some());
    let body = body.and_then(|name| Some(with_model(&session.get_retry_buffer()?, name)));
    route.place = Some(place);
    route.attempts += 1;
    let attempts = route.attempts;
    route.again = 0;
    let below = rename.as_ref().and_then(|name| with_model_in_path(&route.below, name));
    forwarding.path = upstream.path_of(exchange.api, below.as_deref().unwrap_or(&route.below));
    route.renamed = rename;
    forwarding.upstream = upstream;
    if let Some(key) = key {
        key.show(services, &mut exchange.record, forwarding);
    }
    charge::change_price(&mut exchange.charge, charge::price_of(&choice, exchange.record.key));
    forwarding.attempts = 0;
    forwarding.prepared = Instant::now();
    exchange.record.attempts = attempts;
    exchange.record.upstream = Some(Clipped::new(&forwarding.upstream.name));
    if let Some(body) = body {
        forwarding.replayed = Some(body.len());
        exchange.parked.end(session);
        exchange.parked.begin(session, body);
    }
    Ok(())
}

/// What pingora is told of a request for which there is no place left.
#[expect(clippy::unnecessary_box_returns, reason = "pingora's errors come in boxes")]
fn give_up(services: &Services, exchange: &mut Exchange, refusal: Refusal) -> Box<Error> {
    if refusal.code == CLIENT_LEFT {
        return left();
    }
    exchange.record.error = Some(refusal.code);
    services.metrics.count_refusal(refusal.code);
    let error = Error::explain(ErrorType::HTTPStatus(refusal.status), refusal.code);
    if let Some(forwarding) = exchange.forwarding() {
        forwarding.route.refusal = Some(refusal);
    }
    error
}

/// What pingora is told of a client that has gone.
#[expect(clippy::unnecessary_box_returns, reason = "pingora's errors come in boxes")]
pub fn left() -> Box<Error> {
    Error::explain(ErrorType::ConnectionClosed, "the client left while its request waited").into_down()
}

/// The order of `choices`, with whether each one is well.
fn in_order(balance: &Balance, choices: &[Choice], (conversation, request): (Option<u64>, u64)) -> Vec<(usize, bool)> {
    let ranked = balance.rank(choices, conversation, request, Instant::now());
    ranked.into_iter().map(|(at, reason)| (at, !matches!(reason, Reason::Ill(_)))).collect()
}

/// A place at one of `choices`, tried in `order`: at one that is well if there is one free, else by waiting for one, else at one that
/// is not.
async fn sit(
    balance: &Balance,
    (session, watched): (&mut Session, bool),
    exchange: &mut Exchange,
    (choices, order): (&[Choice], &[(usize, bool)]),
    person: u64,
) -> Result<(usize, Place), Refusal> {
    let now = Instant::now();
    let nodes: Vec<(usize, bool, Arc<Node>)> =
        order.iter().map(|&(at, well)| (at, well, balance.node(&choices[at].upstream))).collect();
    let free = |well: bool| {
        let mut nodes = nodes.iter().filter(move |(_, is_well, _)| *is_well == well);
        nodes.find_map(|(at, _, node)| Some((*at, node.take(now)?)))
    };
    if let Some(found) = free(true) {
        return Ok(found);
    }
    let queue = |well: bool| {
        let mut nodes = nodes.iter().filter(move |(_, is_well, _)| *is_well == well);
        nodes.find_map(|(at, _, node)| Some((*at, node, node.join(person)?)))
    };
    let joined = queue(true).map(Ok).or_else(|| free(false).map(Err)).or_else(|| queue(false).map(Ok));
    let (at, node) = match joined {
        Some(Err(found)) => return Ok(found),
        Some(Ok((at, node, (mut ticket, wait)))) => match wait_for(&mut ticket, wait, (session, watched)).await {
            Waited::Came(place) => return Ok((at, place)),
            Waited::Left => {
                let message = "The client left.".to_owned();
                return Err(Refusal { status: 499, code: CLIENT_LEFT, message, detail: String::new() });
            }
            Waited::InVain => (at, node),
        },
        None => match nodes.first() {
            Some((at, _, node)) => (*at, node),
            None => return Err(busy("", 1)),
        },
    };
    let seconds = node.retry_after();
    balance.metrics.count_busy(&choices[at].upstream.name);
    exchange.retry_after = Some(seconds);
    Err(busy(&choices[at].upstream.name, seconds))
}

enum Waited {
    Came(Place),
    InVain,
    Left,
}

async fn wait_for(ticket: &mut Queued, wait: Duration, client: (&mut Session, bool)) -> Waited {
    tokio::select! {
        biased;
        place = ticket.wait() => place.map_or(Waited::InVain, Waited::Came),
        () = until_left(client) => Waited::Left,
        () = tokio::time::sleep(wait) => Waited::InVain,
    }
}

/// Returns when the client has gone, if that can be told.
async fn until_left((session, watched): (&mut Session, bool)) {
    if !watched {
        return pending().await;
    }
    // With the whole body read, nothing comes any more but the end.
    while session.downstream_session.read_body_or_idle(true).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

fn busy(upstream: &str, seconds: u64) -> Refusal {
    let message = format!(
        "The model backend `{upstream}` has as many requests as it may have at once, and no place came free. Try again in {seconds} s."
    );
    Refusal { status: 429, code: BUSY, message, detail: String::new() }
}
