//! Learning with a model, beside the rules: off the request's path, a conversation's turns together, at a bounded price.
//!
//! The learner hands each turn on, through a queue that lasts. A call holds turns of one conversation of one person, their own
//! words alone. A fact is kept only with a quote that stands in them, and takes the same way into memory as one by a rule. What
//! the model fails at is skipped; it never holds up the rules.

mod answer;
mod prompt;
mod settings;
#[cfg(test)]
mod tests;
mod window;
mod work;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::Memory;
use super::extract::{Statement, own_text};
use super::learn::turn_names;
use super::lesson::Lesson;
use super::meter::Meter;
use super::prefix::derive;
use super::recorder::ended;
use crate::enforce::UserScope;
use crate::ids::SessionId;
use crate::inference::Client;
use crate::store::{JournalError, PrefixHash, Queue, StoreError};
use crate::telemetry::TutorResult;
pub use settings::TutorSettings;
use window::Window;

/// Most tokens that a call may cost: prompt, schema and answer.
const MOST_TOKENS: u64 = 2_000;
/// Longest turn that is handed on, in bytes: a longer one was pasted, not said.
const LONGEST_TURN: usize = 16 << 10;
/// How long an idle worker sleeps at most, should a bell be missed.
const IDLE: Duration = Duration::from_secs(5);

/// The model as configured, until the configuration changes.
#[derive(Debug)]
struct Link {
    settings: TutorSettings,
    client: Client,
    /// What facts of this model name as their origin.
    origin: String,
}

/// The model that learns. One for the process.
#[derive(Debug, Default)]
pub(super) struct Tutor {
    link: ArcSwapOption<Link>,
    bell: Notify,
}

impl Tutor {
    pub(super) fn new(settings: Option<&TutorSettings>) -> Self {
        let tutor = Self::default();
        tutor.configure(settings);
        tutor
    }

    /// Asks another model from now on, or none.
    pub(super) fn configure(&self, settings: Option<&TutorSettings>) {
        if self.link.load().as_ref().map(|link| &link.settings) == settings {
            return;
        }
        let link = settings.and_then(|settings| match Client::new(settings.endpoint.clone(), settings.timeout) {
            Ok(client) => {
                Some(Arc::new(Link { origin: format!("model:{}", settings.model), settings: settings.clone(), client }))
            }
            Err(error) => {
                tracing::error!(%error, "memory goes on without its learning model");
                None
            }
        });
        self.link.store(link);
        self.bell.notify_one();
    }

    /// What of the turns goes to the model. One that takes something back does not: it names what is to be forgotten.
    pub(super) fn select(&self, scope: &UserScope, read: &[(Lesson, Vec<Statement>)]) -> Handover {
        let mut handover = Handover::default();
        let Some(link) = self.link.load_full() else { return handover };
        for (lesson, statements) in read {
            let takes_back = statements.iter().any(|statement| matches!(statement, Statement::Retraction(_)));
            let private = |statement: &Statement| match statement {
                Statement::Fact(candidate) => link.settings.never_send.contains(&candidate.kind),
                Statement::Retraction(_) => false,
            };
            if takes_back {
                continue;
            }
            if statements.iter().any(private) {
                handover.withheld += 1;
            } else if self.wants(scope, &lesson.text) && !own_text(&lesson.text).is_empty() {
                handover.lessons.push(lesson.clone());
            }
        }
        handover
    }

    /// Whether a turn is worth queueing, whatever the rules find in it. Sandboxes cost nothing: there may be any number of them.
    pub(super) fn wants(&self, scope: &UserScope, turn: &str) -> bool {
        !scope.is_sandbox() && self.link.load().is_some() && turn.len() <= LONGEST_TURN && !turn.trim().is_empty()
    }
}

/// Turns that the rules have read, on their way to the model.
#[derive(Debug, Default)]
pub(super) struct Handover {
    lessons: Vec<Lesson>,
    /// How many turns stay here for their kinds.
    withheld: usize,
}

/// The names under which a turn is marked as read by a model: apart from those of the rules, which read it before.
fn read_names(key: &[u8; 16], session: Option<&SessionId>, lesson: &Lesson) -> Vec<PrefixHash> {
    turn_names(key, session, lesson).iter().map(|name| derive(key, "tutor", &[name])).collect()
}

impl Memory {
    /// Queues turns for the model. What cannot be queued is dropped, and counted.
    pub(super) fn hand_to_tutor(&self, scope: &UserScope, session: Option<&SessionId>, handover: &Handover) {
        count_turns(&self.meter, TutorResult::Skipped, handover.withheld);
        for lesson in handover.lessons.iter().filter(|lesson| !self.was_read(scope, session, lesson)) {
            let ticket = self.tickets.issue(scope, session);
            match self.store.journal_append(Queue::Tutor, &ticket, scope, &lesson.encode()) {
                Ok(()) => self.tutor.bell.notify_one(),
                Err(error) => {
                    count_turns(&self.meter, TutorResult::Dropped, 1);
                    if let JournalError::Store(error) = error {
                        tracing::warn!(%error, "a turn could not be queued for the learning model");
                    }
                }
            }
        }
    }

    /// Whether the view in RAM, if there is one, knows that a model has read the turn.
    fn was_read(&self, scope: &UserScope, session: Option<&SessionId>, lesson: &Lesson) -> bool {
        let Some(place) = self.views.peek(scope.user()) else { return false };
        let guard = place.view.read();
        let Some((view, key)) = guard.as_ref().and_then(|view| Some((view, view.key?))) else { return false };
        read_names(&key, session, lesson).iter().any(|name| view.has_learned(name))
    }

    /// Has the model read queued turns until `shutdown` turns true. What is left stays in the queue. Run it once.
    pub async fn run_tutor(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        let mut window = Window::default();
        loop {
            let pause = tokio::select! {
                pause = self.tutor_step(&mut window) => pause,
                () = ended(&mut shutdown) => return,
            };
            self.meter.count(|metrics| metrics.set_queue(self.store.journal_backlog(Queue::Tutor)));
            let Some(pause) = pause else { continue };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.tutor.bell.notified() => {}
                () = ended(&mut shutdown) => return,
            }
        }
    }

    /// One call for one conversation, if one is due; else how long to wait.
    async fn tutor_step(self: &Arc<Self>, window: &mut Window) -> Option<Duration> {
        let Some(link) = self.tutor.link.load_full() else { return Some(IDLE) };
        let memory = self.clone();
        let (skip, most) = window.gap();
        let peeked = tokio::task::spawn_blocking(move || memory.store.journal_peek(Queue::Tutor, skip, most)).await;
        match peeked {
            Ok(Ok(entries)) => window.extend(entries, Instant::now()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the queue of the learning model cannot be read");
                return Some(IDLE);
            }
            Err(_) => return Some(IDLE),
        }
        let settings = &link.settings;
        let due = match window.due(settings.batch, settings.wait, Instant::now()) {
            Ok(due) => due,
            Err(next) => return Some(next.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()).min(IDLE))),
        };
        let end = self.read_batch(&link, window.entries(&due), window.attempts(&due)).await;
        window.settle(&due, &end, settings.wait, Instant::now());
        let memory = self.clone();
        let consumed = window.consumed();
        let done = tokio::task::spawn_blocking(move || {
            memory.views.shrink();
            memory.consume(consumed)
        });
        if let Ok(Ok(())) = done.await {
            return None;
        }
        // Where the front is now is not known: it is looked at anew, and what was read before is known as read.
        *window = Window::default();
        Some(IDLE)
    }

    /// Marks the oldest turns of the queue as done.
    fn consume(&self, turns: usize) -> Result<(), StoreError> {
        self.store.journal_done(&self.store.journal_peek(Queue::Tutor, 0, turns)?)
    }
}

/// Counts turns that came to the same end.
fn count_turns(meter: &Meter, result: TutorResult, turns: usize) {
    if turns > 0 {
        meter.count(|metrics| metrics.count_turns(result, turns as u64));
    }
}
