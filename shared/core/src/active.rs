//! `active` of users, RFC 7643 §4.1.1: it always has a value.
//!
//! A user is active unless a client says otherwise when it creates the user. Afterwards a request that gives no value
//! leaves it as it was (RFC 7644 §3.5.1 lets the service provider choose): only `true` lets somebody in, and an
//! unrelated PUT never does.

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

/// Gives a user without `active` the value that it means.
pub fn settle(kind: ResourceKind, attributes: &mut Attributes) {
    if kind == ResourceKind::User && !attributes.contains_key(ACTIVE) {
        attributes.insert(ACTIVE.to_owned(), Value::Bool(true));
    }
}

/// Gives a user whose new attributes say nothing of `active` the value of `before`.
pub fn keep(kind: ResourceKind, before: &Attributes, after: &mut Attributes) {
    if kind == ResourceKind::User && !after.contains_key(ACTIVE) {
        after.insert(ACTIVE.to_owned(), Value::Bool(is_active(before)));
    }
}

/// The error for its removal.
pub(crate) fn removed() -> ScimError {
    reason::active_removed()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn w05_nothing_but_true_lets_somebody_in() {
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
