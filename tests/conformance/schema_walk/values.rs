//! Values that the announced types allow, and values that they do not.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

use super::announced::{Attribute, ResourceType, Schema, is, subs, text};
use crate::support::Client;

/// The source of legal values.
pub(super) struct Values {
    /// The possible members of a group: a group and two users.
    referred: [Value; 3],
    next: AtomicUsize,
}

impl Values {
    /// Creates the resources that values refer to.
    pub(super) async fn prepare(client: &Client) -> Self {
        let group = client.create_group("walked group", &[]).await;
        let users = [
            client.create_user("walked user 1").await,
            client.create_user("walked user 2").await,
        ];
        let member = |id: &str, kind: &str| {
            let location = format!("{}/{kind}s/{id}", client.base);
            json!({ "value": id, "$ref": location, "type": kind })
        };
        Self {
            referred: [
                member(&group, "Group"),
                member(&users[0], "User"),
                member(&users[1], "User"),
            ],
            next: AtomicUsize::new(100),
        }
    }

    /// Deletes these resources.
    pub(super) async fn clear(&self, client: &Client) {
        for one in &self.referred {
            let location = text(&one["$ref"]);
            let path = location
                .strip_prefix(&client.base)
                .expect("an own location");
            client.delete(path).await.expect(204);
        }
    }

    /// A new body with only the required attributes.
    pub(super) fn least(&self, of: &ResourceType) -> Value {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let mut body = json!({ "schemas": [of.schemas[0].urn] });
        for schema in of.schemas.iter().filter(|schema| schema.is_required) {
            self.fill(&mut body, schema, n);
        }
        body
    }

    /// The same with a value of an attribute. An extension also gets its required attributes, and an attribute that
    /// stays when this one is removed.
    pub(super) fn with(&self, attribute: &Attribute<'_>, value: Value) -> Value {
        let mut body = self.least(attribute.of);
        if attribute.schema.is_extension {
            self.fill(&mut body, attribute.schema, 1);
            let is_free = |one: &&Value| {
                *one != attribute.json
                    && is(one, "mutability", "readWrite")
                    && one["required"] != true
            };
            let beside = attribute.schema.attributes.iter().find(is_free);
            if let Some(beside) = beside.filter(|_| attribute.is_required()) {
                body[&attribute.schema.urn][text(&beside["name"])] = self.legal(beside, 1);
            }
        }
        attribute.put(&mut body, value);
        body
    }

    /// Sets what a schema requires; a required extension without required attributes gets any attribute.
    fn fill(&self, body: &mut Value, schema: &Schema, n: usize) {
        let required = schema
            .attributes
            .iter()
            .filter(|one| one["required"] == true);
        let mut given: Vec<&Value> = required.collect();
        if given.is_empty() && schema.is_extension && schema.is_required {
            let writable = |one: &&Value| !is(one, "mutability", "readOnly");
            given.extend(schema.attributes.iter().find(writable));
        }
        for attribute in given {
            let place = match schema.is_extension {
                true => &mut body[&schema.urn],
                false => &mut *body,
            };
            place[text(&attribute["name"])] = self.legal(attribute, n);
        }
    }

    /// The `n`th legal value of an attribute; values with different numbers differ in every sub-attribute.
    pub(super) fn legal(&self, attribute: &Value, n: usize) -> Value {
        let one = if refers(attribute) {
            self.referred[(n - 1) % 3].clone()
        } else if is(attribute, "type", "complex") {
            let parts = subs(attribute)
                .iter()
                .filter(|sub| !is(sub, "mutability", "readOnly"))
                .map(|sub| (text(&sub["name"]).to_owned(), self.legal(sub, n)));
            Value::Object(parts.collect::<Map<_, _>>())
        } else {
            scalar(attribute, n)
        };
        match attribute["multiValued"] == true {
            true => json!([one]),
            false => one,
        }
    }
}

/// Whether its values refer to other resources, which must exist.
fn refers(attribute: &Value) -> bool {
    let is_fixed = |sub: &&Value| is(sub, "name", "$ref") && is(sub, "mutability", "immutable");
    subs(attribute).iter().any(|sub| is_fixed(&sub))
}

/// A value of a simple attribute.
fn scalar(attribute: &Value, n: usize) -> Value {
    let name = text(&attribute["name"]);
    match text(&attribute["type"]) {
        "boolean" => json!(n >= 2),
        "integer" => json!(n),
        "decimal" => json!(f64::from(u32::try_from(n).expect("a small number")) + 0.25),
        "dateTime" => json!(format!("2011-05-13T04:{:02}:34Z", n % 60)),
        // Letters of both cases, so that case can matter.
        "binary" => json!(["QUJD", "QUJE", "QUJF", "QUJG"][n % 4]),
        "reference" => json!(format!("https://example.com/{name}/Aa{n}")),
        _ => match canonical(attribute).get(n - 1) {
            Some(word) => word.clone(),
            None => json!(formatted(name, n)),
        },
    }
}

fn canonical(attribute: &Value) -> &[Value] {
    attribute["canonicalValues"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// A text in the format of the attribute with this name.
fn formatted(name: &str, n: usize) -> String {
    let pick = |all: [&str; 3]| all[n % 3].to_owned();
    match name {
        "locale" => pick(["en-US", "de-CH", "fr-FR"]),
        "preferredLanguage" => pick(["en-US,en;q=0.8", "de-CH", "fr"]),
        "timezone" => pick(["America/Los_Angeles", "Europe/Zurich", "Asia/Tokyo"]),
        "country" => pick(["US", "CH", "FR"]),
        _ => format!("{name} Aa{n}"),
    }
}

/// Values of wrong types that not even a tolerant reader would accept.
pub(super) fn wrong(attribute: &Value) -> Vec<Value> {
    let mut wrong = match text(&attribute["type"]) {
        "boolean" => vec![json!("perhaps"), json!(1)],
        "integer" => vec![json!("five"), json!(5.5)],
        "decimal" => vec![json!("half"), json!(true)],
        "dateTime" => vec![json!("2011-05-13"), json!(5)],
        "binary" => vec![json!("***"), json!(5)],
        // Clients outside of SCIM send texts that are not URIs; the service stores and notes them.
        "reference" if attribute["referenceTypes"] == json!(["external"]) => {
            vec![json!(5), json!(false)]
        }
        "reference" => vec![json!("no uri"), json!(false)],
        "complex" => vec![json!(5), json!(true)],
        _ => vec![json!(5), json!({ "a": "b" })],
    };
    if attribute["multiValued"] == true {
        wrong.push(json!([wrong[0]]));
        wrong.push(json!([[["deep"]]]));
    } else if !is(attribute, "type", "complex") {
        wrong.push(json!([scalar(attribute, 1), scalar(attribute, 2)]));
    }
    wrong
}

/// The text with the case of each letter swapped.
pub(super) fn swapped(text: &str) -> String {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

/// All values at a path of names, in arrays or not.
pub(super) fn at<'v>(value: &'v Value, sub: Option<&str>) -> Vec<&'v Value> {
    let one = std::slice::from_ref(value);
    let values = value.as_array().map_or(one, Vec::as_slice);
    values
        .iter()
        .map(|value| sub.map_or(value, |sub| &value[sub]))
        .filter(|value| !value.is_null())
        .collect()
}

/// Whether a value that was read equals the written one. Sub-attributes that the service added are ignored, and an
/// absent `primary` means false.
pub(super) fn same(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len()
                && read
                    .iter()
                    .zip(written)
                    .all(|(one, other)| same(one, other))
        }
        (Value::Object(read), Value::Object(written)) => written.iter().all(|(name, part)| {
            let absent = name == "primary" && *part == json!(false);
            read.get(name).map_or(absent, |read| same(read, part))
        }),
        (read, written) => read == written,
    }
}

/// The names of the members of an object.
pub(super) fn names(value: &Value) -> BTreeSet<&str> {
    let parts = value.as_object().into_iter().flatten();
    parts.map(|(name, _)| name.as_str()).collect()
}
