//! Admin keys: found only in their own keyring, and the first key as its secret says.

use keyring::{AdminKey, AdminKeyrings, AdminScope, Token};
use service::clock::Ids;

use super::at;
use crate::support::Target;

const PREFIX: &str = "muster/admin/";

fn keyrings(target: &Target) -> AdminKeyrings {
    AdminKeyrings::new(target.stack.services.clients.secrets.clone(), PREFIX)
}

async fn store_first(target: &Target, value: &str) {
    let secrets = &target.stack.services.clients.secrets;
    let name = format!("{PREFIX}key");
    let created = secrets.create_secret().name(&name).secret_string(value);
    if created.send().await.is_err() {
        let put = secrets.put_secret_value().secret_id(&name);
        put.secret_string(value).send().await.expect("the secret");
    }
}

fn first(letter: char) -> String {
    format!(
        "0123456789abcdefghijklmnopqrstuvwxyz{}",
        letter.to_string().repeat(28)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_key_is_what_its_secret_says_within_60_seconds() {
    let target = Target::start().await;
    let keyrings = keyrings(&target);
    let (one, two) = (Token::parse(&first('A')), Token::parse(&first('B')));
    assert_eq!(keyrings.find(&one, at(0)).await, Ok(None));
    store_first(&target, &first('A')).await;
    let found = keyrings.find(&one, at(1)).await.unwrap().unwrap();
    assert!(found.is_first() && AdminScope::ALL.iter().all(|scope| found.has(*scope)));
    assert_eq!(keyrings.find(&two, at(1)).await, Ok(None));
    store_first(&target, &first('B')).await;
    // The pause after the failed look-up at second 1 is over.
    assert!(keyrings.find(&two, at(3)).await.unwrap().is_some());
    // The look-up of the new key replaced the old one.
    assert_eq!(keyrings.find(&one, at(60)).await, Ok(None));
    let before = keyrings.calls();
    for second in 62..100 {
        assert!(keyrings.find(&two, at(second)).await.unwrap().is_some());
    }
    assert!(keyrings.calls() <= before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_key_opens_no_tenant_and_a_tenants_token_is_no_admin_key() {
    let target = Target::start().await;
    let client = target.tenant().await;
    store_first(&target, &first('A')).await;
    let keyrings = keyrings(&target);
    let token = Ids::system().token(&keyrings.keyring().unwrap());
    let key = AdminKey {
        id: token.key(),
        sha256: token.digest(),
        purpose: "backend".to_owned(),
        scopes: AdminScope::ALL.to_vec(),
        created: Some(at(0)),
        expires: None,
        sources: Vec::new(),
    };
    keyrings.add(&key, at(0)).await.unwrap();
    let presented = Token::parse(token.expose());
    assert_eq!(
        keyrings.find(&presented, at(0)).await.unwrap().as_deref(),
        Some(&key)
    );
    assert_eq!(keyrings.list().await.unwrap(), std::slice::from_ref(&key));
    for admin in [token.expose(), &first('A')] {
        client.with_token(admin).get("/Users").await.expect(401);
    }
    let tenants = Token::parse(&client.token);
    assert_eq!(keyrings.find(&tenants, at(0)).await, Ok(None));

    let other = super::admin::keyrings(&target);
    other.revoke(key.id, at(0)).await.unwrap();
    assert!(keyrings.find(&presented, at(59)).await.unwrap().is_some());
    assert_eq!(keyrings.find(&presented, at(60)).await, Ok(None));
}
