//! The setup page: everything that a customer's administrator needs to connect an identity provider.

use directory::tenants::Status;
use maud::{Markup, html};

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts;
use super::reply::Reply;
use super::{activity, check, glance, keys, requests, steps, tenant_frame};
use crate::operations::tenants::TenantDetail;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[Page::get("", "console.setup", Who::Customer, |desk| {
    Box::pin(show(desk))
})];

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let content = match tenant.tenant.status {
        Status::On => on(desk, &tenant).await?,
        Status::Off => off(desk, &tenant),
        Status::Closing => html! {
            (tenant_frame::head(desk, &tenant, ""))
            (parts::empty("Provisioning has ended", &html! { "This connection is being deleted." }))
        },
    };
    Ok(Reply::page(tenant_frame::page(
        desk, &tenant, "Setup", &content,
    )))
}

fn off(desk: &Desk<'_>, tenant: &TenantDetail) -> Markup {
    html! {
        (tenant_frame::head(desk, tenant, ""))
        section.card {
            header {
                h2 { "Provisioning is off" }
                p {
                    "When provisioning is on, your identity provider creates, updates and deactivates users in this application, and can push groups. Nothing changes until it sends requests."
                }
            }
            ol.steps {
                li {
                    h3 { "Turn provisioning on" }
                    p.soft { "You will see a token once. Copy it before leaving the page." }
                    div.actions { (parts::button(desk, &format!("{}/on", desk.home()), "main", "Turn provisioning on")) }
                }
                li { h3 { "Enter two values in your identity provider" } p.soft { "The base URL and the token. There are steps for each provider." } }
                li { h3 { "Test the connection" } p.soft { "Test the connection here and in your identity provider before assigning users." } }
            }
        }
    }
}

async fn on(desk: &Desk<'_>, tenant: &TenantDetail) -> Result<Markup, Problem> {
    let keys = keys::list(desk).await?;
    let figures = glance::figures(desk, &keys).await;
    let (failures, changes) = tokio::try_join!(requests::latest(desk), activity::latest(desk))?;
    Ok(html! {
        (tenant_frame::head(desk, tenant, ""))
        @if glance::is_waiting(&keys) {
            p.hint { "No request from your identity provider yet. Follow the steps below; the first request will appear here." }
        }
        (figures)
        section.card {
            header {
                h2 { "Connection" }
                p { "Enter these values in your identity provider." }
            }
            (parts::copied("base-url", "Base URL", &tenant.tenant.base_url))
            div.value {
                span.label { "Token" }
                p.soft { "Shown only once, when it is created. If you no longer have it, rotate the token." }
            }
            h3 { "Tokens" }
            (keys::table(desk, &keys))
            p.actions { a.button href={ (desk.home()) "/keys#new-key" } { "New token" } }
        }
        (steps::list(desk))
        (check::card(desk))
        (failures)
        (changes)
        section.card {
            header {
                h2 { "Turn provisioning off" }
                p { "Requests are rejected until you turn it on again. Users, groups and tokens are kept." }
            }
            p.actions { a.button.bad href={ (desk.home()) "/off" } { "Turn provisioning off" } }
        }
    })
}
