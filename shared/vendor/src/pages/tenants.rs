//! The vendor's tenants: the list, and creation.

use maud::{Markup, html};
use serde_json::Map;

use super::desk::{Desk, query_string};
use super::page::{Page, Who};
use super::parts::{self, Field};
use super::reply::Reply;
use super::text;
use crate::actor::Operation;
use crate::operations::tenants::{self, Creation, TenantSearch, TenantView};
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get("/tenants", "console.tenants", Who::Vendor, |desk| {
        Box::pin(show(desk))
    }),
    Page::get("/new-tenant", "console.newTenant", Who::Vendor, |desk| {
        Box::pin(async { Ok(Reply::page(new(desk, None))) })
    }),
    Page::post("/new-tenant", "console.createTenant", Who::Vendor, |desk| {
        Box::pin(create(desk))
    }),
];

/// The number of tenants on a page.
const PAGE: usize = 25;
const STATES: [(&str, &str); 4] = [
    ("", "All"),
    ("on", "On"),
    ("off", "Off"),
    ("closing", "Being deleted"),
];

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let given = |name| desk.visit.query.get(name).unwrap_or_default();
    let (search, status) = (given("search"), given("status"));
    let wanted = TenantSearch::read(&desk.visit.query, PAGE)?;
    let found = tenants::list(&desk.work()?, &wanted).await?;
    let (tenants, next) = (found.items, found.next.unwrap_or_default());
    let rows = rows(desk, &tenants).await;
    let new = format!("{}/new-tenant", desk.visit.base);
    let is_searched = !search.is_empty() || !status.is_empty();
    let content = html! {
        div.head {
            div.row {
                h1 { "Tenants" }
                a.button.main href=(new) { "New tenant" }
            }
            p.lead { "A tenant is one customer's directory: its users, groups, tokens and settings." }
        }
        section.card aria-label="Tenants" {
            (search_form(desk, search, status))
            @if !tenants.is_empty() {
                (parts::table("Tenants", &["Tenant", "Status", "Users", "Last request", "Failures, 24 h"], &rows))
            } @else if is_searched {
                (parts::empty("No tenant found", &html! { "No tenant matches the search." }))
            } @else {
                (parts::empty("No tenants yet", &html! {
                    "Create one for each customer directory, and send the customer's administrator a setup link."
                }))
            }
            @if !next.is_empty() {
                @let older = query_string([("search", search), ("status", status), ("cursor", next.as_str())]);
                p.more { a.button href={ (desk.visit.base) "/tenants" (older) } { "More tenants" } }
            }
        }
    };
    Ok(Reply::page(desk.frame().page("Tenants", &content)))
}

fn search_form(desk: &Desk<'_>, search: &str, status: &str) -> Markup {
    let field = Field {
        name: "search",
        label: "Name or id",
        help: "",
        value: search,
        kind: "search",
        required: false,
    };
    html! {
        form.search role="search" method="get" action={ (desk.visit.base) "/tenants" } {
            (field.show())
            div.short { (parts::choice("status", "Status", &STATES, status)) }
            button { "Search" }
        }
    }
}

async fn rows(desk: &Desk<'_>, tenants: &[TenantView]) -> Markup {
    let facts = tenants
        .iter()
        .map(|tenant| super::glance::row(desk, tenant));
    let facts = futures_util::future::join_all(facts).await;
    html! {
        @for (tenant, facts) in tenants.iter().zip(facts) {
            tr role="row" {
                td.name role="cell" data-label="Tenant" {
                    a href={ (desk.visit.base) "/tenants/" (tenant.id) } { (text::given(tenant.called())) }
                    @if tenant.called() != tenant.id { span.small { (tenant.id) } }
                }
                td role="cell" data-label="Status" { span { (parts::status(tenant.status)) } }
                td role="cell" data-label="Users" { (facts.users) }
                td role="cell" data-label="Last request" { (facts.activity) }
                td role="cell" data-label="Failures, 24 h" { (facts.failures) }
            }
        }
    }
}

fn new(desk: &Desk<'_>, problem: Option<&Problem>) -> Markup {
    let name = Field {
        name: "name",
        label: "Name",
        help: "The customer's name, such as “Acme Corporation”.",
        value: desk.form.text("name"),
        kind: "text",
        required: true,
    };
    let id = Field {
        name: "id",
        label: "Id (optional)",
        help: "Part of the base URL; cannot be changed. Up to 40 lowercase letters, digits or hyphens. Leave empty to generate one.",
        value: desk.form.text("id"),
        kind: "text",
        required: false,
    };
    let content = html! {
        div.head {
            p.back { a href={ (desk.visit.base) "/tenants" } { "← All tenants" } }
            h1 { "New tenant" }
        }
        section.card aria-label="New tenant" {
            (parts::wrong(problem))
            form.fields method="post" action={ (desk.visit.base) "/new-tenant" } {
                (parts::mark(desk))
                (name.show())
                (id.show())
                p.small { "New tenants are turned off. The customer's administrator turns provisioning on with a setup link." }
                p.actions { button.main { "Create tenant" } }
            }
        }
    };
    desk.frame().page("New tenant", &content)
}

async fn create(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let given = Creation {
        id: desk.form.given("id").map(str::to_owned),
        name: desk.form.text("name").to_owned(),
        settings: Map::new(),
    };
    let made = |work| async move { tenants::create(&work, given).await };
    match desk.act(Operation::CreateTenant, made).await {
        Ok(tenant) => {
            let (base, id) = (&desk.visit.base, &tenant.id);
            Ok(Reply::elsewhere(format!("{base}/tenants/{id}/links")))
        }
        Err(problem) => Ok(Reply::refused(new(desk, Some(&problem)), &problem)),
    }
}
