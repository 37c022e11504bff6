//! The users and groups of a tenant, for the vendor to look through.

use http::Method;
use maud::{Markup, html};
use serde_json::Value;

use super::desk::{Desk, query_string};
use super::parts::{self, Field, items, number, text};
use super::reply::Reply;
use super::routes::{Page, Who};
use super::{person, tenant, words};
use crate::api::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/users",
        "console.users",
        Who::Vendor,
        |desk| Box::pin(list(desk, &USERS)),
    ),
    Page::get(
        "/tenants/{tenant}/groups",
        "console.groups",
        Who::Vendor,
        |desk| Box::pin(list(desk, &GROUPS)),
    ),
    Page::get(
        "/tenants/{tenant}/users/{user}",
        "console.user",
        Who::Vendor,
        |desk| Box::pin(user(desk)),
    ),
    Page::get(
        "/tenants/{tenant}/groups/{group}",
        "console.group",
        Who::Vendor,
        |desk| Box::pin(group(desk)),
    ),
];

/// How many are on a page.
const PAGE: i64 = 25;

/// A kind of resource, as its list shows it.
struct Kind {
    path: &'static str,
    title: &'static str,
    one: &'static str,
    search: &'static str,
    nobody: &'static str,
    excluded: &'static str,
}

const USERS: Kind = Kind {
    path: "users",
    title: "Users",
    one: "user",
    search: "userName begins with",
    nobody: "Users appear here as the identity provider creates them.",
    excluded: "groups",
};
const GROUPS: Kind = Kind {
    path: "groups",
    title: "Groups",
    one: "group",
    search: "displayName begins with",
    nobody: "Groups appear here as the identity provider pushes them.",
    excluded: "members",
};

async fn list(desk: &Desk<'_>, kind: &Kind) -> Result<Reply, Problem> {
    let tenant = tenant::read(desk).await?;
    let search = desk.visit.query.get("search").unwrap_or_default();
    let start = desk
        .visit
        .query
        .get("from")
        .and_then(|from| from.parse().ok());
    let start: i64 = start.unwrap_or(1).max(1);
    let (from, count) = (start.to_string(), PAGE.to_string());
    let parameters = [
        ("search", search),
        ("startIndex", from.as_str()),
        ("count", count.as_str()),
        ("excludedAttributes", kind.excluded),
    ];
    let path = ["tenants", desk.variable("tenant"), kind.path];
    let found = desk.query(&path, &parameters).await?;
    let content = html! {
        (tenant::head(desk, &tenant, kind.path))
        section.card {
            header { h2 { (kind.title) } p { (words::counted(number(&found, "totalResults"), kind.one)) } }
            (search_form(desk, kind, search))
            (results(desk, kind, &found, start))
        }
    };
    Ok(Reply::page(tenant::page(
        desk, &tenant, kind.title, &content,
    )))
}

fn search_form(desk: &Desk<'_>, kind: &Kind, search: &str) -> Markup {
    let field = Field {
        name: "search",
        label: kind.search,
        help: "",
        value: search,
        kind: "search",
        required: false,
    };
    html! {
        form.search role="search" method="get" action={ (desk.home()) "/" (kind.path) } {
            (field.show())
            button { "Search" }
        }
    }
}

fn results(desk: &Desk<'_>, kind: &Kind, found: &Value, start: i64) -> Markup {
    let (resources, total) = (items(found, "Resources"), number(found, "totalResults"));
    let search = desk.visit.query.get("search").unwrap_or_default();
    let to = |from: i64, label: &str| {
        let from = from.max(1).to_string();
        let query = query_string([("search", search), ("from", from.as_str())]);
        html! { a.button href={ (desk.home()) "/" (kind.path) (query) } { (label) } }
    };
    html! {
        @if resources.is_empty() && search.is_empty() {
            (parts::empty(&format!("No {} yet", kind.path), &html! { (kind.nobody) }))
        } @else if resources.is_empty() {
            (parts::empty("Nobody found", &html! { "The search looks at the beginning of the name." }))
        } @else if kind.path == "users" { (users(desk, resources)) } @else { (groups(desk, resources)) }
        @if start > 1 || start + PAGE <= total {
            div.more {
                @if start > 1 { (to(start - PAGE, "Previous page")) } @else { span {} }
                @if start + PAGE <= total { (to(start + PAGE, "Next page")) }
            }
        }
    }
}

fn users(desk: &Desk<'_>, users: &[Value]) -> Markup {
    let rows = html! {
        @for user in users {
            tr role="row" {
                td.name role="cell" data-label="userName" {
                    a href={ (desk.home()) "/users/" (text(user, "id")) } { (parts::given(text(user, "userName"))) }
                }
                td role="cell" data-label="Name" { (parts::given(&full_name(user))) }
                td role="cell" data-label="State" { span { (active(user)) } }
                td role="cell" data-label="Changed" { (desk.ago(changed(user))) }
            }
        }
    };
    parts::table("Users", &["userName", "Name", "State", "Changed"], &rows)
}

fn groups(desk: &Desk<'_>, groups: &[Value]) -> Markup {
    let rows = html! {
        @for group in groups {
            tr role="row" {
                td.name role="cell" data-label="displayName" {
                    a href={ (desk.home()) "/groups/" (text(group, "id")) } { (parts::given(text(group, "displayName"))) }
                }
                td role="cell" data-label="Created" { (desk.ago(created(group))) }
                td role="cell" data-label="Changed" { (desk.ago(changed(group))) }
            }
        }
    };
    parts::table("Groups", &["displayName", "Created", "Changed"], &rows)
}

fn full_name(user: &Value) -> String {
    let name = user.get("name").unwrap_or(&Value::Null);
    let formatted = [text(user, "displayName"), text(name, "formatted")];
    let formatted = formatted.into_iter().find(|name| !name.is_empty());
    let parts = format!("{} {}", text(name, "givenName"), text(name, "familyName"));
    formatted.map_or_else(|| parts.trim().to_owned(), str::to_owned)
}

fn active(user: &Value) -> Markup {
    let active = user.get("active").and_then(Value::as_bool);
    html! {
        @if active == Some(false) { span.badge { "Deactivated" } }
        @else { span.badge.good { "Active" } }
    }
}

fn meta<'v>(resource: &'v Value, name: &str) -> &'v str {
    resource.get("meta").map_or("", |meta| text(meta, name))
}

fn created(resource: &Value) -> &str {
    meta(resource, "created")
}

fn changed(resource: &Value) -> &str {
    meta(resource, "lastModified")
}

async fn user(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant::read(desk).await?;
    let user = desk.ask(Method::GET, &person::path(desk)).await?;
    let content = html! {
        (tenant::head(desk, &tenant, "users"))
        section.card {
            header { h2 { (parts::given(text(&user, "userName"))) } (active(&user)) }
            (facts(desk, &user))
            (memberships(desk, &user))
        }
        (document(&user))
        (person::card(desk, &user))
    };
    Ok(Reply::page(tenant::page(desk, &tenant, "User", &content)))
}

fn facts(desk: &Desk<'_>, resource: &Value) -> Markup {
    let name = full_name(resource);
    let emails: Vec<&str> = items(resource, "emails")
        .iter()
        .map(|email| text(email, "value"))
        .collect();
    html! {
        dl.facts {
            @if !name.is_empty() { div { dt { "Name" } dd { (parts::given(&name)) } } }
            @if !emails.is_empty() { div { dt { "E-mail" } dd { (parts::given(&emails.join(", "))) } } }
            @if !text(resource, "externalId").is_empty() {
                div { dt { "externalId" } dd { (parts::given(text(resource, "externalId"))) } }
            }
            div { dt { "id" } dd { code { (text(resource, "id")) } } }
            div { dt { "Created" } dd { (desk.ago(created(resource))) } }
            div { dt { "Changed" } dd { (desk.ago(changed(resource))) } }
        }
    }
}

fn memberships(desk: &Desk<'_>, user: &Value) -> Markup {
    let groups = items(user, "groups");
    html! {
        @if !groups.is_empty() {
            h3 { "Groups" }
            ul.plain {
                @for group in groups {
                    li { a href={ (desk.home()) "/groups/" (text(group, "value")) } { (parts::given(text(group, "display"))) } }
                }
            }
        }
    }
}

/// All that is stored, as identity providers see it.
fn document(resource: &Value) -> Markup {
    let text = serde_json::to_string_pretty(resource).unwrap_or_default();
    html! {
        section.card {
            details {
                summary { "As identity providers see it" }
                pre.document tabindex="0" aria-label="The resource in JSON" { (text) }
            }
        }
    }
}

async fn group(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant::read(desk).await?;
    let (name, id) = (desk.variable("tenant"), desk.variable("group"));
    let path = ["tenants", name, "groups", id];
    let head = [("excludedAttributes", "members")];
    let group = desk.query(&path, &head).await?;
    let path = ["tenants", name, "groups", id, "members"];
    let found = desk
        .query(&path, &[("count", "100"), ("excludedAttributes", "groups")])
        .await?;
    let (members, total) = (items(&found, "Resources"), number(&found, "totalResults"));
    let content = html! {
        (tenant::head(desk, &tenant, "groups"))
        section.card {
            header { h2 { (parts::given(text(&group, "displayName"))) } }
            (facts(desk, &group))
        }
        section.card {
            header {
                h2 { "Members" }
                p {
                    (words::counted(total, "user"))
                    @if total > 100 { "; the first 100 are shown" }
                }
            }
            @if members.is_empty() {
                (parts::empty("No members", &html! { "The identity provider put nobody into this group." }))
            } @else { (users(desk, members)) }
        }
    };
    Ok(Reply::page(tenant::page(desk, &tenant, "Group", &content)))
}
