//! Fills a group with large requests, one after the other, and deletes it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use directory::keys;
use http::Method;
use keyring::TenantId;
use scim_core::ResourceId;
use serde_json::json;

use super::measured_stack::{MeasuredRequest, MeasuredTenant};
use super::users::{group, patch};
use super::{Bench, Budget, Scale, budget};
use crate::stack::{StartError, TABLE};

/// Members of one request: the most that fits the service's limits, and what Entra ID sends.
const AT_ONCE: [usize; 2] = [25_000, 8_000];
/// A larger group is cleared after its deletion was answered.
const CLEARED_AT_ONCE: usize = 1_000;

/// The number of members that each request adds until the group has `size`.
fn steps(size: usize) -> Vec<usize> {
    let mut steps = Vec::new();
    let mut left = size;
    for most in AT_ONCE.into_iter().cycle() {
        let step = most.min(size.div_ceil(2)).min(left);
        if step == 0 {
            break;
        }
        steps.push(step);
        left -= step;
    }
    steps
}

/// Fills a group with these members request by request, measures the first and the last request of each size, and returns
/// the group's id.
pub(super) async fn grow(
    bench: &mut Bench<'_>,
    tenant: &MeasuredTenant<'_>,
    ids: &[ResourceId],
) -> Result<String, StartError> {
    let id = tenant
        .create("/Groups", &group("Reached", "reached"))
        .await?;
    let path = format!("/Groups/{id}");
    let steps = steps(ids.len());
    let mut seen = BTreeSet::new();
    let mut members = 0;
    for (at, step) in steps.iter().enumerate() {
        // On a slow machine a request can reach its deadline after the commit and before the members are written. The next
        // request would be answered with 429 until that write is finished.
        tenant.finish().await?;
        let some = ids.iter().skip(members).take(*step);
        let values: Vec<&str> = some.map(ResourceId::as_str).collect();
        let join = json!({ "op": "add", "path": "members", "value": values });
        let request = patch(path.as_str(), &join);
        members += step;
        let is_first = seen.insert(step);
        let is_last = !steps.iter().skip(at + 1).any(|later| later == step);
        let operation = format!("add {step} members to a growing group by one request");
        if is_first || is_last {
            let at = (operation.as_str(), Scale::Members, members);
            bench
                .row(tenant, at, &[request], joining_budget(*step))
                .await?;
        } else {
            bench.progress.say(&format!("{members}: {operation}"));
            tenant.send(&request).await?;
        }
    }
    tenant.finish().await?;
    Ok(id)
}

/// The budget of adding `number` members with one request. Each costs a look-up among members and users, two edges and a
/// marker in a transaction; beyond one transaction also an intent, which is deleted again.
pub(super) fn joining_budget(number: usize) -> Budget {
    let each = u32::try_from(number).unwrap_or(u32::MAX);
    match number {
        0..=31 => budget(2, 1.0, 2.0 + f64::from(each) * 6.0),
        // Calls of up to 100 reads, 25 writes or 33 members, sixteen in parallel. How they overlap varies with the machine,
        // so the bound on round trips is wide; the units are exact.
        _ => budget(
            30 + each / 60,
            f64::from(each) * 2.4 + 10.0,
            f64::from(each) * 8.6 + 20.0,
        ),
    }
}

/// Measures the deletion of a group, and checks that no member is left once the clearing has finished.
pub(super) async fn delete(
    bench: &mut Bench<'_>,
    tenant: &MeasuredTenant<'_>,
    (id, size): (&str, usize),
) -> Result<(), StartError> {
    let request = MeasuredRequest::new(Method::DELETE, format!("/Groups/{id}"));
    if size > CLEARED_AT_ONCE {
        let at = ("delete a large group", Scale::Members, size);
        bench
            .row(tenant, at, &[request], budget(2, 2.0, 14.0))
            .await?;
    } else {
        tenant.send(&request).await?;
    }
    bench
        .progress
        .say(&format!("{size}: cleaning up after a deletion"));
    tenant.finish().await?;
    match left(tenant, id).await? {
        0 => Ok(()),
        left => Err(format!("{left} members of a deleted group remain").into()),
    }
}

/// The number of edges from the group to members.
async fn left(tenant: &MeasuredTenant<'_>, group: &str) -> Result<i32, StartError> {
    let name = TenantId::parse(tenant.name).ok_or("not a tenant name")?;
    let services = &tenant.stack.services;
    let page = services
        .clients
        .dynamodb
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :pk AND begins_with(sk, :group)")
        .expression_attribute_values(":pk", AttributeValue::S(keys::members(&name)))
        .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
        .select(Select::Count)
        .send()
        .await?;
    Ok(page.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_alternate_between_both_sizes_until_the_group_is_full() {
        assert_eq!(steps(70_000), [25_000, 8_000, 25_000, 8_000, 4_000]);
        assert_eq!(steps(400), [200, 200]);
        assert_eq!(steps(1), [1]);
        assert_eq!(steps(250_000).iter().sum::<usize>(), 250_000);
        assert_eq!(steps(0), [0; 0]);
    }
}
