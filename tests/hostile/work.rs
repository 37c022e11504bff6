//! H-03, H-13: small requests that cause much work.

use serde_json::{Value, json};

use super::{Fort, patch, told};
use crate::support::Target;
use crate::support::client::{BULK, USER, encode};
use crate::support::listed::total;

/// A user with the most values allowed.
fn many(name: &str) -> Value {
    let roles: Value = (0..1_000)
        .map(|n| json!({ "value": format!("Role {n}") }))
        .collect();
    json!({ "schemas": [USER], "userName": name, "roles": roles })
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_a_filter_of_many_terms_over_many_values_is_too_many() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for number in 0..20 {
        client
            .post("/Users", &many(&format!("u{number}")))
            .await
            .expect(201);
    }
    let terms = |n: usize| encode(&vec!["roles co \"-\""; n].join(" or "));
    let answer = client.get(&format!("/Users?filter={}", terms(256))).await;
    let (scim_type, detail) = told(&answer, "256 terms");
    assert_eq!(
        (answer.status.as_u16(), scim_type.as_str()),
        (400, "tooMany")
    );
    assert!(detail.contains("`userName`"), "{detail}");
    // The request exceeds the limit, not the number of users.
    for path in ["/Users", "/"] {
        let few = client.get(&format!("{path}?filter={}", terms(10))).await;
        assert_eq!(total(&few.expect(200)), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h13_operations_that_multiply_values_are_rejected_alone_and_in_bulk() {
    let fort = Fort::start().await;
    let roles = many("x")["roles"].to_string();
    let add = format!(r#"{{"op":"add","path":"roles","value":{roles}}}"#);
    let long = "x".repeat(60_000);
    let multiplied = format!(r#"{add},{{"op":"replace","path":"roles.display","value":"{long}"}}"#);
    fort.refused("PATCH /Users/<user>", &patch(&multiplied), (413, ""))
        .await;
    let often = vec![r#"{"op":"replace","path":"roles.display","value":"x"}"#; 999].join(",");
    fort.refused(
        "PATCH /Users/<user>",
        &patch(&format!("{add},{often}")),
        (413, ""),
    )
    .await;
    let data: Value = serde_json::from_str(&patch(&multiplied)).unwrap();
    let one = json!({ "method": "PATCH", "path": format!("/Users/{}", fort.user), "data": data });
    let bulk = json!({ "schemas": [BULK], "Operations": vec![one; 10] }).to_string();
    let results = fort.send("POST /Bulk", &[], bulk).await.expect(200).json();
    for result in results["Operations"].as_array().unwrap() {
        assert_eq!(result["status"], "413", "{result}");
    }
    fort.stands().await;
}
