//! The discovery documents: RFC 7643 §5 to §7, RFC 7644 §4.

use serde_json::{Value, json};

use crate::limits;
use crate::schema::{Catalogue, ResourceType, Schema};
use crate::urn;

/// The document at `/ServiceProviderConfig`. `largest` is the largest page size.
#[must_use]
pub fn service_provider_config(base: &str, largest: usize) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": limits::BULK_OPERATIONS,
            "maxPayloadSize": limits::BODY_BYTES,
        },
        "filter": { "supported": true, "maxResults": largest },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": limits::DEFAULT_PAGE.min(largest),
            "maxPageSize": largest,
            "cursorTimeout": limits::CURSOR_SECONDS,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token from the setup page of the application, sent as `Authorization: Bearer TOKEN`",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// One document of `/ResourceTypes`.
#[must_use]
pub fn resource_type(of: &ResourceType, base: &str) -> Value {
    let name = of.kind.name();
    let extensions: Vec<Value> = of
        .extensions
        .iter()
        .map(|extension| json!({ "schema": extension.schema.id, "required": extension.required }))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": name,
        "name": name,
        "description": of.description,
        "endpoint": format!("/{}", of.kind.endpoint()),
        "schema": of.schema.id,
        "schemaExtensions": extensions,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{name}"),
        },
    })
}

/// All documents of `/ResourceTypes`.
#[must_use]
pub fn resource_types(catalogue: &Catalogue, base: &str) -> Vec<Value> {
    catalogue
        .kinds()
        .iter()
        .map(|kind| resource_type(catalogue.resource_type(*kind), base))
        .collect()
}

/// One document of `/Schemas`.
#[must_use]
pub fn schema(of: &Schema, base: &str) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": of.id,
        "name": of.name,
        "description": of.description,
        "attributes": of.attributes,
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base}/Schemas/{}", of.id),
        },
    })
}

/// The resource type with this name in a URL, in any case.
#[must_use]
pub fn find_resource_type<'c>(catalogue: &'c Catalogue, name: &str) -> Option<&'c ResourceType> {
    catalogue
        .kinds()
        .iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
        .map(|kind| catalogue.resource_type(*kind))
}

/// The schema with this URN in a URL, in any case.
#[must_use]
pub fn find_schema<'c>(catalogue: &'c Catalogue, given: &str) -> Option<&'c Schema> {
    catalogue
        .schemas()
        .iter()
        .map(AsRef::as_ref)
        .find(|schema| schema.id.eq_ignore_ascii_case(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_published_attributes_state_every_characteristic() {
        let user = find_schema(Catalogue::standard(), &urn::USER.to_uppercase()).unwrap();
        let json = schema(user, "https://example.com/acme/scim/v2");
        for attribute in json["attributes"].as_array().unwrap() {
            for key in [
                "name",
                "type",
                "multiValued",
                "description",
                "required",
                "caseExact",
                "mutability",
                "returned",
                "uniqueness",
            ] {
                assert!(attribute.get(key).is_some(), "{attribute} lacks {key}");
            }
            assert!(attribute.get("profile").is_none());
        }
    }

    #[test]
    fn d08_resource_types_name_published_schemas() {
        let catalogue = Catalogue::standard();
        for json in resource_types(catalogue, "") {
            assert!(find_schema(catalogue, json["schema"].as_str().unwrap()).is_some());
        }
    }
}
