//! Values of every type are returned as sent, in every place.

use serde_json::{Value, json};

use super::{BADGES, TEAMS, every_type, extended, extension, group, path, user};
use crate::support::Target;
use crate::support::client::{GROUP, USER, encode};
use crate::support::listed::members;
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn d06_d08_d09_d12_extensions_are_published_like_the_others() {
    let (target, client) = extended().await;
    let types = client.get("/ResourceTypes").await.expect(200).json();
    let extensions = |index: usize| types["Resources"][index]["schemaExtensions"].clone();
    assert_eq!(
        extensions(0)[1],
        json!({ "schema": BADGES, "required": false })
    );
    assert_eq!(
        extensions(1),
        json!([{ "schema": TEAMS, "required": false }])
    );
    let schemas = client.get("/Schemas").await.expect(200).json();
    assert_eq!(schemas["totalResults"], 8);
    let published = schemas["Resources"].as_array().unwrap();
    for (index, entry) in every_type().as_array().unwrap().iter().enumerate() {
        let id = entry["schema"]["id"].as_str().unwrap();
        let listed = published.iter().find(|schema| schema["id"] == id).unwrap();
        let path = format!("/Schemas/{}", encode(&id.to_uppercase()));
        assert_eq!(client.get(&path).await.expect(200).json(), *listed);
        assert_eq!(
            listed["meta"]["location"],
            format!("{}/Schemas/{id}", client.base)
        );
        let names = |schema: &Value| -> Vec<Value> {
            let attributes = schema["attributes"].as_array().unwrap().iter();
            attributes
                .map(|attribute| attribute["name"].clone())
                .collect()
        };
        assert_eq!(names(listed), names(&entry["schema"]), "{index}");
        for attribute in listed["attributes"].as_array().unwrap() {
            for key in [
                "type",
                "multiValued",
                "required",
                "caseExact",
                "mutability",
                "returned",
                "uniqueness",
            ] {
                assert!(!attribute[key].is_null(), "{attribute} lacks {key}");
            }
        }
    }
    // A published schema can be given to another tenant.
    let again: Vec<Value> = published
        .iter()
        .filter(|schema| [BADGES, TEAMS].contains(&schema["id"].as_str().unwrap()))
        .zip(["User", "Group"])
        .map(|(schema, kind)| json!({ "resourceType": kind, "schema": schema }))
        .collect();
    let other = target.tenant().await;
    target.extend(&other, &json!(again)).await;
    let at_other = other.get("/Schemas").await.expect(200).text;
    assert_eq!(
        at_other.replace(&other.base, &client.base),
        client.get("/Schemas").await.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i13_i14_i18_every_type_of_value_is_read_as_it_was_sent() {
    let (target, client) = extended().await;
    let given = json!({
        "badge": "B-1", "code": "Xy", "remote": true, "floor": -3, "rate": 1.25,
        "since": "2024-02-29T08:00:00+02:00", "desk": "https://example.com/desks/7", "photo": "QUJD",
        "tags": ["red", "blue"], "numbers": [3, 1],
        "office": { "site": "Oslo", "room": 12, "open": false, "since": "2020-01-01T00:00:00Z" },
        "devices": [
            { "value": "d1", "type": "phone", "primary": true, "weight": 0.2 },
            { "value": "d2", "type": "laptop", "display": "Laptop" }
        ],
        "serial": "S1", "level": 7
    });
    let created = client
        .post("/Users", &user("all", given.clone()))
        .await
        .expect(201);
    assert_eq!(created.json()["schemas"], json!([USER, BADGES]));
    assert_eq!(created.json()[BADGES], given);
    let at = format!("/Users/{}", created.id());
    assert_eq!(client.get(&at).await.expect(200).json()[BADGES], given);
    // Names in any case, strings for booleans, a value for an array, a qualified name, unknown attributes.
    let sent = json!({ "schemas": [USER], "userName": "odd", (path("badge").to_uppercase()): "B-2",
        (BADGES.to_uppercase()): { "REMOTE": "True", "Tags": "red", "tail": 1, "floor": null, "numbers": [],
            "OFFICE": { "Room": 1, "tail": 2 }, "notes.x": 1, "urn:example:badges:1.0:User:code": "no" } });
    let created = client.post("/Users", &sent).await.expect(201).json();
    assert_eq!(created["schemas"], json!([USER, BADGES]));
    assert_eq!(
        created[BADGES],
        json!({ "badge": "B-2", "remote": true, "tags": ["red"], "office": { "room": 1 } })
    );
    let put = client
        .put(&at, &user("all", json!({ "badge": "B-3", "serial": "S1" })))
        .await;
    assert_eq!(
        put.expect(200).json()[BADGES],
        json!({ "badge": "B-3", "serial": "S1" })
    );
    for nothing in [
        json!({}),
        json!({ "badge": null, "tags": [], "office": {} }),
        json!(null),
    ] {
        let bare = client
            .post("/Users", &user("bare", nothing))
            .await
            .expect(201);
        assert_eq!(bare.json()["schemas"], json!([USER]), "U-03, I-12");
        assert_eq!(bare.json()[BADGES], Value::Null);
        client
            .delete(&format!("/Users/{}", bare.id()))
            .await
            .expect(204);
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n20_values_of_the_wrong_type_are_refused_with_the_whole_name_of_the_attribute() {
    let (_target, client) = extended().await;
    for (given, detail) in [
        (
            json!({ "badge": 5 }),
            "`<badges>:badge` must be text, not a number",
        ),
        (
            json!({ "remote": "perhaps" }),
            "`<badges>:remote` must be true or false, not `perhaps`",
        ),
        (
            json!({ "floor": 1.5 }),
            "`<badges>:floor` must be a whole number, not a decimal or very large number",
        ),
        (
            json!({ "rate": "one" }),
            "`<badges>:rate` must be a number, not `one`",
        ),
        (
            json!({ "since": "yesterday" }),
            r#"`<badges>:since` must be a dateTime such as "2011-05-13T04:42:34Z", not `yesterday`"#,
        ),
        (
            json!({ "tags": ["a", ""] }),
            "`<badges>:tags[1]` has no value; omit it, or send an empty array to remove all values",
        ),
        (
            json!({ "devices": [{}] }),
            "`<badges>:devices[0]` has no value; omit it, or send an empty array to remove all values",
        ),
        (
            json!({ "photo": "?" }),
            "`<badges>:photo` must be base64 text, not `?`",
        ),
        (
            json!({ "tags": ["a", 5] }),
            "`<badges>:tags[1]` must be text, not a number",
        ),
        (
            json!({ "office": { "room": "x" } }),
            "`<badges>:office.room` must be a whole number, not `x`",
        ),
        (
            json!({ "office": "Oslo" }),
            "`<badges>:office` must be an object of sub-attributes, not `Oslo`",
        ),
        (
            json!({ "devices": [{ "value": "a" }, { "primary": 1 }] }),
            "`<badges>:devices[1].primary` must be true or false, not a number",
        ),
        (
            json!("x"),
            "`<badges>` must be an object with the extension's attributes",
        ),
    ] {
        let (status, scim_type, told) = client
            .post("/Users", &user("a", given.clone()))
            .await
            .error();
        assert_eq!(
            (status, scim_type.as_str()),
            (400, "invalidValue"),
            "{given}"
        );
        assert_eq!(told, detail.replace("<badges>", BADGES), "{given}");
    }
    let twice = client
        .post("/Users", &user("a", json!({ "badge": "a", "BADGE": "b" })))
        .await;
    let detail =
        "`badge` and `BADGE` are the same name in one object, because names are not case-sensitive"
            .to_owned();
    assert_eq!(twice.error(), (400, "invalidSyntax".to_owned(), detail));
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_a_groups_extension_are_not_the_groups_own() {
    let (target, client) = extended().await;
    let ada = client.create_user("ada").await;
    let teams = json!({ "badge": "G1", "members": ["a", "b"], "displayName": "Other", "id": "x" });
    let mut body = group("Team", teams.clone());
    body["members"] = json!([{ "value": ada }]);
    let created = client.post("/Groups", &body).await.expect(201);
    assert_eq!(created.json()["schemas"], json!([GROUP, TEAMS]));
    assert_eq!(created.json()[TEAMS], teams);
    let at = format!("/Groups/{}", created.id());
    let operations = json!([
        { "op": "remove", "path": format!("{TEAMS}:members"), "value": ["a"] },
        { "op": "add", "value": { (TEAMS): { "members": ["c"] } } },
        { "op": "replace", "path": format!("{TEAMS}:displayName"), "value": "Else" }
    ]);
    client.patch(&at, operations).await.expect(204);
    assert_eq!(members(&client, &created.id()).await, [ada].into());
    let after = client.get(&at).await.expect(200).json();
    let teams = json!({ "badge": "G1", "members": ["b", "c"], "displayName": "Else", "id": "x" });
    assert_eq!(after[TEAMS], teams);
    assert_eq!(after["displayName"], "Team");
    let shown = format!("{at}?attributes={}", encode(&format!("{TEAMS}:members")));
    let shown = client.get(&shown).await.expect(200).json();
    assert_eq!(shown[TEAMS], json!({ "members": ["b", "c"] }));
    assert_eq!(shown["members"], Value::Null);
    for (filter, found) in [
        (format!("{TEAMS}:members eq \"C\""), 1),
        (format!("{TEAMS}:displayName eq \"Team\""), 0),
        (format!("{TEAMS}:displayName sw \"e\" and members pr"), 1),
        (format!("{TEAMS}:id eq \"X\""), 1),
    ] {
        let answer = client.filter("/Groups", &filter).await.expect(200);
        assert_eq!(answer.json()["totalResults"], found, "{filter}");
    }
    let put = client
        .put(&at, &group("Team", json!({ "badge": "G2" })))
        .await
        .expect(200);
    assert_eq!(put.json()[TEAMS], json!({ "badge": "G2" }));
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a01_a04_a06_n17_the_characteristic_returned_is_obeyed() {
    let (_target, client) = extended().await;
    let given = json!({ "badge": "B", "notes": "N", "level": 7 });
    let by_default = json!({ "badge": "B", "level": 7 });
    let created = client
        .post("/Users", &user("a", given.clone()))
        .await
        .expect(201);
    assert_eq!(created.json()[BADGES], given, "written by this request");
    let at = format!("/Users/{}", created.id());
    for (query, shown) in [
        (String::new(), by_default.clone()),
        ("?attributes=userName".to_owned(), json!({ "level": 7 })),
        (format!("?attributes={BADGES}"), given.clone()),
        (
            format!("?attributes={BADGES}:notes"),
            json!({ "notes": "N", "level": 7 }),
        ),
        (
            format!("?excludedAttributes={BADGES}"),
            json!({ "level": 7 }),
        ),
        (
            format!("?excludedAttributes={BADGES}:badge,{BADGES}:level"),
            json!({ "level": 7 }),
        ),
    ] {
        let answer = client.get(&format!("{at}{query}")).await.expect(200).json();
        assert_eq!(answer[BADGES], shown, "{query}");
        assert_eq!(answer["schemas"], json!([USER, BADGES]), "{query}");
        let listed = client
            .get(&format!("/Users{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(listed["Resources"][0][BADGES], shown, "{query}");
    }
    let put = client
        .put(&at, &user("a", json!({ "notes": "M" })))
        .await
        .expect(200);
    assert_eq!(put.json()[BADGES], json!({ "notes": "M" }));
    for (operation, shown) in [
        (
            json!({ "op": "replace", "path": "title", "value": "T" }),
            json!(null),
        ),
        (
            json!({ "op": "add", "path": path("notes"), "value": "M" }),
            json!({ "notes": "M" }),
        ),
        (
            json!({ "op": "replace", "value": { (BADGES): { "notes": "L" } } }),
            json!({ "notes": "L" }),
        ),
    ] {
        let patched = client
            .patch(&at, json!([operation]))
            .await
            .expect(200)
            .json();
        assert_eq!(patched[BADGES], shown, "{operation}");
        assert_eq!(patched["schemas"], json!([USER, BADGES]), "I-14");
    }
    let hidden = client.get(&at).await.expect(200).json();
    assert_eq!(hidden[BADGES], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn z01_tenants_have_their_own_extensions_of_the_same_names() {
    let target = Target::start().await;
    let (one, other, none) = (
        target.tenant().await,
        target.tenant().await,
        target.tenant().await,
    );
    let attributes = |kind: &str| json!([{ "name": "badge", "type": kind }]);
    target
        .extend(
            &one,
            &json!([extension("User", BADGES, attributes("integer"))]),
        )
        .await;
    target
        .extend(
            &other,
            &json!([extension("User", BADGES, attributes("string"))]),
        )
        .await;
    one.post("/Users", &user("a", json!({ "badge": 5 })))
        .await
        .expect(201);
    one.post("/Users", &user("b", json!({ "badge": "five" })))
        .await
        .expect(400);
    other
        .post("/Users", &user("a", json!({ "badge": "5" })))
        .await
        .expect(201);
    other
        .post("/Users", &user("b", json!({ "badge": 5 })))
        .await
        .expect(400);
    let filter = format!("{BADGES}:badge gt 4");
    assert_eq!(
        one.filter("/Users", &filter).await.expect(200).json()["totalResults"],
        1
    );
    other.filter("/Users", &filter).await.expect(400);
    let created = none
        .post("/Users", &user("a", json!({ "badge": 5 })))
        .await
        .expect(201);
    assert_eq!(created.json()["schemas"], json!([USER]));
    assert_eq!(created.json()[BADGES], Value::Null);
    let at = format!("/Users/{}", created.id());
    let unknown = format!("a User has no schema `{BADGES}`");
    let refused = none.filter("/Users", &filter).await.error();
    assert_eq!(refused, (400, "invalidFilter".to_owned(), unknown.clone()));
    let operations = json!([{ "op": "add", "path": path("badge"), "value": 5 }]);
    let refused = none.patch(&at, operations).await.error();
    assert_eq!(
        refused,
        (
            400,
            "invalidPath".to_owned(),
            format!("operation 1: {unknown}")
        )
    );
    none.get(&format!("/Schemas/{BADGES}")).await.expect(404);
    assert_eq!(
        none.get("/Schemas").await.expect(200).json()["totalResults"],
        6
    );
}
