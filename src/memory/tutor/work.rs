//! One call: whose turns may be read at what price, what the model says of them, and what of it is kept.

use std::sync::Arc;

use super::prompt::{INSTRUCTIONS, MOST_ANSWER, Prompt, SCHEMA};
use super::window::{End, MOST_ATTEMPTS};
use super::{Link, answer, count_turns, read_names};
use crate::enforce::{Ticket, UserScope};
use crate::inference::{ChatRequest, Completion, InferenceError};
use crate::memory::Memory;
use crate::memory::extract::{Statement, own_text};
use crate::memory::learn::{Reader, Taught, turn_names};
use crate::memory::learner::clock;
use crate::memory::lesson::Lesson;
use crate::memory::view::View;
use crate::store::{Batch, JournalEntry, PrefixHash, Spending, StoreError};
use crate::telemetry::{TutorFact, TutorResult};

const DAY_MS: i64 = 86_400_000;

/// A turn of a call.
struct Turn {
    /// Its place in the batch.
    at: usize,
    lesson: Lesson,
    /// The person's own stretches.
    own: Vec<String>,
    /// The turn's hash, which facts name as their source.
    name: PrefixHash,
    /// Marks the turn as read by a model.
    names: Vec<PrefixHash>,
}

/// A call that may be made: it is paid for.
struct Call {
    ticket: Ticket,
    turns: Vec<Turn>,
    prompt: String,
    cost: u64,
}

/// What is to be done with a batch.
#[derive(Default)]
struct Plan {
    /// Turns that need no call.
    done: Vec<usize>,
    call: Option<Call>,
}

impl Memory {
    /// Has the model read turns of one conversation.
    pub(super) async fn read_batch(self: &Arc<Self>, link: &Arc<Link>, entries: Vec<JournalEntry>, attempts: u32) -> End {
        let all: Vec<usize> = (0..entries.len()).collect();
        let Some(ticket) = entries.first().map(|entry| entry.ticket.clone()) else { return End::default() };
        let (memory, linked) = (self.clone(), link.clone());
        let planned = tokio::task::spawn_blocking(move || memory.plan_call(&linked, &ticket, &entries, clock())).await;
        let plan = match planned {
            Ok(Ok(plan)) => plan,
            // A full disk is emptied some day; until then nothing is lost.
            Ok(Err(error)) if error.will_pass() => return End { done: Vec::new(), failed: all },
            Ok(Err(_)) | Err(_) => return self.retry(Vec::new(), all, attempts),
        };
        let Some(call) = plan.call else { return End { done: plan.done, failed: Vec::new() } };
        let taken: Vec<usize> = call.turns.iter().map(|turn| turn.at).collect();
        let answered = self.ask(link, &call.prompt).await;
        match answered {
            Ok((completion, facts)) => {
                let (memory, linked) = (self.clone(), link.clone());
                let kept = tokio::task::spawn_blocking(move || memory.keep_answer(&linked, &call, &completion, facts)).await;
                match kept {
                    Ok(Ok(())) => End { done: [plan.done, taken].concat(), failed: Vec::new() },
                    Ok(Err(_)) | Err(_) => self.retry(plan.done, taken, attempts),
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the learning model failed");
                if error == InferenceError::Unreachable {
                    // Nothing was sent, so nothing was spent.
                    let memory = self.clone();
                    let refunded = tokio::task::spawn_blocking(move || memory.refund(&call, clock())).await;
                    drop(refunded);
                }
                self.retry(plan.done, taken, if error.is_rejection() { MOST_ATTEMPTS } else { attempts })
            }
        }
    }

    /// Turns whose call failed: once more later, or given up.
    fn retry(&self, mut done: Vec<usize>, failed: Vec<usize>, attempts: u32) -> End {
        if attempts + 1 < MOST_ATTEMPTS {
            self.meter.count(crate::telemetry::ModelMetrics::count_retry);
            return End { done, failed };
        }
        count_turns(&self.meter, TutorResult::Failed, failed.len());
        done.extend(failed);
        End { done, failed: Vec::new() }
    }

    async fn ask(&self, link: &Link, prompt: &str) -> Result<(Completion, Vec<serde_json::Value>), InferenceError> {
        let request = ChatRequest {
            model: &link.settings.model,
            system: INSTRUCTIONS,
            user: prompt,
            schema: ("facts", &SCHEMA),
            max_tokens: MOST_ANSWER,
        };
        let completion = link.client.complete(&request).await?;
        let facts = answer::read(&completion.text).ok_or(InferenceError::Malformed)?;
        Ok((completion, facts))
    }

    /// Opens the turns, leaves out what needs no reading, and pays for the call before it is made: a process that dies within a
    /// call has spent what it may have cost.
    fn plan_call(&self, link: &Link, ticket: &Ticket, entries: &[JournalEntry], now: i64) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let skip = |plan: &mut Plan, at: usize| {
            count_turns(&self.meter, TutorResult::Skipped, 1);
            plan.done.push(at);
        };
        let Ok((scope, session)) = self.tickets.redeem(ticket) else {
            (0..entries.len()).for_each(|at| skip(&mut plan, at));
            return Ok(plan);
        };
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, &scope)?;
        let mut turns: Vec<Turn> = Vec::new();
        let spent = {
            let guard = place.view.read();
            let view_and_key = guard.as_ref().and_then(|view| Some((view, view.key?)));
            for (at, entry) in entries.iter().enumerate() {
                let lesson = self.store.journal_open(&scope, entry).ok().and_then(|payload| Lesson::decode(&payload));
                let turn = view_and_key.zip(lesson).and_then(|((view, key), lesson)| {
                    let (own, names) = (own_text(&lesson.text), read_names(&key, session.as_ref(), &lesson));
                    let name = turn_names(&key, session.as_ref(), &lesson).first().copied().unwrap_or_default();
                    let known = |name: &PrefixHash| view.has_learned(name) || turns.iter().any(|turn| turn.names.contains(name));
                    let readable = !own.is_empty() && view.spending().may_read(lesson.at) && !names.iter().any(known);
                    readable.then_some(Turn { at, lesson, own, name, names })
                });
                match turn {
                    Some(turn) => turns.push(turn),
                    None => skip(&mut plan, at),
                }
            }
            view_and_key.map(|(view, _)| view.spending()).unwrap_or_default()
        };
        if turns.is_empty() {
            return Ok(plan);
        }
        let texts: Vec<String> = turns.iter().map(|turn| turn.own.join("\n")).collect();
        let prompt = Prompt::of(&texts);
        let cost = prompt.cost();
        let spending = spent_on(spent, now, |tokens| tokens.saturating_add(cost));
        if spending.tokens > link.settings.daily_tokens {
            count_turns(&self.meter, TutorResult::OverBudget, turns.len());
            plan.done.extend(turns.iter().map(|turn| turn.at));
            return Ok(plan);
        }
        turns.truncate(prompt.taken);
        self.commit(&scope, &place, Batch { spending: Some(spending), ..Batch::default() })?;
        plan.call = Some(Call { ticket: ticket.clone(), turns, prompt: prompt.user, cost });
        Ok(plan)
    }

    /// Keeps what the person said of what the model names; marks the turns as read; settles the price.
    fn keep_answer(
        &self,
        link: &Link,
        call: &Call,
        completion: &Completion,
        facts: Vec<serde_json::Value>,
    ) -> Result<(), StoreError> {
        let (scope, session) = self.tickets.redeem(&call.ticket).map_err(|_| StoreError::Malformed)?;
        let own: Vec<Vec<String>> = call.turns.iter().map(|turn| turn.own.clone()).collect();
        let mut by_turn: Vec<Vec<Statement>> = call.turns.iter().map(|_| Vec::new()).collect();
        for fact in facts {
            let result = match answer::check(fact, &own, &link.origin) {
                Ok((at, candidate)) => {
                    let result = if candidate.held_for.is_some() { TutorFact::Held } else { TutorFact::Kept };
                    by_turn.get_mut(at).into_iter().for_each(|said| said.push(Statement::Fact(candidate.clone())));
                    result
                }
                Err(result) => result,
            };
            self.meter.count(|metrics| metrics.count_fact(result));
        }
        let taught = call.turns.iter().zip(by_turn).map(|(turn, statements)| Taught {
            reader: Reader::Model,
            session: session.clone(),
            turn: turn.name,
            names: turn.names.clone(),
            at: turn.lesson.at,
            statements,
        });
        let learned = self.keep(&scope, taught.collect(), clock())?;
        for (turn, learned) in call.turns.iter().zip(learned) {
            self.report(turn.lesson.request_id.clone(), &scope, learned);
        }
        let tokens = completion.tokens.map_or(call.cost, |tokens| tokens.min(u64::from(u32::MAX)));
        self.meter.count(|metrics| metrics.count_tokens(tokens));
        self.settle(&scope, clock(), |spent| spent.saturating_sub(call.cost).saturating_add(tokens))?;
        count_turns(&self.meter, TutorResult::Read, call.turns.len());
        Ok(())
    }

    fn refund(&self, call: &Call, now: i64) -> Result<(), StoreError> {
        let (scope, _) = self.tickets.redeem(&call.ticket).map_err(|_| StoreError::Malformed)?;
        self.settle(&scope, now, |spent| spent.saturating_sub(call.cost))
    }

    /// Changes what a person's turns have cost today.
    fn settle(&self, scope: &UserScope, now: i64, change: impl FnOnce(u64) -> u64) -> Result<(), StoreError> {
        self.change_spending(scope, |spent| spent_on(spent, now, change))
    }

    fn change_spending(&self, scope: &UserScope, change: impl FnOnce(Spending) -> Spending) -> Result<(), StoreError> {
        let place = self.views.place(scope.user());
        let _writer = place.writer.lock();
        place.load_locked(&self.store, scope)?;
        let spent = place.view.read().as_ref().map(View::spending).unwrap_or_default();
        self.commit(scope, &place, Batch { spending: Some(change(spent)), ..Batch::default() })
    }
}

/// What was spent on the day of `now`, changed.
fn spent_on(spent: Spending, now: i64, change: impl FnOnce(u64) -> u64) -> Spending {
    let day = u32::try_from(now.div_euclid(DAY_MS)).unwrap_or_default();
    Spending { day, tokens: change(if spent.day == day { spent.tokens } else { 0 }), ..spent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_begins_with_nothing_spent() {
        let evening = 20_000 * DAY_MS + DAY_MS - 1;
        let spent = spent_on(Spending { day: 19_999, tokens: 500, deaf_before: 3 }, evening, |tokens| tokens + 7);
        assert_eq!(spent, Spending { day: 20_000, tokens: 7, deaf_before: 3 });
        assert_eq!(spent_on(spent, evening, |tokens| tokens + 7).tokens, 14);
        assert_eq!(spent_on(spent, evening + 1, |tokens| tokens + 1), Spending { day: 20_001, tokens: 1, deaf_before: 3 });
    }
}
