//! The table and the secrets: their keys, their cost, and what protects them.

use local::template;
use serde_json::Value;

use super::resources;
use super::templates::holds;

#[test]
fn z08_what_is_stored_is_encrypted() {
    holds(
        |of| {
            let table = of.read("infra/table.yaml");
            for (name, table) in resources(&table, "AWS::DynamoDB::Table") {
                let encryption = &table["Properties"]["SSESpecification"];
                assert_eq!(encryption["SSEEnabled"], true, "{name}");
                assert_eq!(encryption["SSEType"], "KMS", "{name}");
            }
            // No secret may be stored in plain text; a customer's own key is passed on.
            let secrets = of.read("infra/secrets.yaml");
            for (name, secret) in resources(&secrets, "AWS::SecretsManager::Secret") {
                assert!(secret["Properties"].get("KmsKeyId").is_some(), "{name}");
            }
        },
        &[
            ("infra/table.yaml", "SSEEnabled: true", "SSEEnabled: false"),
            ("infra/table.yaml", "SSEType: KMS", "SSEType: AES256"),
            (
                "infra/secrets.yaml",
                "      KmsKeyId: !If [HasCustomerKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
                "",
            ),
        ],
    );
}

#[test]
fn the_table_has_the_keys_of_the_code() {
    holds(
        |of| {
            let table = template::table(&of.read("infra/table.yaml"))
                .expect("infra/table.yaml describes a table");
            let keys: Vec<_> = table
                .key_schema
                .iter()
                .map(|key| (key.name.as_str(), key.key_type.as_str()))
                .collect();
            assert_eq!(
                keys,
                [
                    (directory::keys::PARTITION_KEY, "HASH"),
                    (directory::keys::SORT_KEY, "RANGE")
                ]
            );
            let types: Vec<_> = table
                .attribute_definitions
                .iter()
                .map(|key| (key.name.as_str(), key.kind.as_str()))
                .collect();
            assert_eq!(
                types,
                [
                    (directory::keys::PARTITION_KEY, "S"),
                    (directory::keys::SORT_KEY, "S")
                ]
            );
        },
        &[
            ("infra/table.yaml", "AttributeName: pk", "AttributeName: id"),
            (
                "infra/table.yaml",
                "AttributeName: sk\n          AttributeType: S",
                "AttributeName: sk\n          AttributeType: N",
            ),
        ],
    );
}

#[test]
fn the_table_costs_nothing_idle_and_survives_accidents() {
    holds(
        |of| {
            let template = of.read("infra/table.yaml");
            let tables = resources(&template, "AWS::DynamoDB::Table");
            let [(_, table)] = tables.as_slice() else {
                panic!("infra/table.yaml has not exactly one table");
            };
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(table[policy], "Retain", "{policy}");
            }
            for (pointer, expected) in [
                ("/BillingMode", Value::from("PAY_PER_REQUEST")),
                (
                    "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
                    Value::from(true),
                ),
                ("/DeletionProtectionEnabled", Value::from(true)),
                (
                    "/StreamSpecification/StreamViewType",
                    Value::from("NEW_AND_OLD_IMAGES"),
                ),
                (
                    "/TimeToLiveSpecification/AttributeName",
                    Value::from("expires"),
                ),
                ("/TimeToLiveSpecification/Enabled", Value::from(true)),
                ("/SSESpecification/SSEEnabled", Value::from(true)),
                ("/SSESpecification/SSEType", Value::from("KMS")),
            ] {
                assert_eq!(
                    table["Properties"].pointer(pointer),
                    Some(&expected),
                    "{pointer}"
                );
            }
            for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
                assert!(
                    table["Properties"][index].is_null(),
                    "the table has {index}, which may lag behind a write"
                );
            }
        },
        &[
            ("infra/table.yaml", "PAY_PER_REQUEST", "PROVISIONED"),
            (
                "infra/table.yaml",
                "DeletionPolicy: Retain",
                "DeletionPolicy: Delete",
            ),
            (
                "infra/table.yaml",
                "PointInTimeRecoveryEnabled: true",
                "PointInTimeRecoveryEnabled: false",
            ),
            (
                "infra/table.yaml",
                "DeletionProtectionEnabled: true",
                "DeletionProtectionEnabled: false",
            ),
            ("infra/table.yaml", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"),
            (
                "infra/table.yaml",
                "      KeySchema:\n",
                "      LocalSecondaryIndexes: [a]\n      KeySchema:\n",
            ),
        ],
    );
}
