//! The work of typical requests without storage. The benchmark measures its time, a test counts its allocations.

use std::hint::black_box;

use jiff::Timestamp;
use scim_core::effort::Effort;
use scim_core::filter::Filter;
use scim_core::list::{ListPage, PagePosition, StartIndex};
use scim_core::patch::{PatchRequest, apply};
use scim_core::projection::Projection;
use scim_core::resource::Meta;
use scim_core::{
    Attributes, Catalogue, Draft, Resource, ResourceId, ResourceKind, ResourceType, Version, urn,
};
use serde_json::{Value, json};

/// A repeatable piece of work.
pub struct Case {
    /// The name in the report.
    pub name: &'static str,
    /// The allocation budget.
    pub allocations: u64,
    /// Runs the work once.
    pub run: Box<dyn Fn()>,
}

/// Users on the page of [`PAGE_CASE`].
const PAGE: u64 = 100;
/// Base URL of the users' locations.
const BASE: &str = "https://scim.example.com/acme/scim/v2";

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    let of = Catalogue::standard().resource_type(ResourceKind::User);
    let case = |name, allocations, run| Case {
        name,
        allocations,
        run,
    };
    vec![
        case("read the body of a new user", 200, read(of)),
        case("parse and resolve a filter", 32, filter(of)),
        case("evaluate the filter on 100 users", 420, evaluate(of)),
        case("apply a PATCH of Okta", 130, patch(of, &okta())),
        case("apply a PATCH of Entra ID", 275, patch(of, &entra())),
        case(PAGE_CASE, 12_600, page(of)),
    ]
}

/// The case with a time limit.
pub const PAGE_CASE: &str = "read, represent, project and write a page of 100 users";

const FILTER: &str = r#"userName sw "ka" and (emails[type eq "work"].value co "@Contoso" or title pr) and active eq true"#;

/// The body that Entra ID sends for a new user.
fn body(number: u64) -> Value {
    let mail = format!("Kari.Nilsen{number}@contoso.example.com");
    json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "externalId": format!("0a21f0f2-8d2a-4f8e-bf98-{number:012}"),
        "userName": mail,
        "active": true,
        "displayName": "Kari Nilsen",
        "name": { "formatted": "Kari Nilsen", "familyName": "Nilsen", "givenName": "Kari" },
        "title": "Designer",
        "preferredLanguage": "nb-NO",
        "emails": [{ "value": mail, "type": "work", "primary": true }],
        "phoneNumbers": [
            { "value": "+47 22 22 22 22", "type": "work" },
            { "value": "+47 99 99 99 99", "type": "mobile" }
        ],
        "addresses": [{
            "type": "work", "streetAddress": "Storgata 1", "locality": "Oslo", "postalCode": "0155",
            "country": "NO"
        }],
        (urn::ENTERPRISE_USER): {
            "employeeNumber": number.to_string(), "department": "Finance",
            "manager": { "value": "26118915-6090-4610-87e4-49d8ca9f808d" }
        }
    })
}

fn draft(of: &ResourceType, body: Value) -> Draft {
    match Draft::parse(body, of) {
        Ok(draft) => draft,
        Err(error) => unreachable!("{error}"),
    }
}

fn users(of: &ResourceType) -> Vec<Resource> {
    let user = |number| Resource {
        kind: ResourceKind::User,
        id: ResourceId::parse(&format!("2819c223-7f76-453a-919d-{number:012}"))
            .unwrap_or_else(|| unreachable!("an id")),
        meta: Meta {
            created: Timestamp::UNIX_EPOCH,
            last_modified: Timestamp::UNIX_EPOCH,
            version: Version::FIRST,
        },
        attributes: draft(of, body(number)).attributes,
    };
    (0..PAGE).map(user).collect()
}

fn read(of: &'static ResourceType) -> Box<dyn Fn()> {
    let text = body(1).to_string();
    Box::new(move || {
        let body = serde_json::from_str(black_box(&text)).unwrap_or_default();
        black_box(draft(of, body));
    })
}

fn resolved(of: &'static ResourceType) -> scim_core::filter::Resolved<'static> {
    let filter = Filter::parse(black_box(FILTER)).and_then(|filter| filter.resolve(of));
    filter.unwrap_or_else(|error| unreachable!("{error}"))
}

fn filter(of: &'static ResourceType) -> Box<dyn Fn()> {
    Box::new(move || {
        black_box(resolved(of));
    })
}

fn evaluate(of: &'static ResourceType) -> Box<dyn Fn()> {
    let filter = resolved(of);
    let users: Vec<Attributes> = users(of)
        .iter()
        .map(|user| user.represent(of, BASE))
        .collect();
    Box::new(move || {
        let effort = Effort::of_request();
        let found = users
            .iter()
            .filter(|user| filter.matches(black_box(user), &effort) == Ok(true));
        assert_eq!(found.count(), users.len());
    })
}

/// A deactivation with a changed profile, as Okta sends it.
fn okta() -> Value {
    json!([{ "op": "replace", "value": {
        "active": false, "title": "Head of Design", "displayName": "Kari N.",
        "name": { "familyName": "Berg" }
    } }])
}

/// Changed attributes, as Entra ID sends them.
fn entra() -> Value {
    let manager = format!("{}:manager", urn::ENTERPRISE_USER);
    json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "kari@contoso.example.com" },
        { "op": "Add", "path": "phoneNumbers[type eq \"fax\"].value", "value": "+47 33 33 33 33" },
        { "op": "Replace", "path": "name.familyName", "value": "Berg" },
        { "op": "Add", "path": manager, "value": "26118915-6090-4610-87e4-49d8ca9f808e" },
        { "op": "Remove", "path": "addresses[type eq \"work\"].locality" }
    ])
}

fn patch(of: &'static ResourceType, operations: &Value) -> Box<dyn Fn()> {
    let text = json!({ "schemas": [urn::PATCH_OP], "Operations": operations }).to_string();
    let user = draft(of, body(1)).attributes;
    Box::new(move || {
        let body = serde_json::from_str(black_box(&text)).unwrap_or_default();
        let patched = PatchRequest::parse(body)
            .map_err(Into::into)
            .and_then(|request| apply(&request, of, &user, &user, None, &Effort::of_request()));
        assert!(patched.is_ok());
    })
}

/// A list response built from stored JSON text.
fn page(of: &'static ResourceType) -> Box<dyn Fn()> {
    let stored: Vec<(Resource, String)> = users(of)
        .into_iter()
        .map(|user| {
            let text = Value::Object(user.attributes.clone()).to_string();
            (user, text)
        })
        .collect();
    let projection = Projection::default();
    Box::new(move || {
        let show = |(user, text): &(Resource, String)| {
            let read = Resource {
                attributes: serde_json::from_str(black_box(text)).unwrap_or_default(),
                ..*user
            };
            Value::Object(projection.apply(of, read.into_representation(of, BASE)))
        };
        let page = ListPage {
            total: PAGE,
            place: PagePosition::Start(
                StartIndex::parse(None).unwrap_or_else(|error| unreachable!("{error}")),
            ),
            resources: stored.iter().map(show).collect(),
        };
        black_box(page.to_json().to_string());
    })
}
