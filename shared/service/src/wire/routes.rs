//! All SCIM routes: method, path, endpoint and function. A test compares them with `template.yaml`.
//!
//! A request without a route reaches [`Function::CATCH_ALL`] through the gateway's `$default`. That function answers
//! with a SCIM error, unless the gateway missed a route only because of a repeated slash.

use http::Method;
use scim_core::ResourceKind;

use crate::Function;

/// The endpoint of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// List or query resources.
    List(ResourceKind),
    /// Query resources with a search request.
    Search(ResourceKind),
    /// Create a resource.
    Create(ResourceKind),
    /// Read a resource.
    Read(ResourceKind),
    /// Replace a resource.
    Replace(ResourceKind),
    /// Modify a resource.
    Modify(ResourceKind),
    /// Delete a resource.
    Delete(ResourceKind),
    /// List or query resources of all types.
    ListAll,
    /// Query resources of all types with a search request.
    SearchAll,
    /// Bulk requests.
    Bulk,
    /// The service provider configuration.
    ServiceProviderConfig,
    /// All resource types.
    ResourceTypes,
    /// One resource type.
    ResourceType,
    /// All schemas.
    Schemas,
    /// One schema.
    Schema,
    /// The user that the caller's key stands for.
    Me,
}

impl Endpoint {
    /// Whether the endpoint is part of discovery.
    #[must_use]
    pub const fn is_discovery(self) -> bool {
        matches!(
            self,
            Self::ServiceProviderConfig
                | Self::ResourceTypes
                | Self::ResourceType
                | Self::Schemas
                | Self::Schema
        )
    }

    /// The operation's name in logs.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::List(ResourceKind::User) => "users.list",
            Self::List(ResourceKind::Group) => "groups.list",
            Self::Search(ResourceKind::User) => "users.search",
            Self::Search(ResourceKind::Group) => "groups.search",
            Self::Create(ResourceKind::User) => "users.create",
            Self::Create(ResourceKind::Group) => "groups.create",
            Self::Read(ResourceKind::User) => "users.read",
            Self::Read(ResourceKind::Group) => "groups.read",
            Self::Replace(ResourceKind::User) => "users.replace",
            Self::Replace(ResourceKind::Group) => "groups.replace",
            Self::Modify(ResourceKind::User) => "users.modify",
            Self::Modify(ResourceKind::Group) => "groups.modify",
            Self::Delete(ResourceKind::User) => "users.delete",
            Self::Delete(ResourceKind::Group) => "groups.delete",
            Self::ListAll => "all.list",
            Self::SearchAll => "all.search",
            Self::Bulk => "bulk",
            Self::ServiceProviderConfig => "service_provider_config.read",
            Self::ResourceTypes => "resource_types.list",
            Self::ResourceType => "resource_types.read",
            Self::Schemas => "schemas.list",
            Self::Schema => "schemas.read",
            Self::Me => "me",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The method; `None` for every method.
    pub method: Option<Method>,
    /// The path with its variables in braces.
    pub path: &'static str,
    pub endpoint: Endpoint,
    /// The function that serves it.
    pub function: Function,
}

impl Route {
    /// Whether a function serves it: its own does, and the catch-all function serves all.
    #[must_use]
    pub fn is_served_by(&self, function: Function) -> bool {
        function == Function::CATCH_ALL || function == self.function
    }
}

const fn route(
    method: Option<Method>,
    path: &'static str,
    endpoint: Endpoint,
    function: Function,
) -> Route {
    Route {
        method,
        path,
        endpoint,
        function,
    }
}

macro_rules! resource_routes {
    ($kind:ident, $function:ident, $all:literal, $search:literal, $one:literal) => {
        [
            route(
                Some(Method::GET),
                $all,
                Endpoint::List(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::POST),
                $all,
                Endpoint::Create(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::POST),
                $search,
                Endpoint::Search(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::GET),
                $one,
                Endpoint::Read(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::PUT),
                $one,
                Endpoint::Replace(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::PATCH),
                $one,
                Endpoint::Modify(ResourceKind::$kind),
                Function::$function,
            ),
            route(
                Some(Method::DELETE),
                $one,
                Endpoint::Delete(ResourceKind::$kind),
                Function::$function,
            ),
        ]
    };
}

static USERS: [Route; 7] = resource_routes!(
    User,
    Users,
    "/{tenant}/scim/v2/Users",
    "/{tenant}/scim/v2/Users/.search",
    "/{tenant}/scim/v2/Users/{id}"
);
static GROUPS: [Route; 7] = resource_routes!(
    Group,
    Groups,
    "/{tenant}/scim/v2/Groups",
    "/{tenant}/scim/v2/Groups/.search",
    "/{tenant}/scim/v2/Groups/{id}"
);
static ME: [Route; 1] = [route(
    None,
    "/{tenant}/scim/v2/Me",
    Endpoint::Me,
    Function::Users,
)];
static ALL: [Route; 3] = [
    route(
        Some(Method::POST),
        "/{tenant}/scim/v2/Bulk",
        Endpoint::Bulk,
        Function::Bulk,
    ),
    route(
        Some(Method::POST),
        "/{tenant}/scim/v2/.search",
        Endpoint::SearchAll,
        Function::Bulk,
    ),
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2",
        Endpoint::ListAll,
        Function::Bulk,
    ),
];
static DISCOVERY: [Route; 5] = [
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2/ServiceProviderConfig",
        Endpoint::ServiceProviderConfig,
        Function::Discovery,
    ),
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2/ResourceTypes",
        Endpoint::ResourceTypes,
        Function::Discovery,
    ),
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2/ResourceTypes/{name}",
        Endpoint::ResourceType,
        Function::Discovery,
    ),
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2/Schemas",
        Endpoint::Schemas,
        Function::Discovery,
    ),
    route(
        Some(Method::GET),
        "/{tenant}/scim/v2/Schemas/{urn}",
        Endpoint::Schema,
        Function::Discovery,
    ),
];

/// The paths that [`Function::Admin`] serves with every method. They are not part of SCIM.
pub const ADMIN: [&str; 3] = ["/admin/{path+}", "/console", "/console/{path+}"];

/// Every route to a tenant's endpoints except `$default`.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    USERS
        .iter()
        .chain(&ME)
        .chain(&GROUPS)
        .chain(&ALL)
        .chain(&DISCOVERY)
}

/// The result of a search for a route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RouteMatch<'p> {
    /// A route and the value of its last variable.
    Route(&'static Route, Option<&'p str>),
    /// A path that supports only these other methods.
    OtherMethods(Vec<&'static Method>),
    /// No such path.
    Nothing,
}

/// Finds the route of a request; `segments` are the decoded ones after `/scim/v2`.
#[must_use]
pub fn find<'p>(method: &Method, segments: &[&'p str]) -> RouteMatch<'p> {
    let mut others = Vec::new();
    for route in routes() {
        if !matches(route, segments) {
            continue;
        }
        let variable = segments
            .last()
            .copied()
            .filter(|_| route.path.ends_with('}'));
        match &route.method {
            Some(other) if other != method => others.push(other),
            _ => return RouteMatch::Route(route, variable),
        }
    }
    match others.is_empty() {
        false => RouteMatch::OtherMethods(others),
        true => RouteMatch::Nothing,
    }
}

/// Whether the path matches the route.
fn matches(route: &Route, segments: &[&str]) -> bool {
    // The first four parts are empty, the tenant, `scim` and `v2`.
    let expected: Vec<&str> = route.path.split('/').skip(4).collect();
    expected.len() == segments.len()
        && expected
            .iter()
            .zip(segments)
            .all(|(name, segment)| name.starts_with('{') || name == segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_endpoint() {
        match find(&Method::PATCH, &["Users", "1"]) {
            RouteMatch::Route(route, id) => {
                assert_eq!(route.endpoint, Endpoint::Modify(ResourceKind::User));
                assert_eq!(id, Some("1"));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            find(&Method::DELETE, &["Me"]),
            RouteMatch::Route(..)
        ));
    }

    #[test]
    fn e11_a_known_path_with_another_method_names_those_it_has() {
        assert_eq!(
            find(&Method::PUT, &["Users"]),
            RouteMatch::OtherMethods(vec![&Method::GET, &Method::POST])
        );
        assert_eq!(find(&Method::GET, &["users"]), RouteMatch::Nothing);
        assert_eq!(
            find(&Method::POST, &[]),
            RouteMatch::OtherMethods(vec![&Method::GET])
        );
    }
}
