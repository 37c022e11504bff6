//! The setup page: everything that a customer's administrator needs to connect an identity provider.

use directory::tenants::Status;
use maud::{Markup, html};

use super::components;
use super::context::PageContext;
use super::page::{Page, Who};
use super::reply::Reply;
use super::{activity, failures, figures, keys, steps, tenant_frame, test_connection};
use crate::operations::tenants::TenantDetail;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[Page::get("", "console.setup", Who::Customer, |context| {
    Box::pin(show(context))
})];

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let main = match tenant.tenant.status {
        Status::On => on(context, &tenant).await?,
        Status::Off => off(context, &tenant),
        Status::Closing => html! {
            (tenant_frame::head(context, &tenant, ""))
            (components::empty("Provisioning has ended", &html! { "This connection is being deleted." }))
        },
    };
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, "Setup", &main,
    )))
}

fn off(context: &PageContext<'_>, tenant: &TenantDetail) -> Markup {
    html! {
        (tenant_frame::head(context, tenant, ""))
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
                    div.actions { (components::button(context, &format!("{}/on", context.home()), "main", "Turn provisioning on")) }
                }
                li { h3 { "Enter two values in your identity provider" } p.soft { "The base URL and the token. There are steps for each provider." } }
                li { h3 { "Test the connection" } p.soft { "Test the connection here and in your identity provider before assigning users." } }
            }
        }
    }
}

async fn on(context: &PageContext<'_>, tenant: &TenantDetail) -> Result<Markup, Problem> {
    let keys = keys::list(context).await?;
    let figures = figures::figures(context, &keys).await;
    let (failures, changes) =
        tokio::try_join!(failures::latest(context), activity::latest(context))?;
    Ok(html! {
        (tenant_frame::head(context, tenant, ""))
        @if figures::is_waiting(&keys) {
            p.hint { "No request from your identity provider yet. Follow the steps below; the first request will appear here." }
        }
        (figures)
        section.card {
            header {
                h2 { "Connection" }
                p { "Enter these values in your identity provider." }
            }
            (components::copied("base-url", "Base URL", &tenant.tenant.base_url))
            div.value {
                span.label { "Token" }
                p.soft { "Shown only once, when it is created. If you no longer have it, rotate the token." }
            }
            h3 { "Tokens" }
            (keys::table(context, &keys))
            p.actions { a.button href={ (context.home()) "/keys#new-key" } { "New token" } }
        }
        (steps::list(context))
        (test_connection::card(context))
        (failures)
        (changes)
        section.card {
            header {
                h2 { "Turn provisioning off" }
                p { "Requests are rejected until you turn it on again. Users, groups and tokens are kept." }
            }
            p.actions { a.button.bad href={ (context.home()) "/off" } { "Turn provisioning off" } }
        }
    })
}
