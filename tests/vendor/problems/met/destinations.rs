//! Problems of destinations that depend on other requests, or on Secrets Manager.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use keyring::WebhookSecrets;
use local::faults::{Faults, Proxy};
use local::stack::{WEBHOOK_PREFIX, service};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use vendor::ProblemReason;

use super::asked::Asked;
use super::{text, wear_out};
use crate::support::Target;
use crate::vendor::api::destinations::destination;

pub(super) async fn of_destinations(target: &Target, asked: &Asked<'_>) {
    let post = async |body: Value| asked.api("POST", "/destinations", &body).await;
    let made = post(destination("App")).await;
    post(destination("App")).await;
    let path = format!("/destinations/{}", text(&made, "id"));
    // Several administrators change one version.
    for round in 0..20 {
        if asked.met().contains(&ProblemReason::DestinationChanged) {
            break;
        }
        let batch = json!({ "batch": round + 1 });
        join_all((0..8).map(|_| asked.api("PATCH", &path, &batch))).await;
    }
    for number in 0..20 {
        post(destination(&format!("App {number}"))).await;
    }
    let secrets = format!("{WEBHOOK_PREFIX}1");
    wear_out(target, &secrets).await;
    let rotate = format!("{path}/secret");
    asked.api("POST", &rotate, &Value::Null).await;
}

/// The secrets of destinations that cannot be reached or read.
pub(super) async fn of_webhook_secrets(target: &Target) -> BTreeSet<ProblemReason> {
    let (services, key) = (&target.stack.services, &target.stack.admin_key);
    let environment = services.environment();
    let mut urls = environment.iter();
    let endpoint = urls.find(|(name, _)| *name == "AWS_ENDPOINT_URL_SECRETS_MANAGER");
    let (_, endpoint) = endpoint.expect("the endpoint of the secrets");
    let proxy = Proxy::start(endpoint, Faults::new(None)).await;
    let proxy = proxy.expect("a proxy");
    let clients = directory::to_stand_ins(&services.dynamodb, proxy.endpoint());
    let clients = clients.expect("clients");
    let service = service(&clients, None, Clock::system(), Ids::system());
    let vendor = local::stack::vendor_side(Arc::new(service), &clients);
    let asked = Asked::new(&vendor, key);
    let made = asked
        .api("POST", "/destinations", &destination("App"))
        .await;
    let rotate = format!("/destinations/{}/secret", text(&made, "id"));
    let id = text(&made, "id");
    let others = WebhookSecrets::new(services.clients.secrets.clone(), WEBHOOK_PREFIX);
    others.remove(id).await.expect("a change");
    let test = format!("/destinations/{id}/test");
    asked.api("POST", &test, &Value::Null).await;
    let put = services.clients.secrets.put_secret_value();
    let put = put
        .secret_id(format!("{WEBHOOK_PREFIX}1"))
        .secret_string("odd");
    put.send().await.expect("the secret");
    asked.api("POST", &rotate, &Value::Null).await;
    // The admin key is cached.
    drop(proxy);
    asked.api("POST", &rotate, &Value::Null).await;
    asked.met()
}
