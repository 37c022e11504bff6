//! Changes of a group's members, RFC 7643 §4.2.
//!
//! Members are stored apart from the group. A change is therefore described without the current members: its base, and the
//! members to add and to remove.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::ScimError;
use crate::error::reason::{self, Found, KnownName};
use crate::ids::ResourceId;
use crate::schema::ResourceKind;
use crate::value;

/// A member in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// The id of the user or group.
    pub id: ResourceId,
    /// The member's type, if given. Most providers omit it and mean a user.
    pub kind: Option<ResourceKind>,
}

/// The members that a change starts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Base {
    /// The current members.
    #[default]
    Present,
    /// No members.
    Nobody,
}

/// A change of a group's membership.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MembershipDelta {
    /// The members that the change starts from.
    pub base: Base,
    /// The members to add.
    pub add: BTreeMap<ResourceId, Option<ResourceKind>>,
    /// The members to remove; empty if the change starts from no members.
    pub remove: BTreeSet<ResourceId>,
}

impl MembershipDelta {
    /// A change to exactly these members.
    #[must_use]
    pub fn to(members: Vec<Member>) -> Self {
        let mut delta = Self::default();
        delta.clear();
        for member in members {
            delta.add(member);
        }
        delta
    }

    /// Adds a member.
    pub fn add(&mut self, member: Member) {
        self.remove.remove(&member.id);
        let kind = self.add.entry(member.id).or_default();
        *kind = member.kind.or(*kind);
    }

    /// Removes a member.
    pub fn remove(&mut self, id: ResourceId) {
        self.add.remove(&id);
        if self.base == Base::Present {
            self.remove.insert(id);
        }
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        *self = Self {
            base: Base::Nobody,
            ..Self::default()
        };
    }

    /// Whether the change has no effect.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Parses the value of `members`. `null` and `[]` mean no members (RFC 7643 §2.5); every element of a list must name a
/// member.
///
/// # Errors
///
/// `invalidValue` if it is not a list of members, or an element has no id or one that cannot exist.
pub fn parse(value: Value) -> Result<Vec<Member>, ScimError> {
    let mut members = Vec::new();
    for (index, given) in listed(value)?.into_iter().enumerate() {
        let given = GivenMember::read(&given, index)?;
        let Some(id) = ResourceId::parse(&given.value) else {
            return Err(reason::no_such_member(&given.value));
        };
        members.push(Member {
            id,
            kind: given.kind,
        });
    }
    Ok(members)
}

/// Parses the members to remove. Ids that cannot exist are ignored, because such members are absent already.
///
/// # Errors
///
/// `invalidValue` if it is not a list of members, or an element has no id.
pub fn parse_removed(value: Value) -> Result<Vec<ResourceId>, ScimError> {
    let mut ids = Vec::new();
    for (index, given) in listed(value)?.into_iter().enumerate() {
        let given = GivenMember::read(&given, index)?;
        ids.extend(ResourceId::parse(&given.value));
    }
    Ok(ids)
}

/// The representation of a member.
#[must_use]
pub fn represent(id: ResourceId, kind: ResourceKind, base: &str) -> Value {
    json!({
        "value": id.as_str(),
        "$ref": format!("{base}/{}/{id}", kind.endpoint()),
        "type": kind.name(),
    })
}

fn listed(value: Value) -> Result<Vec<Value>, ScimError> {
    // Keycloak's client sends JSON values as text (fixtures/keycloak/groups).
    let opened = |given: Value| match &given {
        Value::String(text) => Ok(value::in_text(text)?.unwrap_or(given)),
        _ => Ok(given),
    };
    match opened(value)? {
        Value::Array(values) => values.into_iter().map(opened).collect(),
        Value::Null => Ok(Vec::new()),
        one => Ok(vec![one]),
    }
}

struct GivenMember {
    value: String,
    kind: Option<ResourceKind>,
}

impl GivenMember {
    fn read(value: &Value, index: usize) -> Result<Self, ScimError> {
        let member = || KnownName::ours(format_args!("members[{index}]"));
        let nobody = || reason::member_without_value(member());
        let parts = match value {
            Value::String(id) if !id.is_empty() => {
                return Ok(Self {
                    value: id.clone(),
                    kind: None,
                });
            }
            Value::Null | Value::String(_) => return Err(nobody()),
            Value::Object(parts) => parts,
            _ => return Err(reason::member_not_object(member())),
        };
        let value = text(parts, "value", index)?;
        let reference = text(parts, "$ref", index)?;
        if let Some(odd) = reference.filter(|reference| !value::is_uri(reference)) {
            let reference = part(index, "$ref");
            return Err(reason::wrong_type(
                reference,
                value::A_URI,
                Found::sent(odd),
            ));
        }
        let id = match (value, reference) {
            (Some(value), _) => value,
            (None, Some(reference)) => reference.rsplit('/').next().unwrap_or_default(),
            (None, None) => return Err(nobody()),
        };
        let kind = match text(parts, "type", index)? {
            None => None,
            Some(name) => Some(kind(name).ok_or_else(|| {
                reason::wrong_type(part(index, "type"), "User or Group", Found::sent(name))
            })?),
        };
        Ok(Self {
            value: id.to_owned(),
            kind,
        })
    }
}

/// A part of a member, as details name it.
fn part(index: usize, name: &str) -> KnownName {
    KnownName::ours(format_args!("members[{index}].{name}"))
}

fn kind(name: &str) -> Option<ResourceKind> {
    ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
}

/// A sub-attribute that must be text; empty text counts as absent.
fn text<'v>(
    parts: &'v Map<String, Value>,
    name: &str,
    index: usize,
) -> Result<Option<&'v str>, ScimError> {
    let given = parts
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value);
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(reason::not_text(part(index, name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ResourceId {
        ResourceId::parse(&format!("00000000-0000-4000-8000-0000000000{n:02x}")).unwrap()
    }

    fn member(n: u8) -> Member {
        Member {
            id: id(n),
            kind: None,
        }
    }

    #[test]
    fn the_last_change_of_a_member_wins() {
        let mut delta = MembershipDelta::default();
        delta.remove(id(1));
        delta.add(member(1));
        delta.add(member(2));
        delta.remove(id(2));
        assert_eq!(delta.add.keys().collect::<Vec<_>>(), [&id(1)]);
        assert_eq!(delta.remove.iter().collect::<Vec<_>>(), [&id(2)]);
    }

    #[test]
    fn after_clearing_only_additions_count() {
        let mut delta = MembershipDelta::default();
        delta.add(member(1));
        delta.clear();
        delta.remove(id(3));
        delta.add(member(2));
        assert_eq!(delta, MembershipDelta::to(vec![member(2)]));
        assert!(!delta.is_empty());
    }

    #[test]
    fn members_are_parsed_in_every_providers_form() {
        let one = id(1).to_string();
        for given in [
            json!([{ "value": one, "display": "babs" }]),
            json!([{ "$ref": null, "value": one }]),
            json!({ "value": one, "type": null }),
            json!([{ "$ref": format!("https://x/Users/{one}") }]),
            json!([one]),
            json!(format!(r#"[{{"value":"{one}"}}]"#)),
            json!([format!(r#"{{"value":"{one}","type":"User"}}"#)]),
        ] {
            let members = parse(given.clone()).unwrap();
            let ids: Vec<_> = members.iter().map(|member| member.id).collect();
            assert_eq!(ids, [id(1)], "{given}");
        }
    }

    #[test]
    fn n08_an_error_names_the_element_without_an_id() {
        let one = json!({ "value": id(1).as_str() });
        for odd in [
            json!({ "display": "babs" }),
            json!({ "type": "User" }),
            json!({ "value": "", "display": "babs" }),
            json!({ "value": null, "$ref": null, "display": "babs" }),
            json!({}),
            json!({ "value": null }),
            json!({ "value": "", "display": "" }),
            json!(null),
            json!(""),
        ] {
            let given = json!([one, odd]);
            for error in [
                parse(given.clone()).unwrap_err(),
                parse_removed(given).unwrap_err(),
            ] {
                assert!(
                    error
                        .detail()
                        .to_string()
                        .starts_with("`members[1]` has no `value`")
                );
            }
        }
        for nobody in [json!({}), json!("")] {
            assert!(parse(nobody.clone()).is_err(), "{nobody}");
            assert!(parse_removed(nobody).is_err());
        }
        for nothing in [json!(null), json!([])] {
            assert_eq!(parse(nothing).unwrap(), []);
        }
    }

    #[test]
    fn impossible_ids_are_rejected_when_added_and_ignored_when_removed() {
        assert!(parse(json!([{ "value": "nobody" }])).is_err());
        assert!(parse(json!([5])).is_err());
        assert!(parse(json!([{ "value": id(1).as_str(), "type": "Robot" }])).is_err());
        assert_eq!(parse_removed(json!([{ "value": "nobody" }])).unwrap(), []);
    }
}
