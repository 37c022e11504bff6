//! I-01 … I-18: common attributes of all resources, however they were written.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{GROUP, USER, group, user};
use crate::support::listed::total;
use crate::support::moving;
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn texts(value: &Value) -> Vec<&str> {
    let values = value.as_array().unwrap();
    values.iter().map(|one| one.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn i01_i02_i13_i14_schemas_follow_the_content_of_the_resource() {
    let target = Target::start().await;
    let client = target.tenant().await;
    // The client's `schemas` make no difference: unknown, repeated, in capitals, or without data.
    let named = json!([
        ENTERPRISE,
        USER.to_uppercase(),
        USER,
        USER,
        "urn:example:unknown"
    ]);
    let body = json!({ "schemas": named, "userName": "anna" });
    let created = client.post("/Users", &body).await.expect(201).json();
    assert_eq!(texts(&created["schemas"]), [USER]);
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let with_data =
        json!({ "schemas": [USER], "userName": "anna", (ENTERPRISE): { "department": "Sales" } });
    let set = json!([{ "op": "add", "path": format!("{ENTERPRISE}:costCenter"), "value": "5" }]);
    let unset = json!([{ "op": "remove", "path": format!("{ENTERPRISE}:costCenter") }]);
    let body = json!({ "schemas": [USER], "userName": "anna" });
    for (method, body, schemas, extension) in [
        (
            "PUT",
            with_data,
            vec![USER, ENTERPRISE],
            json!({ "department": "Sales" }),
        ),
        ("PUT", body, vec![USER], Value::Null),
        (
            "PATCH",
            set,
            vec![USER, ENTERPRISE],
            json!({ "costCenter": "5" }),
        ),
        ("PATCH", unset, vec![USER], Value::Null),
    ] {
        let answer = match method {
            "PUT" => client.put(&path, &body).await,
            _ => client.patch(&path, body).await,
        };
        let answered = answer.expect(200).json();
        let read = client.get(&path).await.json();
        let list = client.get("/Users").await.json()["Resources"][0].clone();
        for one in [answered, read, list] {
            assert_eq!(texts(&one["schemas"]), schemas);
            assert_eq!(one[ENTERPRISE], extension);
            assert!(one.get("department").is_none() && one.get("costCenter").is_none());
        }
    }
    let team = client.post("/Groups", &group("Team", &[])).await.json();
    assert_eq!(texts(&team["schemas"]), [GROUP]);
}

#[tokio::test(flavor = "multi_thread")]
async fn i03_i04_i05_ids_are_given_by_the_service_and_stay() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut ids = BTreeSet::new();
    let own = "2819c223-7f76-453a-919d-413861904646";
    for (path, with_id) in [("/Users", user("anna")), ("/Groups", group("Sales", &[]))] {
        let mut with_id = with_id;
        with_id["id"] = json!(own);
        for _ in 0..3 {
            let id = client.post(path, &with_id).await.expect(201).id();
            assert_ne!(id, own);
            // Hexadecimal digits alone cannot spell `bulkId`.
            assert!(id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-'));
            let one = format!("{path}/{id}");
            with_id["id"] = json!("other");
            let replaced = client.put(&one, &with_id).await.expect(200);
            assert_eq!(replaced.id(), id);
            let rename = json!([{ "op": "replace", "value": { "displayName": "Other" } }]);
            client.patch(&one, rename).await.expect_any(&[200, 204]);
            let only = client.get(&format!("{one}?attributes=displayName")).await;
            assert_eq!(only.id(), id);
            let without = client.get(&format!("{one}?excludedAttributes=id")).await;
            assert_eq!(without.id(), id);
            let other = if path == "/Users" {
                "/Groups"
            } else {
                "/Users"
            };
            scim_error(&client.get(&format!("{other}/{id}")).await, 404, other);
            if id.to_uppercase() != id {
                let capitals = format!("{path}/{}", id.to_uppercase());
                scim_error(&client.get(&capitals).await, 404, "another case");
            }
            client.delete(&one).await.expect(204);
            assert!(ids.insert(id), "an id was given twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i07_i08_i09_the_service_sets_meta() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let lies = json!({
        "resourceType": "Robot", "created": "2001-01-01T00:00:00Z", "lastModified": "2001-01-01T00:00:00Z",
        "location": "https://example.com/x", "version": "W/\"77\""
    });
    for (path, kind, body) in [
        ("/Users", "User", user("anna")),
        ("/Groups", "Group", group("Sales", &[])),
    ] {
        let mut body = body;
        body["meta"] = lies.clone();
        let now = |at: jiff::Timestamp| format!("{at:.3}");
        let born = now(time.now());
        let created = client.post(path, &body).await.expect(201);
        let one = format!("{path}/{}", created.id());
        let location = format!("{}{one}", client.base);
        let meta = |changed: &str, version: u32| {
            json!({
                "resourceType": kind, "created": born, "lastModified": changed, "location": location,
                "version": format!("W/\"{version}\"")
            })
        };
        assert_eq!(created.json()["meta"], meta(&born, 1));
        time.pass(7);
        assert_eq!(client.get(&one).await.json()["meta"], meta(&born, 1));
        body["externalId"] = json!("e1");
        let changed = now(time.now());
        let replaced = client.put(&one, &body).await.expect(200);
        assert_eq!(replaced.json()["meta"], meta(&changed, 2));
        for part in ["", ".created", ".version", ".location"] {
            let set = json!([{ "op": "replace", "path": format!("meta{part}"), "value": "x" }]);
            let (scim_type, _) = scim_error(&client.patch(&one, set).await, 400, part);
            assert_eq!(scim_type, "mutability", "meta{part}");
        }
        assert_eq!(client.get(&one).await.json()["meta"], meta(&changed, 2));
    }
}

/// A user as the client wrote it, and as the service should understand it.
fn written_and_understood() -> (Value, Value) {
    let written = json!({
        "schemas": [USER], "USERNAME": "Anna", "Active": "True", "shoeSize": 44, "title": null,
        "nickName": "", "addresses": [], "name": { "FamilyName": "Berg", "odd": 1, "givenName": null },
        "emails": [
            { "Value": "a@b", "TYPE": "work", "odd": { "deep": true } },
            { "value": "A@B", "type": "Work" },
            { "value": "", "type": "home" },
            { "value": "c@d", "primary": "true" }
        ],
        "urn:example:unknown": { "a": 1 },
        "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user": {
            "DEPARTMENT": "Sales", "odd": 1, "manager": { "value": "m1", "displayName": "Boss" }
        }
    });
    let understood = json!({
        "schemas": [USER, ENTERPRISE], "userName": "Anna", "active": true, "nickName": "",
        "name": { "familyName": "Berg" },
        "emails": [{ "value": "a@b", "type": "work" }, { "value": "c@d", "primary": true }],
        (ENTERPRISE): { "department": "Sales", "manager": { "value": "m1" } }
    });
    (written, understood)
}

fn bare(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let object = resource.as_object_mut().unwrap();
    for name in ["id", "meta"] {
        object.remove(name).unwrap();
    }
    resource
}

#[tokio::test(flavor = "multi_thread")]
async fn i16_i17_i18_c02_c11_responses_show_what_is_stored_and_not_what_was_sent() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (written, understood) = written_and_understood();
    let created = client.post("/Users", &written).await.expect(201);
    let path = format!("/Users/{}", created.id());
    let read = client.get(&path).await.expect(200).text;
    assert_eq!(read, created.text);
    assert_eq!(bare(&created.json()), understood);
    let replaced = client.put(&path, &written).await.expect(200).json();
    assert_eq!(bare(&replaced), understood);
    let mut written = written;
    for name in ["schemas", "shoeSize", "urn:example:unknown"] {
        written.as_object_mut().unwrap().remove(name);
    }
    let set = json!([{ "op": "replace", "value": written }]);
    let answer = client.patch(&path, set).await;
    // A PATCH names its target, so an unknown name in an extension is an error there.
    scim_error(&answer, 400, "an unknown name in a PATCH");
    assert_eq!(bare(&client.get(&path).await.json()), understood);
}

#[tokio::test(flavor = "multi_thread")]
async fn i10_every_location_that_is_answered_can_be_read() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let inner = client.create_group("Inner", &[]).await;
    let sales = client
        .create_group("Sales", &[anna.clone(), inner.clone()])
        .await;
    for path in [
        "/Users",
        "/Groups",
        "/ResourceTypes",
        "/Schemas",
        "/ServiceProviderConfig",
        &format!("/Users/{anna}"),
        &format!("/Groups/{sales}"),
    ] {
        let answer = client.get(path).await.expect(200).json();
        let one = [answer.clone()];
        let all = answer["Resources"]
            .as_array()
            .map_or(&one[..], Vec::as_slice);
        for resource in all {
            let location = resource["meta"]["location"].as_str().unwrap();
            assert_eq!(read(&client, location).await["meta"], resource["meta"]);
        }
    }
}

/// Reads the resource at a location.
async fn read(client: &Client, location: &str) -> Value {
    let path = location
        .strip_prefix(&client.base)
        .expect("a location of the tenant");
    client.get(path).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn x03_w11_references_between_users_and_groups_lead_to_them() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let inner = client.create_group("Inner", &[]).await;
    let sales = client
        .create_group("Sales", &[anna.clone(), inner.clone()])
        .await;
    let group = client.get(&format!("/Groups/{sales}")).await.json();
    let members = group["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    for member in members {
        let end = read(&client, member["$ref"].as_str().unwrap()).await;
        assert_eq!(end["id"], member["value"]);
        assert_eq!(end["meta"]["resourceType"], member["type"]);
    }
    let shown = client.get(&format!("/Users/{anna}")).await.json();
    assert_eq!(shown["groups"].as_array().unwrap().len(), 1);
    let membership = &shown["groups"][0];
    let end = read(&client, membership["$ref"].as_str().unwrap()).await;
    assert_eq!(end["id"], membership["value"]);
    assert_eq!(end["displayName"], membership["display"]);
    assert_eq!(membership["type"], "direct");
    // Only changes of a group change its users' `groups`.
    let path = format!("/Users/{anna}");
    let mut body = user("anna");
    for given in [json!([]), json!([{ "value": inner }])] {
        body["groups"] = given.clone();
        let replaced = client.put(&path, &body).await.expect(200).json();
        assert_eq!(replaced["groups"], shown["groups"], "PUT {given}");
        let created = json!({ "schemas": [USER], "userName": "other", "groups": given });
        let created = client.post("/Users", &created).await.expect(201);
        assert!(created.json().get("groups").is_none(), "POST {given}");
        client
            .delete(&format!("/Users/{}", created.id()))
            .await
            .expect(204);
    }
    for operation in [
        json!({ "op": "remove", "path": "groups" }),
        json!({ "op": "add", "path": "groups", "value": [{ "value": inner }] }),
        json!({ "op": "replace", "path": "groups.value", "value": inner }),
        json!({ "op": "remove", "path": format!("groups[value eq \"{sales}\"]") }),
    ] {
        let answer = client.patch(&path, json!([operation])).await;
        assert_eq!(
            scim_error(&answer, 400, &operation.to_string()).0,
            "mutability"
        );
    }
    let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{anna}\"]") }]);
    client
        .patch(&format!("/Groups/{sales}"), leave)
        .await
        .expect(204);
    assert!(client.get(&path).await.json().get("groups").is_none());
    assert_eq!(total(&client.get("/Users").await), 1);
}
