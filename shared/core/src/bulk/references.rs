//! References to resources that the same request creates, RFC 7644 §3.7.2: `bulkId:` with a `bulkId`, as a value anywhere
//! in the data, at the end of a `$ref`, or in quotes in a PATCH path.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Action, BulkSubject, BulkTask};

const PREFIX: &str = "bulkId:";

/// The `bulkId` in a text that is a reference.
#[must_use]
pub fn named(text: &str) -> Option<&str> {
    text.split_at_checked(PREFIX.len())
        .filter(|(prefix, _)| prefix.eq_ignore_ascii_case(PREFIX))
        .map(|(_, bulk_id)| bulk_id)
}

/// A piece of text: a reference, or the text around it.
enum TextPart<'t> {
    Around(&'t str),
    Reference(&'t str),
}

/// Splits a text into references and other text; `name` is the attribute whose value it is.
fn parts<'t>(name: &str, text: &'t str) -> Vec<TextPart<'t>> {
    if let Some(bulk_id) = named(text) {
        return vec![TextPart::Reference(bulk_id)];
    }
    if name.eq_ignore_ascii_case("path") {
        let pieces = text.split('"').enumerate().map(|(at, piece)| {
            let quoted = named(piece).filter(|_| at % 2 == 1);
            quoted.map_or(TextPart::Around(piece), TextPart::Reference)
        });
        let mut parts = Vec::new();
        for piece in pieces {
            if !parts.is_empty() {
                parts.push(TextPart::Around("\""));
            }
            parts.push(piece);
        }
        return parts;
    }
    let tail = text.rfind('/').and_then(|at| {
        let (before, tail) = text.split_at_checked(at + 1)?;
        Some((before, named(tail)?))
    });
    match tail {
        Some((before, bulk_id)) => vec![TextPart::Around(before), TextPart::Reference(bulk_id)],
        None => vec![TextPart::Around(text)],
    }
}

/// Calls `each` with the attribute name and the text of every string in a value.
pub fn texts<'v>(value: &'v Value, name: &'v str, each: &mut dyn FnMut(&'v str, &'v str)) {
    match value {
        Value::String(text) => each(name, text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, name, each)),
        Value::Object(entries) => entries
            .iter()
            .for_each(|(name, value)| texts(value, name, each)),
        _ => {}
    }
}

impl BulkTask {
    /// The `bulkId`s of the resources that must be created before this operation.
    #[must_use]
    pub fn references(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        texts(&self.data, "", &mut |name, text| {
            for part in parts(name, text) {
                if let TextPart::Reference(bulk_id) = part {
                    found.insert(bulk_id);
                }
            }
        });
        if let Some(BulkSubject::Made(bulk_id)) = self.action.subject() {
            found.insert(bulk_id);
        }
        found
    }

    /// The body with references replaced by ids. Values whose reference has no id yet are left out, complex values such as
    /// members and managers as a whole.
    #[must_use]
    pub fn body(&self, id: &dyn Fn(&str) -> Option<String>) -> Value {
        match self.action {
            Action::Delete(_) => Value::Null,
            _ => filled(&self.data, "", id).unwrap_or_default(),
        }
    }
}

fn filled(value: &Value, name: &str, id: &dyn Fn(&str) -> Option<String>) -> Option<Value> {
    match value {
        Value::String(text) => parts(name, text)
            .into_iter()
            .map(|part| match part {
                TextPart::Around(text) => Some(text.to_owned()),
                TextPart::Reference(bulk_id) => id(bulk_id),
            })
            .collect::<Option<String>>()
            .map(Value::String),
        Value::Array(values) => Some(
            values
                .iter()
                .filter_map(|value| filled(value, name, id))
                .collect(),
        ),
        Value::Object(entries) => {
            let mut whole = serde_json::Map::new();
            for (name, value) in entries {
                match filled(value, name, id) {
                    Some(value) => {
                        whole.insert(name.clone(), value);
                    }
                    None if ["value", "$ref"]
                        .iter()
                        .any(|id| name.eq_ignore_ascii_case(id)) =>
                    {
                        return None;
                    }
                    None => {}
                }
            }
            Some(Value::Object(whole))
        }
        other => Some(other.clone()),
    }
}
