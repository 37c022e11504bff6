//! What an event costs, by the count of the meter.

use serde_json::json;
use service::Function;

use super::{append, records};
use crate::support::Target;

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_event_costs_one_write_unit_and_ten_together_a_quarter_each() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let service = target.stack.of(Function::Feed);
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(client.create_user(&format!("user{number}")).await);
    }
    let Some(mut known) = records(&target).await.map(|all| all.len()) else {
        return;
    };
    let all = records(&target).await.expect("a stream");
    let (_, spent) = append(&service, &all).await;
    assert!(spent.writes <= 10.0 * 1.25, "ten creates: {spent:?}");
    let alone = client.create_user("alone").await;
    let all = records(&target).await.expect("a stream");
    let (_, spent) = append(&service, &all[known..]).await;
    assert!(spent.writes <= 2.0, "a create: {spent:?}");
    known = all.len();
    let title =
        |at: usize| json!([{ "op": "replace", "path": "title", "value": format!("x{at}") }]);
    for at in 0..3 {
        let path = format!("/Users/{alone}");
        client.patch(&path, title(at)).await.expect(200);
        let all = records(&target).await.expect("a stream");
        let (_, spent) = append(&service, &all[known..]).await;
        assert!(spent.writes <= 1.0, "an event alone: {spent:?}");
        // The tenant and the end of the feed are remembered.
        assert_eq!((spent.calls, spent.reads), (1, 0.0), "{spent:?}");
        known = all.len();
    }
    for (at, user) in users.iter().enumerate() {
        let path = format!("/Users/{user}");
        client.patch(&path, title(at)).await.expect(200);
    }
    let all = records(&target).await.expect("a stream");
    assert_eq!(all[known..].len(), 10);
    let (_, spent) = append(&service, &all[known..]).await;
    assert!(spent.writes <= 2.5, "ten events: {spent:?}");
}
