//! The rate limit of a tenant.

use std::sync::Arc;

use bytes::Bytes;
use directory::Spent;
use http::Request;
use service::clock::{Clock, Ids};
use service::{Config, Function, Origin, Service};

use crate::support::moving::{Time, start_at_rate};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// Sends requests until one is rejected; returns the number served, and the seconds to wait.
async fn until_refused(client: &Client) -> (u32, u32) {
    for served in 0..2_000 {
        let answer = client.get("/Users?count=0").await;
        if answer.status != 200 {
            let wait = answer.headers["retry-after"].to_str().unwrap().parse();
            let (status, _, detail) = answer.error();
            assert_eq!(status, 429);
            assert!(detail.contains("rate"), "{detail}");
            return (served, wait.unwrap());
        }
    }
    panic!("nothing is refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_tenant_beyond_its_rate_gets_a_retry_time_and_no_other_is_affected() {
    let (target, time) = start_at_rate(Some(5)).await;
    let (flood, quiet) = (target.tenant().await, target.tenant().await);
    let id = flood.create_user("anna").await;
    time.pass(10 - time.now().as_second() % 10 + 2);
    assert_eq!(until_refused(&flood).await, (50, 8));
    for (method, path) in [
        ("GET", format!("/Users/{id}")),
        ("DELETE", format!("/Users/{id}")),
        ("POST", "/Users".to_owned()),
    ] {
        let answer = flood.send(method, &path, &[], None).await;
        assert_eq!(answer.error().0, 429, "{method}");
    }
    quiet.get("/Users").await.expect(200);
    // Discovery does not count, and a wrong token does not count for the tenant.
    flood.get("/Schemas").await.expect(200);
    flood.with_token("wrong").get("/Users").await.expect(401);
    time.pass(7);
    assert_eq!(until_refused(&flood).await, (0, 1));
    time.pass(1);
    flood.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!(until_refused(&flood).await, (49, 10));
}

/// Another process over the same table.
fn process(target: &Target, time: &Time, rate: u32) -> Service {
    let config = Config {
        table: local::stack::TABLE.to_owned(),
        keyring_prefix: local::stack::KEYRING_PREFIX.to_owned(),
        admin_prefix: local::stack::ADMIN_PREFIX.to_owned(),
        webhook_prefix: local::stack::WEBHOOK_PREFIX.to_owned(),
        kms_key: None,
        public_url: None,
        rate: Some(rate),
        request_days: None,
    };
    let (clients, time) = (target.stack.services.clients.clone(), time.clone());
    Service::new(
        config,
        clients,
        Clock::from_fn(move || time.now()),
        Ids::system(),
    )
}

async fn ask(service: &Service, client: &Client) -> (u16, Spent) {
    let request = Request::builder()
        .uri(format!("/{}/scim/v2/Users?count=0", tenant_of(client)))
        .header("authorization", format!("Bearer {}", client.token))
        .body(Bytes::new())
        .unwrap();
    let origin = Origin::default();
    let response = service.handle(Function::Users, request, origin).await;
    let spent = response.extensions().get::<Spent>().unwrap().clone();
    (response.status().as_u16(), spent)
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_processes_count_together_and_a_quiet_one_costs_nothing() {
    let (target, time) = start_at_rate(None).await;
    let client = target.tenant().await;
    time.pass(10 - time.now().as_second() % 10);
    let processes: Vec<Arc<Service>> = (0..3)
        .map(|_| Arc::new(process(&target, &time, 10)))
        .collect();
    let mut served = 0;
    let (mut writes, mut logged) = (0.0, 0.0);
    for turn in 0..200 {
        let (status, spent) = ask(&processes[turn % 3], &client).await;
        match status {
            200 => (served, writes) = (served + 1, writes + spent.writes),
            429 => logged += spent.writes,
            other => panic!("{other}"),
        }
    }
    // A hundred in ten seconds. Each process may exceed that by what two others have not added yet.
    assert!((100..=116).contains(&served), "{served}");
    assert!(writes <= 15.0, "{writes}");
    // Each process records the first, second, fourth … rejection.
    assert!((3.0..=18.0).contains(&logged), "{logged}");
    time.pass(10);
    let quiet = process(&target, &time, 10);
    for _ in 0..7 {
        let (status, spent) = ask(&quiet, &client).await;
        assert_eq!((status, spent.writes.to_bits()), (200, 0));
    }
}
