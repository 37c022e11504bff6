//! Creates and fills the table in the DynamoDB of `--endpoint`.

use std::time::Duration;

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PutRequest, ScalarAttributeType,
    TableStatus, WriteRequest,
};
use futures_util::{TryStreamExt, stream};

use super::{StartError, TABLE};
use crate::dynamo::RawItem;
use crate::template::TableDefinition;

/// Creates the table unless it exists.
pub(super) async fn create_table(
    client: &aws_sdk_dynamodb::Client,
    definition: &TableDefinition,
) -> Result<(), StartError> {
    if is_active(client).await {
        return Ok(());
    }
    let mut create = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest);
    for attribute in &definition.attribute_definitions {
        create = create.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(&attribute.name)
                .attribute_type(ScalarAttributeType::from(attribute.kind.as_str()))
                .build()?,
        );
    }
    for element in &definition.key_schema {
        create = create.key_schema(
            KeySchemaElement::builder()
                .attribute_name(&element.name)
                .key_type(KeyType::from(element.key_type.as_str()))
                .build()?,
        );
    }
    if let Err(error) = create.send().await
        && !error
            .as_service_error()
            .is_some_and(CreateTableError::is_resource_in_use_exception)
    {
        let reason = aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
        return Err(format!("cannot create the table {TABLE}: {reason}").into());
    }
    for _ in 0..60 {
        if is_active(client).await {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(format!("the table {TABLE} is not active after 30 seconds").into())
}

/// Items of one `BatchWriteItem` call.
const BATCH: usize = 25;
const SIDE_BY_SIDE: usize = 4;

/// Writes items into the table.
pub(super) async fn load(
    client: &aws_sdk_dynamodb::Client,
    items: Vec<RawItem>,
) -> Result<(), StartError> {
    let requests = items
        .into_iter()
        .map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        })
        .collect::<Result<Vec<_>, StartError>>()?;
    stream::iter(requests.chunks(BATCH).map(<[_]>::to_vec).map(Ok))
        .try_for_each_concurrent(SIDE_BY_SIDE, |batch| put(client, batch))
        .await
}

async fn put(
    client: &aws_sdk_dynamodb::Client,
    mut batch: Vec<WriteRequest>,
) -> Result<(), StartError> {
    while !batch.is_empty() {
        let request = client.batch_write_item().request_items(TABLE, batch);
        let left = request.send().await?.unprocessed_items;
        batch = left.unwrap_or_default().remove(TABLE).unwrap_or_default();
    }
    Ok(())
}

async fn is_active(client: &aws_sdk_dynamodb::Client) -> bool {
    let described = client.describe_table().table_name(TABLE).send().await;
    described.is_ok_and(|output| {
        output
            .table()
            .and_then(|table| table.table_status())
            .is_some_and(|status| *status == TableStatus::Active)
    })
}
