//! In which order upstreams are tried: a pure function of how they stand.

use std::cmp::Ordering;

use super::breaker::Condition;

/// How one upstream of a model stands when a request comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Lower ones come first.
    pub priority: u32,
    /// At least 1.
    pub weight: u32,
    pub in_flight: u32,
    pub condition: Condition,
    /// A draw that is the same for every request of one conversation, or random where there is none.
    pub draw: u64,
}

/// Why an upstream stands where it does in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is no other.
    Only,
    /// The conversation was here before, as far as that can be told.
    Affinity,
    /// It has the least load for its weight; or comes by load behind the one that has.
    Load,
    /// Others have a lower `priority`.
    Priority,
    /// It is passed over while others are well: what is wrong with it.
    Ill(Condition),
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Affinity => "affinity",
            Self::Load => "load",
            Self::Priority => "priority",
            Self::Ill(condition) => condition.as_str(),
        }
    }
}

/// How far above its share of the load an upstream may be before it loses its conversations, in quarters.
///
/// Mirrokni, Thorup, Zadimoghaddam: Consistent hashing with bounded loads (SODA 2018), with c = 1.5.
const SLACK: (u64, u64) = (3, 2);

/// The order in which upstreams are tried, as indices, with the reason for each one's place: those that are well, by priority, within
/// one by load; then the others. None is left out: where all are ill, one is tried anyway.
///
/// With `affinity`, the upstream of its conversation (rendezvous hashing over `draw`) comes first among those of its priority, unless it
/// has much more than its share of the load.
pub fn rank(standings: &[Standing], affinity: bool) -> Vec<(usize, Reason)> {
    let mut order: Vec<usize> = (0..standings.len()).collect();
    let well = |at: usize| standings[at].condition.is_well();
    order.sort_by(|&a, &b| {
        let (one, other) = (&standings[a], &standings[b]);
        (!well(a), one.priority)
            .cmp(&(!well(b), other.priority))
            .then_with(|| by_load(one, other))
            .then_with(|| by_draw(one, other))
    });
    let Some(&first) = order.first() else { return Vec::new() };
    let best = (well(first), standings[first].priority);
    let group = order.iter().take_while(|&&at| (well(at), standings[at].priority) == best).count();
    let mut held = None;
    if affinity && group > 1 {
        let favourite =
            order[..group].iter().copied().enumerate().min_by(|(_, a), (_, b)| by_draw(&standings[*a], &standings[*b]));
        if let Some((place, at)) =
            favourite.filter(|(_, at)| bears(&standings[*at], order[..group].iter().map(|&at| &standings[at])))
        {
            order[..=place].rotate_right(1);
            held = Some(at);
        }
    }
    let reason = |at: usize| match standings[at].condition {
        condition if !condition.is_well() => Reason::Ill(condition),
        _ if standings.len() == 1 => Reason::Only,
        _ if held == Some(at) => Reason::Affinity,
        _ if standings[at].priority != best.1 => Reason::Priority,
        _ => Reason::Load,
    };
    order.into_iter().map(|at| (at, reason(at))).collect()
}

/// Requests under way for each unit of weight, compared without fractions.
fn by_load(one: &Standing, other: &Standing) -> Ordering {
    let load = |of: &Standing, by: &Standing| u64::from(of.in_flight) * u64::from(by.weight.max(1));
    load(one, other).cmp(&load(other, one))
}

/// Weighted rendezvous hashing: of the draws, each upstream has the lowest in proportion to its weight (Schindelhauer and Schomaker,
/// Weighted distributed hash tables, SPAA 2005).
fn by_draw(one: &Standing, other: &Standing) -> Ordering {
    let cost = |of: &Standing| {
        let unit = (f64::from(u32::try_from(of.draw >> 32).unwrap_or(u32::MAX)) + 0.5) / 4_294_967_296.0;
        -unit.ln() / f64::from(of.weight.max(1))
    };
    cost(one).total_cmp(&cost(other))
}

/// Whether an upstream may take one more without having much more than its share.
fn bears<'a>(favourite: &Standing, group: impl Iterator<Item = &'a Standing>) -> bool {
    let sums = group.fold((1, 0), |(load, weight), of| (load + u64::from(of.in_flight), weight + u64::from(of.weight.max(1))));
    let share = (sums.0 * u64::from(favourite.weight.max(1)) * SLACK.0).div_ceil(sums.1 * SLACK.1);
    u64::from(favourite.in_flight) < share
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;

    const WELL: Standing = Standing { priority: 0, weight: 1, in_flight: 0, condition: Condition::Well, draw: 0 };

    fn at(in_flight: u32, draw: u64) -> Standing {
        Standing { in_flight, draw: draw << 32, ..WELL }
    }

    fn ill(condition: Condition) -> Standing {
        Standing { condition, ..WELL }
    }

    #[test]
    fn every_order_has_its_reasons() {
        let far = |standing: Standing| Standing { priority: 7, ..standing };
        let wide = |weight, standing: Standing| Standing { weight, ..standing };
        // The higher a draw, the better it is.
        let (low, high) = (1, u64::from(u32::MAX));
        for (what, standings, affinity, expected) in [
            ("nobody", vec![], true, vec![]),
            ("one", vec![at(9, low)], true, vec![(0, "only")]),
            ("the idle one", vec![at(2, high), at(1, low)], false, vec![(1, "load"), (0, "load")]),
            ("the one with room for its weight", vec![at(2, low), wide(4, at(7, low))], false, vec![(1, "load"), (0, "load")]),
            ("equal loads go by the draw", vec![at(1, low), at(1, high)], false, vec![(1, "load"), (0, "load")]),
            ("the conversation's", vec![at(0, low), at(1, high)], true, vec![(1, "affinity"), (0, "load")]),
            ("the conversation's, nearly full", vec![at(0, low), at(2, high)], true, vec![(1, "affinity"), (0, "load")]),
            ("the conversation's has too much", vec![at(0, low), at(3, high)], true, vec![(0, "load"), (1, "load")]),
            ("priority before load", vec![far(at(0, high)), at(9, low)], true, vec![(1, "load"), (0, "priority")]),
            ("health before priority", vec![ill(Condition::Ejected), far(WELL)], true, vec![(1, "load"), (0, "ejected")]),
            ("the probe is well", vec![at(1, low), ill(Condition::Probe)], false, vec![(1, "load"), (0, "load")]),
            (
                "all are ill, and tried",
                vec![far(ill(Condition::Ejected)), ill(Condition::Limited), ill(Condition::Unwell)],
                false,
                vec![(1, "rate_limited"), (2, "unwell"), (0, "ejected")],
            ),
        ] {
            let ranked: Vec<_> = rank(&standings, affinity).into_iter().map(|(at, reason)| (at, reason.as_str())).collect();
            assert_eq!(ranked, expected, "{what}");
        }
    }

    #[test]
    fn draws_go_by_weight() {
        let mut wins = [0_u32; 2];
        for n in 0..10_000_u32 {
            let draw = |salt: u8| BuildHasherDefault::<DefaultHasher>::default().hash_one((n, salt));
            let standings = [Standing { weight: 3, draw: draw(0), ..WELL }, Standing { draw: draw(1), ..WELL }];
            wins[rank(&standings, true)[0].0] += 1;
        }
        assert!((7_000..8_000).contains(&wins[0]), "{wins:?}");
    }

    #[test]
    fn a_conversation_moves_only_when_its_upstream_goes() {
        for n in 0..1000_u64 {
            let draw = |salt: u64| (n * 3 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let three = [0, 1, 2].map(|salt| Standing { draw: draw(salt), ..WELL });
            let first = rank(&three, true)[0].0;
            for gone in (0..3).filter(|gone| *gone != first) {
                let mut left = three;
                left[gone].condition = Condition::Ejected;
                assert_eq!(rank(&left, true)[0].0, first);
            }
        }
    }
}
