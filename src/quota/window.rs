//! A sliding window over counts in slots of time.
//!
//! What was counted stays until its whole slot is older than the window. So within any stretch as long as the window no more than the
//! limit is let through, and a place comes free at most one slot late. It takes memory for the slots in which something was counted.

use std::collections::VecDeque;

/// The length of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Milliseconds of a slot.
    slot: i64,
    /// Slots of the window.
    slots: i64,
}

impl Stretch {
    pub const MINUTE: Self = Self { slot: 1000, slots: 60 };
    pub const HOUR: Self = Self { slot: 60_000, slots: 60 };

    /// The whole window in milliseconds.
    pub fn length(self) -> i64 {
        self.slot * self.slots
    }
}

/// What was counted lately.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Slot number and count, oldest first.
    slots: VecDeque<(i64, u64)>,
    sum: u64,
}

impl Window {
    /// What is in the window now, in milliseconds since the Unix epoch.
    pub fn used(&mut self, stretch: Stretch, now: i64) -> u64 {
        let current = now.div_euclid(stretch.slot);
        while let Some((slot, count)) = self.slots.front().copied()
            && slot + stretch.slots < current
        {
            self.slots.pop_front();
            self.sum -= count;
        }
        self.sum
    }

    /// Counts one more. A clock that went back counts in the newest slot.
    pub fn take(&mut self, stretch: Stretch, now: i64) {
        let current = now.div_euclid(stretch.slot);
        match self.slots.back_mut() {
            Some((slot, count)) if *slot >= current => *count += 1,
            _ => self.slots.push_back((current, 1)),
        }
        self.sum += 1;
    }

    /// When the oldest count leaves, in milliseconds since the Unix epoch.
    pub fn frees_at(&self, stretch: Stretch) -> Option<i64> {
        self.slots.front().map(|(slot, _)| (slot + stretch.slots + 1) * stretch.slot)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside a log of every request: never more than the limit in any minute, and never a refusal that the log of a minute and a
        /// second does not bear out.
        #[test]
        fn it_never_lets_more_through_and_never_less_than_a_slot_late(
            limit in 1_u64..6,
            steps in proptest::collection::vec(0_i64..25_000, 1..200),
        ) {
            let (mut window, mut log, mut now) = (Window::default(), Vec::<i64>::new(), 1_750_000_000_123_i64);
            for step in steps {
                now += step;
                let within = |length: i64| log.iter().filter(|at| **at > now - length).count() as u64;
                let (minute, late) = (within(60_000), within(61_000));
                let free = window.used(Stretch::MINUTE, now) < limit;
                if free {
                    prop_assert!(minute < limit);
                    window.take(Stretch::MINUTE, now);
                    log.push(now);
                } else {
                    prop_assert!(late >= limit);
                    let frees = window.frees_at(Stretch::MINUTE).unwrap();
                    prop_assert!(frees > now && frees <= now + 61_000);
                    prop_assert!(window.used(Stretch::MINUTE, frees - 1) >= limit);
                    prop_assert!(window.used(Stretch::MINUTE, frees) < limit);
                    now = frees;
                }
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing() {
        let mut window = Window::default();
        window.take(Stretch::HOUR, 7_200_000);
        window.take(Stretch::HOUR, 0);
        assert_eq!((window.used(Stretch::HOUR, 0), window.used(Stretch::HOUR, 7_200_000 + Stretch::HOUR.length())), (2, 2));
        assert_eq!(window.used(Stretch::HOUR, 7_260_000 + Stretch::HOUR.length()), 0);
    }
}
