//! Requests decided once more, under another mode. Pure, and by the same [`decide`](super::decide()).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Decision, PathClass, Standing, Terms, TrustMode, Vouch, decide};
use crate::identity::{Finding, Resolution};
use crate::ids::{ClientName, RequestId, UserId};

/// What a decision rested on beside the evidence, whatever the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    pub vouch: Vouch,
    /// Who an unnamed person is in legacy mode.
    pub default_user: UserId,
    pub tenant_listed: bool,
    /// The least that the tenant itself asks for.
    pub floor: Option<TrustMode>,
    /// That of the user whom the evidence names; where it names nobody, of the default user.
    pub standing: Standing,
}

/// A request as it was decided, so that it can be decided again.
///
/// It holds no session, no task, no key, and of invalid evidence neither the name that it claims nor the caller's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    resolution: Resolution,
    class: PathClass,
    grounds: Grounds,
}

impl Case {
    #[must_use]
    pub fn new(resolution: Resolution, class: PathClass, grounds: Grounds) -> Self {
        let finding = match resolution.finding {
            Finding::Invalid(mut invalid) => {
                invalid.message = String::new();
                invalid.claimed = None;
                Finding::Invalid(invalid)
            }
            Finding::Valid(mut evidence) => {
                evidence.groups = Vec::new();
                Finding::Valid(evidence)
            }
            none @ Finding::None { .. } => none,
        };
        let resolution = Resolution { finding, session: None, task: None, stray_credential: None, ..resolution };
        Self { resolution, class, grounds }
    }

    /// What `mode` decides; a tenant that asks for more gets it.
    #[must_use]
    pub fn decide_under(&self, mode: TrustMode) -> Decision {
        let Grounds { vouch, default_user, tenant_listed, floor, standing } = &self.grounds;
        let mode = floor.filter(|floor| mode.is_laxer_than(*floor)).unwrap_or(mode);
        let terms = Terms { mode, vouch: *vouch, default_user: Cow::Borrowed(default_user), tenant_listed: *tenant_listed };
        decide(&terms, &self.resolution, *standing, self.class)
    }

    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    #[must_use]
    pub fn class(&self) -> PathClass {
        self.class
    }

    #[must_use]
    pub fn grounds(&self) -> &Grounds {
        &self.grounds
    }

    /// Whom the evidence names, believed or not. To count by, never to show.
    #[must_use]
    pub fn named(&self) -> Option<&UserId> {
        match &self.resolution.finding {
            Finding::Valid(evidence) => Some(&evidence.user),
            Finding::None { .. } | Finding::Invalid(_) => None,
        }
    }
}

/// A case and when it was.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    pub case: &'a Case,
    pub request: RequestId,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    /// What was decided, as [`Decision::as_str`].
    pub decided: &'static str,
}

/// Requests of one client that would be decided otherwise, alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub client: ClientName,
    pub from: &'static str,
    pub to: &'static str,
    /// Of the new decision.
    pub reason: &'static str,
    pub requests: u64,
    /// Different users whom the evidence names.
    pub users: u64,
    pub first_at: i64,
    pub last_at: i64,
    pub examples: Vec<RequestId>,
}

/// What a mode would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    pub considered: u64,
    pub since: Option<i64>,
    pub unchanged: u64,
    /// The most requests first.
    pub changes: Vec<Change>,
}

/// Requests that a change names.
const EXAMPLES: usize = 5;

/// What the requests of a change have in common: client, decision then, decision now, its reason.
type Alike<'a> = (&'a ClientName, &'a str, &'a str, &'a str);

/// Decides on all of them under `mode`.
pub fn replay<'a>(mode: TrustMode, past: impl IntoIterator<Item = Past<'a>>) -> Replay {
    let mut found = Replay::default();
    let mut groups: HashMap<Alike<'_>, (Change, HashSet<&UserId>)> = HashMap::new();
    for Past { case, request, time, decided } in past {
        found.considered += 1;
        found.since = Some(found.since.map_or(time, |since| since.min(time)));
        let decision = case.decide_under(mode);
        let (client, to, reason) = (&case.resolution.client, decision.as_str(), decision.reason());
        if to == decided {
            found.unchanged += 1;
            continue;
        }
        let (change, users) = groups.entry((client, decided, to, reason)).or_insert_with(|| {
            let (requests, users, examples) = (0, 0, Vec::new());
            let first = Change {
                client: client.clone(),
                from: decided,
                to,
                reason,
                requests,
                users,
                first_at: time,
                last_at: time,
                examples,
            };
            (first, HashSet::new())
        });
        change.requests += 1;
        change.first_at = change.first_at.min(time);
        change.last_at = change.last_at.max(time);
        if change.examples.len() < EXAMPLES {
            change.examples.push(request);
        }
        users.extend(case.named());
    }
    let changes = groups.into_values().map(|(change, users)| Change { users: users.len() as u64, ..change });
    found.changes = changes.collect();
    found.changes.sort_by(|a, b| {
        b.requests.cmp(&a.requests).then_with(|| (&a.client, a.reason, a.to, a.from).cmp(&(&b.client, b.reason, b.to, b.from)))
    });
    found
}
