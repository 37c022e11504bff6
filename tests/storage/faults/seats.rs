//! The setting `seats` and the limit in the counter agree after every crash point.

use serde_json::{Value, json};

use super::one;
use crate::support::client::USER;
use crate::support::{Client, Target, seed};

/// The limit in the settings, and the enforced limit.
async fn said_and_enforced(target: &Target, id: &str) -> Option<(Value, Value)> {
    let admin = target.admin();
    let read = admin.get(&format!("/tenants/{id}")).await;
    if read.status == 404 {
        return None;
    }
    let base = format!("http://{}/{id}/scim/v2", target.stack.address);
    let directory = seed::directory(target, &Client::new(&base, ""));
    let seats = directory.seats().await.expect("seats");
    let enforced = seats.map_or(Value::Null, |seats| json!(seats.limit));
    let said = read.expect(200).json()["settings"]["seats"].clone();
    Some((said, enforced))
}

async fn prepare(target: &Target, id: &str, seats: &Value) {
    let admin = target.admin();
    let body = json!({ "id": id, "name": id, "settings": { "seats": seats } });
    admin.post("/tenants", &body).await.expect(201);
    let ann = json!({ "schemas": [USER], "userName": "ann" });
    let path = format!("/tenants/{id}/preload");
    let brought = admin.post(&path, &json!({ "users": [ann] })).await;
    brought.expect(200);
}

async fn change(target: &Target, id: &str, seats: &Value) -> u16 {
    let body = json!({ "settings": { "seats": seats } }).to_string();
    let headers = [("content-type", "application/json")];
    let path = format!("/tenants/{id}");
    let admin = target.admin();
    let answer = admin.send("PATCH", &path, &headers, Some(body.into()));
    answer.await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_at_any_write_leaves_the_seats_that_the_settings_say() {
    let target = Target::with_faults().await;
    let faults = target.faults();
    let mut number = 0;
    for (before, after) in [
        (json!(10), json!(3)),
        (json!(3), json!(10)),
        (json!(10), json!(null)),
        (json!(null), json!(5)),
    ] {
        prepare(&target, &format!("c{number}"), &before).await;
        faults.clear();
        assert_eq!(change(&target, &format!("c{number}"), &after).await, 200);
        let writes = faults.writes();
        assert!(writes > 0);
        for end in ["end-before", "end-after"] {
            for nth in 1..=writes {
                number += 1;
                let (id, at) = (
                    format!("c{number}"),
                    format!("{before} {after}: {end} {nth}"),
                );
                prepare(&target, &id, &before).await;
                one(faults, &format!("{end}:on=write,nth={nth}"));
                change(&target, &id, &after).await;
                assert!(faults.has_ended(), "{at}");
                faults.clear();
                let (said, enforced) = said_and_enforced(&target, &id).await.expect("a tenant");
                assert_eq!(said, enforced, "{at}");
                assert!(said == before || said == after, "{at}");
                assert_eq!(change(&target, &id, &after).await, 200, "{at}");
                let again = said_and_enforced(&target, &id).await;
                assert_eq!(again, Some((after.clone(), after.clone())), "{at}");
            }
        }
        number += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_while_it_makes_a_tenant_leaves_none_or_one_with_its_seats() {
    let target = Target::with_faults().await;
    let faults = target.faults();
    let make = async |id: &str| {
        let body = json!({ "id": id, "name": id, "settings": { "seats": 5 } });
        target.admin().post("/tenants", &body).await.status.as_u16()
    };
    faults.clear();
    assert_eq!(make("m").await, 201);
    let writes = faults.writes();
    for end in ["end-before", "end-after"] {
        for nth in 1..=writes {
            let id = format!("{end}-{nth}");
            one(faults, &format!("{end}:on=write,nth={nth}"));
            make(&id).await;
            faults.clear();
            let found = said_and_enforced(&target, &id).await;
            let whole = (json!(5), json!(5));
            assert!(found.is_none() || found == Some(whole), "{id}: {found:?}");
        }
    }
}
