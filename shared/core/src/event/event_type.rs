//! What can happen, and the patterns by which a receiver chooses.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::schema::ResourceKind;

/// What happened. The names on the wire are in one place, [`EventType::name`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventType {
    /// A new user.
    UserCreated,
    /// A user changed, and is as active as before.
    UserUpdated,
    /// A user became inactive; with `deleted`, a client deleted the user and the tenant keeps deleted users.
    UserDeactivated,
    /// A user became active; with `restored`, a deleted user that the tenant kept came back.
    UserReactivated,
    /// A user is gone for good. The id is never used again.
    UserDeleted,
    /// A new group.
    GroupCreated,
    /// An attribute of a group changed, and perhaps its members.
    GroupUpdated,
    /// Only the members of a group changed.
    GroupMembersChanged,
    /// A group is gone for good. The id is never used again.
    GroupDeleted,
    /// The feed cannot say what happened: the receiver needs a new snapshot.
    DirectoryResyncRequired,
    /// The feed of a directory that had users and groups before it had a feed begins here.
    DirectoryBaseline,
    /// A new tenant.
    TenantCreated,
    /// The name or the settings of a tenant changed.
    TenantUpdated,
    /// Provisioning of a tenant was turned on.
    TenantTurnedOn,
    /// Provisioning of a tenant was turned off.
    TenantTurnedOff,
    /// A tenant is being deleted; its users and groups are about to go, without events of their own.
    TenantClosing,
    /// A tenant is gone.
    TenantDeleted,
    /// A test that somebody asked for.
    Test,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 18] = [
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeactivated,
        Self::UserReactivated,
        Self::UserDeleted,
        Self::GroupCreated,
        Self::GroupUpdated,
        Self::GroupMembersChanged,
        Self::GroupDeleted,
        Self::DirectoryResyncRequired,
        Self::DirectoryBaseline,
        Self::TenantCreated,
        Self::TenantUpdated,
        Self::TenantTurnedOn,
        Self::TenantTurnedOff,
        Self::TenantClosing,
        Self::TenantDeleted,
        Self::Test,
    ];

    /// The name: a family, a full stop, and what happened.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeactivated => "user.deactivated",
            Self::UserReactivated => "user.reactivated",
            Self::UserDeleted => "user.deleted",
            Self::GroupCreated => "group.created",
            Self::GroupUpdated => "group.updated",
            Self::GroupMembersChanged => "group.members_changed",
            Self::GroupDeleted => "group.deleted",
            Self::DirectoryResyncRequired => "directory.resync_required",
            Self::DirectoryBaseline => "directory.baseline",
            Self::TenantCreated => "tenant.created",
            Self::TenantUpdated => "tenant.updated",
            Self::TenantTurnedOn => "tenant.turned_on",
            Self::TenantTurnedOff => "tenant.turned_off",
            Self::TenantClosing => "tenant.closing",
            Self::TenantDeleted => "tenant.deleted",
            Self::Test => "test.event",
        }
    }

    /// The type with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The first part of the name: `user`, `group`, `directory`, `tenant` or `test`.
    #[must_use]
    pub fn family(self) -> &'static str {
        family(self.name())
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name up to the full stop.
fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// The kind of resource that events with this name are about.
pub(super) fn kind_of(name: &str) -> Option<ResourceKind> {
    match family(name) {
        "user" => Some(ResourceKind::User),
        "group" => Some(ResourceKind::Group),
        _ => None,
    }
}

/// A pattern for names of types: `*`, a family such as `user.*`, or one name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypePattern {
    /// `*`.
    Any,
    /// Such as `user.*`.
    Family(&'static str),
    /// Such as `user.deleted`.
    One(EventType),
}

impl TypePattern {
    /// Parses a pattern; `None` if it could never match.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let Some(wanted) = text.strip_suffix(".*") else {
            return EventType::parse(text).map(Self::One);
        };
        let mut families = EventType::ALL.into_iter().map(EventType::family);
        families.find(|known| *known == wanted).map(Self::Family)
    }

    /// Whether the pattern matches the name of a type.
    #[must_use]
    pub fn matches(self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Family(wanted) => family(name) == wanted,
            Self::One(wanted) => name == wanted.name(),
        }
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Family(family) => write!(f, "{family}.*"),
            Self::One(one) => one.fmt(f),
        }
    }
}

impl Serialize for TypePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TypePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a pattern for types of events"))
    }
}

/// What a destination receives. As JSON it is the list of its patterns.
///
/// It receives every `directory.*` event, whatever it chose: a receiver that is not told that the feed has a gap goes on
/// with a wrong copy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subscription(Vec<TypePattern>);

impl Subscription {
    /// Parses a list of patterns.
    ///
    /// # Errors
    ///
    /// The index of the first text that is not a pattern.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, usize> {
        let parsed = texts
            .into_iter()
            .enumerate()
            .map(|(index, text)| TypePattern::parse(text).ok_or(index));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[TypePattern] {
        &self.0
    }

    /// Whether the destination receives events with this name.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        family(name) == EventType::DirectoryResyncRequired.family()
            || self.0.iter().any(|pattern| pattern.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_different_and_parses_as_itself() {
        let mut names: Vec<_> = EventType::ALL.map(EventType::name).to_vec();
        for (known, name) in EventType::ALL.into_iter().zip(&names) {
            assert_eq!(EventType::parse(name), Some(known));
            // The form of Standard Webhooks: words of letters, digits and `_`, separated by full stops.
            let (family, what) = name.split_once('.').unwrap();
            let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(is_word(family) && is_word(what), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventType::ALL.len());
        assert_eq!(EventType::parse("user.Created"), None);
    }

    #[test]
    fn patterns_match_whole_families_or_one_name() {
        for (pattern, name, matches) in [
            ("*", "user.created", true),
            ("*", "tenant.renamed", true),
            ("user.*", "user.created", true),
            // Written by newer code.
            ("user.*", "user.renamed", true),
            ("user.*", "users.created", false),
            ("user.*", "group.created", false),
            ("user.deleted", "user.deleted", true),
            ("user.deleted", "user.deleted_again", false),
            ("user.deleted", "user.created", false),
            ("directory.*", "directory.baseline", true),
            ("test.event", "test.event", true),
        ] {
            let parsed = TypePattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(name), matches, "{pattern} {name}");
            assert_eq!(parsed.to_string(), pattern);
        }
        for odd in [
            "",
            "user",
            "user.",
            "us*",
            "*.created",
            "user.**",
            "users.*",
            ".*",
            "USER.*",
        ] {
            assert_eq!(TypePattern::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn nobody_misses_that_the_feed_has_a_gap() {
        let wanted = Subscription::parse(["user.deleted", "group.*"]).unwrap();
        assert_eq!(wanted.patterns().len(), 2);
        let received = EventType::ALL
            .into_iter()
            .filter(|known| wanted.wants(known.name()));
        assert_eq!(
            received.map(EventType::name).collect::<Vec<_>>(),
            [
                "user.deleted",
                "group.created",
                "group.updated",
                "group.members_changed",
                "group.deleted",
                "directory.resync_required",
                "directory.baseline",
            ]
        );
        assert_eq!(Subscription::parse(["user.*", "person.*"]), Err(1));
        let json = serde_json::to_string(&wanted).unwrap();
        assert_eq!(json, r#"["user.deleted","group.*"]"#);
        assert_eq!(serde_json::from_str::<Subscription>(&json).unwrap(), wanted);
        assert!(serde_json::from_str::<Subscription>(r#"["person.*"]"#).is_err());
    }
}
