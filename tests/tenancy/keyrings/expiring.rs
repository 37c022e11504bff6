//! Warnings about keys that expire soon.

use std::sync::Arc;

use directory::Meter;
use jiff::SignedDuration;
use service::clock::Ids;

use super::{new_key, tenant};
use crate::support::moving;
use crate::support::table::tenant_of;

#[tokio::test]
async fn a_key_is_told_of_30_14_7_and_1_days_before_it_ends() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let (acme, meter) = (tenant(tenant_of(&client)), Arc::new(Meter::default()));
    let service = &target.stack.service;
    let mut new = new_key("Okta", None);
    new.expires = Some(time.now() + SignedDuration::from_hours(31 * 24));
    let (write, now) = (Ids::system().write(), time.now());
    let made = service.keys(&acme, &meter).add(&new, &write, now).await;
    let id = made.expect("a key").held.record.id;
    let mut told = Vec::new();
    for _ in 0..35 {
        let found = service.warn_of_keys().await.expect("the keyrings");
        for key in found {
            assert_eq!((&key.tenant, key.key), (&acme, id));
            told.push(key.days);
        }
        time.pass(24 * 60 * 60);
    }
    assert_eq!(told, [30, 14, 7, 1]);
}
