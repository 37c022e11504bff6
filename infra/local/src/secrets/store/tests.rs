#![expect(
    clippy::needless_pass_by_value,
    reason = "requests are written where they are sent"
)]

use super::*;

/// A store whose time and ids count up with each operation.
#[derive(Default)]
struct CountingStore {
    store: SecretStore,
    count: i64,
}

impl CountingStore {
    fn with_keyring() -> Self {
        let mut bench = Self::default();
        bench
            .call(
                "CreateSecret",
                json!({"Name": "m/k1", "SecretString": "1", "ClientRequestToken": "v1"}),
            )
            .unwrap();
        bench
    }

    fn call(&mut self, operation: &str, input: Value) -> OperationResult {
        self.count += 1;
        let stamp = OperationStamp {
            seconds: 1000 + self.count,
            id: format!("{:08x}-0000", self.count),
        };
        self.store.run(operation, &input, &stamp)
    }

    fn put(&mut self, id: &str, stages: Value) -> OperationResult {
        self.call(
            "PutSecretValue",
            json!({"SecretId": "m/k1", "SecretString": id, "ClientRequestToken": id, "VersionStages": stages}),
        )
    }

    fn swap(&mut self, to: &str, from: &str) -> OperationResult {
        self.call(
            "UpdateSecretVersionStage",
            json!({"SecretId": "m/k1", "VersionStage": CURRENT, "MoveToVersionId": to, "RemoveFromVersionId": from}),
        )
    }

    fn stages(&mut self) -> Value {
        self.call("DescribeSecret", json!({"SecretId": "m/k1"}))
            .unwrap()["VersionIdsToStages"]
            .take()
    }
}

fn kind(outcome: OperationResult) -> &'static str {
    outcome.unwrap_err().kind
}

#[test]
fn a_secret_is_found_by_name_and_by_arn() {
    let mut bench = CountingStore::with_keyring();
    let by_name = bench
        .call("GetSecretValue", json!({"SecretId": "m/k1"}))
        .unwrap();
    assert_eq!(
        by_name,
        json!({
            "ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:m/k1-000000",
            "Name": "m/k1", "VersionId": "v1", "VersionStages": ["AWSCURRENT"], "CreatedDate": 1001, "SecretString": "1",
        })
    );
    assert_eq!(
        bench
            .call("GetSecretValue", json!({"SecretId": by_name["ARN"]}))
            .unwrap(),
        by_name
    );
}

#[test]
fn a_new_value_is_current_and_the_old_one_previous() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", Value::Null).unwrap();
    assert_eq!(
        bench.stages(),
        json!({"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]})
    );
    bench.put("v3", Value::Null).unwrap();
    assert_eq!(
        bench.stages(),
        json!({"v2": ["AWSPREVIOUS"], "v3": ["AWSCURRENT"]})
    );
}

#[test]
fn a_pending_value_leaves_the_current_one() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", json!(["AWSPENDING"])).unwrap();
    assert_eq!(
        bench.stages(),
        json!({"v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]})
    );
    let pending = bench
        .call(
            "GetSecretValue",
            json!({"SecretId": "m/k1", "VersionStage": "AWSPENDING"}),
        )
        .unwrap();
    assert_eq!(pending["SecretString"], "v2");
}

#[test]
fn the_first_value_is_current_whatever_its_stages() {
    let mut bench = CountingStore::default();
    let made = bench.call("CreateSecret", json!({"Name": "m/k1"})).unwrap();
    assert!(made.get("VersionId").is_none());
    assert_eq!(
        kind(bench.call("GetSecretValue", json!({"SecretId": "m/k1"}))),
        "ResourceNotFoundException"
    );
    let put = bench.put("v1", json!(["AWSPENDING"])).unwrap();
    assert_eq!(put["VersionStages"], json!(["AWSPENDING", "AWSCURRENT"]));
}

#[test]
fn one_of_two_writers_that_read_the_same_version_wins() {
    let mut bench = CountingStore::with_keyring();
    bench.put("a", json!(["write-a"])).unwrap();
    bench.put("b", json!(["write-b"])).unwrap();
    bench.swap("a", "v1").unwrap();
    assert_eq!(kind(bench.swap("b", "v1")), "InvalidParameterException");
    assert_eq!(
        bench.stages(),
        json!({"v1": ["AWSPREVIOUS"], "a": ["write-a", "AWSCURRENT"], "b": ["write-b"]})
    );
}

#[test]
fn swapping_back_exchanges_current_and_previous() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", Value::Null).unwrap();
    bench.swap("v1", "v2").unwrap();
    assert_eq!(
        bench.stages(),
        json!({"v1": ["AWSCURRENT"], "v2": ["AWSPREVIOUS"]})
    );
}

#[test]
fn a_stage_in_use_is_moved_only_by_naming_its_version() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", json!(["AWSPENDING"])).unwrap();
    let unnamed = json!({"SecretId": "m/k1", "VersionStage": CURRENT, "MoveToVersionId": "v2"});
    assert_eq!(
        kind(bench.call("UpdateSecretVersionStage", unnamed)),
        "InvalidParameterException"
    );
    assert_eq!(kind(bench.swap("v2", "v2")), "InvalidParameterException");
    assert_eq!(kind(bench.swap("v2", "v9")), "ResourceNotFoundException");
    assert_eq!(kind(bench.swap("v9", "v1")), "ResourceNotFoundException");
}

#[test]
fn any_stage_but_current_can_be_removed() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", json!(["AWSPENDING"])).unwrap();
    let remove = |stage: &str, from: &str| json!({"SecretId": "m/k1", "VersionStage": stage, "RemoveFromVersionId": from});
    bench
        .call("UpdateSecretVersionStage", remove("AWSPENDING", "v2"))
        .unwrap();
    assert_eq!(bench.stages(), json!({"v1": ["AWSCURRENT"]}));
    assert_eq!(
        kind(bench.call("UpdateSecretVersionStage", remove(CURRENT, "v1"))),
        "InvalidParameterException"
    );
}

#[test]
fn a_repeated_request_is_idempotent_and_a_changed_one_is_rejected() {
    let mut bench = CountingStore::with_keyring();
    let first = bench.put("v2", Value::Null).unwrap();
    let before = bench.store.clone();
    assert_eq!(bench.put("v2", Value::Null).unwrap(), first);
    assert!(bench.store == before);
    let other = json!({"SecretId": "m/k1", "SecretString": "x", "ClientRequestToken": "v2"});
    assert_eq!(
        kind(bench.call("PutSecretValue", other)),
        "ResourceExistsException"
    );
}

#[test]
fn a_name_can_be_used_once() {
    let mut bench = CountingStore::with_keyring();
    let create = |value: &str, id: &str| json!({"Name": "m/k1", "SecretString": value, "ClientRequestToken": id});
    assert_eq!(
        bench.call("CreateSecret", create("1", "v1")).unwrap()["VersionId"],
        "v1"
    );
    assert_eq!(
        kind(bench.call("CreateSecret", create("1", "v2"))),
        "ResourceExistsException"
    );
    assert_eq!(
        kind(bench.call("CreateSecret", create("2", "v1"))),
        "ResourceExistsException"
    );
    assert_eq!(
        kind(bench.call("CreateSecret", json!({"Name": "m/k1"}))),
        "ResourceExistsException"
    );
}

#[test]
fn missing_secrets_versions_and_stages_are_not_found() {
    let mut bench = CountingStore::with_keyring();
    for (operation, input) in [
        ("GetSecretValue", json!({"SecretId": "m/k2"})),
        ("DescribeSecret", json!({"SecretId": "m/k2"})),
        (
            "PutSecretValue",
            json!({"SecretId": "m/k2", "SecretString": "1"}),
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "m/k1", "VersionId": "v9"}),
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "m/k1", "VersionStage": "AWSPREVIOUS"}),
        ),
    ] {
        assert_eq!(
            kind(bench.call(operation, input.clone())),
            "ResourceNotFoundException",
            "{operation} {input}"
        );
    }
}

#[test]
fn a_version_id_and_a_stage_must_name_the_same_version() {
    let mut bench = CountingStore::with_keyring();
    bench.put("v2", Value::Null).unwrap();
    let both = |stage: &str| json!({"SecretId": "m/k1", "VersionId": "v1", "VersionStage": stage});
    assert_eq!(
        bench.call("GetSecretValue", both("AWSPREVIOUS")).unwrap()["SecretString"],
        "1"
    );
    assert_eq!(
        kind(bench.call("GetSecretValue", both(CURRENT))),
        "InvalidRequestException"
    );
}

#[test]
fn secrets_are_listed_by_prefix_in_pages() {
    let mut bench = CountingStore::with_keyring();
    for name in ["m/k2", "m/k3", "other/k1"] {
        bench
            .call(
                "CreateSecret",
                json!({"Name": name, "SecretString": "x", "Description": "d"}),
            )
            .unwrap();
    }
    let mut page = |token: Value| {
        let filters = json!([{"Key": "name", "Values": ["m/"]}]);
        bench
            .call(
                "ListSecrets",
                json!({"Filters": filters, "MaxResults": 2, "NextToken": token}),
            )
            .unwrap()
    };
    let names = |page: &Value| -> Vec<Value> {
        page["SecretList"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["Name"].clone())
            .collect()
    };
    let first = page(Value::Null);
    let second = page(first["NextToken"].clone());
    assert_eq!(names(&first), ["m/k1", "m/k2"]);
    assert_eq!(names(&second), ["m/k3"]);
    assert!(second.get("NextToken").is_none());
    assert_eq!(
        first["SecretList"][0]["SecretVersionsToStages"],
        json!({"v1": ["AWSCURRENT"]})
    );
    assert_eq!(
        kind(bench.call("ListSecrets", json!({"Filters": [{"Key": "tag-key"}]}))),
        "InvalidParameterException"
    );
}

#[test]
fn the_101st_version_of_a_day_is_rejected_and_older_ones_make_room() {
    let mut bench = CountingStore::with_keyring();
    for at in 1..MAX_VERSIONS {
        bench.put(&format!("n{at}"), Value::Null).unwrap();
    }
    let refused = bench.put("over", Value::Null).unwrap_err();
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        ("LimitExceededException", OVER_QUOTA)
    );
    // Existing versions can still be read, and a stage can still be moved.
    bench.put("n7", json!(["x"])).unwrap();
    bench.swap("n7", "n99").unwrap();
    bench.count += KEPT_SECONDS;
    // The current and the previous version have stages and stay.
    for at in 0..MAX_VERSIONS - 2 {
        bench.put(&format!("m{at}"), json!(["x"])).unwrap();
        let versions = &bench.store.secrets["m/k1"].versions;
        assert_eq!(versions.len(), MAX_VERSIONS);
        assert!(versions.iter().any(|v| v.id == "n7") && versions.iter().any(|v| v.id == "n99"));
    }
    assert_eq!(
        kind(bench.put("over", Value::Null)),
        "LimitExceededException"
    );
}

#[test]
fn invalid_requests_are_rejected() {
    let mut bench = CountingStore::with_keyring();
    for (operation, input, expected) in [
        ("GetSecretValue", json!({}), "InvalidParameterException"),
        (
            "CreateSecret",
            json!({"Name": "a b"}),
            "ValidationException",
        ),
        (
            "CreateSecret",
            json!({"Name": "a", "SecretString": "x", "SecretBinary": "eA=="}),
            "InvalidParameterException",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "m/k1"}),
            "InvalidParameterException",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "m/k1", "SecretString": "x".repeat(65_537)}),
            "ValidationException",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "m/k1", "SecretString": "x", "VersionStages": []}),
            "InvalidParameterException",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "m/k1"}),
            "UnknownOperationException",
        ),
    ] {
        assert_eq!(kind(bench.call(operation, input)), expected, "{operation}");
    }
}

#[test]
fn a_keyring_of_the_largest_size_can_be_stored() {
    let mut bench = CountingStore::with_keyring();
    let value = "x".repeat(MAX_VALUE);
    bench
        .call(
            "PutSecretValue",
            json!({"SecretId": "m/k1", "SecretString": value}),
        )
        .unwrap();
    assert_eq!(
        bench
            .call("GetSecretValue", json!({"SecretId": "m/k1"}))
            .unwrap()["SecretString"],
        json!(value)
    );
}
