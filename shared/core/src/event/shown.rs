//! What an entry shows of a resource.

use serde_json::Value;

use super::version::StoredVersion;
use crate::Attributes;
use crate::projection::Projection;
use crate::resource::{self, Resource};
use crate::schema::{ResolvedAttribute, ResourceType};

/// The resource as SCIM shows it by default, without members, memberships and location: whoever appends the entry does not
/// know the host of the request, and the entry outlives it.
pub(super) fn shown(resource: &Resource, of: &ResourceType) -> Attributes {
    let mut whole = resource.represent(of, "");
    if let Some(meta) = whole.get_mut("meta").and_then(Value::as_object_mut) {
        meta.shift_remove("location");
    }
    Projection::default().apply(of, whole)
}

/// The e-mail addresses of a shown resource in small letters, each once.
pub(super) fn emails(shown: &Attributes) -> Vec<String> {
    let mut found = Vec::new();
    let values = shown.get("emails").and_then(Value::as_array);
    for value in values.into_iter().flatten() {
        let Some(address) = value.get("value").and_then(Value::as_str) else {
            continue;
        };
        let address = address.to_lowercase();
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// The attributes that differ between two versions.
pub(super) struct Changed {
    /// Their names.
    pub(super) names: Vec<String>,
    /// Their former values, as far as SCIM shows them.
    pub(super) before: Option<Attributes>,
}

impl Changed {
    pub(super) fn between(
        before: &StoredVersion,
        after: &StoredVersion,
        of: &ResourceType,
    ) -> Self {
        let (old, new) = (&before.resource.attributes, &after.resource.attributes);
        let differs = |target: &ResolvedAttribute<'_>| match target.attribute.is_secret() {
            true => target.is_own("password") && before.password != after.password,
            false => resource::get(old, *target) != resource::get(new, *target),
        };
        let targets = of.own("externalId").into_iter().chain(of.targets());
        let targets: Vec<ResolvedAttribute<'_>> = targets.filter(differs).collect();
        let shown = match targets.is_empty() {
            true => Attributes::new(),
            false => shown(&before.resource, of),
        };
        let mut former = Attributes::new();
        for target in &targets {
            if let Some(value) = resource::get(&shown, *target) {
                resource::put(&mut former, *target, Some(value.clone()));
            }
        }
        Self {
            names: targets.iter().map(ResolvedAttribute::to_string).collect(),
            before: Some(former).filter(|former| !former.is_empty()),
        }
    }
}
