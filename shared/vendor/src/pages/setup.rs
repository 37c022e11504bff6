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
                    "Once it is on, your identity provider creates, changes and deactivates the users of this application, and can push groups. Nothing changes until the provider sends something."
                }
            }
            ol.steps {
                li {
                    h3 { "Switch it on" }
                    p.soft { "The first time you get a token. Keep the page open until you have copied it." }
                    div.actions { (parts::button(desk, &format!("{}/on", desk.home()), "main", "Switch provisioning on")) }
                }
                li { h3 { "Enter two values in your identity provider" } p.soft { "The base URL and the token. There are steps for yours." } }
                li { h3 { "Test the connection" } p.soft { "Here and there, before you assign anybody." } }
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
            p.hint { "Nothing has arrived from your identity provider yet. Follow the steps for it below; the first request shows up here." }
        }
        (figures)
        section.card {
            header {
                h2 { "Connection" }
                p { "These are what your identity provider asks for." }
            }
            (parts::copied("base-url", "Base URL", &tenant.tenant.base_url))
            div.value {
                span.label { "Token" }
                p.soft { "Shown once, when a key is made. If you do not have it any more, rotate the key." }
            }
            h3 { "Keys" }
            (keys::table(desk, &keys))
            p.actions { a.button href={ (desk.home()) "/keys#new-key" } { "New key" } }
        }
        (steps::list(desk))
        (check::card(desk))
        (failures)
        (changes)
        section.card {
            header {
                h2 { "Switch off" }
                p { "Requests are refused until it is on again. Users, groups and keys are kept." }
            }
            p.actions { a.button.bad href={ (desk.home()) "/off" } { "Switch provisioning off" } }
        }
    })
}
