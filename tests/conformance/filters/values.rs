//! F-14 … F-30, Q-06, W-08: filters on values and sub-attributes, qualified names, case, and hidden attributes.

use serde_json::json;

use super::{ENTERPRISE, check, found, refused, started};
use crate::conformance::scim_error;
use crate::support::client::{USER, encode};

#[tokio::test(flavor = "multi_thread")]
async fn f14_f15_f16_f17_values_and_their_parts() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            // One matching value is enough; two conditions may match two different values.
            (r#"emails.value sw "bert""#, "B"),
            (r#"emails.value sw "berg""#, "AB"),
            (r#"emails.type eq "work" and emails.value sw "berg""#, "AB"),
            // In brackets one value must match all conditions.
            (r#"emails[type eq "work" and value sw "berg"]"#, "B"),
            (r#"emails[type eq "home" and value sw "berg"]"#, "A"),
            (r#"emails[type eq "work" or value sw "bert"]"#, "AB"),
            (r#"emails[not (type eq "work") and value sw "berg"]"#, "A"),
            (r#"emails[not (primary eq true) and type eq "work"]"#, "B"),
            (r#"emails[type eq "work"] and active eq true"#, "A"),
            (r#"not (emails[type eq "work"])"#, "Ç"),
            (r#"emails[type eq "home"].value sw "bert""#, "B"),
            (r#"emails[value pr]"#, "AB"),
            // Sub-attributes by their names.
            (r#"name.givenName eq "anna""#, "A"),
            (r#"emails.type eq "home""#, "AB"),
            (r#"emails.primary eq true"#, "A"),
            (r#"meta.resourceType eq "User" and meta.version pr"#, "ABÇ"),
            // Without a sub-attribute it is `value`.
            (r#"emails co "work.example""#, "AB"),
            (r#"emails eq "BERT@home.example.com""#, "B"),
            (r#"x509Certificates eq "QUJD""#, "A"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_f19_names_may_be_qualified_and_extensions_must_not_be_guessed() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bert""#, "B"),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "Berg""#, "A"),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:emails.value sw "bert""#, "B"),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work" and value sw "berg"]"#,
                "B",
            ),
            ("urn:ietf:params:scim:schemas:core:2.0:User:title pr", "A"),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales""#,
                "A",
            ),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "s""#,
                "AB",
            ),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "0070""#,
                "A",
            ),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "M1""#,
                "A",
            ),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m1""#,
                "",
            ),
            (
                r#"not (urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr)"#,
                "Ç",
            ),
        ],
    )
    .await;
    refused(
        &client,
        &[
            r#"urn:ietf:params:scim:schemas:core:2.0:User:department eq "sales""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq "bert""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x""#,
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_f26_case_matters_where_the_schema_says_so() {
    let (_target, client, anna) = started().await;
    let id = anna["id"].as_str().unwrap();
    let location = anna["meta"]["location"].as_str().unwrap();
    let own = [
        (format!("id eq \"{id}\""), "A"),
        (format!("id eq \"{}\"", id.to_uppercase()), ""),
        (format!("id sw \"{}\"", &id[..30]), "A"),
        (format!("id ne \"{id}\""), "BÇ"),
        (format!("meta.location eq \"{location}\""), "A"),
    ];
    for (filter, expected) in &own {
        // An id in capitals differs, unless it has no letters.
        if id.to_uppercase() != id || !filter.contains(&id.to_uppercase()) {
            assert_eq!(found(&client, filter).await, *expected, "{filter}");
        }
    }
    check(
        &client,
        &[
            (r#"externalId eq "Ext-1""#, "A"),
            (r#"externalId eq "ext-1""#, "B"),
            (r#"externalId eq "EXT-1""#, ""),
            (r#"externalId co "xt-""#, "AB"),
            (r#"meta.resourceType eq "User""#, "ABÇ"),
            (r#"meta.resourceType eq "user""#, ""),
            (r#"meta.version eq "W/\"1\"""#, "ABÇ"),
            (r#"meta.version eq "w/\"1\"""#, ""),
            (r#"meta.lastModified ge "2027-01-15T08:00:20Z""#, "Ç"),
            (r#"profileUrl eq "https://example.com/Anna""#, "A"),
            (r#"profileUrl eq "https://example.com/anna""#, ""),
            (r#"userName eq "ANNA.BERG@example.COM""#, "A"),
            (r#"emails.value eq "ANNA@work.EXAMPLE.com""#, "A"),
            (r#"name.familyName eq "BERG""#, "A"),
            (r#"emails.type eq "WORK""#, "AB"),
            (r#"x509Certificates.value eq "qujd""#, ""),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f21_schemas_select_resources_with_an_extension() {
    let (_target, client, _) = started().await;
    let extension = format!("schemas eq \"{ENTERPRISE}\"");
    let base = format!("schemas eq \"{USER}\"");
    let other = r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:Group""#;
    check(
        &client,
        &[
            (extension.as_str(), "AB"),
            (base.as_str(), "ABÇ"),
            (other, ""),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f25_filters_see_what_the_service_filled_in() {
    let (_target, client, anna) = started().await;
    let id = anna["id"].as_str().unwrap();
    // The client gave no type; the response has one.
    let group = client.create_group("Sales", &[id.to_owned()]).await;
    let shown = client.get(&format!("/Groups/{group}")).await.json();
    assert_eq!(shown["members"][0]["type"], "User");
    let address = shown["members"][0]["$ref"].as_str().unwrap();
    for filter in [
        r#"members[type eq "User"]"#.to_owned(),
        r#"members.type eq "user""#.to_owned(),
        format!("members.$ref eq \"{address}\""),
    ] {
        let list = client.filter("/Groups", &filter).await.expect(200).json();
        assert_eq!(list["totalResults"], 1, "{filter}");
    }
    let none = client.filter("/Groups", r#"members.type eq "Group""#).await;
    assert_eq!(none.json()["totalResults"], 0);
    check(
        &client,
        &[
            (r#"groups.type eq "direct""#, "A"),
            (r#"groups.display eq "sales""#, "A"),
            ("emails.primary eq false", "AB"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f27_q06_every_character_of_a_literal_is_data() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"nickName eq "and or not (x) eq""#, "A"),
            (r#"nickName co " or not (""#, "A"),
            (r#"nickName eq "and  or not (x) eq""#, ""),
            (r#"title eq "Tour Guide""#, ""),
            (r#"title eq "Tour  Guide""#, "A"),
            (r#"title eq " Tour  Guide""#, ""),
            (r#"userType eq "Müller 🎈""#, "A"),
            (r#"userType eq "MÜLLER 🎈""#, "A"),
            (r#"userType eq "M\u00fcller \ud83c\udf88""#, "A"),
            (r#"userType ew "\uD83C\uDF88""#, "A"),
            (r#"userName sw "\u00c7""#, "Ç"),
            (r#"userName eq "ÇELIK""#, "Ç"),
        ],
    )
    .await;
    refused(
        &client,
        &[r#"userType ew "\ud83c""#, r#"userType ew "\udf88\ud83c""#],
    )
    .await;
    // The same in a body.
    for body in [
        r#""userType eq \"Müller 🎈\"""#,
        r#""userType eq \"M\u00fcller \ud83c\udf88\"""#,
        r#""userType eq \"M\\u00fcller \\ud83c\\udf88\"""#,
    ] {
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":{body}}}"#
        );
        let headers = [("content-type", "application/scim+json")];
        let answer = client
            .send(
                "POST",
                "/Users/.search",
                &headers,
                Some(body.clone().into()),
            )
            .await
            .expect(200);
        assert_eq!(answer.json()["totalResults"], 1, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_user_names_in_filters_are_prepared_like_those_that_are_kept() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            ("userName eq \"\u{ff42}\u{ff45}\u{ff52}\u{ff54}\"", "B"),
            ("userName eq \"c\u{327}elik\"", "Ç"),
            ("userName eq \"C\u{327}ELIK\"", "Ç"),
            ("userName sw \"c\u{327}\"", "Ç"),
            ("userName co \"\u{ff45}\u{ff52}\"", "AB"),
            ("userName ew \"\u{ff34}\"", "B"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_w08_no_filter_and_no_order_tells_of_a_password() {
    let (_target, client, anna) = started().await;
    let path = format!("/Users/{}", anna["id"].as_str().unwrap());
    let set = json!([{ "op": "add", "path": "password", "value": "correct horse" }]);
    client.patch(&path, set).await.expect(200);
    let filters = [
        r#"password eq "correct horse""#,
        r#"password sw "c""#,
        r#"password ge "a""#,
        "password pr",
        "password eq null",
        "not (password pr)",
        r#"userName eq "bert" or password pr"#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:password co "horse""#,
    ];
    refused(&client, &filters).await;
    for filter in filters {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter
        });
        let answer = client.post("/Users/.search", &body).await;
        assert_eq!(scim_error(&answer, 400, filter).0, "invalidFilter");
    }
    let sorted = client.get("/Users?sortBy=password").await;
    scim_error(&sorted, 400, "sortBy");
    let query = encode(r#"userName pr"#);
    let all = client
        .get(&format!("/Users?filter={query}"))
        .await
        .expect(200);
    assert!(!all.text.contains("password") && !all.text.contains("argon2"));
}
