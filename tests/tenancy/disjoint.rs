//! With a token of B, no route can read, find, change or count anything of A.

use serde_json::json;
use service::wire::routes::Endpoint;

use super::{fill, on_every_route, refused, request, seen};
use crate::support::client::{GROUP, group, patch, user};
use crate::support::listed::{found, groups, ids, total};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

/// The same client at another tenant's address.
fn at(client: &Client, tenant: &str) -> Client {
    let base = client
        .base
        .replace(&format!("/{}/", tenant_of(client)), &format!("/{tenant}/"));
    Client::new(&base, &client.token)
}

/// All data of a tenant, as its own client sees it.
async fn everything(client: &Client) -> (String, String) {
    let users = client.get("/Users?count=1000").await.expect(200).text;
    (
        users,
        client.get("/Groups?count=1000").await.expect(200).text,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn z01_z02_a_token_is_rejected_on_every_route_of_another_tenant() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let ids = fill(&a).await;
    let before = everything(&a).await;
    let intruder = a.with_token(&b.token);
    let unknown = at(&b, "no-such-tenant");
    let theirs = on_every_route(&intruder, &ids).await;
    let nobodys = on_every_route(&unknown, &ids).await;
    assert_eq!(theirs.len(), service::wire::routes::routes().count());
    for ((route, answer), (_, other)) in theirs.iter().zip(&nobodys) {
        refused(answer, route.path);
        assert_eq!(
            seen(answer),
            seen(other),
            "{}: the tenants can be told apart",
            route.path
        );
    }
    for path in [
        "",
        "/",
        "/Nothing",
        "/Users/",
        "/Bulk",
        "/.search",
        "/Users/1/2",
        "/users",
    ] {
        let (theirs, nobodys) = (intruder.get(path).await, unknown.get(path).await);
        refused(&theirs, path);
        assert_eq!(seen(&theirs), seen(&nobodys), "{path}");
    }
    assert_eq!(everything(&a).await, before);
    sound(&target, &a).await;
    sound(&target, &b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn z01_ids_of_another_tenant_are_unknown_on_every_method() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let ids = fill(&a).await;
    let before = everything(&a).await;
    let nobody = "2819c223-7f76-453a-919d-413861904646";
    let mut asked = 0;
    for (route, answer) in on_every_route(&b, &ids).await {
        if !matches!(
            route.endpoint,
            Endpoint::Read(_) | Endpoint::Replace(_) | Endpoint::Modify(_) | Endpoint::Delete(_)
        ) {
            continue;
        }
        asked += 1;
        let (method, path, body) = request(route, &ids);
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
        let body = body.map(|body| body.to_string().into());
        let headers = [("content-type", "application/scim+json")];
        let unknown = b
            .send(method.as_str(), &path.replace(id, nobody), &headers, body)
            .await;
        assert_eq!(
            answer.text.replace(id, nobody),
            unknown.text,
            "{method} {path}"
        );
    }
    assert_eq!(asked, 8);
    // An id of A is not an id of another type in B either.
    for path in [
        format!("/Groups/{}", ids.user),
        format!("/Users/{}", ids.group),
    ] {
        a.get(&path).await.expect(404);
        b.get(&path).await.expect(404);
    }
    assert_eq!(everything(&a).await, before);
    sound(&target, &a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn z04_lists_counts_and_filters_show_nothing_of_another_tenant() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let of_a = fill(&a).await;
    for path in [
        "/Users",
        "/Groups",
        "/Users?count=0",
        "/Groups?startIndex=1&count=1000",
    ] {
        assert_eq!(total(&b.get(path).await), 0, "{path}");
    }
    let filters = |ids: &super::Ids| {
        let (user, group) = (&ids.user, &ids.group);
        [
            ("/Users", r#"userName eq "anna@example.com""#.to_owned()),
            ("/Users", r#"externalId eq "e1""#.to_owned()),
            ("/Users", r#"emails.value eq "anna@example.com""#.to_owned()),
            ("/Users", r#"userName pr"#.to_owned()),
            ("/Users", format!(r#"id eq "{user}""#)),
            ("/Users", format!(r#"groups.value eq "{group}""#)),
            ("/Groups", r#"displayName eq "Sales""#.to_owned()),
            ("/Groups", r#"displayName pr"#.to_owned()),
            ("/Groups", format!(r#"id eq "{group}""#)),
            ("/Groups", format!(r#"members.value eq "{user}""#)),
        ]
    };
    for (path, filter) in filters(&of_a) {
        assert_eq!(found(&b, path, &filter).await.len(), 0, "{filter}");
        assert_eq!(found(&a, path, &filter).await.len(), 1, "{filter}");
    }
    // With the same values in both tenants, each sees its own.
    let of_b = fill(&b).await;
    for (path, filter) in filters(&of_b) {
        assert_eq!(
            found(&a, path, &filter).await.len(),
            usize::from(!filter.contains('-')),
            "{filter}"
        );
        assert_eq!(found(&b, path, &filter).await.len(), 1, "{filter}");
    }
    assert_eq!(ids(&a.get("/Users").await), [of_a.user]);
    assert_eq!(ids(&b.get("/Users").await), [of_b.user]);
}

#[tokio::test(flavor = "multi_thread")]
async fn z03_names_and_external_ids_are_unique_in_their_tenant_only() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let (of_a, of_b) = (fill(&a).await, fill(&b).await);
    a.post("/Users", &user("Anna@example.com"))
        .await
        .expect(409);
    a.delete(&format!("/Users/{}", of_a.user)).await.expect(204);
    b.post("/Users", &user("Anna@example.com"))
        .await
        .expect(409);
    b.get(&format!("/Users/{}", of_b.user)).await.expect(200);
    a.create_user("Anna@example.com").await;
    sound(&target, &a).await;
    sound(&target, &b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn z04_a_group_takes_no_member_of_another_tenant() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let (of_a, of_b) = (fill(&a).await, fill(&b).await);
    let path = format!("/Groups/{}", of_b.group);
    let before = b.get(&path).await.text;
    for foreign in [&of_a.user, &of_a.group] {
        for kind in [None, Some("User"), Some("Group")] {
            let value = json!([{ "value": foreign, "type": kind }]);
            let operations = json!([{ "op": "add", "path": "members", "value": value }]);
            let body = json!({ "schemas": [GROUP], "displayName": "New", "members": value });
            for answer in [
                b.patch(&path, operations).await,
                b.put(&path, &body).await,
                b.post("/Groups", &body).await,
            ] {
                let (status, scim_type, _) = answer.error();
                assert_eq!(
                    (status, scim_type.as_str()),
                    (400, "invalidValue"),
                    "{answer:?}"
                );
            }
        }
        let reference = format!("{}/Users/{foreign}", a.base);
        let by_reference =
            json!({ "schemas": [GROUP], "displayName": "New", "members": [{ "$ref": reference }] });
        b.post("/Groups", &by_reference).await.expect(400);
    }
    assert_eq!(b.get(&path).await.text, before);
    assert_eq!(total(&b.get("/Groups").await), 1);
    assert_eq!(groups(&a, &of_a.user).await, [of_a.group.clone()].into());
    b.put(&path, &group("Sales", std::slice::from_ref(&of_b.user)))
        .await
        .expect(200);
    let table = sound(&target, &a).await;
    assert_eq!(
        table.group(&of_a.group).fence,
        0,
        "a refused member was touched"
    );
    sound(&target, &b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_with_a_common_prefix_are_separate() {
    let target = Target::start().await;
    let mut clients = Vec::new();
    for name in ["acme", "acme-2", "acm", "a", "scim", "users"] {
        let access = target.stack.tenant(name, None).await.unwrap();
        clients.push(Client::new(&access.base, &access.token));
    }
    for (number, client) in clients.iter().enumerate() {
        assert_eq!(total(&client.get("/Users").await), 0, "{}", client.base);
        for other in 0..=number {
            client.create_user(&format!("user{other}")).await;
        }
    }
    for (number, client) in clients.iter().enumerate() {
        assert_eq!(
            total(&client.get("/Users").await),
            number as u64 + 1,
            "{}",
            client.base
        );
        sound(&target, client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn z01_z04_neither_bulk_nor_search_reaches_another_tenant() {
    let target = Target::start().await;
    let (a, b) = (target.tenant().await, target.tenant().await);
    let (of_a, of_b) = (fill(&a).await, fill(&b).await);
    let before = everything(&a).await;
    let mut operations = Vec::new();
    for (path, body) in [
        (format!("/Users/{}", of_a.user), user("stolen")),
        (format!("/Groups/{}", of_a.group), group("stolen", &[])),
    ] {
        let change = patch(json!([{ "op": "replace", "value": { "displayName": "changed" } }]));
        operations.push(json!({ "method": "PUT", "path": path, "data": body }));
        operations.push(json!({ "method": "PATCH", "path": path, "data": change }));
        operations.push(json!({ "method": "DELETE", "path": path }));
    }
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": of_a.user }] }]);
    let path = format!("/Groups/{}", of_b.group);
    operations.push(json!({ "method": "PATCH", "path": path, "data": patch(join) }));
    let urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    let answer = b
        .post(
            "/Bulk",
            &json!({ "schemas": [urn], "Operations": operations }),
        )
        .await
        .expect(200)
        .json();
    let statuses: Vec<&str> = answer["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["404", "404", "404", "404", "404", "404", "400"]);

    let urn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let filter = format!(r#"id eq "{}" or id eq "{}""#, of_a.user, of_a.group);
    for path in ["/Users/.search", "/Groups/.search"] {
        let found = b
            .post(path, &json!({ "schemas": [urn], "filter": filter }))
            .await;
        assert_eq!(total(&found), 0, "{path}");
        assert_eq!(total(&b.post(path, &json!({ "schemas": [urn] })).await), 1);
    }
    assert_eq!(everything(&a).await, before);
    sound(&target, &a).await;
    sound(&target, &b).await;
}
