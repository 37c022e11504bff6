//! Which lookup, edge or range can serve a filter; what is found is put to the whole filter after.
//!
//! A term that must hold for the filter to hold can narrow the search. The narrowest wins: an id,
//! then a unique name, an externalId or e-mail address, then an edge. Without any, everything of the
//! tenant is looked through.

use scim_core::filter::eval::{Ask, Comparand, Condition, Leaf};
use scim_core::filter::{Logic, Operator, Resolved};
use scim_core::{ResourceId, ResourceKind};

use crate::keys::{Lookup, unique_attribute};

/// Where to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    /// At this id; `None` when the text can be no id.
    Id(Option<ResourceId>),
    /// At this unique name, in its comparable form.
    Marker(String),
    /// At this value of a lookup.
    Lookup(Lookup, String),
    /// At the groups that this one is a member of.
    GroupsOf(Option<ResourceId>),
    /// At the members of this group.
    MembersOf(Option<ResourceId>),
    /// Everywhere.
    Scan,
}

impl Plan {
    /// The narrowest plan for a filter.
    pub(crate) fn of(kind: ResourceKind, filter: &Resolved<'_>) -> Self {
        filter
            .conjuncts()
            .into_iter()
            .filter_map(|leaf| Self::serve(kind, leaf))
            .min_by_key(Self::width)
            .unwrap_or(Self::Scan)
    }

    const fn width(&self) -> u8 {
        match self {
            Self::Id(_) => 0,
            Self::Marker(_) => 1,
            Self::Lookup(..) => 2,
            Self::GroupsOf(_) => 3,
            Self::MembersOf(_) => 4,
            Self::Scan => 5,
        }
    }

    fn serve(kind: ResourceKind, leaf: &Leaf<'_>) -> Option<Self> {
        if leaf.target.container.is_some() {
            return None;
        }
        let name = leaf.target.attribute.name.as_str();
        let sub = leaf.target.sub.map(|sub| sub.name.as_str());
        let is_value = matches!(sub, None | Some("value"));
        let text = leaf
            .equal_text()
            .or_else(|| leaf.values.as_deref().and_then(selected_value));
        match (kind, name, text) {
            (_, "id", Some(id)) => Some(Self::Id(ResourceId::parse(id))),
            (_, "externalId", Some(id)) if !id.is_empty() => {
                Some(Self::Lookup(Lookup::ExternalId, id.to_owned()))
            }
            (_, name, Some(value)) if name == unique_attribute(kind) && sub.is_none() => {
                Some(Self::Marker(value.to_owned()))
            }
            (ResourceKind::User, "emails", Some(value)) if is_value => {
                Some(Self::Lookup(Lookup::Email, value.to_owned()))
            }
            (ResourceKind::User, "groups", Some(id)) if is_value => {
                Some(Self::MembersOf(ResourceId::parse(id)))
            }
            (ResourceKind::Group, "members", Some(id)) if is_value => {
                Some(Self::GroupsOf(ResourceId::parse(id)))
            }
            _ => None,
        }
    }
}

/// The text that a value filter demands of `value`: in `emails[type eq "work" and value eq "x"]`, x.
fn selected_value<'f>(values: &'f Logic<Condition<'_>>) -> Option<&'f str> {
    values
        .conjuncts()
        .into_iter()
        .find_map(|condition| match &condition.ask {
            Ask::Compare(Operator::Eq, Comparand::Text(text))
                if condition.sub.is_some_and(|sub| sub.name == "value") =>
            {
                Some(text.as_str())
            }
            _ => None,
        })
}

/// What a filter has to know about memberships.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Memberships {
    /// Nothing.
    Unasked,
    /// Whether these are members.
    Of(Vec<ResourceId>),
    /// All of them.
    All,
}

impl Memberships {
    /// What a filter has to know about `groups` of a user or `members` of a group.
    pub(crate) fn asked(kind: ResourceKind, filter: &Resolved<'_>) -> Self {
        let name = match kind {
            ResourceKind::User => "groups",
            ResourceKind::Group => "members",
        };
        let mut ids = Vec::new();
        let mut is_asked = false;
        for leaf in filter.leaves() {
            if leaf.target.container.is_some() || leaf.target.attribute.name != name {
                continue;
            }
            is_asked = true;
            let is_value = leaf.target.sub.is_none_or(|sub| sub.name == "value");
            match (&leaf.values, leaf.equal_text()) {
                (None, Some(id)) if is_value => ids.extend(ResourceId::parse(id)),
                _ => return Self::All,
            }
        }
        match is_asked {
            true => Self::Of(ids),
            false => Self::Unasked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scim_core::Catalogue;
    use scim_core::filter::Filter;

    fn plan(kind: ResourceKind, text: &str) -> Plan {
        let of = Catalogue::standard().resource_type(kind);
        Plan::of(kind, &Filter::parse(text).unwrap().resolve(of).unwrap())
    }

    const ID: &str = "2819c223-7f76-453a-919d-413861904646";

    #[test]
    fn equality_is_served_by_the_narrowest_index() {
        use ResourceKind::{Group, User};
        let id = ResourceId::parse(ID);
        let email = |text: &str| Plan::Lookup(Lookup::Email, text.to_owned());
        for (kind, text, expected) in [
            (
                User,
                r#"userName eq "BJensen""#,
                Plan::Marker("bjensen".to_owned()),
            ),
            (
                User,
                r#"active eq true and userName eq "b""#,
                Plan::Marker("b".to_owned()),
            ),
            (
                User,
                r#"externalId eq "Ab""#,
                Plan::Lookup(Lookup::ExternalId, "Ab".to_owned()),
            ),
            (User, r#"emails eq "A@b""#, email("a@b")),
            (User, r#"emails.value eq "A@b""#, email("a@b")),
            (
                User,
                r#"emails[type eq "work"].value eq "A@b""#,
                email("a@b"),
            ),
            (
                User,
                r#"emails[type eq "work" and value eq "A@b"]"#,
                email("a@b"),
            ),
            (
                User,
                &format!(r#"userName eq "b" and id eq "{ID}""#),
                Plan::Id(id),
            ),
            (User, r#"id eq "odd""#, Plan::Id(None)),
            (
                Group,
                r#"displayName eq "Tour Guides""#,
                Plan::Marker("tour guides".to_owned()),
            ),
            (Group, &format!(r#"members eq "{ID}""#), Plan::GroupsOf(id)),
            (
                Group,
                &format!(r#"members.value eq "{ID}""#),
                Plan::GroupsOf(id),
            ),
            (
                Group,
                &format!(r#"members[value eq "{ID}"]"#),
                Plan::GroupsOf(id),
            ),
            (
                User,
                &format!(r#"groups.value eq "{ID}""#),
                Plan::MembersOf(id),
            ),
        ] {
            assert_eq!(plan(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn what_need_not_hold_narrows_nothing() {
        use ResourceKind::User;
        for text in [
            r#"userName eq "a" or userName eq "b""#,
            r#"not (userName eq "a")"#,
            r#"userName sw "a""#,
            r#"displayName eq "a""#,
            r#"emails.type eq "work""#,
            r#"emails[type eq "work" or value eq "x"]"#,
        ] {
            assert_eq!(plan(User, text), Plan::Scan, "{text}");
        }
    }
}
