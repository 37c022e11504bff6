//! The users and groups of a tenant, read-only, for the vendor.

use maud::{Markup, html};
use serde::Deserialize;

use super::components::{self, Field};
use super::context::{PageContext, query_string};
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use super::{person, tenant_frame, words};
use crate::limits::{LISTED, SHOWN_MEMBERS};
use crate::operations::people::{
    self, GroupView, ListBody, ListKind, ListSearch, MetaView, ScimDocument, UserView,
};
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/users",
        "console.users",
        Who::Vendor,
        |context| Box::pin(users(context)),
    ),
    Page::get(
        "/tenants/{tenant}/groups",
        "console.groups",
        Who::Vendor,
        |context| Box::pin(groups(context)),
    ),
    Page::get(
        "/tenants/{tenant}/users/{user}",
        "console.user",
        Who::Vendor,
        |context| Box::pin(user(context)),
    ),
    Page::get(
        "/tenants/{tenant}/groups/{group}",
        "console.group",
        Who::Vendor,
        |context| Box::pin(group(context)),
    ),
];

/// The differences between the pages of users and of groups.
struct Sheet {
    kind: ListKind,
    path: &'static str,
    title: &'static str,
    one: &'static str,
    search: &'static str,
    nobody: &'static str,
    excluded: &'static str,
}

const USERS: Sheet = Sheet {
    kind: ListKind::Users,
    path: "users",
    title: "Users",
    one: "user",
    search: "userName starts with",
    nobody: "Users appear here when the identity provider creates them.",
    excluded: "groups",
};
const GROUPS: Sheet = Sheet {
    kind: ListKind::Groups,
    path: "groups",
    title: "Groups",
    one: "group",
    search: "displayName starts with",
    nobody: "Groups appear here when the identity provider pushes them.",
    excluded: "members",
};

async fn users(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let found: ListBody<UserView> = found(context, &USERS).await?.read()?;
    let rows = user_rows(context, &found.resources);
    list(
        context,
        &USERS,
        (found.total, &rows, found.resources.is_empty()),
    )
    .await
}

async fn groups(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let found: ListBody<GroupView> = found(context, &GROUPS).await?.read()?;
    let rows = group_rows(context, &found.resources);
    list(
        context,
        &GROUPS,
        (found.total, &rows, found.resources.is_empty()),
    )
    .await
}

/// The search of a list.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PeopleParameters {
    /// The start of the names.
    search: String,
    /// The position of the page's first entry, from 1.
    from: String,
}

impl PeopleParameters {
    fn start(&self) -> i64 {
        self.from.parse().unwrap_or(1).max(1)
    }
}

async fn found(context: &PageContext<'_>, sheet: &Sheet) -> Result<ScimDocument, Problem> {
    let given: PeopleParameters = context.parameters();
    let start = given.start();
    let search = ListSearch {
        search: Some(given.search).filter(|search| !search.is_empty()),
        filter: None,
        parameters: vec![
            ("startIndex", start.to_string()),
            ("count", LISTED.to_string()),
            ("excludedAttributes", sheet.excluded.to_owned()),
        ],
    };
    people::list(&context.work()?, &context.tenant()?, (sheet.kind, search)).await
}

async fn list(
    context: &PageContext<'_>,
    sheet: &Sheet,
    (total, rows, is_empty): (i64, &Markup, bool),
) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let given: PeopleParameters = context.parameters();
    let search = given.search.as_str();
    let main = html! {
        (tenant_frame::head(context, &tenant, sheet.path))
        section.card {
            header { h2 { (sheet.title) } p { (words::counted(total, sheet.one)) } }
            (search_form(context, sheet, search))
            @if is_empty && search.is_empty() {
                (components::empty(&format!("No {} yet", sheet.path), &html! { (sheet.nobody) }))
            } @else if is_empty {
                (components::empty(&format!("No {} found", sheet.path), &html! { "The search matches the start of the name." }))
            } @else { (rows) }
            (more(context, sheet, (&given, total)))
        }
    };
    Ok(Reply::page(tenant_frame::page(
        context,
        &tenant,
        sheet.title,
        &main,
    )))
}

fn search_form(context: &PageContext<'_>, sheet: &Sheet, search: &str) -> Markup {
    let field = Field {
        name: FormField::Search,
        label: sheet.search,
        help: "",
        value: search,
        kind: "search",
        required: false,
    };
    html! {
        form.search role="search" method="get" action={ (context.home()) "/" (sheet.path) } {
            (field.show())
            button { "Search" }
        }
    }
}

/// Links to the previous and next page.
fn more(
    context: &PageContext<'_>,
    sheet: &Sheet,
    (given, total): (&PeopleParameters, i64),
) -> Markup {
    let (start, listed) = (given.start(), i64::from(LISTED));
    let to = |from: i64, label: &str| {
        let from = from.max(1).to_string();
        let query = [("search", given.search.as_str()), ("from", from.as_str())];
        html! { a.button href={ (context.home()) "/" (sheet.path) (query_string(query)) } { (label) } }
    };
    html! {
        @if start > 1 || start + listed <= total {
            div.more {
                @if start > 1 { (to(start - listed, "Previous page")) } @else { span {} }
                @if start + listed <= total { (to(start + listed, "Next page")) }
            }
        }
    }
}

fn user_rows(context: &PageContext<'_>, users: &[UserView]) -> Markup {
    let rows = html! {
        @for user in users {
            tr role="row" {
                td.name role="cell" data-label="userName" {
                    a href={ (context.home()) "/users/" (user.id) } { (text::isolated(&user.user_name)) }
                }
                td role="cell" data-label="Name" { (text::isolated(&user.full_name())) }
                td role="cell" data-label="State" { span { (active(user)) } }
                td role="cell" data-label="Changed" { (moment(context, &user.meta.last_modified)) }
            }
        }
    };
    components::table("Users", &["userName", "Name", "State", "Changed"], &rows)
}

fn group_rows(context: &PageContext<'_>, groups: &[GroupView]) -> Markup {
    let rows = html! {
        @for group in groups {
            tr role="row" {
                td.name role="cell" data-label="displayName" {
                    a href={ (context.home()) "/groups/" (group.id) } { (text::isolated(&group.display_name)) }
                }
                td role="cell" data-label="Created" { (moment(context, &group.meta.created)) }
                td role="cell" data-label="Changed" { (moment(context, &group.meta.last_modified)) }
            }
        }
    };
    components::table("Groups", &["displayName", "Created", "Changed"], &rows)
}

fn active(user: &UserView) -> Markup {
    html! {
        @if user.active == Some(false) { span.badge { "Deactivated" } }
        @else { span.badge.good { "Active" } }
    }
}

/// A time of a resource, as its distance if it can be parsed.
fn moment(context: &PageContext<'_>, text: &str) -> Markup {
    let instant = text.parse().ok();
    instant.map_or_else(|| html! { (text) }, |instant| context.ago(instant))
}

async fn user(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let (whole, user) = person::of_path(context).await?;
    let emails = user.emails.iter().map(|email| email.value.as_str());
    let emails = emails.collect::<Vec<_>>().join(", ");
    let own = html! {
        @let name = user.full_name();
        @if !name.is_empty() { div { dt { "Name" } dd { (text::isolated(&name)) } } }
        @if !user.emails.is_empty() { div { dt { "E-mail" } dd { (text::isolated(&emails)) } } }
    };
    let main = html! {
        (tenant_frame::head(context, &tenant, "users"))
        section.card {
            header { h2 { (text::isolated(&user.user_name)) } (active(&user)) }
            (facts(context, &own, (&user.id, &user.external_id, &user.meta)))
            (memberships(context, &user))
        }
        (document(&whole))
        (person::card(context, &user))
    };
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, "User", &main,
    )))
}

/// The attributes of a resource; `own` has those of its type only.
fn facts(
    context: &PageContext<'_>,
    own: &Markup,
    (id, external, meta): (&str, &str, &MetaView),
) -> Markup {
    html! {
        dl.facts {
            (own)
            @if !external.is_empty() {
                div { dt { "externalId" } dd { (text::isolated(external)) } }
            }
            div { dt { "id" } dd { code { (id) } } }
            div { dt { "Created" } dd { (moment(context, &meta.created)) } }
            div { dt { "Changed" } dd { (moment(context, &meta.last_modified)) } }
        }
    }
}

fn memberships(context: &PageContext<'_>, user: &UserView) -> Markup {
    html! {
        @if !user.groups.is_empty() {
            h3 { "Groups" }
            ul.plain {
                @for group in &user.groups {
                    li { a href={ (context.home()) "/groups/" (group.value) } { (text::isolated(&group.display)) } }
                }
            }
        }
    }
}

/// The whole resource as identity providers see it.
fn document(whole: &ScimDocument) -> Markup {
    html! {
        section.card {
            details {
                summary { "SCIM resource" }
                pre.document tabindex="0" aria-label="The resource in JSON" { (whole.pretty()) }
            }
        }
    }
}

async fn group(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let (name, id) = (context.tenant()?, context.variable("group"));
    let work = context.work()?;
    let head = vec![("excludedAttributes", "members".to_owned())];
    let group = people::read(&work, &name, (ListKind::Groups, id, &head)).await?;
    let group: GroupView = group.read()?;
    let first = vec![
        ("count", SHOWN_MEMBERS.to_string()),
        ("excludedAttributes", "groups".to_owned()),
    ];
    let found = people::members(&work, &name, (id, first)).await?;
    let found: ListBody<UserView> = found.read()?;
    let (members, total) = (found.resources, found.total);
    // A group's only name is its `displayName`.
    let own = html! {
        @if !group.display_name.is_empty() { div { dt { "Name" } dd { (text::isolated(&group.display_name)) } } }
    };
    let main = html! {
        (tenant_frame::head(context, &tenant, "groups"))
        section.card {
            header { h2 { (text::isolated(&group.display_name)) } }
            (facts(context, &own, (&group.id, &group.external_id, &group.meta)))
        }
        section.card {
            header {
                h2 { "Members" }
                p {
                    (words::counted(total, "user"))
                    @if total > i64::from(SHOWN_MEMBERS) { ", first " (SHOWN_MEMBERS) " shown" }
                }
            }
            @if members.is_empty() {
                (components::empty("No members", &html! { "The identity provider has not added members to this group." }))
            } @else { (user_rows(context, &members)) }
        }
    };
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, "Group", &main,
    )))
}
