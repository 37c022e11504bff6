//! The table operation × actor, with real requests of each actor: an admin key of each scope, a setup link of the
//! tenant and of another tenant, and nobody.

use std::fmt::Write;

use serde_json::json;
use vendor::actor::Operation;

use super::api::destinations::destination;
use super::api::keys::{make, text};
use super::console::customer;
use super::console::visitor::Visitor;
use crate::support::table::tenant_of;
use crate::support::{Answer, Client, Target};

/// The expected table, which a unit test compares with `Actor::check`.
const TABLE: &str = include_str!("../../shared/vendor/src/actor/table.txt");

/// The ids in paths. They exist, except those of the things that a request would remove: the request of an actor who
/// may remove them ends with 404, after the check of the permission.
#[derive(Clone)]
struct Ids {
    tenant: String,
    key: String,
    user: String,
    group: String,
}

impl Ids {
    fn fill(&self, path: &str) -> String {
        path.replace("{tenant}", &self.tenant)
            .replace("{key}", &self.key)
            .replace("{link}", "0000000000")
            .replace("{destination}", "dst_0000000000000000")
            .replace("{user}", &self.user)
            .replace("{group}", &self.group)
    }
}

/// A valid body, or one that is rejected only after the permission was checked.
fn body(operation: Operation) -> serde_json::Value {
    match operation {
        Operation::CreateTenant => json!({ "name": "x" }),
        Operation::CreateKey => json!({ "purpose": "x" }),
        Operation::CreateAdminKey => json!({ "purpose": "x", "scopes": ["keys"] }),
        Operation::VerifyPassword => json!({ "userName": "ann", "password": "x" }),
        Operation::PreloadUsers => json!({ "users": [] }),
        Operation::CreateDestination => destination("App"),
        _ => json!({}),
    }
}

/// A request to the admin API.
async fn by_api(client: &Client, operation: Operation, ids: &Ids) -> Answer {
    let mut path = ids.fill(operation.path());
    if matches!(
        operation,
        Operation::RevokeAdminKey | Operation::EraseUser | Operation::ExportUser
    ) {
        path = path
            .replace(&ids.key, "0000000000")
            .replace(&ids.user, "00000000-0000-4000-8000-000000000000");
    }
    let method = operation.method();
    let headers = [("content-type", "application/json")];
    let body = (method.as_str() != "GET").then(|| body(operation).to_string().into());
    client.send(method.as_str(), &path, &headers, body).await
}

/// The page with which a customer does an operation, relative to the setup page. For an operation that no customer may
/// do: the vendor's page for it, in the customer's place.
fn page(operation: Operation) -> Option<(&'static str, &'static str)> {
    Some(match operation {
        Operation::ListActivity => ("GET", "/activity"),
        Operation::ListKeys => ("GET", "/keys"),
        Operation::CreateKey => ("POST", "/keys"),
        Operation::ReadKey => ("GET", "/keys/{key}/rotate"),
        Operation::RotateKey => ("POST", "/keys/{key}/rotate"),
        Operation::RevokeKey => ("POST", "/keys/{key}/revoke"),
        Operation::ListLinks => ("GET", "/links"),
        Operation::CreateLink => ("POST", "/links"),
        Operation::RevokeLink => ("POST", "/links/{link}/revoke"),
        Operation::ReadUser => ("GET", "/users/{user}"),
        Operation::ReadGroup | Operation::ListMembers => ("GET", "/groups/{group}"),
        Operation::ExportUser => ("GET", "/users/{user}/export"),
        Operation::EraseUser => ("POST", "/users/{user}/erase"),
        Operation::ListRequests => ("GET", "/requests"),
        Operation::DownloadRequests => ("GET", "/requests.csv"),
        // The setup page shows the numbers of users and groups.
        Operation::ListUsers | Operation::ListGroups | Operation::ReadTenant => ("GET", ""),
        Operation::ChangeTenant => ("POST", "/settings"),
        Operation::DeleteTenant => ("POST", "/delete"),
        Operation::TurnTenantOn => ("POST", "/on"),
        Operation::TurnTenantOff => ("POST", "/off"),
        // No page does these.
        Operation::ListEvents
        | Operation::ListDestinations
        | Operation::CreateDestination
        | Operation::ReadDestination
        | Operation::ChangeDestination
        | Operation::DeleteDestination
        | Operation::RotateSecret
        | Operation::TestDestination
        | Operation::PauseDestination
        | Operation::ResumeDestination
        | Operation::DescribeApi
        | Operation::DescribeCaller
        | Operation::VerifyPassword
        | Operation::PreloadUsers
        | Operation::ListAdminKeys
        | Operation::CreateAdminKey
        | Operation::RevokeAdminKey
        | Operation::ListTenants
        | Operation::CreateTenant => return None,
    })
}

/// Whether a customer's session can do an operation to a tenant.
async fn by_page(visitor: &Visitor, operation: Operation, ids: &Ids) -> bool {
    let Some((method, path)) = page(operation) else {
        return false;
    };
    let mut visitor = visitor.clone();
    let home = format!("/console/setup/{}", ids.tenant);
    // The page has the form token.
    let shown = visitor.get(&home).await;
    let path = format!("{home}{}", ids.fill(path));
    let answer = match method {
        "POST" => {
            let fields = [("purpose", "x"), ("overlap", "0")];
            visitor.post(&path, &fields).await
        }
        _ => visitor.get(&path).await,
    };
    let figures = ["Users", "Groups"].map(|name| format!("<dt>{name}</dt><dd>0</dd>"));
    match operation {
        Operation::ListUsers => shown.text.contains("<dt>Users</dt><dd>1</dd>"),
        Operation::ListGroups => shown.text.contains("<dt>Groups</dt><dd>1</dd>"),
        _ => {
            assert!(!figures.iter().any(|none| shown.text.contains(none)));
            match answer.status.as_u16() {
                200 | 303 => true,
                401 | 404 | 405 => false,
                other => panic!("{}: {other} {}", operation.name(), answer.text),
            }
        }
    }
}

/// A tenant that is turned on, with a user, a group and a key.
async fn prepared(target: &Target, client: &Client) -> Ids {
    let admin = target.admin();
    let user = client.create_user("ann@example.com").await;
    let group = client.create_group("Sales", &[]).await;
    let tenant = tenant_of(client).to_owned();
    let path = format!("/tenants/{tenant}/keys");
    let key = make(&admin, &path, json!({ "purpose": "x" })).await;
    Ids {
        key: text(&key, "id").to_owned(),
        tenant,
        user,
        group,
    }
}

/// Whether an operation changes what the requests of the other actors need.
fn needs_a_tenant_of_its_own(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::DeleteTenant
            | Operation::TurnTenantOff
            | Operation::RevokeKey
            | Operation::RotateKey
    )
}

/// The scopes whose admin keys can do an operation.
async fn scopes_that_can(
    clients: &[(&'static str, Client)],
    operation: Operation,
    ids: &Ids,
) -> Vec<&'static str> {
    let mut may = Vec::new();
    for (scope, client) in clients {
        let answer = by_api(client, operation, ids).await;
        match answer.status.as_u16() {
            401 | 403 => {}
            200..=204 | 404 | 409 => may.push(*scope),
            other => panic!("{} with {scope}: {other} {}", operation.name(), answer.text),
        }
    }
    may
}

/// A session is no admin key, and no key opens only what is public.
async fn no_key_opens_it(nobody: &Client, visitor: &Visitor, operation: Operation, ids: &Ids) {
    let (name, value) = visitor.cookie();
    let cookie = format!("{name}={value}");
    let headers = [("cookie", cookie.as_str()), ("authorization", "")];
    let (method, path) = (operation.method(), ids.fill(operation.path()));
    let answer = nobody.send(method.as_str(), &path, &headers, None).await;
    let is_public = operation.scope().is_none();
    assert_eq!(answer.status != 401, is_public, "{}", operation.name());
    let answer = by_api(nobody, operation, ids).await;
    assert_eq!(answer.status != 401, is_public, "{}", operation.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_actor_can_do_over_http_what_the_table_says_and_nothing_else() {
    let target = Target::start().await;
    let admin = target.admin();
    let other = tenant_of(&target.tenant().await).to_owned();
    let stranger = customer(&target, &other).await;
    let mut clients = Vec::new();
    for scope in ["read", "tenants", "keys", "data", "events"] {
        let body = json!({ "purpose": scope, "scopes": [scope] });
        let key = make(&admin, "/keys", body).await;
        clients.push((scope, admin.with_token(text(&key, "token"))));
    }
    let nobody = admin.with_token("");
    let shared = prepared(&target, &target.tenant().await).await;
    let mut table = String::new();
    for operation in Operation::ALL.iter().copied() {
        let is_alone = needs_a_tenant_of_its_own(operation);
        let mut ids = shared.clone();
        if is_alone {
            ids = prepared(&target, &target.tenant().await).await;
        }
        let mut may = scopes_that_can(&clients, operation, &ids).await;
        if is_alone {
            ids = prepared(&target, &target.tenant().await).await;
        }
        let own = customer(&target, &ids.tenant).await;
        no_key_opens_it(&nobody, &own, operation, &ids).await;
        for (actor, visitor) in [("other", &stranger), ("own", &own)] {
            if by_page(visitor, operation, &ids).await {
                may.push(actor);
            }
        }
        writeln!(table, "{}: {}", operation.name(), may.join(" ")).unwrap();
    }
    assert_eq!(table, TABLE);
}
