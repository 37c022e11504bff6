//! Converts users and groups to items and back, and derives their index entries.

use std::collections::BTreeSet;

use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::{Attributes, Resource, ResourceId, ResourceKind, Version, active, text};
use serde_json::Value;

use crate::limits::RESOURCE_BYTES;
use crate::table::keys::attribute::resource as attribute;
use crate::table::keys::{self, Key, Lookup, UniqueName};
use crate::table::{
    self, ConditionExpression, DirectoryError, Item, WriteId, corrupt, is, lacks, n, number,
    number_if, s, sort_key,
};

/// A resource with its storage state.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The resource.
    pub resource: Resource,
    /// The number of members of a group; with an open plan the number before it.
    pub members: u64,
    /// Whether it is a user from before provisioning that no client has adopted yet.
    pub waiting: bool,
    pub(crate) fence: u64,
    /// The open plan for its members.
    pub(crate) plan: Option<String>,
}

/// The JSON text of a resource; checks its size.
pub(crate) fn data(attributes: &Attributes) -> Result<String, DirectoryError> {
    let json = serde_json::to_string(attributes).map_err(|_| corrupt("resource"))?;
    match json.len() > RESOURCE_BYTES {
        true => Err(DirectoryError::TooLarge {
            given: json.len(),
            most: RESOURCE_BYTES,
        }),
        false => Ok(json),
    }
}

/// The item of a new resource.
pub(crate) fn resource_item(
    key: &Key,
    resource: &Resource,
    members: u64,
    password: Option<&str>,
    write: &WriteId,
) -> Result<Item, DirectoryError> {
    let mut item = table::item(
        key,
        [
            (attribute::DATA, s(data(&resource.attributes)?)),
            (attribute::VERSION, n(resource.meta.version.0)),
            (
                attribute::CREATED,
                n(resource.meta.created.as_millisecond()),
            ),
            (
                attribute::MODIFIED,
                n(resource.meta.last_modified.as_millisecond()),
            ),
            (attribute::WRITE, s(write.as_str())),
        ],
    );
    if resource.kind == ResourceKind::Group {
        item.set(attribute::MEMBERS, n(members));
    }
    if let Some(password) = password {
        item.set(attribute::PASSWORD, s(password));
    }
    Ok(item)
}

/// The condition that no plan is open.
pub(crate) const fn no_plan() -> ConditionExpression {
    lacks(attribute::OPEN)
}

/// The condition that the fence is the one that was read. A resource that was never a member has no fence; a fence is
/// never removed.
pub(crate) fn same_fence(fence: u64) -> ConditionExpression {
    lacks(attribute::FENCE).or(is(attribute::FENCE, n(fence)))
}

/// Parses the resource in an item.
pub(crate) fn read_resource(kind: ResourceKind, item: &Item) -> Result<Stored, DirectoryError> {
    let read = || {
        let instant =
            |name| number(item, name).and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let mut attributes = serde_json::from_str(table::text(item, attribute::DATA)?).ok()?;
        active::settle(kind, &mut attributes);
        Some(Stored {
            resource: Resource {
                kind,
                id: ResourceId::parse(sort_key(item))?,
                meta: Meta {
                    created: instant(attribute::CREATED)?,
                    last_modified: instant(attribute::MODIFIED)?,
                    version: Version(number(item, attribute::VERSION)?),
                },
                attributes,
            },
            members: number_if(item, attribute::MEMBERS)
                .ok()?
                .unwrap_or_default(),
            waiting: item.has(attribute::WAITING),
            fence: number_if(item, attribute::FENCE).ok()?.unwrap_or_default(),
            plan: table::text(item, attribute::OPEN).map(str::to_owned),
        })
    };
    read().ok_or_else(|| corrupt(kind.name()))
}

/// The index entries of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Indexed {
    /// The unique name as it was written.
    pub(crate) name: String,
    /// Its one form.
    pub(crate) marker: UniqueName,
    /// The former marker of a group name that was stored without composition, if different.
    pub(crate) former: Option<UniqueName>,
    pub(crate) lookups: BTreeSet<(Lookup, String)>,
}

impl Indexed {
    /// The e-mail addresses in comparable form.
    pub(crate) fn addresses(&self) -> BTreeSet<&str> {
        let emails = self
            .lookups
            .iter()
            .filter(|(lookup, _)| *lookup == Lookup::Email);
        emails.map(|(_, value)| value.as_str()).collect()
    }

    /// The externalId, if any.
    pub(crate) fn external_id(&self) -> Option<&str> {
        let mut ids = self.lookups.iter();
        let found = ids.find(|(lookup, _)| *lookup == Lookup::ExternalId);
        found.map(|(_, value)| value.as_str())
    }
}

/// Derives the index entries from the attributes of a resource.
pub(crate) fn indexed(kind: ResourceKind, attributes: &Attributes) -> Indexed {
    let text_of = |name: &str| attributes.get(name).and_then(Value::as_str);
    let name = text_of(keys::unique_attribute(kind)).unwrap_or_default();
    let mut lookups = BTreeSet::new();
    if let Some(external_id) = text_of("externalId").filter(|id| !id.is_empty()) {
        lookups.insert((Lookup::ExternalId, external_id.to_owned()));
    }
    let emails = attributes.get("emails").and_then(Value::as_array);
    for email in emails.into_iter().flatten() {
        if let Some(value) = email.get("value").and_then(Value::as_str) {
            lookups.insert((Lookup::Email, text::fold(value).into_owned()));
        }
    }
    Indexed {
        name: name.to_owned(),
        marker: UniqueName::of(kind, name),
        former: UniqueName::former(kind, name),
        lookups,
    }
}

/// The error for a unique name that another resource has.
pub(crate) fn taken(kind: ResourceKind, value: String) -> DirectoryError {
    DirectoryError::Taken {
        attribute: keys::unique_attribute(kind),
        value,
    }
}
