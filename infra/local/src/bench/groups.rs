//! Measures pages of groups with their members.

use http::Method;
use serde_json::{Value, json};

use super::measured_stack::{MeasuredRequest, MeasuredTenant};
use super::users::{number, user};
use super::{Bench, Scale, budget};
use crate::stack::StartError;

const GROUPS: usize = 100;
/// Members of each group.
const MEMBERS: usize = 10;
/// Pages to read of each kind at most.
const PAGES: usize = 20;

/// Measures a page of groups with their members in the tenant `groups`, listed and found by a filter.
pub(super) async fn pages(
    bench: &mut Bench<'_>,
    tenant: &MeasuredTenant<'_>,
) -> Result<(), StartError> {
    let mut members: Vec<Value> = Vec::new();
    for at in 0..MEMBERS {
        let id = tenant.create("/Users", &user(&number(at))).await?;
        members.push(json!({ "value": id }));
    }
    for at in 0..GROUPS {
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": format!("Team {at}"), "externalId": format!("team-{at}"), "members": members
        });
        tenant.create("/Groups", &group).await?;
    }
    let page = |path: &str| -> Vec<MeasuredRequest> {
        let repeat = bench.plan.repeat.min(PAGES);
        (0..repeat)
            .map(|_| MeasuredRequest::new(Method::GET, path))
            .collect()
    };
    let all = page("/Groups?count=100");
    let some = page("/Groups?count=100&filter=displayName+sw+%22team%22");
    let operation = format!("page of {GROUPS} groups with {MEMBERS} members each");
    let found = format!("{operation}, found by a filter");
    // A listed page reads its groups before and after their members, as one key range with one query each. Groups found by
    // a filter are queried one by one, sixteen in parallel: how these overlap varies with the machine, so the bound is
    // wide.
    for (operation, requests, budget) in [
        (operation, all, budget(4, 50.0, 0.0)),
        (found, some, budget(40, 310.0, 0.0)),
    ] {
        let at = (operation.as_str(), Scale::Members, MEMBERS);
        bench.row(tenant, at, &requests, budget).await?;
    }
    Ok(())
}
