//! The users and groups of a tenant, as the vendor reads them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Target;
use crate::support::client::{Client, encode};
use crate::support::table::tenant_of;

/// The names in a list.
fn names(list: &Value, name: &str) -> Vec<String> {
    let resources = list["Resources"].as_array().into_iter().flatten();
    resources
        .map(|resource| resource[name].as_str().expect("a name").to_owned())
        .collect()
}

async fn users(tenant: &Client, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let name = format!("user{number}@example.com");
        ids.push(tenant.create_user(&name).await);
    }
    ids
}

#[tokio::test]
async fn users_are_read_as_the_tenant_shows_them() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = tenant.create_user("ann@example.com").await;
    let own = tenant.get(&format!("/Users/{id}")).await.json();
    let path = format!("/tenants/{}/users", tenant_of(&tenant));
    let seen = admin.get(&format!("{path}/{id}")).await.expect(200);
    assert_eq!(seen.json(), own);
    assert_eq!(seen.headers["content-type"], "application/json");
    let missing = admin.get(&format!("{path}/nobody")).await.expect(404);
    assert_eq!(missing.json()["type"], "urn:muster:problem:not-found");
}

#[tokio::test]
async fn users_are_searched_by_the_beginning_of_their_name_and_by_filter() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    for name in ["ann@example.com", "Anna@example.com", "bob@example.com"] {
        tenant.create_user(name).await;
    }
    let path = format!("/tenants/{}/users", tenant_of(&tenant));
    let anna = encode(r#"userName co "anna""#);
    let quoted = encode(r#"x" or userName pr or userName eq "x"#);
    for (query, expected) in [
        (
            "search=AN".to_owned(),
            vec!["Anna@example.com", "ann@example.com"],
        ),
        (format!("search=an&filter={anna}"), vec!["Anna@example.com"]),
        (format!("search={quoted}"), vec![]),
    ] {
        let list = admin.get(&format!("{path}?{query}")).await.expect(200);
        let mut found = names(&list.json(), "userName");
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    let wrong = admin.get(&format!("{path}?filter=userName")).await;
    assert_eq!(
        wrong.expect(400).json()["type"],
        "urn:muster:problem:invalid-value"
    );
}

#[tokio::test]
async fn users_are_paged_by_cursor_and_a_cursor_is_its_tenants() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    users(&tenant, 5).await;
    let path = format!("/tenants/{}/users?count=2", tenant_of(&tenant));
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = admin.get(&format!("{path}&cursor={cursor}")).await;
        let page = page.expect(200).json();
        assert_eq!(page["totalResults"], 5);
        seen.extend(names(&page, "userName"));
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), 5);
    let other = target.tenant().await;
    users(&other, 3).await;
    let other = tenant_of(&other);
    let elsewhere = format!("/tenants/{other}/users?count=2&cursor={cursor}");
    let refused = admin.get(&elsewhere).await.expect(400).json();
    assert_eq!(refused["type"], "urn:muster:problem:invalid-cursor");
}

#[tokio::test]
async fn members_of_a_group_are_paged_as_users() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let ids = users(&tenant, 3).await;
    let group = tenant.create_group("Crew", &ids[..2]).await;
    let empty = tenant.create_group("Empty", &[]).await;
    let path = format!("/tenants/{}/groups", tenant_of(&tenant));
    let query = "search=cr&excludedAttributes=members";
    let list = admin.get(&format!("{path}?{query}")).await.expect(200);
    let list = list.json();
    assert_eq!(names(&list, "displayName"), ["Crew"]);
    assert!(list["Resources"][0]["members"].is_null());
    let one = admin.get(&format!("{path}/{group}")).await.expect(200);
    assert_eq!(one.json()["members"].as_array().map(Vec::len), Some(2));
    let members = admin.get(&format!("{path}/{group}/members?count=1")).await;
    let members = members.expect(200).json();
    assert_eq!(members["totalResults"], 2);
    assert_eq!(members["Resources"].as_array().map(Vec::len), Some(1));
    let none = admin.get(&format!("{path}/{empty}/members")).await;
    assert_eq!(none.expect(200).json()["totalResults"], 0);
    let no_group = format!("{path}/{}/members", ids[0]);
    admin.get(&no_group).await.expect(404);
}

#[tokio::test]
async fn people_of_a_tenant_that_there_is_not_are_not_found() {
    let target = Target::start().await;
    let admin = target.admin();
    for tenant in ["nobody", "admin", "%23"] {
        let answer = admin.get(&format!("/tenants/{tenant}/users")).await;
        let problem = answer.expect(404).json();
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.starts_with("the tenant `"), "{detail}");
    }
}
