use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, PutRequest, TransactWriteItem, WriteRequest,
};
use directory::to_stand_ins;
use tokio::time::Instant;

use super::*;
use crate::dynamo::{Dynamo, Storage};
use crate::stack::{TABLE, table};

struct FaultyEngine {
    _dynamo: Dynamo,
    _proxy: Proxy,
    faults: Faults,
    /// Clients through the proxy and directly to the engine.
    client: Client,
    beside: Client,
}

async fn bench() -> FaultyEngine {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    dynamo.create_table(TABLE, &table().unwrap()).unwrap();
    let faults = Faults::new(None);
    let proxy = Proxy::start(dynamo.endpoint(), faults.clone())
        .await
        .unwrap();
    let client = |endpoint: String| async move {
        let clients = to_stand_ins(&endpoint, "http://127.0.0.1:9").unwrap();
        let once = aws_sdk_dynamodb::config::retry::RetryConfig::disabled();
        let config = clients.dynamodb.config().to_builder().retry_config(once);
        Client::from_conf(config.build())
    };
    FaultyEngine {
        client: client(proxy.endpoint().to_owned()).await,
        beside: client(dynamo.endpoint().to_owned()).await,
        faults,
        _dynamo: dynamo,
        _proxy: proxy,
    }
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl FaultyEngine {
    fn set(&self, rules: &[&str]) {
        let rules = rules.iter().map(|rule| rule.parse().unwrap());
        self.faults.set(rules.collect(), 1);
    }

    /// The error code, or `lost` if there was no response.
    async fn put(&self, sk: &str) -> Result<(), String> {
        let put = self.client.put_item().table_name(TABLE);
        let put = put.item("pk", s("p")).item("sk", s(sk));
        let done = put.send().await.map(drop);
        done.map_err(|error| error.code().unwrap_or("lost").to_owned())
    }

    async fn transact(&self, sk: &str) -> Result<(), String> {
        let put = Put::builder().table_name(TABLE);
        let put = put.item("pk", s("p")).item("sk", s(sk)).build().unwrap();
        let action = TransactWriteItem::builder().put(put).build();
        let call = self.client.transact_write_items();
        let done = call.transact_items(action).send().await.map(drop);
        done.map_err(|error| {
            let canceled = error.as_service_error().and_then(|error| match error {
                aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => {
                    canceled.cancellation_reasons().first()?.code()
                }
                _ => None,
            });
            canceled.unwrap_or("lost").to_owned()
        })
    }

    async fn has(&self, sk: &str) -> bool {
        let get = self.beside.get_item().table_name(TABLE);
        let get = get.key("pk", s("p")).key("sk", s(sk)).send();
        get.await.unwrap().item.is_some()
    }
}

#[tokio::test]
async fn without_rules_every_call_passes() {
    let bench = bench().await;
    assert_eq!(bench.put("a").await, Ok(()));
    assert_eq!(bench.transact("b").await, Ok(()));
    assert!(bench.has("a").await && bench.has("b").await);
    assert_eq!(bench.faults.writes(), 2);
    assert!(bench.faults.injected().is_empty());
}

#[tokio::test]
async fn an_error_response_is_that_of_aws_and_nothing_is_written() {
    let bench = bench().await;
    for (rule, single, transaction) in [
        (
            "throttle",
            "ProvisionedThroughputExceededException",
            "ThrottlingError",
        ),
        (
            "conflict",
            "TransactionConflictException",
            "TransactionConflict",
        ),
        ("internal", "InternalServerError", "lost"),
        ("empty", "lost", "lost"),
        ("page", "lost", "lost"),
        ("deny", "AccessDeniedException", "lost"),
    ] {
        bench.set(&[rule]);
        assert_eq!(bench.put("a").await, Err(single.to_owned()), "{rule}");
        assert_eq!(
            bench.transact("a").await,
            Err(transaction.to_owned()),
            "{rule}"
        );
        assert_eq!(bench.faults.injected()[rule], 2);
    }
    assert!(!bench.has("a").await);
}

#[tokio::test]
async fn a_gateway_page_comes_before_or_after_the_write() {
    let bench = bench().await;
    bench.set(&[
        "page:item=before",
        "empty:item=empty",
        "page-after:item=after",
    ]);
    for (name, is_done) in [("before", false), ("empty", false), ("after", true)] {
        assert_eq!(bench.put(name).await, Err("lost".to_owned()));
        assert_eq!(bench.has(name).await, is_done, "{name}");
    }
}

#[tokio::test]
async fn replicated_selects_single_writes_only() {
    let bench = bench().await;
    bench.set(&["replicated"]);
    let code = "ReplicatedWriteConflictException".to_owned();
    assert_eq!(bench.put("a").await, Err(code));
    assert_eq!(bench.transact("b").await, Ok(()));
    assert!(!bench.has("a").await && bench.has("b").await);
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after_the_write() {
    let bench = bench().await;
    bench.set(&["drop-before:item=before", "drop-after:item=after"]);
    assert_eq!(bench.put("before").await, Err("lost".to_owned()));
    assert_eq!(bench.put("after").await, Err("lost".to_owned()));
    assert_eq!(bench.put("other").await, Ok(()));
    assert!(!bench.has("before").await);
    assert!(bench.has("after").await);
}

#[tokio::test]
async fn no_write_follows_the_end_of_the_process() {
    let bench = bench().await;
    for (rule, is_done) in [
        ("end-before:on=write,nth=2", false),
        ("end-after:on=write,nth=2", true),
    ] {
        bench.set(&[rule]);
        let name = |at| format!("{rule}{at}");
        assert_eq!(bench.put(&name(1)).await, Ok(()));
        assert_eq!(bench.put(&name(2)).await, Err("lost".to_owned()));
        assert!(bench.faults.has_ended());
        assert_eq!(bench.put(&name(3)).await, Err("lost".to_owned()));
        assert_eq!(bench.has(&name(2)).await, is_done);
        assert!(!bench.has(&name(3)).await);
        bench.faults.clear();
        assert_eq!(bench.put(&name(3)).await, Ok(()));
    }
}

#[tokio::test]
async fn a_batch_is_processed_in_part_and_the_rest_is_reported() {
    let bench = bench().await;
    bench.set(&["unprocessed"]);
    let write = |at: usize| {
        let put = PutRequest::builder();
        let put = put.item("pk", s("p")).item("sk", s(&at.to_string()));
        let put = put.build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let call = bench.client.batch_write_item();
    let written = call
        .request_items(TABLE, (0..5).map(write).collect())
        .send()
        .await
        .unwrap();
    assert_eq!(written.unprocessed_items.unwrap()[TABLE].len(), 3);
    assert!(bench.has("1").await && !bench.has("2").await);
    let key = |at: usize| {
        [
            ("pk".to_owned(), s("p")),
            ("sk".to_owned(), s(&at.to_string())),
        ]
        .into()
    };
    let keys = KeysAndAttributes::builder().set_keys(Some((0..2).map(key).collect()));
    let call = bench.client.batch_get_item();
    let read = call.request_items(TABLE, keys.build().unwrap());
    let read = read.send().await.unwrap();
    assert_eq!(read.responses.unwrap()[TABLE].len(), 1);
    assert_eq!(read.unprocessed_keys.unwrap()[TABLE].keys.len(), 1);
    // A batch of one item is throttled.
    let call = bench.client.batch_write_item();
    let one = call.request_items(TABLE, vec![write(9)]).send().await;
    let code = one.map_err(|error| error.code().unwrap_or_default().to_owned());
    assert_eq!(code.unwrap_err(), "ProvisionedThroughputExceededException");
}

#[tokio::test]
async fn a_delay_delays_the_call() {
    let bench = bench().await;
    bench.set(&["delay:ms=80,on=PutItem"]);
    let begin = Instant::now();
    assert_eq!(bench.put("a").await, Ok(()));
    assert!(begin.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn faults_repeat_with_the_seed_and_match_the_odds() {
    let faults = Faults::new(None);
    let strikes = |seed| {
        faults.set(vec!["throttle:odds=0.25".parse().unwrap()], seed);
        (0..2_000)
            .map(|_| faults.strike("Query", b"").is_some())
            .collect::<Vec<_>>()
    };
    let (one, again, other) = (strikes(1), strikes(1), strikes(2));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let share = one.iter().filter(|struck| **struck).count();
    assert!((400..600).contains(&share), "{share}");
}

#[test]
fn a_parsed_rule_prints_as_written() {
    for text in [
        "throttle",
        "conflict:on=write",
        "drop-after:on=TransactWriteItems,nth=3",
        "internal:item=anna,odds=0.5",
        "delay:ms=20",
    ] {
        let rule: Rule = text.parse().unwrap();
        let again: Rule = rule.to_string().parse().unwrap();
        assert_eq!(rule, again, "{text}");
    }
    for odd in [
        "",
        "flood",
        "throttle:nth=0",
        "throttle:odds=2",
        "throttle:ms=5",
        "throttle:on",
        "throttle:item=",
        "delay:ms=x",
    ] {
        assert!(odd.parse::<Rule>().is_err(), "{odd}");
    }
}
