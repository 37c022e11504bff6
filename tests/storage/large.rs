//! Values and resources at and above their limits.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::client::{GROUP, USER, group};
use crate::support::listed::{found, stamp, total};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// A text of this many bytes that differs from its counterpart in one letter, neither at the start nor at the end.
fn long(letter: char, bytes: usize) -> String {
    let mut text = "ä".repeat(bytes / 2 - 8);
    text.push(letter);
    text.push_str("0123456789abcde");
    text
}

/// The number of resources whose attribute starts with the text, as far as the text fits into a request line.
async fn starting(client: &Client, path: &str, attribute: &str, text: &str) -> usize {
    let start: String = text.chars().take(400).collect();
    found(client, path, &format!("{attribute} sw \"{start}\""))
        .await
        .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn long_values_are_stored_whole_and_told_apart() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (number, letter) in ['x', 'y'].into_iter().enumerate() {
        let text = long(letter, 60_000);
        let body = json!({
            "schemas": [USER], "userName": format!("u{number}"), "displayName": text, "externalId": text,
            "emails": [{ "value": text }]
        });
        let id = client.post("/Users", &body).await.expect(201).id();
        let read = client.get(&format!("/Users/{id}")).await.json();
        assert_eq!(
            (&read["externalId"], &read["emails"][0]["value"]),
            (&json!(text), &json!(text))
        );
    }
    for attribute in ["displayName", "externalId", "emails.value"] {
        assert_eq!(
            starting(&client, "/Users", attribute, &long('x', 60_000)).await,
            2,
            "{attribute}"
        );
    }
    let table = sound(&target, &client).await;
    assert_eq!(
        (
            table.keys("user#externalId").len(),
            table.keys("user#email").len()
        ),
        (2, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_of_groups_are_unique() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for letter in ['x', 'y'] {
        client.create_group(&long(letter, 60_000), &[]).await;
    }
    let taken = client
        .post("/Groups", &group(&long('X', 60_000).to_uppercase(), &[]))
        .await;
    assert_eq!(taken.error().1, "uniqueness");
    assert!(
        taken.text.len() < 1_000,
        "the name is cut short: {}",
        taken.text.len()
    );
    assert_eq!(
        starting(&client, "/Groups", "displayName", &long('x', 60_000)).await,
        2
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_longer_than_a_key_but_shorter_than_a_request_line_are_found_by_equality() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for bytes in [790, 799, 800, 801, 802, 900, 1_024, 1_100] {
        let text = |letter: char| long(letter, bytes - bytes % 2) + &"z".repeat(bytes % 2);
        for letter in ['x', 'y'] {
            let body = json!({
                "schemas": [USER], "userName": format!("u{bytes}{letter}"), "externalId": text(letter),
                "emails": [{ "value": text(letter) }]
            });
            let id = client.post("/Users", &body).await.expect(201).id();
            for attribute in ["externalId", "emails.value"] {
                let filter = format!("{attribute} eq \"{}\"", text(letter));
                assert_eq!(
                    found(&client, "/Users", &filter).await,
                    [id.clone()].into(),
                    "{bytes} {attribute}"
                );
            }
            let id = client.create_group(&text(letter), &[]).await;
            let filter = format!("displayName eq \"{}\"", text(letter));
            assert_eq!(
                found(&client, "/Groups", &filter).await,
                [id].into(),
                "{bytes}"
            );
        }
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_a_value_over_its_limit_is_refused_and_nothing_stored() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (name, text) in [
        ("externalId", "x".repeat(65_537)),
        ("userName", "x".repeat(513)),
    ] {
        let mut body = json!({ "schemas": [USER], "userName": "anna" });
        body[name] = json!(text);
        let (status, _, detail) = client.post("/Users", &body).await.error();
        assert!(
            (status == 400 || status == 413) && detail.contains(name),
            "{status} {detail}"
        );
    }
    assert_eq!(total(&client.get("/Users").await), 0);
    sound(&target, &client).await;
}

/// A user of about `bytes` bytes.
fn heavy(name: &str, bytes: usize) -> Value {
    let entitlements: Vec<Value> = (0..bytes / 50_000)
        .map(|n| json!({ "value": format!("{n}{}", "x".repeat(49_900)) }))
        .collect();
    json!({ "schemas": [USER], "userName": name, "entitlements": entitlements })
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_a_resource_over_the_limit_of_an_item_is_413_and_nothing_is_stored() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client
        .post("/Users", &heavy("large", 350_000))
        .await
        .expect(201)
        .id();
    let (status, _, detail) = client
        .post("/Users", &heavy("larger", 400_000))
        .await
        .error();
    assert_eq!(status, 413);
    assert!(detail.contains("389120"), "the limit is named: {detail}");

    let path = format!("/Users/{id}");
    let before = stamp(&client, &path).await;
    client
        .put(&path, &heavy("larger", 400_000))
        .await
        .expect(413);
    let add = json!([{ "op": "add", "path": "roles", "value": [{ "value": "r".repeat(60_000) }] }]);
    client.patch(&path, add).await.expect(413);
    assert_eq!(stamp(&client, &path).await, before);
    assert_eq!(total(&client.get("/Users").await), 1);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_at_the_limit_holds_with_everything_besides_the_resource() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut body = heavy("large", 350_000);
    // To the last byte below the limit of 389,120 for the stored resource.
    body["nickName"] = json!("n".repeat(39_000));
    body["password"] = json!("correct horse battery staple");
    let id = client.post("/Users", &body).await.expect(201).id();
    client
        .create_group("Sales", std::slice::from_ref(&id))
        .await;
    let path = format!("/Users/{id}");
    let rename = json!([{ "op": "replace", "path": "userName", "value": "larger" }]);
    client.patch(&path, rename).await.expect(200);
    client.delete(&path).await.expect(204);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_a_body_over_one_mebibyte_is_413() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let of = |bytes: usize| {
        let mut body = json!({ "schemas": [GROUP], "displayName": "Sales", "odd": "" });
        let missing = bytes - body.to_string().len();
        body["odd"] = json!("x".repeat(missing));
        Bytes::from(body.to_string())
    };
    for media in ["application/scim+json", "application/json"] {
        let headers = [("content-type", media)];
        let over = client
            .send("POST", "/Groups", &headers, Some(of(1_048_577)))
            .await;
        let (status, _, detail) = over.error();
        assert_eq!(status, 413);
        assert!(detail.contains("1048576"), "{detail}");
        let most = client
            .send("POST", "/Groups", &headers, Some(of(1_048_576)))
            .await;
        let id = most.expect(201).id();
        let path = format!("/Groups/{id}");
        client
            .send("PUT", &path, &headers, Some(of(1_048_577)))
            .await
            .expect(413);
        client
            .send("PATCH", &path, &headers, Some(of(1_048_577)))
            .await
            .expect(413);
        client.delete(&path).await.expect(204);
    }
    sound(&target, &client).await;
}

/// A user with `number` addresses that no other user has.
fn addressed(name: &str, number: usize) -> Value {
    let emails: Vec<Value> = (0..number)
        .map(|n| json!({ "value": format!("{name}{n}@example.com") }))
        .collect();
    json!({ "schemas": [USER], "userName": name, "externalId": name, "emails": emails })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_94_addresses_at_most_and_with_them_can_be_changed_and_deleted() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for number in [95, 1_000] {
        let (status, _, detail) = client
            .post("/Users", &addressed("anna", number))
            .await
            .error();
        assert_eq!(status, 413);
        assert!(
            detail.contains("`emails`") && detail.contains("94"),
            "{detail}"
        );
    }
    let id = client
        .post("/Users", &addressed("anna", 94))
        .await
        .expect(201)
        .id();
    let path = format!("/Users/{id}");
    assert_eq!(
        found(&client, "/Users", r#"emails eq "anna93@example.com""#).await,
        [id.clone()].into()
    );
    for name in ["Sales", "Support"] {
        client.create_group(name, std::slice::from_ref(&id)).await;
    }

    let before = stamp(&client, &path).await;
    client.put(&path, &addressed("berta", 1)).await.expect(413);
    let operation =
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "new@example.com" }] }]);
    client.patch(&path, operation).await.expect(413);
    assert_eq!(stamp(&client, &path).await, before);

    client.put(&path, &addressed("anna", 40)).await.expect(200);
    let mut renamed = addressed("berta", 54);
    renamed["externalId"] = json!("b");
    client.put(&path, &renamed).await.expect(200);
    sound(&target, &client).await;
    client.put(&path, &addressed("berta", 94)).await.expect(200);
    client.delete(&path).await.expect(204);
    let table = sound(&target, &client).await;
    assert!(table.keys("member").is_empty() && table.keys("user#email").is_empty());
}
