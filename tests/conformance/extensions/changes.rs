//! Changes of a tenant's extension schemas: stored data stays, and is represented by the current schema.

use directory::Meter;
use keyring::TenantId;
use scim_core::Extensions;
use serde_json::{Value, json};
use service::clock::Ids;

use super::{BADGES, extension, path, user};
use crate::support::Target;
use crate::support::client::USER;
use crate::support::moving::start;
use crate::support::table::{sound, tenant_of};

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_another_process_changed_take_effect_within_60_seconds() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let id = client.create_user("a").await;
    let clients = &target.stack.services.clients;
    let clock = service::clock::Clock::system();
    let other = local::stack::service(clients, None, clock, Ids::system());
    let tenant = TenantId::parse(tenant_of(&client)).unwrap();
    let (now, meter) = (time.now(), Meter::default());
    let found = other
        .tenants()
        .read(&tenant, &meter)
        .await
        .unwrap()
        .unwrap();
    let attributes = json!([{ "name": "badge" }]);
    let extensions = Extensions::parse(&json!([extension("User", BADGES, attributes)])).unwrap();
    let mut extended = found.clone();
    extended.settings.extensions = extensions;
    let write = || Ids::system().write();
    let extended = other
        .tenants()
        .update(&found, extended, now, &write(), &meter)
        .await
        .unwrap();
    let add = json!([{ "op": "add", "path": path("badge"), "value": "B" }]);
    time.pass(60);
    let patched = client
        .patch(&format!("/Users/{id}"), add)
        .await
        .expect(200)
        .json();
    assert_eq!(patched[BADGES], json!({ "badge": "B" }));
    client.get(&format!("/Schemas/{BADGES}")).await.expect(200);
    let filter = format!("{BADGES}:badge eq \"b\"");
    assert_eq!(
        client.filter("/Users", &filter).await.expect(200).json()["totalResults"],
        1
    );
    let mut next = extended.clone();
    next.settings = found.settings.clone();
    other
        .tenants()
        .update(&extended, next, now, &write(), &meter)
        .await
        .unwrap();
    time.pass(60);
    client.get(&format!("/Schemas/{BADGES}")).await.expect(404);
    client.filter("/Users", &filter).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn i17_values_of_a_removed_extension_are_hidden_kept_by_patch_and_dropped_by_put() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let with = json!([extension("User", BADGES, json!([{ "name": "badge" }]))]);
    target.extend(&client, &with).await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        let created = client
            .post("/Users", &user(name, json!({ "badge": name })))
            .await;
        ids.push(created.expect(201).id());
    }
    let bare = || json!([]);
    target.extend(&client, &bare()).await;
    for id in &ids {
        let read = client.get(&format!("/Users/{id}")).await.expect(200).json();
        assert_eq!(read["schemas"], json!([USER]));
        assert!(read.get(BADGES).is_none(), "{read}");
        let named = client
            .get(&format!("/Users/{id}?attributes={BADGES}"))
            .await
            .expect(200);
        assert!(named.json().get(BADGES).is_none());
    }
    assert!(!client.get("/Users").await.expect(200).text.contains(BADGES));
    assert!(
        !client
            .filter("/Users", "userName pr")
            .await
            .expect(200)
            .text
            .contains(BADGES)
    );
    let operations = json!([{ "op": "replace", "value": { "title": "T" } }]);
    let patched = client
        .patch(&format!("/Users/{}", ids[0]), operations)
        .await
        .expect(200);
    assert!(!patched.text.contains(BADGES));
    let body = json!({ "schemas": [USER], "userName": "b" });
    client
        .put(&format!("/Users/{}", ids[1]), &body)
        .await
        .expect(200);
    target.extend(&client, &with).await;
    let kept = client
        .get(&format!("/Users/{}", ids[0]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&kept[BADGES], &kept["title"]),
        (&json!({ "badge": "a" }), &json!("T"))
    );
    let dropped = client
        .get(&format!("/Users/{}", ids[1]))
        .await
        .expect(200)
        .json();
    assert_eq!(dropped[BADGES], Value::Null);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i17_stored_values_are_read_with_the_current_schema() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let before = json!([
        { "name": "gone" }, { "name": "count" }, { "name": "flag" }, { "name": "list" },
        { "name": "single", "multiValued": true }, { "name": "several", "multiValued": true },
        { "name": "whole" }, { "name": "since" },
        { "name": "parts", "type": "complex", "subAttributes": [{ "name": "a" }, { "name": "b" }] }
    ]);
    target
        .extend(&client, &json!([extension("User", BADGES, before.clone())]))
        .await;
    let given = json!({ "gone": "g", "count": "5", "flag": "True", "list": "l", "single": ["s"],
        "several": ["s", "t"], "whole": "w", "since": "today", "parts": { "a": "1", "b": "2" } });
    let id = client
        .post("/Users", &user("u", given.clone()))
        .await
        .expect(201)
        .id();
    let at = format!("/Users/{id}");
    let after = json!([
        { "name": "count", "type": "integer" }, { "name": "flag", "type": "boolean" },
        { "name": "list", "multiValued": true }, { "name": "single" }, { "name": "several" },
        { "name": "whole", "type": "complex", "subAttributes": [{ "name": "x" }] },
        { "name": "since", "type": "dateTime", "mutability": "immutable" },
        { "name": "parts", "type": "complex", "subAttributes": [{ "name": "b" }] }
    ]);
    target
        .extend(&client, &json!([extension("User", BADGES, after)]))
        .await;
    let seen =
        json!({ "count": 5, "flag": true, "list": ["l"], "single": "s", "parts": { "b": "2" } });
    let read = client.get(&at).await.expect(200).json();
    assert_eq!(read[BADGES], seen);
    assert_eq!(
        client.get("/Users").await.expect(200).json()["Resources"][0][BADGES],
        seen
    );
    for (filter, found) in [
        ("flag eq true", 1),
        ("list eq \"L\"", 1),
        ("count pr", 1),
        ("count gt 1", 1),
        ("since pr", 0),
        ("whole pr", 0),
        ("whole.x pr", 0),
        ("several pr", 0),
        ("parts.b eq \"2\"", 1),
    ] {
        let answer = client
            .filter("/Users", &path(filter))
            .await
            .expect(200)
            .json();
        assert_eq!(answer["totalResults"], found, "{filter}");
    }
    for by in ["count", "flag", "several", "since", "whole.x"] {
        client
            .get(&format!("/Users?sortBy={}", path(by)))
            .await
            .expect(200);
    }
    let operations = json!([
        { "op": "add", "path": path("list"), "value": "m" },
        { "op": "add", "path": path("count"), "value": 6 },
        { "op": "add", "path": path("whole.x"), "value": "y" },
        { "op": "add", "path": path("since"), "value": "2024-01-01T00:00:00Z" },
        { "op": "remove", "path": path("single") }
    ]);
    let patched = client.patch(&at, operations).await.expect(200).json();
    let now = json!({ "count": 6, "flag": true, "list": ["l", "m"], "whole": { "x": "y" },
        "since": "2024-01-01T00:00:00Z", "parts": { "b": "2" } });
    assert_eq!(patched[BADGES], now);
    // Untouched data reappears under the schema with which it was stored.
    target
        .extend(&client, &json!([extension("User", BADGES, before)]))
        .await;
    let read = client.get(&at).await.expect(200).json();
    assert_eq!(
        read[BADGES],
        json!({ "gone": "g", "since": "2024-01-01T00:00:00Z", "flag": "True",
            "several": ["s", "t"], "parts": { "a": "1", "b": "2" } })
    );
    client.delete(&at).await.expect(204);
    sound(&target, &client).await;
}
