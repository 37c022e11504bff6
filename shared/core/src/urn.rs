//! URNs of schemas and messages, RFC 7643 §8.7 and RFC 7644 §8.2.
//!
//! URNs are compared case-insensitively.

/// The schema User.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema Group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of the schema User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of `/ServiceProviderConfig`.
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of `/ResourceTypes`.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of `/Schemas`.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The message of a list response.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The message of a search request.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The message of a PATCH request.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The message of a bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The message of a bulk response.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The message of an error response.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// URNs from before RFC 7643, which `OneLogin`'s enterprise template still sends.
const FORMER: [(&str, &[&str]); 2] = [
    ("urn:scim:schemas:core:2.0", &[USER, GROUP]),
    (
        "urn:scim:schemas:extension:enterprise:2.0",
        &[ENTERPRISE_USER],
    ),
];

/// Whether `given` is the URN `urn`, in any case, or an old name of it.
#[must_use]
pub fn names(given: &str, urn: &str) -> bool {
    let given = given.trim();
    given.eq_ignore_ascii_case(urn)
        || FORMER
            .iter()
            .any(|(former, now)| given.eq_ignore_ascii_case(former) && now.contains(&urn))
}
