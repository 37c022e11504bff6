//! The query parameters of SCIM, RFC 7644 §3.4.2 and §3.4.3.

use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::resource::check_schemas;
use scim_core::{ScimError, urn};
use serde_json::Value;

use super::address::decode;

/// The query parameters of SCIM; others are ignored (RFC 7644 §3.4.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    /// `filter`
    pub filter: Option<String>,
    /// `startIndex`
    pub start_index: Option<String>,
    /// `count`
    pub count: Option<String>,
    /// `cursor`
    pub cursor: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder`
    pub sort_order: Option<String>,
    attributes: Option<String>,
    excluded: Option<String>,
}

impl Parameters {
    /// Parses a query string: `+` means a space, and everything is decoded once.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` if it is not UTF-8, `invalidValue` if a parameter is repeated.
    pub fn parse(query: &str) -> Result<Self, ScimError> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(&name.replace('+', " "))?;
            let Some((name, slot)) = parameters.slot_of(&name) else {
                continue;
            };
            let value = decode(&value.replace('+', " "))?;
            if slot.replace(value).is_some() {
                return Err(reason::parameter_twice(name));
            }
        }
        Ok(parameters)
    }

    /// Parses a search request, RFC 7644 §3.4.3: the same parameters as JSON.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` for another message, `invalidValue` for a parameter of the wrong type.
    pub fn search_request(body: Value) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(reason::body_not_object("search request"));
        };
        check_schemas(&body, urn::SEARCH_REQUEST)?;
        let mut parameters = Self::default();
        for (name, value) in body {
            if let Some((name, slot)) = parameters.slot_of(&name) {
                *slot = parameter(name, value)?;
            }
        }
        Ok(parameters)
    }

    /// The parameter with this name in any case: its exact name and its value.
    fn slot_of(&mut self, name: &str) -> Option<(&'static str, &mut Option<String>)> {
        let parameters = [
            ("filter", &mut self.filter),
            ("startIndex", &mut self.start_index),
            ("count", &mut self.count),
            ("cursor", &mut self.cursor),
            ("sortBy", &mut self.sort_by),
            ("sortOrder", &mut self.sort_order),
            ("attributes", &mut self.attributes),
            ("excludedAttributes", &mut self.excluded),
        ];
        let mut parameters = parameters.into_iter();
        parameters.find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The attributes to return.
    ///
    /// # Errors
    ///
    /// As [`Projection::parse`].
    pub fn projection(&self) -> Result<Projection, ScimError> {
        let names = |given: &'_ Option<String>| {
            given
                .as_deref()
                .unwrap_or_default()
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (only, without) = (names(&self.attributes), names(&self.excluded));
        Projection::parse(
            only.iter().map(String::as_str),
            without.iter().map(String::as_str),
        )
    }
}

/// A parameter of a search request as text, as in a query string.
fn parameter(name: &'static str, value: Value) -> Result<Option<String>, ScimError> {
    let is_number = matches!(name, "startIndex" | "count");
    let is_list = matches!(name, "attributes" | "excludedAttributes");
    match value {
        Value::Null => Ok(None),
        // Text is accepted for numbers too, because REST clients send numbers as text.
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) if is_number => Ok(Some(number.to_string())),
        Value::Array(names) if is_list && names.iter().all(Value::is_string) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            Ok(Some(names.join(",")))
        }
        _ => Err(reason::other_parameter_type(
            name,
            match (is_number, is_list) {
                (true, _) => "a whole number",
                (_, true) => "an array of attribute names",
                _ => "text",
            },
        )),
    }
}

#[cfg(test)]
mod tests {
    use scim_core::{ErrorKind, limits};

    use super::*;

    #[test]
    fn q07_queries_are_decoded_once() {
        let parameters =
            Parameters::parse("filter=userName+eq%20%22a%2Bb%2541%22&&COUNT=5&odd=%").unwrap();
        assert_eq!(parameters.filter.as_deref(), Some("userName eq \"a+b%41\""));
        assert_eq!(parameters.count.as_deref(), Some("5"));
        assert_eq!(Parameters::parse("").unwrap(), Parameters::default());
        assert!(Parameters::parse("count=1&count=2").is_err());
        assert!(Parameters::parse("filter=%ff").is_err());
    }

    #[test]
    fn l08_l09_a_search_request_means_the_same_as_a_query() {
        let body = |body: &str| {
            Parameters::search_request(serde_json::from_str(body).unwrap()).map_err(|e| e.kind())
        };
        let urn = urn::SEARCH_REQUEST;
        let json = format!(
            r#"{{"schemas":["{urn}"],"filter":"a pr","startIndex":3,"COUNT":5,"attributes":["a","b.c"],"sortBy":"x","sortOrder":null}}"#
        );
        let query = "filter=a+pr&startIndex=3&count=5&attributes=a,b.c&sortBy=x";
        assert_eq!(body(&json), Ok(Parameters::parse(query).unwrap()));
        let texts =
            r#"{"filter":"a pr","startIndex":"3","count":"5","attributes":"a,b.c","sortBy":"x"}"#;
        assert_eq!(body(texts), Ok(Parameters::parse(query).unwrap()));
        for (odd, kind) in [
            ("[]".to_owned(), ErrorKind::InvalidSyntax),
            (r#"{"schemas":["x"]}"#.to_owned(), ErrorKind::InvalidSyntax),
            (r#"{"count":"5x"}"#.to_owned(), ErrorKind::InvalidValue),
            (r#"{"count":true}"#.to_owned(), ErrorKind::InvalidValue),
            (
                format!(r#"{{"schemas":["{urn}"],"filter":5}}"#),
                ErrorKind::InvalidValue,
            ),
            (
                format!(r#"{{"schemas":["{urn}"],"attributes":[5]}}"#),
                ErrorKind::InvalidValue,
            ),
            (
                format!(r#"{{"schemas":["{urn}"],"count":1.5}}"#),
                ErrorKind::InvalidValue,
            ),
        ] {
            let error = body(&odd).and_then(|given| {
                scim_core::list::Count::parse(given.count.as_deref(), limits::PAGE)
                    .map_err(|e| e.kind())
            });
            assert_eq!(error, Err(kind), "{odd}");
        }
    }
}
