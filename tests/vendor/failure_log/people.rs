//! The person of an entry, and the entries of a bulk request.

use directory::Meter;
use directory::journal::{EntryFilter, LoggedFailure, Recorded, UserMatch};
use directory::tenants::Status;
use jiff::Timestamp;
use keyring::TenantId;
use scim_core::error::cause::{Cause, RequestOutcome};
use serde_json::json;
use service::clock::{Clock, Ids};
use service::failures::advice;

use super::{entries, log_of};
use crate::support::client::{BULK, PATCH, group, user};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

async fn found(
    target: &Target,
    client: &Client,
    wanted: EntryFilter,
) -> Vec<Recorded<LoggedFailure>> {
    let log = log_of(target, tenant_of(client));
    let page = log
        .failures(&wanted, 100, None, Timestamp::MIN)
        .await
        .unwrap();
    page.entries
}

/// Oktopost's list of failed provisionings: who, why, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn oktopost_failed_provisionings_are_listed_by_user() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna@example.com").await;
    let okta = [
        ("user-agent", "Okta SCIM Client 1.0.0"),
        ("content-type", "application/scim+json"),
    ];
    let taken = user("ANNA@example.com").to_string();
    let answer = client
        .send("POST", "/Users", &okta, Some(taken.into()))
        .await;
    answer.expect(409);
    let mut wrong = user("berta@example.com");
    wrong["name"] = json!("Berta Secret");
    client.post("/Users", &wrong).await.expect(400);
    let replaced = client.put(&format!("/Users/{anna}"), &user("")).await;
    replaced.expect(400);
    client
        .post("/Groups", &group("Sales", &["odd".to_owned()]))
        .await
        .expect(400);

    let all = entries(&target, &client).await;
    let shown: Vec<_> = all
        .iter()
        .rev()
        .map(|entry| {
            let failure = &entry.content;
            (
                failure.operation.as_str(),
                failure.name.as_deref(),
                failure.cause.as_str(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("users.create", Some("ANNA@example.com"), "taken"),
            ("users.create", Some("berta@example.com"), "value"),
            ("users.replace", None, "value"),
            ("groups.create", Some("Sales"), "member"),
        ]
    );
    let first = &all.last().unwrap().content;
    assert_eq!(first.provider.as_deref(), Some("Okta"));
    assert_eq!(
        first.reason,
        "`userName` is taken by another resource of this tenant"
    );
    assert!(advice(first).contains("Dashboard, Tasks"));
    assert_eq!(all[1].content.resource, Some(anna));
    assert_eq!(all[1].content.path.as_deref(), Some("/Users/{id}"));

    let by = |who: &str| EntryFilter {
        who: Some(UserMatch::Like(who.to_owned())),
        ..EntryFilter::default()
    };
    assert_eq!(found(&target, &client, by("berta")).await.len(), 1);
    let users = EntryFilter {
        operation: Some("users".to_owned()),
        ..EntryFilter::default()
    };
    assert_eq!(found(&target, &client, users).await.len(), 3);
    let tokens = EntryFilter {
        causes: Some(Cause::words(RequestOutcome::Token)),
        ..EntryFilter::default()
    };
    assert!(found(&target, &client, tokens).await.is_empty());
    let other = target.tenant().await;
    assert!(entries(&target, &other).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failed_operation_of_a_bulk_request_has_its_entry() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let patch = json!({ "schemas": [PATCH], "Operations": [
        { "op": "replace", "path": "active", "value": "perhaps" }
    ] });
    let request = json!({ "schemas": [BULK], "Operations": [
        { "method": "POST", "path": "/Users", "bulkId": "b", "data": user("berta") },
        { "method": "POST", "path": "/Users", "bulkId": "a", "data": user("ANNA") },
        { "method": "PATCH", "path": format!("/Users/{anna}"), "data": patch },
        { "method": "DELETE", "path": "/Nothing" },
    ] });
    client.post("/Bulk", &request).await.expect(200);
    let all = entries(&target, &client).await;
    let shown: Vec<_> = all
        .iter()
        .map(|entry| {
            let failure = &entry.content;
            let name = failure.name.as_deref().or(failure.resource.as_deref());
            (
                failure.place.unwrap(),
                failure.operation.as_str(),
                failure.status,
                name,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (2, "users.create", 409, Some("ANNA")),
            (3, "users.modify", 400, Some(anna.as_str())),
            (4, "bulk", 400, None),
        ]
    );
    assert!(
        all.iter()
            .all(|entry| entry.content.path.as_deref() == Some("/Bulk"))
    );
    assert!(!all[1].content.reason.contains("perhaps"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_turned_off_has_one_entry_for_all_that_is_refused() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let tenant = TenantId::parse(tenant_of(&client)).unwrap();
    let (tenants, meter) = (target.stack.service.tenants(), Meter::default());
    let found = tenants.read(&tenant, &meter).await.unwrap().unwrap();
    let mut turned = found.clone();
    turned.status = Status::Off;
    let (now, write) = (Clock::system().now(), Ids::system().write());
    tenants
        .update(&found, turned, now, &write, &meter)
        .await
        .unwrap();
    target.becomes_known();
    for name in ["anna", "berta", "carla"] {
        client.post("/Users", &user(name)).await.expect(403);
    }
    let all = entries(&target, &client).await;
    let [one] = all.as_slice() else {
        panic!("{all:#?}");
    };
    assert_eq!(one.content.cause, "off");
    assert_eq!(
        (one.count, one.content.name.as_ref()),
        (2, None),
        "the third is not told yet"
    );
}
