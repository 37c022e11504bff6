//! A tenant that is turned off: 403 with a valid token, 401 for everybody else, and no data is lost.

use directory::Meter;
use directory::tenants::{Status, Tenants};
use keyring::TenantId;
use service::clock::{Clock, Ids};

use super::{fill, on_every_route, refused};
use crate::support::moving::{new_key, start};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

async fn turn(tenants: &Tenants, client: &Client, status: Status) {
    let id = TenantId::parse(tenant_of(client)).unwrap();
    let meter = Meter::default();
    let current = tenants.read(&id, &meter).await.unwrap().unwrap();
    let mut next = current.clone();
    next.status = status;
    let (now, write) = (Clock::system().now(), Ids::system().write());
    tenants
        .update(&current, next, now, &write, &meter)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r08_a_tenant_turned_off_is_403_with_a_good_token_and_401_without() {
    let target = Target::start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    let ids = fill(&client).await;
    let before = client.get("/Users").await.text;
    let tenants = target.stack.service.tenants();
    turn(tenants, &client, Status::Off).await;
    target.becomes_known();
    for (route, answer) in on_every_route(&client, &ids).await {
        let (status, scim_type, detail) = answer.error();
        assert_eq!((status, scim_type.as_str()), (403, ""), "{}", route.path);
        assert_eq!(
            detail,
            "provisioning is turned off for this tenant; turn it on in the application's settings"
        );
        assert_eq!(answer.headers["content-type"], "application/scim+json");
    }
    for path in ["/Nothing", "/Bulk", "/Users/1/2"] {
        client.get(path).await.expect(403);
    }
    let (_, unknown) = new_key(tenant_of(&client));
    for token in [&unknown, &other.token, "wrong"] {
        for (route, answer) in on_every_route(&client.with_token(token), &ids).await {
            refused(&answer, route.path);
        }
    }
    other.get("/Users").await.expect(200);
    turn(tenants, &client, Status::On).await;
    target.becomes_known();
    assert_eq!(client.get("/Users").await.text, before);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_another_process_turned_off_is_refused_within_60_seconds() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let clients = &target.stack.services.clients;
    let other = local::stack::service(clients, None, Clock::system(), Ids::system());
    turn(other.tenants(), &client, Status::Off).await;
    time.pass(60);
    client.get("/Users").await.expect(403);
    turn(other.tenants(), &client, Status::On).await;
    time.pass(60);
    client.get("/Users").await.expect(200);
}
