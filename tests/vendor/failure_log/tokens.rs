//! Rejected tokens: what the log tells the administrator, but not the caller.

use directory::journal::{LoggedFailure, Recorded};

use super::entries;
use crate::support::moving::{Time, keyring, new_key, other_process, start};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};
use service::failures::advice;

/// The token of a new key with a change.
async fn token(
    target: &Target,
    client: &Client,
    time: &Time,
    change: impl FnOnce(&mut keyring::KeyRecord),
) -> String {
    let (mut record, token) = new_key(tenant_of(client));
    record.purpose = "Okta production".to_owned();
    change(&mut record);
    other_process(target)
        .add(&keyring(), &record, time.now())
        .await
        .unwrap();
    time.pass(1);
    token
}

/// The only entry of a request with a token.
async fn entry(target: &Target, client: &Client, token: &str) -> Recorded<LoggedFailure> {
    let before = entries(target, client).await.len();
    let answer = client.with_token(token).get("/Users").await.expect(401);
    assert!(
        answer
            .error()
            .2
            .starts_with("the bearer token is missing, invalid or expired, or belongs")
    );
    let all = entries(target, client).await;
    assert_eq!(all.len(), before + 1, "{all:#?}");
    all.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_tenant_that_does_not_admit_is_named_with_the_reason() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let end = time.now();
    let expired = token(&target, &client, &time, |key| key.expires = Some(end)).await;
    time.pass(1);
    let of_expired = entry(&target, &client, &expired).await;
    assert_eq!(of_expired.content.cause, "tokenExpired");
    assert_eq!(
        of_expired.content.reason,
        "the token expired on 2027-01-15 at 08:00 UTC"
    );
    assert!(expired.contains(of_expired.content.key.as_deref().unwrap()));
    assert!(advice(&of_expired.content).contains("Create a new one"));
    assert!(
        advice(&of_expired.content).contains("in Okta"),
        "its purpose names the provider"
    );

    time.pass(1);
    let network = "192.0.2.0/24".parse().unwrap();
    let elsewhere = token(&target, &client, &time, |key| key.sources = vec![network]).await;
    let of_elsewhere = entry(&target, &client, &elsewhere).await;
    assert_eq!(of_elsewhere.content.cause, "tokenSource");
    assert!(
        of_elsewhere.content.reason.contains("127.0.0.1"),
        "{of_elsewhere:?}"
    );

    time.pass(1);
    let powerless = token(&target, &client, &time, |key| key.scopes = Vec::new()).await;
    assert_eq!(
        entry(&target, &client, &powerless).await.content.cause,
        "tokenScope"
    );
    for entry in entries(&target, &client).await {
        let shown = format!("{entry:?}");
        for token in [&expired, &elsewhere, &powerless] {
            assert!(!shown.contains(token.as_str()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_nobody_or_of_another_tenant_is_told_without_a_key() {
    let (target, time) = start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    let foreign = token(&target, &other, &time, |_| {}).await;
    for (token, reason) in [
        (foreign.as_str(), "not one of this tenant's tokens"),
        ("", "has no token"),
    ] {
        let headers = match token {
            "" => vec![("authorization", "")],
            _ => Vec::new(),
        };
        time.pass(60);
        let stranger = client.with_token(token);
        stranger
            .send("GET", "/Users", &headers, None)
            .await
            .expect(401);
        let all = entries(&target, &client).await;
        let failure = &all[0].content;
        assert_eq!(
            (failure.cause.as_str(), failure.key.as_ref()),
            ("tokenUnknown", None)
        );
        assert!(failure.reason.contains(reason), "{failure:?}");
    }
    assert!(entries(&target, &other).await.is_empty());
}
