//! The last step on the wire: from a result to a finished response.

use bytes::Bytes;
use http::Response;

use super::coding::Coding;
use super::finding::{Finding, Findings};
use super::response::{Failure, Failures, Success, guard};

/// The response to a request, and what the failure log should record of it. The response's extensions contain the
/// reasons of failures, as [`Failures`].
pub(crate) fn answer(
    served: Result<Success, Failure>,
    coding: Coding,
) -> (Response<Bytes>, Findings) {
    let (response, findings) = match served {
        Ok(success) => succeed(success, coding),
        Err(failure) => Err(failure),
    }
    .unwrap_or_else(|failure| {
        let findings = Findings::Request(Finding::Failure(failure.error.clone()));
        (failure.into_response(), findings)
    });
    let mut response = response;
    response
        .extensions_mut()
        .insert(Failures(findings.errors()));
    guard(&mut response);
    (response, findings)
}

fn succeed(mut success: Success, coding: Coding) -> Result<(Response<Bytes>, Findings), Failure> {
    let operations = success.take_operations();
    let places = success.take_odd_references();
    let response = success.into_response(coding)?;
    let findings = match (operations.is_empty(), places.is_empty()) {
        (false, _) => Findings::Operations(operations),
        (true, false) => Findings::Request(Finding::OddReferences {
            status: response.status().as_u16(),
            places,
        }),
        (true, true) => Findings::Nothing,
    };
    Ok((response, findings))
}
