//! Who waits for a place: first come first served for each person, and the persons take turns.

use std::collections::{HashMap, VecDeque};

/// A bounded queue in which one person's burst costs that person alone: places go round robin over the persons, and in a full queue
/// a newcomer takes the last place of whoever has the most.
#[derive(Debug)]
pub struct FairQueue<T> {
    /// Persons with somebody waiting, the next one in front.
    turns: VecDeque<u64>,
    waiting: HashMap<u64, VecDeque<(u64, T)>>,
    len: usize,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { turns: VecDeque::new(), waiting: HashMap::new(), len: 0 }
    }
}

/// What came of a wish to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined<T> {
    Waiting,
    /// In the place of this one, which waits no longer.
    InPlaceOf(T),
    /// There is no room.
    Full(T),
}

impl<T> FairQueue<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether `person` could wait, where at most `room` may.
    pub fn takes(&self, person: u64, room: usize) -> bool {
        self.len < room || self.longest(person).is_some()
    }

    /// Somebody else who has so many waiting that one of theirs must go for `person`.
    fn longest(&self, person: u64) -> Option<u64> {
        let own = self.waiting.get(&person).map_or(0, VecDeque::len);
        let longest = self.waiting.iter().max_by_key(|(_, waiting)| waiting.len());
        longest.filter(|(_, waiting)| waiting.len() > own + 1).map(|(person, _)| *person)
    }

    /// Lets a request of `person` wait, where at most `room` may. `id` names it until it goes.
    pub fn join(&mut self, person: u64, id: u64, waiter: T, room: usize) -> Joined<T> {
        let mut joined = Joined::Waiting;
        if self.len >= room {
            let last = self.longest(person).and_then(|longest| {
                let id = self.waiting.get(&longest)?.back()?.0;
                self.remove(longest, id)
            });
            match last {
                Some(last) => joined = Joined::InPlaceOf(last),
                None => return Joined::Full(waiter),
            }
        }
        let waiting = self.waiting.entry(person).or_default();
        if waiting.is_empty() {
            self.turns.push_back(person);
        }
        waiting.push_back((id, waiter));
        self.len += 1;
        joined
    }

    /// The next one.
    pub fn next(&mut self) -> Option<T> {
        let person = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&person)?;
        let (_, waiter) = waiting.pop_front()?;
        self.len -= 1;
        if waiting.is_empty() {
            self.waiting.remove(&person);
        } else {
            self.turns.push_back(person);
        }
        Some(waiter)
    }

    /// Takes one out; none where it waits no longer.
    pub fn remove(&mut self, person: u64, id: u64) -> Option<T> {
        let waiting = self.waiting.get_mut(&person)?;
        let at = waiting.iter().position(|(known, _)| *known == id)?;
        let (_, waiter) = waiting.remove(at)?;
        self.len -= 1;
        if waiting.is_empty() {
            self.waiting.remove(&person);
            self.turns.retain(|waiting| *waiting != person);
        }
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: usize = 4;

    /// Persons as hundreds, their requests counted up.
    fn filled(ids: &[u64]) -> FairQueue<u64> {
        let mut queue = FairQueue::default();
        for &id in ids {
            assert_eq!(queue.join(id / 100, id, id, 100), Joined::Waiting);
        }
        queue
    }

    fn drain(mut queue: FairQueue<u64>) -> Vec<u64> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn persons_take_turns_and_each_persons_wait_in_order() {
        for (came, served) in [
            (vec![100, 101, 102], vec![100, 101, 102]),
            (vec![100, 101, 102, 200, 300, 201], vec![100, 200, 300, 101, 201, 102]),
            (vec![], vec![]),
        ] {
            assert_eq!(drain(filled(&came)), served, "{came:?}");
        }
    }

    #[test]
    fn who_leaves_frees_the_place() {
        let mut queue = filled(&[100, 101, 200]);
        assert_eq!((queue.remove(1, 100), queue.remove(1, 100), queue.remove(2, 101)), (Some(100), None, None));
        assert_eq!(queue.remove(2, 200), Some(200));
        assert_eq!(queue.len(), 1);
        assert_eq!(drain(queue), [101]);
    }

    #[test]
    fn a_full_queue_makes_room_at_the_cost_of_the_burst() {
        let mut queue = filled(&[100, 101, 102, 103]);
        assert!(!queue.takes(1, ROOM) && queue.takes(2, ROOM));
        assert_eq!(queue.join(1, 104, 104, ROOM), Joined::Full(104));
        assert_eq!(queue.join(2, 200, 200, ROOM), Joined::InPlaceOf(103));
        assert_eq!(queue.join(2, 201, 201, ROOM), Joined::InPlaceOf(102));
        // Two each is fair: who comes now finds no room.
        assert_eq!(queue.join(2, 202, 202, ROOM), Joined::Full(202));
        assert_eq!(queue.join(3, 300, 300, ROOM), Joined::InPlaceOf(if queue.waiting[&1].len() == 2 { 201 } else { 101 }));
        assert_eq!(queue.len(), ROOM);
        assert_eq!(filled(&[]).join(1, 1, 1, 0), Joined::Full(1));
    }

    proptest! {
        #[test]
        fn counts_hold(steps in prop::collection::vec((0_u8..4, 0_u64..5), 0..200)) {
            let mut queue = FairQueue::default();
            let mut inside = std::collections::HashSet::new();
            for (id, (act, person)) in (0_u64..).zip(steps) {
                match act {
                    0 | 1 => match queue.join(person, id, (person, id), 8) {
                        Joined::Waiting => { inside.insert((person, id)); }
                        Joined::InPlaceOf(gone) => { prop_assert!(inside.remove(&gone)); inside.insert((person, id)); }
                        Joined::Full(_) => prop_assert_eq!(queue.len(), 8),
                    },
                    2 => if let Some(next) = queue.next() { prop_assert!(inside.remove(&next)) } else { prop_assert!(inside.is_empty()) },
                    _ => if let Some(&(person, id)) = inside.iter().next() {
                        prop_assert!(queue.remove(person, id).is_some());
                        inside.remove(&(person, id));
                    },
                }
                prop_assert_eq!(queue.len(), inside.len());
                prop_assert!(queue.len() <= 8 && queue.turns.len() == queue.waiting.len());
            }
        }
    }
}
