//! Stored tenants: created once, changed in the version that was read, listed, and deleted completely.

use std::sync::Arc;

use directory::tenants::{NewTenant, Search, Settings, Status, Tenants};
use directory::{DirectoryError, Meter, Store};
use keyring::TenantId;
use local::stack::TABLE;
use serde_json::json;
use service::clock::{Clock, Ids};

use crate::support::Target;
use crate::support::table::tenant_of;

mod clear;

/// The tenants of a target, as a new process sees them.
pub fn tenants(target: &Target) -> Tenants {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    Tenants::new(Arc::new(Store::new(dynamodb, TABLE.to_owned())))
}

pub fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub fn new(name: &str) -> NewTenant {
    NewTenant {
        id: id(name),
        name: name.to_uppercase(),
        status: Status::Off,
        settings: Settings::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_created_once_and_a_repeated_creation_knows_its_own_success() {
    let target = Target::start().await;
    let (tenants, meter) = (tenants(&target), Meter::default());
    let (now, write) = (Clock::system().now(), Ids::system().write());
    let created = tenants
        .create(new("acme"), now, &write, &meter)
        .await
        .unwrap();
    tenants
        .create(new("acme"), now, &write, &meter)
        .await
        .unwrap();
    let other = Ids::system().write();
    let again = tenants.create(new("acme"), now, &other, &meter).await;
    assert!(matches!(
        again,
        Err(DirectoryError::Taken {
            attribute: "id",
            ..
        })
    ));
    let read = tenants.read(&id("acme"), &meter).await.unwrap().unwrap();
    assert_eq!((read.version, read.status), (1, Status::Off));
    assert_eq!(
        (read.name.as_str(), read.created),
        ("ACME", created.created)
    );
    assert_eq!(read.status_since, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_of_one_version_one_is_stale_and_a_repeated_one_succeeds() {
    let target = Target::start().await;
    let (tenants, meter) = (tenants(&target), Meter::default());
    let (now, ids) = (Clock::system().now(), Ids::system());
    let first = tenants
        .create(new("acme"), now, &ids.write(), &meter)
        .await
        .unwrap();
    let write = ids.write();
    let mut next = first.clone();
    next.settings = Settings::parse(&json!({ "seats": 3, "emails": "work" })).unwrap();
    next.status = Status::On;
    for _ in 0..2 {
        let changed = tenants
            .update(&first, next.clone(), now, &write, &meter)
            .await
            .unwrap();
        assert_eq!((changed.version, changed.status_since.is_some()), (2, true));
    }
    let mut other = first.clone();
    other.name = "other".to_owned();
    let stale = tenants
        .update(&first, other, now, &ids.write(), &meter)
        .await;
    assert!(matches!(stale, Err(DirectoryError::Stale)));
    let read = tenants.read(&id("acme"), &meter).await.unwrap().unwrap();
    assert_eq!(read.settings, next.settings);
    let same = tenants
        .update(&read, read.clone(), now, &ids.write(), &meter)
        .await
        .unwrap();
    assert_eq!(same.version, 2, "a change of nothing is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_found_by_the_beginning_of_their_id_and_a_part_of_their_name() {
    let target = Target::start().await;
    let (tenants, meter) = (tenants(&target), Meter::default());
    let (now, ids) = (Clock::system().now(), Ids::system());
    for number in 0..250 {
        let mut new = new(&format!("t{number:03}"));
        if number % 100 == 7 {
            new.name = format!("Globex {number}");
        }
        tenants
            .create(new, now, &ids.write(), &meter)
            .await
            .unwrap();
    }
    let found = async |text: Option<&str>, status, count| {
        let mut all = Vec::new();
        let mut after: Option<TenantId> = None;
        loop {
            let search = Search {
                text,
                status,
                after: after.as_ref(),
                count,
            };
            let listed = tenants.list(&search, &meter).await.unwrap();
            assert!(listed.tenants.len() <= count);
            all.extend(
                listed
                    .tenants
                    .into_iter()
                    .map(|tenant| tenant.id.to_string()),
            );
            let Some(next) = listed.next else {
                return all;
            };
            after = Some(next);
        }
    };
    let all = found(None, None, 30).await;
    assert_eq!(all.len(), 250);
    assert!(all.is_sorted());
    assert_eq!(found(Some("t01"), None, 3).await.len(), 10);
    assert_eq!(found(Some("T01"), None, 100).await.len(), 10);
    assert_eq!(
        found(Some("globex"), None, 1).await,
        ["t007", "t107", "t207"]
    );
    assert_eq!(
        found(Some("249"), None, 100).await,
        ["t249"],
        "its name is T249"
    );
    assert_eq!(
        found(None, Some(Status::On), 100).await,
        Vec::<String>::new()
    );
    assert_eq!(found(Some("t2"), Some(Status::Off), 25).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_start_does_not_change_an_existing_tenant() {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.settings(&client, &json!({ "seats": 7 })).await;
    let name = tenant_of(&client).to_owned();
    let access = target.stack.tenant(&name, None).await.unwrap();
    let tenant = tenants(&target)
        .read(&id(&name), &Meter::default())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tenant.settings.seats, Some(7));
    target.becomes_known();
    client
        .with_token(&access.token)
        .get("/Users")
        .await
        .expect(200);
    client.get("/Users").await.expect(401);
    let changed = target
        .stack
        .change(&name, |tenant| tenant.status = Status::Off)
        .await;
    changed.unwrap();
    target.becomes_known();
    let access = target.stack.tenant(&name, None).await.unwrap();
    client
        .with_token(&access.token)
        .get("/Users")
        .await
        .expect(403);
}
