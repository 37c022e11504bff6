//! The cold start benchmark works. The function is a process of this test binary, so that no other binary is needed.

use std::process::Command;
use std::sync::Mutex;

use local::cold_start::{ColdStartPlan, Program, print, run, size};
use serde_json::Value;

use crate::support::process::{self, Folder};

/// The measured process: this test binary with only this test. Among the other tests it does nothing.
#[tokio::test]
async fn a_function_where_lambda_runs_it() {
    if process::is_function() {
        let ended = service::lambda::run().await;
        panic!("a function goes on until it is killed: {ended:?}");
    }
}

#[test]
fn a_handler_that_the_binary_does_not_contain_ends_the_start() {
    let program = process::test(
        "wrong",
        "infra::cold_start::a_function_where_lambda_runs_it",
    );
    let ended = Command::new(&program.path)
        .args(&program.arguments)
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
            ("_HANDLER", "admin"),
        ])
        .output()
        .unwrap();
    assert!(!ended.status.success());
    let told = String::from_utf8_lossy(&ended.stderr);
    let reason = "the binary `scim` contains no function `admin`: correct its Handler";
    assert!(told.contains(reason), "{told}");
}

#[tokio::test]
async fn a_function_opens_its_connections_while_it_starts_and_no_other_later() {
    let folder = Folder::new("cold-start");
    let function = |name| process::test(name, "infra::cold_start::a_function_where_lambda_runs_it");
    let plan = ColdStartPlan {
        programs: vec![function("one"), function("other")],
        repeat: 1,
        warm: 2,
        memory: 1_024,
    };
    let told = Mutex::new(Vec::new());
    let report = run(&plan, folder.path(), |line| {
        told.lock().unwrap().push(line.to_owned());
    })
    .await;
    let report = report.unwrap();
    assert_eq!(*told.lock().unwrap(), ["round 1 of 1"]);
    assert_eq!(report.rows.len(), 4);
    for row in &report.rows {
        let (during, after) = (row.during_init, row.after_init);
        assert_eq!((during.connections, during.handshakes), (2, 2), "{row:?}");
        assert_eq!((after.connections, after.handshakes), (0, 0), "{row:?}");
        assert!(row.init > 0.0 && row.first > 0.0 && row.p50 > 0.0 && row.p50 <= row.p99);
        assert!(row.memory.is_none_or(|memory| memory > 1_000.0), "{row:?}");
    }

    // A manifest in place of the binary, which has a hundred megabytes.
    let manifest = Program {
        name: "other".to_owned(),
        path: concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into(),
        arguments: Vec::new(),
    };
    let size = size(&manifest).unwrap();
    assert!(size.zip > 0 && size.zip < size.binary && size.binary < 10_000);
    let mut table = Vec::new();
    print(&report, &[size], &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    for line in [
        "| one | full CPU |",
        "| other | 1024 MB share |",
        "The same as multiples of `other`",
    ] {
        assert!(table.contains(line), "{line} is not in the table");
    }
    let json: Value = serde_json::from_slice(&serde_json::to_vec(&report).unwrap()).unwrap();
    assert_eq!(json["rows"][3]["share"]["of"], 1_024);
    assert_eq!(json["rows"][0]["duringInit"]["handshakes"], 2);
}

#[tokio::test]
async fn a_program_that_is_no_function_is_named_with_what_it_wrote() {
    let folder = Folder::new("no-function");
    let plan = ColdStartPlan {
        programs: vec![process::test("wrong", "--list")],
        repeat: 1,
        warm: 1,
        memory: 256,
    };
    let error = run(&plan, folder.path(), |_| ())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("wrong, full CPU: the process exited: exit status: 0"),
        "{error}"
    );
    assert!(error.ends_with("benchmarks"), "{error}");
}
