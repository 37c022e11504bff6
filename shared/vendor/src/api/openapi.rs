//! The `OpenAPI` 3.1 description of the admin API, assembled from one fragment per area.
//!
//! It is written by hand: `schemars` or `utoipa` could derive the schemas from the views, but not the operations,
//! parameters and examples, which are most of it.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;

pub(super) static ROUTES: &[ApiRoute] = &[ApiRoute::new(Operation::DescribeApi, |request| {
    Box::pin(async { Ok(ApiResponse::document(&document(request.work.site))) })
})];

/// Parts of the `OpenAPI` document, which [`join`] merges.
const FRAGMENTS: [&str; 10] = [
    include_str!("openapi/activity.json"),
    include_str!("openapi/base.json"),
    include_str!("openapi/destinations.json"),
    include_str!("openapi/events.json"),
    include_str!("openapi/keys.json"),
    include_str!("openapi/links.json"),
    include_str!("openapi/people.json"),
    include_str!("openapi/person.json"),
    include_str!("openapi/requests.json"),
    include_str!("openapi/tenants.json"),
];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = json!({});
    for fragment in FRAGMENTS {
        let fragment: Value = serde_json::from_str(fragment).unwrap_or_default();
        join(&mut document, fragment);
    }
    document
});

/// The document for an API at `site`.
#[must_use]
pub fn document(site: &str) -> Value {
    let mut document = DOCUMENT.clone();
    if let Some(members) = document.as_object_mut() {
        let server = json!([{ "url": format!("{site}/admin/v1") }]);
        members.insert("servers".to_owned(), server);
    }
    document
}

/// Merges objects member by member; of other values the first one stays.
fn join(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else {
        return;
    };
    for (name, value) in from {
        match into.get_mut(&name) {
            Some(there) => join(there, value),
            None => {
                into.insert(name, value);
            }
        }
    }
}

/// The operations in the document, as `METHOD path operationId`.
#[must_use]
pub fn operations() -> Vec<String> {
    let paths = DOCUMENT.get("paths").and_then(Value::as_object);
    let line = |path: &str, (method, operation): (&String, &Value)| {
        let id = operation.get("operationId").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        format!("{} {path} {id}", method.to_ascii_uppercase())
    };
    let is_operation = |name: &str| name != "parameters" && name != "summary";
    paths
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            let empty = Map::new();
            let members: Vec<String> = item
                .as_object()
                .unwrap_or(&empty)
                .iter()
                .filter(|(name, _)| is_operation(name))
                .map(|member| line(path, member))
                .collect();
            members
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::routes::routes;
    use super::*;
    use crate::body::members_of;
    use crate::operations::admin_keys::AdminKeyInput;
    use crate::operations::destinations::{DestinationInput, DestinationPatch, SecretRotation};
    use crate::operations::keys::{KeyInput, Rotation};
    use crate::operations::links::LinkInput;
    use crate::operations::passwords::Attempt;
    use crate::operations::preload::Preload;
    use crate::operations::settings::Patch;
    use crate::operations::tenants::Creation;

    #[test]
    fn every_fragment_is_json() {
        for fragment in FRAGMENTS {
            serde_json::from_str::<Value>(fragment).unwrap();
        }
    }

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let line = |route: &ApiRoute| {
            let of = route.operation;
            format!("{} {} {}", of.method(), of.path(), of.name())
        };
        let served: BTreeSet<String> = routes().map(line).collect();
        let described: BTreeSet<String> = operations().into_iter().collect();
        assert_eq!(served, described);
    }

    /// The names of the members in the description of an operation's body.
    fn described_members(operation: Operation) -> BTreeSet<String> {
        let document = document("");
        let method = operation.method().as_str().to_ascii_lowercase();
        let body = &document["paths"][operation.path()][&method]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        assert_eq!(
            schema["additionalProperties"],
            false,
            "{}",
            operation.name()
        );
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    }

    #[test]
    fn bodies_are_described_with_the_members_that_are_read() {
        let inputs = [
            (Operation::CreateTenant, members_of::<Creation>()),
            (Operation::ChangeTenant, members_of::<Patch>()),
            (Operation::PreloadUsers, members_of::<Preload>()),
            (Operation::CreateKey, members_of::<KeyInput>()),
            (Operation::RotateKey, members_of::<Rotation>()),
            (Operation::CreateAdminKey, members_of::<AdminKeyInput>()),
            (Operation::CreateLink, members_of::<LinkInput>()),
            (Operation::VerifyPassword, members_of::<Attempt>()),
            (
                Operation::CreateDestination,
                members_of::<DestinationInput>(),
            ),
            (
                Operation::ChangeDestination,
                members_of::<DestinationPatch>(),
            ),
            (Operation::RotateSecret, members_of::<SecretRotation>()),
        ];
        for (operation, read) in &inputs {
            let read: BTreeSet<String> = read.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(described_members(*operation), read, "{}", operation.name());
        }
        let with_body = DOCUMENT.to_string().matches(r#""requestBody":"#).count();
        assert_eq!(inputs.len(), with_body);
    }

    /// Each reference has a target, and each operation names its scope.
    #[test]
    fn references_lead_somewhere_and_scopes_are_those_of_the_routes() {
        let document = document("https://example.com");
        let text = document.to_string();
        for part in text.split(r##""$ref":"#"##).skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        for route in routes() {
            let of = route.operation;
            let method = of.method().as_str().to_ascii_lowercase();
            let operation = &document["paths"][of.path()][&method];
            let expected = match of.scope() {
                Some(scope) => json!([{ "adminKey": [scope.as_str()] }]),
                None => json!([]),
            };
            assert_eq!(
                operation["security"],
                expected,
                "{} {}",
                of.method(),
                of.path()
            );
            assert!(operation["summary"].is_string(), "{}", of.path());
        }
    }
}
