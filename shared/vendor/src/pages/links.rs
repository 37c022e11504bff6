//! The vendor's page of a tenant's setup links.

use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::desk::Desk;
use super::parts::{self, items, text};
use super::reply::Reply;
use super::routes::{Page, Who};
use super::tenant;
use crate::api::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/links",
        "console.links",
        Who::Vendor,
        |desk| Box::pin(show(desk)),
    ),
    Page::post(
        "/tenants/{tenant}/links",
        "console.createLink",
        Who::Vendor,
        |desk| Box::pin(create(desk)),
    ),
    Page::post(
        "/tenants/{tenant}/links/{link}/revoke",
        "console.revokeLink",
        Who::Vendor,
        |desk| Box::pin(revoke(desk)),
    ),
];

/// How long a link can be chosen to live, in seconds.
const LIVES: [(&str, &str); 5] = [
    ("86400", "24 hours"),
    ("3600", "1 hour"),
    ("259200", "3 days"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
];

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    page(desk, None, None).await.map(Reply::page)
}

async fn page(
    desk: &Desk<'_>,
    made: Option<&Value>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tenant = tenant::read(desk).await?;
    let path = ["tenants", desk.variable("tenant"), "links"];
    let found = desk.ask(Method::GET, &path).await?;
    let links = items(&found, "items");
    let content = html! {
        (tenant::head(desk, &tenant, "links"))
        @if let Some(made) = made { (address(desk, made)) }
        section.card {
            header {
                h2 { "Send a setup link" }
                p {
                    "It opens this tenant's setup page, once, and nothing else. There the customer's administrator switches provisioning on, gets a token, follows the steps for the identity provider and tests the connection."
                }
            }
            (parts::wrong(problem))
            form.fields method="post" action={ (desk.home()) "/links" } {
                (parts::mark(desk))
                (parts::choice("life", "The link works for", &LIVES, desk.form.text("life")))
                p.actions { button.main { "Create a setup link" } }
            }
        }
        section.card {
            header { h2 { "Links" } }
            @if links.is_empty() {
                (parts::empty("No links yet", &html! { "Links are listed here with what became of them." }))
            } @else { (table(desk, links)) }
        }
    };
    Ok(tenant::page(desk, &tenant, "Setup links", &content))
}

fn address(desk: &Desk<'_>, made: &Value) -> Markup {
    html! {
        section.once aria-labelledby="once" {
            h2 #once { "Copy the link now" }
            p { "It is shown this once. Whoever opens it first can set this tenant up, so send it to the customer's administrator only." }
            (parts::copied("link", "Setup link", text(made, "url")))
            p.small { "It works once, until " (desk.ago(text(made, "expires"))) "." }
        }
    }
}

fn table(desk: &Desk<'_>, links: &[Value]) -> Markup {
    let rows = html! {
        @for link in links {
            tr role="row" {
                td.name role="cell" data-label="Link" { code { (text(link, "id")) } }
                td role="cell" data-label="State" { span { (state(link)) } }
                td role="cell" data-label="Created" { div { (desk.ago(text(link, "created"))) span.small { "by key " (text(link, "createdBy")) } } }
                td role="cell" data-label="What became of it" { div { (fate(desk, link)) } }
                td.end role="cell" {
                    @if matches!(text(link, "state"), "open" | "used") {
                        div.actions {
                            form method="post" action={ (desk.home()) "/links/" (text(link, "id")) "/revoke" } {
                                (parts::mark(desk))
                                button.small-button.bad {
                                    @if text(link, "state") == "open" { "Revoke" } @else { "End its session" }
                                    span.unseen { " of link " (text(link, "id")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    let heads = ["Link", "State", "Created", "What became of it", ""];
    parts::table("Setup links", &heads, &rows)
}

fn state(link: &Value) -> Markup {
    match text(link, "state") {
        "open" => html! { span.badge.good { "Open" } },
        "used" => html! { span.badge { "Used" } },
        "revoked" => html! { span.badge.bad { "Revoked" } },
        _ => html! { span.badge { "Expired" } },
    }
}

fn fate(desk: &Desk<'_>, link: &Value) -> Markup {
    match text(link, "state") {
        "open" => html! { "Works until " (desk.ago(text(link, "expires"))) },
        "used" => html! { "Opened " (desk.ago(text(link, "used"))) },
        "revoked" => html! { "Revoked " (desk.ago(text(link, "revoked"))) },
        _ => html! { "Never opened" },
    }
}

async fn create(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let path = ["tenants", desk.variable("tenant"), "links"];
    let life: i64 = desk.form.text("life").parse().unwrap_or_default();
    let wanted = json!({ "expiresInSeconds": life });
    match desk.send(Method::POST, &path, &wanted).await {
        Ok(link) => page(desk, Some(&link), None).await.map(Reply::page),
        Err(problem) => {
            let page = page(desk, None, Some(&problem)).await?;
            Ok(Reply::refused(page, &problem))
        }
    }
}

async fn revoke(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (tenant, link) = (desk.variable("tenant"), desk.variable("link"));
    let path = ["tenants", tenant, "links", link];
    desk.ask(Method::DELETE, &path).await?;
    Ok(Reply::elsewhere(format!("{}/links", desk.home())))
}
