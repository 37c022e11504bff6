//! The unique form of a name, which determines whether two names are the same.
//!
//! Uniqueness markers, log-in, the limit of failed log-ins, and kept users all use [`UniqueName`] and nothing else,
//! so that they agree on the user. A name that is rejected as taken also logs in, has its failures counted together,
//! and restores a kept user.
//! failures are counted together, and by which a kept user comes back.

use scim_core::{ResourceKind, text};

/// A `userName` or `displayName` in the form in which it is unique in a tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UniqueName(String);

impl UniqueName {
    /// The unique form of a written name: for a `userName` that of RFC 8265, for a `displayName` without differences
    /// of case and composition. A text that cannot be a `userName` has a form too, because someone may try to log in
    /// with it.
    #[must_use]
    pub fn of(kind: ResourceKind, written: &str) -> Self {
        Self(match kind {
            ResourceKind::User => {
                text::user_name(written).unwrap_or_else(|| text::fold(written).into_owned())
            }
            ResourceKind::Group => text::group_name(written),
        })
    }

    /// The form under which a group's name is stored in older items, which are not composed; `None` if it is the
    /// same.
    pub(crate) fn former(kind: ResourceKind, written: &str) -> Option<Self> {
        let folded = (kind == ResourceKind::Group).then(|| text::fold(written).into_owned());
        folded
            .map(Self)
            .filter(|former| *former != Self::of(kind, written))
    }

    /// The name from a filter, already in its comparable form: `scim_core` gives the values of unique attributes the
    /// same form.
    pub(crate) fn compared(comparable: &str) -> Self {
        Self(comparable.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use scim_core::ResourceId;

    use super::*;
    use crate::table::keys;
    use keyring::TenantId;

    /// Two spellings, and whether they are one name for users and for groups.
    const PAIRS: [(&str, &str, bool, bool); 9] = [
        ("ada", "ADA", true, true),
        ("ada", "adb", false, false),
        ("Jürgen", "JÜRGEN", true, true),
        // Composed and decomposed.
        ("j\u{fc}rgen", "ju\u{308}rgen", true, true),
        // Fullwidth letters, which RFC 8265 maps for users.
        ("ada", "\u{ff41}\u{ff44}\u{ff41}", true, false),
        ("σας", "ΣΑΣ", false, true),
        ("straße", "strasse", false, true),
        ("Ada Lovelace", "ada lovelace", true, true),
        // The trailing space makes it an invalid `userName`, which still differs from the valid one.
        ("ada ", "ada", false, false),
    ];

    #[test]
    fn markers_log_ins_lock_outs_kept_users_and_filters_agree_on_which_names_are_the_same() {
        let tenant = TenantId::parse("acme").unwrap();
        let id = ResourceId::parse("01000000-0000-4000-8000-000000000000").unwrap();
        let catalogue = scim_core::Catalogue::standard();
        for (one, other, of_users, of_groups) in PAIRS {
            for (kind, same) in [
                (ResourceKind::User, of_users),
                (ResourceKind::Group, of_groups),
            ] {
                let names = [one, other].map(|name| UniqueName::of(kind, name));
                let case = format!("{kind:?} {one:?} {other:?}");
                assert_eq!(names[0] == names[1], same, "{case}");
                let markers = names
                    .each_ref()
                    .map(|name| keys::marker(&tenant, kind, name));
                assert_eq!(markers[0] == markers[1], same, "{case}");
                let kept = names.each_ref().map(|name| keys::kept(&tenant, name, id));
                assert_eq!(kept[0] == kept[1], same, "{case}");
                let log_ins = names.each_ref().map(|name| keys::logins(&tenant, name, 1));
                assert_eq!(log_ins[0] == log_ins[1], same, "{case}");
                let of = catalogue.resource_type(kind);
                let attribute = of.schema.attributes.iter();
                let unique = keys::unique_attribute(kind);
                let attribute = attribute.clone().find(|attribute| attribute.name == unique);
                let attribute = attribute.unwrap();
                for (written, name) in [one, other].iter().zip(&names) {
                    if kind == ResourceKind::User && text::user_name(written).is_none() {
                        continue;
                    }
                    let comparable = text::comparable(attribute, written);
                    assert_eq!(*name, UniqueName::compared(&comparable), "{case}");
                }
            }
        }
    }
}
