//! Measures user operations while the number of users grows.

use http::Method;
use serde_json::{Value, json};

use super::measured_stack::{MeasuredRequest, MeasuredTenant};
use super::{Bench, Budget, MANY_USERS, MANY_USERS_LIMIT, Scale, budget};
use crate::fill::{UserCopies, UserTemplate};
use crate::stack::StartError;

/// Query string for a user without its groups, which would cost a query of its own.
pub(super) const ALONE: &str = "excludedAttributes=groups";
/// Placeholder for the number in the user that is copied.
pub(super) const NUMBER: &str = "numberhere";
/// Members to add with one request.
const MEMBERS_PER_REQUEST: usize = 31;
/// Pages to read of each kind at most: they take longer than anything else.
const PAGES: usize = 20;

/// A user of typical size, about 800 bytes.
#[must_use]
pub fn user(number: &str) -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": format!("00u-{number}"),
        "userName": format!("user{number}@example.com"),
        "name": { "givenName": "Barbara", "familyName": format!("Jensen {number}"), "formatted": format!("Ms. Barbara Jensen {number}") },
        "displayName": format!("Babs Jensen {number}"),
        "title": "Tour Guide",
        "preferredLanguage": "en-US",
        "locale": "en-US",
        "timezone": "America/Los_Angeles",
        "active": true,
        "emails": [{ "value": format!("user{number}@example.com"), "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "+1 555 555 8377", "type": "work" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": number, "department": "Tour Operations", "costCenter": "4130"
        }
    })
}

/// The number of a copy, as long as [`NUMBER`], so that copies have the same size.
pub(super) fn number(at: usize) -> String {
    format!("{at:010}")
}

pub(super) fn group(name: &str, external_id: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name, "externalId": external_id
    })
}

pub(super) fn patch(path: impl Into<String>, change: &Value) -> MeasuredRequest {
    MeasuredRequest::new(Method::PATCH, path).with(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [change]
    }))
}

/// The growing number of users of the tenant `users`.
pub(super) struct Users<'p> {
    tenant: MeasuredTenant<'p>,
    copies: UserCopies,
}

impl<'p> Users<'p> {
    pub(super) async fn new(tenant: MeasuredTenant<'p>) -> Result<Self, StartError> {
        let id = tenant.create("/Users", &user(NUMBER)).await?;
        let services = &tenant.stack.services;
        let template = UserTemplate::of(services, tenant.name, &id, NUMBER).await?;
        let gone = MeasuredRequest::new(Method::DELETE, format!("/Users/{id}"));
        tenant.send(&gone).await?;
        Ok(Self {
            tenant,
            copies: UserCopies::new(template),
        })
    }

    /// The table size of one user in bytes.
    pub(super) fn stored(&self) -> usize {
        self.copies.template().size()
    }

    /// Fills the tenant up to `size` users and measures every operation.
    pub(super) async fn at(
        &mut self,
        bench: &mut Bench<'_>,
        size: usize,
    ) -> Result<(), StartError> {
        let services = &self.tenant.stack.services;
        let told = |count| {
            bench
                .progress
                .say(&format!("filling: {count} of {size} users"));
        };
        self.copies.grow(services, size, number, told).await?;
        let mut at = SizeMeasurements {
            bench,
            size,
            tenant: &self.tenant,
        };
        let fresh: Vec<usize> = (0..at.bench.plan.repeat).map(|n| size + n).collect();
        at.finds().await?;
        let ids = at.creates(&fresh).await?;
        at.reads(&ids).await?;
        at.changes(&ids, &fresh).await?;
        at.deletes(&ids).await?;
        at.groups().await?;
        at.pages().await
    }

    /// Measures requests per second with 16 concurrent requests.
    pub(super) async fn rush(&self, bench: &mut Bench<'_>) -> Result<(), StartError> {
        let size = self.copies.ids.len();
        let many = bench.plan.repeat * 10;
        let alone = |at: usize| {
            let id = self.copies.ids.get(at % size.max(1));
            format!("/Users/{}?{ALONE}", id.map_or("", |id| id.as_str()))
        };
        let find = |at: usize| {
            let name = number(at % size.max(1));
            format!("/Users?{ALONE}&filter=userName+eq+%22user{name}@example.com%22")
        };
        let title =
            |at: usize| json!({ "op": "replace", "path": "title", "value": format!("Guide {at}") });
        let kinds: [(&str, Vec<MeasuredRequest>); 3] = [
            (
                "read a user without groups",
                (0..many)
                    .map(|at| MeasuredRequest::new(Method::GET, alone(at)))
                    .collect(),
            ),
            (
                "find a user by `userName`: one match",
                (0..many)
                    .map(|at| MeasuredRequest::new(Method::GET, find(at)))
                    .collect(),
            ),
            (
                "change a user (PATCH)",
                (0..many).map(|at| patch(alone(at), &title(at))).collect(),
            ),
        ];
        for (operation, requests) in kinds {
            bench.progress.say(&format!("16 at once: {operation}"));
            let rate = self.tenant.rush(&requests, 16).await?;
            bench.throughput(operation, size, rate);
        }
        Ok(())
    }
}

/// The measurements at one size.
struct SizeMeasurements<'a, 'b, 'p> {
    bench: &'a mut Bench<'b>,
    size: usize,
    tenant: &'a MeasuredTenant<'p>,
}

impl SizeMeasurements<'_, '_, '_> {
    async fn row(
        &mut self,
        operation: &str,
        requests: &[MeasuredRequest],
        budget: Budget,
    ) -> Result<(), StartError> {
        self.bench
            .row(
                self.tenant,
                (operation, Scale::Users, self.size),
                requests,
                budget,
            )
            .await
    }

    /// Numbers of users to read, spread over the whole tenant.
    fn spread(&self) -> impl Iterator<Item = usize> + use<> {
        let (size, repeat) = (self.size, self.bench.plan.repeat);
        (0..repeat).map(move |at| at * size / repeat)
    }

    async fn finds(&mut self) -> Result<(), StartError> {
        for (attribute, before, after) in [
            ("userName", "user", "@example.com"),
            ("externalId", "00u-", ""),
            ("emails.value", "user", "@example.com"),
        ] {
            for (word, prefix, cost) in [("no match", "no", 1), ("one match", "", 2)] {
                let query = |at: usize| {
                    let value = format!("{prefix}{before}{}{after}", number(at));
                    MeasuredRequest::new(
                        Method::GET,
                        format!("/Users?{ALONE}&filter={attribute}+eq+%22{value}%22"),
                    )
                };
                let requests: Vec<MeasuredRequest> = self.spread().map(query).collect();
                let operation = format!("find a user by `{attribute}`: {word}");
                self.row(&operation, &requests, budget(cost, f64::from(cost), 0.0))
                    .await?;
            }
        }
        Ok(())
    }

    async fn creates(&mut self, fresh: &[usize]) -> Result<Vec<String>, StartError> {
        let requests: Vec<MeasuredRequest> = fresh
            .iter()
            .map(|at| MeasuredRequest::new(Method::POST, "/Users").with(&user(&number(*at))))
            .collect();
        self.row("create a user", &requests, budget(1, 0.0, 12.0))
            .await?;
        let mut ids = Vec::new();
        for at in fresh {
            let query = format!(
                "/Users?attributes=id&filter=userName+eq+%22user{}@example.com%22",
                number(*at)
            );
            ids.push(first_id(self.tenant.get(&query).await?.body())?);
        }
        Ok(ids)
    }

    async fn reads(&mut self, ids: &[String]) -> Result<(), StartError> {
        let read = |suffix: &str| -> Vec<MeasuredRequest> {
            ids.iter()
                .map(|id| MeasuredRequest::new(Method::GET, format!("/Users/{id}{suffix}")))
                .collect()
        };
        self.row(
            "read a user without groups",
            &read(&format!("?{ALONE}")),
            budget(1, 1.0, 0.0),
        )
        .await?;
        let group = self
            .tenant
            .create("/Groups", &group("Tour Guides", "guides"))
            .await?;
        join(self.tenant, &group, ids).await?;
        self.row("read a user in one group", &read(""), budget(3, 3.0, 0.0))
            .await?;
        for (word, value, cost) in [("no match", "nothing", 1), ("one match", "tour+guides", 2)] {
            let query =
                format!("/Groups?excludedAttributes=members&filter=displayName+eq+%22{value}%22");
            let requests: Vec<MeasuredRequest> = ids
                .iter()
                .map(|_| MeasuredRequest::new(Method::GET, query.as_str()))
                .collect();
            let operation = format!("find a group by `displayName`: {word}");
            self.row(&operation, &requests, budget(cost, f64::from(cost), 0.0))
                .await?;
        }
        Ok(())
    }

    async fn changes(&mut self, ids: &[String], fresh: &[usize]) -> Result<(), StartError> {
        let alone = |id: &String| format!("/Users/{id}?{ALONE}");
        let title = json!({ "op": "replace", "path": "title", "value": "Guide" });
        let requests: Vec<MeasuredRequest> =
            ids.iter().map(|id| patch(alone(id), &title)).collect();
        self.row("change a user (PATCH)", &requests, budget(2, 1.0, 2.0))
            .await?;
        self.row("PATCH that changes nothing", &requests, budget(1, 1.0, 0.0))
            .await?;
        let put = |(id, at): (&String, &usize)| {
            MeasuredRequest::new(Method::PUT, alone(id)).with(&user(&number(*at)))
        };
        let requests: Vec<MeasuredRequest> = ids.iter().zip(fresh).map(put).collect();
        self.row("change a user (PUT)", &requests, budget(2, 1.0, 2.0))
            .await?;
        let rename = |(id, at): (&String, &usize)| {
            let name = format!("renamed{at}@example.com");
            patch(
                alone(id),
                &json!({ "op": "replace", "path": "userName", "value": name }),
            )
        };
        let requests: Vec<MeasuredRequest> = ids.iter().zip(fresh).map(rename).collect();
        self.row("rename a user (PATCH)", &requests, budget(2, 1.0, 6.0))
            .await
    }

    async fn deletes(&mut self, ids: &[String]) -> Result<(), StartError> {
        let requests: Vec<MeasuredRequest> = ids
            .iter()
            .map(|id| MeasuredRequest::new(Method::DELETE, format!("/Users/{id}")))
            .collect();
        self.row(
            "delete a user in one group",
            &requests,
            budget(3, 2.0, 18.0),
        )
        .await?;
        let query = "/Groups?attributes=id&filter=displayName+eq+%22tour+guides%22";
        let group = first_id(self.tenant.get(query).await?.body())?;
        self.tenant
            .send(&MeasuredRequest::new(
                Method::DELETE,
                format!("/Groups/{group}"),
            ))
            .await?;
        Ok(())
    }

    async fn groups(&mut self) -> Result<(), StartError> {
        let new = |at: usize| {
            MeasuredRequest::new(Method::POST, "/Groups")
                .with(&group(&format!("Team {at}"), &format!("team-{at}")))
        };
        let requests: Vec<MeasuredRequest> = (0..self.bench.plan.repeat).map(new).collect();
        self.row("create a group", &requests, budget(1, 0.0, 10.0))
            .await?;
        let mut gone = Vec::new();
        for at in 0..self.bench.plan.repeat {
            let query = format!("/Groups?attributes=id&filter=displayName+eq+%22team+{at}%22");
            let id = first_id(self.tenant.get(&query).await?.body())?;
            gone.push(MeasuredRequest::new(
                Method::DELETE,
                format!("/Groups/{id}"),
            ));
        }
        self.row("delete an empty group", &gone, budget(2, 2.0, 10.0))
            .await
    }

    async fn pages(&mut self) -> Result<(), StartError> {
        let page = |start: usize| {
            let path = format!("/Users?startIndex={start}&count=100&{ALONE}");
            MeasuredRequest::new(Method::GET, path)
        };
        let next = |start: usize| page(start).after(page(start.saturating_sub(100)));
        let first = self.tenant.measure(&[page(1)]).await?;
        let total = MeasuredRequest::new(Method::GET, "/Users?count=0");
        let total = self.tenant.measure(&[total]).await?;
        let users = first.reads - total.reads;
        let beside = match self.size > MANY_USERS {
            true => MANY_USERS_LIMIT,
            false => 1.2,
        };
        let most = |users: f64| budget(3, users.mul_add(beside, total.reads).ceil() + 1.0, 1.0);
        let (middle, last) = (self.size / 2, self.size - 99);
        let repeat = self.bench.plan.repeat.min(PAGES);
        let somewhere = |at: usize| 2 + at * (self.size - 101) / repeat;
        let of = |request: &dyn Fn(usize) -> MeasuredRequest| -> Vec<MeasuredRequest> {
            (0..repeat).map(request).collect()
        };
        for (operation, requests, budget) in [
            ("first page of 100 users", of(&|_| page(1)), most(users)),
            (
                "middle page of 100 users",
                of(&|_| next(middle)),
                most(users),
            ),
            ("last page of 100 users", of(&|_| next(last)), most(users)),
            (
                "page of 100 users out of order",
                of(&|at| page(somewhere(at))),
                most(users),
            ),
        ] {
            self.row(operation, &requests, budget).await?;
        }
        Ok(())
    }
}

/// Adds members to a group, [`MEMBERS_PER_REQUEST`] at a time.
pub(super) async fn join(
    tenant: &MeasuredTenant<'_>,
    group: &str,
    ids: &[String],
) -> Result<(), StartError> {
    for some in ids.chunks(MEMBERS_PER_REQUEST) {
        let values: Vec<Value> = some.iter().map(|id| json!({ "value": id })).collect();
        let add = json!({ "op": "add", "path": "members", "value": values });
        tenant
            .send(&patch(format!("/Groups/{group}"), &add))
            .await?;
    }
    Ok(())
}

fn first_id(list: &[u8]) -> Result<String, StartError> {
    let list: Value = serde_json::from_slice(list)?;
    let id = list.pointer("/Resources/0/id").and_then(Value::as_str);
    Ok(id
        .ok_or("the list does not hold the resource that was just created")?
        .to_owned())
}
