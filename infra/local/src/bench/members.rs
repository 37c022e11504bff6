//! Measures group operations while the number of members grows.

use aws_sdk_dynamodb::types::AttributeValue;
use directory::keys;
use http::Method;
use keyring::TenantId;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use super::grow_by_requests::{delete, grow, joining_budget};
use super::measured_stack::{MeasuredRequest, MeasuredTenant};
use super::users::{NUMBER, group, join, number, patch, user};
use super::{Bench, Scale, budget};
use crate::fill::{UserCopies, UserTemplate};
use crate::stack::{StartError, TABLE};

/// The name under which the operation of an import is found.
pub(super) const IMPORT: &str = "page of 100 users with their groups";
/// How the name of an operation ends by which many join.
const TOGETHER: &str = "members to a group by one request";
/// Pages to read at most.
const PAGES: usize = 20;

/// The growing group that holds every user of the tenant `members`.
pub(super) struct GrowingGroup<'p> {
    tenant: MeasuredTenant<'p>,
    group: String,
    copies: UserCopies,
}

impl<'p> GrowingGroup<'p> {
    pub(super) async fn new(tenant: MeasuredTenant<'p>) -> Result<Self, StartError> {
        let group = tenant
            .create("/Groups", &group("Everyone", "everyone"))
            .await?;
        let id = tenant.create("/Users", &user(NUMBER)).await?;
        join(&tenant, &group, std::slice::from_ref(&id)).await?;
        let services = &tenant.stack.services;
        let template = UserTemplate::of(services, tenant.name, &id, NUMBER).await?;
        delete_user(&tenant, &id).await?;
        Ok(Self {
            tenant,
            group,
            copies: UserCopies::new(template),
        })
    }

    /// Fills the group up to `size` members and measures every operation.
    pub(super) async fn at(
        &mut self,
        bench: &mut Bench<'_>,
        size: usize,
    ) -> Result<(), StartError> {
        let services = &self.tenant.stack.services;
        let told = |count| {
            bench
                .progress
                .say(&format!("filling: {count} of {size} members"));
        };
        self.copies.grow(services, size, number, told).await?;
        self.counted(size).await?;
        let mut others = Vec::new();
        for at in 0..bench.plan.repeat {
            others.push(
                self.tenant
                    .create("/Users", &user(&number(size + at)))
                    .await?,
            );
        }
        if bench.plan.members.last() == Some(&size) {
            let ids = self.copies.ids.get(..size).unwrap_or(&self.copies.ids);
            let reached = grow(bench, &self.tenant, ids).await?;
            self.changes(bench, (&reached, size), &others).await?;
            delete(bench, &self.tenant, (&reached, size)).await?;
        } else {
            self.changes(bench, (&self.group, size), &others).await?;
        }
        for id in &others {
            delete_user(&self.tenant, id).await?;
        }
        if size < 300 {
            return Ok(());
        }
        let mut rows = bench.rows.iter();
        if !rows.any(|row| row.operation.ends_with(TOGETHER)) {
            self.together(bench, size).await?;
        }
        self.page_of_an_import(bench, size).await
    }

    /// Reads users with their groups, a page after the page before it.
    async fn page_of_an_import(
        &self,
        bench: &mut Bench<'_>,
        size: usize,
    ) -> Result<(), StartError> {
        let page = |start| get(format!("/Users?startIndex={start}&count=100"));
        let (first, next) = (size / 2 - 49, size / 2 + 51);
        let repeat = bench.plan.repeat.min(PAGES);
        let requests: Vec<MeasuredRequest> =
            (0..repeat).map(|_| page(next).after(page(first))).collect();
        bench
            .row(
                &self.tenant,
                (IMPORT, Scale::Users, size),
                &requests,
                budget(5, 36.0, 1.0),
            )
            .await
    }

    /// Sets the group's member count, which is wrong after items were loaded past the service.
    async fn counted(&self, size: usize) -> Result<(), StartError> {
        let tenant = TenantId::parse(self.tenant.name).ok_or("not a tenant name")?;
        let id = ResourceId::parse(&self.group).ok_or("not a group id")?;
        let key = keys::resource(&tenant, ResourceKind::Group, id);
        let services = &self.tenant.stack.services;
        services
            .clients
            .dynamodb
            .update_item()
            .table_name(TABLE)
            .set_key(Some(key.attributes()))
            .update_expression("SET n = :n")
            .expression_attribute_values(":n", AttributeValue::N(size.to_string()))
            .send()
            .await?;
        Ok(())
    }

    async fn changes(
        &self,
        bench: &mut Bench<'_>,
        (group, size): (&str, usize),
        others: &[String],
    ) -> Result<(), StartError> {
        let path = format!("/Groups/{group}");
        let alone = format!("{path}?excludedAttributes=members");
        let read: Vec<MeasuredRequest> = others.iter().map(|_| get(alone.as_str())).collect();
        let request: Vec<MeasuredRequest> = others.iter().map(|id| is_member(group, id)).collect();
        let change = |change: Value| patch(path.as_str(), &change);
        let add =
            |id| change(json!({ "op": "add", "path": "members", "value": [{ "value": id }] }));
        let remove =
            |id| change(json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }));
        let other = |at| {
            let value = format!("all-{size}-{at}");
            change(json!({ "op": "replace", "path": "externalId", "value": value }))
        };
        let add: Vec<MeasuredRequest> = others.iter().map(add).collect();
        let remove: Vec<MeasuredRequest> = others.iter().map(remove).collect();
        let other: Vec<MeasuredRequest> = (0..others.len()).map(other).collect();
        for (operation, requests, budget) in [
            ("read a group without members", &read, budget(1, 1.0, 0.0)),
            (
                "check a membership: not a member",
                &request,
                budget(2, 2.0, 0.0),
            ),
            ("add one member to a group", &add, budget(2, 3.0, 10.0)),
            (
                "check a membership: a member",
                &request,
                budget(2, 2.0, 0.0),
            ),
            (
                "remove one member from a group",
                &remove,
                budget(2, 3.0, 10.0),
            ),
            ("change a group (PATCH)", &other, budget(2, 3.0, 8.0)),
        ] {
            let at = (operation, Scale::Members, size);
            bench.row(&self.tenant, at, requests, budget).await?;
        }
        Ok(())
    }

    /// Adds many members to another group with one request, and removes them again.
    async fn together(&self, bench: &mut Bench<'_>, size: usize) -> Result<(), StartError> {
        let number = size.min(1_000);
        let group = self
            .tenant
            .create("/Groups", &group("Many", "many"))
            .await?;
        let path = format!("/Groups/{group}");
        let ids = self.copies.ids.iter().take(number);
        let values: Vec<Value> = ids.map(|id| json!({ "value": id.as_str() })).collect();
        let join = json!({ "op": "add", "path": "members", "value": values });
        let requests = [patch(path.as_str(), &join)];
        let operation = format!("add {number} {TOGETHER}");
        let at = (operation.as_str(), Scale::Members, size);
        bench
            .row(&self.tenant, at, &requests, joining_budget(number))
            .await?;
        let leave = patch(path.as_str(), &json!({ "op": "remove", "path": "members" }));
        self.tenant.send(&leave).await?;
        self.tenant
            .send(&MeasuredRequest::new(Method::DELETE, path))
            .await?;
        Ok(())
    }
}

async fn delete_user(tenant: &MeasuredTenant<'_>, id: &str) -> Result<(), StartError> {
    let request = MeasuredRequest::new(Method::DELETE, format!("/Users/{id}"));
    tenant.send(&request).await?;
    Ok(())
}

fn is_member(group: &str, other: &str) -> MeasuredRequest {
    get(format!(
        "/Groups?excludedAttributes=members&filter=id+eq+%22{group}%22+and+members+eq+%22{other}%22"
    ))
}

fn get(path: impl Into<String>) -> MeasuredRequest {
    MeasuredRequest::new(Method::GET, path)
}
