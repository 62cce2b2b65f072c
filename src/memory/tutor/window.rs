//! The front of the queue, as the worker sees it: which turns belong together, which are due, which are done.
//!
//! The queue is consumed from its front alone, and every person's turns stand in one. So turns are taken up out of order within a
//! window, and the front moves on once the oldest is done.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::JournalEntry;

/// Turns that are looked at together.
const MOST: usize = 256;
/// Calls for the same turns before they are skipped.
pub(super) const MOST_ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How a call ended for turns of a batch, by their place in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// Read, skipped or given up: not to come again.
    pub(super) done: Vec<usize>,
    /// The call failed, and is made again later. Turns in neither list had no room, and come with the next call.
    pub(super) failed: Vec<usize>,
}

#[derive(Debug)]
struct Slot {
    /// Nothing once the turn is done.
    entry: Option<JournalEntry>,
    arrived: Instant,
    not_before: Instant,
    attempts: u32,
}

#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Slot>);

impl Window {
    /// How many turns of the queue are known, and how many more may be.
    pub(super) fn gap(&self) -> (usize, usize) {
        (self.0.len(), MOST.saturating_sub(self.0.len()))
    }

    pub(super) fn extend(&mut self, entries: Vec<JournalEntry>, now: Instant) {
        let slot = |entry| Slot { entry: Some(entry), arrived: now, not_before: now, attempts: 0 };
        self.0.extend(entries.into_iter().map(slot));
    }

    /// Turns of one conversation that are due, by place: a full batch, or those whose oldest has waited long enough. Else the time
    /// when some will be.
    pub(super) fn due(&self, batch: usize, wait: Duration, now: Instant) -> Result<Vec<usize>, Option<Instant>> {
        let mut next: Option<Instant> = None;
        let mut seen: Vec<&[u8]> = Vec::new();
        for (at, slot) in self.0.iter().enumerate() {
            // A ticket tells person, client and conversation: one ticket, one group.
            let Some(group) = slot.entry.as_ref().map(|entry| entry.ticket.as_bytes()) else { continue };
            if seen.contains(&group) {
                continue;
            }
            seen.push(group);
            let same = |slot: &Slot| slot.entry.as_ref().is_some_and(|entry| entry.ticket.as_bytes() == group);
            let places = (at..).zip(self.0.range(at..)).filter(|(_, slot)| same(slot)).map(|(place, _)| place);
            let places: Vec<usize> = places.take(batch).collect();
            let ripe = if places.len() >= batch { slot.arrived } else { slot.arrived + wait };
            let ripe = ripe.max(slot.not_before);
            if ripe <= now {
                return Ok(places);
            }
            next = Some(next.map_or(ripe, |next| next.min(ripe)));
        }
        Err(next)
    }

    pub(super) fn entries(&self, places: &[usize]) -> Vec<JournalEntry> {
        places.iter().filter_map(|at| self.0.get(*at)?.entry.clone()).collect()
    }

    /// How often these turns were tried in vain.
    pub(super) fn attempts(&self, places: &[usize]) -> u32 {
        places.iter().filter_map(|at| self.0.get(*at)).map(|slot| slot.attempts).max().unwrap_or(0)
    }

    /// Takes in how a call for turns at `places` ended. Those that failed wait, longer each time.
    pub(super) fn settle(&mut self, places: &[usize], end: &End, wait: Duration, now: Instant) {
        let slot_of = |at: &usize| places.get(*at).copied();
        for at in end.done.iter().filter_map(slot_of) {
            if let Some(slot) = self.0.get_mut(at) {
                slot.entry = None;
            }
        }
        for at in end.failed.iter().filter_map(slot_of) {
            if let Some(slot) = self.0.get_mut(at) {
                slot.not_before = now + FIRST_PAUSE.min(wait) * 4u32.pow(slot.attempts.min(6));
                slot.attempts += 1;
            }
        }
    }

    /// Drops the turns at the front that are done, and says how many.
    pub(super) fn consumed(&mut self) -> usize {
        let done = self.0.iter().take_while(|slot| slot.entry.is_none()).count();
        self.0.drain(..done);
        done
    }
}
