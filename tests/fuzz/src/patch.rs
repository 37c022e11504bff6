//! Laws of PATCH bodies (RFC 7644, section 3.5.2), which are applied to sample resources, and of resources in request
//! bodies.

use scim_core::effort::Effort;
use scim_core::members::represent;
use scim_core::patch::{PatchError, PatchRequest, Patched, apply};
use scim_core::{Attributes, Draft, ErrorKind, ResourceId, ResourceKind, limits, urn};
use serde_json::{Value, json};

use crate::is_told;
use crate::sample::{SAMPLES, normal, of};

const KINDS: [ErrorKind; 7] = [
    ErrorKind::InvalidSyntax,
    ErrorKind::InvalidPath,
    ErrorKind::InvalidFilter,
    ErrorKind::InvalidValue,
    ErrorKind::NoTarget,
    ErrorKind::Mutability,
    ErrorKind::TooLarge,
];

/// A JSON body parses as a PATCH and as a resource, or is rejected with a SCIM error. A bare array is tested as the
/// operations of a PATCH.
pub fn check(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    for kind in ResourceKind::ALL {
        create(kind, &body);
    }
    let body = match body {
        operations @ Value::Array(_) => {
            json!({ "schemas": [urn::PATCH_OP], "Operations": operations })
        }
        body => body,
    };
    match PatchRequest::parse(body) {
        Ok(request) => {
            for (kind, sample) in SAMPLES.iter() {
                change(*kind, &request, sample);
            }
        }
        Err(error) => is_told(&error, &KINDS),
    }
}

/// A parsed resource is in normal form: parsing it again changes nothing.
fn create(kind: ResourceKind, body: &Value) {
    match Draft::parse(body.clone(), of(kind)) {
        Ok(draft) => sound(kind, &draft.attributes),
        Err(error) => is_told(&error, &KINDS),
    }
}

fn change(kind: ResourceKind, request: &PatchRequest, before: &Attributes) {
    let patched = match patched(kind, request, before) {
        Ok(patched) => patched,
        Err(PatchError::Refused(error)) => return is_told(&error, &KINDS),
        Err(PatchError::NeedsMembers) => unreachable!("the members are known"),
    };
    sound(kind, &patched.attributes);
    let delta = &patched.members;
    assert!(kind == ResourceKind::Group || delta.is_empty());
    assert!(delta.add.keys().all(|id| !delta.remove.contains(id)));
    let one_by_one = request
        .operations
        .iter()
        .try_fold(before.clone(), |now, one| {
            let request = PatchRequest {
                operations: vec![one.clone()],
            };
            apply_alone(kind, &request, &now)
        });
    if let Some(one_by_one) = one_by_one {
        assert_eq!(one_by_one, patched.attributes);
    }
}

/// Applies one operation alone; `None` if it depends on an operation before it.
fn apply_alone(kind: ResourceKind, request: &PatchRequest, now: &Attributes) -> Option<Attributes> {
    patched(kind, request, now)
        .ok()
        .map(|after| after.attributes)
}

fn patched(
    kind: ResourceKind,
    request: &PatchRequest,
    before: &Attributes,
) -> Result<Patched, PatchError> {
    let id = ResourceId::parse("00000000-0000-4000-8000-000000000001").expect("an id");
    let Value::Object(mut representation) = json!({ "id": "1", "meta": { "version": "1" } }) else {
        unreachable!("an object was written");
    };
    representation.extend(before.clone());
    let members = [represent(id, ResourceKind::User, "https://example.com")];
    let effort = Effort::of_request();
    apply(
        request,
        of(kind),
        before,
        &representation,
        Some(&members),
        &effort,
    )
}

/// Asserts that attributes can be stored: in normal form, without computed or secret attributes, at most one primary value.
fn sound(kind: ResourceKind, attributes: &Attributes) {
    for name in ["id", "meta", "schemas", "groups", "members", "password"] {
        assert!(!attributes.contains_key(name), "{name}");
    }
    assert_eq!(normal(kind, attributes).as_ref(), Ok(attributes));
    let lists = attributes.values().filter_map(Value::as_array);
    for list in lists {
        assert!(!list.is_empty() && list.len() <= limits::VALUES);
        let primaries = list.iter().filter(|one| one["primary"] == true).count();
        assert!(primaries <= 1, "{list:?}");
    }
}
