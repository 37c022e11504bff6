//! The failure log in the admin API: JSON and CSV.

use serde_json::Value;

use crate::support::client::{encode, user};
use crate::support::moving::start;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// Users whose creation is rejected.
async fn refused(client: &Client, names: &[&str]) {
    for name in names {
        let mut wrong = user(name);
        wrong["active"] = "perhaps".into();
        client.post("/Users", &wrong).await.expect(400);
    }
}

async fn items(target: &Target, client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/tenants/{}/requests?{query}", tenant_of(client));
    let answer = target.admin().get(&path).await.expect(200).json();
    answer["items"].as_array().expect("items").clone()
}

fn names(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap_or("-"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_say_who_why_and_what_to_do() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna@example.com").await;
    refused(&client, &["berta@example.com"]).await;
    let off = serde_json::json!([{ "op": "replace", "path": "active", "value": "perhaps" }]);
    client
        .patch(&format!("/Users/{anna}"), off)
        .await
        .expect(400);
    let all = items(&target, &client, "").await;
    assert_eq!(
        names(&all),
        ["anna@example.com", "berta@example.com"],
        "a name of today"
    );
    let (change, creation) = (&all[0], &all[1]);
    assert_eq!(change["resource"], anna.as_str());
    assert_eq!(change["operation"], "users.modify");
    for (member, expected) in [
        ("operation", "users.create"),
        ("method", "POST"),
        ("path", "/Users"),
        ("outcome", "refused"),
        ("scimType", "invalidValue"),
        ("resourceType", "User"),
        ("reason", "`active` must be true or false, not `…`"),
    ] {
        assert_eq!(creation[member], expected, "{member}");
    }
    assert_eq!(
        (&creation["status"], &creation["count"]),
        (&400.into(), &1.into())
    );
    assert!(
        creation["advice"]
            .as_str()
            .unwrap()
            .starts_with("A value is not valid.")
    );
    assert!(creation["key"].is_string() && creation["request"].is_string());
    assert!(creation["first"].as_str().unwrap().ends_with('Z'));
    assert!(!all.iter().any(|item| item.to_string().contains("perhaps")));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_searched_by_user_operation_outcome_and_time_and_paged() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    refused(&client, &["anna@example.com", "berta@example.com"]).await;
    time.pass(60);
    let noon = time.now().to_string();
    refused(&client, &["anna.b@example.com"]).await;
    client
        .get("/Groups/2819c223-7f76-453a-919d-413861904646")
        .await
        .expect(404);
    client.with_token("wrong").get("/Users").await.expect(401);
    for (query, expected) in [
        ("", 5),
        ("user=ANNA", 2),
        (r#"user="anna%40example.com""#, 1),
        ("user=2819c223", 1),
        ("operation=users", 4),
        ("operation=users.create", 3),
        ("operation=users.list&outcome=token", 1),
        ("outcome=token", 1),
        ("outcome=failed", 0),
        (&format!("from={}", encode(&noon)), 3),
        (&format!("until={}", encode(&noon)), 2),
    ] {
        let query = query.replace('"', "%22");
        assert_eq!(
            items(&target, &client, &query).await.len(),
            expected,
            "{query}"
        );
    }
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let path = format!(
            "/tenants/{}/requests?count=2&cursor={cursor}",
            tenant_of(&client)
        );
        let page = target.admin().get(&path).await.expect(200).json();
        seen += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, 5);
    for (query, detail) in [
        (
            "outcome=x",
            "`outcome` must be one of refused, token, rate, failed, noted, not `x`",
        ),
        (
            "from=x",
            "`from` must be a time such as 2030-01-31T08:00:00Z, not `x`",
        ),
        ("cursor=x", "`cursor` is not valid; start again without it"),
        ("count=0", "`count` must be a number from 1 to 500, not `0`"),
    ] {
        let path = format!("/tenants/{}/requests?{query}", tenant_of(&client));
        let problem = target.admin().get(&path).await.expect(400).json();
        assert_eq!(problem["detail"], detail);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_log_is_its_own_and_there_is_none_without_a_tenant() {
    let target = Target::start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    refused(&client, &["anna@example.com"]).await;
    assert!(items(&target, &other, "").await.is_empty());
    for end in ["requests", "requests.csv"] {
        target
            .admin()
            .get(&format!("/tenants/nobody/{end}"))
            .await
            .expect(404);
        let path = format!("/tenants/{}/{end}", tenant_of(&client));
        let key = target.admin().with_token(&client.token);
        key.get(&path).await.expect(401);
    }
}

/// Oktopost's downloadable list of failed provisionings.
#[tokio::test(flavor = "multi_thread")]
async fn oktopost_the_failed_list_is_a_file_for_a_spreadsheet_without_formulas() {
    let target = Target::start().await;
    let client = target.tenant().await;
    refused(&client, &["=HYPERLINK(\"http://x\")", "@anna,b"]).await;
    let path = format!(
        "/tenants/{}/requests.csv?operation=users",
        tenant_of(&client)
    );
    let answer = target.admin().get(&path).await.expect(200);
    assert_eq!(
        answer.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let file = format!(
        "attachment; filename=\"{}-requests.csv\"",
        tenant_of(&client)
    );
    assert_eq!(answer.headers["content-disposition"], file.as_str());
    let text = answer
        .text
        .strip_prefix('\u{feff}')
        .expect("a byte order mark");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[0].starts_with(r#""last","first","count","outcome","operation","type","name","id","#)
    );
    assert!(
        lines[1].contains(r#","create user","User","'@anna,b","","400","invalidValue","#),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains(r#","'=HYPERLINK(""http://x"")","#),
        "{}",
        lines[2]
    );
    assert!(lines[1].contains("A value is not valid."));
    assert_eq!(lines[3], "");
}

/// A change of a tenant is noted with its actor; reads and rejected operations are not.
#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_do_is_noted_beside_the_failures_and_not_among_them() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    refused(&client, &["anna@example.com"]).await;
    let path = format!("/tenants/{tenant}/activity");
    let before = target.admin().get(&path).await.expect(200).json();
    assert_eq!(before["items"].as_array().map(Vec::len), Some(0));
    let links = format!("/tenants/{tenant}/links");
    let wrong = serde_json::json!({ "expiresInSeconds": -1 });
    target.admin().post(&links, &wrong).await.expect(400);
    let body = serde_json::json!({}).to_string();
    let once = [
        ("content-type", "application/json"),
        ("idempotency-key", "l1"),
    ];
    let mut made = String::new();
    for _ in 0..2 {
        let body = Some(body.clone().into());
        let answer = target.admin().send("POST", &links, &once, body).await;
        made = answer.expect(201).id();
    }
    let revoked = target.admin().delete(&format!("{links}/{made}")).await;
    revoked.expect(204);
    let after = target.admin().get(&path).await.expect(200).json();
    let after = after["items"].as_array().unwrap();
    let did: Vec<&str> = after.iter().filter_map(|act| act["did"].as_str()).collect();
    assert_eq!(did, ["setup link revoked", "setup link created"]);
    assert_eq!(
        (&after[0]["by"], &after[0]["about"]),
        (&"first".into(), &made.into())
    );
    assert_eq!(
        names(&items(&target, &client, "").await),
        ["anna@example.com"]
    );
    let gone = target.admin().get("/tenants/nobody/activity").await;
    gone.expect(404);
}

/// An export of data as a file is noted with its actor, by the API and by the pages; data that is only shown is not,
/// and rejected exports are not.
#[tokio::test(flavor = "multi_thread")]
async fn whose_data_was_taken_out_is_noted() {
    let target = Target::start().await;
    let (client, admin) = (target.tenant().await, target.admin());
    let tenant = tenant_of(&client);
    let id = client.create_user("anna@example.com").await;
    let path = format!("/tenants/{tenant}");
    for shown in ["users", &format!("users/{id}"), "requests"] {
        admin.get(&format!("{path}/{shown}")).await.expect(200);
    }
    let body = serde_json::json!({ "userName": "anna@example.com", "password": "x" });
    let verify = format!("{path}/verify-password");
    admin.post(&verify, &body).await.expect(200);
    let nobody = admin.get(&format!("{path}/users/nobody/export")).await;
    nobody.expect(404);
    admin
        .get(&format!("{path}/users/{id}/export"))
        .await
        .expect(200);
    admin.get(&format!("{path}/requests.csv")).await.expect(200);
    let mut visitor = crate::vendor::console::vendor(&target).await;
    let page = format!("/console/tenants/{tenant}/users/{id}/export");
    visitor.get(&page).await.expect(200);
    let noted = admin
        .get(&format!("{path}/activity"))
        .await
        .expect(200)
        .json();
    let noted = noted["items"].as_array().expect("entries");
    let noted: Vec<_> = noted
        .iter()
        .map(|act| (&act["did"], &act["about"], &act["by"]))
        .collect();
    let (export, file, first) = (
        "user exported".into(),
        "failure log downloaded".into(),
        "first".into(),
    );
    let (id, none) = (id.into(), Value::Null);
    assert_eq!(
        noted,
        [
            (&export, &id, &first),
            (&file, &none, &first),
            (&export, &id, &first)
        ]
    );
    let changes = format!("/console/tenants/{tenant}/activity");
    assert!(
        visitor
            .get(&changes)
            .await
            .expect(200)
            .text
            .contains("User exported")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_noted_is_not_handed_out() {
    let target = Target::with_faults().await;
    let (client, admin) = (target.tenant().await, target.admin());
    let path = format!("/tenants/{}", tenant_of(&client));
    let id = client.create_user("anna@example.com").await;
    for (operation, file) in [
        ("exportUser", format!("{path}/users/{id}/export")),
        ("downloadRequests", format!("{path}/requests.csv")),
    ] {
        crate::storage::faults::one(target.faults(), &format!("deny:item={operation}"));
        let answer = admin.get(&file).await;
        assert_eq!(answer.status.as_u16(), 503, "{}", answer.text);
        assert!(!answer.text.contains("anna"), "{}", answer.text);
        target.faults().clear();
        admin.get(&file).await.expect(200);
    }
}
