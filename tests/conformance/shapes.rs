//! Unusual shapes of values in every verb: a list that names no member is rejected and changes nothing, and the
//! wrapping that a provider adds around a value is removed (N-04, N-07, N-09, N-11, I-12).

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{BULK, PATCH, USER, group, patch, user};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// Lists that name no member.
fn nobody() -> [Value; 7] {
    [
        json!([{}]),
        json!([{ "value": "" }]),
        json!([{ "value": null }]),
        json!([null]),
        json!([""]),
        json!({}),
        json!(""),
    ]
}

async fn bulk(client: &Client, method: &str, path: &str, data: &Value) -> Value {
    let operation = json!({ "method": method, "path": path, "bulkId": "b", "data": data });
    let body = json!({ "schemas": [BULK], "Operations": [operation] });
    client.post("/Bulk", &body).await.expect(200).json()["Operations"][0].clone()
}

/// Sends a change that must be rejected, directly and in bulk, and checks that nothing has changed.
async fn refused(client: &Client, method: &str, path: &str, body: &Value, named: &str) {
    let before = match method {
        "POST" => Value::Null,
        _ => client.get(path).await.expect(200).json(),
    };
    let headers = [("content-type", "application/scim+json")];
    let answer = client
        .send(method, path, &headers, Some(body.to_string().into()))
        .await;
    let (scim_type, detail) = scim_error(&answer, 400, &body.to_string());
    assert_eq!(scim_type, "invalidValue", "{body}: {detail}");
    assert!(detail.contains(named), "{body}: {detail}");
    let result = bulk(client, method, path, body).await;
    assert_eq!(result["status"], "400", "{body}: {result}");
    assert_eq!(result["response"]["scimType"], "invalidValue");
    if method != "POST" {
        assert_eq!(client.get(path).await.expect(200).json(), before, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_u12_m04_a_list_of_members_that_names_nobody_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let sales = client
        .create_group("Sales", std::slice::from_ref(&anna))
        .await;
    let path = format!("/Groups/{sales}");
    for given in nobody() {
        let body = json!({ "schemas": group("x", &[])["schemas"], "displayName": "Sales", "members": given });
        refused(&client, "PUT", &path, &body, "`members[0]` has no `value`").await;
        let mut new = body.clone();
        new["displayName"] = json!("Other");
        refused(
            &client,
            "POST",
            "/Groups",
            &new,
            "`members[0]` has no `value`",
        )
        .await;
        for op in ["add", "replace", "remove"] {
            let by_path = patch(json!([{ "op": op, "path": "members", "value": given }]));
            refused(
                &client,
                "PATCH",
                &path,
                &by_path,
                "`members[0]` has no `value`",
            )
            .await;
        }
        for op in ["add", "replace"] {
            let without = patch(json!([{ "op": op, "value": { "members": given } }]));
            refused(
                &client,
                "PATCH",
                &path,
                &without,
                "`members[0]` has no `value`",
            )
            .await;
        }
    }
    let second = json!([{ "value": anna }, {}]);
    let second = patch(json!([{ "op": "replace", "path": "members", "value": second }]));
    refused(
        &client,
        "PATCH",
        &path,
        &second,
        "`members[1]` has no `value`",
    )
    .await;
    let nothing = json!([{ "op": "replace", "path": "members", "value": [] }]);
    client.patch(&path, nothing).await.expect(204);
    assert_eq!(
        client.get(&path).await.expect(200).json().get("members"),
        None
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_u12_m04_a_list_of_values_that_names_none_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut anna = user("anna");
    anna["emails"] =
        json!([{ "value": "a@b", "type": "work" }, { "value": "c@d", "type": "home" }]);
    anna["roles"] = json!([{ "value": "buyer" }]);
    let path = format!(
        "/Users/{}",
        client.post("/Users", &anna).await.expect(201).id()
    );
    for (name, given) in ["emails", "roles"]
        .into_iter()
        .flat_map(|name| nobody().map(|given| (name, given)))
    {
        let named = format!("`{name}[0]` has no value");
        let mut whole = anna.clone();
        whole[name] = given.clone();
        refused(&client, "PUT", &path, &whole, &named).await;
        whole["userName"] = json!("other");
        refused(&client, "POST", "/Users", &whole, &named).await;
        for op in ["add", "replace", "remove"] {
            let by_path = patch(json!([{ "op": op, "path": name, "value": given }]));
            refused(&client, "PATCH", &path, &by_path, &named).await;
        }
    }
    // Providers send a template even if the person lacks the value: in a whole resource it counts as no value, as the
    // change of one list it would clear that list.
    let template = json!([{ "value": "", "type": "home" }]);
    let operations = json!([{ "op": "replace", "path": "emails", "value": template }]);
    let named = "`emails[0]` has no value";
    refused(&client, "PATCH", &path, &patch(operations), named).await;
    anna["phoneNumbers"] = template;
    let answer = client.put(&path, &anna).await.expect(200).json();
    assert_eq!(answer.get("phoneNumbers"), None);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_v07_a_patch_without_operations_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let sales = client.create_group("Sales", &[]).await;
    let messages = [
        json!({ "schemas": [PATCH] }),
        json!({ "schemas": [PATCH], "Operations": null }),
        json!({ "schemas": [PATCH], "Operations": [] }),
        json!({ "schemas": [PATCH], "operations": [] }),
    ];
    for (path, status) in [
        (format!("/Users/{anna}"), 200),
        (format!("/Groups/{sales}"), 204),
    ] {
        let before = client.get(&path).await.expect(200);
        for message in &messages {
            let headers = [("content-type", "application/scim+json")];
            let answer = client
                .send("PATCH", &path, &headers, Some(message.to_string().into()))
                .await
                .expect(status);
            assert_eq!(answer.headers["etag"], "W/\"1\"", "{message}");
            let result = bulk(&client, "PATCH", &path, message).await;
            assert_eq!(result["status"], status.to_string(), "{message}");
            assert_eq!(result["version"], "W/\"1\"");
        }
        assert_eq!(client.get(&path).await.expect(200).text, before.text);
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n04_n07_n09_n11_values_come_out_of_their_wrappings_in_every_verb() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let document = r#"{"id":"1","value":"buyer","displayName":"Buyer"}"#;
    let given = json!({
        "title": [{ "value": "Guide" }], "nickName": { "value": "A" }, "active": { "value": "True" },
        "roles": [{ "value": document }], "profileUrl": " ", "photos": [{ "value": "my photo", "type": "photo" }]
    });
    let stored = json!({
        "title": "Guide", "nickName": "A", "active": true,
        "roles": [{ "value": "buyer", "display": "Buyer" }],
        "photos": [{ "value": "my photo", "type": "photo" }]
    });
    let with = |name: &str| {
        let mut body = json!({ "schemas": [USER], "userName": name });
        for (name, value) in given.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let posted = client.post("/Users", &with("posted")).await.expect(201);
    let path = format!("/Users/{}", client.create_user("put").await);
    let put = client.put(&path, &with("put")).await.expect(200);
    let path = format!("/Users/{}", client.create_user("patched").await);
    let mut answers = vec![posted.json(), put.json()];
    for operations in [
        json!([{ "op": "replace", "value": given }]),
        json!([{ "op": "add", "value": [given] }]),
        Value::Array(
            given
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| json!({ "op": "Add", "path": name, "value": value }))
                .collect(),
        ),
    ] {
        answers.push(client.patch(&path, operations).await.expect(200).json());
    }
    for answer in answers {
        for (name, value) in stored.as_object().unwrap() {
            assert_eq!(&answer[name], value, "{answer}");
        }
        assert_eq!(answer.get("profileUrl"), None);
    }
    let again = json!([{ "op": "Add", "path": "roles", "value": [{ "value": document }] }]);
    let answer = client.patch(&path, again).await.expect(200).json();
    assert_eq!(answer["roles"], stored["roles"]);
    let version = answer["meta"]["version"].clone();
    assert_eq!(version, "W/\"2\"", "nothing new changed the user once only");
    let gone = json!([{ "op": "Remove", "path": "roles", "value": [{ "value": document }] }]);
    let answer = client.patch(&path, gone).await.expect(200).json();
    assert_eq!(answer.get("roles"), None);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m24_m33_a_manager_is_removed_by_its_id() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let target = Target::start().await;
    let client = target.tenant().await;
    let boss = client.create_user("boss").await;
    let mut anna = user("anna");
    anna[ENTERPRISE] = json!({ "manager": { "value": boss }, "department": "Sales" });
    let path = format!(
        "/Users/{}",
        client.post("/Users", &anna).await.expect(201).id()
    );
    let by_id = |id: &str| json!([{ "op": "Remove", "path": format!("{ENTERPRISE}:manager[value eq \"{id}\"]") }]);
    let answer = client.patch(&path, by_id("other")).await;
    assert_eq!(scim_error(&answer, 400, "another manager").0, "noTarget");
    let answer = client.patch(&path, by_id(&boss)).await.expect(200).json();
    assert_eq!(answer[ENTERPRISE], json!({ "department": "Sales" }));
    sound(&target, &client).await;
}
