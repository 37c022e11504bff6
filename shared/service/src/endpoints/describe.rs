//! Discovery, RFC 7644 §4: the service provider configuration, resource types and schemas.

use scim_core::error::reason;
use scim_core::list::{ListPage, PagePosition, StartIndex};
use scim_core::{Catalogue, ScimError, discovery};
use serde_json::Value;

use crate::wire::Success;

/// The service provider configuration, for a tenant with this largest page.
pub(crate) fn configuration(base: &str, largest_page: usize) -> Success {
    Success::Message(discovery::service_provider_config(base, largest_page))
}

pub(super) fn resource_types(catalogue: &Catalogue, base: &str) -> Result<Success, ScimError> {
    all(discovery::resource_types(catalogue, base))
}

pub(super) fn schemas(catalogue: &Catalogue, base: &str) -> Result<Success, ScimError> {
    let schemas = catalogue.schemas().iter();
    all(schemas.map(|one| discovery::schema(one, base)).collect())
}

pub(super) fn resource_type(
    name: &str,
    catalogue: &Catalogue,
    base: &str,
) -> Result<Success, ScimError> {
    let found = discovery::find_resource_type(catalogue, name)
        .ok_or_else(|| reason::no_description("resource type", name))?;
    Ok(Success::Message(discovery::resource_type(found, base)))
}

pub(super) fn schema(name: &str, catalogue: &Catalogue, base: &str) -> Result<Success, ScimError> {
    let found = discovery::find_schema(catalogue, name)
        .ok_or_else(|| reason::no_description("schema", name))?;
    Ok(Success::Message(discovery::schema(found, base)))
}

fn all(resources: Vec<Value>) -> Result<Success, ScimError> {
    let page = ListPage {
        total: u64::try_from(resources.len()).unwrap_or_default(),
        place: PagePosition::Start(StartIndex::parse(None)?),
        resources,
    };
    Ok(Success::Message(page.to_json()))
}
