//! Export and erasure of all data of one person.

use std::sync::Arc;

use directory::journal::{EntryId, Journal, LoggedFailure, Recorded};
use directory::{Store, TenantTable};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use local::stack::TABLE;
use serde_json::json;

use crate::support::client::user;
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

/// Texts in the data of one person and of nobody else.
const TRACES: [&str; 5] = ["quokka", "wombat", "numbat", "bilby", "$argon2id$"];

async fn person(tenant: &Client) -> String {
    let mut body = user("quokka@example.com");
    body["externalId"] = json!("wombat-7");
    body["emails"] = json!([{ "value": "numbat@example.com", "type": "work" }]);
    body["displayName"] = json!("Bilby");
    body["password"] = json!("correct horse battery staple");
    tenant.post("/Users", &body).await.expect(201).id()
}

/// Writes an entry into the tenant's failure log.
async fn refused(target: &Target, tenant: &Client, name: &str, resource: Option<&str>, number: u8) {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let name_of = TenantId::parse(tenant_of(tenant)).expect("a tenant");
    let log = Journal::new(TenantTable::new(store, name_of, Arc::default()));
    let now = Timestamp::from_second(4_000_000_000).expect("a time");
    let entry = Recorded {
        id: EntryId::new(now, [number; 4]),
        content: LoggedFailure {
            operation: "users.create".to_owned(),
            method: "POST".to_owned(),
            status: 409,
            cause: "uniqueness".to_owned(),
            reason: "the userName is taken".to_owned(),
            resource_type: Some("User".to_owned()),
            resource: resource.map(str::to_owned),
            name: Some(name.to_owned()),
            ..LoggedFailure::default()
        },
        count: 1,
        last: now,
        request_id: "r".to_owned(),
    };
    log.put(&[entry], SignedDuration::from_hours(24))
        .await
        .expect("an entry");
}

/// All items of the tenant as text, in lower case.
async fn raw(target: &Target, tenant: &Client) -> String {
    let dynamodb = &target.stack.services.clients.dynamodb;
    let scan = dynamodb.scan().table_name(TABLE).consistent_read(true);
    let items = scan.into_paginator().items().send();
    let items = items
        .collect::<Result<Vec<_>, _>>()
        .await
        .expect("the table");
    let own = format!("{}#", tenant_of(tenant));
    let own = items
        .iter()
        .filter(|item| item["pk"].as_s().is_ok_and(|pk| pk.starts_with(&own)));
    let lines: Vec<String> = own.map(|item| format!("{item:?}")).collect();
    lines.join("\n").to_lowercase()
}

#[tokio::test]
async fn an_export_has_everything_of_a_person_but_the_password() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = person(&tenant).await;
    let group = tenant
        .create_group("Marsupials", std::slice::from_ref(&id))
        .await;
    refused(&target, &tenant, "Quokka@example.com", None, 1).await;
    refused(&target, &tenant, "other@example.com", Some(&id), 2).await;
    refused(&target, &tenant, "other@example.com", None, 3).await;
    let path = format!("/tenants/{}/users/{id}", tenant_of(&tenant));
    let answer = admin.get(&format!("{path}/export")).await.expect(200);
    let export = answer.json();
    assert_eq!(
        export["user"],
        tenant.get(&format!("/Users/{id}")).await.json()
    );
    assert_eq!(export["user"]["externalId"], "wombat-7");
    assert_eq!(export["user"]["groups"][0]["value"], group.as_str());
    assert_eq!(export["hasPassword"], true);
    assert!(!answer.text.contains("argon2"), "{}", answer.text);
    let requests = export["requests"].as_array().expect("entries");
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["operation"], "users.create");
    assert_eq!(requests[0]["first"], "2096-10-02T07:06:40.000Z");
    admin
        .get(&format!(
            "/tenants/{}/users/nobody/export",
            tenant_of(&tenant)
        ))
        .await
        .expect(404);
    let other = target.tenant().await;
    admin
        .get(&format!("/tenants/{}/users/{id}/export", tenant_of(&other)))
        .await
        .expect(404);
}

#[tokio::test]
async fn nothing_is_left_of_a_person_who_was_erased() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = person(&tenant).await;
    let stays = tenant.create_user("stays@example.com").await;
    // More groups than one transaction can leave.
    for number in 0..34 {
        let members = [id.clone(), stays.clone()];
        tenant
            .create_group(&format!("Group {number}"), &members)
            .await;
    }
    // Traces of a walk, a log-in and rejections.
    tenant.get("/Users?startIndex=1&count=1").await.expect(200);
    let path = format!("/tenants/{}", tenant_of(&tenant));
    let login = json!({ "userName": "quokka@example.com", "password": "wrong" });
    admin
        .post(&format!("{path}/verify-password"), &login)
        .await
        .expect(200);
    refused(&target, &tenant, "quokka@example.com", None, 1).await;
    refused(&target, &tenant, "quokka@example.com", Some(&id), 2).await;
    refused(&target, &tenant, "stays@example.com", Some(&stays), 3).await;
    let before = raw(&target, &tenant).await;
    for trace in TRACES {
        assert!(before.contains(trace), "{trace}");
    }

    let erase = format!("{path}/users/{id}/erase");
    let erased = admin.post(&erase, &json!({})).await.expect(200).json();
    assert_eq!(erased, json!({ "user": id, "requests": 2 }));
    let after = raw(&target, &tenant).await;
    for trace in TRACES {
        assert!(!after.contains(trace), "{trace} in {after}");
    }
    // The position of a walk contains an id, for ten minutes, and the note of a deletion for two days.
    let notes = ["#anchor", "#gone"];
    let lines = after.lines().filter(|line| line.contains(&id));
    let lines = lines.filter(|line| !notes.iter().any(|note| line.contains(note)));
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(after.contains("stays@example.com"));
    admin.post(&erase, &json!({})).await.expect(404);
    tenant.get(&format!("/Users/{id}")).await.expect(404);
    let groups = tenant
        .filter("/Groups", &format!(r#"members.value eq "{stays}""#))
        .await;
    assert_eq!(groups.json()["totalResults"], 34);
    sound(&target, &tenant).await;
    // The name is free.
    person(&tenant).await;
}

/// The user is deleted, but the log is not erased yet.
#[tokio::test]
async fn an_erasure_that_was_cut_off_is_finished_by_asking_again() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = person(&tenant).await;
    tenant.delete(&format!("/Users/{id}")).await.expect(204);
    refused(&target, &tenant, "quokka@example.com", Some(&id), 1).await;
    let erase = format!("/tenants/{}/users/{id}/erase", tenant_of(&tenant));
    let erased = admin.post(&erase, &json!({})).await.expect(200).json();
    assert_eq!(erased["requests"], 1);
    admin.post(&erase, &json!({})).await.expect(404);
    assert!(!raw(&target, &tenant).await.contains("quokka"));
}

/// The tenant keeps deleted users, but not erased ones.
#[tokio::test]
async fn nothing_is_left_of_a_person_whom_the_tenant_kept() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let settings = json!({ "delete": "deactivate", "uniqueEmails": true, "seats": 3 });
    target.settings(&tenant, &settings).await;
    for is_deleted in [true, false] {
        let id = person(&tenant).await;
        if is_deleted {
            tenant.delete(&format!("/Users/{id}")).await.expect(204);
            assert!(raw(&target, &tenant).await.contains("quokka"));
        }
        let erase = format!("/tenants/{}/users/{id}/erase", tenant_of(&tenant));
        admin.post(&erase, &json!({})).await.expect(200);
        let after = raw(&target, &tenant).await;
        for trace in TRACES {
            assert!(!after.contains(trace), "{trace} in {after}");
        }
        sound(&target, &tenant).await;
    }
}
