//! The templates agree with the code: routes, functions, environment, table, permissions, example events.

mod alarms;
mod bench;
mod cold_start;
mod conversation;
mod example_events;
mod front_door;
mod roles;
mod routes;

use std::collections::BTreeSet;
use std::fs;

use local::template;
use serde_json::Value;
use service::{Binary, Config, Function};

use crate::house::logs::logged_requests;
use crate::house::source::{ROOT, files, products};

/// Reads a template by its path relative to the root.
fn read(path: &str) -> Value {
    let text = fs::read_to_string(format!("{ROOT}/{path}"))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    template::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn templates() -> Vec<String> {
    let paths = files("yaml").into_iter().map(|(path, _)| path);
    paths
        .filter(|path| path == "template.yaml" || path.starts_with("infra/"))
        .collect()
}

/// The resources of one type by their logical names.
fn resources<'t>(template: &'t Value, kind: &str) -> Vec<(&'t str, &'t Value)> {
    template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), resource))
        .collect()
}

/// The functions in the template by their names.
fn functions(template: &Value) -> Vec<(&str, &Value)> {
    resources(template, "AWS::Serverless::Function")
        .into_iter()
        .map(|(logical, function)| {
            let handler = function["Properties"]["Handler"].as_str();
            (
                handler.unwrap_or_else(|| panic!("{logical} has no handler")),
                function,
            )
        })
        .collect()
}

/// Whether the gateway calls a function.
fn has_routes(function: &Value) -> bool {
    let events = function["Properties"]["Events"].as_object();
    let mut events = events.into_iter().flatten();
    events.any(|(_, event)| event["Type"] == "HttpApi")
}

/// A property of a function: its own, or the global one.
fn property<'t>(template: &'t Value, function: &'t Value, name: &str) -> &'t Value {
    match &function["Properties"][name] {
        Value::Null => &template["Globals"]["Function"][name],
        own => own,
    }
}

fn names<'n>(of: impl IntoIterator<Item = &'n str>) -> BTreeSet<String> {
    of.into_iter().map(str::to_owned).collect()
}

#[test]
fn what_is_deployed_is_what_is_in_functions() {
    let folders: BTreeSet<String> = fs::read_dir(format!("{ROOT}/functions"))
        .expect("there is functions/")
        .map(|entry| entry.expect("an entry of functions/"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let binaries = names(Binary::ALL.map(Binary::name));
    assert_eq!(folders, binaries, "folders in functions/, and Binary::ALL");
    let members = crate::house::crates::members();
    let built = members.iter().filter_map(|member| {
        let folder = member.folder.strip_prefix("functions/")?;
        (folder == member.name).then_some(folder)
    });
    assert_eq!(
        names(built),
        binaries,
        "packages named after their folder in functions/, and Binary::ALL"
    );
}

#[test]
fn every_function_is_deployed_once_in_its_binary() {
    let template = read("template.yaml");
    let mut deployed: Vec<(&str, &Value)> = functions(&template)
        .into_iter()
        .map(|(handler, function)| (handler, &function["Metadata"]["BuildProperties"]["Binary"]))
        .collect();
    deployed.sort_unstable_by_key(|(handler, _)| *handler);
    let mut known = Function::ALL.map(|function| (function.name(), function.binary().name()));
    known.sort_unstable();
    assert_eq!(deployed.len(), known.len(), "Function::ALL");
    for ((handler, binary), known) in deployed.into_iter().zip(known) {
        assert_eq!((handler, binary.as_str()), (known.0, Some(known.1)));
    }
}

#[test]
fn functions_run_on_arm_with_memory_and_time_that_fit_the_gateway() {
    let template = read("template.yaml");
    for (name, function) in functions(&template) {
        let property = |property_name| property(&template, function, property_name);
        assert_eq!(
            property("Architectures"),
            &serde_json::json!(["arm64"]),
            "{name}"
        );
        assert_eq!(property("Runtime"), "provided.al2023", "{name}");
        assert_eq!(
            function.pointer("/Metadata/BuildMethod").unwrap(),
            "rust-cargolambda",
            "{name}"
        );
        assert!(
            property("MemorySize")
                .as_u64()
                .is_some_and(|size| size >= 256),
            "{name}: MemorySize below 256"
        );
        let most = match has_routes(function) {
            true => 29,
            false => 900,
        };
        assert!(
            property("Timeout")
                .as_u64()
                .is_some_and(|time| time <= most),
            "{name}: Timeout not below the gateway's 30 s, or Lambda's 15 min"
        );
    }
}

/// A task is not taken over as long as its owner's function may run.
#[test]
fn an_owner_of_a_task_has_ended_when_its_task_is_taken_over() {
    let template = read("template.yaml");
    for (name, function) in functions(&template) {
        let timeout = property(&template, function, "Timeout").as_i64();
        let timeout = timeout.expect("a number of seconds");
        let is_over = timeout < directory::limits::OWNED.as_secs();
        assert!(is_over || !has_routes(function), "{name}: {timeout} s");
    }
}

#[test]
fn every_log_is_deleted_after_some_time() {
    let template = read("template.yaml");
    let logs = resources(&template, "AWS::Logs::LogGroup");
    for (name, log) in &logs {
        assert!(
            !log["Properties"]["RetentionInDays"].is_null(),
            "{name} has no RetentionInDays"
        );
    }
    for (name, function) in functions(&template) {
        let group = function
            .pointer("/Properties/LoggingConfig/LogGroup/Ref")
            .and_then(Value::as_str);
        let is_ours = group.is_some_and(|group| logs.iter().any(|(name, _)| *name == group));
        assert!(
            is_ours,
            "{name} logs to no log group of the template, so to one that is kept for ever"
        );
    }
}

#[test]
fn z06_no_log_holds_a_query_a_path_or_an_address() {
    let template = read("template.yaml");
    let format = template
        .pointer("/Resources/Api/Properties/AccessLogSettings/Format")
        .and_then(Value::as_str)
        .expect("the gateway logs");
    let logged: BTreeSet<&str> = format
        .split("$context.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let harmless = BTreeSet::from([
        "requestId",
        "requestTime",
        "routeKey",
        "httpMethod",
        "status",
        "responseLength",
        "responseLatency",
        "integrationLatency",
        "integrationStatus",
        "integrationErrorMessage",
        "error.responseType",
    ]);
    assert_eq!(logged, harmless, "the gateway's log");
    assert_eq!(logged_requests(products()), [""; 0]);
}

#[test]
fn z08_what_is_stored_is_encrypted() {
    let table = read("infra/table.yaml");
    for (name, table) in resources(&table, "AWS::DynamoDB::Table") {
        let encryption = &table["Properties"]["SSESpecification"];
        assert_eq!(encryption["SSEEnabled"], true, "{name}");
        assert_eq!(encryption["SSEType"], "KMS", "{name}");
    }
    // No secret may be stored in plain text; a customer's own key is passed on.
    let secrets = read("infra/secrets.yaml");
    for (name, secret) in resources(&secrets, "AWS::SecretsManager::Secret") {
        assert!(secret["Properties"].get("KmsKeyId").is_some(), "{name}");
    }
}

#[test]
fn functions_get_the_variables_that_config_reads() {
    let template = read("template.yaml");
    for (name, function) in functions(&template) {
        let shared = template.pointer("/Globals/Function/Environment/Variables");
        let own = function.pointer("/Properties/Environment/Variables");
        let given = [shared, own]
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flatten();
        assert_eq!(
            names(given.map(|(variable, _)| variable.as_str())),
            names(Config::VARIABLES),
            "{name}"
        );
    }
}

#[test]
fn the_table_has_the_keys_of_the_code() {
    let table = local::stack::table().expect("infra/table.yaml describes a table");
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
}

#[test]
fn the_table_costs_nothing_idle_and_survives_accidents() {
    let template = read("infra/table.yaml");
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
}
