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
        "400 tooMany the filter takes too long to answer; compare `id`, `userName`, `externalId`, `emails.value` or a group's `displayName` with `eq`",
    ),
    (
        "too much at once",
        "429  there are too many requests to the same resources; try again in a moment",
    ),
    (
        "throttled",
        "429  there are too many requests to the same resources; try again in a moment",
    ),
    (
        "always changed under the request",
        "429  there are too many requests to the same resources; try again in a moment",
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
        "503  the change could not be made in the time that a request has; nothing was changed; send it again in a moment, or its members in several requests",
    ),
    (
        "a defect",
        "500  the service failed; the request id in its log says why",
    ),
    (
        "no such member",
        "400 invalidValue `members`: there is no user or group with the id `2819c223-7f76-453a-919d-413861904646`; create it first",
    ),
    (
        "an answer too large",
        r#"413  the answer would be too large; ask for fewer resources with `count`, or leave the members out with `excludedAttributes=members` and look for one with the filter `members.value eq "ID"`"#,
    ),
    (
        "a cursor too old",
        "400 expiredCursor the cursor is older than 3600 seconds; start again with an empty `cursor`",
    ),
    (
        "a list that takes too long",
        "503  the answer takes longer than a request may; ask for less with `count` or `excludedAttributes`, or send it again in a moment",
    ),
    (
        "a search that takes too long",
        "503  the answer takes longer than a request may; ask for less with `count` or `excludedAttributes`, or send it again in a moment",
    ),
    (
        "a change that takes too long",
        "503  the request takes longer than it may, and it is not known whether the change was made; read the resource, or send the request again: a change that was made is not made twice",
    ),
    (
        "a change that is made and not shown",
        "503  the change was made, but there was no time left to show the resource; read it, a group with `excludedAttributes=members`",
    ),
    (
        "over the rate",
        "429  this tenant sends more requests than its rate allows; go on in 7 seconds",
    ),
];
