//! The vendor's tenants: the list, and creation.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Map;

use super::components::{self, Field};
use super::context::{PageContext, query_string};
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use crate::actor::Operation;
use crate::limits::LISTED;
use crate::operations::tenants::{self, Creation, TenantSearch, TenantView};
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get("/tenants", "console.tenants", Who::Vendor, |context| {
        Box::pin(show(context))
    }),
    Page::get("/new-tenant", "console.newTenant", Who::Vendor, |context| {
        Box::pin(async { Ok(Reply::page(create_form(context, None))) })
    }),
    Page::post(
        "/new-tenant",
        "console.createTenant",
        Who::Vendor,
        |context| Box::pin(create(context)),
    ),
];

const STATES: [(&str, &str); 4] = [
    ("", "All"),
    ("on", "On"),
    ("off", "Off"),
    ("closing", "Being deleted"),
];

/// The search; `TenantSearch` also reads the cursor.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TenantParameters {
    search: String,
    status: String,
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let TenantParameters { search, status } = context.parameters();
    let (search, status) = (search.as_str(), status.as_str());
    let wanted = TenantSearch::read(&context.request.query, usize::from(LISTED))?;
    let found = tenants::list(&context.work()?, &wanted).await?;
    let (tenants, next) = (found.items, found.next.unwrap_or_default());
    let rows = rows(context, &tenants).await;
    let new = format!("{}/new-tenant", context.request.base);
    let is_searched = !search.is_empty() || !status.is_empty();
    let main = html! {
        div.head {
            div.row {
                h1 { "Tenants" }
                a.button.main href=(new) { "New tenant" }
            }
            p.lead { "A tenant is one customer's directory: its users, groups, tokens and settings." }
        }
        section.card aria-label="Tenants" {
            (search_form(context, search, status))
            @if !tenants.is_empty() {
                (components::table("Tenants", &["Tenant", "Status", "Users", "Last request", "Failures, 24 h"], &rows))
            } @else if is_searched {
                (components::empty("No tenant found", &html! { "No tenant matches the search." }))
            } @else {
                (components::empty("No tenants yet", &html! {
                    "Create one for each customer directory, and send the customer's administrator a setup link."
                }))
            }
            @if !next.is_empty() {
                @let older = query_string([("search", search), ("status", status), ("cursor", next.as_str())]);
                p.more { a.button href={ (context.request.base) "/tenants" (older) } { "More tenants" } }
            }
        }
    };
    Ok(Reply::page(context.frame().page("Tenants", &main)))
}

fn search_form(context: &PageContext<'_>, search: &str, status: &str) -> Markup {
    let field = Field {
        name: FormField::Search,
        label: "Name or id",
        help: "",
        value: search,
        kind: "search",
        required: false,
    };
    html! {
        form.search role="search" method="get" action={ (context.request.base) "/tenants" } {
            (field.show())
            div.short { (components::choice(FormField::Status, "Status", &STATES, status)) }
            button { "Search" }
        }
    }
}

async fn rows(context: &PageContext<'_>, tenants: &[TenantView]) -> Markup {
    let facts = tenants
        .iter()
        .map(|tenant| super::figures::row(context, tenant));
    let facts = futures_util::future::join_all(facts).await;
    html! {
        @for (tenant, facts) in tenants.iter().zip(facts) {
            tr role="row" {
                td.name role="cell" data-label="Tenant" {
                    a href={ (context.request.base) "/tenants/" (tenant.id) } { (text::isolated(tenant.called())) }
                    @if tenant.called() != tenant.id { span.small { (tenant.id) } }
                }
                td role="cell" data-label="Status" { span { (components::status(tenant.status)) } }
                td role="cell" data-label="Users" { (facts.users) }
                td role="cell" data-label="Last request" { (facts.activity) }
                td role="cell" data-label="Failures, 24 h" { (facts.failures) }
            }
        }
    }
}

fn create_form(context: &PageContext<'_>, problem: Option<&Problem>) -> Markup {
    let name = Field {
        name: FormField::Name,
        label: "Name",
        help: "The customer's name, such as “Acme Corporation”.",
        value: context.form.text(FormField::Name),
        kind: "text",
        required: true,
    };
    let id = Field {
        name: FormField::Id,
        label: "Id (optional)",
        help: "Part of the base URL; cannot be changed. Up to 40 lowercase letters, digits or hyphens. Leave empty to generate one.",
        value: context.form.text(FormField::Id),
        kind: "text",
        required: false,
    };
    let main = html! {
        div.head {
            p.back { a href={ (context.request.base) "/tenants" } { "← All tenants" } }
            h1 { "New tenant" }
        }
        section.card aria-label="New tenant" {
            (components::wrong(problem))
            form.fields method="post" action={ (context.request.base) "/new-tenant" } {
                (components::form_start(context))
                (name.show())
                (id.show())
                p.small { "New tenants are turned off. The customer's administrator turns provisioning on with a setup link." }
                p.actions { button.main { "Create tenant" } }
            }
        }
    };
    context.frame().page("New tenant", &main)
}

async fn create(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let given = Creation {
        id: context.form.given(FormField::Id).map(str::to_owned),
        name: context.form.text(FormField::Name).to_owned(),
        settings: Map::new(),
    };
    let made = |work| async move { tenants::create(&work, given).await };
    match context.perform(Operation::CreateTenant, made).await {
        Ok(tenant) => {
            let (base, id) = (&context.request.base, &tenant.id);
            Ok(Reply::redirect(format!("{base}/tenants/{id}/links")))
        }
        Err(problem) => Ok(Reply::rejected(
            create_form(context, Some(&problem)),
            &problem,
        )),
    }
}
