//! PATCH of an extension in the dialects of the providers.

use serde_json::{Value, json};

use super::{BADGES, extended, path, user};
use crate::support::client::USER;
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn m12_m35_m36_m37_every_way_to_name_an_attribute_of_an_extension_is_understood() {
    let (target, client) = extended().await;
    let at = format!("/Users/{}", client.create_user("a").await);
    let device = |value: &str, kind: &str| json!({ "value": value, "type": kind });
    for (operations, after) in [
        // Okta: no path, the extension as an object.
        (
            json!([{ "op": "replace", "value": { (BADGES): { "badge": "B1", "FLOOR": 1 } } }]),
            json!({ "badge": "B1", "floor": 1 }),
        ),
        // No path, qualified names.
        (
            json!([{ "op": "add", "value": { (path("remote")): true, (path("office.site")): "Oslo" } }]),
            json!({ "badge": "B1", "floor": 1, "remote": true, "office": { "site": "Oslo" } }),
        ),
        // Entra ID: a qualified path for each, strings for booleans, words in upper case.
        (
            json!([
                { "op": "Replace", "path": path("remote"), "value": "False" },
                { "op": "Add", "path": path("office.room"), "value": 7 },
                { "op": "Remove", "path": path("floor") }
            ]),
            json!({ "badge": "B1", "remote": false, "office": { "site": "Oslo", "room": 7 } }),
        ),
        // The extension as a path; its URN in any case.
        (
            json!([{ "op": "add", "path": BADGES.to_uppercase(), "value": { "schemas": [BADGES],
                "tags": ["x"], "devices": [device("d1", "phone")] } }]),
            json!({ "badge": "B1", "remote": false, "office": { "site": "Oslo", "room": 7 },
                "tags": ["x"], "devices": [device("d1", "phone")] }),
        ),
        (
            json!([
                { "op": "add", "path": path("tags"), "value": ["y", "X"] },
                { "op": "add", "path": path("devices"), "value": device("d2", "laptop") },
                { "op": "replace", "path": path("devices[type eq \"phone\"].display"), "value": "P" },
                { "op": "replace", "path": path("office"), "value": { "room": 8 } }
            ]),
            json!({ "badge": "B1", "remote": false, "office": { "site": "Oslo", "room": 8 },
                "tags": ["x", "y"], "devices": [
                    { "value": "d1", "type": "phone", "display": "P" }, device("d2", "laptop")] }),
        ),
        (
            json!([
                { "op": "remove", "path": path("devices[value eq \"D1\"]") },
                { "op": "remove", "path": path("tags[value eq \"x\"]") },
                { "op": "remove", "path": path("office.site") },
                { "op": "replace", "path": path("remote"), "value": null },
                { "op": "replace", "value": { (path("badge")): [] } }
            ]),
            json!({ "office": { "room": 8 }, "tags": ["y"], "devices": [device("d2", "laptop")] }),
        ),
        // A path with `type` creates the value that it describes.
        (
            json!([{ "op": "add", "path": path("devices[type eq \"watch\"].value"), "value": "w" }]),
            json!({ "office": { "room": 8 }, "tags": ["y"], "devices": [device("d2", "laptop"),
                { "type": "watch", "value": "w" }] }),
        ),
        (json!([{ "op": "remove", "path": BADGES }]), Value::Null),
        (
            json!([{ "op": "add", "value": { (BADGES): { "badge": "B" } } }]),
            json!({ "badge": "B" }),
        ),
        (
            json!([{ "op": "replace", "value": { (BADGES): null } }]),
            Value::Null,
        ),
        (
            json!([{ "op": "add", "path": path("numbers"), "value": 3 }]),
            json!({ "numbers": [3] }),
        ),
        (
            json!([{ "op": "replace", "path": path("numbers"), "value": [] }]),
            Value::Null,
        ),
    ] {
        let patched = client
            .patch(&at, operations.clone())
            .await
            .expect(200)
            .json();
        assert_eq!(patched[BADGES], after, "{operations}");
        let schemas = if after.is_null() {
            json!([USER])
        } else {
            json!([USER, BADGES])
        };
        assert_eq!(patched["schemas"], schemas, "{operations}");
        assert_eq!(
            client.get(&at).await.expect(200).json()[BADGES],
            after,
            "{operations}"
        );
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_what_is_wrong_is_refused_and_changes_nothing() {
    let (_target, client) = extended().await;
    let given = json!({ "badge": "B", "serial": "S1", "tags": ["x"] });
    let created = client
        .post("/Users", &user("a", given.clone()))
        .await
        .expect(201);
    let at = format!("/Users/{}", created.id());
    let before = client.get(&at).await.text;
    for (operation, scim_type, detail) in [
        (
            json!({ "path": path("badge"), "value": 5 }),
            "invalidValue",
            "`<badges>:badge` must be text, not a number",
        ),
        (
            json!({ "path": path("tail"), "value": 5 }),
            "invalidPath",
            "the schema `<badges>` has no attribute `tail`",
        ),
        (
            json!({ "value": { (BADGES): { "tail": 5 } } }),
            "invalidPath",
            "the schema `<badges>` has no attribute `tail`",
        ),
        (
            json!({ "value": { (BADGES): { (path("badge")): "x" } } }),
            "invalidPath",
            "the schema `<badges>` has no attribute `<badges>:badge`",
        ),
        (
            json!({ "path": path("badge[value eq \"B\"]"), "value": "D" }),
            "noTarget",
            "no value matches `<badges>:badge[value eq \"B\"]`",
        ),
        (
            json!({ "path": path("tags[value eq \"z\"]"), "value": "C" }),
            "noTarget",
            "no value matches `<badges>:tags[value eq \"z\"]`",
        ),
        (
            json!({ "path": BADGES, "value": "x" }),
            "invalidValue",
            "`<badges>` must be an object with the extension's attributes",
        ),
        (
            json!({ "path": path("serial"), "value": "S2" }),
            "mutability",
            "`<badges>:serial` is immutable and cannot be changed",
        ),
        (
            json!({ "path": path("serial"), "value": null }),
            "mutability",
            "`<badges>:serial` is immutable and cannot be changed",
        ),
        (
            json!({ "path": BADGES, "value": null }),
            "mutability",
            "`<badges>:serial` is immutable and cannot be changed",
        ),
    ] {
        let mut operation = operation;
        operation["op"] = json!("replace");
        let operations =
            json!([{ "op": "replace", "path": path("badge"), "value": "C" }, operation]);
        let answer = client.patch(&at, operations).await;
        let detail = format!("operation 2: {}", detail.replace("<badges>", BADGES));
        assert_eq!(
            answer.error(),
            (400, scim_type.to_owned(), detail),
            "{operation}"
        );
        assert_eq!(client.get(&at).await.text, before, "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn n16_u06_an_immutable_value_is_set_once_and_stays() {
    let (_target, client) = extended().await;
    let at = format!("/Users/{}", client.create_user("a").await);
    let set = |value: &str| json!([{ "op": "add", "path": path("serial"), "value": value }]);
    client.patch(&at, set("S1")).await.expect(200);
    client.patch(&at, set("S1")).await.expect(200);
    client.patch(&at, set("s1")).await.expect(400);
    let detail = format!("`{BADGES}:serial` is immutable and cannot be changed");
    let refused = (400, "mutability".to_owned(), detail);
    for body in [
        user("a", json!({ "serial": "S2" })),
        user("a", json!({ "serial": null })),
        user("a", json!({ "badge": "B" })),
        json!({ "schemas": [USER], "userName": "a" }),
    ] {
        assert_eq!(client.put(&at, &body).await.error(), refused, "{body}");
    }
    let given = json!({ "badge": "B", "serial": "S1" });
    let put = client.put(&at, &user("a", given.clone())).await.expect(200);
    assert_eq!(put.json()[BADGES], given);
    client.delete(&at).await.expect(204);
}
