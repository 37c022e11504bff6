//! The attribute `active` of users, RFC 7643 §4.1.1. It always has a value.
//!
//! A new user is active unless the client says otherwise. Later, a request without a value does not change it (RFC 7644
//! §3.5.1 leaves that to the service provider), so an unrelated PUT never reactivates a leaver: only `true` does.

use serde_json::Value;

use crate::Attributes;
use crate::error::{ScimError, reason};
use crate::schema::ResourceKind;

const ACTIVE: &str = "active";

/// Whether a user is active.
#[must_use]
pub fn is_active(user: &Attributes) -> bool {
    user.get(ACTIVE) != Some(&Value::Bool(false))
}

/// Sets `active` of a user without one to its default, true.
pub fn settle(kind: ResourceKind, attributes: &mut Attributes) {
    if kind == ResourceKind::User && !attributes.contains_key(ACTIVE) {
        attributes.insert(ACTIVE.to_owned(), Value::Bool(true));
    }
}

/// Copies `active` from the user before a replacement that does not give a value.
pub fn keep(kind: ResourceKind, before: &Attributes, after: &mut Attributes) {
    if kind == ResourceKind::User && !after.contains_key(ACTIVE) {
        after.insert(ACTIVE.to_owned(), Value::Bool(is_active(before)));
    }
}

/// Sets `active` of a user to false.
pub(crate) fn deactivate(user: &mut Attributes) {
    user.insert(ACTIVE.to_owned(), Value::Bool(false));
}

/// The error for the removal of `active`.
pub(crate) fn removed() -> ScimError {
    reason::active_removed()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn w05_only_true_reactivates_a_user() {
        let user = |active: Value| {
            let mut user = Attributes::from_iter([("userName".to_owned(), json!("ann"))]);
            if !active.is_null() {
                user.insert("active".to_owned(), active);
            }
            user
        };
        for (before, given, after) in [
            (json!(false), json!(null), false),
            (json!(false), json!(true), true),
            (json!(true), json!(null), true),
            (json!(true), json!(false), false),
            (json!(null), json!(null), true),
        ] {
            let mut changed = user(given.clone());
            keep(ResourceKind::User, &user(before.clone()), &mut changed);
            assert_eq!(changed["active"], after, "{before} {given}");
        }
        let mut group = user(json!(null));
        settle(ResourceKind::Group, &mut group);
        assert!(!group.contains_key("active"));
    }
}
