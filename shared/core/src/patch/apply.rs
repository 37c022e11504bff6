//! Applies a PATCH to a resource in normal form, RFC 7644 §3.5.2.1 to §3.5.2.3.
//!
//! The operations work on a copy, so an error leaves the resource unchanged. Members of a group are not part of the
//! resource; operations on them become a [`MembershipDelta`]. Section 22 of the matrix records the interpretations where
//! the RFC leaves room.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Op, PatchOperation, PatchRequest};
use crate::Attributes;
use crate::effort::{Effort, EffortExceeded};
use crate::error::{Context, ScimError, reason};
use crate::filter::{Logic, Path, Term};
use crate::members::MembershipDelta;
use crate::path::{AttrPath, NamedAttributes};
use crate::resource::{Password, check_kept, get, immutable, put};
use crate::schema::{Attribute, Mutability, ResolvedAttribute, ResourceType, Returned, Schema};
use crate::value::{self, ValuePosition};

mod membership;
mod target;

/// The change of the password.
#[derive(Clone, Default)]
pub enum PasswordChange {
    /// The password does not change.
    #[default]
    Keep,
    /// A new password.
    Set(Password),
    /// The password is removed.
    Remove,
}

/// The result of a PATCH.
pub struct Patched {
    /// The attributes after the PATCH.
    pub attributes: Attributes,
    /// The change of the members.
    pub members: MembershipDelta,
    /// The change of the password.
    pub password: PasswordChange,
    /// The named attributes with `returned` `request`, which the response must show (RFC 7643 §7).
    pub on_request: Vec<AttrPath>,
}

/// Why a PATCH was not applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatchError {
    /// The request is invalid.
    Refused(ScimError),
    /// A filter on members uses more than their ids: call [`apply`] again with the current members.
    NeedsMembers,
}

impl From<ScimError> for PatchError {
    fn from(error: ScimError) -> Self {
        Self::Refused(error)
    }
}

impl From<EffortExceeded> for PatchError {
    fn from(spent: EffortExceeded) -> Self {
        Self::Refused(spent.into())
    }
}

/// Applies a PATCH to a resource.
///
/// `current` holds the stored attributes, `representation` what the client sees (`id` and `meta` are compared with it), and
/// `members` the represented members, if they have been read. The work is subtracted from `effort`.
///
/// # Errors
///
/// The error of the first operation that cannot be applied. The detail starts with its position, counted from 1.
pub fn apply(
    request: &PatchRequest,
    of: &ResourceType,
    current: &Attributes,
    representation: &Attributes,
    members: Option<&[Value]>,
    effort: &Effort,
) -> Result<Patched, PatchError> {
    let mut work = PatchWork {
        of,
        representation,
        known_members: members,
        effort,
        attributes: current.clone(),
        members: MembershipDelta::default(),
        password: PasswordChange::Keep,
        on_request: Vec::new(),
    };
    for (index, operation) in request.operations.iter().enumerate() {
        work.operation(operation).map_err(|fault| match fault {
            PatchError::Refused(error) => {
                PatchError::Refused(error.within(Context::Operation(index + 1)))
            }
            PatchError::NeedsMembers => PatchError::NeedsMembers,
        })?;
    }
    check_kept(current, &work.attributes, of)?;
    Ok(Patched {
        attributes: work.attributes,
        members: work.members,
        password: work.password,
        on_request: work.on_request,
    })
}

struct PatchWork<'a> {
    of: &'a ResourceType,
    representation: &'a Attributes,
    known_members: Option<&'a [Value]>,
    effort: &'a Effort,
    attributes: Attributes,
    members: MembershipDelta,
    password: PasswordChange,
    on_request: Vec<AttrPath>,
}

impl<'a> PatchWork<'a> {
    fn operation(&mut self, operation: &PatchOperation) -> Result<(), PatchError> {
        let value = operation.value.clone();
        let Some(path) = &operation.path else {
            return self.entries(operation.op, value.unwrap_or_default());
        };
        match path.resolve(self.of)? {
            NamedAttributes::Attribute(target) => self.at(operation.op, target, Some(path), value),
            NamedAttributes::Extension(schema) => self.extension(operation.op, schema, value),
            NamedAttributes::Base if operation.op == Op::Remove => {
                Err(reason::base_removed().into())
            }
            NamedAttributes::Base => self.entries(operation.op, value.unwrap_or_default()),
        }
    }

    /// Applies a value without a path: each member is an attribute.
    fn entries(&mut self, op: Op, value: Value) -> Result<(), PatchError> {
        // Keycloak renames a group with the resource as JSON in text (fixtures/keycloak/groups).
        let Value::Object(entries) = value::opened(value)? else {
            return Err(reason::value_not_attributes().into());
        };
        for (name, value) in entries {
            self.entry(op, &name, value)?;
        }
        Ok(())
    }

    fn entry(&mut self, op: Op, name: &str, value: Value) -> Result<(), PatchError> {
        match AttrPath::parse(name)?.resolve(self.of)? {
            NamedAttributes::Extension(schema) => self.extension(op, schema, Some(value)),
            NamedAttributes::Base => self.entries(op, value),
            NamedAttributes::Attribute(target) => self.named(op, target, value),
        }
    }

    fn named(
        &mut self,
        op: Op,
        target: ResolvedAttribute<'a>,
        value: Value,
    ) -> Result<(), PatchError> {
        if !target.attribute.is_read_only() {
            return self.at(op, target, None, Some(value));
        }
        // Okta sends the group's own id with a rename, and `groups` with a user: unchanged read-only values are ignored.
        let own = get(self.representation, target);
        let own = match target.sub {
            None => own,
            Some(sub) => own.and_then(|own| own.get(&sub.name)),
        };
        let says_nothing = match (&value, own) {
            (Value::Object(parts), Some(Value::Object(own))) => {
                parts.iter().all(|(name, part)| own.get(name) == Some(part))
            }
            (given, own) => Some(given) == own,
        };
        if says_nothing || target.is_own("groups") {
            return Ok(());
        }
        Err(target::read_only(target).into())
    }

    fn extension(
        &mut self,
        op: Op,
        schema: &'a Schema,
        value: Option<Value>,
    ) -> Result<(), PatchError> {
        let value = value.map(value::opened).transpose()?;
        match (op, value.filter(|value| !value::is_nothing(value))) {
            (Op::Remove, _) | (Op::Replace, None) => {
                for target in schema.targets() {
                    if get(&self.attributes, target).is_some() {
                        self.at(Op::Remove, target, None, None)?;
                    }
                }
                Ok(())
            }
            (_, Some(Value::Object(entries))) => {
                // A client that models an extension as a resource also sends its `schemas`.
                let entries = entries
                    .into_iter()
                    .filter(|(name, _)| !name.eq_ignore_ascii_case("schemas"));
                for (name, value) in entries {
                    let target = AttrPath::parse(&name)?.within(schema)?;
                    self.named(op, target, value)?;
                }
                Ok(())
            }
            (Op::Add, None) => Ok(()),
            (_, Some(_)) => Err(reason::extension_not_object(schema).into()),
        }
    }

    fn at(
        &mut self,
        op: Op,
        target: ResolvedAttribute<'a>,
        path: Option<&Path>,
        value: Option<Value>,
    ) -> Result<(), PatchError> {
        if target.attribute.is_read_only() || target.sub.is_some_and(Attribute::is_read_only) {
            return Err(target::read_only(target).into());
        }
        let values = path.and_then(|path| path.values.as_deref());
        let value = match path {
            Some(_) if values.is_none() => value.map(|value| target::unnamed(target, value)),
            _ => value,
        };
        if target.attribute.is_secret() {
            return match values {
                Some(_) => Err(target::never_read(target).into()),
                None => Ok(self.set_password(op, value)?),
            };
        }
        if self.of.is_membership(target) {
            return self.membership(op, target, path, value);
        }
        if target.is_own("schemas") {
            // `schemas` is derived from the content of the resource (RFC 7643 §3).
            return match op {
                Op::Remove => Err(target::required(target).into()),
                Op::Add | Op::Replace => Ok(()),
            };
        }
        if target.attribute.returned == Returned::Request {
            self.on_request.push(target.whole().into());
        }
        self.change_stored(op, target, values, value)
    }

    /// Changes an attribute that the resource stores.
    fn change_stored(
        &mut self,
        op: Op,
        target: ResolvedAttribute<'a>,
        values: Option<&Logic<Term>>,
        value: Option<Value>,
    ) -> Result<(), PatchError> {
        // Moved instead of copied: many operations may change one long list.
        let stored = get_mut(&mut self.attributes, target).map(Value::take);
        let stored = match target.container {
            None => stored,
            Some(_) => stored.and_then(|stored| {
                value::read_stored(target.attribute, &stored).map(Cow::into_owned)
            }),
        };
        let is_fixed = target.attribute.mutability == Mutability::Immutable;
        let fixed = if is_fixed { stored.clone() } else { None };
        let was_assigned = stored.is_some();
        let changed = target::change(op, target, values, value, stored, self.effort)?;
        // Removing the last attribute removes the extension, so required attributes of extensions are checked at the end.
        let is_due = target.attribute.required && target.container.is_none();
        if changed.is_none() && was_assigned && is_due {
            return Err(match op {
                Op::Remove => target::required(target),
                Op::Add | Op::Replace => reason::required_emptied(target.attribute),
            }
            .into());
        }
        if fixed.is_some() && fixed != changed {
            return Err(immutable(target).into());
        }
        put(&mut self.attributes, target, changed);
        Ok(())
    }

    fn set_password(&mut self, op: Op, value: Option<Value>) -> Result<(), ScimError> {
        self.password = match op {
            Op::Remove => PasswordChange::Remove,
            Op::Add | Op::Replace => match Password::parse(value.unwrap_or_default())? {
                Some(secret) => PasswordChange::Set(secret),
                None => PasswordChange::Remove,
            },
        };
        Ok(())
    }
}

fn get_mut<'a>(
    attributes: &'a mut Attributes,
    target: ResolvedAttribute<'_>,
) -> Option<&'a mut Value> {
    match target.container {
        None => attributes.get_mut(&target.attribute.name),
        Some(urn) => attributes.get_mut(urn)?.get_mut(&target.attribute.name),
    }
}

/// Merges the given sub-attributes into a complex value. A changed `value` removes the `$ref` of the old one.
fn merge(
    target: ResolvedAttribute<'_>,
    stored: Option<Value>,
    given: Map<String, Value>,
    place: ValuePosition<'_>,
) -> Result<Option<Value>, ScimError> {
    let mut parts = match stored {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    };
    let given = value::parts_of(target.attribute, given, place)?;
    let referred = given.iter().any(|(sub, _)| sub.name == "$ref");
    for (sub, value) in given {
        match value {
            Some(value) => {
                if sub.name == "value" && !referred && parts.get("value") != Some(&value) {
                    parts.shift_remove("$ref");
                }
                parts.insert(sub.name.clone(), value);
            }
            None if sub.name == "value" => return Ok(None),
            None => {
                parts.shift_remove(&sub.name);
            }
        }
    }
    Ok((!parts.is_empty()).then_some(Value::Object(parts)))
}

#[cfg(test)]
mod tests;
