//! Checks that a tenant behaves as its `/ResourceTypes` and `/Schemas` announce: each attribute and sub-attribute,
//! its type, mutability, visibility, uniqueness and case, in POST, PUT, PATCH, filters, orders and projections.
//!
//! The walk has no knowledge of the schemas: [`walk`] reads them from the tenant, so it covers the tenant's own
//! extensions like the standard schemas.

mod announced;
mod changes;
mod queries;
mod readonly;
mod values;
mod writes;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::listed::total;
use crate::support::{Answer, Client, Target};
use announced::{Attribute, ResourceType};
use values::Values;

/// Walks all announced attributes of an empty tenant, and leaves it empty.
pub async fn walk(client: &Client) {
    let types = announced::read(client).await;
    let values = Values::prepare(client).await;
    let walk = Walk {
        client,
        values: &values,
    };
    for of in &types {
        walk.extensions(of).await;
    }
    stream::iter(types.iter().flat_map(ResourceType::attributes))
        .for_each_concurrent(
            4,
            |attribute| async move { walk.attribute(&attribute).await },
        )
        .await;
    values.clear(client).await;
    for of in &types {
        let left = client.get(&of.endpoint).await;
        assert_eq!(
            total(&left),
            0,
            "a refused request stored something: {left:?}"
        );
    }
}

/// A walk over one tenant.
#[derive(Clone, Copy)]
struct Walk<'w> {
    client: &'w Client,
    values: &'w Values,
}

/// A resource with a value of the attribute.
struct Subject {
    path: String,
    id: String,
    body: Value,
}

impl Walk<'_> {
    async fn attribute(&self, attribute: &Attribute<'_>) {
        if attribute.is("mutability", "readOnly") {
            return self.read_only(attribute).await;
        }
        if attribute.is("returned", "never") {
            return self.secret(attribute).await;
        }
        let one = self.create(attribute, 1).await;
        let two = self.create(attribute, 2).await;
        self.shown(attribute, &one).await;
        self.projections(attribute, &one).await;
        self.filters(attribute, &one, &two).await;
        self.orders(attribute, &one, &two).await;
        self.uniqueness(attribute, &one).await;
        self.wrong_types(attribute, &one).await;
        self.parts(attribute, &one).await;
        self.changes(attribute, &one).await;
        self.replacements(attribute, &one, &two).await;
        for subject in [one, two] {
            self.client.delete(&subject.path).await.expect(204);
        }
    }

    /// Creates a resource with the `n`th value of the attribute.
    async fn create(&self, attribute: &Attribute<'_>, n: usize) -> Subject {
        let value = self.values.legal(attribute.json, n);
        let body = self.values.with(attribute, value);
        let answer = self.client.post(&attribute.of.endpoint, &body).await;
        let created = attribute.expect(answer, &[201], &body);
        let id = created.id();
        Subject {
            path: format!("{}/{id}", attribute.of.endpoint),
            id,
            body,
        }
    }

    /// The current representation of a subject.
    async fn read(&self, subject: &Subject) -> Value {
        self.client.get(&subject.path).await.expect(200).json()
    }

    /// A required extension must be present, an optional one need not.
    async fn extensions(&self, of: &ResourceType) {
        for schema in of.schemas.iter().filter(|schema| schema.is_extension) {
            let mut body = self.values.least(of);
            let given = body.as_object_mut().expect("an object");
            given.remove(&schema.urn);
            let answer = self.client.post(&of.endpoint, &body).await;
            if schema.is_required {
                let (status, scim_type, detail) = answer.error();
                assert_eq!(
                    (status, scim_type.as_str()),
                    (400, "invalidValue"),
                    "{}",
                    schema.urn
                );
                assert!(detail.contains(&schema.urn), "{detail}");
            } else {
                let created = answer.expect(201).json();
                assert!(!created["schemas"].to_string().contains(&schema.urn));
                let path = format!("{}/{}", of.endpoint, created["id"].as_str().expect("an id"));
                self.client.delete(&path).await.expect(204);
            }
        }
    }

    /// Changes a subject; the response contains the attribute.
    async fn patch(
        &self,
        attribute: &Attribute<'_>,
        subject: &Subject,
        operation: &Value,
    ) -> Answer {
        let operations = match operation {
            Value::Array(_) => operation.clone(),
            one => json!([one]),
        };
        let path = attribute.only(&subject.path);
        self.client.patch(&path, operations).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i15_n03_n09_n14_n15_n16_n17_n19_n20_d14_published_characteristics_are_enforced() {
    let target = Target::start().await;
    walk(&target.tenant().await).await;
}
