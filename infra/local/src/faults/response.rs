//! What DynamoDB says when it refuses, and how it leaves a part of a batch undone.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use super::Fault;

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

fn answer(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// What a load balancer answers for whoever does not.
const PAGE: &str = "<html><body><h1>The server did not answer.</h1></body></html>";

/// An answer that is not DynamoDB's.
fn plain(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    if !body.is_empty() {
        let html = HeaderValue::from_static("text/html");
        response.headers_mut().insert(CONTENT_TYPE, html);
    }
    response
}

fn exception(name: &str, message: &str) -> Response<Full<Bytes>> {
    let status = match name {
        "InternalServerError" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let kind = format!("com.amazonaws.dynamodb.v20120810#{name}");
    answer(status, &json!({ "__type": kind, "message": message }))
}

/// A transaction that was cancelled for `code` of its first action.
fn cancelled(code: &str, body: &Value) -> Response<Full<Bytes>> {
    let actions = body["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<Value> = (0..actions)
        .map(|at| match at {
            0 => json!({ "Code": code, "Message": "injected" }),
            _ => json!({ "Code": "None" }),
        })
        .collect();
    answer(
        StatusCode::BAD_REQUEST,
        &json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": format!("Transaction cancelled, injected reason {code}"),
            "CancellationReasons": reasons,
        }),
    )
}

/// The refusal of a call, if the fault is one.
pub(super) fn refusal(
    fault: Fault,
    operation: &str,
    body: &Value,
) -> Option<Response<Full<Bytes>>> {
    let is_transaction = operation == "TransactWriteItems";
    Some(match fault {
        Fault::Throttle if is_transaction => cancelled("ThrottlingError", body),
        Fault::Throttle => exception(
            "ProvisionedThroughputExceededException",
            "the rate of requests is too high (injected)",
        ),
        Fault::Conflict if is_transaction => cancelled("TransactionConflict", body),
        Fault::Conflict => exception(
            "TransactionConflictException",
            "a transaction is at the item (injected)",
        ),
        Fault::Replicated => exception(
            "ReplicatedWriteConflictException",
            "a request in another region is at the item (injected)",
        ),
        Fault::Internal => exception("InternalServerError", "injected"),
        Fault::Empty => plain(StatusCode::SERVICE_UNAVAILABLE, ""),
        Fault::Page => plain(StatusCode::BAD_GATEWAY, PAGE),
        Fault::PageAfter => plain(StatusCode::GATEWAY_TIMEOUT, PAGE),
        Fault::Deny => exception(
            "AccessDeniedException",
            "the role lacks the permission (injected)",
        ),
        _ => return None,
    })
}

/// A batch in two: what is done, and what is answered as unprocessed. A batch of one is not divided.
pub(super) fn divide(operation: &str, body: &Value) -> Option<(Value, (&'static str, Value))> {
    let name = match operation {
        "BatchGetItem" => "UnprocessedKeys",
        "BatchWriteItem" => "UnprocessedItems",
        _ => return None,
    };
    let (mut done, mut left) = (Map::new(), Map::new());
    for (table, requests) in body["RequestItems"].as_object()? {
        let list = requests.get("Keys").unwrap_or(requests).as_array()?;
        if list.len() < 2 {
            return None;
        }
        let (first, rest) = list.split_at(list.len() / 2);
        let with = |list: &[Value]| match requests {
            Value::Object(how) => {
                let mut how = how.clone();
                how.insert("Keys".to_owned(), json!(list));
                Value::Object(how)
            }
            _ => json!(list),
        };
        done.insert(table.clone(), with(first));
        left.insert(table.clone(), with(rest));
    }
    let mut whole = body.as_object()?.clone();
    whole.insert("RequestItems".to_owned(), Value::Object(done));
    Some((Value::Object(whole), (name, Value::Object(left))))
}

/// The answer of the part that is done, with the part that is not.
pub(super) fn with_rest(
    answered: &[u8],
    (name, rest): (&str, Value),
) -> Option<Response<Full<Bytes>>> {
    let mut body: Map<String, Value> = serde_json::from_slice(answered).ok()?;
    body.insert(name.to_owned(), rest);
    Some(answer(StatusCode::OK, &Value::Object(body)))
}
