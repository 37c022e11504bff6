//! The resource types, schemas and attributes that a tenant announces.

use serde_json::{Value, json};

use super::values::same;
use crate::support::{Answer, Client};

pub(super) struct ResourceType {
    pub(super) endpoint: String,
    /// The base schema and the extensions.
    pub(super) schemas: Vec<Schema>,
}

/// A schema in the context of a resource type.
pub(super) struct Schema {
    pub(super) urn: String,
    pub(super) is_extension: bool,
    pub(super) is_required: bool,
    pub(super) attributes: Vec<Value>,
}

/// An attribute of a resource type; not a sub-attribute.
pub(super) struct Attribute<'a> {
    pub(super) of: &'a ResourceType,
    pub(super) schema: &'a Schema,
    pub(super) json: &'a Value,
}

/// Reads the resource types and their schemas.
pub(super) async fn read(client: &Client) -> Vec<ResourceType> {
    let mut types = Vec::new();
    let announced = client.get("/ResourceTypes").await.expect(200).json();
    for one in announced["Resources"].as_array().expect("resource types") {
        let mut schemas = vec![schema(client, &one["schema"], None).await];
        for extension in one["schemaExtensions"].as_array().into_iter().flatten() {
            let required = extension["required"].as_bool();
            schemas.push(schema(client, &extension["schema"], required).await);
        }
        types.push(ResourceType {
            endpoint: text(&one["endpoint"]).to_owned(),
            schemas,
        });
    }
    types
}

async fn schema(client: &Client, urn: &Value, extension: Option<bool>) -> Schema {
    let urn = text(urn);
    let announced = client
        .get(&format!("/Schemas/{urn}"))
        .await
        .expect(200)
        .json();
    Schema {
        urn: urn.to_owned(),
        is_extension: extension.is_some(),
        is_required: extension.unwrap_or(true),
        attributes: announced["attributes"]
            .as_array()
            .expect("attributes")
            .clone(),
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Whether a characteristic has this value.
pub(super) fn is(json: &Value, characteristic: &str, word: &str) -> bool {
    json[characteristic] == word
}

pub(super) fn subs(json: &Value) -> &[Value] {
    json["subAttributes"].as_array().map_or(&[], Vec::as_slice)
}

impl ResourceType {
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.schemas.iter().flat_map(move |schema| {
            schema.attributes.iter().map(move |json| Attribute {
                of: self,
                schema,
                json,
            })
        })
    }
}

impl Attribute<'_> {
    pub(super) fn name(&self) -> &str {
        text(&self.json["name"])
    }

    pub(super) fn is(&self, characteristic: &str, word: &str) -> bool {
        is(self.json, characteristic, word)
    }

    pub(super) fn is_multi_valued(&self) -> bool {
        self.json["multiValued"] == true
    }

    /// Whether no request can remove its value.
    pub(super) fn always_has_a_value(&self) -> bool {
        self.qualified() == "urn:ietf:params:scim:schemas:core:2.0:User:active"
    }

    pub(super) fn is_required(&self) -> bool {
        self.json["required"] == true
    }

    /// The path that most clients use.
    pub(super) fn path(&self) -> String {
        match self.schema.is_extension {
            true => self.qualified(),
            false => self.name().to_owned(),
        }
    }

    pub(super) fn qualified(&self) -> String {
        format!("{}:{}", self.schema.urn, self.name())
    }

    /// The attribute's value in a representation.
    pub(super) fn of_resource(&self, resource: &Value) -> Value {
        match self.schema.is_extension {
            true => resource[&self.schema.urn][self.name()].clone(),
            false => resource[self.name()].clone(),
        }
    }

    /// Sets its value in a body.
    pub(super) fn put(&self, body: &mut Value, value: Value) {
        match self.schema.is_extension {
            true => body[&self.schema.urn][self.name()] = value,
            false => body[self.name()] = value,
        }
    }

    /// Removes it from a body.
    pub(super) fn remove(&self, body: &mut Value) {
        let place = match self.schema.is_extension {
            true => &mut body[&self.schema.urn],
            false => body,
        };
        if let Some(parts) = place.as_object_mut() {
            parts.remove(self.name());
        }
    }

    /// The object that names it without a path.
    pub(super) fn entry(&self, value: Value) -> Value {
        match self.schema.is_extension {
            true => json!({ (&self.schema.urn): { (self.name()): value } }),
            false => json!({ (self.name()): value }),
        }
    }

    /// The path of a resource with only this attribute in the projection.
    pub(super) fn only(&self, path: &str) -> String {
        format!("{path}?attributes={}", self.path())
    }

    /// Asserts that a response contains the written value.
    #[track_caller]
    pub(super) fn has(&self, answer: &Answer, value: &Value, how: &Value) {
        let read = self.of_resource(&answer.json());
        let path = self.qualified();
        assert!(same(&read, value), "{path}: {how}: {read} is not {value}");
    }

    /// The response, if it has one of these statuses.
    #[track_caller]
    pub(super) fn expect(&self, answer: Answer, statuses: &[u16], what: &Value) -> Answer {
        let status = answer.status.as_u16();
        assert!(
            statuses.contains(&status),
            "{}: {what}: {answer:?}",
            self.qualified()
        );
        answer
    }

    /// Asserts an error with one of these `scimType`s.
    #[track_caller]
    pub(super) fn refused(&self, answer: &Answer, kinds: &[&str], what: &Value) {
        assert!(
            answer.status.is_client_error(),
            "{}: {what}: {answer:?}",
            self.qualified()
        );
        let (status, kind, detail) = answer.error();
        let expected = if kind == "uniqueness" { 409 } else { 400 };
        assert_eq!(status, expected, "{}: {what}: {detail}", self.qualified());
        assert!(
            kinds.contains(&kind.as_str()),
            "{}: {what}: {kind} {detail}",
            self.qualified()
        );
    }
}
