//! Tests of parsing, references and the execution plan.

use std::collections::BTreeSet;

use serde_json::json;

use super::plan::{PresentNames, StepWork, renaming};
use super::*;
use crate::ErrorKind;

const ID: &str = "2819c223-7f76-453a-919d-413861904646";

fn request(operations: &Value) -> BulkRequest {
    BulkRequest::parse(json!({ "schemas": [urn::BULK_REQUEST], "Operations": operations })).unwrap()
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

fn user(bulk_id: &str, name: &str) -> Value {
    post("/Users", bulk_id, &json!({ "userName": name }))
}

fn managed(bulk_id: &str, manager: &str) -> Value {
    let data = json!({ "userName": bulk_id, "x": { "manager": { "value": format!("bulkId:{manager}") } } });
    post("/Users", bulk_id, &data)
}

fn group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    post(
        "/Groups",
        bulk_id,
        &json!({ "displayName": bulk_id, "members": members }),
    )
}

fn on(method: &str, path: &str, data: &Value) -> Value {
    json!({ "method": method, "path": path, "data": data })
}

/// The operations of each step, and of the steps that it waits for.
fn planned(operations: &Value) -> Vec<(Vec<usize>, Vec<usize>)> {
    shown(&BulkPlan::of(&request(operations), &PresentNames::new()))
}

fn shown(plan: &BulkPlan) -> Vec<(Vec<usize>, Vec<usize>)> {
    let steps = plan.steps.iter().map(|step| {
        let after: BTreeSet<usize> = step
            .after
            .iter()
            .flat_map(|at| plan.steps[*at].work.operations().to_vec())
            .collect();
        (step.work.operations().to_vec(), after.into_iter().collect())
    });
    steps.collect()
}

#[test]
fn b01_names_are_read_in_any_case() {
    let read = BulkRequest::parse(json!({
        "SCHEMAS": [urn::BULK_REQUEST],
        "FailOnErrors": 3,
        "operations": [{ "METHOD": "delete", "Path": format!("/Users/{ID}"), "VERSION": "W/\"1\"" }]
    }))
    .unwrap();
    assert_eq!(read.fail_on_errors, Some(3));
    assert_eq!(read.operations[0].method.as_deref(), Some("DELETE"));
    let task = read.operations[0].task.as_ref().unwrap();
    assert_eq!(task.action, Action::Delete(BulkSubject::Id(ID.to_owned())));
    assert_eq!(task.version.as_deref(), Some("W/\"1\""));
}

#[test]
fn b18_malformed_requests_are_rejected() {
    use ErrorKind::{InvalidSyntax, InvalidValue, TooLarge};
    let one = user("a", "a");
    for (body, kind) in [
        (json!([]), InvalidSyntax),
        (
            json!({ "schemas": [urn::PATCH_OP], "Operations": [one] }),
            InvalidSyntax,
        ),
        (json!({ "schemas": [urn::BULK_REQUEST] }), InvalidSyntax),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "Operations": {} }),
            InvalidSyntax,
        ),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "Operations": [] }),
            InvalidSyntax,
        ),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "Operations": [5] }),
            InvalidSyntax,
        ),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "failOnErrors": 0, "Operations": [one] }),
            InvalidValue,
        ),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "failOnErrors": "x", "Operations": [one] }),
            InvalidValue,
        ),
        (
            json!({ "schemas": [urn::BULK_REQUEST], "Operations": vec![one.clone(); 1_001] }),
            TooLarge,
        ),
    ] {
        assert_eq!(
            BulkRequest::parse(body.clone()).unwrap_err().kind(),
            kind,
            "{body}"
        );
    }
}

#[test]
fn b18_schemas_may_be_missing_and_a_number_may_be_text() {
    let body = json!({ "failOnErrors": "2", "Operations": [user("a", "a")] });
    let read = BulkRequest::parse(body).unwrap();
    assert_eq!(read.fail_on_errors, Some(2));
    assert_eq!(read.operations.len(), 1);
}

#[test]
fn b02_b03_b18_malformed_operations_fail_alone() {
    let data = json!({ "userName": "a" });
    for odd in [
        json!({}),
        on("GET", &format!("/Users/{ID}"), &data),
        on("PUT", "/Users", &data),
        on("DELETE", "/Groups/", &data),
        on("POST", "/Users", &data),
        post("/Bulk", "x", &data),
        post("/Me", "x", &data),
        post(&format!("/Users/{ID}"), "x", &data),
        post("https://example.com/acme/scim/v2/Users", "x", &data),
        post("//Users", "x", &data),
        post("/Users?attributes=id", "x", &data),
        on("PUT", &format!("/Users/{ID}?attributes=id"), &data),
        on("PUT", &format!("/Users/{ID}/x"), &data),
        on("PUT", &format!("/Users/{ID}"), &json!([])),
        json!({ "method": "PATCH", "path": format!("/Users/{ID}") }),
        json!({ "method": "POST", "path": "/Users", "bulkId": 7, "data": data }),
        json!({ "method": "DELETE", "path": format!("/Users/{ID}"), "version": "a\nb" }),
        json!({ "method": "DELETE", "path": format!("/Users/{ID}"), "version": 1 }),
    ] {
        let read = request(&json!([odd, user("good", "b")]));
        assert_eq!(
            read.operations[0].task.as_ref().unwrap_err().status() / 100,
            4,
            "{odd}"
        );
        assert!(read.operations[1].task.is_ok());
    }
    let twins = request(&json!([user("a", "a"), user("b", "b"), user("a", "c")]));
    let good = twins.operations.iter().map(|one| one.task.is_ok());
    assert_eq!(good.collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn b09_references_are_found_and_replaced_everywhere() {
    let read = request(&json!([on(
        "PATCH",
        "/Groups/bulkId:g",
        &json!({ "Operations": [
            { "op": "add", "path": "members", "value": ["bulkId:a", { "$ref": "../Users/bulkId:b", "value": "bulkId:b" }] },
            { "op": "remove", "path": "members[value eq \"bulkId:c\" or value eq \"bulkId:a\"]" },
            { "op": "add", "path": "displayName", "value": "no \"bulkId:d\"" }
        ] })
    )]));
    let task = read.operations[0].task.as_ref().unwrap();
    assert_eq!(
        task.references().into_iter().collect::<Vec<_>>(),
        ["a", "b", "c", "g"]
    );
    let body = task.body(&|bulk_id| Some(format!("<{bulk_id}>")));
    assert_eq!(
        body,
        json!({ "Operations": [
            { "op": "add", "path": "members", "value": ["<a>", { "$ref": "../Users/<b>", "value": "<b>" }] },
            { "op": "remove", "path": "members[value eq \"<c>\" or value eq \"<a>\"]" },
            { "op": "add", "path": "displayName", "value": "no \"bulkId:d\"" }
        ] })
    );
}

#[test]
fn b10_values_with_unknown_references_are_left_out_whole() {
    let data = json!({
        "userName": "a",
        "x": { "manager": { "value": "bulkId:b", "displayName": "B" }, "department": "D" },
        "members": [{ "value": "bulkId:b", "type": "User" }, { "value": "bulkId:c" }]
    });
    let read = request(&json!([post("/Users", "a", &data)]));
    let task = read.operations[0].task.as_ref().unwrap();
    assert_eq!(
        task.body(&|bulk_id| (bulk_id == "c").then(|| "C".to_owned())),
        json!({ "userName": "a", "x": { "department": "D" }, "members": [{ "value": "C" }] })
    );
}

#[test]
fn b15_independent_operations_do_not_wait() {
    let steps = planned(&json!([
        user("a", "a"),
        group("a2", &[ID]),
        group("b2", &[ID]),
        user("b", "b")
    ]));
    assert!(steps.iter().all(|(_, after)| after.is_empty()), "{steps:?}");
}

#[test]
fn b09_b15_a_referenced_creation_comes_first() {
    assert_eq!(
        planned(&json!([
            group("g", &["bulkId:a", "bulkId:b"]),
            user("a", "a"),
            user("b", "b")
        ])),
        [(vec![1], vec![]), (vec![2], vec![]), (vec![0], vec![1, 2])]
    );
    let patch = on("PATCH", "/Users/bulkId:a", &json!({ "Operations": [] }));
    let delete = json!({ "method": "DELETE", "path": "/Users/bulkId:a" });
    assert_eq!(
        planned(&json!([patch, delete, user("a", "a")])),
        [(vec![2], vec![]), (vec![0], vec![2]), (vec![1], vec![0, 2])]
    );
}

#[test]
fn b15_operations_on_one_resource_or_name_keep_their_order() {
    let path = format!("/Users/{ID}");
    let change = |path: &str, value: &str| {
        on(
            "PATCH",
            path,
            &json!({ "Operations": [{ "op": "replace", "path": "userName", "value": value }] }),
        )
    };
    let delete = json!({ "method": "DELETE", "path": path });
    let other = "/Users/2819c223-7f76-453a-919d-413861904647";
    for (operations, after) in [
        (json!([user("a", "Same"), user("b", "sAME")]), vec![0]),
        (json!([user("a", "same"), change(&path, "SAME")]), vec![0]),
        (
            json!([change(other, "same"), change(&path, "SAME")]),
            vec![0],
        ),
        (
            json!([change(other, "same"), change(&path, "other")]),
            vec![],
        ),
        (json!([delete, group("g", &[ID])]), vec![0]),
        (json!([group("g", &[ID]), delete]), vec![0]),
        (json!([user("a", "same"), group("same", &[])]), vec![]),
    ] {
        assert_eq!(planned(&operations)[1].1, after, "{operations}");
    }
}

#[test]
fn b15_a_name_is_taken_after_it_is_freed() {
    let operations = json!([
        { "method": "DELETE", "path": format!("/Users/{ID}") },
        user("a", "present"),
        user("b", "another")
    ]);
    let request = request(&operations);
    let asked: Vec<usize> = renaming(&request)
        .iter()
        .map(|(index, ..)| *index)
        .collect();
    assert_eq!(asked, [0]);
    let plan = BulkPlan::of(&request, &PresentNames::from([(0, "Present".to_owned())]));
    assert_eq!(shown(&plan)[1..], [(vec![1], vec![0]), (vec![2], vec![])]);
}

#[test]
fn b10_creations_in_a_cycle_are_one_step() {
    let steps = BulkPlan::of(
        &request(&json!([
            group("g", &["bulkId:a"]),
            managed("a", "b"),
            managed("b", "c"),
            managed("c", "a"),
            managed("self", "self"),
            user("z", "z")
        ])),
        &PresentNames::new(),
    );
    assert!(
        steps
            .steps
            .iter()
            .any(|step| step.work == StepWork::Cycle(vec![4]))
    );
    assert_eq!(
        shown(&steps),
        [
            (vec![1, 2, 3], vec![]),
            (vec![0], vec![1, 2, 3]),
            (vec![4], vec![]),
            (vec![5], vec![])
        ]
    );
}

#[test]
fn b15_references_win_over_the_order_of_the_request() {
    // The first operation takes the second's name and refers to it.
    let first = post(
        "/Users",
        "a",
        &json!({ "userName": "same", "manager": { "value": "bulkId:b" } }),
    );
    assert_eq!(
        planned(&json!([first, user("b", "same")])),
        [(vec![1], vec![]), (vec![0], vec![1])]
    );
}
