use proptest::prelude::*;

use super::*;

fn groups(names: &[&str]) -> Vec<GroupName> {
    names.iter().map(|name| GroupName::parse(name).unwrap()).collect()
}

/// `P` person, `S` shared, `E` environment: capital where there is a key, `-` behind where it is switched off.
fn terms<'a>(text: &str, shared_groups: &'a [GroupName]) -> Terms<'a> {
    Terms {
        require_personal: text.contains('!'),
        shared_groups,
        has_shared: text.contains('S'),
        has_environment: text.contains('E'),
        switches: Switches { personal: !text.contains("p-"), shared: !text.contains("s-"), environment: !text.contains("e-") },
    }
}

#[test]
fn every_order_and_its_reason() {
    let (none, staff) = (groups(&[]), groups(&["staff", "guests"]));
    let known = |has_key| Person::Known { groups: &none, has_key };
    let member = groups(&["cooks", "guests"]);
    let member = |has_key| Person::Known { groups: &member, has_key };
    for (terms, person, source, reason, steps) in [
        // The order itself.
        (terms("S E", &none), known(true), Some("personal"), "own_key", "used not_reached not_reached"),
        (terms("S E", &none), known(false), Some("shared"), "shared_key_allowed", "absent used not_reached"),
        (terms("E", &none), known(false), Some("environment"), "environment_allowed", "absent absent used"),
        (terms("", &none), known(false), Some("none"), "no_key_known", "absent absent absent"),
        // Each step forbidden.
        (terms("p- S E", &none), known(true), Some("shared"), "shared_key_allowed", "switched_off used not_reached"),
        (terms("s- S E", &none), known(false), Some("environment"), "environment_allowed", "absent switched_off used"),
        (terms("s- S", &none), known(false), None, "personal_key_required", "absent switched_off absent"),
        (terms("e- s- S E", &none), known(false), None, "personal_key_required", "absent switched_off switched_off"),
        (terms("p- s- S", &none), known(true), None, "key_not_allowed", "switched_off switched_off absent"),
        (terms("e- s- p-", &none), known(false), Some("none"), "no_key_known", "switched_off absent absent"),
        // A key of one's own is required.
        (terms("! S E", &none), known(true), Some("personal"), "own_key", "used not_reached not_reached"),
        (terms("! S E", &none), known(false), None, "personal_key_required", "absent personal_required personal_required"),
        (terms("!", &none), known(false), None, "personal_key_required", "absent personal_required personal_required"),
        (terms("! p- S", &none), known(true), None, "key_not_allowed", "switched_off personal_required personal_required"),
        // Groups.
        (terms("S E", &staff), member(false), Some("shared"), "shared_key_allowed", "absent used not_reached"),
        (terms("E", &staff), member(false), Some("environment"), "environment_allowed", "absent absent used"),
        (terms("S E", &staff), known(false), None, "personal_key_required", "absent not_in_group not_in_group"),
        (terms("E", &staff), known(false), None, "personal_key_required", "absent absent not_in_group"),
        (terms("S", &staff), known(true), Some("personal"), "own_key", "used not_reached not_reached"),
        (terms("", &staff), known(false), Some("none"), "no_key_known", "absent absent absent"),
        (terms("! S", &staff), member(false), None, "personal_key_required", "absent personal_required personal_required"),
        // Nobody, and somebody unproven.
        (terms("S E", &none), Person::Nobody, Some("shared"), "shared_key_allowed", "no_person used not_reached"),
        (terms("S E", &staff), Person::Nobody, None, "personal_key_required", "no_person not_in_group not_in_group"),
        (terms("!", &none), Person::Nobody, None, "personal_key_required", "no_person personal_required personal_required"),
        (terms("", &none), Person::Nobody, Some("none"), "no_key_known", "no_person absent absent"),
        (terms("S", &none), Person::Sandbox, Some("shared"), "shared_key_allowed", "sandbox used not_reached"),
        (terms("! S", &none), Person::Sandbox, None, "personal_key_required", "sandbox personal_required personal_required"),
        (terms("S", &staff), Person::Sandbox, None, "personal_key_required", "sandbox not_in_group absent"),
    ] {
        let verdict = resolve(&terms, person);
        let steps_of = [verdict.personal, verdict.shared, verdict.environment].map(Step::as_str).join(" ");
        let told = (verdict.source.map(KeySource::as_str), verdict.reason(), steps_of.as_str());
        assert_eq!(told, (source, reason, steps), "{terms:?} {person:?}");
    }
}

proptest! {
    #[test]
    fn nobody_spends_what_they_may_not(bits in 0_u32..512, kind in 0..4) {
        let bit = |n: u32| bits >> n & 1 == 1;
        let (staff, others) = (groups(&["staff"]), groups(&["others"]));
        let shared_groups: &[GroupName] = if bit(0) { &staff } else { &[] };
        let terms = Terms {
            require_personal: bit(1), shared_groups, has_shared: bit(2), has_environment: bit(3),
            switches: Switches { personal: bit(4), shared: bit(5), environment: bit(6) },
        };
        let person = match kind {
            0 => Person::Nobody,
            1 => Person::Sandbox,
            2 => Person::Known { groups: &staff, has_key: bit(7) },
            _ => Person::Known { groups: &others, has_key: bit(7) },
        };
        let verdict = resolve(&terms, person);
        let allowed = shared_groups.is_empty() || kind == 2;
        match verdict.source {
            Some(KeySource::Personal) => prop_assert!(kind >= 2 && bit(7) && terms.switches.personal),
            Some(KeySource::Shared) => prop_assert!(terms.has_shared && terms.switches.shared && allowed && !terms.require_personal),
            Some(KeySource::Environment) => {
                prop_assert!(terms.has_environment && terms.switches.environment && allowed && !terms.require_personal);
            }
            Some(KeySource::None) => prop_assert!(!terms.has_shared && !terms.has_environment && !terms.require_personal),
            None => prop_assert!(terms.require_personal || terms.has_shared || terms.has_environment),
        }
        // A key of the person's own is never passed over for another's.
        if kind >= 2 && bit(7) && terms.switches.personal {
            prop_assert_eq!(verdict.source, Some(KeySource::Personal));
        }
    }
}
