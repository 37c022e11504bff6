//! The table of failures.

use super::Row;

mod addresses;
mod bodies;
mod patches;
mod queries;

/// Failures that a request alone causes.
pub(crate) fn requests() -> impl Iterator<Item = &'static Row> {
    [addresses::ROWS, bodies::ROWS, patches::ROWS, queries::ROWS]
        .into_iter()
        .flatten()
}

/// Failures that depend on the storage or on time.
pub(super) const RARE: &[(&str, &str)] = &[
    (
        "too many candidates",
        "400 tooMany the filter takes too long; use `eq` with `id`, `userName`, `externalId`, `emails.value` or a group's `displayName`",
    ),
    (
        "too much at once",
        "429  too many concurrent requests use the same resources; try again in a moment",
    ),
    (
        "throttled",
        "429  too many concurrent requests use the same resources; try again in a moment",
    ),
    (
        "always changed under the request",
        "429  too many concurrent requests use the same resources; try again in a moment",
    ),
    (
        "deleted under the request",
        "404  the resource was deleted meanwhile",
    ),
    (
        "out of reach",
        "503  the service cannot reach its storage at the moment; try again in a moment",
    ),
    (
        "refused by AWS",
        "503  the service cannot reach its storage at the moment; try again in a moment",
    ),
    (
        "out of time",
        "503  the change did not fit into the time limit of a request, so nothing was changed; try again in a moment, or split the members over several requests",
    ),
    (
        "a defect",
        "500  the service failed; its log has the reason under the request id",
    ),
    (
        "no such member",
        "400 invalidValue `members`: there is no user or group with the id `2819c223-7f76-453a-919d-413861904646`; create it first",
    ),
    (
        "an answer too large",
        r#"413  the response would be too large; request fewer resources with `count`, or exclude the members with `excludedAttributes=members` and find one of them with the filter `members.value eq "ID"`"#,
    ),
    (
        "a cursor too old",
        "400 expiredCursor the cursor is older than 3600 seconds; start again with an empty `cursor`",
    ),
    (
        "a list that takes too long",
        "503  the request timed out; request less with `count` or `excludedAttributes`, or try again in a moment",
    ),
    (
        "a search that takes too long",
        "503  the request timed out; request less with `count` or `excludedAttributes`, or try again in a moment",
    ),
    (
        "a change that takes too long",
        "503  the request timed out, and the change may or may not have been made; read the resource, or send the request again: a change is never made twice",
    ),
    (
        "a change that is made and not shown",
        "503  the change was made, but there was no time left to return the resource; read it, and a group with `excludedAttributes=members`",
    ),
    (
        "over the rate",
        "429  this tenant has exceeded its rate limit; try again in 7 seconds",
    ),
];
