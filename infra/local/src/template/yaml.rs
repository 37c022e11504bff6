//! Converts YAML with CloudFormation's short tags to JSON with their long forms.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::{TemplateError, fail};

/// The functions with a short tag. The long names of `Ref` and `Condition` have no `Fn::` prefix.
const TAGS: [&str; 22] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
];

/// Parses a template and expands short tags.
///
/// # Errors
/// When the text is not exactly one YAML document, or has a tag that CloudFormation does not define.
pub fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(|e| TemplateError(e.to_string()))?;
    match <[Yaml<'_>; 1]>::try_from(documents) {
        Ok([document]) => convert(&document),
        Err(documents) => fail(format!(
            "has {} YAML documents instead of one",
            documents.len()
        )),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(value(scalar)),
        Yaml::Sequence(items) => items
            .iter()
            .map(convert)
            .collect::<Result<_, _>>()
            .map(Value::Array),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(name, item)| Ok((member(name)?, convert(item)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        Yaml::Tagged(tag, inner) => long_form(&tag.suffix, convert(inner)?),
        Yaml::Representation(text, ..) => Ok(Value::from(text.as_ref())),
        Yaml::Alias(_) => fail("has an alias without its anchor".to_owned()),
        Yaml::BadValue => fail("has a value that does not match its YAML tag".to_owned()),
    }
}

fn value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::from(*flag),
        Scalar::Integer(number) => Value::from(*number),
        Scalar::FloatingPoint(number) => Value::from(number.into_inner()),
        Scalar::String(text) => Value::from(text.as_ref()),
    }
}

fn member(name: &Yaml<'_>) -> Result<String, TemplateError> {
    match convert(name)? {
        Value::String(name) => Ok(name),
        Value::Bool(name) => Ok(name.to_string()),
        Value::Number(name) => Ok(name.to_string()),
        other => fail(format!("has `{other}` as the name of a member")),
    }
}

fn long_form(tag: &str, argument: Value) -> Result<Value, TemplateError> {
    if !TAGS.contains(&tag) {
        return fail(format!(
            "has the tag `!{tag}`, which CloudFormation does not define"
        ));
    }
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => ("Fn::GetAtt".to_owned(), json!([resource, attribute])),
            None => return fail(format!("`!GetAtt {path}` names no attribute after a dot")),
        },
        (_, argument) => (format!("Fn::{tag}"), argument),
    };
    Ok(Value::Object(Map::from_iter([(name, argument)])))
}
