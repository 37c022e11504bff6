//! A DynamoDB that is not ours.

use std::time::Duration;

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
};

use super::{StartError, TABLE};
use crate::template::TableDefinition;

/// Makes the table in a DynamoDB that is not ours, unless it is there.
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
        return Err(format!("cannot make the table {TABLE}: {reason}").into());
    }
    for _ in 0..60 {
        if is_active(client).await {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(format!("the table {TABLE} is not ready after half a minute").into())
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
