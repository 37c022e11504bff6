//! A tenant's setup links, for the vendor.

use maud::{Markup, html};

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts;
use super::reply::Reply;
use super::tenant_frame;
use crate::actor::Operation;
use crate::operations::links::{self, GivenLink, LinkState, LinkView, NewLinkView};
use crate::operations::times::Instant;
use crate::problem::Problem;

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

/// The lifetimes to choose from, in seconds.
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
    made: Option<&NewLinkView>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let links = links::list(&desk.work()?, &desk.tenant()?).await?.items;
    let content = html! {
        (tenant_frame::head(desk, &tenant, "links"))
        @if let Some(made) = made { (address(desk, made)) }
        section.card {
            header {
                h2 { "Send a setup link" }
                p {
                    "The link opens only this tenant's setup page, and only once. There, the customer's administrator turns provisioning on, gets a token, follows the steps for the identity provider and tests the connection."
                }
            }
            (parts::wrong(problem))
            form.fields method="post" action={ (desk.home()) "/links" } {
                (parts::mark(desk))
                (parts::choice("life", "Expires after", &LIVES, desk.form.text("life")))
                p.actions { button.main { "Create setup link" } }
            }
        }
        section.card {
            header { h2 { "Links" } }
            @if links.is_empty() {
                (parts::empty("No links yet", &html! { "Setup links and their states appear here." }))
            } @else { (table(desk, &links)) }
        }
    };
    Ok(tenant_frame::page(desk, &tenant, "Setup links", &content))
}

fn address(desk: &Desk<'_>, made: &NewLinkView) -> Markup {
    html! {
        section.once aria-labelledby="once" {
            h2 #once { "Copy the link now" }
            p { "You will see this link only once. The first person to open it can set up this tenant, so send it only to the customer's administrator." }
            (parts::copied("link", "Setup link", &made.url))
            p.small { "Expires " (desk.ago(made.link.expires.0)) ". Can be opened once." }
        }
    }
}

fn table(desk: &Desk<'_>, links: &[LinkView]) -> Markup {
    let rows = html! {
        @for link in links {
            tr role="row" {
                td.name role="cell" data-label="Link" { code { (link.id) } }
                td role="cell" data-label="State" { span { (state(link)) } }
                td role="cell" data-label="Created" { div { (desk.ago(link.created.0)) span.small { "by " (link.created_by) } } }
                td role="cell" data-label="Result" { div { (fate(desk, link)) } }
                td.end role="cell" {
                    @if matches!(link.state, LinkState::Open | LinkState::Used) {
                        div.actions {
                            form method="post" action={ (desk.home()) "/links/" (link.id) "/revoke" } {
                                (parts::mark(desk))
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
    parts::table("Setup links", &heads, &rows)
}

fn state(link: &LinkView) -> Markup {
    match link.state {
        LinkState::Open => html! { span.badge.good { "Open" } },
        LinkState::Used => html! { span.badge { "Used" } },
        LinkState::Revoked => html! { span.badge.bad { "Revoked" } },
        LinkState::Expired => html! { span.badge { "Expired" } },
    }
}

fn fate(desk: &Desk<'_>, link: &LinkView) -> Markup {
    let at = |instant: Option<Instant>| html! { @if let Some(instant) = instant { (desk.ago(instant.0)) } };
    match link.state {
        LinkState::Open => html! { "Expires " (desk.ago(link.expires.0)) },
        LinkState::Used => html! { "Opened " (at(link.used)) },
        LinkState::Revoked => html! { "Revoked " (at(link.revoked)) },
        LinkState::Expired => html! { "Never opened" },
    }
}

async fn create(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let life: i64 = desk.form.text("life").parse().unwrap_or_default();
    let given = &GivenLink {
        expires_in_seconds: Some(life),
    };
    let id = &desk.tenant()?;
    let made = |work| async move { links::create(&work, id, given).await };
    match desk.act(Operation::CreateLink, made).await {
        Ok(link) => page(desk, Some(&link), None).await.map(Reply::page),
        Err(problem) => {
            let page = page(desk, None, Some(&problem)).await?;
            Ok(Reply::refused(page, &problem))
        }
    }
}

async fn revoke(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (id, link) = (&desk.tenant()?, desk.variable("link"));
    let revoked = |work| async move { links::revoke(&work, id, link).await };
    desk.act(Operation::RevokeLink, revoked).await?;
    Ok(Reply::elsewhere(format!("{}/links", desk.home())))
}
