//! W-01 … W-14, X-08, X-09, Q-04, Q-05: the attributes of users.

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{USER, user};
use crate::support::listed::total;
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn started() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    (target, client)
}

/// A user with these attributes and a name.
fn with(attributes: &Value) -> Value {
    let mut body = json!({ "schemas": [USER, ENTERPRISE], "userName": "anna" });
    for (name, value) in attributes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Creates a user with these attributes, asserts that they are returned, and deletes the user.
async fn kept(client: &Client, attributes: &Value) {
    let created = client.post("/Users", &with(attributes)).await.expect(201);
    let path = format!("/Users/{}", created.id());
    let read = client.get(&path).await.expect(200).json();
    for (name, value) in attributes.as_object().unwrap() {
        assert_eq!(read[name], *value, "{name}");
        assert_eq!(created.json()[name], *value, "{name}");
    }
    client.delete(&path).await.expect(204);
}

/// Asserts that users with these attributes are rejected.
async fn refused(client: &Client, all: &[Value]) {
    for attributes in all {
        let answer = client.post("/Users", &with(attributes)).await;
        let (scim_type, detail) = scim_error(&answer, 400, &attributes.to_string());
        assert_eq!(scim_type, "invalidValue", "{attributes}");
        let name = attributes.as_object().unwrap().keys().next().unwrap();
        assert!(detail.contains(name.as_str()), "{attributes}: {detail}");
    }
    assert_eq!(total(&client.get("/Users").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn w01_q04_a_user_name_is_required_unique_and_a_name() {
    let (_target, client) = started().await;
    for odd in [
        json!(null),
        json!(""),
        json!([]),
        json!(" "),
        json!(" anna"),
        json!("anna "),
        json!("an  na"),
        json!("an\u{0}na"),
        json!("an\nna"),
        json!("anna\u{200b}"),
        json!("\u{ad}"),
        json!("x".repeat(513)),
        json!(5),
        json!(true),
        json!({}),
    ] {
        let body = json!({ "schemas": [USER], "userName": odd });
        let (scim_type, detail) =
            scim_error(&client.post("/Users", &body).await, 400, &odd.to_string());
        assert_eq!(scim_type, "invalidValue", "{odd}");
        assert!(detail.contains("userName"), "{detail}");
    }
    let body = json!({ "schemas": [USER] });
    scim_error(&client.post("/Users", &body).await, 400, "no user name");
    assert_eq!(total(&client.get("/Users").await), 0);
    let path = format!("/Users/{}", client.create_user("Anna@Example.com").await);
    for same in [
        "Anna@Example.com",
        "anna@example.COM",
        "ＡＮＮＡ@example.com",
    ] {
        let (scim_type, _) = scim_error(&client.post("/Users", &user(same)).await, 409, same);
        assert_eq!(scim_type, "uniqueness");
    }
    let remove = json!([{ "op": "remove", "path": "userName" }]);
    assert_eq!(
        scim_error(&client.patch(&path, remove).await, 400, "").0,
        "mutability"
    );
    assert_eq!(
        client.get(&path).await.json()["userName"],
        "Anna@Example.com"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_w03_w05_x08_every_single_attribute_is_kept() {
    let (_target, client) = started().await;
    kept(
        &client,
        &json!({
            "name": {
                "formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara",
                "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III"
            },
            "displayName": "Babs Jensen",
            "nickName": "Babs",
            "profileUrl": "https://login.example.com/bjensen",
            "title": "Tour Guide",
            "userType": "Employee",
            "preferredLanguage": "en-US,en;q=0.8",
            "locale": "en-US",
            "timezone": "America/Los_Angeles",
            "active": true,
            (ENTERPRISE): {
                "employeeNumber": "701984", "costCenter": "4130", "organization": "Universal Studios",
                "division": "Theme Park", "department": "Tour Operations",
                "manager": { "value": "26118915", "$ref": "../Users/26118915" }
            }
        }),
    )
    .await;
    kept(&client, &json!({ "active": false })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w04_languages_locales_and_time_zones_are_kept_in_every_form_that_providers_send() {
    let (_target, client) = started().await;
    for (language, locale, timezone) in [
        ("en", "en", "UTC"),
        ("de-CH, de;q=0.9, *;q=0.5", "zh-Hant-TW", "Europe/Zurich"),
        ("en-US", "en_US", "America/Argentina/Buenos_Aires"),
    ] {
        let attributes =
            json!({ "preferredLanguage": language, "locale": locale, "timezone": timezone });
        kept(&client, &attributes).await;
    }
    let wrong = [
        json!({ "locale": 5 }),
        json!({ "timezone": ["UTC", "CET"] }),
        json!({ "preferredLanguage": { "value": "en", "type": "work" } }),
    ];
    refused(&client, &wrong).await;
    let schema = client.get(&format!("/Schemas/{USER}")).await.json();
    for (name, form) in [
        ("preferredLanguage", "Accept-Language"),
        ("locale", "language tag"),
        ("timezone", "IANA"),
    ] {
        let attributes = schema["attributes"].as_array().unwrap();
        let attribute = attributes.iter().find(|one| one["name"] == name).unwrap();
        assert!(
            attribute["description"].as_str().unwrap().contains(form),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w09_w10_n10_n11_every_attribute_of_several_values_is_kept_with_its_parts() {
    let (_target, client) = started().await;
    let plain = |value: &str| json!({ "value": value, "display": "shown", "type": "work", "primary": true });
    let second = |value: &str| json!({ "value": value, "type": "something of its own" });
    kept(
        &client,
        &json!({
            "emails": [plain("bjensen@example.com"), second("babs@jensen.org")],
            "phoneNumbers": [plain("tel:+1-201-555-0123"), second("555-555-4444")],
            "ims": [plain("someaimhandle"), second("other")],
            "photos": [plain("https://photos.example.com/F"), second("https://photos.example.com/T")],
            "entitlements": [plain("e1"), second("e2")],
            "roles": [plain("r1"), second("r2")],
            "x509Certificates": [plain("MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAw"), second("QUJD")],
            "addresses": [
                {
                    "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
                    "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "region": "CA",
                    "postalCode": "91608", "country": "US", "type": "work", "primary": true
                },
                { "formatted": "456 Hollywood Blvd", "country": "DE", "type": "home" }
            ]
        }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w13_w14_n06_n07_certificates_are_base64_and_photos_are_uris() {
    let (_target, client) = started().await;
    for value in ["QUJD", "QUI=", "QUI", "-_8", "-_8=", "+/8="] {
        kept(
            &client,
            &json!({ "x509Certificates": [{ "value": value }] }),
        )
        .await;
    }
    for uri in [
        "https://photos.example.com/profilephoto/72930000000Ccne/F",
        "../photos/1",
        "/photos/1",
        "data:image/png;base64,QUJD",
        "https://example.com/zo%C3%AB?x=1#a",
        // Values that people type are stored and noted in the failure log (vendor::failure_log::noted).
        "no uri at all",
        "linkedin.com/in/a b",
        "https://example.com/\n",
    ] {
        kept(
            &client,
            &json!({ "photos": [{ "value": uri, "type": "photo" }], "profileUrl": uri }),
        )
        .await;
    }
    refused(
        &client,
        &[
            json!({ "x509Certificates": [{ "value": "QUJ*" }] }),
            json!({ "x509Certificates": [{ "value": "QUJ==" }] }),
            json!({ "x509Certificates": [{ "value": "Q" }] }),
            json!({ "x509Certificates": [{ "value": "=" }] }),
            json!({ "x509Certificates": [{ "value": 5 }] }),
            json!({ "photos": [{ "value": false }] }),
            json!({ "profileUrl": 5 }),
            json!({ (ENTERPRISE): { "manager": { "value": "x", "$ref": "no uri" } } }),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x09_n16_clients_cannot_set_the_name_of_a_manager() {
    let (_target, client) = started().await;
    let boss = client.create_user("boss").await;
    let manager = json!({ "value": boss, "displayName": "Somebody else" });
    let body = with(&json!({ (ENTERPRISE): { "manager": manager } }));
    let created = client.post("/Users", &body).await.expect(201);
    let path = format!("/Users/{}", created.id());
    let is = |json: &Value| {
        assert_eq!(
            json[ENTERPRISE]["manager"],
            json!({ "value": boss }),
            "{json}"
        );
    };
    is(&created.json());
    is(&client.put(&path, &body).await.expect(200).json());
    let name = format!("{ENTERPRISE}:manager.displayName");
    for op in ["add", "replace", "remove"] {
        let set = json!([{ "op": op, "path": name, "value": "Somebody else" }]);
        assert_eq!(
            scim_error(&client.patch(&path, set).await, 400, op).0,
            "mutability"
        );
    }
    is(&client.get(&path).await.json());
    let filter = format!("{ENTERPRISE}:manager.value eq \"{boss}\"");
    assert_eq!(total(&client.filter("/Users", &filter).await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_texts_are_kept_to_the_letter() {
    let (_target, client) = started().await;
    for text in [
        "Zoë",
        "Zoe\u{308}",
        "🎈👩\u{200d}👩\u{200d}👧",
        "שלום \u{202e}abc\u{202c}",
        "क्\u{200d}ष",
        "ﬁ ﬀ Å Å ß ẞ İ ı",
        "\t two\n lines \r\n and blanks  ",
        "\u{0}\u{1}\u{7f}\u{85}",
        "\u{feff}\u{fffe}\u{10ffff}",
        "\"\\/\u{8}\u{c} </script> ${x} %00 &amp;",
        "e\u{301}\u{301}\u{301}\u{301}",
    ] {
        let attributes = json!({
            "displayName": text, "externalId": text, "name": { "familyName": text },
            "roles": [{ "value": text }], (ENTERPRISE): { "department": text }
        });
        kept(&client, &attributes).await;
    }
}
