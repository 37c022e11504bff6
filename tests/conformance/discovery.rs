//! D-01 … D-17: discovery.

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{GROUP, USER, user};
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn list(client: &Client, path: &str) -> Vec<Value> {
    let json = client.get(path).await.expect(200).json();
    assert_eq!(
        json["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]),
        "D-06"
    );
    let resources = json["Resources"].as_array().unwrap().clone();
    assert_eq!(json["totalResults"], resources.len());
    assert_eq!(json["itemsPerPage"], resources.len());
    assert_eq!(json["startIndex"], 1);
    resources
}

#[tokio::test(flavor = "multi_thread")]
async fn e09_every_discovery_endpoint_answers() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (path, kind) in [
        ("/ServiceProviderConfig", "ServiceProviderConfig"),
        ("/ResourceTypes", "ListResponse"),
        ("/ResourceTypes/Group", "ResourceType"),
        ("/Schemas", "ListResponse"),
        (&format!("/Schemas/{USER}"), "Schema"),
        (&format!("/Schemas/{ENTERPRISE}"), "Schema"),
    ] {
        let answer = client.get(path).await.expect(200).json();
        let urn = answer["schemas"][0].as_str().unwrap();
        assert_eq!(urn.rsplit(':').next(), Some(kind), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_d02_d03_d04_d05_the_configuration_has_every_part() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let config = client
        .get("/ServiceProviderConfig")
        .await
        .expect(200)
        .json();
    assert_eq!(
        config["schemas"],
        json!(["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"])
    );
    assert!(config.get("Resources").is_none());
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(config[feature]["supported"].is_boolean(), "{feature}");
    }
    assert!(config["bulk"]["maxOperations"].is_u64() && config["bulk"]["maxPayloadSize"].is_u64());
    assert_eq!(config["filter"]["maxResults"], 1_000);
    let schemes = config["authenticationSchemes"].as_array().unwrap();
    assert!(!schemes.is_empty());
    for scheme in schemes {
        let kinds = [
            "oauth",
            "oauth2",
            "oauthbearertoken",
            "httpbasic",
            "httpdigest",
        ];
        assert!(kinds.contains(&scheme["type"].as_str().unwrap()));
        assert!(scheme["name"].is_string() && scheme["description"].is_string());
    }
    assert_eq!(
        config["meta"]["resourceType"], "ServiceProviderConfig",
        "D-15"
    );
    assert_eq!(
        config["meta"]["location"],
        format!("{}/ServiceProviderConfig", client.base)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e05_d06_d07_d08_d09_d15_resource_types_are_listed_and_read_one_by_one() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let types = list(&client, "/ResourceTypes").await;
    let schemas = list(&client, "/Schemas").await;
    let published = |urn: &Value| schemas.iter().any(|schema| schema["id"] == *urn);
    let names: Vec<&str> = types
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["User", "Group"]);
    for one in &types {
        assert_eq!(
            one["schemas"],
            json!(["urn:ietf:params:scim:schemas:core:2.0:ResourceType"])
        );
        assert!(published(&one["schema"]), "D-08 {one}");
        for extension in one["schemaExtensions"].as_array().unwrap() {
            assert!(
                published(&extension["schema"]) && extension["required"].is_boolean(),
                "{extension}"
            );
        }
        let name = one["name"].as_str().unwrap();
        assert_eq!(one["meta"]["resourceType"], "ResourceType");
        assert_eq!(
            one["meta"]["location"],
            format!("{}/ResourceTypes/{name}", client.base)
        );
        assert_eq!(
            client
                .get(&format!("/ResourceTypes/{name}"))
                .await
                .expect(200)
                .json(),
            *one
        );
        let endpoint = one["endpoint"].as_str().unwrap();
        client.get(endpoint).await.expect(200);
        assert_eq!(endpoint, format!("/{name}s"), "E-05");
        assert!(one["description"].is_string() && one["id"] == one["name"]);
    }
    assert_eq!(
        types[0]["schemaExtensions"],
        json!([{ "schema": ENTERPRISE, "required": false }])
    );
    for name in ["Robot", "Users", "ServiceProviderConfig", "%20"] {
        scim_error(
            &client.get(&format!("/ResourceTypes/{name}")).await,
            404,
            name,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d09_d12_d13_d15_d17_schemas_are_listed_and_read_one_by_one() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let schemas = list(&client, "/Schemas").await;
    assert!(schemas.len() >= 3);
    for schema in &schemas {
        let id = schema["id"].as_str().unwrap();
        assert!(!id.contains(":api:messages:"), "D-13");
        assert_eq!(
            schema["schemas"],
            json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"])
        );
        assert_eq!(schema["meta"]["resourceType"], "Schema");
        assert_eq!(
            schema["meta"]["location"],
            format!("{}/Schemas/{id}", client.base)
        );
        for spelling in [
            id.to_owned(),
            id.to_uppercase(),
            id.replace(':', "%3A"),
            id.replace(':', "%3a"),
        ] {
            let one = client
                .get(&format!("/Schemas/{spelling}"))
                .await
                .expect(200)
                .json();
            assert_eq!(one, *schema, "D-17 {spelling}");
        }
        check_attributes(&schema["attributes"]);
    }
    for urn in [
        "urn:x",
        "urn:ietf:params:scim:api:messages:2.0:ListResponse",
        "User",
        "core:2.0:User",
    ] {
        scim_error(&client.get(&format!("/Schemas/{urn}")).await, 404, urn);
    }
}

/// D-12: every characteristic with its keywords.
fn check_attributes(attributes: &Value) {
    for attribute in attributes.as_array().unwrap() {
        let is = |name: &str, words: &[&str]| {
            let word = attribute[name].as_str().unwrap_or_default();
            assert!(words.contains(&word), "{name} of {attribute}");
        };
        let types = [
            "string",
            "boolean",
            "decimal",
            "integer",
            "dateTime",
            "binary",
            "reference",
            "complex",
        ];
        is("type", &types);
        is(
            "mutability",
            &["readOnly", "readWrite", "immutable", "writeOnly"],
        );
        is("returned", &["always", "never", "default", "request"]);
        is("uniqueness", &["none", "server", "global"]);
        for name in ["multiValued", "required", "caseExact"] {
            assert!(attribute[name].is_boolean(), "{name} of {attribute}");
        }
        assert!(!attribute["description"].as_str().unwrap().is_empty());
        let name = attribute["name"].as_str().unwrap();
        let (first, rest) = name.strip_prefix('$').unwrap_or(name).split_at(1);
        assert!(
            first.chars().all(|c| c.is_ascii_alphabetic()),
            "N-02 {name}"
        );
        assert!(
            rest.chars()
                .all(|c| c.is_ascii_alphanumeric() || "$-_".contains(c)),
            "N-02 {name}"
        );
        match attribute["type"] == "complex" {
            true => check_attributes(&attribute["subAttributes"]),
            false => assert!(attribute.get("subAttributes").is_none(), "{attribute}"),
        }
        assert_eq!(
            attribute["type"] == "reference",
            attribute.get("referenceTypes").is_some(),
            "{attribute}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_discovery_ignores_sorting_and_paging() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for path in ["/ResourceTypes", "/Schemas", "/ServiceProviderConfig"] {
        let whole = client.get(path).await.expect(200).text;
        for query in [
            "startIndex=2",
            "count=0",
            "count=1&startIndex=99",
            "sortBy=id&sortOrder=descending",
            "count=x",
        ] {
            let answer = client.get(&format!("{path}?{query}")).await.expect(200);
            assert_eq!(answer.text, whole, "{path}?{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_a_filter_on_discovery_is_403() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for path in [
        "/ResourceTypes",
        "/Schemas",
        "/ServiceProviderConfig",
        "/ResourceTypes/User",
        &format!("/Schemas/{USER}"),
    ] {
        let answer = client.filter(path, "name eq \"User\"").await;
        scim_error(&answer, 403, path);
    }
}

/// The attribute of a schema.
fn of<'s>(schema: &'s Value, name: &str) -> &'s Value {
    let attributes = schema["attributes"].as_array().unwrap();
    attributes.iter().find(|one| one["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_the_published_characteristics_of_users_are_enforced() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let schema = client.get(&format!("/Schemas/{USER}")).await.json();
    let name = of(&schema, "userName");
    assert_eq!(
        (&name["required"], &name["uniqueness"], &name["caseExact"]),
        (&json!(true), &json!("server"), &json!(false))
    );
    client
        .post("/Users", &json!({ "schemas": [USER] }))
        .await
        .expect(400);
    let id = client.create_user("anna").await;
    client.post("/Users", &user("ANNA")).await.expect(409);
    let path = format!("/Users/{id}");

    let password = of(&schema, "password");
    assert_eq!(
        (&password["mutability"], &password["returned"]),
        (&json!("writeOnly"), &json!("never"))
    );
    let mut body = user("anna");
    body["password"] = json!("correct horse");
    let shown = client
        .put(&format!("{path}?attributes=password,userName"), &body)
        .await
        .expect(200);
    assert!(
        !shown.text.contains("password") && !shown.text.contains("horse"),
        "A-05 {shown:?}"
    );

    assert_eq!(of(&schema, "groups")["mutability"], "readOnly");
    let set = json!([{ "op": "add", "path": "groups", "value": [{ "value": id }] }]);
    assert_eq!(client.patch(&path, set).await.error().1, "mutability");
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_the_published_characteristics_of_groups_are_enforced() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let schema = client.get(&format!("/Schemas/{GROUP}")).await.json();
    assert_eq!(of(&schema, "displayName")["required"], true, "X-01");
    client
        .post("/Groups", &json!({ "schemas": [GROUP] }))
        .await
        .expect(400);
    for part in of(&schema, "members")["subAttributes"].as_array().unwrap() {
        assert!(
            ["immutable", "readOnly"].contains(&part["mutability"].as_str().unwrap()),
            "X-02 {part}"
        );
    }
    let group = client
        .create_group("Sales", std::slice::from_ref(&id))
        .await;
    let change = json!([{ "op": "replace", "path": format!("members[value eq \"{id}\"].type"), "value": "Group" }]);
    assert_eq!(
        client
            .patch(&format!("/Groups/{group}"), change)
            .await
            .error()
            .1,
        "mutability"
    );
}
