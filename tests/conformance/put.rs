//! C-04 … C-12, U-01 … U-13: what POST creates and PUT replaces.

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{GROUP, USER, group, user};
use crate::support::listed::{members, total};
use crate::support::moving;
use crate::support::table::sound;
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user with an attribute of each kind.
fn full() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "anna",
        "externalId": "e1",
        "name": { "givenName": "Anna", "familyName": "Berg" },
        "title": "Guide",
        "active": true,
        "emails": [{ "value": "a@b", "type": "work", "primary": true }, { "value": "c@d", "type": "home" }],
        (ENTERPRISE): { "department": "Sales", "manager": { "value": "m1" } }
    })
}

/// The representation without `id` and `meta`.
fn bare(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let object = resource.as_object_mut().unwrap();
    object.remove("id");
    object.remove("meta");
    resource
}

async fn with_full() -> (Target, Client, String) {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!(
        "/Users/{}",
        client.post("/Users", &full()).await.expect(201).id()
    );
    (target, client, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn c04_i12_omitted_null_and_empty_attributes_are_unassigned() {
    let target = Target::start().await;
    let client = target.tenant().await;
    // `active` always has a value.
    let nothing = json!({ "schemas": [USER], "userName": "anna", "active": true });
    for given in [
        json!({}),
        json!({ "title": null, "name": null, "emails": null, "active": null, "externalId": null }),
        json!({ "title": [], "name": {}, "emails": [], "active": [], (ENTERPRISE): null }),
        json!({ "name": { "givenName": null }, (ENTERPRISE): {} }),
        json!({ "emails": [{ "value": null, "type": "work" }], (ENTERPRISE): { "department": null } }),
    ] {
        let mut body = json!({ "schemas": [USER], "userName": "anna" });
        for (name, value) in given.as_object().unwrap() {
            body[name] = value.clone();
        }
        let created = client.post("/Users", &body).await.expect(201);
        assert_eq!(bare(&created.json()), nothing, "{given}");
        let path = format!("/Users/{}", created.id());
        for attribute in ["title", "name", "emails", "externalId"] {
            for filter in [
                format!("{attribute} eq null"),
                format!("not ({attribute} pr)"),
            ] {
                assert_eq!(
                    total(&client.filter("/Users", &filter).await),
                    1,
                    "{given} {filter}"
                );
            }
        }
        client.delete(&path).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c05_m14_n18_u08_a_taken_name_is_a_conflict_that_names_it() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let body = |path: &str, name: &str| match path {
        "/Users" => user(name),
        _ => group(name, &[]),
    };
    for (path, attribute) in [("/Users", "userName"), ("/Groups", "displayName")] {
        let first = client.post(path, &body(path, "Some One")).await.expect(201);
        let other = client.post(path, &body(path, "other")).await.expect(201);
        let other = format!("{path}/{}", other.id());
        let before = client.get(path).await.text;
        let rename = json!([{ "op": "replace", "path": attribute, "value": "some one" }]);
        for answer in [
            client.post(path, &body(path, "Some One")).await,
            client.post(path, &body(path, "SOME ONE")).await,
            client.put(&other, &body(path, "some one")).await,
            client.patch(&other, rename).await,
        ] {
            let (scim_type, detail) = scim_error(&answer, 409, path);
            assert_eq!(scim_type, "uniqueness");
            assert!(detail.contains(attribute), "{detail}");
            assert!(!detail.contains(&first.id()), "{detail}");
        }
        assert_eq!(client.get(path).await.text, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c07_c08_c12_u07_n19_without_schema_or_required_attributes_nothing_is_written() {
    let (_target, client, path) = with_full().await;
    let team = format!("/Groups/{}", client.create_group("Team", &[]).await);
    let before = (client.get(&path).await.text, client.get(&team).await.text);
    for (endpoint, one, body, expected) in [
        (
            "/Users",
            &path,
            json!({ "schemas": [USER] }),
            "invalidValue",
        ),
        (
            "/Users",
            &path,
            json!({ "schemas": [USER], "userName": null }),
            "invalidValue",
        ),
        (
            "/Users",
            &path,
            json!({ "schemas": [USER], "userName": "" }),
            "invalidValue",
        ),
        (
            "/Groups",
            &team,
            json!({ "schemas": [GROUP] }),
            "invalidValue",
        ),
        (
            "/Groups",
            &team,
            json!({ "schemas": [GROUP], "displayName": [] }),
            "invalidValue",
        ),
        (
            "/Users",
            &path,
            json!({ "schemas": [GROUP], "userName": "x" }),
            "invalidSyntax",
        ),
        (
            "/Users",
            &path,
            json!({ "schemas": [ENTERPRISE], "userName": "x" }),
            "invalidSyntax",
        ),
        (
            "/Groups",
            &team,
            json!({ "schemas": [USER], "displayName": "x" }),
            "invalidSyntax",
        ),
    ] {
        for answer in [
            client.post(endpoint, &body).await,
            client.put(one, &body).await,
        ] {
            assert_eq!(
                scim_error(&answer, 400, &body.to_string()).0,
                expected,
                "{body}"
            );
        }
    }
    let headers = [("content-type", "application/scim+json")];
    for method in ["POST", "PUT"] {
        let at = if method == "POST" {
            "/Users"
        } else {
            path.as_str()
        };
        let cut = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"x";
        let answer = client.send(method, at, &headers, Some(cut.into())).await;
        assert_eq!(scim_error(&answer, 400, method).0, "invalidSyntax");
    }
    assert_eq!(
        before,
        (client.get(&path).await.text, client.get(&team).await.text)
    );
    assert_eq!(total(&client.get("/Users").await), 1);
    assert_eq!(total(&client.get("/Groups").await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn u01_u02_u03_u04_a_put_replaces_the_whole_resource() {
    let (_target, client, path) = with_full().await;
    let mut less = full();
    less["name"] = json!({ "familyName": "Berger" });
    less["emails"] = json!([{ "value": "e@f" }]);
    less[ENTERPRISE] = json!({ "costCenter": "5" });
    let mut cleared = less.clone();
    for (name, nothing) in [
        ("name", json!(null)),
        ("emails", json!([])),
        ("title", json!(null)),
    ] {
        cleared[name] = nothing;
    }
    cleared[ENTERPRISE] = json!(null);
    let after_clearing =
        json!({ "schemas": [USER], "userName": "anna", "externalId": "e1", "active": true });
    let least = json!({ "schemas": [USER], "userName": "Anna2" });
    let after_least = json!({ "schemas": [USER], "userName": "Anna2", "active": true });
    for (body, expected) in [
        (&less, &less),
        (&cleared, &after_clearing),
        (&full(), &full()),
        (&least, &after_least),
    ] {
        let answer = client.put(&path, body).await.expect(200);
        assert_eq!(bare(&answer.json()), *expected);
        assert_eq!(answer.text, client.get(&path).await.text);
    }
    // The old values no longer match.
    for filter in [
        r#"externalId eq "e1""#,
        r#"emails.value eq "a@b""#,
        r#"userName eq "anna""#,
    ] {
        assert_eq!(total(&client.filter("/Users", filter).await), 0, "{filter}");
    }
    // A PUT also replaces the members of a group.
    let id = path.rsplit('/').next().unwrap().to_owned();
    let team = client.create_group("Team", std::slice::from_ref(&id)).await;
    let team_path = format!("/Groups/{team}");
    client
        .put(&team_path, &group("Team", &[id]))
        .await
        .expect(200);
    assert_eq!(members(&client, &team).await.len(), 1);
    let without = json!({ "schemas": [GROUP], "displayName": "Team" });
    client.put(&team_path, &without).await.expect(200);
    assert_eq!(members(&client, &team).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn u05_u10_u13_a_read_resource_can_be_sent_back_and_read_only_values_stay() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let created = client.post("/Users", &full()).await.expect(201).json();
    let id = created["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    client.create_group("Team", std::slice::from_ref(&id)).await;
    time.pass(60);
    let read = client.get(&path).await.json();
    let sent_back = client.put(&path, &read).await.expect(200).json();
    assert_eq!(sent_back, read, "nothing changed, so the version stays");
    let mut lies = read.clone();
    lies["id"] = json!("other");
    lies["groups"] = json!([]);
    lies["meta"] =
        json!({ "created": "2001-01-01T00:00:00Z", "version": "W/\"9\"", "resourceType": "Group" });
    lies["title"] = json!("Boss");
    let changed = client.put(&path, &lies).await.expect(200).json();
    assert_eq!(changed["title"], "Boss");
    for kept in ["id", "groups"] {
        assert_eq!(changed[kept], read[kept], "{kept}");
    }
    for kept in ["created", "resourceType", "location"] {
        assert_eq!(changed["meta"][kept], read["meta"][kept], "{kept}");
    }
    assert_eq!(
        changed["meta"]["lastModified"],
        format!("{:.3}", time.now())
    );
    assert_ne!(
        changed["meta"]["lastModified"],
        read["meta"]["lastModified"]
    );
    assert_ne!(changed["meta"]["version"], read["meta"]["version"]);
    let team = client.get("/Groups").await.json()["Resources"][0].clone();
    let path = format!("/Groups/{}", team["id"].as_str().unwrap());
    assert_eq!(client.put(&path, &team).await.expect(200).json(), team);
}

#[tokio::test(flavor = "multi_thread")]
async fn u11_u12_a_replacement_that_fails_changes_nothing() {
    let (_target, client, path) = with_full().await;
    client.create_user("taken").await;
    let before = client.get(&path).await;
    let mut other = full();
    other["title"] = json!("Boss");
    let with = |name: &str, value: Value| {
        let mut body = other.clone();
        body[name] = value;
        body
    };
    for (body, tag, status) in [
        (with("userName", json!("taken")), "*", 409),
        (with("active", json!("perhaps")), "*", 400),
        (with("emails", json!([{ "value": 5 }])), "*", 400),
        (with("password", json!(5)), "*", 400),
        (other.clone(), "W/\"7\"", 412),
    ] {
        let headers = [("content-type", "application/scim+json"), ("if-match", tag)];
        let answer = client
            .send("PUT", &path, &headers, Some(body.to_string().into()))
            .await;
        scim_error(&answer, status, &body.to_string());
        let after = client.get(&path).await;
        assert_eq!(after.text, before.text);
        assert_eq!(after.headers["etag"], before.headers["etag"]);
    }
    let tag = before.headers["etag"].to_str().unwrap();
    let headers = [("content-type", "application/scim+json"), ("if-match", tag)];
    let put = Some(other.to_string().into());
    client.send("PUT", &path, &headers, put).await.expect(200);
}

/// The stored hash of the only user's password.
async fn hash(target: &Target, client: &Client) -> Option<String> {
    let table = sound(target, client).await;
    let mut users = table.partitions(&["user"]);
    let user = users.next().expect("a user");
    let hash = user.get("p")?.as_s();
    Some(hash.expect("text").clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn u09_a_replacement_without_a_password_keeps_it() {
    let (target, client, path) = with_full().await;
    assert_eq!(hash(&target, &client).await, None);
    let mut with_password = full();
    with_password["password"] = json!("correct horse");
    let answer = client.put(&path, &with_password).await.expect(200);
    let first = hash(&target, &client).await.expect("a hash");
    assert!(first.starts_with("$argon2id$") && !first.contains("horse"));
    let mut other = full();
    other["title"] = json!("Boss");
    for body in [full(), other] {
        let answer = client.put(&path, &body).await.expect(200);
        assert!(!answer.text.contains("argon2") && !answer.text.contains("password"));
        assert_eq!(hash(&target, &client).await.as_ref(), Some(&first));
    }
    let again = client.put(&path, &with_password).await.expect(200);
    let second = hash(&target, &client).await.expect("a hash");
    assert_ne!(second, first, "each hash has a salt of its own");
    assert!(!answer.text.contains("horse") && !again.text.contains("horse"));
    let remove = json!([{ "op": "remove", "path": "password" }]);
    client.patch(&path, remove).await.expect(200);
    assert_eq!(hash(&target, &client).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn g01_g02_g03_a_resource_is_read_with_all_that_is_returned_by_default() {
    let (_target, client, path) = with_full().await;
    let set = json!([{ "op": "add", "path": "password", "value": "correct horse" }]);
    client.patch(&path, set).await.expect(200);
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(bare(&read), full());
    assert!(read["id"].is_string() && read["meta"].is_object());
    for unknown in [
        "/Users/2819c223-7f76-453a-919d-413861904646",
        "/Users/x",
        "/Groups/2819c223-7f76-453a-919d-413861904646",
        &path.replace("Users", "Groups"),
    ] {
        scim_error(&client.get(unknown).await, 404, unknown);
    }
}
