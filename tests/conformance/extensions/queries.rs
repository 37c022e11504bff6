//! Filters, sorting and projection by the attributes of an extension.

use serde_json::{Value, json};

use super::{BADGES, extended, extension, path, user};
use crate::support::client::{USER, encode};
use crate::support::listed::total;
use crate::support::{Client, Target};

async fn fill(client: &Client) {
    for (name, badges) in [
        (
            "ann",
            json!({ "badge": "Blue-7", "code": "a", "remote": true, "floor": 3, "rate": 0.5,
            "since": "2024-01-01T00:00:00Z", "desk": "/desks/7", "photo": "QUJD", "tags": ["North", "x"],
            "numbers": [1, 20], "office": { "site": "Oslo", "room": 12, "open": true },
            "devices": [{ "value": "p1", "type": "phone", "primary": true, "weight": 0.2 },
                { "value": "l1", "type": "laptop", "weight": 2.5 }] }),
        ),
        (
            "bob",
            json!({ "badge": "green-9", "code": "A", "remote": false, "floor": 20, "rate": -2,
            "since": "2024-01-01T01:00:00+02:00", "office": { "site": "Bergen", "room": 2 },
            "devices": [{ "value": "p2", "type": "phone" }] }),
        ),
        (
            "cat",
            json!({ "badge": "", "floor": 100, "tags": ["south"] }),
        ),
        ("dan", json!(null)),
    ] {
        client.post("/Users", &user(name, badges)).await.expect(201);
    }
}

fn names(answer: &Value) -> Vec<&str> {
    let resources = answer["Resources"].as_array().into_iter().flatten();
    resources
        .map(|one| one["userName"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_every_operator_works_on_every_type_of_an_extension() {
    let (_target, client) = extended().await;
    fill(&client).await;
    for (filter, expected) in [
        ("<badge> eq \"BLUE-7\"", vec!["ann"]),
        ("<badge> ne \"blue-7\"", vec!["bob", "cat"]),
        ("<badge> co \"E-\"", vec!["ann"]),
        ("<badge> sw \"gr\" or <badge> ew \"-7\"", vec!["ann", "bob"]),
        ("<badge> gt \"c\"", vec!["bob"]),
        ("<badge> pr", vec!["ann", "bob"]),
        ("not (<badge> pr)", vec!["cat", "dan"]),
        ("<badge> eq null", vec!["cat", "dan"]),
        ("<code> eq \"A\"", vec!["bob"]),
        ("<remote> eq true", vec!["ann"]),
        ("<remote> eq \"False\"", vec!["bob"]),
        ("<floor> gt 3", vec!["bob", "cat"]),
        ("<floor> le 20 and <floor> ge 20", vec!["bob"]),
        ("<rate> lt 0", vec!["bob"]),
        ("<rate> eq 0.5", vec!["ann"]),
        ("<since> eq \"2024-01-01T02:00:00+02:00\"", vec!["ann"]),
        ("<since> lt \"2024-01-01T00:00:00Z\"", vec!["bob"]),
        ("<since> sw \"2024\"", vec!["ann", "bob"]),
        ("<desk> ew \"/7\"", vec!["ann"]),
        ("<photo> eq \"QUJD\"", vec!["ann"]),
        ("<photo> eq \"qujd\"", vec![]),
        ("<tags> eq \"north\"", vec!["ann"]),
        ("<tags>[value ew \"TH\"]", vec!["ann", "cat"]),
        ("<numbers> gt 19", vec!["ann"]),
        ("<office.site> co \"er\"", vec!["bob"]),
        ("<office.room> lt 10", vec!["bob"]),
        ("<office.open> eq true", vec!["ann"]),
        ("<office> pr", vec!["ann", "bob"]),
        ("<devices> eq \"P2\"", vec!["bob"]),
        ("<devices.value> sw \"p\"", vec!["ann", "bob"]),
        (
            "<devices>[type eq \"phone\" and primary eq true]",
            vec!["ann"],
        ),
        ("<devices>[type eq \"phone\"].weight lt 1", vec!["ann"]),
        ("<devices>[type eq \"laptop\" and weight lt 1]", vec![]),
        ("schemas eq \"<>\"", vec!["ann", "bob", "cat"]),
        // Entra ID omits the schema.
        ("badge eq \"blue-7\" and userName eq \"ann\"", vec!["ann"]),
    ] {
        let mut whole = String::new();
        for (index, piece) in filter.split(['<', '>']).enumerate() {
            let urn = BADGES.to_owned();
            match (index % 2, piece) {
                (0, piece) => whole.push_str(piece),
                (_, "") => whole.push_str(&urn),
                (_, name) => whole.push_str(&path(name)),
            }
        }
        let query = format!("/Users?sortBy=userName&filter={}", encode(&whole));
        let answer = client.get(&query).await.expect(200).json();
        assert_eq!(names(&answer), expected, "{filter}");
        let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": whole.replace(&path(""), &path("").to_uppercase()), "sortBy": "userName" });
        let answer = client
            .post("/Users/.search", &search)
            .await
            .expect(200)
            .json();
        assert_eq!(names(&answer), expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn senseless_comparisons_with_an_extension_are_refused() {
    let (_target, client) = extended().await;
    for (filter, detail) in [
        (
            "remote gt true",
            "`remote` is a boolean, so the comparison `gt true` is not possible",
        ),
        (
            "floor sw \"1\"",
            "`floor` is a number, so the comparison `sw \"1\"` is not possible",
        ),
        (
            "photo gt \"A\"",
            "`photo` is binary, so the comparison `gt \"A\"` is not possible",
        ),
        (
            "office eq \"x\"",
            "`office` is complex; compare a sub-attribute, such as `office.site`",
        ),
        ("tail eq 1", "the schema `<badges>` has no attribute `tail`"),
        (
            "office.tail eq 1",
            "the schema `<badges>` has no attribute `office.tail`",
        ),
        (
            "office[site eq \"x\"]",
            "`<badges>:office` is single-valued; a filter in brackets cannot follow it",
        ),
        (
            "devices[tail pr]",
            "`<badges>:devices` has no sub-attribute `tail`",
        ),
    ] {
        let answer = client.filter("/Users", &path(filter)).await;
        let detail = detail.replace("<badges>", BADGES);
        assert_eq!(
            answer.error(),
            (400, "invalidFilter".to_owned(), detail),
            "{filter}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_results_are_sorted_by_an_extension() {
    let (target, client) = extended().await;
    fill(&client).await;
    for (by, order, expected) in [
        ("badge", "ascending", ["cat", "ann", "bob", "dan"]),
        ("floor", "ascending", ["ann", "bob", "cat", "dan"]),
        ("floor", "descending", ["dan", "cat", "bob", "ann"]),
        ("office.room", "ascending", ["bob", "ann", "", ""]),
        ("since", "ascending", ["bob", "ann", "", ""]),
        ("devices", "ascending", ["ann", "bob", "", ""]),
        ("rate", "descending", ["", "", "ann", "bob"]),
    ] {
        let query = format!("/Users?sortBy={}&sortOrder={order}", encode(&path(by)));
        let answer = client.get(&query).await.expect(200).json();
        for (given, expected) in names(&answer).iter().zip(expected) {
            assert!(
                expected.is_empty() || *given == expected,
                "{by} {order}: {answer}"
            );
        }
    }
    client
        .get(&format!("/Users?sortBy={}", path("office")))
        .await
        .expect(400);
    // An extension attribute with the same name as an indexed attribute.
    let other = target.tenant().await;
    let names_again = json!([{ "name": "userName" }, { "name": "groups", "multiValued": true }]);
    target
        .extend(&other, &json!([extension("User", BADGES, names_again)]))
        .await;
    for (name, again) in [("a", "2"), ("b", "1"), ("c", "3")] {
        let badges = json!({ "userName": again, "groups": [again] });
        other.post("/Users", &user(name, badges)).await.expect(201);
    }
    for by in ["userName", "groups"] {
        let answer = other
            .get(&format!("/Users?sortBy={}", path(by)))
            .await
            .expect(200)
            .json();
        assert_eq!(names(&answer), ["b", "a", "c"], "{by}");
    }
    let answer = other
        .filter("/Users", &path("userName eq \"1\""))
        .await
        .expect(200)
        .json();
    assert_eq!(names(&answer), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a07_a08_projection_takes_names_of_an_extension() {
    let (_target, client) = extended().await;
    let given = json!({ "badge": "B", "floor": 1, "office": { "site": "Oslo", "room": 2 } });
    let id = client
        .post("/Users", &user("a", given.clone()))
        .await
        .expect(201)
        .id();
    for (query, shown, has_name) in [
        (format!("attributes={BADGES}"), given.clone(), false),
        (
            format!("attributes={}", BADGES.to_uppercase()),
            given.clone(),
            false,
        ),
        (
            format!("attributes={BADGES}:BADGE"),
            json!({ "badge": "B" }),
            false,
        ),
        (
            format!("attributes={BADGES}:office.site,{BADGES}:floor"),
            json!({ "floor": 1, "office": { "site": "Oslo" } }),
            false,
        ),
        (
            "attributes=badge".to_owned(),
            json!({ "badge": "B" }),
            false,
        ),
        ("attributes=nothing".to_owned(), json!(null), false),
        (
            "excludedAttributes=office,FLOOR".to_owned(),
            json!({ "badge": "B" }),
            true,
        ),
        (format!("excludedAttributes={BADGES}"), json!(null), true),
        (
            format!("excludedAttributes={BADGES}:office.room,{BADGES}:badge"),
            json!({ "floor": 1, "office": { "site": "Oslo" } }),
            true,
        ),
        (
            format!("excludedAttributes={BADGES}:tail"),
            given.clone(),
            true,
        ),
    ] {
        let answer = client
            .get(&format!("/Users/{id}?{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(answer[BADGES], shown, "{query}");
        assert_eq!(answer["userName"] == "a", has_name, "{query}");
        assert_eq!(answer["schemas"], json!([USER, BADGES]), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_a_urn_means_the_one_extension_that_has_it() {
    const DESKS: &str = "urn:example:desks:1.0:User";
    const E: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let target = Target::start().await;
    let client = target.tenant().await;
    let floor = json!({ "name": "floor", "type": "integer" });
    let badges = json!([{ "name": "badge" }, { "name": "title" }, { "name": "department" }, floor]);
    let desks = json!([{ "name": "desk" }, floor]);
    let both = json!([
        extension("User", BADGES, badges),
        extension("User", DESKS, desks)
    ]);
    target.extend(&client, &both).await;
    let body = json!({
        "userName": "ann", "badge": "b", "desk": "d", "title": "t", "department": "x", "floor": 3
    });
    let made = client.post("/Users", &body).await.expect(201);
    let user = made.json();
    let path = format!("/Users/{}", made.id());
    assert_eq!(user["title"], "t", "a core attribute");
    assert_eq!(user[E], json!({ "department": "x" }));
    assert_eq!(user[BADGES], json!({ "badge": "b" }));
    assert_eq!(user[DESKS], json!({ "desk": "d" }));
    for (filter, found) in [
        ("badge eq \"b\" and desk eq \"d\"", 1),
        ("department eq \"x\" and title eq \"t\"", 1),
        ("urn:example:badges:1.0:User:department pr", 0),
        (
            "urn:example:badges:1.0:User:floor pr or urn:example:desks:1.0:User:floor pr",
            0,
        ),
    ] {
        let answer = client.filter("/Users", filter).await.expect(200);
        assert_eq!(total(&answer), found, "{filter}");
    }
    let several = format!(
        "several schemas have an attribute `floor`; add the URN of one of them, such as `{BADGES}:floor`"
    );
    let floor = json!([{ "op": "add", "path": "floor", "value": 1 }]);
    let entry = json!([{ "op": "add", "value": { "floor": 1 } }]);
    for (answer, kind, place) in [
        (
            client.filter("/Users", "floor gt 1").await,
            "invalidFilter",
            "",
        ),
        (client.filter("", "floor gt 1").await, "invalidFilter", ""),
        (
            client.get("/Users?sortBy=floor").await,
            "invalidValue",
            "`sortBy`: ",
        ),
        (
            client.patch(&path, floor).await,
            "invalidPath",
            "operation 1: ",
        ),
        (
            client.patch(&path, entry).await,
            "invalidPath",
            "operation 1: ",
        ),
    ] {
        let expected = (400, kind.to_owned(), format!("{place}{several}"));
        assert_eq!(answer.error(), expected);
    }
}
