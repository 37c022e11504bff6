//! Chooses the lookup, edges or range that serve a filter. The candidates are then checked against the whole filter.
//!
//! A term that must be true for the filter to match can narrow the search. The narrowest term wins: an id, then a unique
//! name, then an externalId or e-mail address, then an edge. Without such a term, the query scans all resources of the
//! tenant.

use scim_core::filter::eval::{Comparand, Condition, Leaf, Predicate};
use scim_core::filter::{Logic, Operator, Resolved};
use scim_core::sort::Sort;
use scim_core::{ResourceId, ResourceKind};

use crate::table::keys::{Lookup, unique_attribute};

/// Where the candidates come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum QueryPlan {
    /// The resource with this id; `None` if the text cannot be an id.
    Id(Option<ResourceId>),
    /// The resource with this unique name, in comparable form.
    Marker(String),
    /// The resources under this value of a lookup.
    Lookup(Lookup, String),
    /// The groups that this resource is a member of.
    GroupsOf(Option<ResourceId>),
    /// The members of this group.
    MembersOf(Option<ResourceId>),
    /// The resources whose unique names are in this range, in comparable form.
    Markers(String, String),
    /// The candidates of several plans.
    Union(Vec<Self>),
    /// All resources of the type.
    Scan,
}

impl QueryPlan {
    /// The narrowest plan for a filter.
    pub(crate) fn of(kind: ResourceKind, filter: &Resolved<'_>) -> Self {
        Self::narrow(kind, filter).unwrap_or(Self::Scan)
    }

    /// A plan that finds every match without scanning; `None` if no term can narrow the search.
    fn narrow(kind: ResourceKind, filter: &Resolved<'_>) -> Option<Self> {
        match filter {
            Logic::Leaf(leaf) => Self::serve(kind, leaf),
            Logic::Not(_) => None,
            Logic::And(all) => all
                .iter()
                .filter_map(|one| Self::narrow(kind, one))
                .min_by_key(Self::width),
            Logic::Or(all) => {
                let mut union = Vec::new();
                for one in all {
                    let places = match Self::narrow(kind, one)? {
                        Self::Union(places) => places,
                        place => vec![place],
                    };
                    for place in places {
                        if !union.contains(&place) {
                            union.push(place);
                        }
                    }
                }
                Some(Self::Union(union))
            }
        }
    }

    fn width(&self) -> u8 {
        match self {
            Self::Id(_) => 0,
            Self::Marker(_) => 1,
            Self::Lookup(..) => 2,
            Self::GroupsOf(_) => 3,
            Self::MembersOf(_) => 4,
            Self::Union(plans) => 1 + plans.iter().map(Self::width).max().unwrap_or_default(),
            Self::Markers(..) => 100,
            Self::Scan => 200,
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
        if name == unique_attribute(kind)
            && let Some((from, to)) = names_between(&leaf.predicate)
        {
            return Some(Self::Markers(from, to));
        }
        match (kind, name, text) {
            (_, "meta", Some(other)) if sub == Some("resourceType") => {
                (other != kind.name()).then(|| Self::Union(Vec::new()))
            }
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

/// The range of comparable texts that match an order comparison or `sw`.
fn names_between(predicate: &Predicate) -> Option<(String, String)> {
    let Predicate::Compare(operator, Comparand::Text(text)) = predicate else {
        return None;
    };
    let last = "\u{10ffff}";
    match operator {
        Operator::Sw => Some((text.clone(), format!("{text}{last}"))),
        Operator::Gt | Operator::Ge => Some((text.clone(), last.to_owned())),
        Operator::Lt | Operator::Le => Some((String::new(), text.clone())),
        Operator::Eq | Operator::Ne | Operator::Co | Operator::Ew => None,
    }
}

/// The text that a value filter requires for `value`: x in `emails[type eq "work" and value eq "x"]`.
fn selected_value<'f>(values: &'f Logic<Condition<'_>>) -> Option<&'f str> {
    values
        .conjuncts()
        .into_iter()
        .find_map(|condition| match &condition.predicate {
            Predicate::Compare(Operator::Eq, Comparand::Text(text))
                if condition.sub.is_some_and(|sub| sub.name == "value") =>
            {
                Some(text.as_str())
            }
            _ => None,
        })
}

/// The memberships that a filter needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Memberships {
    /// No memberships.
    Unasked,
    /// Only the memberships of these ids.
    Of(Vec<ResourceId>),
    /// All memberships.
    All,
}

impl Memberships {
    /// The `groups` of a user or `members` of a group that a filter and a sort order need.
    pub(crate) fn asked(
        kind: ResourceKind,
        filter: Option<&Resolved<'_>>,
        sort: Option<&Sort<'_>>,
    ) -> Self {
        let name = match kind {
            ResourceKind::User => "groups",
            ResourceKind::Group => "members",
        };
        if sort.is_some_and(|sort| sort.target.is_own(name)) {
            return Self::All;
        }
        let mut ids = Vec::new();
        let mut is_asked = false;
        for leaf in filter.map(Logic::leaves).unwrap_or_default() {
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
        ids.sort_unstable();
        ids.dedup();
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

    fn plan(kind: ResourceKind, text: &str) -> QueryPlan {
        let of = Catalogue::standard().resource_type(kind);
        QueryPlan::of(kind, &Filter::parse(text).unwrap().resolve(of).unwrap())
    }

    const ID: &str = "2819c223-7f76-453a-919d-413861904646";

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn equality_is_served_by_the_narrowest_index() {
        use ResourceKind::{Group, User};
        let id = ResourceId::parse(ID);
        let email = |text: &str| QueryPlan::Lookup(Lookup::Email, text.to_owned());
        for (kind, text, expected) in [
            (
                User,
                r#"userName eq "BJensen""#,
                QueryPlan::Marker("bjensen".to_owned()),
            ),
            (
                User,
                r#"active eq true and userName eq "b""#,
                QueryPlan::Marker("b".to_owned()),
            ),
            (
                User,
                r#"externalId eq "Ab""#,
                QueryPlan::Lookup(Lookup::ExternalId, "Ab".to_owned()),
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
                QueryPlan::Id(id),
            ),
            (User, r#"id eq "odd""#, QueryPlan::Id(None)),
            (
                Group,
                r#"displayName eq "Tour Guides""#,
                QueryPlan::Marker("tour guides".to_owned()),
            ),
            (
                Group,
                &format!(r#"members eq "{ID}""#),
                QueryPlan::GroupsOf(id),
            ),
            (
                Group,
                &format!(r#"members.value eq "{ID}""#),
                QueryPlan::GroupsOf(id),
            ),
            (
                Group,
                &format!(r#"members[value eq "{ID}"]"#),
                QueryPlan::GroupsOf(id),
            ),
            (
                User,
                &format!(r#"groups.value eq "{ID}""#),
                QueryPlan::MembersOf(id),
            ),
        ] {
            assert_eq!(plan(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn order_comparisons_and_or_are_served_by_indexes_too() {
        use ResourceKind::User;
        let marker = |name: &str| QueryPlan::Marker(name.to_owned());
        assert_eq!(
            plan(User, r#"userName sw "BJ""#),
            QueryPlan::Markers("bj".to_owned(), "bj\u{10ffff}".to_owned())
        );
        assert_eq!(
            plan(User, r#"userName ge "m" and active eq true"#),
            QueryPlan::Markers("m".to_owned(), "\u{10ffff}".to_owned())
        );
        assert_eq!(
            plan(
                User,
                r#"userName eq "a" or (userName eq "b" and active eq true)"#
            ),
            QueryPlan::Union(vec![marker("a"), marker("b")])
        );
        assert_eq!(
            plan(
                User,
                r#"userName eq "a" or (userName eq "b" or userName eq "A") or userName eq "b""#
            ),
            QueryPlan::Union(vec![marker("a"), marker("b")])
        );
        assert_eq!(
            plan(
                User,
                r#"(userName eq "a" or userName eq "b") and userName sw "c""#
            ),
            QueryPlan::Union(vec![marker("a"), marker("b")])
        );
    }

    #[test]
    fn an_optional_term_narrows_nothing() {
        use ResourceKind::User;
        for text in [
            r#"userName eq "a" or active eq true"#,
            r#"not (userName eq "a")"#,
            r#"userName co "a""#,
            r#"name.familyName sw "a""#,
            r#"displayName eq "a""#,
            r#"emails.type eq "work""#,
            r#"emails[type eq "work" or value eq "x"]"#,
        ] {
            assert_eq!(plan(User, text), QueryPlan::Scan, "{text}");
        }
    }
}
