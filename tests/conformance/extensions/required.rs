//! Required attributes of an extension, RFC 7643 §6 and §7.

use serde_json::{Value, json};

use super::{BADGES, path, user};
use crate::support::client::USER;
use crate::support::{Client, Target};

fn badges(is_required: bool) -> Value {
    let office = json!([{ "name": "site", "required": true }, { "name": "room" }]);
    let attributes = json!([
        { "name": "badge", "required": true },
        { "name": "floor", "type": "integer" },
        { "name": "office", "type": "complex", "multiValued": true, "subAttributes": office }
    ]);
    let mut extension = super::extension("User", BADGES, attributes);
    extension["required"] = json!(is_required);
    json!([extension])
}

async fn tenant(is_required: bool) -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.extend(&client, &badges(is_required)).await;
    (target, client)
}

fn refused(scim_type: &str, detail: &str) -> (u16, String, String) {
    (
        400,
        scim_type.to_owned(),
        detail.replace("<badges>", BADGES),
    )
}

const EXTENSION: &str =
    "the extension `<badges>` is required; send its attributes in an object with this name";

#[tokio::test(flavor = "multi_thread")]
async fn i15_a_required_extension_must_be_there_with_what_it_requires() {
    let (_target, client) = tenant(true).await;
    let types = client.get("/ResourceTypes/User").await.expect(200).json();
    assert_eq!(
        types["schemaExtensions"][1],
        json!({ "schema": BADGES, "required": true })
    );
    let good = user("a", json!({ "badge": "B" }));
    let at = format!(
        "/Users/{}",
        client.post("/Users", &good).await.expect(201).id()
    );
    for (body, detail) in [
        (json!({ "schemas": [USER], "userName": "b" }), EXTENSION),
        (user("b", json!(null)), EXTENSION),
        (user("b", json!({})), EXTENSION),
        (
            user("b", json!({ "floor": 1 })),
            "`<badges>:badge` is required",
        ),
        (
            user("b", json!({ "badge": "" })),
            "`<badges>:badge` is empty",
        ),
        (
            user(
                "b",
                json!({ "badge": "B", "office": [{ "site": "x" }, { "room": "1" }] }),
            ),
            "`<badges>:office.site` is required",
        ),
    ] {
        assert_eq!(
            client.post("/Users", &body).await.error(),
            refused("invalidValue", detail),
            "{body}"
        );
        assert_eq!(
            client.put(&at, &body).await.error(),
            refused("invalidValue", detail),
            "{body}"
        );
    }
    let removed = "the extension `<badges>` is required and cannot be removed";
    let without = "`<badges>:badge` is required and cannot be removed";
    for (operations, scim_type, detail) in [
        (
            json!([{ "op": "remove", "path": BADGES }]),
            "mutability",
            removed,
        ),
        (
            json!([{ "op": "replace", "value": { (BADGES): null } }]),
            "mutability",
            removed,
        ),
        (
            json!([{ "op": "remove", "path": path("badge") }]),
            "mutability",
            removed,
        ),
        (
            json!([{ "op": "add", "path": path("floor"), "value": 1 }, { "op": "remove", "path": path("badge") }]),
            "mutability",
            without,
        ),
        (
            json!([{ "op": "add", "path": path("office"), "value": [{ "room": "1" }] }]),
            "invalidValue",
            "`<badges>:office.site` is required",
        ),
    ] {
        assert_eq!(
            client.patch(&at, operations.clone()).await.error(),
            refused(scim_type, detail),
            "{operations}"
        );
    }
    // Only the result of all operations counts.
    let operations = json!([
        { "op": "remove", "path": BADGES }, { "op": "add", "path": path("badge"), "value": "C" },
        { "op": "add", "path": path("office[site eq \"x\"].room"), "value": "1" }
    ]);
    let patched = client.patch(&at, operations).await.expect(200).json();
    assert_eq!(
        patched[BADGES],
        json!({ "badge": "C", "office": [{ "site": "x", "room": "1" }] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i15_an_optional_extension_may_be_absent_and_is_whole_when_it_is_there() {
    let (_target, client) = tenant(false).await;
    let at = format!("/Users/{}", client.create_user("a").await);
    let detail = "`<badges>:badge` is required";
    let refusal = client
        .post("/Users", &user("b", json!({ "floor": 1 })))
        .await
        .error();
    assert_eq!(refusal, refused("invalidValue", detail));
    let add_floor = json!([{ "op": "add", "path": path("floor"), "value": 1 }]);
    assert_eq!(
        client.patch(&at, add_floor.clone()).await.error(),
        refused("invalidValue", detail)
    );
    let both = json!([{ "op": "add", "path": path("floor"), "value": 1 },
        { "op": "add", "path": path("badge"), "value": "B" }]);
    client.patch(&at, both).await.expect(200);
    client.patch(&at, add_floor).await.expect(200);
    let without = json!([{ "op": "replace", "value": { (path("badge")): null } }]);
    let detail = "`<badges>:badge` is required and cannot be removed";
    assert_eq!(
        client.patch(&at, without).await.error(),
        refused("mutability", detail)
    );
    let removed = client
        .patch(&at, json!([{ "op": "remove", "path": BADGES }]))
        .await
        .expect(200);
    assert_eq!(removed.json()["schemas"], json!([USER]));
    client
        .put(&at, &json!({ "schemas": [USER], "userName": "a" }))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_from_before_something_was_required_can_still_be_changed() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let bare = format!("/Users/{}", client.create_user("bare").await);
    let attributes = json!([{ "name": "badge" }, { "name": "floor", "type": "integer" }]);
    target
        .extend(
            &client,
            &json!([super::extension("User", BADGES, attributes)]),
        )
        .await;
    let half = client
        .post("/Users", &user("half", json!({ "floor": 1 })))
        .await
        .expect(201);
    let half = format!("/Users/{}", half.id());
    target.extend(&client, &badges(true)).await;
    for at in [&bare, &half] {
        client.get(at).await.expect(200);
        let title = json!([{ "op": "replace", "value": { "title": "x" } }]);
        let changed = client.patch(at, title).await.expect(200).json();
        assert_eq!(changed["title"], "x");
        client
            .put(at, &json!({ "schemas": [USER], "userName": "x" }))
            .await
            .expect(400);
    }
    client
        .patch(
            &bare,
            json!([{ "op": "add", "path": path("floor"), "value": 2 }]),
        )
        .await
        .expect(400);
    client
        .patch(
            &half,
            json!([{ "op": "add", "path": path("floor"), "value": 2 }]),
        )
        .await
        .expect(200);
    for at in [&bare, &half] {
        client
            .patch(
                at,
                json!([{ "op": "add", "path": path("badge"), "value": "B" }]),
            )
            .await
            .expect(200);
        client
            .patch(at, json!([{ "op": "remove", "path": path("badge") }]))
            .await
            .expect(400);
    }
}
