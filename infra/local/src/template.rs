//! Reads the CloudFormation templates, so that the local stack runs what is deployed to AWS.
//!
//! A template is YAML with short tags (`!Ref X`, `!GetAtt A.B`). [`parse`] turns it into JSON with long forms (`{"Ref":
//! "X"}`, `{"Fn::GetAtt": ["A", "B"]}`); [`routes`], [`table`], [`mappings`] and [`schedules`] read what the local stack
//! needs. Functions and conditions are not evaluated, nested stacks are not followed, and resources without a stand-in
//! (roles, alarms, keys) are ignored.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Value, json};

mod mapping;
mod pattern;
mod yaml;

pub use mapping::{Mapping, Schedule, mappings, schedules};
pub use yaml::parse;

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template: {}", self.0)
    }
}

impl std::error::Error for TemplateError {}

/// The methods of a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteMethod {
    /// Every method that has no route of its own on the same path.
    Any,
    Only(http::Method),
}

impl fmt::Display for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("ANY"),
            Self::Only(method) => f.write_str(method.as_str()),
        }
    }
}

/// A route of the HTTP API, with the name of its function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TemplateRoute {
    /// A method and a path with variables: `/{tenant}/scim/v2/Users/{id}`.
    Path {
        method: RouteMethod,
        /// The path in the template; its last variable may be greedy (`{proxy+}`).
        path: String,
        function: String,
    },
    /// `$default`: every request that no other route matches.
    Default { function: String },
}

impl TemplateRoute {
    /// The name of the route's function.
    #[must_use]
    pub fn function(&self) -> &str {
        match self {
            Self::Path { function, .. } | Self::Default { function } => function,
        }
    }

    /// The route key of API Gateway: `GET /{tenant}/scim/v2/Users` or `$default`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Path { method, path, .. } => format!("{method} {path}"),
            Self::Default { .. } => DEFAULT.to_owned(),
        }
    }
}

/// The table of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    /// The key attributes and their types.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// Partition key first, then the sort key.
    pub key_schema: Vec<KeyElement>,
    /// `PAY_PER_REQUEST` or `PROVISIONED`.
    pub billing_mode: String,
    /// The images in stream records; `None` if the table has no stream.
    pub stream_view_type: Option<String>,
    /// The attribute with the time at which an item expires.
    pub ttl_attribute: Option<String>,
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeDefinition {
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// A part of the primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyElement {
    /// The attribute's name.
    pub name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

impl TableDefinition {
    /// The body of the `CreateTable` call. TTL is not part of it: DynamoDB has a separate call.
    #[must_use]
    pub fn create_request(&self, name: &str) -> Value {
        let attributes: Vec<Value> = self
            .attribute_definitions
            .iter()
            .map(|a| json!({"AttributeName": a.name, "AttributeType": a.kind}))
            .collect();
        let keys: Vec<Value> = self
            .key_schema
            .iter()
            .map(|k| json!({"AttributeName": k.name, "KeyType": k.key_type}))
            .collect();
        let mut request = json!({
            "TableName": name,
            "AttributeDefinitions": attributes,
            "KeySchema": keys,
            "BillingMode": self.billing_mode,
        });
        if let (Some(view), Some(members)) = (&self.stream_view_type, request.as_object_mut()) {
            let stream = json!({"StreamEnabled": true, "StreamViewType": view});
            members.insert("StreamSpecification".to_owned(), stream);
        }
        request
    }
}

/// The routes of every function's `HttpApi` events.
///
/// # Errors
/// When an event is incomplete, a path is malformed, a route is defined twice, or a function has no handler.
pub fn routes(template: &Value) -> Result<Vec<TemplateRoute>, TemplateError> {
    let mut found = Vec::new();
    let mut keys = HashSet::new();
    for (logical, function) in resources(template, "AWS::Serverless::Function") {
        let Some(events) = function
            .pointer("/Properties/Events")
            .and_then(Value::as_object)
        else {
            continue;
        };
        for (event, definition) in events {
            if text(definition, "/Type") != Some("HttpApi") {
                continue;
            }
            let at = format!("`Resources.{logical}.Properties.Events.{event}`");
            let route = route(definition, &at, handler(logical, function)?)?;
            if !keys.insert(route.key()) {
                return fail(format!("{at} is a second route `{}`", route.key()));
            }
            found.push(route);
        }
    }
    Ok(found)
}

/// The one DynamoDB table of the template.
///
/// # Errors
/// When there is not exactly one table, its key is incomplete, or it has a secondary index: the design has none, and the
/// local stack would not create it.
pub fn table(template: &Value) -> Result<TableDefinition, TemplateError> {
    let mut tables = resources(template, "AWS::DynamoDB::Table");
    let (Some((logical, table)), None) = (tables.next(), tables.next()) else {
        return fail("must have exactly one AWS::DynamoDB::Table".to_owned());
    };
    for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        if table
            .pointer("/Properties")
            .and_then(|p| p.get(index))
            .is_some()
        {
            return fail(format!(
                "`Resources.{logical}` has {index}; the table must not have secondary indexes"
            ));
        }
    }
    let attribute_definitions = entries(logical, table, "AttributeDefinitions", "AttributeType")?
        .into_iter()
        .map(|(name, kind)| AttributeDefinition { name, kind })
        .collect();
    let key_schema = entries(logical, table, "KeySchema", "KeyType")?
        .into_iter()
        .map(|(name, key_type)| KeyElement { name, key_type })
        .collect();
    let ttl = table.pointer("/Properties/TimeToLiveSpecification");
    let ttl_on = ttl.is_some_and(|t| t.pointer("/Enabled") == Some(&Value::Bool(true)));
    Ok(TableDefinition {
        attribute_definitions,
        key_schema,
        billing_mode: owned(table, "/Properties/BillingMode")
            .unwrap_or_else(|| "PROVISIONED".to_owned()),
        stream_view_type: owned(table, "/Properties/StreamSpecification/StreamViewType"),
        ttl_attribute: owned(table, "/Properties/TimeToLiveSpecification/AttributeName")
            .filter(|_| ttl_on),
    })
}

/// API Gateway's key of the route for unmatched requests.
const DEFAULT: &str = "$default";

fn fail<T>(reason: String) -> Result<T, TemplateError> {
    Err(TemplateError(reason))
}

fn resources<'a>(template: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    template
        .get("Resources")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(move |(_, resource)| text(resource, "/Type") == Some(kind))
        .map(|(logical, resource)| (logical.as_str(), resource))
}

fn route(definition: &Value, at: &str, function: String) -> Result<TemplateRoute, TemplateError> {
    match (
        text(definition, "/Properties/Method"),
        text(definition, "/Properties/Path"),
    ) {
        (None, None) | (_, Some(DEFAULT)) => Ok(TemplateRoute::Default { function }),
        (Some(method), Some(path)) => {
            let method = route_method(method)
                .ok_or_else(|| TemplateError(format!("{at} has no HTTP method")))?;
            check_path(path)
                .map_err(|reason| TemplateError(format!("{at}: the path `{path}` {reason}")))?;
            Ok(TemplateRoute::Path {
                method,
                path: path.to_owned(),
                function,
            })
        }
        _ => fail(format!("{at} has only one of Method and Path")),
    }
}

fn route_method(name: &str) -> Option<RouteMethod> {
    let name = name.to_ascii_uppercase();
    if ["ANY", "*", "X-AMAZON-APIGATEWAY-ANY-METHOD"].contains(&name.as_str()) {
        return Some(RouteMethod::Any);
    }
    name.parse().ok().map(RouteMethod::Only)
}

fn check_path(path: &str) -> Result<(), &'static str> {
    let Some(segments) = path.strip_prefix('/') else {
        return Err("does not start with a slash");
    };
    let count = segments.split('/').count();
    for (at, segment) in segments.split('/').enumerate() {
        let inner = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        match inner {
            None if segment.contains(['{', '}']) => {
                return Err("has a variable that is not a whole segment");
            }
            Some("" | "+") => return Err("has a variable without a name"),
            Some(name) if name.ends_with('+') && at + 1 < count => {
                return Err("has a greedy variable before its end");
            }
            _ => {}
        }
    }
    Ok(())
}

/// The name of a function. Lambda passes it to the binary, which may contain several functions.
fn handler(logical: &str, function: &Value) -> Result<String, TemplateError> {
    owned(function, "/Properties/Handler").ok_or_else(|| {
        TemplateError(format!(
            "`Resources.{logical}` has events but no Properties.Handler"
        ))
    })
}

fn entries(
    logical: &str,
    table: &Value,
    list: &str,
    kind: &str,
) -> Result<Vec<(String, String)>, TemplateError> {
    let items = table
        .pointer("/Properties")
        .and_then(|p| p.get(list))
        .and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .map(|item| {
            Some((
                owned(item, "/AttributeName")?,
                owned(item, &format!("/{kind}"))?,
            ))
        })
        .collect::<Option<Vec<_>>>()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| {
            TemplateError(format!(
                "`Resources.{logical}.Properties.{list}` is missing or incomplete"
            ))
        })
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn owned(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).map(str::to_owned)
}

#[cfg(test)]
mod tests;
