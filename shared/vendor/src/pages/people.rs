//! The users and groups of a tenant, read-only, for the vendor.

use maud::{Markup, html};

use super::desk::{Desk, query_string};
use super::page::{Page, Who};
use super::parts::{self, Field};
use super::reply::Reply;
use super::text;
use super::{person, tenant_frame, words};
use crate::operations::people::{
    self, Document, GroupView, Kind, ListSearch, Listed, MetaView, UserView,
};
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/users",
        "console.users",
        Who::Vendor,
        |desk| Box::pin(users(desk)),
    ),
    Page::get(
        "/tenants/{tenant}/groups",
        "console.groups",
        Who::Vendor,
        |desk| Box::pin(groups(desk)),
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

/// The number of entries on a page.
const PAGE: i64 = 25;

/// The differences between the pages of users and of groups.
struct Sheet {
    kind: Kind,
    path: &'static str,
    title: &'static str,
    one: &'static str,
    search: &'static str,
    nobody: &'static str,
    excluded: &'static str,
}

const USERS: Sheet = Sheet {
    kind: Kind::Users,
    path: "users",
    title: "Users",
    one: "user",
    search: "userName starts with",
    nobody: "Users appear here when the identity provider creates them.",
    excluded: "groups",
};
const GROUPS: Sheet = Sheet {
    kind: Kind::Groups,
    path: "groups",
    title: "Groups",
    one: "group",
    search: "displayName starts with",
    nobody: "Groups appear here when the identity provider pushes them.",
    excluded: "members",
};

async fn users(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let found: Listed<UserView> = found(desk, &USERS).await?.read()?;
    let rows = user_rows(desk, &found.resources);
    list(
        desk,
        &USERS,
        (found.total, &rows, found.resources.is_empty()),
    )
    .await
}

async fn groups(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let found: Listed<GroupView> = found(desk, &GROUPS).await?.read()?;
    let rows = group_rows(desk, &found.resources);
    list(
        desk,
        &GROUPS,
        (found.total, &rows, found.resources.is_empty()),
    )
    .await
}

/// The position of the page's first entry, from 1.
fn start(desk: &Desk<'_>) -> i64 {
    let from = desk.visit.query.get("from");
    let from: Option<i64> = from.and_then(|from| from.parse().ok());
    from.unwrap_or(1).max(1)
}

async fn found(desk: &Desk<'_>, sheet: &Sheet) -> Result<Document, Problem> {
    let search = ListSearch {
        search: desk.visit.query.get("search").map(str::to_owned),
        filter: None,
        parameters: vec![
            ("startIndex", start(desk).to_string()),
            ("count", PAGE.to_string()),
            ("excludedAttributes", sheet.excluded.to_owned()),
        ],
    };
    people::list(&desk.work()?, &desk.tenant()?, (sheet.kind, search)).await
}

async fn list(
    desk: &Desk<'_>,
    sheet: &Sheet,
    (total, rows, is_empty): (i64, &Markup, bool),
) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let search = desk.visit.query.get("search").unwrap_or_default();
    let content = html! {
        (tenant_frame::head(desk, &tenant, sheet.path))
        section.card {
            header { h2 { (sheet.title) } p { (words::counted(total, sheet.one)) } }
            (search_form(desk, sheet, search))
            @if is_empty && search.is_empty() {
                (parts::empty(&format!("No {} yet", sheet.path), &html! { (sheet.nobody) }))
            } @else if is_empty {
                (parts::empty(&format!("No {} found", sheet.path), &html! { "The search matches the start of the name." }))
            } @else { (rows) }
            (more(desk, sheet, total))
        }
    };
    Ok(Reply::page(tenant_frame::page(
        desk,
        &tenant,
        sheet.title,
        &content,
    )))
}

fn search_form(desk: &Desk<'_>, sheet: &Sheet, search: &str) -> Markup {
    let field = Field {
        name: "search",
        label: sheet.search,
        help: "",
        value: search,
        kind: "search",
        required: false,
    };
    html! {
        form.search role="search" method="get" action={ (desk.home()) "/" (sheet.path) } {
            (field.show())
            button { "Search" }
        }
    }
}

/// Links to the previous and next page.
fn more(desk: &Desk<'_>, sheet: &Sheet, total: i64) -> Markup {
    let (start, search) = (start(desk), desk.visit.query.get("search"));
    let to = |from: i64, label: &str| {
        let from = from.max(1).to_string();
        let query = [
            ("search", search.unwrap_or_default()),
            ("from", from.as_str()),
        ];
        html! { a.button href={ (desk.home()) "/" (sheet.path) (query_string(query)) } { (label) } }
    };
    html! {
        @if start > 1 || start + PAGE <= total {
            div.more {
                @if start > 1 { (to(start - PAGE, "Previous page")) } @else { span {} }
                @if start + PAGE <= total { (to(start + PAGE, "Next page")) }
            }
        }
    }
}

fn user_rows(desk: &Desk<'_>, users: &[UserView]) -> Markup {
    let rows = html! {
        @for user in users {
            tr role="row" {
                td.name role="cell" data-label="userName" {
                    a href={ (desk.home()) "/users/" (user.id) } { (text::given(&user.user_name)) }
                }
                td role="cell" data-label="Name" { (text::given(&user.full_name())) }
                td role="cell" data-label="State" { span { (active(user)) } }
                td role="cell" data-label="Changed" { (moment(desk, &user.meta.last_modified)) }
            }
        }
    };
    parts::table("Users", &["userName", "Name", "State", "Changed"], &rows)
}

fn group_rows(desk: &Desk<'_>, groups: &[GroupView]) -> Markup {
    let rows = html! {
        @for group in groups {
            tr role="row" {
                td.name role="cell" data-label="displayName" {
                    a href={ (desk.home()) "/groups/" (group.id) } { (text::given(&group.display_name)) }
                }
                td role="cell" data-label="Created" { (moment(desk, &group.meta.created)) }
                td role="cell" data-label="Changed" { (moment(desk, &group.meta.last_modified)) }
            }
        }
    };
    parts::table("Groups", &["displayName", "Created", "Changed"], &rows)
}

fn active(user: &UserView) -> Markup {
    html! {
        @if user.active == Some(false) { span.badge { "Deactivated" } }
        @else { span.badge.good { "Active" } }
    }
}

/// A time of a resource, as its distance if it can be parsed.
fn moment(desk: &Desk<'_>, text: &str) -> Markup {
    let instant = text.parse().ok();
    instant.map_or_else(|| html! { (text) }, |instant| desk.ago(instant))
}

async fn user(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let (whole, user) = person::of_path(desk).await?;
    let emails = user.emails.iter().map(|email| email.value.as_str());
    let emails = emails.collect::<Vec<_>>().join(", ");
    let own = html! {
        @let name = user.full_name();
        @if !name.is_empty() { div { dt { "Name" } dd { (text::given(&name)) } } }
        @if !user.emails.is_empty() { div { dt { "E-mail" } dd { (text::given(&emails)) } } }
    };
    let content = html! {
        (tenant_frame::head(desk, &tenant, "users"))
        section.card {
            header { h2 { (text::given(&user.user_name)) } (active(&user)) }
            (facts(desk, &own, (&user.id, &user.external_id, &user.meta)))
            (memberships(desk, &user))
        }
        (document(&whole))
        (person::card(desk, &user))
    };
    Ok(Reply::page(tenant_frame::page(
        desk, &tenant, "User", &content,
    )))
}

/// The attributes of a resource; `own` has those of its type only.
fn facts(desk: &Desk<'_>, own: &Markup, (id, external, meta): (&str, &str, &MetaView)) -> Markup {
    html! {
        dl.facts {
            (own)
            @if !external.is_empty() {
                div { dt { "externalId" } dd { (text::given(external)) } }
            }
            div { dt { "id" } dd { code { (id) } } }
            div { dt { "Created" } dd { (moment(desk, &meta.created)) } }
            div { dt { "Changed" } dd { (moment(desk, &meta.last_modified)) } }
        }
    }
}

fn memberships(desk: &Desk<'_>, user: &UserView) -> Markup {
    html! {
        @if !user.groups.is_empty() {
            h3 { "Groups" }
            ul.plain {
                @for group in &user.groups {
                    li { a href={ (desk.home()) "/groups/" (group.value) } { (text::given(&group.display)) } }
                }
            }
        }
    }
}

/// The whole resource as identity providers see it.
fn document(whole: &Document) -> Markup {
    html! {
        section.card {
            details {
                summary { "SCIM resource" }
                pre.document tabindex="0" aria-label="The resource in JSON" { (whole.pretty()) }
            }
        }
    }
}

async fn group(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let (name, id) = (desk.tenant()?, desk.variable("group"));
    let work = desk.work()?;
    let head = vec![("excludedAttributes", "members".to_owned())];
    let group = people::read(&work, &name, (Kind::Groups, id, &head)).await?;
    let group: GroupView = group.read()?;
    let first = vec![
        ("count", "100".to_owned()),
        ("excludedAttributes", "groups".to_owned()),
    ];
    let found = people::members(&work, &name, (id, first)).await?;
    let found: Listed<UserView> = found.read()?;
    let (members, total) = (found.resources, found.total);
    // A group's only name is its `displayName`.
    let own = html! {
        @if !group.display_name.is_empty() { div { dt { "Name" } dd { (text::given(&group.display_name)) } } }
    };
    let content = html! {
        (tenant_frame::head(desk, &tenant, "groups"))
        section.card {
            header { h2 { (text::given(&group.display_name)) } }
            (facts(desk, &own, (&group.id, &group.external_id, &group.meta)))
        }
        section.card {
            header {
                h2 { "Members" }
                p {
                    (words::counted(total, "user"))
                    @if total > 100 { ", first 100 shown" }
                }
            }
            @if members.is_empty() {
                (parts::empty("No members", &html! { "The identity provider has not added members to this group." }))
            } @else { (user_rows(desk, &members)) }
        }
    };
    Ok(Reply::page(tenant_frame::page(
        desk, &tenant, "Group", &content,
    )))
}
