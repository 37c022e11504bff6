//! URNs of schemas and messages, RFC 7643 §8.7 and RFC 7644 §8.2.
//!
//! URNs are compared without regard to case, as RFC 8141 has it for the parts that matter here.

/// The User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of `/ServiceProviderConfig`.
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of `/ResourceTypes`.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of `/Schemas`.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// A list of resources.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A query in a body.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// A PATCH request.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// A bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// A bulk response.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// An error.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Names that were in use before RFC 7643 and that `OneLogin`'s enterprise template still sends.
const FORMER: [(&str, &[&str]); 2] = [
    ("urn:scim:schemas:core:2.0", &[USER, GROUP]),
    (
        "urn:scim:schemas:extension:enterprise:2.0",
        &[ENTERPRISE_USER],
    ),
];

/// Whether `given` names the schema `urn`.
#[must_use]
pub fn names(given: &str, urn: &str) -> bool {
    let given = given.trim();
    given.eq_ignore_ascii_case(urn)
        || FORMER
            .iter()
            .any(|(former, now)| given.eq_ignore_ascii_case(former) && now.contains(&urn))
}
