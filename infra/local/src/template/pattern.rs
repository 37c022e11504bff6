//! Lambda's event filter patterns, as far as the template uses them, with a few more comparisons. A pattern with an
//! unsupported comparison is an error, so that it cannot select the wrong records.

use serde_json::{Map, Value};

/// A filter pattern: members of a record with the rules for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Vec<(Vec<String>, Vec<MatchRule>)>);

/// A comparison of a member. One matching rule per member is enough.
#[derive(Debug, Clone, PartialEq)]
enum MatchRule {
    Equals(Value),
    Prefix(String),
    Suffix(String),
    Exists(bool),
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// When the pattern is malformed or uses an unsupported comparison.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pattern = serde_json::from_str::<Map<String, Value>>(text)
            .map_err(|error| format!("the pattern `{text}` is not a JSON object: {error}"))?;
        let mut places = Vec::new();
        collect(&pattern, &mut Vec::new(), &mut places)?;
        Ok(Self(places))
    }

    /// Whether the record matches, and so invokes the function.
    #[must_use]
    pub fn takes(&self, record: &Value) -> bool {
        self.0.iter().all(|(path, rules)| {
            let found = path.iter().try_fold(record, |at, name| at.get(name));
            rules.iter().any(|rule| rule.fits(found))
        })
    }
}

fn collect(
    pattern: &Map<String, Value>,
    path: &mut Vec<String>,
    places: &mut Vec<(Vec<String>, Vec<MatchRule>)>,
) -> Result<(), String> {
    for (name, inner) in pattern {
        path.push(name.clone());
        match inner {
            Value::Object(inner) => collect(inner, path, places)?,
            Value::Array(rules) => {
                let rules = rules
                    .iter()
                    .map(MatchRule::read)
                    .collect::<Result<_, _>>()?;
                places.push((path.clone(), rules));
            }
            other => {
                return Err(format!(
                    "`{other}` in a pattern is neither an object nor an array"
                ));
            }
        }
        path.pop();
    }
    Ok(())
}

impl MatchRule {
    fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(comparison) = value else {
            return Ok(Self::Equals(value.clone()));
        };
        let mut members = comparison.iter();
        match (members.next(), members.next()) {
            (Some((name, Value::String(text))), None) if name == "prefix" => {
                Ok(Self::Prefix(text.clone()))
            }
            (Some((name, Value::String(text))), None) if name == "suffix" => {
                Ok(Self::Suffix(text.clone()))
            }
            (Some((name, Value::Bool(flag))), None) if name == "exists" => Ok(Self::Exists(*flag)),
            _ => Err(format!(
                "the local poller does not support the comparison `{value}`"
            )),
        }
    }

    fn fits(&self, found: Option<&Value>) -> bool {
        let text = found.and_then(Value::as_str);
        match self {
            Self::Equals(value) => found == Some(value),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::Exists(flag) => found.is_some() == *flag,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_member_must_match_one_of_its_rules() {
        let record = json!({
            "eventName": "INSERT",
            "dynamodb": { "Keys": { "pk": { "S": "acme#task" } }, "NewImage": { "n": { "N": "1" } } }
        });
        for (pattern, takes) in [
            (r#"{}"#, true),
            (r#"{"eventName":["INSERT"]}"#, true),
            (r#"{"eventName":["MODIFY","INSERT"]}"#, true),
            (r#"{"eventName":["MODIFY"]}"#, false),
            (
                r##"{"dynamodb":{"Keys":{"pk":{"S":[{"suffix":"#task"}]}}}}"##,
                true,
            ),
            (
                r##"{"dynamodb":{"Keys":{"pk":{"S":[{"suffix":"#tas"}]}}}}"##,
                false,
            ),
            (
                r##"{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"acme#"}]}}}}"##,
                true,
            ),
            (
                r##"{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"cme#"}, "acme#task"]}}}}"##,
                true,
            ),
            (
                r#"{"dynamodb":{"OldImage":{"n":{"N":[{"exists":false}]}}}}"#,
                true,
            ),
            (
                r#"{"dynamodb":{"OldImage":{"n":{"N":[{"exists":true}]}}}}"#,
                false,
            ),
            (
                r#"{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["other"]}}}}"#,
                false,
            ),
        ] {
            let read = Pattern::parse(pattern).unwrap();
            assert_eq!(read.takes(&record), takes, "{pattern}");
        }
    }

    #[test]
    fn an_unsupported_pattern_is_an_error() {
        for pattern in [
            "x",
            "[]",
            r#"{"eventName":"INSERT"}"#,
            r#"{"n":[{"numeric":["=",1]}]}"#,
            r#"{"n":[{"prefix":"a","suffix":"b"}]}"#,
            r#"{"n":[{"exists":"yes"}]}"#,
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
