//! Successes that are recorded: references that are not URIs.

use serde_json::json;

use super::entries;
use crate::support::Target;
use crate::support::client::{BULK, user};
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn n07_a_reference_that_is_no_uri_is_stored_and_noted_once() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let odd = "linkedin.com/in/a b";
    let mut anna = user("anna");
    anna["profileUrl"] = json!(odd);
    let posted = client.post("/Users", &anna).await.expect(201);
    assert_eq!(posted.json()["profileUrl"], odd);
    let path = format!("/Users/{}", posted.id());
    anna["title"] = json!("Guide");
    let put = client.put(&path, &anna).await.expect(200).json();
    assert_eq!(put["profileUrl"], odd, "the same value is not noted again");
    anna["photos"] = json!([{ "value": "https://x/p" }, { "value": "my photo" }]);
    client.put(&path, &anna).await.expect(200);
    let operation = json!({ "op": "replace", "path": "profileUrl", "value": "a b" });
    let patched = client.patch(&path, json!([operation])).await.expect(200);
    assert_eq!(patched.json()["profileUrl"], "a b");
    anna["userName"] = json!("berta");
    let good = user("carla");
    let create =
        |id, data| json!({ "method": "POST", "path": "/Users", "bulkId": id, "data": data });
    let operations = json!([create("c", &good), create("b", &anna)]);
    let bulk = json!({ "schemas": [BULK], "Operations": operations });
    let bulk = client.post("/Bulk", &bulk).await.expect(200).json();
    assert_eq!(bulk["Operations"][1]["status"], "201");
    let all = entries(&target, &client).await;
    let told = all.iter().rev().map(|entry| {
        let failure = &entry.content;
        assert_eq!(failure.cause, "unlike");
        assert_eq!(failure.scim_type, None);
        let operation = failure.operation.as_str();
        (
            operation,
            failure.status,
            failure.place,
            failure.reason.as_str(),
        )
    });
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    let reason = |places: &str| format!("stored as sent, although it is not a URI: {places}");
    let (profile, photo) = (reason("`profileUrl`"), reason("`photos[1].value`"));
    let both = reason("`profileUrl`, `photos[1].value`");
    assert_eq!(
        told,
        [
            ("users.create", 201, None, profile.as_str()),
            ("users.create", 201, Some(2), both.as_str()),
            ("users.modify", 200, None, profile.as_str()),
            ("users.replace", 200, None, photo.as_str()),
        ]
    );
    sound(&target, &client).await;
}
