//! Who may use what: pure comparisons of what the operator listed with what is known of the person.

use crate::ids::GroupName;
use crate::setting::Faults;

/// Who asks, as far as access depends on it. By default nobody in particular: in no group, of no tenant with upstreams of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// The groups that the person is in.
    pub groups: Vec<GroupName>,
    /// The upstreams that the person's tenant may use, by name. None: its configuration lists none, so that all are open to it.
    pub upstreams: Option<Vec<String>>,
}

impl Asker {
    /// Whether the person's tenant may use an upstream.
    #[must_use]
    pub fn may_reach(&self, upstream: &str) -> bool {
        self.upstreams.as_ref().is_none_or(|names| names.iter().any(|name| name == upstream))
    }
}

/// For whom something is: for everybody, or for the people of some groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience(Option<Vec<GroupName>>);

impl Audience {
    #[must_use]
    pub fn admits(&self, asker: &Asker) -> bool {
        self.0.as_ref().is_none_or(|groups| groups.iter().any(|group| asker.groups.contains(group)))
    }

    /// The groups; none where it is for everybody.
    #[must_use]
    pub fn groups(&self) -> &[GroupName] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Resolves a list of groups. None written: everybody. A list that names nobody is a fault, since it could be meant either way.
    pub(super) fn resolve(names: Option<&[String]>, path: &str, faults: &mut Faults) -> Self {
        let Some(names) = names else { return Self(None) };
        if names.is_empty() {
            faults.add(path, "lists no group", "name the groups, or leave it out for everybody");
        }
        let mut groups = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            match GroupName::parse(name) {
                Ok(group) => groups.push(group),
                Err(reason) => {
                    let remedy = "write the group's name as your identity provider or `groups` has it";
                    faults.add(format!("{path}[{index}]"), format!("the group's name {reason}"), remedy);
                }
            }
        }
        Self(Some(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn asker(groups: &[&str]) -> Asker {
        Asker { groups: groups.iter().map(|group| GroupName::parse(group).unwrap()).collect(), upstreams: None }
    }

    #[test]
    fn an_audience_admits_its_groups_alone() {
        for (listed, of, admitted) in [
            (None, &[][..], true),
            (None, &["staff"], true),
            (Some(&["staff"][..]), &[], false),
            (Some(&["staff"]), &["pupils"], false),
            (Some(&["staff"]), &["Staff"], false),
            (Some(&["staff", "pupils"]), &["guests", "pupils"], true),
        ] {
            let mut faults = Faults::default();
            let audience = Audience::resolve(listed.map(names).as_deref(), "groups", &mut faults);
            assert!(faults.is_empty());
            assert_eq!(audience.admits(&asker(of)), admitted, "{listed:?} {of:?}");
        }
    }

    #[test]
    fn lists_that_name_nobody_are_faults_and_admit_nobody() {
        for (listed, paths) in [(&[][..], vec!["groups"]), (&["", "a", " b"], vec!["groups[0]", "groups[2]"])] {
            let mut faults = Faults::default();
            let audience = Audience::resolve(Some(&names(listed)), "groups", &mut faults);
            assert!(!audience.admits(&Asker::default()));
            assert_eq!(faults.into_vec().into_iter().map(|fault| fault.path).collect::<Vec<_>>(), paths);
        }
    }

    #[test]
    fn a_tenant_reaches_its_own_upstreams() {
        assert!(Asker::default().may_reach("any"));
        let tenant = Asker { upstreams: Some(names(&["local"])), ..Asker::default() };
        assert!(tenant.may_reach("local") && !tenant.may_reach("cloud") && !tenant.may_reach("loca"));
        let none = Asker { upstreams: Some(Vec::new()), ..Asker::default() };
        assert!(!none.may_reach("local"));
    }
}
