//! F-02 … F-13: the results of filters on known users.

mod values;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::USER;
use crate::support::moving::{self, Time};
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Anna has all attributes, Bert some, Çelik only a name. Their names begin with A, B and Ç; they were created at
/// 08:00:00, 08:00:10 and 08:00:20 UTC on 2027-01-15.
async fn people(client: &Client, time: &Time) -> Value {
    let anna = json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "Anna.Berg@Example.com",
        "externalId": "Ext-1",
        "name": { "givenName": "Anna", "familyName": "Berg" },
        "displayName": "Anna \"the\" Berg \\ 1",
        "nickName": "and or not (x) eq",
        "title": "Tour  Guide",
        "userType": "Müller 🎈",
        "profileUrl": "https://example.com/Anna",
        "active": true,
        "emails": [
            { "value": "anna@work.example.com", "type": "work", "primary": true },
            { "value": "berg@home.example.com", "type": "home" }
        ],
        "x509Certificates": [{ "value": "QUJD" }],
        (ENTERPRISE): { "department": "Sales", "employeeNumber": "0070", "manager": { "value": "M1" } }
    });
    let bert = json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "bert",
        "externalId": "ext-1",
        "name": { "familyName": "Berger" },
        "title": "",
        "active": false,
        "emails": [
            { "value": "berg@work.example.com", "type": "work" },
            { "value": "bert@home.example.com", "type": "home" }
        ],
        (ENTERPRISE): { "department": "Support" }
    });
    let created = client.post("/Users", &anna).await.expect(201).json();
    time.pass(10);
    client.post("/Users", &bert).await.expect(201);
    time.pass(10);
    let nothing = json!({ "schemas": [USER], "userName": "\u{e7}elik" });
    client.post("/Users", &nothing).await.expect(201);
    created
}

async fn started() -> (Target, Client, Value) {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let anna = people(&client, &time).await;
    (target, client, anna)
}

/// The first letters of the users that match a filter.
async fn found(client: &Client, filter: &str) -> String {
    let json = client.filter("/Users", filter).await.expect(200).json();
    let resources = json["Resources"].as_array().unwrap();
    let letters: BTreeSet<char> = resources
        .iter()
        .map(|one| {
            one["userName"]
                .as_str()
                .unwrap()
                .to_uppercase()
                .chars()
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(json["totalResults"], letters.len(), "{filter}");
    letters.into_iter().collect()
}

/// Asserts that each filter matches the users with these first letters.
async fn check(client: &Client, cases: &[(&str, &str)]) {
    for (filter, expected) in cases {
        assert_eq!(found(client, filter).await, *expected, "{filter}");
    }
}

/// Asserts that each filter is rejected as invalid.
async fn refused(client: &Client, filters: &[&str]) {
    for filter in filters {
        let (scim_type, _) = scim_error(&client.filter("/Users", filter).await, 400, filter);
        assert_eq!(scim_type, "invalidFilter", "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_names_operators_and_urns_are_read_in_any_case() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"USERNAME EQ "bert""#, "B"),
            (r#"username Eq "bert""#, "B"),
            (r#"NAME.FAMILYNAME Sw "berg" AND Active eQ true"#, "A"),
            (r#"not(Title PR) OR Emails[TYPE EQ "home" AND Value SW "bert"]"#, "BÇ"),
            (r#"NOT (title Pr)"#, "BÇ"),
            (r#"URN:IETF:Params:SCIM:schemas:CORE:2.0:user:USERname eq "bert""#, "B"),
            (
                r#"urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:USER:Department eq "Sales""#,
                "A",
            ),
            (r#"META.RESOURCETYPE eq "User""#, "ABÇ"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f03_f04_eq_selects_equal_and_ne_other_values() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"userName eq "bert""#, "B"),
            (r#"userName eq "ber""#, ""),
            (r#"title eq "Tour  Guide""#, "A"),
            ("active eq true", "AÇ"),
            ("active eq false", "B"),
            (r#"meta.created eq "2027-01-15T08:00:10Z""#, "B"),
            (r#"x509Certificates.value eq "QUJD""#, "A"),
            // Another value must exist: a user without a value does not match.
            (r#"userName ne "bert""#, "AÇ"),
            (r#"name.familyName ne "Berg""#, "B"),
            ("active ne true", "B"),
            (r#"externalId ne "Ext-1""#, "B"),
            (r#"meta.created ne "2027-01-15T08:00:10.000Z""#, "AÇ"),
            // One differing value is enough.
            (r#"emails.type ne "work""#, "AB"),
            (r#"emails.type ne "other""#, "AB"),
            (r#"emails.value ne "bert@home.example.com""#, "AB"),
            (r#"x509Certificates.value ne "QUJD""#, ""),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_co_sw_and_ew_find_parts_and_whole_texts() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"userName co "berg@ex""#, "A"),
            (r#"userName co "anna.berg@example.com""#, "A"),
            (r#"userName sw "ANNA.""#, "A"),
            (r#"userName sw "anna.berg@example.com""#, "A"),
            (r#"userName sw "nna""#, ""),
            (r#"userName ew "ERT""#, "B"),
            (r#"userName ew "bert""#, "B"),
            (r#"userName ew "ber""#, ""),
            (r#"name.familyName sw "berg""#, "AB"),
            (r#"name.familyName ew "berg""#, "A"),
            (r#"emails.value co "@WORK.""#, "AB"),
            (r#"profileUrl sw "https://example.com/A""#, "A"),
            (r#"profileUrl co "/anna""#, ""),
            (r#"title co "  ""#, "A"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_pr_selects_values_that_are_not_empty() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            ("userName pr", "ABÇ"),
            ("nickName pr", "A"),
            ("title pr", "A"),
            ("active pr", "ABÇ"),
            ("name pr", "AB"),
            ("name.givenName pr", "A"),
            ("emails pr", "AB"),
            ("emails.value pr", "AB"),
            ("emails.display pr", ""),
            ("addresses pr", ""),
            ("meta.created pr", "ABÇ"),
            ("groups pr", ""),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr",
                "A",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_values_are_compared_by_the_order_of_their_type() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"userName gt "anna.berg@example.com""#, "BÇ"),
            (r#"userName ge "ANNA.BERG@EXAMPLE.COM""#, "ABÇ"),
            (r#"userName lt "Bert""#, "A"),
            (r#"userName le "Bert""#, "AB"),
            (r#"name.familyName gt "berg""#, "B"),
            (r#"meta.created gt "2027-01-15T08:00:10Z""#, "Ç"),
            (r#"meta.created ge "2027-01-15T08:00:10Z""#, "BÇ"),
            (r#"meta.created lt "2027-01-15T10:00:10+02:00""#, "A"),
            (r#"meta.created le "2027-01-15T03:00:10-05:00""#, "AB"),
            // Compared as text, these two would give the opposite result.
            (r#"meta.created gt "2027-01-15T23:00:15+15:00""#, "Ç"),
            (r#"meta.created lt "2027-01-14T20:00:05-12:00""#, "A"),
            (r#"meta.created lt "2027-01-15T08:00:00.001Z""#, "A"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_f22_f23_f24_senseless_and_malformed_filters_are_refused() {
    let (_target, client, _) = started().await;
    refused(
        &client,
        &[
            "active gt true",
            "active le false",
            "emails.primary ge true",
            r#"x509Certificates.value lt "QUJD""#,
            r#"x509Certificates gt "QUJD""#,
            "userName eq 5",
            "userName eq true",
            "userName sw 5",
            r#"active co "t""#,
            r#"active eq "perhaps""#,
            r#"meta.created eq "yesterday""#,
            r#"meta.created gt "2027-01-15""#,
            r#"name eq "Berg""#,
            r#"addresses eq "x""#,
            r#"shoeSize eq "44""#,
            r#"name.shoeSize eq "44""#,
            r#"emails[shoeSize eq "44"]"#,
            r#"urn:example:unknown:a eq "44""#,
            r#"userName is "bert""#,
            r#"userName = "bert""#,
            r#"userName eq 'bert'"#,
            "userName eq bert",
            "userName eq",
            "userName",
            "()",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f09_f10_literals_are_json_and_null_is_no_value() {
    let (_target, client, _) = started().await;
    check(
        &client,
        &[
            (r#"displayName eq "Anna \"the\" Berg \\ 1""#, "A"),
            (
                r#"displayName eq "\u0041nna\u0020\u0022the\" Berg \u005c 1""#,
                "A",
            ),
            (r#"userName eq "b\u0065rt""#, "B"),
            (r#"profileUrl eq "https:\/\/example.com\/Anna""#, "A"),
            ("active eq true", "AÇ"),
            ("active eq false", "B"),
            ("title eq null", "BÇ"),
            ("title ne null", "A"),
            ("name eq null", "Ç"),
            ("active ne null", "ABÇ"),
            ("emails eq null", "Ç"),
            ("addresses ne null", ""),
        ],
    )
    .await;
    refused(
        &client,
        &[
            r#"userName eq "b\x65rt""#,
            r#"userName eq "\u00""#,
            r#"userName eq "bert"#,
            "active eq TRUE1",
            "userName gt null",
            "active eq 1",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_f12_f13_operators_have_their_precedence_and_parentheses_nest() {
    let (_target, client, _) = started().await;
    let deep = format!("{}title pr{}", "(".repeat(30), ")".repeat(30));
    check(
        &client,
        &[
            (r#"userName eq "bert" and active eq false"#, "B"),
            (r#"userName eq "bert" and active eq true"#, ""),
            (r#"userName eq "bert" or active eq true"#, "ABÇ"),
            // `and` binds more tightly than `or`.
            (r#"title pr or name pr and userName eq "nobody""#, "A"),
            (r#"userName eq "nobody" and name pr or title pr"#, "A"),
            (r#"(title pr or name pr) and userName eq "bert""#, "B"),
            // `not` binds more tightly than `and`.
            (r#"not (title pr) and name pr"#, "B"),
            (r#"not(title pr) and name pr"#, "B"),
            (r#"not(title pr and name pr)"#, "BÇ"),
            (r#"not (not(not (title pr)))"#, "BÇ"),
            (r#"name pr and not (title pr) or userName sw "ç""#, "BÇ"),
            (deep.as_str(), "A"),
        ],
    )
    .await;
    let deeper = format!("{}title pr{}", "(".repeat(33), ")".repeat(33));
    refused(
        &client,
        &[deeper.as_str(), "not title pr", "(title pr", "title pr)"],
    )
    .await;
}
