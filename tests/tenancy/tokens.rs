//! Valid tokens, and the one response to all others.

use serde_json::json;

use super::{refused, seen};
use crate::support::moving::{Time, keyring, new_key, other_process, start};
use crate::support::table::tenant_of;
use crate::support::{Answer, Client, Target};

/// GET of the users with only these headers.
async fn with(client: &Client, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("authorization", "")];
    all.extend(headers);
    client.send("GET", "/Users", &all, None).await
}

async fn authorized(client: &Client, value: &str) -> Answer {
    with(client, &[("authorization", value)]).await
}

type Named = Vec<(&'static str, String)>;

/// Tokens of keys that are invalid here; and separately the one that is bound to another network.
async fn useless_keys(target: &Target, client: &Client, time: &Time) -> (Named, String) {
    let tenant = tenant_of(client).to_owned();
    let keyrings = other_process(target);
    let mut tokens = Vec::new();

    let (_, unknown) = new_key(&tenant);
    tokens.push(("unknown key", unknown));
    let (record, revoked) = new_key(&tenant);
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    time.pass(1);
    authorized(client, &format!("Bearer {revoked}"))
        .await
        .expect(200);
    keyrings
        .revoke(&keyring(), record.id, record.created)
        .await
        .unwrap();
    time.pass(60);
    tokens.push(("revoked key", revoked));
    let (mut record, expired) = new_key(&tenant);
    record.expires = Some(time.now());
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    tokens.push(("expired key", expired));
    let (mut record, elsewhere) = new_key(&tenant);
    record.sources = vec!["192.0.2.0/24".parse().unwrap()];
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    tokens.push(("key bound to another network", elsewhere.clone()));
    let (mut record, powerless) = new_key(&tenant);
    record.scopes = Vec::new();
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    tokens.push(("key without scope", powerless));
    let (record, foreign) = new_key("another-tenant");
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    tokens.push(("key of another tenant", foreign));
    time.pass(1);
    (tokens, elsewhere)
}

/// Texts that are not the token of any key.
fn no_keys(good: &str) -> Named {
    let last = good.rfind('_').expect("a token has parts");
    let (at, rest) = good.split_at(last - 5);
    let other = if rest.starts_with('a') { "b" } else { "a" };
    let mistyped = format!("{at}{other}{}", rest.get(1..).expect("more than a letter"));
    let part = |end: usize| good.get(..end).expect("a part of it").to_owned();
    vec![
        ("truncated", part(good.len() - 1)),
        ("prolonged", format!("{good}0")),
        ("in upper case", good.to_uppercase()),
        ("of an unknown keyring", good.replacen("_k1_", "_k9_", 1)),
        ("without checksum", part(last)),
        ("mistyped", mistyped),
        ("prefix only", "muster_".to_owned()),
        ("never imported", "x".repeat(40)),
        ("short", "secret".to_owned()),
        ("very long", "x".repeat(5_000)),
        ("twice", format!("{good} {good}")),
        ("a list", format!("{good},{good}")),
        ("empty", String::new()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn t08_h12_whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let (mut tokens, elsewhere) = useless_keys(&target, &client, &time).await;
    tokens.extend(no_keys(&client.token));
    let none = with(&client, &[]).await;
    refused(&none, "no header");
    for (why, token) in &tokens {
        let answer = authorized(&client, &format!("Bearer {token}")).await;
        refused(&answer, why);
        assert_eq!(seen(&answer), seen(&none), "{why}");
    }
    for value in [
        "Bearer",
        "Bearer ",
        "Basic YWxhZGRpbjpvcGVuc2VzYW1l",
        "Digest x",
        "bearertoken",
        ",",
        "\u{e9}",
    ] {
        let answer = authorized(&client, value).await;
        assert_eq!(seen(&answer), seen(&none), "{value}");
    }
    let good = format!("Bearer {}", client.token);
    let twice = with(
        &client,
        &[("authorization", &good), ("authorization", &good)],
    )
    .await;
    assert_eq!(seen(&twice), seen(&none), "two headers");
    let forwarded = [
        ("authorization", &*format!("Bearer {elsewhere}")),
        ("x-forwarded-for", "192.0.2.7"),
    ];
    assert_eq!(
        seen(&with(&client, &forwarded).await),
        seen(&none),
        "the client chooses no address"
    );
    authorized(&client, &good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_the_scheme_is_read_in_any_case() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        authorized(&client, &format!("{scheme} {}", client.token))
            .await
            .expect(200);
    }
    // A pasted token as some providers send it.
    authorized(&client, &client.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn t14_a_token_in_the_address_or_in_another_header_is_ignored() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let token = &client.token;
    for name in [
        "access_token",
        "token",
        "Authorization",
        "authorization",
        "bearer",
    ] {
        let path = format!("/Users?{name}={token}");
        refused(
            &client
                .send("GET", &path, &[("authorization", "")], None)
                .await,
            name,
        );
        let path = format!("/Users?{name}=Bearer%20{token}");
        refused(
            &client
                .send("GET", &path, &[("authorization", "")], None)
                .await,
            name,
        );
    }
    for name in [
        "x-api-key",
        "proxy-authorization",
        "x-authorization",
        "cookie",
    ] {
        refused(
            &with(&client, &[(name, &format!("Bearer {token}"))]).await,
            name,
        );
    }
    let form = "application/x-www-form-urlencoded";
    let headers = [("authorization", ""), ("content-type", form)];
    let body = format!("access_token={token}").into();
    refused(
        &client.send("POST", "/Users", &headers, Some(body)).await,
        "form",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_only_the_service_provider_configuration_is_readable_without_a_token() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let none = [("authorization", "")];
    let known = client
        .send("GET", "/ServiceProviderConfig", &none, None)
        .await
        .expect(200);
    assert_eq!(
        known.json()["authenticationSchemes"][0]["type"],
        "oauthbearertoken"
    );
    let tenant = tenant_of(&client);
    let path = "origin:/no-such-tenant/scim/v2/ServiceProviderConfig";
    let unknown = client.send("GET", path, &none, None).await.expect(200);
    assert_eq!(
        known.text.replace(tenant, "no-such-tenant"),
        unknown.text,
        "tenants can be told apart"
    );
    for path in [
        "/ResourceTypes",
        "/Schemas",
        "/Me",
        "/Users",
        "/ServiceProviderConfig/x",
        "/",
    ] {
        refused(&client.send("GET", path, &none, None).await, path);
    }
    for method in ["POST", "PUT", "DELETE"] {
        refused(
            &client
                .send(method, "/ServiceProviderConfig", &none, None)
                .await,
            method,
        );
    }
    refused(
        &authorized_at(&client, "/ServiceProviderConfig", "Bearer wrong").await,
        "a wrong token is wrong here too",
    );
}

async fn authorized_at(client: &Client, path: &str, value: &str) -> Answer {
    client
        .send("GET", path, &[("authorization", value)], None)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_bound_to_networks_works_from_them() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    for sources in [
        vec!["127.0.0.0/8"],
        vec!["192.0.2.0/24", "127.0.0.1/32"],
        vec!["0.0.0.0/0"],
    ] {
        let (mut record, token) = new_key(tenant_of(&client));
        record.sources = sources
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        other_process(&target)
            .add(&keyring(), &record, record.created)
            .await
            .unwrap();
        time.pass(1);
        client.with_token(&token).get("/Users").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_token_opens_its_tenant_and_no_other() {
    let target = Target::start().await;
    let token = "oldsystem-8f14e45fceea167a5a36dedd4bea2543";
    let imported = target.stack.tenant("imported", Some(token)).await.unwrap();
    let other = target.tenant().await;
    let client = Client::new(&imported.base, token);
    client.create_user("anna").await;
    assert_eq!(imported.token, token);
    refused(
        &other.with_token(token).get("/Users").await,
        "another tenant",
    );
    refused(
        &client.with_token(&token.to_uppercase()).get("/Users").await,
        "another case",
    );
    refused(
        &client
            .with_token(token.get(..40).expect("a part"))
            .get("/Users")
            .await,
        "a part of it",
    );
    // A pasted token as Okta's header authentication sends it.
    authorized(&client, token).await.expect(200);
    refused(
        &authorized(&client, &format!("Basic {token}")).await,
        "another scheme",
    );

    // Two customers of one old system may have the same token: it opens each one's own tenant.
    let second = target.stack.tenant("second", Some(token)).await.unwrap();
    let second = Client::new(&second.base, token);
    assert_eq!(
        second.get("/Users").await.expect(200).json()["totalResults"],
        json!(0)
    );
    assert_eq!(
        client.get("/Users").await.expect(200).json()["totalResults"],
        json!(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_ours_can_be_imported_and_then_names_its_keyring_itself() {
    let target = Target::start().await;
    let (_, token) = new_key("given");
    let access = target.stack.tenant("given", Some(&token)).await.unwrap();
    Client::new(&access.base, &token)
        .get("/Users")
        .await
        .expect(200);
    let other = target.tenant().await;
    refused(
        &other.with_token(&token).get("/Users").await,
        "another tenant",
    );
}
