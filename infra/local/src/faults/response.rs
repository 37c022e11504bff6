//! DynamoDB's error responses, and batches that are processed in part.

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

/// A load balancer's response when its target does not respond.
const PAGE: &str = "<html><body><h1>The server did not answer.</h1></body></html>";

/// A response that does not come from DynamoDB.
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

/// The response to a transaction that is cancelled because its first action failed with `code`.
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

/// The error response of a fault, or `None` if the fault does not respond with an error.
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
            "the item is in another transaction (injected)",
        ),
        Fault::Replicated => exception(
            "ReplicatedWriteConflictException",
            "the item is being written in another region (injected)",
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

/// Splits a batch into the part to process and the part to report as unprocessed. A batch of one item cannot be split.
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

/// Adds the unprocessed part to the response for the processed part.
pub(super) fn with_rest(
    answered: &[u8],
    (name, rest): (&str, Value),
) -> Option<Response<Full<Bytes>>> {
    let mut body: Map<String, Value> = serde_json::from_slice(answered).ok()?;
    body.insert(name.to_owned(), rest);
    Some(answer(StatusCode::OK, &Value::Object(body)))
}
