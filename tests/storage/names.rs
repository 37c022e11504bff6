//! Unique names, and lookups of values that need not be unique.

use serde_json::json;

use crate::support::Target;
use crate::support::client::{USER, group, user};
use crate::support::listed::found;
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn u08_m14_a_rename_frees_the_old_name_at_once_and_takes_the_new_one() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let path = format!("/Users/{id}");
    client
        .patch(
            &path,
            json!([{ "op": "replace", "path": "userName", "value": "berta" }]),
        )
        .await
        .expect(200);
    client
        .post("/Users", &json!({ "schemas": [USER], "userName": "BERTA" }))
        .await
        .expect(409);
    let second = client.create_user("anna").await;
    client
        .put(&path, &json!({ "schemas": [USER], "userName": "Anna" }))
        .await
        .expect(409);
    client
        .put(&path, &json!({ "schemas": [USER], "userName": "clara" }))
        .await
        .expect(200);
    client.create_user("berta").await;
    assert_eq!(
        found(&client, "/Users", r#"userName eq "ANNA""#).await,
        [second].into()
    );
    assert_eq!(
        found(&client, "/Users", r#"userName eq "clara""#).await,
        [id].into()
    );
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("user#userName"), ["anna", "berta", "clara"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn u08_another_case_of_the_own_name_is_no_conflict() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let rename = json!([{ "op": "replace", "path": "userName", "value": "Anna" }]);
    let patched = client.patch(&path, rename).await.expect(200).json();
    assert_eq!(patched["userName"], "Anna");
    let replaced = client.put(&path, &user("ANNA")).await.expect(200).json();
    assert_eq!(replaced["userName"], "ANNA");
    let path = format!("/Groups/{}", client.create_group("Straße", &[]).await);
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "STRASSE" }]);
    client.patch(&path, rename).await.expect(204);
    client.put(&path, &group("strasse", &[])).await.expect(200);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn y04_a_deletion_frees_the_name() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for _ in 0..3 {
        let id = client.create_user("anna").await;
        client.post("/Users", &user("Anna")).await.expect(409);
        client.delete(&format!("/Users/{id}")).await.expect(204);
        let id = client.create_group("Sales", &[]).await;
        client
            .post("/Groups", &group("SALES", &[]))
            .await
            .expect(409);
        client.delete(&format!("/Groups/{id}")).await.expect(204);
    }
    let table = sound(&target, &client).await;
    assert!(table.keys("user#userName").is_empty() && table.keys("group#displayName").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_a_deactivated_user_holds_its_name() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    client.patch(&format!("/Users/{id}"), off).await.expect(200);
    client.post("/Users", &user("anna")).await.expect(409);
    assert_eq!(
        found(
            &client,
            "/Users",
            r#"userName eq "anna" and active eq false"#
        )
        .await,
        [id].into()
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i06_two_users_may_have_one_external_id_and_one_address() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let shared = |name: &str| {
        let emails = json!([{ "value": "Team@example.com" }]);
        json!({ "schemas": [USER], "userName": name, "externalId": "E-1", "emails": emails })
    };
    let one = client.post("/Users", &shared("one")).await.expect(201).id();
    let two = client.post("/Users", &shared("two")).await.expect(201).id();
    let both = [one.clone(), two.clone()].into();
    assert_eq!(
        found(&client, "/Users", r#"externalId eq "E-1""#).await,
        both
    );
    assert_eq!(
        found(&client, "/Users", r#"externalId eq "e-1""#).await,
        [].into(),
        "it is caseExact"
    );
    assert_eq!(
        found(&client, "/Users", r#"emails.value eq "team@EXAMPLE.com""#).await,
        both
    );
    client.delete(&format!("/Users/{one}")).await.expect(204);
    assert_eq!(
        found(&client, "/Users", r#"externalId eq "E-1""#).await,
        [two.clone()].into()
    );
    assert_eq!(
        found(&client, "/Users", r#"emails eq "team@example.com""#).await,
        [two].into()
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q01_q02_q03_spellings_of_one_name_are_one_name() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client
        .post("/Users", &user("Zo\u{eb}.M\u{dc}LLER"))
        .await
        .expect(201)
        .id();
    for same in [
        "zoe\u{308}.mu\u{308}ller",
        "ZOË.müller",
        "\u{ff5a}oë.müller",
    ] {
        client.post("/Users", &user(same)).await.expect(409);
        let filter = format!("userName eq \"{same}\"");
        assert_eq!(
            found(&client, "/Users", &filter).await,
            [id.clone()].into(),
            "{same}"
        );
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_separators_and_wild_cards_in_values_are_plain_data() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let odd = [
        "a",
        "a#",
        "a#b",
        "#",
        "a\u{10ffff}",
        "a~",
        "%",
        "a' OR '1'='1",
        "a\\\"b",
        "tenants",
        "é\u{1f600}",
    ];
    let mut ids = Vec::new();
    for (number, value) in odd.iter().enumerate() {
        let body = json!({
            "schemas": [USER], "userName": format!("u{number}"), "externalId": value,
            "emails": [{ "value": value }]
        });
        ids.push(client.post("/Users", &body).await.expect(201).id());
    }
    for (value, id) in odd.iter().zip(&ids) {
        for attribute in ["externalId", "emails.value"] {
            let filter = format!("{attribute} eq {}", json!(value));
            assert_eq!(
                found(&client, "/Users", &filter).await,
                [id.clone()].into(),
                "{filter}"
            );
        }
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_a_refused_write_leaves_no_trace() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("anna").await;
    let id = client.create_user("berta").await;
    let path = format!("/Users/{id}");
    let before = client.get(&path).await.text;
    let whole = json!({
        "schemas": [USER], "userName": "anna", "externalId": "new", "emails": [{ "value": "new@b" }]
    });
    client.post("/Users", &whole).await.expect(409);
    client.put(&path, &whole).await.expect(409);
    let operations = json!([
        { "op": "replace", "path": "externalId", "value": "new" },
        { "op": "replace", "path": "userName", "value": "ANNA" },
    ]);
    client.patch(&path, operations).await.expect(409);
    assert_eq!(client.get(&path).await.text, before);
    assert_eq!(
        found(&client, "/Users", r#"externalId eq "new""#).await,
        [].into()
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q02_decomposed_names_of_users_and_groups_are_the_composed_ones() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let hangul = "\u{1100}\u{1175}\u{11b7}\u{110e}\u{1165}\u{11af}";
    let id = client.create_user(hangul).await;
    let path = format!("/Users/{id}");
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(read["userName"], hangul, "as it was sent");
    client.post("/Users", &user("김철")).await.expect(409);
    for name in [hangul, "김철"] {
        let filter = format!("userName eq \"{name}\"");
        assert_eq!(found(&client, "/Users", &filter).await, [id.clone()].into());
    }
    let adlam = client.create_user("𞤀𞤣𞤤𞤢𞤥").await;
    let filter = "userName sw \"𞤢𞤣\"";
    assert_eq!(found(&client, "/Users", filter).await, [adlam].into());
    let group_id = client.create_group("Su\u{308}d", &[]).await;
    client.post("/Groups", &group("SÜD", &[])).await.expect(409);
    for filter in [
        "displayName eq \"süd\"",
        "displayName eq \"SU\u{308}D\"",
        "displayName sw \"sü\"",
        "displayName co \"u\u{308}\"",
    ] {
        let groups = found(&client, "/Groups", filter).await;
        assert_eq!(groups, [group_id.clone()].into(), "{filter}");
    }
    let one = format!("/Groups/{group_id}");
    client.put(&one, &group("Süd", &[])).await.expect(200);
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("group#displayName"), ["süd"]);
    client.delete(&one).await.expect(204);
    client.create_group("Su\u{308}d", &[]).await;
    sound(&target, &client).await;
}
