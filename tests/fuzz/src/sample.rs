//! Sample users and groups for the laws.

use std::sync::LazyLock;

use scim_core::{Attributes, Catalogue, Draft, ResourceKind, ResourceType, urn};
use serde_json::{Value, json};

pub fn of(kind: ResourceKind) -> &'static ResourceType {
    Catalogue::standard().resource_type(kind)
}

/// The normal form of attributes, or why they are invalid.
pub fn normal(kind: ResourceKind, attributes: &Attributes) -> Result<Attributes, String> {
    let mut body = attributes.clone();
    body.insert("schemas".to_owned(), json!([of(kind).schema.id]));
    Draft::parse(Value::Object(body), of(kind))
        .map(|draft| draft.attributes)
        .map_err(|error| error.detail().to_string())
}

/// Users and groups in normal form, with many attributes and with few.
pub static SAMPLES: LazyLock<Vec<(ResourceKind, Attributes)>> = LazyLock::new(|| {
    let full = json!({
        "externalId": "E1", "userName": "Bärbel.Ærø@example.com", "displayName": "Babs", "title": "",
        "name": { "formatted": "Ms. Bärbel J Ærø", "familyName": "Ærø", "givenName": "BÄRBEL" },
        "profileUrl": "https://example.com/babs", "active": true, "locale": "nb-NO",
        "emails": [
            { "value": "Babs@example.com", "type": "work", "primary": true },
            { "value": "babs@home.example.com", "type": "home", "display": "ß" },
            { "value": "c@d" }
        ],
        "roles": [{ "value": "a" }, { "value": "b", "type": "x", "primary": true }],
        "addresses": [
            { "type": "work", "country": "NO", "primary": true },
            { "type": "home", "country": "SE", "formatted": "1\n2" }
        ],
        "x509Certificates": [{ "value": "QUI=" }, { "value": "QUJD" }],
        (urn::ENTERPRISE_USER): { "department": "Sales", "manager": { "value": "m1", "$ref": "../Users/m1" } }
    });
    let samples = [
        (ResourceKind::User, full),
        (ResourceKind::User, json!({ "userName": "a" })),
        (
            ResourceKind::Group,
            json!({ "displayName": "G", "externalId": "x" }),
        ),
    ];
    samples
        .into_iter()
        .map(|(kind, sample)| {
            let given = sample.as_object().expect("an object");
            (kind, normal(kind, given).expect("a sample is sound"))
        })
        .collect()
});
