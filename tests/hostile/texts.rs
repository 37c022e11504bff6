//! H-08, Q-09: texts with a meaning in other systems are plain text here.

use serde_json::json;

use super::{Fort, PATIENCE};
use crate::support::client::{USER, encode, group};
use crate::support::listed::{found, total};
use crate::support::table::sound;

/// Texts in the languages of databases, templates, shells, spreadsheets and browsers.
const TEXTS: [&str; 34] = [
    ".*",
    "^(a+)+$",
    "[a-z]",
    "%",
    "_",
    "*",
    "?",
    "' OR '1'='1",
    "\"; DROP TABLE users; --",
    "\\\"",
    "\\",
    "$where",
    "{\"$ne\":null}",
    "${jndi:ldap://x/a}",
    "#{7*7}",
    "{{7*7}}",
    "<%= 7*7 %>",
    "%s%n%x",
    ":v0",
    "#pk",
    "attribute_exists(pk)",
    "acme#user",
    "#",
    "null",
    "true",
    "NaN",
    "1e400",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "$(reboot)`reboot`",
    "bulkId:x",
    "title pr",
    "\u{10ffff}",
];

/// Texts that are not valid user names.
const ODD: [&str; 8] = [
    "\u{0}",
    "a\u{0}b",
    "a\r\nSet-Cookie: b=c",
    "\u{7}\u{1b}[31m",
    "\u{202e}x",
    "\u{feff}",
    "\t",
    "\u{fffd}",
];

#[tokio::test(flavor = "multi_thread")]
async fn h08_q09_texts_come_back_as_they_were_and_are_found_as_themselves() {
    let fort = Fort::start().await;
    let client = &fort.client;
    for (number, text) in TEXTS.iter().chain(&ODD).enumerate() {
        let body = json!({
            "schemas": [USER], "userName": format!("user{number}"), "externalId": text, "title": text,
            "displayName": text, "name": { "familyName": text },
            "emails": [{ "value": text, "type": text }], "roles": [{ "value": text, "display": text }]
        });
        let made = client.post("/Users", &body).await.expect(201);
        let read = client
            .get(&format!("/Users/{}", made.id()))
            .await
            .expect(200)
            .json();
        for name in [
            "externalId",
            "title",
            "displayName",
            "name",
            "emails",
            "roles",
        ] {
            assert_eq!(read[name], body[name], "{text:?} {name}");
        }
        let id = made.id();
        let quoted = json!(text);
        for filter in [
            format!("externalId eq {quoted}"),
            format!("title eq {quoted}"),
            format!("emails.value eq {quoted}"),
            format!("emails[type eq {quoted}].value eq {quoted}"),
            format!("roles[value eq {quoted} and display eq {quoted}]"),
            format!(
                "name.familyName sw {quoted} and name.familyName ew {quoted} and title eq {quoted}"
            ),
        ] {
            let ids = found(client, "/Users", &filter).await;
            assert_eq!(
                ids.into_iter().collect::<Vec<_>>(),
                std::slice::from_ref(&id),
                "{filter}"
            );
        }
        let named = client.post("/Groups", &group(text, &[])).await.expect(201);
        assert_eq!(named.json()["displayName"], *text);
        let groups = found(client, "/Groups", &format!("displayName eq {quoted}")).await;
        assert_eq!(
            groups.into_iter().collect::<Vec<_>>(),
            [named.id()],
            "{text:?}"
        );
    }
    sound(&fort.target, client).await;
    fort.target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_a_pattern_matches_its_letters_only() {
    let fort = Fort::start().await;
    for text in TEXTS {
        let contained: Vec<&str> = ["anna", "Guide", "E1"]
            .into_iter()
            .filter(|one| one.contains(text))
            .collect();
        for attribute in ["title", "emails.value"] {
            for operator in ["eq", "co", "sw", "ew"] {
                let filter = format!("{attribute} {operator} {}", json!(text));
                let path = format!("/Users?filter={}", encode(&filter));
                let answer = tokio::time::timeout(PATIENCE, fort.client.get(&path)).await;
                let answer = answer.unwrap_or_else(|_| panic!("{filter} is not answered"));
                assert!(contained.is_empty());
                assert_eq!(total(&answer.expect(200)), 0, "{filter}");
            }
        }
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q09_a_user_name_of_control_characters_is_refused() {
    let fort = Fort::start().await;
    for text in ODD {
        let body = json!({ "schemas": [USER], "userName": format!("x{text}y") }).to_string();
        let answer = fort.send("POST /Users", &[], body).await;
        // RFC 8265 disallows all of these characters in user names.
        assert_eq!(answer.status, 400, "{text:?}: {answer:?}");
        super::told(&answer, text);
    }
    fort.stands().await;
}
