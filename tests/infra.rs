//! The templates agree with the code: routes, functions, environment, table, permissions, example events.

mod alarms;
mod bench;
mod cold_start;
mod conversation;
mod example_events;
mod front_door;
mod roles;
mod routes;
mod table;
mod templates;
mod wildcards;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use service::{Binary, Config, Function};

use crate::house::logs::logged_requests;
use crate::house::source::{ROOT, products};
use templates::holds;

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
        // A folder without a package has documents and examples only.
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
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
    holds(
        |of| {
            let template = of.read("template.yaml");
            let mut deployed: Vec<(&str, &Value)> = functions(&template)
                .into_iter()
                .map(|(handler, function)| {
                    (handler, &function["Metadata"]["BuildProperties"]["Binary"])
                })
                .collect();
            deployed.sort_unstable_by_key(|(handler, _)| *handler);
            let mut known =
                Function::ALL.map(|function| (function.name(), function.binary().name()));
            known.sort_unstable();
            assert_eq!(deployed.len(), known.len(), "Function::ALL");
            for ((handler, binary), known) in deployed.into_iter().zip(known) {
                assert_eq!((handler, binary.as_str()), (known.0, Some(known.1)));
            }
        },
        &[
            ("template.yaml", "Handler: groups", "Handler: users"),
            ("template.yaml", "Binary: admin", "Binary: scim"),
        ],
    );
}

#[test]
fn functions_run_on_arm_with_memory_and_time_that_fit_the_gateway() {
    holds(
        |of| {
            let template = of.read("template.yaml");
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
        },
        &[
            ("template.yaml", "Timeout: 28", "Timeout: 30"),
            ("template.yaml", "MemorySize: 256", "MemorySize: 128"),
            ("template.yaml", "[arm64]", "[x86_64]"),
            ("template.yaml", "provided.al2023", "provided.al2"),
            (
                "template.yaml",
                "BuildMethod: rust-cargolambda",
                "BuildMethod: makefile",
            ),
        ],
    );
}

/// A task is not taken over as long as its owner's function may run.
#[test]
fn an_owner_of_a_task_has_ended_when_its_task_is_taken_over() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            for (name, function) in functions(&template) {
                let timeout = property(&template, function, "Timeout").as_i64();
                let timeout = timeout.expect("a number of seconds");
                let is_over = timeout < directory::limits::OWNED.as_secs();
                assert!(is_over || !has_routes(function), "{name}: {timeout} s");
            }
        },
        &[("template.yaml", "Timeout: 28", "Timeout: 900")],
    );
}

#[test]
fn every_log_is_deleted_after_some_time() {
    holds(
        |of| {
            let template = of.read("template.yaml");
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
                let is_ours =
                    group.is_some_and(|group| logs.iter().any(|(name, _)| *name == group));
                assert!(
                    is_ours,
                    "{name} logs to no log group of the template, so to one that is kept for ever"
                );
            }
        },
        &[
            (
                "template.yaml",
                "      RetentionInDays: !Ref LogRetentionDays\n",
                "",
            ),
            (
                "template.yaml",
                "LogGroup: !Ref UsersLog",
                "LogGroup: users",
            ),
        ],
    );
}

#[test]
fn z06_no_log_holds_a_query_a_path_or_an_address() {
    holds(
        |of| {
            let template = of.read("template.yaml");
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
        },
        &[
            ("template.yaml", "$context.routeKey", "$context.path"),
            (
                "template.yaml",
                "$context.status",
                "$context.identity.sourceIp",
            ),
        ],
    );
}

#[test]
fn functions_get_the_variables_that_config_reads() {
    holds(
        |of| {
            let template = of.read("template.yaml");
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
        },
        &[
            (
                "template.yaml",
                "        MUSTER_RATE: !Ref RequestsPerSecond\n",
                "",
            ),
            ("template.yaml", "MUSTER_RATE:", "MUSTER_RATES:"),
        ],
    );
}
