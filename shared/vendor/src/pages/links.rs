//! A tenant's setup links, for the vendor.

use maud::{Markup, html};

use super::components;
use super::context::PageContext;
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::tenant_frame;
use crate::actor::Operation;
use crate::operations::links::{self, LinkInput, LinkState, LinkView, NewLinkView};
use crate::operations::times::Instant;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/links",
        "console.links",
        Who::Vendor,
        |context| Box::pin(show(context)),
    ),
    Page::post(
        "/tenants/{tenant}/links",
        "console.createLink",
        Who::Vendor,
        |context| Box::pin(create(context)),
    ),
    Page::post(
        "/tenants/{tenant}/links/{link}/revoke",
        "console.revokeLink",
        Who::Vendor,
        |context| Box::pin(revoke(context)),
    ),
];

/// The lifetimes to choose from, in seconds.
const LIVES: [(&str, &str); 5] = [
    ("86400", "24 hours"),
    ("3600", "1 hour"),
    ("259200", "3 days"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
];

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    page(context, None, None).await.map(Reply::page)
}

async fn page(
    context: &PageContext<'_>,
    made: Option<&NewLinkView>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let links = links::list(&context.work()?, &context.tenant()?)
        .await?
        .items;
    let main = html! {
        (tenant_frame::head(context, &tenant, "links"))
        @if let Some(made) = made { (address(context, made)) }
        section.card {
            header {
                h2 { "Send a setup link" }
                p {
                    "The link opens only this tenant's setup page, and only once. There, the customer's administrator turns provisioning on, gets a token, follows the steps for the identity provider and tests the connection."
                }
            }
            (components::wrong(problem))
            form.fields method="post" action={ (context.home()) "/links" } {
                (components::form_start(context))
                (components::choice(FormField::Life, "Expires after", &LIVES, context.form.text(FormField::Life)))
                p.actions { button.main { "Create setup link" } }
            }
        }
        section.card {
            header { h2 { "Links" } }
            @if links.is_empty() {
                (components::empty("No links yet", &html! { "Setup links and their states appear here." }))
            } @else { (table(context, &links)) }
        }
    };
    Ok(tenant_frame::page(context, &tenant, "Setup links", &main))
}

fn address(context: &PageContext<'_>, made: &NewLinkView) -> Markup {
    html! {
        section.once aria-labelledby="once" {
            h2 #once { "Copy the link now" }
            p { "You will see this link only once. The first person to open it can set up this tenant, so send it only to the customer's administrator." }
            (components::copied("link", "Setup link", &made.url))
            p.small { "Expires " (context.ago(made.link.expires.0)) ". Can be opened once." }
        }
    }
}

fn table(context: &PageContext<'_>, links: &[LinkView]) -> Markup {
    let rows = html! {
        @for link in links {
            tr role="row" {
                td.name role="cell" data-label="Link" { code { (link.id) } }
                td role="cell" data-label="State" { span { (state(link)) } }
                td role="cell" data-label="Created" { div { (context.ago(link.created.0)) span.small { "by " (link.created_by) } } }
                td role="cell" data-label="Result" { div { (result(context, link)) } }
                td.end role="cell" {
                    @if matches!(link.state, LinkState::Open | LinkState::Used) {
                        div.actions {
                            form method="post" action={ (context.home()) "/links/" (link.id) "/revoke" } {
                                (components::form_start(context))
                                button.small-button.bad {
                                    @if link.state == LinkState::Open { "Revoke" } @else { "End session" }
                                    span.unseen { " of link " (link.id) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    let heads = ["Link", "State", "Created", "Result", ""];
    components::table("Setup links", &heads, &rows)
}

fn state(link: &LinkView) -> Markup {
    match link.state {
        LinkState::Open => html! { span.badge.good { "Open" } },
        LinkState::Used => html! { span.badge { "Opened" } },
        LinkState::Revoked => html! { span.badge.bad { "Revoked" } },
        LinkState::Expired => html! { span.badge { "Expired" } },
    }
}

fn result(context: &PageContext<'_>, link: &LinkView) -> Markup {
    let at = |instant: Option<Instant>| html! { @if let Some(instant) = instant { (context.ago(instant.0)) } };
    match link.state {
        LinkState::Open => html! { "Expires " (context.ago(link.expires.0)) },
        LinkState::Used => html! { "Opened " (at(link.used)) },
        LinkState::Revoked => html! { "Revoked " (at(link.revoked)) },
        LinkState::Expired => html! { "Never opened" },
    }
}

async fn create(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let life: i64 = context
        .form
        .text(FormField::Life)
        .parse()
        .unwrap_or_default();
    let given = &LinkInput {
        expires_in_seconds: Some(life),
    };
    let id = &context.tenant()?;
    let made = |work| async move { links::create(&work, id, given).await };
    match context.perform(Operation::CreateLink, made).await {
        Ok(link) => page(context, Some(&link), None).await.map(Reply::page),
        Err(problem) => {
            let page = page(context, None, Some(&problem)).await?;
            Ok(Reply::rejected(page, &problem))
        }
    }
}

async fn revoke(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (id, link) = (&context.tenant()?, context.variable("link"));
    let revoked = |work| async move { links::revoke(&work, id, link).await };
    context.perform(Operation::RevokeLink, revoked).await?;
    Ok(Reply::redirect(format!("{}/links", context.home())))
}
