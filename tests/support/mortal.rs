//! A service whose process ends at a write: from then on no call reaches the table and no response reaches the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use bytes::Bytes;
use directory::Clients;
use http::{Method, Request};
use local::stack::service;
use serde_json::Value;
use service::clock::{Clock, Ids};
use service::{Function, Origin, Service};

use super::Target;
use super::client::Client;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Death {
    /// Before this write is sent, counted from 1.
    Before(u32),
    /// After this write, before its response arrives.
    After(u32),
}

/// Interceptor that ends the process at its write.
#[derive(Clone, Debug)]
struct Fate {
    death: Death,
    writes: Arc<AtomicU32>,
    is_dead: Arc<AtomicBool>,
}

const WRITES: [&str; 5] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
];

impl Intercept for Fate {
    fn name(&self) -> &'static str {
        "fate"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_dead.load(Ordering::SeqCst) {
            return Err("dead".into());
        }
        let target = context.request().headers().get("x-amz-target");
        let operation = target.and_then(|target| target.rsplit('.').next());
        if !WRITES.contains(&operation.unwrap_or_default()) || notes_a_use(context) {
            return Ok(());
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        match self.death {
            Death::Before(last) if number >= last => {
                self.is_dead.store(true, Ordering::SeqCst);
                Err("dies before a write".into())
            }
            Death::After(last) if number == last => {
                self.is_dead.store(true, Ordering::SeqCst);
                Ok(())
            }
            Death::After(last) if number > last => Err("dead".into()),
            _ => Ok(()),
        }
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.is_dead.load(Ordering::SeqCst) {
            true => Err("dead".into()),
            false => Ok(()),
        }
    }
}

/// Whether a write records the last use of a token, which happens beside the request and does not count.
fn notes_a_use(context: &BeforeTransmitInterceptorContextRef<'_>) -> bool {
    let body = context.request().body().bytes().unwrap_or_default();
    String::from_utf8_lossy(body).contains("#lastUsed")
}

/// A service of another process with these clocks and ids that dies as given.
pub struct Mortal {
    pub service: Service,
    fate: Fate,
}

impl Mortal {
    pub fn new(target: &Target, death: Death, clock: Clock, ids: Ids) -> Self {
        let fate = Fate {
            death,
            writes: Arc::default(),
            is_dead: Arc::default(),
        };
        let clients = &target.stack.services.clients;
        let config = clients.dynamodb.config().to_builder();
        let mortal = Clients {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(config.interceptor(fate.clone()).build()),
            secrets: clients.secrets.clone(),
        };
        let service = service(&mortal, None, clock, ids);
        Self { service, fate }
    }

    pub fn is_dead(&self) -> bool {
        self.fate.is_dead.load(Ordering::SeqCst)
    }
}

/// Sends a request to a new service that dies as given. Returns whether it died: a client would have got no response.
pub async fn send(
    target: &Target,
    client: &Client,
    (method, path, body): (&str, &str, Option<&Value>),
    death: Death,
) -> bool {
    let mortal = Mortal::new(target, death, Clock::system(), Ids::system());
    let function = match path.starts_with("/Users") {
        true => Function::Users,
        false => Function::Groups,
    };
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).expect("a method"))
        .uri(format!("{}{path}", client.base))
        .header("authorization", format!("Bearer {}", client.token))
        .header("content-type", "application/scim+json")
        .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))
        .expect("a request");
    let response = mortal.service.handle(function, request, Origin::default());
    let response = response.await;
    let is_dead = mortal.is_dead();
    assert!(
        is_dead || response.status().is_success(),
        "{method} {path}: {response:?}"
    );
    is_dead
}
