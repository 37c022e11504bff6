//! Discovery of resource types and schemas, RFC 7644 §4.

use scim_core::list::{ListPage, PagePosition, StartIndex};
use scim_core::{Catalogue, ScimError, discovery};
use serde_json::Value;

use crate::response::Outcome;
use crate::routes::{Endpoint, Route};

/// The list of all resource types or of all schemas.
///
/// # Errors
///
/// None that a request can cause.
pub(crate) fn describe_all(
    route: &Route,
    catalogue: &Catalogue,
    base: &str,
) -> Result<Outcome, ScimError> {
    let resources = match route.endpoint {
        Endpoint::ResourceTypes => discovery::resource_types(catalogue, base),
        _ => catalogue
            .schemas()
            .iter()
            .map(|schema| discovery::schema(schema, base))
            .collect(),
    };
    let page = ListPage {
        total: u64::try_from(resources.len()).unwrap_or_default(),
        place: PagePosition::Start(StartIndex::parse(None)?),
        resources,
    };
    Ok(Outcome::Message(page.to_json()))
}

/// The resource type or schema with this name.
///
/// # Errors
///
/// 404, if it does not exist.
pub(crate) fn describe(
    route: &Route,
    name: &str,
    catalogue: &Catalogue,
    base: &str,
) -> Result<Outcome, ScimError> {
    let (what, found): (&'static str, Option<Value>) = match route.endpoint {
        Endpoint::ResourceType => (
            "resource type",
            discovery::find_resource_type(catalogue, name)
                .map(|found| discovery::resource_type(found, base)),
        ),
        _ => (
            "schema",
            discovery::find_schema(catalogue, name).map(|found| discovery::schema(found, base)),
        ),
    };
    found
        .map(Outcome::Message)
        .ok_or_else(|| scim_core::error::reason::no_description(what, name))
}
