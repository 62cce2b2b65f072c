//! Whose key an upstream is shown: a pure function, which requests and the dry run call alike.

use crate::ids::GroupName;

/// Where the key comes from that an upstream is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The person's own.
    Personal,
    /// The upstream's, as it is configured.
    Shared,
    /// The variable that the provider's vendor names.
    Environment,
    /// It is shown none, and none is known for it.
    None,
}

impl KeySource {
    pub const ALL: [Self; 4] = [Self::Personal, Self::Shared, Self::Environment, Self::None];

    /// The word for answers, metrics and audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Shared => "shared",
            Self::Environment => "environment",
            Self::None => "none",
        }
    }
}

/// What became of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its key is shown.
    Used,
    /// An earlier one serves.
    NotReached,
    /// It has no key.
    Absent,
    /// The operator has switched it off.
    SwitchedOff,
    /// Nobody in particular asks.
    NoPerson,
    /// A sandbox, which is nobody proven, has no keys.
    Sandbox,
    /// The upstream is for keys of people's own.
    PersonalRequired,
    /// It has a key, which none of the person's groups may use.
    NotInGroup,
}

impl Step {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NotReached => "not_reached",
            Self::Absent => "absent",
            Self::SwitchedOff => "switched_off",
            Self::NoPerson => "no_person",
            Self::Sandbox => "sandbox",
            Self::PersonalRequired => "personal_required",
            Self::NotInGroup => "not_in_group",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person<'a> {
    /// Nobody in particular.
    Nobody,
    Sandbox,
    /// Somebody, with the groups they are in, who has a key of their own for the provider or not.
    Known {
        groups: &'a [GroupName],
        has_key: bool,
    },
}

/// What the operator says of the upstream, and of keys in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// Only keys of people's own.
    pub require_personal: bool,
    /// Groups that may use what the operator pays for, from the configuration or the environment; none named: everybody.
    pub shared_groups: &'a [GroupName],
    /// The upstream has a key of its own.
    pub has_shared: bool,
    /// The provider's variable is set.
    pub has_environment: bool,
    pub switches: Switches,
}

/// Which sources the operator has left on (`vault`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    pub personal: bool,
    pub shared: bool,
    pub environment: bool,
}

/// Whose key is shown, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// None: the request is refused.
    pub source: Option<KeySource>,
    pub personal: Step,
    pub shared: Step,
    pub environment: Step,
}

impl Verdict {
    /// The refusal, or the source, in a word.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.source {
            Some(KeySource::Personal) => "own_key",
            Some(KeySource::Shared) => "shared_key_allowed",
            Some(KeySource::Environment) => "environment_allowed",
            Some(KeySource::None) => "no_key_known",
            None if self.personal == Step::SwitchedOff => "key_not_allowed",
            None => "personal_key_required",
        }
    }
}

/// Tries the person's own key, the upstream's, the environment's, in this order.
///
/// Where none may be used, the request goes without a key only if there is none that could have been: an upstream with a key asks for
/// one, and without it would merely fail elsewhere.
#[must_use]
pub fn resolve(terms: &Terms<'_>, person: Person<'_>) -> Verdict {
    let personal = match person {
        Person::Nobody => Step::NoPerson,
        Person::Sandbox => Step::Sandbox,
        Person::Known { .. } if !terms.switches.personal => Step::SwitchedOff,
        Person::Known { has_key: false, .. } => Step::Absent,
        Person::Known { has_key: true, .. } => Step::Used,
    };
    if personal == Step::Used {
        let (shared, environment) = (Step::NotReached, Step::NotReached);
        return Verdict { source: Some(KeySource::Personal), personal, shared, environment };
    }
    let shared = operators(terms, person, terms.has_shared, terms.switches.shared);
    if shared == Step::Used {
        return Verdict { source: Some(KeySource::Shared), personal, shared, environment: Step::NotReached };
    }
    let environment = operators(terms, person, terms.has_environment, terms.switches.environment);
    let withheld = |step| matches!(step, Step::PersonalRequired | Step::NotInGroup | Step::SwitchedOff);
    let source = match environment {
        Step::Used => Some(KeySource::Environment),
        _ if terms.require_personal || withheld(shared) || withheld(environment) => None,
        _ => Some(KeySource::None),
    };
    Verdict { source, personal, shared, environment }
}

/// What becomes of one of the operator's own keys.
fn operators(terms: &Terms<'_>, person: Person<'_>, there: bool, switched_on: bool) -> Step {
    let groups = match person {
        Person::Known { groups, .. } => groups,
        Person::Nobody | Person::Sandbox => &[],
    };
    match terms.shared_groups {
        _ if terms.require_personal => Step::PersonalRequired,
        _ if !there => Step::Absent,
        _ if !switched_on => Step::SwitchedOff,
        allowed if !allowed.is_empty() && !groups.iter().any(|group| allowed.contains(group)) => Step::NotInGroup,
        _ => Step::Used,
    }
}

#[cfg(test)]
mod tests;
