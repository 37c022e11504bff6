//! Reads and checks the members of a request.

use serde_json::Value;

use super::super::Exception;
use super::CURRENT;

pub(super) fn invalid(message: impl Into<String>) -> Exception {
    Exception::new("InvalidParameterException", message)
}

pub(super) fn missing(message: String) -> Exception {
    Exception::new("ResourceNotFoundException", message)
}

pub(super) fn exists(message: String) -> Exception {
    Exception::new("ResourceExistsException", message)
}

pub(super) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

pub(super) fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, Exception> {
    text(input, name)
        .filter(|v| !v.is_empty())
        .ok_or_else(|| invalid(format!("The parameter {name} is missing.")))
}

pub(super) fn check_name(name: &str) -> Result<(), Exception> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if name.len() > 512 || !name.chars().all(allowed) {
        return Err(Exception::new(
            "ValidationException",
            "Invalid name. Use letters, digits and /_+=.@-, at most 512.",
        ));
    }
    Ok(())
}

pub(super) fn stages(input: &Value) -> Result<Vec<String>, Exception> {
    let Some(given) = input.get("VersionStages").filter(|v| !v.is_null()) else {
        return Ok(vec![CURRENT.to_owned()]);
    };
    let read = |list: &Vec<Value>| {
        list.iter()
            .map(|v| v.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    };
    let stages = given
        .as_array()
        .and_then(read)
        .filter(|list| !list.is_empty() && list.len() <= 20);
    stages.ok_or_else(|| invalid("VersionStages is a list of 1 to 20 labels."))
}

/// For each filter, the prefixes of which a name must match one.
pub(super) fn name_prefixes(input: &Value) -> Result<Vec<Vec<&str>>, Exception> {
    let filters = input
        .get("Filters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    filters
        .map(|filter| match text(filter, "Key") {
            Some("name") => {
                let values = filter
                    .get("Values")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                Ok(values.filter_map(Value::as_str).collect())
            }
            other => Err(invalid(format!(
                "the stand-in does not support the filter {}",
                other.unwrap_or("without a key")
            ))),
        })
        .collect()
}
